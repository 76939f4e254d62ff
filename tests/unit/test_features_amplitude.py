"""Amplitude and log-mel spectrum: in proportion to the loudest lately, whatever the gain."""

import numpy as np
import pytest
from scipy.signal import stft

from livegan.features import Listening
from livegan.features.mel import triangles

RATE = 48000


def hear(sound: np.ndarray) -> dict[str, np.ndarray]:
    listening = Listening(RATE, 1)
    listening.process(sound.astype(np.float32)[:, None], len(sound) / RATE)
    rows = listening.ring.history(10_000)[1]
    return {name: rows[:, i] for name, i in listening.layout.index.items()}


def tone(hz: float, seconds: float, gain: float = 0.5) -> np.ndarray:
    return gain * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)


def test_amplitude_is_linear_in_power_and_knows_no_gain() -> None:
    steps = np.concatenate([tone(440, 0.5), tone(440, 0.5, 0.5 / np.sqrt(10)), tone(440, 0.5, 0.05)])
    heard = hear(steps)
    loud, less, least = (heard["amplitude"][round(at * RATE / 256)] for at in (0.45, 0.95, 1.45))
    assert loud == pytest.approx(1, abs=0.02)
    assert less == pytest.approx(0.1, abs=0.02)  # 10 dB below, in half a second the ceiling hardly sinks
    assert least < 0.02
    np.testing.assert_allclose(hear(steps / 4)["amplitude"][60:], heard["amplitude"][60:], atol=0.02)


def test_a_rise_is_a_hit_and_not_a_tone() -> None:
    sound = tone(220, 2.0, 0.1)
    for at in (0.7, 1.4):
        start = round(at * RATE)
        sound[start : start + 4000] += np.random.default_rng(1).standard_normal(4000) * 0.4
    rise = hear(sound)["amplitude.rise"]
    times = (np.flatnonzero(rise > 0.5) + 1) * 256 / RATE
    assert times.size
    assert all(min(abs(time - at) for at in (0.7, 1.4)) < 0.1 for time in times[times > 0.3])
    assert rise[round(1.2 * RATE / 256)] < 0.05


def test_a_mel_spectrum_keeps_its_proportions() -> None:
    heard = hear(tone(200, 1.0) + tone(5000, 1.0, 0.05))  # 20 dB apart
    mels = np.array([heard[f"mel.{i}"][-1] for i in range(40)])
    loudest, second = mels[:10].max(), mels[20:30].max()
    assert loudest == pytest.approx(1, abs=0.02)
    assert loudest - second == pytest.approx(20 / 60, abs=0.05)
    assert mels[34:].max() < 0.3


def test_amplitude_is_that_of_lucid_sonic_dreams_but_for_the_whole_song() -> None:
    """`get_spec_norm`: the loudest of the mel bands of each frame, from 0 to 1 over the whole song."""
    rng = np.random.default_rng(4)
    sound = 0.02 * rng.standard_normal(6 * RATE)
    for k, start in enumerate(range(2000, len(sound) - 12000, 15000)):
        fade = np.exp(-np.arange(12000) / 2500)
        sound[start : start + 12000] += (0.8, 0.4, 0.6, 0.3)[k % 4] * fade * rng.standard_normal(12000)
    power = abs(stft(sound, RATE, nperseg=2048, noverlap=2048 - 256, boundary=None)[2]) ** 2
    loudest = (triangles(128, 2048, RATE) @ power).max(axis=0)
    theirs = (loudest - loudest.min()) / (loudest.max() - loudest.min())
    heard = hear(sound)["amplitude"]
    alike = [np.corrcoef(heard[lag:][: len(theirs) - 8], theirs[:-8])[0, 1] for lag in range(8)]
    assert max(alike) > 0.9
    assert 2 <= int(np.argmax(alike)) < 7  # sooner than with the same samples under a Hann window (7 hops)
    assert heard.max() == pytest.approx(1, abs=1e-3)
