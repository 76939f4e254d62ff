"""Training sets of the motifs, drawn from random latents and layouts."""

from os import cpu_count
from pathlib import Path

import numpy as np

from livegan.core.progress import ProgressCallback
from livegan.datasets.make import MAX_THREADS, DatasetReport
from livegan.datasets.writer import DatasetWriter, check_output
from livegan.errors import DatasetError

DRAW_BATCH = 16  # pictures of one motif drawn together; fixed, so that a set is the same on each machine
MAX_LAYOUT = 1 << 31  # seeds of layouts are below


def make_patterns(
    output: Path,
    size: tuple[int, int],
    count: int,
    seed: int = 0,
    layouts: int | None = None,
    report: ProgressCallback = lambda done: None,
    threads: int | None = None,
    overwrite: bool = False,
) -> DatasetReport:
    """A training set of the motifs, `count` pictures in all, equally many of each (one more of the first, if need be).

    Each picture has a layout of its own; with `layouts` their seeds cycle through 0 .. layouts - 1. All random numbers
    come from `seed`, and a longer set of the same seed begins each class with the same pictures.
    """
    from livegan.motifs.draw import NAMES  # torch, on first use: a set of photographs needs none
    from livegan.motifs.pictures import draw_pixels, drawing_threads

    if count < len(NAMES):
        raise DatasetError(f"{count} pictures are too few for {len(NAMES)} classes")
    if layouts is not None and layouts < 1:
        raise DatasetError(f"{layouts} layouts are too few; give 1 or more")
    check_output(output, overwrite)
    per_class = [count // len(NAMES) + (label < count % len(NAMES)) for label in range(len(NAMES))]
    threads = max(1, min(MAX_THREADS, threads or cpu_count() or 1))
    with drawing_threads(threads), DatasetWriter(output, size, NAMES, overwrite) as writer:
        for block in range(-(-per_class[0] // DRAW_BATCH)):
            for label, name in enumerate(NAMES):
                here = min(DRAW_BATCH, per_class[label] - block * DRAW_BATCH)
                if here <= 0:
                    continue
                rng = np.random.default_rng([seed, label, block])
                latents = rng.standard_normal((DRAW_BATCH, 8)).astype(np.float32)
                seeds = rng.integers(0, MAX_LAYOUT, DRAW_BATCH).tolist()
                if layouts is not None:
                    seeds = [(block * DRAW_BATCH + place) % layouts for place in range(DRAW_BATCH)]
                for picture in draw_pixels(name, latents[:here], size, seeds[:here]):
                    writer.add(picture, label)
                    report(writer.count)
    return DatasetReport(writer.path, writer.count, classes=NAMES, per_class=tuple(per_class))
