"""Preview film of a projection: each target with its projection to the right of it."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from livegan.core.types import Frame, FramePlan
from livegan.outputs.film import Film
from livegan.studio.projection_work import ProjectionWork

STILL_S = 2  # how long a picture is shown
STILL_FPS = Fraction(10)


def write_preview(work: ProjectionWork, count: int, fps: Fraction, path: Path, overwrite: bool = False) -> None:
    """Write target | projection of the first `count` frames; MediaError if that cannot be."""
    repeats = 1 if fps else STILL_S * int(STILL_FPS)
    height, width = work.target(0).shape[:2]
    film = Film(path, (2 * width, height), fps or STILL_FPS, overwrite=overwrite)
    nothing = np.zeros(0, np.float32)
    try:
        for index in range(count * repeats):
            place = index // repeats
            pixels = np.concatenate([work.target(place), work.result(place).pixels], axis=1)
            time_s = float(index / film.fps)
            film.send(Frame(pixels, FramePlan(index, time_s, float(1 / film.fps), nothing, nothing), time_s, time_s))
    finally:
        film.close()
