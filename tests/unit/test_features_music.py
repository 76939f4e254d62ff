"""Features on sounds whose answer a musician knows."""

import numpy as np
import pytest

from livegan.audio.test_signals import Clicks
from livegan.features import Listening
from livegan.features.chroma import NOTES
from livegan.features.gate import Gate
from livegan.features.range import Range


def hear(sound: np.ndarray, rate: int = 48000, names: str = "") -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Every feature as a curve (or those of `names`), and the times of the hops [s]."""
    listening = Listening(rate, 1, asked=names.split(), everything=not names)
    listening.process(sound.astype(np.float32).reshape(len(sound), -1)[:, :1], len(sound) / rate)
    times, rows = listening.ring.history(100_000)
    return {name: rows[:, i] for name, i in listening.layout.index.items()}, times


def tone(hz: float, seconds: float = 1.0, rate: int = 48000, amplitude: float = 0.3) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)


def noise(seconds: float, db: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(int(seconds * 48000)) * 10 ** (db / 20)


def starts(onset: np.ndarray) -> np.ndarray:
    """Hops at which the onset jumps, one per beginning."""
    rises = np.flatnonzero(np.diff(onset, prepend=0.0) > 0)
    return rises[np.diff(rises, prepend=-100) > 8]


def beat(seconds: float, gain: float, seed: int = 1) -> np.ndarray:
    """A drum twice a second over a soft chord."""
    time_s = np.arange(int(seconds * 48000)) / 48000
    drum = np.exp(-(time_s % 0.5) * 25) * (noise(seconds, -6, seed) + np.sin(2 * np.pi * 60 * time_s))
    chord = sum(0.02 * np.sin(2 * np.pi * hz * time_s) for hz in (220.0, 277.2, 329.6))
    return np.asarray(gain * (0.5 * drum + chord))


# --- onset -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize("gain", [1.0, 0.1])
def test_every_click_is_an_onset_within_two_hops(rate: int, gain: float) -> None:
    clicks = Clicks(bpm=133.0, amplitude=gain, channels=1, sample_rate=rate)
    heard, times = hear(clicks.draw(0, rate * 6), rate, "onset")
    hop_s = times[1] - times[0]
    found = times[starts(heard["onset"])]
    expected = np.array([clicks.beat(number) / rate for number in range(len(found))])
    assert len(found) == len([1 for number in range(20) if clicks.beat(number) < rate * 6 - 1000])
    delay_s = found - expected
    assert delay_s.min() >= 0
    assert delay_s.max() <= 3 * hop_s  # the hop it falls into ends up to one hop later, and two more


@pytest.mark.parametrize("gain", [1.0, 0.03])
def test_drums_over_a_chord_are_found_each_once(gain: float) -> None:
    heard, times = hear(beat(8.0, gain), names="onset")
    found = times[starts(heard["onset"])]
    assert len(found) == 16
    assert (found % 0.5).max() < 0.03


def test_an_onset_is_strong_and_falls_so_that_a_picture_sees_it() -> None:
    heard, times = hear(beat(4.0, 0.5), names="onset")
    onset = heard["onset"]
    first = starts(onset)[3]
    assert onset[first : first + 8].max() > 0.5
    assert onset[first + round(0.03 / (times[1] - times[0]))] > 0.3
    assert onset[first + round(0.45 / (times[1] - times[0]))] < 0.1


def test_what_stays_is_no_onset() -> None:
    for steady in (tone(440.0, 6.0), noise(6.0, -20), tone(110.0, 6.0) + noise(6.0, -50)):
        heard, times = hear(steady, names="onset")
        late = [hop for hop in starts(heard["onset"]) if times[hop] > 0.1]
        assert len(late) <= 2  # the onset itself, and random ones


def test_vibrato_is_no_row_of_onsets() -> None:
    time_s = np.arange(48000 * 4) / 48000
    sound = 0.3 * np.sin(2 * np.pi * 440 * time_s + 8 * np.sin(2 * np.pi * 5.5 * time_s))
    assert len(starts(hear(sound, names="onset")[0]["onset"])) <= 2


# --- chroma ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("octave", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("note", range(12))
def test_a_tone_is_its_note_in_every_octave(note: int, octave: int) -> None:
    hz = 440.0 * 2 ** ((note - 9) / 12 + octave - 4)
    heard, _ = hear(tone(hz, 0.5), names="chroma.C")
    chroma = np.array([heard[f"chroma.{name}"][-1] for name in NOTES])
    assert chroma.argmax() == note
    assert chroma[note] == pytest.approx(1.0)
    assert np.sort(chroma)[-2] < 0.2


@pytest.mark.parametrize("chord", [("C", "E", "G"), ("A", "C", "E"), ("F#", "A", "D")])
def test_the_notes_of_a_chord_stand_out(chord: tuple[str, ...]) -> None:
    time_s = np.arange(48000) / 48000
    sound = sum(
        0.1 * np.sin(2 * np.pi * 440 * 2 ** ((NOTES.index(name) - 9) / 12) * time_s * part) / part
        for name in chord
        for part in (1, 2, 3)
    )
    heard, _ = hear(np.asarray(sound), names="chroma.C")
    chroma = {name: float(heard[f"chroma.{name}"][100:].mean()) for name in NOTES}
    assert set(sorted(chroma, key=lambda name: chroma[name])[-3:]) == set(chord)


# --- energy, level, bands --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hz", "name"), [(60.0, "bass"), (100.0, "bass"), (700.0, "mid"), (6000.0, "treble")])
def test_a_tone_moves_its_own_band_most(hz: float, name: str) -> None:
    heard, _ = hear(tone(hz, 2.0), names="bass")
    assert heard[name][-1] > 0.9
    assert all(heard[other][-1] < 0.3 for other in ("bass", "mid", "treble") if other != name)


def test_bands_climb_with_the_tone() -> None:
    tops = []
    for hz in (100.0, 400.0, 1600.0, 6400.0):
        heard, _ = hear(tone(hz), names="band.0")
        tops.append(int(np.argmax([heard[f"band.{i}"][-1] for i in range(40)])))
    assert tops == sorted(set(tops))


# --- the rolling range -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("db", [0, -20, -37])
def test_quiet_and_loud_sets_both_reach_from_0_to_1_within_seconds(db: int) -> None:
    heard, times = hear(beat(8.0, 10 ** (db / 20)), names="level bass")
    for name in ("level", "bass", "treble"):
        late = heard[name][times > 3.0]
        assert late.max() > 0.9, name
        assert late.min() < 0.25, name


def test_a_quiet_song_after_a_loud_one_reaches_high_again() -> None:
    heard, times = hear(np.concatenate((beat(6.0, 1.0), beat(8.0, 0.03))), names="level")
    assert heard["level"][(times > 6.0) & (times < 6.4)].max() < 0.6
    assert heard["level"][times > 12.0].max() > 0.8


def test_the_same_music_looks_the_same_ten_decibels_down() -> None:
    loud, times = hear(beat(10.0, 1.0), names="level bass onset band.0")
    soft, _ = hear(beat(10.0, 0.3), names="level bass onset band.0")
    settled = times > 6.0
    for name in ("level", "bass", "mid", "treble", "onset", "band.5", "band.30"):
        assert np.abs(loud[name] - soft[name])[settled].max() < 0.1, name


def test_room_noise_moves_nothing_even_after_a_loud_song() -> None:
    heard, times = hear(np.concatenate((noise(2.0, -60, 3), beat(4.0, 1.0), noise(6.0, -60, 4))))
    told = {"level.db", "level.lufs", "level.peak", "pitch", "pitch.hz", "tuning"}  # meters, and what stays
    told |= {"beat.phase", "bar.phase", "beat.bpm"}  # a clock runs on
    for name, curve in heard.items():
        if name not in told and not name.startswith("spectrum."):
            assert curve[times < 1.9].max() == 0, name
            quiet_s = 7.5 if name in ("beat", "downbeat", "beat.confidence") else 7.0  # they go on in a pause of 1.5 s
            assert curve[times > quiet_s].max() == 0, name


def test_a_range_takes_as_long_for_one_step_as_for_many() -> None:
    level = np.array([-10.0, -70.0], np.float32)
    fine, coarse = Range(2, 0.001, -54.0), Range(2, 0.01, -54.0)
    for _ in range(1000):
        fine.step(level, -60.0)
    for _ in range(100):
        coarse.step(level, -60.0)
    assert fine.ceiling_db == pytest.approx(coarse.ceiling_db, abs=0.05)
    assert fine.floor_db == pytest.approx(coarse.floor_db, abs=0.05)


def test_silence_teaches_the_range_nothing() -> None:
    rolling = Range(1, 0.005, -54.0)
    for _ in range(100):
        rolling.step(np.array([-10.0], np.float32), -60.0)
    before = rolling.ceiling_db.copy()
    rolling.step(np.array([-120.0], np.float32), -60.0, listening=False)
    assert np.array_equal(rolling.ceiling_db, before)


def test_the_gate_does_not_chatter() -> None:
    gate = Gate(-54.0, 0.005)
    values = [gate.step(db) for db in (-60, -53, -55, -53, -56, -53)]
    assert values == [0, 1, 1, 1, 1, 1]
    fading = [gate.step(-70.0) for _ in range(40)]
    assert fading == sorted(fading, reverse=True)
    assert fading[0] > 0.9
    assert fading[-1] == 0
