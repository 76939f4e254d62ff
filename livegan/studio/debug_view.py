"""Debug view of a film: beside each picture the spectrum, the latent, RMS, onsets, beats and the network position.

After GANce's debug video. Columns scroll from right to left, a frame draws only what is new.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from livegan.core.beat_thresholds import MOVES
from livegan.core.types import FeatureFrame, Frame, FramePlan, Layout, Pixels, Vector
from livegan.outputs.formats import even_size
from livegan.outputs.frame_converter import FrameConverter
from livegan.studio.listen_plot import BACK, BEAT, COLOURS, DIM, FIRST, HEAT, INK, LANE, WAVE, Colour, write

WINDOW_S = 8.0  # shown, unless something else is asked for
LEAST_PX = 160  # width of the panel beside small pictures; else it is as wide as their shorter side
LEAST_LETTERED_PX = 120  # lower films have no letters in the panel
LANES = {"SPECTRUM": 0.27, "LATENT": 0.27, "RMS": 0.2, "NETWORK": 0.14}  # name -> share of the height
QUIETEST_DB, LOUDEST_DB = -60.0, 0.0
PULSES = ("beat", "downbeat", "onset.bass", "onset.mid", "onset.treble")
RISE = 0.15  # of a pulse feature that is a new beat, or a hit
LINE, LETTERS = 12, 9  # height of a line of text, and of what is kept free for it [dots]
COLD, WARM = np.array((70, 150, 250), float), np.array((255, 140, 50), float)  # of negative and positive numbers
POSITION = (250, 214, 110)


class DebugView:
    """Debug view: takes every frame in turn, and returns it with the panel at its right side."""

    def __init__(self, size: tuple[int, int], layout: Layout, window_s: float = WINDOW_S, positions: int = 0) -> None:
        """`size`: of the picture, width and height [px]; `positions`: the last useful `network.position`."""
        width, high = even_size(size)
        across = max(min(width, high), LEAST_PX)
        self.size = (width + across, high)  # of the frames that come out
        self._converter = FrameConverter(width, high)
        self._letter = max(1, round(across / 480))  # size of a dot [px]
        self._positions = positions
        self._columns = {name: [layout.index[each] for each in _features(layout, name)] for name in LANES}
        self._pulses = [layout.index[name] for name in PULSES]
        self._tempo = [layout.index[name] for name in ("beat.bpm", "beat.confidence")]
        self._before: NDArray[np.float32] = np.zeros(len(PULSES), np.float32)  # the pulses in the last frame
        self._panel: Pixels = np.full((high, across, 3), BACK, np.uint8)
        self._line = LINE * self._letter if high >= LEAST_LETTERED_PX else 0  # height of a line of text [px]
        self._edge = max(2, min(across, high) // 60)
        self._lanes = self._laid_out()
        self._per_s = (across - 2 * self._edge) / window_s  # columns a second
        self._at = 0.0  # columns since the beginning
        self._held: Vector | None = None  # the greatest of the frames that share a column
        self._reformatter = VideoReformatter()
        self._noted: deque[tuple[FramePlan, FeatureFrame]] = deque()

    def _laid_out(self) -> dict[str, Pixels]:
        """The lanes, views of the panel; their names stand above them."""
        height, width = self._panel.shape[:2]
        line = self._line
        room = height - 2 * self._edge - line
        top, lanes = self._edge + line, {}
        for name, share in LANES.items():
            high = max(2, round(room * share / sum(LANES.values())) - line)
            if line:
                write(self._panel, self._edge, top + (LINE - LETTERS) * self._letter, name, DIM, self._letter)
            lane = self._panel[top + line : top + line + high, self._edge : width - self._edge]
            lane[:] = LANE
            lanes[name] = lane
            top += line + high
        return lanes

    def noted(self, plans: Iterable[FramePlan], features: Callable[[], FeatureFrame]) -> Iterator[FramePlan]:
        """The same plans; what was heard for each is kept until its frame comes."""
        for plan in plans:
            self._noted.append((plan, features()))
            yield plan

    def beside(self, frame: Frame) -> Frame:
        """The frame with the panel beside its picture."""
        self.catch_up(frame.plan.index)
        return replace(frame, pixels=self.picture(np.asarray(frame.pixels)))

    def catch_up(self, index: int) -> None:
        """Take everything noted up to that frame."""
        while self._noted and self._noted[0][0].index <= index:
            self.step(*self._noted.popleft())

    def step(self, plan: FramePlan, features: FeatureFrame) -> None:
        """Take what a frame was made of."""
        held = features.values if self._held is None else np.maximum(self._held, features.values)
        self._held = held
        before, self._at = int(self._at), self._at + plan.dt_s * self._per_s
        new = min(int(self._at) - before, next(iter(self._lanes.values())).shape[1])
        if new <= 0:
            return
        for lane in self._lanes.values():
            lane[:, :-new] = lane[:, new:].copy()
        pulses = held[self._pulses]
        beat, first, *hits = (bool(pulse) for pulse in pulses > self._before + RISE)
        self._before = features.values[self._pulses].copy()
        self._spectrum(new, held[self._columns["SPECTRUM"]])
        _signed(self._lanes["LATENT"][:, -new:], latent(plan))
        self._level(new, float(held[self._columns["RMS"][0]]), hits, FIRST if first else BEAT if beat else None)
        self._network(new, plan.position)
        if self._line:
            self._write(plan, features)
        self._held = None

    def _spectrum(self, new: int, bands: Vector) -> None:
        """A column of the log-mel spectrum, low frequencies at the bottom."""
        lane = self._lanes["SPECTRUM"][:, -new:]
        rows = np.linspace(len(bands) - 1, 0, len(lane))
        values = np.interp(rows, np.arange(len(bands)), bands)
        place = np.clip(values, 0.0, 1.0) * (len(HEAT) - 1)
        low = np.minimum(place.astype(int), len(HEAT) - 2)
        share = (place - low)[:, None]
        lane[:] = (HEAT[low] * (1.0 - share) + HEAT[low + 1] * share)[:, None]

    def _level(self, new: int, level_db: float, hits: list[bool], beat: Colour | None) -> None:
        """A column of RMS; beats are lines behind it, kick, snare and hat ticks above it, from below."""
        lane = self._lanes["RMS"][:, -new:]
        lane[:] = LANE
        high = len(lane)
        if beat is not None:
            lane[:, :1] = beat
        loud = min(max((level_db - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB), 0.0), 1.0)
        lane[high - round(loud * 0.68 * high) :] = WAVE
        row = max(2, round(0.09 * high))
        for number, (name, hit) in enumerate(zip(PULSES[2:], hits, strict=True)):
            top = (2 - number) * row + high // 24
            if hit:
                self._lanes["RMS"][top : top + row - 1, -max(new, 2) :] = COLOURS[name]

    def _network(self, new: int, position: float) -> None:
        """A column of the network position: the first network at the bottom."""
        lane = self._lanes["NETWORK"][:, -new:]
        lane[:] = LANE
        high, thick = len(lane), max(2, len(lane) // 24)
        for index in range(self._positions + 1):
            lane[_row(index, self._positions, high, thick)] = BACK
        row = _row(position, self._positions, high, thick)
        lane[row : row + thick] = POSITION

    def _write(self, plan: FramePlan, features: FeatureFrame) -> None:
        """The line at the top: time and tempo; and beside the name of the last lane which network plays."""
        bpm, confidence = features.values[self._tempo]
        tempo = f"{bpm:.0f} BPM" if confidence >= MOVES else "NO BEAT"
        self._text(self._edge, f"{int(plan.time_s) // 60}:{plan.time_s % 60:04.1f}  {tempo}", INK, 0)
        which = f"{plan.position:.2f}  " if self._positions else ""
        above = sum(self._lanes[name].shape[0] + self._line for name in list(LANES)[:-1])
        top = self._edge + above + (2 * LINE - LETTERS) * self._letter
        self._text(top, f"{which}{plan.network}", INK, 8 * 6 * self._letter)

    def _text(self, top: int, text: str, colour: Colour, left: int) -> None:
        strip = self._panel[top : top + 8 * self._letter, self._edge + left : self._panel.shape[1] - self._edge]
        strip[:] = BACK
        write(strip, 0, 0, text.replace("_", "-"), colour, self._letter)

    def picture(self, pixels: Pixels) -> Pixels:
        """The picture in the size it was asked for, with the panel at its right side, (height, width, 3)."""
        fitted = self._converter.convert(pixels)  # by way of the film's colours: a tenth of the time
        whole = self._reformatter.reformat(
            fitted, format="rgb24", src_colorspace=Colorspace.ITU709, src_color_range=ColorRange.MPEG, threads=1
        )
        return np.concatenate((whole.to_ndarray(), self._panel), axis=1)


def latent(plan: FramePlan) -> Vector:
    """The latent of a plan in one row: w, the mean of its rows; or z, of a mix the sum."""
    if plan.w is not None:
        return np.asarray(np.atleast_2d(plan.w).mean(axis=0), np.float32)
    rest = 1.0 - sum(weight for weight, _ in plan.mix)
    z = plan.z * np.float32(rest if plan.mix else 1.0)
    for weight, each in plan.mix:
        z = z + np.float32(weight) * each
    return np.asarray(z, np.float32)


def _features(layout: Layout, lane: str) -> list[str]:
    """Features that a lane draws."""
    if lane == "SPECTRUM":
        return [name for name in layout.names if name.startswith("mel.")]
    return ["level.db"] if lane == "RMS" else []


def _row(position: float, last: int, high: int, thick: int) -> int:
    """The row of a position in a lane of `high` rows."""
    share = min(max(position / last, 0.0), 1.0) if last else 0.5
    return round((1.0 - share) * (high - thick))


def _signed(lane: Pixels, values: Vector) -> None:
    """Colours of numbers around 0, the first at the top: dark is 0, ±2 is bright."""
    shown = np.tanh(values[np.arange(len(lane)) * len(values) // len(lane)] / 1.5)[:, None]
    base = np.array(LANE, float)
    lane[:] = np.where(shown < 0, base + (COLD - base) * -shown, base + (WARM - base) * shown)[:, None]
