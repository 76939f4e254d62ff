"""Music of pictures: piano roll pictures, drawn by livegan, by a network, or for the article, as a song."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from livegan.composer.roll_colours import cells_of_picture, song_of_cells
from livegan.composer.roll_dataset import Layout
from livegan.composer.roll_image import page_of, read_article_pixels, song_of_pages, song_with_quirks
from livegan.composer.song import Song
from livegan.datasets.sources import read_picture
from livegan.errors import DatasetError, MediaError

MOST_COLOUR = 0.15  # of a picture that counts as grey: difference between its colours, as a share of its light


def song_of_pictures(paths: Sequence[Path], layout: Layout | None = None, quirks: bool = False) -> Song:
    """Music of one or more pictures, one after another. Raises MediaError for what is no picture.

    `layout`: of all of them; None: the article's if the first is grey, else coloured. `quirks`: a picture as the
    article's own script plays it (`song_with_quirks`).
    """
    if quirks and (len(paths) != 1 or layout == "roll"):
        raise MediaError(f"--quirks plays one grey picture, not {len(paths)}; give them one by one, without --layout")
    pictures = [_pixels(path, grey_as_it_is=quirks) for path in paths]
    if quirks:
        song = song_with_quirks(pictures[0])
    elif (layout or ("article" if is_grey(pictures[0]) else "roll")) == "article":
        song = song_of_pages([page_of(pixels) for pixels in pictures])
    else:
        song = song_of_cells(np.concatenate([cells_of_picture(pixels) for pixels in pictures]))
    if not any(track.notes for track in song.tracks):
        raise MediaError(
            f"{paths[0]} shows no note: nothing in it is bright enough; choose another picture or --layout"
        )
    return song


def is_grey(pixels: NDArray[np.uint8]) -> bool:
    """Whether an RGB picture has next to no colour."""
    brightest = pixels.max(axis=2).astype(np.float32)
    return bool((brightest - pixels.min(axis=2)).sum() <= MOST_COLOUR * brightest.sum())


def _pixels(path: Path, grey_as_it_is: bool) -> NDArray[np.uint8]:
    try:
        image = read_picture(path)
        if grey_as_it_is:
            with Image.open(path) as original:
                return read_article_pixels(original)
        return np.asarray(image)
    except DatasetError as error:
        raise MediaError(f"{path} cannot be read ({error}); give a picture of a piano roll") from error
