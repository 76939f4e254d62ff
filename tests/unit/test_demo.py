"""The demo track shows what its table of sections says."""

from functools import cache

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt, stft

from livegan.audio.demo import BAR_S, BEAT_S, CHORDS, LENGTH_S, ROOTS, SECTIONS, demo_track, hats, kicks, snares
from tools.make_demo_track import RATE, Part, compose, drums, hat, hertz, kick, snare

Sound = NDArray[np.float64]


@cache
def track() -> Sound:
    return soundfile.read(demo_track(), always_2d=True)[0]


def part(name: str, margin_s: float = 0.0) -> Sound:
    section = next(section for section in SECTIONS if section.name == name)
    return track()[round((section.start_s + margin_s) * RATE) : round((section.end_s - margin_s) * RATE)].mean(axis=1)


def decibels(sound: Sound) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1e-20))


def test_it_is_what_it_says_it_is() -> None:
    about = soundfile.info(demo_track())
    assert (about.samplerate, about.channels, about.format) == (RATE, 2, "OGG")
    assert len(track()) == LENGTH_S * RATE
    assert demo_track().stat().st_size < 2_000_000
    assert np.isfinite(track()).all()
    assert np.abs(track()).max() < 10 ** (-1 / 20)
    assert np.abs(track().mean(axis=0)).max() < 1e-3


def test_the_sections_fill_it_without_a_gap() -> None:
    assert [section.start_s for section in SECTIONS] == [0.0, *(section.end_s for section in SECTIONS[:-1])]
    assert SECTIONS[-1].end_s == LENGTH_S
    assert len(CHORDS) * BAR_S == LENGTH_S


def test_silence_is_silent_and_the_drop_is_not() -> None:
    assert np.abs(part("silence", 0.05)).max() < 10 ** (-80 / 20)
    assert decibels(part("drop")[: RATE // 10]) > decibels(part("breakdown")) + 3


def test_full_sections_are_louder_than_thin_ones() -> None:
    assert min(decibels(part("groove")), decibels(part("drop"))) > decibels(part("intro")) + 4
    assert decibels(part("groove")) > decibels(part("breakdown")) + 4


def test_the_score_says_when_each_drum_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sound that the composer lays down, and no other."""
    laid: list[tuple[float, int]] = []
    monkeypatch.setattr(Part, "lay", lambda self, time_s, sound, gain=1.0: laid.append((time_s, len(sound))))
    drums()
    assert [t for t, n in laid if n == len(kick())] == kicks()
    assert sorted({t for t, n in laid if n == len(snare())}) == snares()
    assert sorted(t for t, n in laid if n in (len(hat(False)), len(hat(True)))) == hats()


def test_drums_are_on_the_beat() -> None:
    flux_hop = 480
    _, _, spectrum = stft(part("drums"), RATE, nperseg=960, noverlap=960 - flux_hop, boundary=None)
    rises = np.maximum(np.diff(np.log1p(1000 * np.abs(spectrum)), axis=1), 0).sum(axis=0)
    beat = round(BEAT_S * RATE / flux_hop)
    beats = rises[: len(rises) // beat * beat].reshape(-1, beat)
    near, between = beats[1:, [0, 1, -1, -2]].max(axis=1), beats[1:, 5:20].max(axis=1)
    assert (near > 2 * between).all()


@pytest.mark.parametrize("name", ["bass", "groove", "drop"])
def test_there_is_bass_where_the_score_has_bass(name: str) -> None:
    low = butter(4, 110, fs=RATE, output="sos")
    assert decibels(sosfilt(low, part(name))) > decibels(sosfilt(low, part("intro"))) + 20


def test_every_chord_has_its_notes() -> None:
    for bar in range(4):  # the intro: pads alone
        sound = track()[round((bar * BAR_S + 0.5) * RATE) : round((bar + 1) * BAR_S * RATE)].mean(axis=1)
        strength = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        frequencies = np.fft.rfftfreq(len(sound), 1 / RATE)

        def around(note: str) -> float:
            near = np.abs(np.log2(frequencies[1:] / hertz(note))) < 0.5 / 12  # noqa: B023
            return float(strength[1:][near].max())  # noqa: B023

        sung = CHORDS[bar].split()
        others = [n for n in ("G#3", "A#3", "C#4", "D#4", "F#4") if n not in sung]
        assert min(map(around, sung)) > 2 * max(map(around, others))


def test_it_loops_without_a_click() -> None:
    seam = np.concatenate([track()[-RATE // 10 :], track()[: RATE // 10]])
    assert np.abs(np.diff(seam, axis=0)).max() < 0.1
    assert abs(decibels(part("outro")[-RATE:]) - decibels(part("intro")[:RATE])) < 9


def test_the_roots_are_under_the_chords() -> None:
    assert set(ROOTS) == set(CHORDS)


def test_the_script_makes_the_track_we_ship() -> None:
    made = compose()
    assert made.shape == track().shape
    for side in (0, 1):
        assert (
            np.corrcoef(made[:, side], track()[:, side])[0, 1] > 0.95
        )  # Vorbis keeps the sound of noise, not its wave
