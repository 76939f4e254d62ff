"""Analyser of drawings: the web-audio knobs, time constants in seconds, the trigger, and sound that is not there."""

from math import exp

import numpy as np
import pytest

from livegan.core.parameters import PARAMETERS
from livegan.core.rings import WINDOW_S, Reader
from livegan.core.sound import BANDS, POINTS, SoundWindow
from livegan.features.analyser import HIGH_HZ, LOW_HZ, Analyser, triggered
from livegan.features.listening import Listening

RATE = 48_000
DEFAULTS = {p.name: p.default for p in PARAMETERS if p.name.startswith("sound.")}
NO_GAIN = {**DEFAULTS, "sound.gain": 0.0}


def tone(hz: float, level: float = 0.5, rate: int = RATE, start_s: float = 0.0) -> SoundWindow:
    times = start_s + np.arange(round(WINDOW_S * rate)) / rate
    return SoundWindow((level * np.sin(2 * np.pi * hz * times)).astype(np.float32), rate)


def settled(window: SoundWindow | None, values: dict[str, float], frames: int = 90) -> np.ndarray:
    analyser = Analyser()
    for _ in range(frames):
        sound = analyser.step(window, values, 1 / 60)
    return sound.spectrum


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("hz", [110, 440, 1000, 5000, 12_000])
def test_a_tone_stands_in_the_band_of_its_frequency(hz: float, rate: int) -> None:
    values = {**NO_GAIN, "sound.ceiling": 0.0}
    band = int(settled(tone(hz, rate=rate), values).argmax())
    found = LOW_HZ * (HIGH_HZ / LOW_HZ) ** ((band + 0.5) / BANDS)
    assert abs(np.log2(found / hz)) < 0.15


def test_levels_are_those_of_a_web_page() -> None:
    """A full-scale sine in the middle of a bin under a Blackman window: 20 log10(0.42 / 2) = -13.6 dB."""
    hz = 64 * RATE / 2048
    values = {**NO_GAIN, "sound.floor": -100.0, "sound.ceiling": 0.0}
    assert settled(tone(hz, 1.0), values).max() == pytest.approx(1 - 13.56 / 100, abs=0.002)
    assert settled(tone(hz, 0.1), values).max() == pytest.approx(1 - 33.56 / 100, abs=0.002)


def test_smoothing_is_in_seconds() -> None:
    values = {**NO_GAIN, "sound.ceiling": 0.0, "sound.smooth": 0.3}
    ends = []
    for fps in (30, 120):
        analyser = Analyser()
        for _ in range(fps // 2):
            sound = analyser.step(tone(1000, 0.5), values, 1 / fps)
        ends.append(sound.spectrum.max())
    assert ends[0] == pytest.approx(ends[1], abs=1e-4)
    steady = settled(tone(1000, 0.5), values, 600).max()
    assert (steady - ends[0]) * 100 == pytest.approx(-20 * np.log10(1 - exp(-0.5 / 0.3)), abs=0.01)


def test_silence_and_missing_sound_are_nothing_and_finite() -> None:
    for window in (None, tone(440, 0.0), SoundWindow(np.zeros(0, np.float32), RATE)):
        analyser = Analyser()
        for _ in range(5):
            sound = analyser.step(window, DEFAULTS, 1 / 60)
        assert not sound.waveform.any()
        assert not sound.spectrum.any()
        assert (sound.waveform.shape, sound.spectrum.shape) == ((POINTS,), (BANDS,))


def test_quiet_and_loud_sound_are_drawn_alike_by_the_gain_and_not_without_it() -> None:
    def drawn(level: float, values: dict[str, float]) -> float:
        analyser = Analyser()
        for _ in range(60):
            sound = analyser.step(tone(220, level), values, 1 / 60)
        return float(np.abs(sound.waveform).max())

    assert drawn(0.05, DEFAULTS) == pytest.approx(drawn(0.9, DEFAULTS), rel=0.02)
    assert drawn(0.05, NO_GAIN) == pytest.approx(0.05, rel=0.02)


def test_the_trigger_holds_a_tone_still() -> None:
    first = triggered(tone(330).samples, 1024, RATE)
    for start_s in (0.0007, 0.0013, 0.0021):
        other = triggered(tone(330, start_s=start_s).samples, 1024, RATE)
        assert np.abs(first - other).max() < 0.05
    assert np.abs(tone(330).samples[-1024:] - tone(330, start_s=0.0013).samples[-1024:]).max() > 0.3


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_every_knob_may_stand_at_its_ends(name: str) -> None:
    parameter = next(p for p in PARAMETERS if p.name == name)
    for value in (parameter.low, parameter.high):
        sound = Analyser().step(tone(440), {**DEFAULTS, name: value}, 1 / 60)
        for array, low in ((sound.waveform, -1), (sound.spectrum, 0)):
            assert np.isfinite(array).all()
            assert low <= array.min() <= array.max() <= 1


def test_the_sound_of_a_frame_is_that_up_to_its_newest_hop_however_the_driver_cuts_it() -> None:
    song = np.random.default_rng(0).uniform(-0.5, 0.5, (RATE, 1)).astype(np.float32)
    windows = []
    for block in (64, 1000, 48_000):
        listening = Listening(RATE, 1)
        reader = Reader(listening.ring)
        for start in range(0, len(song), block):
            part = song[start : start + block]
            listening.process(part, (start + len(part)) / RATE)
        batch = reader.read()
        assert batch is not None
        assert batch.frame.sound is not None
        windows.append(batch.frame.sound)
        end = round(batch.frame.time_s * RATE)
        np.testing.assert_allclose(batch.frame.sound.samples, song[end - round(WINDOW_S * RATE) : end, 0], atol=1e-6)
    assert windows[0] == windows[1] == windows[2]
