"""Usual levels of the music tags: mean and spread of the logit of each, over songs of all styles and noise.

    python -m tools.make_style_songs songs
    python -m tools.measure_tag_levels songs/*.wav

Every song counts alike. Writes livegan/networks/tag_levels.json.
"""

import json
import sys
from pathlib import Path

import numpy as np

from livegan.audio.demo import demo_track
from livegan.networks.music_mood import LEAST_SPREAD, Levels
from livegan.networks.music_tags import TAG_NAMES, by_name
from livegan.studio.dream.meaning import meaning_of, meaning_of_song

FILE = Path(__file__).parents[1] / "livegan" / "networks" / "tag_levels.json"


def noises() -> list[np.ndarray]:
    """White and brown noise, eight seconds each."""
    white = np.random.default_rng(0).standard_normal(16000 * 8).astype(np.float32)
    brown = np.cumsum(white)
    brown -= np.convolve(brown, np.ones(2000) / 2000, "same")
    return [(0.1 * noise / noise.std()).astype(np.float32) for noise in (white, brown)]


if __name__ == "__main__":
    meanings = [meaning_of_song(Path(path)) for path in (*sys.argv[1:], str(demo_track()))]
    meanings += [meaning_of(noise) for noise in noises()]
    levels = [Levels.of(by_name(meaning.tags)) for meaning in meanings]
    mean = np.mean([level.mean for level in levels], axis=0)
    within = np.mean([level.spread**2 + (level.mean - mean) ** 2 for level in levels], axis=0)
    spread = np.maximum(np.sqrt(within), LEAST_SPREAD)
    rows = [f' "{name}": [{mean[i]:.3f}, {spread[i]:.3f}]' for i, name in enumerate(TAG_NAMES)]
    FILE.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
    json.loads(FILE.read_text(encoding="utf-8"))
