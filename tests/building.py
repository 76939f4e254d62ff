"""Building blocks of tests: a small feature layout, a network without weights, and scenes bound to it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from livegan.config.load import LoadedScene
from livegan.config.scene import Scene
from livegan.core.types import FeatureFrame, Layout
from livegan.engine.bind import bind_scene
from livegan.engine.patch import Patch
from livegan.engine.vocabulary import Vocabulary, parameter_table
from livegan.networks.info import NetworkInfo
from livegan.networks.music_mood import QUARTERS
from livegan.networks.music_tags import TAG_NAMES

CHROMA = tuple(f"chroma.{note}" for note in ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"))
BANDS = tuple(f"{kind}.{i}" for kind in ("band", "mel", "spectrum") for i in range(8))
BEAT = ("beat.phase", "beat.bpm")
MOOD = tuple(f"mood.{name}" for name in ("energy", *QUARTERS))
TAGS = tuple(f"tag.{name}" for name in TAG_NAMES)
AMPLITUDE = ("amplitude", "amplitude.mean", "amplitude.rise")
NAMES = ("level", "bass", "mid", "onset", *AMPLITUDE, *CHROMA, *BANDS, *BEAT, *MOOD, *TAGS)
LAYOUT = Layout(NAMES, tuple(name in ("onset", *AMPLITUDE) for name in NAMES))
VOCABULARY = Vocabulary(LAYOUT, parameter_table())
PLAIN = NetworkInfo("plain", Path("plain.json"), "plain", (8, 8), z_dim=16, c_dim=12)


def heard(time_s: float = 0.0, **values: float) -> FeatureFrame:
    """Features of LAYOUT: 0 where nothing else is said."""
    row = np.zeros(len(LAYOUT.names), np.float32)
    for name, value in values.items():
        row[LAYOUT.index[name]] = value
    return FeatureFrame(time_s, LAYOUT, row)


def patch_of(scene: Scene, networks: Sequence[NetworkInfo] = (PLAIN,), name: str = "test") -> Patch:
    """A scene bound to these networks."""
    return bind_scene(LoadedScene(name, scene), VOCABULARY, networks=networks)
