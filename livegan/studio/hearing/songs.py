"""Songs to learn hearing from: made by rule and seed, endlessly many, kept as examples in a folder."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from livegan.networks.hearing_bands import power_bands
from livegan.studio.hearing.song_compose import compose
from livegan.studio.hearing.song_orchestra import RATE, Orchestra
from livegan.studio.hearing.song_render import render
from livegan.training.hearing.store import EVENTS, Example, write_example

Told = Callable[[str], None]  # name of a song that was made


def make_songs(folder: Path, seeds: Iterable[int], styles: Sequence[str], told: Told | None = None) -> int:
    """Examples STYLE-SEED.npz of every style and seed into a folder; returns how many were made.

    Those that are there are not made again. DeviceError, with what to install, without FluidSynth or SoundFonts;
    TrainingError for a folder that cannot be written; KeyError for a style that is not there.
    """
    made = 0
    orchestra: Orchestra | None = None
    try:
        for seed in seeds:
            for style in styles:
                path = folder / f"{style}-{seed}.npz"
                if path.exists():
                    continue
                score = compose(style, seed)
                orchestra = orchestra or Orchestra()
                sound, truth = render(score, orchestra)
                events = {name: np.asarray(getattr(truth, key), np.float32) for name, key in EVENTS.items()}
                write_example(path, Example(path.stem, "music", style, 1.0, power_bands(sound, RATE), events))
                made += 1
                if told is not None:
                    told(path.stem)
    finally:
        if orchestra is not None:
            orchestra.close()
    return made
