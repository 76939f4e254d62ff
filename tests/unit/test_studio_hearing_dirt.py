"""Rooms, crowds, microphones and codecs: what they change, and that they keep time."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from livegan.errors import MediaError
from livegan.studio.hearing import codec
from livegan.studio.hearing.codec import CODECS, transcode
from livegan.studio.hearing.crowds import applause, babble, cheer, unit, whistle
from livegan.studio.hearing.dirt import CONDITIONS, LOUD, automatic_gain, clean, phone, phoned, room, rough, saturate
from livegan.studio.hearing.formants import VOWELS, glottis, mouth, swell
from livegan.studio.hearing.rooms import Room

RATE = 16000
HITS_S = np.arange(0.5, 5.5, 0.5)


@pytest.fixture(scope="module")
def drums() -> np.ndarray:
    """Six seconds of a hit every half second: a thump of 60 Hz and a noise; (n,)."""
    rng = np.random.default_rng(0)
    sound = np.zeros(6 * RATE, np.float32)
    time_s = np.arange(RATE // 4) / RATE
    for moment in HITS_S:
        hit = np.sin(2 * np.pi * 60 * time_s) * np.exp(-time_s * 12)
        hit += 0.5 * rng.standard_normal(len(time_s)) * np.exp(-time_s * 60)
        sound[round(moment * RATE) :][: len(hit)] += 0.3 * hit.astype(np.float32)
    return sound


def power_db(sound: np.ndarray, low: float, high: float) -> float:
    """Power in a band [Hz], in dB of all power."""
    spectrum = np.abs(np.fft.rfft(sound)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    inside = spectrum[(hertz >= low) & (hertz < high)].sum()
    return float(10 * np.log10(inside / spectrum.sum() + 1e-12))


def lag_s(first: np.ndarray, second: np.ndarray) -> float:
    """How much later the attacks of the second are."""
    band = scipy.signal.butter(2, (800, 5000), "bandpass", fs=RATE, output="sos")
    rises = []
    for sound in (first, second):
        level = np.abs(scipy.signal.sosfilt(band, sound)).reshape(-1, RATE // 500).max(axis=1)
        rises.append(np.maximum(np.diff(level), 0))
    alike = np.correlate(rises[1], rises[0], "full")
    return float((np.argmax(alike) - len(rises[0]) + 1) / 500)


@pytest.mark.parametrize("name", ["clean", "room", "phone", "rough", "phoned"])
def test_a_condition_keeps_length_and_time_and_depends_on_the_seed_alone(name: str, drums: np.ndarray) -> None:
    """No beat may move: truth is told in seconds of the sound before it was spoilt."""
    condition = (CONDITIONS | {"rough": rough, "phoned": phoned})[name]
    heard = condition(drums, RATE, 5)
    assert heard.shape == drums.shape
    assert heard.dtype == np.float32
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 1.0
    assert abs(lag_s(drums, heard)) <= 0.004
    drums = drums[: 2 * RATE]
    heard = condition(drums, RATE, 5)
    assert np.array_equal(heard, condition(drums, RATE, 5))
    assert (name == "clean") == np.array_equal(heard, condition(drums, RATE, 6))


def test_clean_is_the_identity(drums: np.ndarray) -> None:
    assert np.array_equal(clean(drums, RATE, 1), drums)


def test_a_phone_hears_no_kick_and_no_hiss(drums: np.ndarray) -> None:
    heard = phone(drums, RATE, 1)
    assert power_db(drums, 0, 150) > -2
    assert power_db(heard, 0, 150) < -25
    assert power_db(heard, 7500, RATE / 2) < -20


def test_a_room_is_loud_where_the_drums_are_silent(drums: np.ndarray) -> None:
    """The crowd fills the pauses, 10 dB below the music before saturation brings it nearer."""
    heard = room(drums, RATE, 1)
    quiet = heard[: round(0.45 * RATE)]
    assert -25 < 10 * np.log10(np.mean(quiet**2) / np.mean(heard**2)) < -2
    assert np.quantile(np.abs(heard), 0.999) > 0.9 * LOUD


@settings(deadline=None, max_examples=40)
@given(st.floats(0.1, 1.5), st.floats(0.0, 4.0), st.floats(1.0, 40.0), st.integers(0, 9))
def test_a_room_does_not_delay_and_rings_as_long_as_it_says(
    rt60_s: float, wet: float, size_m: float, seed: int
) -> None:
    assume(size_m <= 60 * rt60_s)  # no room of 40 m is silent before its first reflection is back
    response = Room(rt60_s, wet, size_m).response(RATE, np.random.default_rng(seed))
    assert response[0] == 1.0
    assert np.argmax(np.abs(response)) == 0
    rest = float((response[1:] ** 2).sum())
    assert rest == pytest.approx(wet, rel=0.8, abs=0.02)
    late = response[round(0.75 * len(response)) :]
    assert (late**2).sum() <= 0.1 * rest + 1e-9


def test_a_dry_room_is_the_identity(drums: np.ndarray) -> None:
    assert np.array_equal(Room(0.5, 0.0)(drums, RATE, np.random.default_rng(0)), drums)


@pytest.mark.parametrize("name", CODECS)
def test_a_codec_keeps_the_wave_in_step(name: str, drums: np.ndarray) -> None:
    heard = transcode(drums, RATE, name)
    assert len(heard) == len(drums)
    assert np.corrcoef(drums, heard)[0, 1] > 0.9
    assert not np.array_equal(drums, heard)


def test_only_codecs_that_are_here_are_drawn(monkeypatch: pytest.MonkeyPatch, drums: np.ndarray) -> None:
    assert set(codec.available()) == set(CODECS)
    monkeypatch.setitem(CODECS, "mp3", CODECS["mp3"]._replace(encoder="none-such"))
    codec.available.cache_clear()
    assert "mp3" not in codec.available()
    for seed in range(8):
        codec.any_codec(drums[:RATE], RATE, np.random.default_rng(seed))
    monkeypatch.setattr(codec, "available", lambda: ())
    assert codec.any_codec(drums, RATE, np.random.default_rng(0)) is drums
    monkeypatch.undo()
    codec.available.cache_clear()


def test_an_unknown_codec_is_told_with_those_that_exist() -> None:
    with pytest.raises(MediaError, match=r"'mp5'.*mp3, aac, opus"):
        transcode(np.zeros(10, np.float32), RATE, "mp5")


@pytest.mark.parametrize("condition", [clean, room, phone, rough, phoned])
def test_silence_and_nothing_at_all_give_no_nan(condition) -> None:
    assert np.isfinite(condition(np.zeros(RATE, np.float32), RATE, 1)).all()
    assert len(condition(np.zeros(0, np.float32), RATE, 1)) == 0


def test_automatic_gain_brings_soft_parts_nearer_to_loud_ones() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    tone[RATE:] *= 0.2
    heard = automatic_gain(tone, RATE)
    soft, loud = heard[-RATE // 4 :].std(), heard[RATE // 2 : RATE].std()
    assert 0.4 < soft / loud <= 1.0


@settings(deadline=None, max_examples=40)
@given(st.floats(0.1, 8.0))
def test_saturation_is_odd_and_bounded(drive: float) -> None:
    wave = np.linspace(-1, 1, 101)
    bent = saturate(wave, drive)
    assert np.allclose(bent, -bent[::-1], atol=1e-6)
    assert (np.diff(bent) >= 0).all()
    assert np.abs(bent).max() <= LOUD


def test_applause_is_sparse_or_dense() -> None:
    """Crest factor falls as more hands clap: single hits stand out, a full hall is a noise."""
    crests = []
    for claps_per_s in (1.0, 30.0, 600.0):
        sound = applause(4.0, RATE, np.random.default_rng(3), claps_per_s)
        assert np.std(sound) == pytest.approx(1.0, rel=0.05)
        crests.append(np.abs(sound).max())
    assert crests[0] > crests[1] > crests[2]
    assert crests[2] < 12


@pytest.mark.parametrize("crowd", [cheer, babble])
def test_a_crowd_sounds_where_voices_sound(crowd) -> None:
    sound = crowd(3.0, RATE, np.random.default_rng(1))
    assert len(sound) == 3 * RATE
    assert np.std(sound) == pytest.approx(1.0, rel=0.05)
    assert power_db(sound, 150, 4500) > -1.5
    assert np.array_equal(sound, crowd(3.0, RATE, np.random.default_rng(1)))


def test_a_whistle_is_high_and_nearly_one_tone() -> None:
    sound = whistle(RATE, np.random.default_rng(2))
    assert power_db(sound, 1000, 4000) > -1


@pytest.mark.parametrize("vowel", VOWELS)
def test_a_vowel_is_loudest_near_its_formants(vowel: str) -> None:
    """Most of the power of a whisper lies within 250 Hz of F1, which is the strongest of all vowels' formants."""
    source = glottis(np.full(RATE, 100.0), RATE, np.random.default_rng(0))
    heard = unit(mouth(source, VOWELS[vowel], RATE))
    first = VOWELS[vowel][0]
    hertz, power = scipy.signal.welch(heard, RATE, nperseg=2048)
    below = hertz < 1600
    assert abs(hertz[below][np.argmax(power[below])] - first) < 250


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 3000), st.floats(0, 0.2), st.floats(0, 0.2))
def test_a_swell_begins_and_ends_near_nothing(count: int, rise_s: float, fall_s: float) -> None:
    shape = swell(count, RATE, rise_s, fall_s)
    assert shape.shape == (count,)
    assert ((shape >= -1e-12) & (shape <= 1 + 1e-12)).all()
    if count > 1:
        assert shape[0] <= 1e-12
        assert shape[-1] <= 1e-12
