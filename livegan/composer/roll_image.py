"""Piano roll images of the BachGAN article: 106 x 100 pixels, white where a pitch sounds, and music out of them.

The format is that of midi2img (M. Gatti, 2019), which the article uses: a row for each pitch from 21 (A0), the *lowest
at the top*; a column for each 16th; a PNG for each instrument and page of 100 columns, `FILE_INSTRUMENT_PAGE.png`. It
knows neither velocity nor tempo, and a repeated note is one long note.

What its two scripts do besides is kept behind `quirks` and described where it is done; without it the images hold every
note of their range, and are read as they were written.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from livegan.composer.piano_roll import notes_of_cells
from livegan.composer.song import Note, Song, Track, without_overlaps
from livegan.core.files import atomic_path, reason_of
from livegan.errors import MediaError

ROWS, COLUMNS = 106, 100
LOWEST = 21  # MIDI number of row 0
THRESHOLD = 127.5  # of the mean of red, green and blue: brighter is on
VELOCITY = 90  # of notes out of images, as music21 has it
STEPS_PER_BEAT = 4

Page = NDArray[np.uint8]  # (ROWS, COLUMNS), 0 or 255


class _OverflowError(Exception):
    """Pitch 127 has no row."""


def pages_of(notes: Sequence[Note], quirks: bool = False, stop_at_empty: bool = False) -> Iterator[Page]:
    """Pages of one instrument's notes, on a grid of 16ths. Pitches below 21 and above 126 are left out.

    `stop_at_empty`: the first page without a note ends the piece, as in the article, whatever comes after it.
    """
    if quirks:
        yield from _pages_with_quirks(notes)
        return
    length = max((note.start + note.length for note in notes), default=0)
    roll = np.zeros((ROWS, -(-length // COLUMNS) * COLUMNS), np.uint8)
    for note in notes:
        if LOWEST <= note.pitch < LOWEST + ROWS:
            roll[note.pitch - LOWEST, note.start : note.start + note.length] = 255
    for page in np.split(roll, range(COLUMNS, roll.shape[1], COLUMNS), axis=1) if length else ():
        if stop_at_empty and not page.any():
            return
        yield page


def _pages_with_quirks(notes: Sequence[Note]) -> Iterator[Page]:
    """As midi2img draws them.

    - The first note that does not end before the last column of a page ends the page, whatever comes after it; the next
      page begins with it. So the last column is always black, and of a note across two pages the first part is lost.
    - A pitch below 21 wraps to the bottom of the image; 127 has no row, and ends the whole file (_OverflowError).
    - The first page without a note ends the piece.
    """
    first = page = 0
    while True:
        pixels = np.zeros((ROWS, COLUMNS), np.uint8)
        for index in range(first, len(notes)):
            note = notes[index]
            begin, end = note.start - page * COLUMNS, note.start + note.length - page * COLUMNS
            if end >= COLUMNS:
                first = index
                break
            if note.pitch - LOWEST >= ROWS and end > 0:
                raise _OverflowError
            pixels[note.pitch - LOWEST, max(begin, 0) : max(end, 0)] = 255
        if not pixels.any():
            return
        yield pixels
        page += 1


def article_images(
    song: Song, stem: str, quirks: bool = False, stop_at_empty: bool = False
) -> Iterator[tuple[str, Page]]:
    """File name and page, for each instrument that has a page. `song` is on a grid of 16ths.

    An instrument without a name is `instrument_0`, counted up. `quirks`: of two instruments of one name the later one
    overwrites the images of the earlier one, and a pitch of 127 ends the file; otherwise the later has a number.
    """
    if song.steps_per_beat != STEPS_PER_BEAT:
        raise ValueError(f"images have {STEPS_PER_BEAT} columns a beat, the song {song.steps_per_beat} steps")
    names: dict[str, int] = {}
    unnamed = 0
    for track in song.tracks:
        name = "".join(letter if letter.isalnum() or letter in " .-" else "_" for letter in track.name).strip(" .")[:60]
        if not name:
            name, unnamed = f"instrument_{unnamed}", unnamed + 1
        names[name] = names.get(name, 0) + 1
        if names[name] > 1 and not quirks:
            name = f"{name}-{names[name]}"
        try:
            for number, page in enumerate(pages_of(track.notes, quirks, stop_at_empty)):
                yield f"{stem}_{name}_{number}.png", page
        except _OverflowError:  # midi2img ends here, and the article goes on with the next file
            return


def write_article_images(
    song: Song, folder: Path, stem: str, quirks: bool = False, stop_at_empty: bool = False, overwrite: bool = False
) -> list[Path]:
    """Write the images of a song into a folder, each atomically; returns their paths.

    Raises MediaError; if one of them is there already, before any is written, unless `overwrite`.
    """
    if not overwrite:
        names = (folder / name for name, _ in article_images(song, stem, quirks, stop_at_empty))
        there = next((path for path in names if os.path.lexists(path)), None)
        if there is not None:
            raise MediaError(f"{there} is there already; type --overwrite, or give another folder with -o")
    paths: dict[Path, None] = {}
    for name, page in article_images(song, stem, quirks, stop_at_empty):
        path = folder / name
        try:
            with atomic_path(path) as aside:
                Image.fromarray(page).save(aside, "PNG")
        except OSError as error:
            raise MediaError(f"{path} cannot be written ({reason_of(error)}); choose another folder") from error
        paths[path] = None
    return list(paths)


def enlarged(page: Page, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A page as a picture of `size`, uint8 (height, width, 3), black around it: whole pixels become squares of pixels.

    Nothing is lost, unlike in the article, which stretches pages to 106 x 106. ValueError for less than 106 x 100.
    """
    scale = min(size[0] // ROWS, size[1] // COLUMNS)
    if not scale:
        raise ValueError(f"a page needs {COLUMNS}x{ROWS} pixels, not {size[1]}x{size[0]}")
    picture = np.zeros((*size, 3), np.uint8)
    top, left = (size[0] - scale * ROWS) // 2, (size[1] - scale * COLUMNS) // 2
    large = page.repeat(scale, 0).repeat(scale, 1)
    picture[top : top + scale * ROWS, left : left + scale * COLUMNS] = large[:, :, None]
    return picture


def page_of(pixels: NDArray[np.uint8]) -> Page:
    """Page on a picture, grey (height, width) or RGB (height, width, 3): white where the mean is brighter than half.

    A picture that is more than 106 x 100 in both is one that `enlarged` drew, or a network that learned from such. Any
    other is resampled, as the 106 x 106 that the article trains on, so that a column is a 16th again.
    """
    grey = pixels.astype(np.float32) if pixels.ndim == 2 else pixels.mean(axis=2, dtype=np.float32)
    scale = min(grey.shape[0] // ROWS, grey.shape[1] // COLUMNS)
    if scale and grey.shape != (ROWS, ROWS):
        top, left = (grey.shape[0] - scale * ROWS) // 2, (grey.shape[1] - scale * COLUMNS) // 2
        inside = grey[top : top + scale * ROWS, left : left + scale * COLUMNS]
        grey = inside.reshape(ROWS, scale, COLUMNS, scale).mean((1, 3))
    else:
        grey = np.asarray(Image.fromarray(grey).resize((COLUMNS, ROWS), Image.Resampling.BOX))
    return np.where(grey > THRESHOLD, 255, 0).astype(np.uint8)


def song_of_pages(pages: Sequence[Page]) -> Song:
    """Music of one instrument's pages, one after another: a piano at 120 quarter notes a minute."""
    cells = np.hstack([np.zeros((ROWS, 0), np.uint8), *pages]).T
    notes = notes_of_cells(np.minimum(cells, VELOCITY), lowest=LOWEST)
    return Song((Track(notes, name="piano"),), len(cells))


def song_with_quirks(pixels: NDArray[np.uint8]) -> Song:
    """Music of one image, grey (rows, columns) or RGB (rows, columns, 3), as img2midi has it: a piano.

    - The first column is taken for pitches rather than for pixels: every grey in it becomes a note of one 16th at the
      start (`_pitch_of_grey`): black middle C, white 123. What it showed is lost, unless a note's pitch happens to be
      a grey there; such a note is one 16th longer, and lost if it ends before the last column.
    - All else sounds one 16th early.
    - A grey of RGB is 0.99 of the mean, so 128 is on in a grey image and off in RGB.
    - Rows beyond 106 are pitches beyond 126; columns beyond 100 are played.
    """
    grey = pixels.astype(np.float64) if pixels.ndim == 2 else pixels @ np.full(3, 0.33)
    held: dict[float, int] = dict.fromkeys(map(float, grey[:, 0]), 1)
    notes = []
    for step, column in enumerate(grey.T[1:]):
        on = [float(row + LOWEST) for row in np.flatnonzero(column > THRESHOLD)]
        for pitch in held.keys() - set(on):
            start = step - held[pitch]
            if start >= 0 or step == 0:
                notes.append(Note(max(start, 0), _pitch_of_grey(pitch), held[pitch], VELOCITY))
        held = {pitch: held.get(pitch, 0) + 1 for pitch in on}
    end = grey.shape[1] - 1
    notes += [
        Note(end - held[pitch], _pitch_of_grey(pitch), held[pitch], VELOCITY) for pitch in held if held[pitch] <= end
    ]
    return Song((Track(without_overlaps(notes), name="piano"),), max(1, end))


def _pitch_of_grey(value: float) -> int:
    """MIDI number that music21 writes for a number: below 12 a pitch class from middle C, above 127 octaves lower.

    What is between two semitones is quantised to a quarter tone, and a quarter tone is written as the upper semitone; a
    little below a C it is the C an octave lower.
    """
    number = int(value + 0.745)
    if number % 12 == 0 and value % 1 > 0.75:
        number -= 12
    if number < 12:
        return 60 + number
    if number > 127:
        number = 108 + number % 12
        return number + 12 if number < 115 else number
    return number


def read_article_pixels(image: Image.Image) -> NDArray[np.uint8]:
    """Pixels as img2midi sees them: grey images with one number a pixel, all others in RGB."""
    return np.asarray(image if image.mode == "L" else image.convert("RGB"))
