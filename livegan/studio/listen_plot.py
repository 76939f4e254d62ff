"""Plot of the features of a piece: waveform, bands, onsets, beats and chroma, in lines as in a score."""

import unicodedata
from collections.abc import Callable
from math import ceil

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Layout, Pixels
from livegan.features.chroma import NOTES
from livegan.features.registry import Setup
from livegan.studio.listen_events import Hops, Transcript

LEFT_PX, INNER_PX, RIGHT_PX = 64, 1720, 16
TITLE_PX, TIMES_PX, GAP_PX = 30, 16, 2
LINES, LINE_S = 8, 20.0  # a piece is cut into at most so many lines, of so many seconds unless it is longer
FAINTEST = 0.12  # of a beat's line, where it is a mere guess; the line of a certain one is whole
CELLS = 16384  # moments kept, however long it gets: two become one when they are full
LANES = {"WAVE": 96, "BANDS": 120, "ONSETS": 72, "BEATS": 54, "CHROMA": 120}  # height [px]
ONSET_LANES = {"onset.treble": "HAT", "onset.mid": "SNARE", "onset.bass": "KICK"}

BACK, LANE, INK, DIM = (16, 16, 20), (27, 28, 34), (214, 214, 220), (124, 126, 138)
WAVE, ANY, BEAT, FIRST, CONFIDENT = (112, 150, 190), (70, 72, 84), (200, 204, 214), (255, 204, 84), (44, 84, 74)
COLOURS = {"onset.treble": (96, 200, 230), "onset.mid": (130, 220, 120), "onset.bass": (240, 104, 88)}
HEAT = np.array([(20, 20, 30), (60, 24, 92), (150, 44, 108), (226, 92, 72), (252, 178, 84), (252, 250, 200)], float)

# Letters of 5 x 7 dots: five columns each, the lowest bit on top.
FONT = {
    **{"0": "3E5149453E", "1": "00427F4000", "2": "4261514946", "3": "2141454B31", "4": "1814127F10"},
    **{"5": "2745454539", "6": "3C4A494930", "7": "0171090503", "8": "3649494936", "9": "064949291E"},
    **{"%": "2313086462", "(": "001C224100", ")": "0041221C00", "_": "4040404040", ",": "0050300000"},
    **{"'": "0005030000", "&": "3649552250", "+": "08083E0808", "/": "2010080402", "?": "0201510906"},
    **{":": "0036360000", ".": "0060600000", "#": "147F147F14", "-": "0808080808"},
    **{"A": "7E1111117E", "B": "7F49494936", "C": "3E41414122", "D": "7F4141221C", "E": "7F49494941"},
    **{"F": "7F09090901", "G": "3E4149497A", "H": "7F0808087F", "I": "00417F4100", "J": "2040413F01"},
    **{"K": "7F08142241", "L": "7F40404040", "M": "7F020C027F", "N": "7F0408107F", "O": "3E4141413E"},
    **{"P": "7F09090906", "Q": "3E4151215E", "R": "7F09192946", "S": "4649494931", "T": "01017F0101"},
    **{"U": "3F4040403F", "V": "1F2040201F", "W": "3F4038403F", "X": "6314081463", "Y": "0708700807"},
    **{"Z": "6151494543", " ": "0000000000"},
}

Colour = tuple[int, int, int]
PlaceOf = Callable[[float], int]  # from seconds to pixels from the left end of a line


class Plot:
    """Collector of features in bounded memory (but for onsets); `picture` draws them."""

    def __init__(self, layout: Layout, setup: Setup) -> None:
        names = [*(name for name in layout.names if name.startswith("band.")), *(f"chroma.{note}" for note in NOTES)]
        self._bands = len(names) - len(NOTES)
        self._columns = [layout.index[name] for name in [*names, "beat.confidence"]]
        self._rate = setup.sample_rate
        self._cell_s = 1.25 * setup.hop_s  # no cell without a hop
        self._cells: NDArray[np.float32] = np.zeros((CELLS, len(self._columns)), np.float32)
        self._waves: NDArray[np.float32] = np.zeros((CELLS, 2), np.float32)  # the greatest, and the least upside down
        self.notes = Transcript()
        self.seconds = 0.0

    def take(self, hops: Hops) -> None:
        self.notes.take(hops)
        self.seconds = max(self.seconds, hops.end_s)
        while self.seconds >= CELLS * self._cell_s:
            for cells in (self._cells, self._waves):
                cells[: CELLS // 2] = cells.reshape(CELLS // 2, 2, -1).max(axis=1)
                cells[CELLS // 2 :] = 0.0
            self._cell_s *= 2.0
        self._lay(self._cells, hops.times_s, hops.rows[:, self._columns].astype(np.float32))
        moments = hops.end_s - np.arange(len(hops.sound), 0, -1) / self._rate
        if len(hops.sound):
            self._lay(self._waves, moments, np.stack((hops.sound.max(axis=1), -hops.sound.min(axis=1)), axis=1))

    def _lay(self, cells: NDArray[np.float32], times_s: NDArray[np.float64], rows: NDArray[np.float32]) -> None:
        """Keep the maximum of the rows that fall into each cell of time."""
        if len(rows):
            at = np.clip((times_s / self._cell_s).astype(int), 0, CELLS - 1)
            first = np.flatnonzero(np.diff(at, prepend=-1))
            np.maximum.at(cells, at[first], np.maximum.reduceat(rows, first, axis=0))

    def picture(self, title: str) -> Pixels:
        """The whole plot, uint8 (height, 1800, 3)."""
        seconds = max(self.seconds, 0.1)
        line_s = max(min(seconds, LINE_S), seconds / LINES)
        count = ceil(seconds / line_s - 1e-6)
        height = sum(LANES.values()) + GAP_PX * len(LANES) + TIMES_PX
        sheet: Pixels = np.full((TITLE_PX + count * height, LEFT_PX + INNER_PX + RIGHT_PX, 3), BACK, np.uint8)
        heading = f"{title}  {_clock(seconds)}  {self.notes.tempo_words()}"
        heading += f"  CONFIDENCE {self.notes.tempo_confidence():.2f}" if self.notes.beats else ""
        write(sheet, LEFT_PX, 8, heading, INK, 2)
        for line in range(count):
            self._line(sheet[TITLE_PX + line * height : TITLE_PX + (line + 1) * height], line * line_s, line_s, seconds)
        return sheet

    def _line(self, sheet: Pixels, start_s: float, line_s: float, seconds: float) -> None:
        inner = min(INNER_PX, max(1, round((seconds - start_s) / line_s * INNER_PX)))
        edges = ((start_s + np.arange(inner + 1) * (line_s / INNER_PX)) / self._cell_s).astype(int).clip(0, CELLS - 1)
        cells, waves = (np.maximum.reduceat(of[: edges[-1] + 1], edges[:-1]) for of in (self._cells, self._waves))
        lanes: dict[str, Pixels] = {}
        top = 0
        for name, height in LANES.items():
            lanes[name] = sheet[top : top + height, LEFT_PX : LEFT_PX + inner]
            lanes[name][:] = LANE
            if name not in ("ONSETS", "CHROMA"):
                write(sheet, 6, top + height // 2 - 4, name, DIM)
            top += height + GAP_PX
        scale = 1.0 / max(float(self._waves.max()), 0.05)
        half = LANES["WAVE"] // 2
        y = (half - 0.5 - np.arange(2 * half))[:, None] / half
        lanes["WAVE"][(y <= waves[:, 0] * scale) & (y >= -waves[:, 1] * scale)] = WAVE
        _heat(lanes["BANDS"], cells[:, : self._bands])
        _heat(lanes["CHROMA"], cells[:, self._bands : self._bands + len(NOTES)] ** 2)
        step = LANES["CHROMA"] // len(NOTES)
        below = sum(LANES[name] + GAP_PX for name in ("WAVE", "BANDS", "ONSETS", "BEATS"))
        for place, note in enumerate(reversed(NOTES)):
            write(sheet, LEFT_PX - 18, below + place * step + 2, note, DIM)
        sure = np.arange(LANES["BEATS"])[::-1, None] < cells[:, -1] * LANES["BEATS"]
        lanes["BEATS"][sure] = CONFIDENT

        def place_of(moment_s: float) -> int:
            return int((moment_s - start_s) / line_s * INNER_PX)

        self._onsets(sheet, lanes, place_of, inner)
        for beat in self.notes.beats:
            x = place_of(beat.time_s)
            if 0 <= x < inner:
                lane = lanes["BEATS"][0 if beat.first else LANES["BEATS"] // 3 :, x : x + 2]
                lane[:] = _between(lane, FIRST if beat.first else BEAT, FAINTEST + (1 - FAINTEST) * beat.confidence)
        self._times(sheet[top:], start_s, line_s, min(seconds, start_s + line_s), place_of)

    def _onsets(self, sheet: Pixels, lanes: dict[str, Pixels], place_of: PlaceOf, inner: int) -> None:
        """Onsets: grey lines through the waveform; a lane each for hats, snares, kicks, as high as they are strong."""
        for event in self.notes.onsets["onset"]:
            x = place_of(event.time_s)
            if 0 <= x < inner:
                column = lanes["WAVE"][:, x]
                column[(column == LANE).all(axis=1)] = ANY
        height = LANES["ONSETS"] // len(ONSET_LANES)
        top = LANES["WAVE"] + LANES["BANDS"] + 2 * GAP_PX
        for row, (kind, name) in enumerate(ONSET_LANES.items()):
            lane = lanes["ONSETS"][row * height : (row + 1) * height]
            write(sheet, 6, top + row * height + height // 2 - 4, name, COLOURS[kind])
            for event in self.notes.onsets[kind]:
                x = place_of(event.time_s)
                if 0 <= x < inner:
                    lane[height - 1 - round(event.strength * (height - 3)) : height - 1, x : x + 2] = COLOURS[kind]

    def _times(self, strip: Pixels, start_s: float, line_s: float, end_s: float, place_of: PlaceOf) -> None:
        """Time axis below a line."""
        step = next((step for step in (0.1, 0.5, 1, 2, 5, 10, 30, 60) if step * INNER_PX / line_s >= 60), 300.0)
        for number in range(ceil(start_s / step - 1e-6), int(end_s / step + 1e-6) + 1):
            x = LEFT_PX + place_of(number * step)
            strip[:3, x : x + 1] = DIM
            write(strip, x + 3, 2, _clock(number * step, step < 1), DIM)


def _clock(seconds: float, tenths: bool = False) -> str:
    """As a clock shows it: 3:07."""
    whole = int(seconds + 0.05)
    return f"{whole // 60}:{whole % 60:02d}" + (f".{int(seconds * 10 + 0.5) % 10}" if tenths else "")


def _between(lane: Pixels, colour: Colour, share: float) -> Pixels:
    """A colour laid over a lane, of which `share` is seen."""
    return np.asarray(lane + (np.array(colour) - lane) * min(share, 1.0), np.uint8)


def _heat(lane: Pixels, values: NDArray[np.float32]) -> None:
    """Colours of values 0..1, (pixels, rows), the first row at the bottom."""
    rows = values.shape[1] - 1 - np.arange(len(lane)) * values.shape[1] // len(lane)
    place = np.clip(values.T[rows], 0.0, 1.0) * (len(HEAT) - 1)
    low = np.minimum(place.astype(int), len(HEAT) - 2)
    share = (place - low)[..., None]
    lane[:] = HEAT[low] * (1.0 - share) + HEAT[low + 1] * share


def plain(text: str) -> str:
    """The text in letters of FONT: capitals, without their accents, and a question mark for every other character."""
    bare = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return "".join(letter if letter in FONT else "?" for letter in "".join(bare).upper())


def write(sheet: Pixels, x: int, y: int, text: str, colour: Colour, size: int = 1) -> None:
    """Bitmap text of 5 x 7 dots, each `size` pixels; what does not fit is cut off. `plain` says in which letters."""
    for letter in plain(text):
        columns = np.frombuffer(bytes.fromhex(FONT[letter]), np.uint8)
        dots = (columns >> np.arange(8)[:, None] & 1).astype(bool).repeat(size, 0).repeat(size, 1)
        part = sheet[y : y + len(dots), x : x + dots.shape[1]]
        part[dots[: len(part), : part.shape[1]]] = colour
        x += 6 * size
