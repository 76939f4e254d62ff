"""Bands and input of the hearing network: live and offline are the same, gain does not count."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.networks.hearing_bands import BANDS, INPUTS, HearingBands, HearingInput, condition, power_bands


def _sound(seed: int, rate: int, seconds: float = 1.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    count = int(rate * seconds)
    bursts = np.exp(-((np.arange(count) / rate) % 0.25) / 0.03)
    return np.asarray(rng.normal(size=count) * bursts * 0.2, np.float32)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000])
def test_live_bands_are_those_of_the_whole(rate: int) -> None:
    sound = _sound(1, rate)
    whole = power_bands(sound, rate)
    assert whole.shape == (len(sound) * 100 // rate, BANDS)
    live = HearingBands(rate)
    padded = np.concatenate((np.zeros(live.window, np.float32), sound))
    for frame in (0, 3, 70, len(whole) - 1):
        end = (frame + 1) * rate // 100
        assert live(padded[end : end + live.window]) == pytest.approx(whole[frame].astype(np.float32), abs=0.01)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1 << 20))
def test_live_input_is_that_of_the_whole(seed: int) -> None:
    power = power_bands(_sound(seed, 22050), 22050).astype(np.float32)
    live = HearingInput()
    steps = np.array([live.step(frame).copy() for frame in power])
    assert steps.shape == (len(power), INPUTS)
    assert steps == pytest.approx(condition(power), abs=1e-4)
    assert steps.min() >= 0.0
    assert steps.max() <= 1.0


def test_gain_and_the_colour_of_a_microphone_cancel_out() -> None:
    power = power_bands(_sound(3, 48000), 48000).astype(np.float32) + 3.0
    coloured = power + np.linspace(-1.0, 0.5, BANDS, dtype=np.float32) + 0.7
    assert condition(coloured)[20:, :BANDS] == pytest.approx(condition(power)[20:, :BANDS], abs=1e-3)


def test_silence_is_zero() -> None:
    assert not condition(power_bands(np.zeros(48000, np.float32), 48000)).any()


def test_an_offset_does_not_count() -> None:
    sound = _sound(4, 48000)
    plain, shifted = (power_bands(each, 48000)[10:].astype(np.float32) for each in (sound, sound + np.float32(0.3)))
    assert shifted == pytest.approx(plain, abs=0.02)
