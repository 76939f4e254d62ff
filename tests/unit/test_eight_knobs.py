"""An unknown controller's eight knobs each do something in every scene that is shipped."""

from functools import cache

import numpy as np
import pytest

from livegan.config.load import LoadedScene, load_scenes, load_venue, scene_paths
from livegan.core.types import ControlEvent, FeatureFrame, FramePlan, Layout
from livegan.engine.bind import Binder, listen

FRAMES = 4


@cache
def binder() -> Binder:
    venue = load_venue()
    return Binder(listen(venue, 48000, 2, load_scenes(scene_paths())).layout, venue)


def played(scene: LoadedScene, knob: str, value: float) -> FramePlan:
    """The last plan of a moment of music, with one knob moved before it."""
    patch, layout = binder().bind(scene), binder().vocabulary.layout
    patch.controls.handle(ControlEvent(0.0, knob, value))
    return [patch.plan(i, i / 4, 0.25, music(layout, i)) for i in range(FRAMES)][-1]


def music(layout: Layout, frame: int) -> FeatureFrame:
    values = np.random.default_rng(frame).random(len(layout.names)).astype(np.float32) * 0.6
    return FeatureFrame(frame / 4, layout, values)


@pytest.mark.parametrize("name", scene_paths())
def test_each_of_eight_knobs_changes_what_is_drawn(name: str) -> None:
    """Of 1 to 4 alone: the venue's others are truncation and three effects, which every plan has."""
    (scene,) = load_scenes([name])
    idle = [f"knob.{i}" for i in range(1, 5) if played(scene, f"knob.{i}", 0.02) == played(scene, f"knob.{i}", 0.98)]
    assert idle == []
