"""GANce's network switching beside `network.position` on a bank: the published quantisation on the same level."""

import numpy as np
import pytest

from livegan.config.load import load_scene
from livegan.engine.networks import find_bank
from livegan.mapping.position import PositionSwitch

COUNT, FPS = 8, 60
RNG = np.random.default_rng(6)
LEVEL = np.abs(np.convolve(RNG.standard_normal(1200), np.hanning(90) / 20, "same")).clip(0, 1)  # 0..1, 20 s


def published(level: np.ndarray) -> np.ndarray:
    """Linear map of the level's range to 0 .. COUNT - 1, rounded half to even."""
    return np.rint((level - level.min()) / (level.max() - level.min()) * (COUNT - 1)).astype(int)


def switched(level: np.ndarray, hysteresis: float, hold_s: float) -> np.ndarray:
    switch = PositionSwitch(COUNT, hysteresis, hold_s)
    span = (level - level.min()) / (level.max() - level.min())
    return np.array([switch.step(float(value) * (COUNT - 1), 1 / FPS) for value in span])


def test_without_hysteresis_and_hold_it_is_the_published_index() -> None:
    assert np.array_equal(switched(LEVEL, 0.0, 0.0), published(LEVEL))
    assert len(set(published(LEVEL))) == COUNT


def test_the_scene_switches_among_the_snapshots_without_chatter() -> None:
    scene = load_scene("gance-switching")
    networks, wrong = find_bank(scene)
    assert not wrong
    assert len(networks) == COUNT
    assert networks[0].path.parent.name == "house", "quiet is early in the training"
    assert networks[-1].name == "house-256", "loud is late"
    assert scene.bank.mode == "switch"
    jittery = LEVEL + 0.02 * RNG.standard_normal(len(LEVEL))
    ours, theirs = switched(jittery, scene.bank.hysteresis, scene.bank.hold_s), published(jittery)
    changes = np.flatnonzero(np.diff(ours))
    assert np.diff(changes).min() >= scene.bank.hold_s * FPS - 1
    assert len(changes) < 0.3 * len(np.flatnonzero(np.diff(theirs)))
    assert np.abs(ours - theirs).mean() < 0.5


def test_of_one_network_there_is_one_index() -> None:
    switch = PositionSwitch(1)
    assert {switch.step(position, 0.1) for position in (0.0, 3.0, -1.0)} == {0}
    assert switch.step(0.0, 0.0) == pytest.approx(0)
