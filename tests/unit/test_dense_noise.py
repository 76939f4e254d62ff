"""Dense noise: what claps, rains and crackles is no onset; drums amid it, and dense music, are."""

import numpy as np
import pytest
import scipy.signal

from livegan.features import Listening
from livegan.features.onset_detection import ONSET_KINDS, VIEWS, PeakPicker
from livegan.features.regularity import Regularity

RATE = 48000
HOP_S = 256 / RATE


def onsets(sound: np.ndarray, rate: int = RATE, hop: int = 256) -> np.ndarray:
    listening = Listening(rate, 1, hop=hop, asked=["onset"], everything=False)
    listening.process(sound.astype(np.float32)[:, None], len(sound) / rate)
    return np.array([event.time_s for event in listening.events if event.name == "onset"])


def claps(seconds: float, people: int, seed: int = 0, rate: int = RATE) -> np.ndarray:
    """Each claps in a time of his own, in a hall."""
    rng = np.random.default_rng(seed)
    sound, length = np.zeros(int(seconds * rate)), int(0.05 * rate)
    time_s = np.arange(length) / rate
    for _ in range(people):
        numerator, denominator = scipy.signal.iirpeak(rng.uniform(800, 2500), 1.5, fs=rate)
        loud, rate_hz, at_s = np.exp(rng.normal(0, 0.7)), rng.uniform(2.5, 5.0), rng.uniform(0, 0.4)
        while at_s < seconds - 0.06:
            clap = rng.standard_normal(length) * np.exp(-time_s / 0.006)
            at = int(at_s * rate)
            sound[at : at + length] += loud * scipy.signal.lfilter(numerator, denominator, clap)
            at_s += np.exp(rng.normal(0, 0.12)) / rate_hz
    return 0.1 * sound / sound.std()


def crackle(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    sound = np.zeros(int(seconds * RATE))
    places = rng.integers(0, len(sound), int(18 * seconds))
    sound[places] = np.exp(rng.normal(0, 1.0, len(places)))
    sound = scipy.signal.sosfilt(scipy.signal.butter(2, (500, 9000), "bandpass", fs=RATE, output="sos"), sound)
    return 0.1 * sound / sound.std() + 0.01 * rng.standard_normal(len(sound))


def drums(seconds: float, bpm: float = 120.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Kick, snare and hats in eighths, and when they begin [s]."""
    rng = np.random.default_rng(seed)
    sound, time_s = np.zeros(int(seconds * RATE)), np.arange(4800) / RATE
    truth = np.arange(0.5, seconds - 0.2, 30 / bpm)
    for step, at_s in enumerate(truth):
        part = 0.1 * np.diff(rng.standard_normal(4801)) * np.exp(-time_s * 80)
        if step % 4 == 0:
            part += 0.8 * np.sin(2 * np.pi * np.cumsum(50 + 150 * np.exp(-time_s * 60)) / RATE) * np.exp(-time_s * 25)
        elif step % 4 == 2:
            part += 0.3 * rng.standard_normal(4800) * np.exp(-time_s * 30)
        at = int(at_s * RATE)
        sound[at : at + 4800] += part
    return sound, truth


def f_score(found: np.ndarray, truth: np.ndarray) -> float:
    hit = sum(bool(len(found)) and np.abs(found - time).min() <= 0.05 for time in truth)
    return float(2 * hit / (len(found) + len(truth)))


@pytest.mark.parametrize("sound", [claps(9.0, 25), claps(9.0, 90), crackle(9.0)], ids=["some", "many", "crackle"])
def test_random_hits_are_no_onsets_after_a_few_seconds(sound: np.ndarray) -> None:
    found = onsets(sound)
    assert len(found[found > 4.0]) / (5.0 / 60) < 130  # some 500 a minute otherwise


def test_applause_is_none_at_another_rate_and_hop() -> None:
    found = onsets(claps(10.0, 40, rate=44100), rate=44100, hop=512)
    assert len(found[found > 4.0]) / (6.0 / 60) < 90


def test_kicks_that_keep_time_are_heard_amid_applause() -> None:
    sound, truth = drums(11.0)
    found = onsets(sound + 0.7 * claps(11.0, 30))
    kicks = truth[::4][truth[::4] > 5.0]
    assert sum(np.abs(found - kick).min() < 0.05 for kick in kicks) >= 0.8 * len(kicks)
    assert f_score(found[found > 5.0], truth[truth > 5.0]) > 0.5


def test_a_song_after_applause_is_heard_within_four_seconds() -> None:
    sound, truth = drums(9.0)
    found = onsets(np.concatenate([claps(6.0, 40), sound])) - 6.0
    assert f_score(found[found > 4.0], truth[truth > 4.0]) > 0.9


def test_fast_hats_and_noise_that_keeps_time_stay_music() -> None:
    rng = np.random.default_rng(3)
    time_s = np.arange(int(8 * RATE)) / RATE
    sound = 0.1 * rng.standard_normal(len(time_s)) * np.exp(-(time_s % 0.09) * 60)  # sixteenths at 167 bpm
    found = onsets(sound)
    assert len(found) > 0.95 * 8 / 0.09


def indices(times_s: np.ndarray) -> tuple[float, float]:
    regularity = Regularity(1)
    for time_s in times_s:
        regularity.event(float(time_s), np.array([True]))
    regularity.measure()
    return float(regularity.index[0]), float(regularity.doubt[0])


@pytest.mark.parametrize("rate_hz", [3.0, 8.0, 20.0])
def test_regularity_of_a_poisson_process_is_one(rate_hz: float) -> None:
    found = [
        indices(np.cumsum(np.random.default_rng(seed).exponential(1 / rate_hz, int(20 * rate_hz))))[0]
        for seed in range(12)
    ]
    assert abs(np.mean(found) - 1.0) < 0.1


def test_regularity_of_what_keeps_time_is_high_however_fast() -> None:
    rng = np.random.default_rng(0)
    for apart_s in (0.1, 0.25, 0.5):
        index, doubt = indices(np.arange(0, 12, apart_s) + rng.normal(0, 0.004, round(12 / apart_s)).clip(-0.01, 0.01))
        assert index - 3 * doubt > 1.3


class Picking:
    """The peak picker over made-up novelty: bursts of `strength` at given hops."""

    def __init__(self) -> None:
        self.picker = PeakPicker(HOP_S, RATE / 2048)
        self.power = np.full(1025, 1e-6, np.float32)
        self.told: list[int] = []
        self.found: list[float] = []
        self.hop = 0

    def run(self, hops: int, bursts: dict[int, float], prior: dict[int, float] | None) -> None:
        """`bursts`, `prior`: hop -> novelty of every view, activation; all others 0."""
        for hop in range(hops):
            views = np.full(VIEWS, bursts.get(hop, 0.0), np.float32)
            said = None if prior is None else np.full(len(ONSET_KINDS), prior.get(hop, 0.0), np.float32)
            self.picker.step(views, self.power, True, said)
            if self.picker.began:
                self.told.append(hop)
            self.found += [(self.hop + 1) * HOP_S - onset.ago_s for onset in self.picker.onsets if onset.kind == ""]
            self.hop += 1


def test_without_the_networks_word_nothing_waits_and_with_its_consent_neither() -> None:
    places = range(60, 1500, 60)
    for prior in (None, {hop + 3: 0.9 for hop in places}):
        picking = Picking()
        picking.run(1500, dict.fromkeys(places, 0.5), prior)
        assert picking.told == list(places)


def test_what_the_network_does_not_know_is_told_all_the_same() -> None:
    picking = Picking()
    places = range(60, 1500, 60)
    picking.run(1500, dict.fromkeys(places, 0.5), {})
    assert picking.told == list(places)


def test_a_soft_onset_is_told_with_the_networks_word_only() -> None:
    for prior, told in ((None, 0), ({}, 0), ({103: 0.9}, 1)):
        picking = Picking()
        picking.run(200, {100: 0.016}, prior)
        assert len(picking.told) == told, prior
        if told:  # late, at its own time
            assert picking.told == [103]
            assert picking.found == pytest.approx([101 * HOP_S - 0.010], abs=0.006)
