"""Piano roll of a song as a picture for people: a row for every few bars, a colour for every voice.

Pitch goes up, time to the right; the rows of black keys are darker, each C has its name and each bar its number.
"""

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from livegan.composer.song import Note, Song

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

COLOURS = (
    "#ffc15e",
    "#ff6f91",
    "#8c8cff",
    "#4fd1c5",
    "#a3d977",
    "#ff9671",
    "#d58cff",
    "#6fb7ff",
)  # of tracks, in order
DRUMS = "#8a8f9c"
PAPER, KEYS, BLACK_KEYS = "#12141b", "#1a1d26", "#161922"
C_LINE, BEAT_LINE, BAR_LINE = "#2d3242", "#222632", "#454c60"
INK, FAINT_INK = "#e8e6e1", "#878d9b"
FINER = 2  # drawn so much larger, then reduced
ROWS_AT_MOST = 16  # longer songs have more bars in a row
HEIGHT_PX = 2400  # of all rows, about
SPAN = 24  # semitones shown at least
BLACK = (1, 3, 6, 8, 10)  # pitch classes of black keys


def roll_picture(song: Song, *, title: str | None = None, width_px: int = 1600, bars_per_row: int = 8) -> "Image":
    """The song as an RGB picture `width_px` wide; `title`: above it, by default the song's name."""
    from PIL import Image, ImageDraw, ImageFont

    bars = bar_lines(song)
    count = min(ceil((len(bars) - 1) / bars_per_row), ROWS_AT_MOST)
    bars_per_row = ceil((len(bars) - 1) / count)  # all rows about as long
    rows = [bars[at : at + bars_per_row + 1] for at in range(0, len(bars) - 1, bars_per_row)]
    low, high = _range(song)
    unit = FINER * max(width_px, 160) / 1600
    step_px = min(9.0 * unit, max(FINER * HEIGHT_PX / (len(rows) * (high - low)), 1.5 * unit))
    left, right, gap, top = 64 * unit, 28 * unit, 44 * unit, 116 * unit
    row_px = step_px * (high - low)
    size = round(FINER * max(width_px, 160)), round(top + len(rows) * (row_px + gap) + 16 * unit)
    picture = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(picture)
    small, large = (ImageFont.load_default(max(points * unit, 6)) for points in (17, 30))
    draw.text((left, 26 * unit), song.name if title is None else title, INK, large)
    _legend(draw, song, (left, 74 * unit), unit, small)
    longest = max(row[-1] - row[0] for row in rows)
    for number, row in enumerate(rows):
        y = top + number * (row_px + gap)
        box = (left, y, left + (size[0] - left - right) * (row[-1] - row[0]) / longest, y + row_px)
        _row(draw, song, row, box, (low, high), unit)
        for pitch in range(ceil(low / 12) * 12, high, 12):
            middle = box[3] - (pitch - low + 0.5) * step_px
            draw.text((left - 10 * unit, middle), f"C{pitch // 12 - 1}", FAINT_INK, small, anchor="rm")
        for at, bar in enumerate(row[:-1]):
            x = box[0] + (box[2] - box[0]) * (bar - row[0]) / (row[-1] - row[0])
            if (number * bars_per_row + at) % max(1, bars_per_row // 8) == 0:
                draw.text(
                    (x + 4 * unit, y - 5 * unit), str(number * bars_per_row + at + 1), FAINT_INK, small, anchor="ls"
                )
    return picture.reduce(FINER)


def roll_sheet(songs: Sequence[Song], columns: int = 5, width_px: int = 1600) -> "Image":
    """Contact sheet: songs as small rolls without words, one row of bars each, all on the same pitches."""
    from PIL import Image, ImageDraw

    width_px = max(width_px, 64)
    gap = 8 * FINER
    wide = (width_px * FINER - gap) / columns - gap
    tall = wide * 0.6
    count = ceil(len(songs) / columns)
    picture = Image.new("RGB", (width_px * FINER, round(max(count, 1) * (tall + gap) + gap)), PAPER)
    draw = ImageDraw.Draw(picture)
    ranges = [_range(song) for song in songs]
    span = min((low for low, _ in ranges), default=48), max((high for _, high in ranges), default=72)
    for number, song in enumerate(songs):
        x, y = gap + number % columns * (wide + gap), gap + number // columns * (tall + gap)
        _row(draw, song, bar_lines(song), (x, y, x + wide, y + tall), span, FINER * 0.6)
    return picture.reduce(FINER)


def bar_lines(song: Song) -> list[int]:
    """Steps at which bars begin, and the one at which the last of them ends: at least one bar."""
    lines, step = [0], 0
    end = max(song.length, 1)
    metres = sorted(song.metres) or [(0, 4, 4)]
    while lines[-1] < end:
        _, beats, unit = max((metre for metre in metres if metre[0] <= step), default=metres[0])
        step += max(round(song.steps_per_beat * 4 * beats / unit), 1)
        coming = [at for at, _, _ in metres if lines[-1] < at < step]
        step = coming[0] if coming else step  # another metre begins a bar
        lines.append(step)
    return lines


def _range(song: Song) -> tuple[int, int]:
    """Lowest pitch that is shown, and the one above the highest."""
    pitches = [note.pitch for track in song.tracks for note in track.notes] or [60]
    low, high = min(pitches) - 2, max(pitches) + 3
    missing = max(SPAN - (high - low), 0)
    low = max(low - missing // 2, 0)
    return low, min(max(high, low + SPAN), 128)


def _row(
    draw: "ImageDraw",
    song: Song,
    bars: Sequence[int],
    box: tuple[float, float, float, float],
    span: tuple[int, int],
    unit: float,
) -> None:
    """Some bars of the song in a box (left, top, right, bottom) [px]; `unit`: how large lines are."""
    left, top, right, bottom = box
    low, high = span
    tall, wide = (bottom - top) / (high - low), (right - left) / max(bars[-1] - bars[0], 1)
    draw.rectangle(box, KEYS)
    for pitch in range(low, high):
        y = bottom - (pitch - low + 1) * tall
        if pitch % 12 in BLACK:
            draw.rectangle((left, y, right, y + tall), BLACK_KEYS)
        if pitch % 12 == 0 and pitch > low:
            draw.line((left, y + tall, right, y + tall), C_LINE, max(round(unit), 1))
    for step in range(bars[0], bars[-1], song.steps_per_beat):
        x = left + (step - bars[0]) * wide
        draw.line((x, top, x, bottom), BEAT_LINE, max(round(unit), 1))
    for step in bars:
        x = left + (step - bars[0]) * wide
        draw.line((x, top, x, bottom), BAR_LINE, max(round(1.2 * unit), 1))
    for number, track in reversed(list(enumerate(song.tracks))):  # the first voice on top
        colour = DRUMS if track.drums else COLOURS[number % len(COLOURS)]
        for note in track.notes:
            if note.start + note.length > bars[0] and note.start < bars[-1]:
                _note(
                    draw, note, colour, (bars[0], bars[-1]), (left, bottom - (note.pitch - low + 1) * tall, wide, tall)
                )


def _note(
    draw: "ImageDraw", note: Note, colour: str, steps: tuple[int, int], at: tuple[float, float, float, float]
) -> None:
    """One note, brighter where it is louder; `at`: left end of the row, top of the note, size of a step [px]."""
    left, y, wide, tall = at
    start = left + (max(note.start, steps[0]) - steps[0]) * wide
    end = left + (min(note.start + note.length, steps[1]) - steps[0]) * wide - max(0.08 * wide, 1)
    share = 0.55 + 0.45 * min(note.velocity / 100, 1.0)
    red, green, blue = (round(int(colour[i : i + 2], 16) * share) for i in (1, 3, 5))
    inset = 0.06 * tall
    box = (start, y + inset, max(end, start + 1), y + tall - inset)
    draw.rounded_rectangle(box, min(0.35 * tall, (box[2] - box[0]) / 2), (red, green, blue))


def _legend(draw: "ImageDraw", song: Song, at: tuple[float, float], unit: float, font: "object") -> None:
    """Names of the tracks in their colours, and the tempo."""
    x, y = at
    for number, track in enumerate(song.tracks[: len(COLOURS)]):
        colour = DRUMS if track.drums else COLOURS[number % len(COLOURS)]
        name = (track.name or ("drums" if track.drums else f"voice {number + 1}"))[:24]
        draw.rounded_rectangle((x, y - 6 * unit, x + 22 * unit, y + 6 * unit), 4 * unit, colour)
        draw.text((x + 30 * unit, y), name, FAINT_INK, font, anchor="lm")  # type: ignore[arg-type]
        x += 30 * unit + draw.textlength(name, font) + 28 * unit  # type: ignore[arg-type]
    tempo = f"{song.tempos[0][1]:.0f} bpm" if song.tempos else ""
    draw.text((x, y), tempo, FAINT_INK, font, anchor="lm")  # type: ignore[arg-type]
