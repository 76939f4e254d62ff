"""Sides that cancel are heard; all other sound is the plain mean of its channels."""

import numpy as np
import pytest

from livegan.features import Listening
from livegan.features.downmix import Downmix
from livegan.features.sanitize import mix

RATE, HOP = 48000, 256
NAMES = ("level", "bass", "onset", "onset.bass", "brightness", "chroma.A", "beat.bpm")


def music(seconds: float = 4.0, seed: int = 0) -> np.ndarray:
    """A kick twice a second over a chord: (n,)."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    kick = np.exp(-(time_s % 0.5) * 30) * np.sin(2 * np.pi * 60 * time_s)
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (220.0, 277.2, 329.6))
    noise = np.random.default_rng(seed).standard_normal(len(time_s))
    return (0.4 * kick + 0.05 * chord + 0.005 * noise).astype(np.float32)


def curves(sound: np.ndarray, channels: int | None = None) -> dict[str, np.ndarray]:
    sound = sound.reshape(len(sound), -1)
    listening = Listening(RATE, channels or sound.shape[1])
    listening.process(sound, len(sound) / RATE)
    values = listening.ring.history(listening.ring.written)[1]
    return {name: values[:, listening.layout.index[name]] for name in (*NAMES, "level.db")}


@pytest.mark.parametrize("other", [(-1.0,), (-0.8,), (-1.0, 1.0, -1.0), (1.0, -1.0, -0.9, -0.95, 0.9)])
def test_sides_that_cancel_are_heard_like_the_left_side_alone(other: tuple[float, ...]) -> None:
    left = music()
    alone, both = curves(left), curves(left[:, None] * np.array([1.0, *other], np.float32))
    for name in NAMES:
        assert both[name] == pytest.approx(alone[name], abs=0.05), name


@pytest.mark.parametrize("phases", [(0, 120, 240), (0, 90, 180, 270), (0, 72, 144, 216, 288)])
def test_channels_that_cancel_as_a_ring_are_heard(phases: tuple[float, ...]) -> None:
    time_s = np.arange(2 * RATE) / RATE
    ring = np.stack([np.sin(2 * np.pi * 220 * time_s + np.radians(phase)) for phase in phases], axis=1) * 0.3
    assert np.abs(ring.sum(axis=1)).max() < 1e-9
    heard = curves(ring.astype(np.float32))
    alone = curves(ring[:, 0].astype(np.float32))
    assert heard["level.db"][RATE // HOP :].min() > alone["level.db"][RATE // HOP :].min() - 6


def test_sides_that_begin_to_cancel_are_heard_again_at_once() -> None:
    left = music()
    right = np.where(np.arange(len(left)) < 2 * RATE, left, -left)
    alone, both = curves(left), curves(np.stack((left, right), axis=1))
    after = both["level.db"][round(2.2 * RATE / HOP) :] - alone["level.db"][round(2.2 * RATE / HOP) :]
    assert np.abs(after).max() < 0.1


def test_turning_a_channel_over_makes_no_click() -> None:
    time_s = np.arange(RATE) / RATE
    left = np.sin(2 * np.pi * 100 * time_s).astype(np.float32)
    right = np.where(time_s < 0.5, left, -left)
    downmix, out = Downmix(HOP / RATE), np.zeros(HOP, np.float32)
    heard = []
    for start in range(0, RATE - HOP, HOP):
        downmix.step(np.stack((left, right), axis=1)[start : start + HOP], out)
        heard.append(out.copy())
    assert np.abs(np.diff(np.concatenate(heard))).max() < 2 * np.abs(np.diff(left)).max() + 0.02


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
def test_all_other_sound_is_the_plain_mean(channels: int) -> None:
    rng = np.random.default_rng(3)
    common = rng.standard_normal((RATE // 2, 1))
    for width in (0.0, 0.5, 1.0):  # from mono to channels that have nothing to do with each other
        sound = ((1 - width) * common + width * rng.standard_normal((RATE // 2, channels))).astype(np.float32) * 0.1
        downmix, out, plain = Downmix(HOP / RATE), np.zeros(HOP, np.float32), np.zeros(HOP, np.float32)
        for start in range(0, len(sound) - HOP, HOP):
            downmix.step(sound[start : start + HOP], out)
            mix(sound[start : start + HOP], plain, np.full(channels, 1.0 / channels, np.float32))
            assert np.array_equal(out, plain)
