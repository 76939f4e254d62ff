"""Loudness, shape, pitch, tuning, changes and what is wrong with an input: sounds whose answer is known."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.signal

from livegan.engine.guard import FaultGuard
from livegan.features import FEATURES, Listening
from livegan.features.block_filter import BlockFilter
from livegan.features.loudness import k_weighting

RATE = 48000


def hear(sound: np.ndarray, names: str, rate: int = RATE) -> dict[str, np.ndarray]:
    """Curves of those features; sound (n,) or (n, channels)."""
    sound = sound.reshape(len(sound), -1).astype(np.float32)
    listening = Listening(rate, sound.shape[1], asked=names.split(), everything=False)
    rows = np.concatenate(
        [
            listening.ring.history(listening.process(part, (at + len(part)) / rate))[1]
            for at in range(0, len(sound), rate)
            for part in [sound[at : at + rate]]
        ]
    )
    return {name: rows[:, i] for name, i in listening.layout.index.items()}


def tone(hz: float, seconds: float = 1.0, rate: int = RATE, amplitude: float = 0.3) -> np.ndarray:
    return np.asarray(amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate))


def noise(seconds: float, db: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(int(seconds * RATE)) * 10 ** (db / 20)


def rich(hz: float, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    """A note with eight partials."""
    return np.asarray(sum(tone(hz * part, seconds, rate, 0.2 / part) for part in range(1, 9)))


# --- level -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_loudness_is_that_of_the_standard(rate: int) -> None:
    sine = tone(997.0, 1.0, rate, 1.0)
    left = np.stack((sine, np.zeros_like(sine)), axis=1)
    assert hear(left, "level.lufs", rate)["level.lufs"][-1] == pytest.approx(-3.01, abs=0.1)
    assert hear(sine[:, None].repeat(2, 1), "level.lufs", rate)["level.lufs"][-1] == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize(("rate", "length", "channels"), [(48000, 1024, 2), (44100, 940, 1), (96000, 514, 3)])
def test_a_block_filter_filters_as_scipy_does(rate: int, length: int, channels: int) -> None:
    sections, rng = k_weighting(rate), np.random.default_rng(0)
    sound = (0.1 + 0.3 * rng.standard_normal((5 * length, channels))).astype(np.float32)
    blocks = BlockFilter(sections, length, channels)
    heard = np.concatenate([blocks.filtered(part) for part in sound.reshape(5, length, channels)])
    assert heard == pytest.approx(scipy.signal.sosfilt(sections, sound.astype(np.float64), axis=0), abs=1e-9)


def test_listening_does_not_import_what_takes_longest() -> None:
    code = "import sys, livegan.features.loudness; sys.exit('scipy.signal' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_loudness_forgets_in_0_4_seconds() -> None:
    lufs = hear(np.concatenate((tone(997.0), np.zeros(RATE))), "level.lufs")["level.lufs"]
    assert lufs[round(0.9 * RATE / 256)] > -20
    assert lufs[-1] < -80


def test_the_peak_is_the_greatest_sample_of_any_channel_and_falls() -> None:
    sound = np.zeros((RATE, 2))
    sound[100, 1] = -0.5
    peak = hear(sound, "level.peak")["level.peak"]
    assert peak[0] == pytest.approx(-6.02, abs=0.01)
    assert peak[-1] == pytest.approx(-26.0, abs=0.3)


def test_crest_of_a_square_a_sine_and_drums() -> None:
    square = np.sign(tone(100.0))
    assert hear(square, "level.crest")["level.crest"][-1] == pytest.approx(0.0, abs=0.01)
    assert hear(tone(440.0), "level.crest")["level.crest"][-1] == pytest.approx(3.01 / 24, abs=0.01)
    clicks = np.zeros(RATE)
    clicks[::4800] = 0.5
    assert hear(clicks + noise(1.0, -40), "level.crest")["level.crest"][50:].max() > 0.5


# --- shape and pitch -------------------------------------------------------------------------------------------------

SHAPE = ("brightness", "spread", "flatness", "rolloff", "complexity.spectral")


def test_shapes_of_a_tone_and_of_noise() -> None:
    low, high, hiss = (hear(sound, "flux") for sound in (tone(110.0), tone(7000.0), noise(1.0, -20)))
    assert low["brightness"][-1] < 0.3 < 0.75 < high["brightness"][-1]
    assert low["rolloff"][-1] < 0.3 < 0.75 < high["rolloff"][-1]
    for name in ("spread", "flatness", "complexity.spectral"):
        assert low[name][-1] < 0.5 * hiss[name][-1], name
    assert hiss["flatness"][-1] > 0.7


def test_what_is_hard_to_compress_is_complex() -> None:
    values = [
        hear(sound, "complexity")["complexity"][100:].mean()
        for sound in (tone(100.0), rich(97.3) + rich(211.7) + rich(343.9), noise(1.0, -20))
    ]
    assert values == sorted(values)
    assert values[0] < 0.5
    assert values[2] > 0.6


@pytest.mark.parametrize("gain", [1.0, 0.05])
def test_complexity_is_of_the_sound_not_of_the_gain(gain: float) -> None:
    value = hear(gain * rich(97.3, 3.0), "complexity")["complexity"][-1]
    assert value == pytest.approx(hear(rich(97.3, 3.0), "complexity")["complexity"][-1], abs=0.1)


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
@pytest.mark.parametrize("hz", [60.0, 110.0, 220.0, 440.0, 987.8, 1500.0])
def test_the_pitch_of_a_note_is_its_fundamental(hz: float, rate: int) -> None:
    heard = hear(rich(hz, 0.5, rate), "pitch", rate)
    assert heard["pitch.hz"][-1] == pytest.approx(hz, rel=0.02)
    assert heard["pitch"][-1] == pytest.approx(np.log2(hz / 55) / 5, abs=0.01)
    assert heard["pitch.confidence"][-1] > 0.8


def test_noise_has_no_pitch() -> None:
    assert hear(noise(1.0, -20), "pitch")["pitch.confidence"][50:].mean() < 0.5


# --- tones -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cents", [-30, 0, 20])
def test_a_band_tuned_otherwise_keeps_its_notes(cents: int) -> None:
    scale = [220.0 * 2 ** ((step + cents / 100) / 12) for step in (0, 4, 7, 9, 12, 7, 4, 2)]
    sound = np.concatenate([rich(hz, 0.5) for hz in scale * 2])
    heard = hear(sound, "tuning chroma.C")
    assert heard["tuning"][-1] == pytest.approx(cents, abs=6)
    last = {name: curve[-1] for name, curve in heard.items() if name.startswith("chroma")}
    assert max(last, key=lambda name: last[name]) == "chroma.B"


@pytest.mark.parametrize("low", [-24, -12])
def test_low_notes_a_third_apart_are_not_smeared(low: int) -> None:
    root = 261.63 * 2 ** (low / 12)  # C3 is -12, C2 is -24
    sound = tone(root, 1.0) + tone(root * 2 ** (3 / 12), 1.0) + tone(root * 2 ** (7 / 12), 1.0)
    heard = hear(sound, "chroma.C")
    notes = {name.removeprefix("chroma."): float(curve[-40:].mean()) for name, curve in heard.items()}
    assert set(sorted(notes, key=lambda name: notes[name])[-3:]) == {"C", "D#", "G"}
    assert max(value for name, value in notes.items() if name not in {"C", "D#", "G"}) < 0.35


def chord(root: float, seconds: float) -> np.ndarray:
    return np.asarray(sum(rich(root * 2 ** (step / 12), seconds) for step in (0, 4, 7))) / 3


def test_a_chord_change_is_heard_and_the_same_chord_is_none() -> None:
    change = hear(np.concatenate([chord(220.0, 3.0), chord(293.66, 3.0)]), "chord.change")["chord.change"]
    at = round(3.0 * RATE / 256)
    assert change[at - 100 : at].max() < 0.1
    assert change[at : at + 200].max() > 0.5
    assert change[-1] < 0.3


def test_a_new_section_is_heard() -> None:
    time_s = np.arange(12 * RATE) / RATE
    drums = np.exp(-(time_s % 0.5) * 25) * noise(12.0, -10)
    verse = np.concatenate([chord(220.0 * 2 ** (step / 12), 1.0) for step in (0, 5, 7, 0) * 3])
    new = hear(np.concatenate((verse, verse, drums + chord(311.0, 12.0))), "section.change")["section.change"]
    at = round(24.0 * RATE / 256)
    assert new[at - 400 : at].max() < 0.5 * new[at : at + 1200].max()
    assert new[at : at + 1200].max() > 0.4


# --- inputs ----------------------------------------------------------------------------------------------------------


def test_clipping_shows_and_fades() -> None:
    loud = np.clip(tone(200.0, 0.5, amplitude=2.0), -1, 1)
    clip = hear(np.concatenate((tone(200.0, 0.5, amplitude=0.99), loud, tone(200.0, 1.5))), "input.clip")["input.clip"]
    assert clip[: round(0.49 * RATE / 256)].max() == 0
    assert clip[round(0.6 * RATE / 256)] == 1
    assert clip[-1] == 0


def test_dc_of_one_channel_shows() -> None:
    sound = np.stack((tone(200.0, 5.0), tone(200.0, 5.0) - 0.25), axis=1)
    assert hear(sound, "input.dc")["input.dc"][-1] == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_hum_shows_alone_and_under_music_and_music_is_no_hum(mains_hz: float) -> None:
    hum = sum(tone(mains_hz * part, 8.0, amplitude=0.02 / part) for part in range(1, 6))
    music = np.concatenate([rich(hz, 0.5) for hz in (98.0, 110.0, 146.8, 196.0) * 4])
    assert hear(hum + noise(8.0, -80), "input.hum")["input.hum"][-1] > 0.9
    assert hear(hum + 0.3 * music, "input.hum")["input.hum"][-1] > 0.2
    assert hear(music, "input.hum")["input.hum"].max() < 0.1
    assert hear(noise(8.0, -20), "input.hum")["input.hum"].max() < 0.1


def speech(seconds: float, seed: int = 0) -> np.ndarray:
    """Syllables, uneven in length and loudness, of buzz through formants and hiss: as regular as talk is."""
    rng = np.random.default_rng(seed)
    out = np.zeros(int(seconds * RATE))
    at = 0.2
    while at < seconds - 0.5:
        length = rng.uniform(0.09, 0.22)
        n = np.arange(int(length * RATE))
        buzz = scipy.signal.sawtooth(2 * np.pi * np.cumsum(rng.uniform(100, 140) * (1 - 0.1 * n / len(n))) / RATE)
        for formant in (rng.uniform(300, 800), rng.uniform(900, 2200)):
            buzz = buzz + 2 * scipy.signal.lfilter(*scipy.signal.iirpeak(formant, 6, fs=RATE), buzz)
        start = int(at * RATE)
        out[start : start + len(n)] += buzz * np.hanning(len(n)) * rng.uniform(0.4, 1.0) * 0.1
        at += length + rng.choice([0.01, 0.05, 0.3], p=[0.55, 0.3, 0.15])
    sos = scipy.signal.butter(2, (100, 6000), "bandpass", fs=RATE, output="sos")
    return np.asarray(scipy.signal.sosfilt(sos, out))


def test_talk_is_distinguished_from_music() -> None:
    time_s = np.arange(12 * RATE) / RATE
    drums = np.exp(-(time_s % 0.25) * 25) * noise(12.0, -10)
    melody = [rich(hz, 0.25) * np.hanning(RATE // 4) for hz in (220.0, 330.0, 262.0, 294.0, 330.0, 392.0) * 8]
    talk = np.mean([hear(speech(12.0, seed), "input.talk")["input.talk"][-900:].mean() for seed in range(3)])
    steady = chord(220.0, 12.0)
    for other in (drums, np.concatenate(melody), drums + steady, steady, noise(12.0, -30), np.zeros(12 * RATE)):
        assert hear(other, "input.talk")["input.talk"].max() < 0.5 * talk
    assert talk > 0.3


def test_a_feature_that_raises_is_silent_and_the_others_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("in somebody's feature")

    monkeypatch.setattr(FEATURES["onset"], "compute", fail)
    guard = FaultGuard(lambda: 0.0)
    sound = np.random.default_rng(0).standard_normal((4800, 1)).astype(np.float32) * 0.1
    rows = []
    for fails in (True, False):
        if not fails:
            monkeypatch.undo()
        listening = Listening(48000, 1, guard=guard)
        listening.process(sound, 0.1)
        rows.append(listening.ring.history(1000)[1])
    onsets = [i for name, i in listening.layout.index.items() if name.split(".")[0] == "onset"]
    assert guard.faults == len(rows[0]) == len(rows[1])
    assert not rows[0][:, onsets].any()
    np.testing.assert_array_equal(np.delete(rows[0], onsets, 1), np.delete(rows[1], onsets, 1))
