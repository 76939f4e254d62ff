"""Onsets: how late, how many in noise, the same at any gain, and who played."""

import numpy as np
import pytest

from livegan.features import Listening

RATE = 48000


def events(sound: np.ndarray, rate: int = RATE) -> list[tuple[str, float]]:
    listening = Listening(rate, 1, asked=["onset"], everything=False)
    listening.process(sound.astype(np.float32)[:, None], len(sound) / rate)
    return [(event.name, event.time_s) for event in listening.events]


def groove(seconds: float, seed: int = 0) -> np.ndarray:
    """Kick on the beat, snare between, quiet hats in sixteenths, a bass and a chord; 120 bpm."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    sound = np.zeros(n)
    hat_time = np.arange(4800) / RATE
    for step in range(int(seconds * 8)):
        at = int(step * RATE / 8)
        parts = [(0.06, np.diff(rng.standard_normal(4801)) * np.exp(-hat_time * 80))]
        if step % 8 in (0, 4):
            sweep = np.cumsum(50 + 150 * np.exp(-hat_time * 60)) / RATE
            parts.append((0.6, np.sin(2 * np.pi * sweep) * np.exp(-hat_time * 25)))
        if step % 8 in (2, 6):
            parts.append((0.15, rng.standard_normal(4800) * np.exp(-hat_time * 30)))
        for gain, part in parts:
            sound[at : at + 4800] += gain * part[: max(0, n - at)]
    time_s = np.arange(n) / RATE
    return sound + sum(0.02 * np.sin(2 * np.pi * hz * time_s) for hz in (220.0, 277.2, 329.6))


def hits(found: list[float], truth: np.ndarray, within_s: float = 0.025) -> int:
    return sum(1 for time in truth if any(abs(time - one) <= within_s for one in found))


def test_quiet_hats_between_loud_kicks_are_heard() -> None:
    found = [time for name, time in events(groove(12.0)) if name == "onset"]
    truth = np.arange(96) / 8
    assert hits(found, truth) >= 92
    assert len(found) <= 100


def test_events_are_where_the_sound_began() -> None:
    found = np.array([time for name, time in events(groove(12.0)) if name == "onset"])
    late = found - np.round(found * 8) / 8
    assert abs(np.median(late)) < 0.008


@pytest.mark.parametrize(("kind", "first", "every"), [("bass", 0.0, 0.5), ("mid", 0.25, 0.5), ("treble", 0.0, 0.125)])
def test_kick_snare_and_hat_have_their_own(kind: str, first: float, every: float) -> None:
    found = [time for name, time in events(groove(12.0)) if name == f"onset.{kind}"]
    truth = np.arange(first, 11.99, every)
    truth = truth[truth > 4.0]  # after the first sound, which is the strongest of all
    assert hits(found, truth) > 0.9 * len(truth)


@pytest.mark.parametrize("db", [-10, -25, -40])
def test_the_same_onsets_at_any_gain(db: int) -> None:
    sound = groove(20.0) + 1e-5 * np.random.default_rng(1).standard_normal(20 * RATE)
    loud = [time for name, time in events(0.7 * sound) if name == "onset"]
    soft = [time for name, time in events(0.7 * 10 ** (db / 20) * sound) if name == "onset"]
    assert hits(soft, np.array(loud)) > 0.95 * len(loud)
    assert len(soft) < 1.05 * len(loud)


def pink(seconds: float, db: float) -> np.ndarray:
    n = int(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(4).standard_normal(n))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    sound = np.fft.irfft(spectrum, n)
    return np.asarray(sound / sound.std() * 10 ** (db / 20))


def test_silence_room_noise_and_hum_begin_at_most_once() -> None:
    time_s = np.arange(60 * RATE) / RATE
    hum = sum(0.02 / part * np.sin(2 * np.pi * 50 * part * time_s + part) for part in range(1, 10))
    for sound in (np.zeros(30 * RATE), pink(60.0, -60), hum):
        assert len([name for name, _ in events(sound) if name == "onset"]) < 2


def test_a_quiet_set_opens_the_gate_and_room_noise_does_not() -> None:
    names = ["gate", "onset"]
    curves = []
    for sound in (0.004 * groove(8.0), pink(8.0, -60)):
        listening = Listening(RATE, 1, asked=names, everything=False)
        listening.process(sound.astype(np.float32)[:, None], 8.0)
        curves.append(listening.ring.history(10_000)[1][:, listening.layout.index["gate"]])
    assert curves[0][-700:].mean() > 0.9
    assert curves[1].max() == 0
