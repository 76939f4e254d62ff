"""The spectrum agrees with scipy's; bands and levels with Parseval."""

import numpy as np
import pytest
import scipy.signal

from livegan.core.window import asymmetric_window, bin_hz
from livegan.features import Listening
from livegan.features.listening import cut_for
from livegan.features.mel import hz, mel, octaves, slices, triangles
from livegan.features.sanitize import clean, mix
from livegan.features.spectrum import SampleHistory, Spectrum


@pytest.mark.parametrize(("window", "hop"), [(2048, 256), (1024, 512), (512, 100)])
@pytest.mark.parametrize("fall", [0.25, 0.5])
def test_the_spectrum_is_scipys(window: int, hop: int, fall: float) -> None:
    sound = np.random.default_rng(0).standard_normal(hop * 60).astype(np.float32)
    shape = asymmetric_window(window, fall)
    spectrum, past = Spectrum(shape), SampleHistory(window + 37)
    ours = []
    for at in range(0, len(sound), hop):
        past.step(sound[at : at + hop])
        ours.append(spectrum.step(past.samples)[0].copy())
    led = np.concatenate((np.zeros(window - hop, np.float32), sound))  # silence before the first hop
    _, _, theirs = scipy.signal.stft(
        led, nperseg=window, noverlap=window - hop, window=shape, boundary=None, padded=False, detrend=False
    )
    theirs -= theirs[0] * np.fft.rfft(shape)[:, None]  # the mean under the window is not heard
    assert np.abs(np.array(ours) - theirs.T).max() < 1e-5


def test_half_a_fall_is_a_hann_window() -> None:
    assert asymmetric_window(512, 0.5) * 256 == pytest.approx(scipy.signal.get_window("hann", 512), abs=1e-12)


@pytest.mark.parametrize("fall", [0.1, 0.25, 0.5])
def test_noise_has_its_power_under_any_window(fall: float) -> None:
    spectrum = Spectrum(asymmetric_window(1024, fall))
    rng = np.random.default_rng(0)
    powers = [np.square(np.abs(spectrum.step(rng.standard_normal(1024).astype(np.float32))[0])) for _ in range(200)]
    assert np.mean([power.sum() for power in powers]) * spectrum.density == pytest.approx(1.0, rel=0.02)


def test_the_previous_spectrum_is_the_one_before() -> None:
    spectrum = Spectrum(asymmetric_window(512))
    rng = np.random.default_rng(0)
    last = np.zeros(257, np.complex64)
    for _ in range(5):
        bins, previous = spectrum.step(rng.standard_normal(512).astype(np.float32))
        assert np.array_equal(previous, last)
        last = bins.copy()


def test_the_past_is_what_was_heard() -> None:
    past, sound = SampleHistory(500), np.arange(1000, dtype=np.float32)
    for at in range(0, 1000, 100):
        past.step(sound[at : at + 100])
    assert np.array_equal(past.samples, sound[500:])
    past.fill(sound[:30])
    assert np.array_equal(past.samples[-30:], sound[:30])
    assert not past.samples[:-30].any()


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_octave_bands_are_evenly_spaced_sum_to_one_and_none_is_empty(rate: int) -> None:
    bank = octaves(24, 2048, rate, 30, 17000)
    middles_hz, weights = bank.middles_hz, np.array([bank(row) for row in np.eye(1025, dtype=np.float32)]).T
    assert weights.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert (np.diff(middles_hz) > 0).all()
    assert middles_hz[-1] < rate / 2
    high = middles_hz[middles_hz > 2500]
    assert np.allclose(np.diff(np.log2(high)), 1 / 24, atol=0.02)
    assert np.array_equal(weights.argmax(axis=1) * (rate / 2048), middles_hz)


def test_mel_and_back() -> None:
    some_hz = np.array([0.0, 40.0, 1000.0, 16000.0])
    assert hz(mel(some_hz)) == pytest.approx(some_hz, abs=1e-9)
    assert mel(np.array([1000.0]))[0] == pytest.approx(1000.0, abs=0.1)  # by definition of the scale


@pytest.mark.parametrize("count", [8, 40, 256])
def test_triangles_share_every_bin_inside_and_none_is_empty(count: int) -> None:
    weights = triangles(count, 2048, 48000)
    assert weights.shape == (count, 1025)
    assert weights.min() >= 0
    assert (weights.sum(axis=1) > 0).all()
    if count == 40:
        inside = (bin_hz(2048, 48000) > 100) & (bin_hz(2048, 48000) < 14000)
        assert weights.sum(axis=0)[inside] == pytest.approx(1.0, abs=1e-5)


def test_slices_that_touch_share_the_bin_between_them() -> None:
    weights = slices([(20.0, 150.0), (150.0, 2000.0)], 2048, 48000)
    width = 48000 / 2048
    assert weights.sum(axis=1) * width == pytest.approx([130.0, 1850.0], rel=1e-4)
    assert weights.sum(axis=0).max() <= 1 + 1e-6


def level_db(sound: np.ndarray, sample_rate: int = 48000) -> float:
    listening = Listening(sample_rate, 1, asked=["level.db"], everything=False)
    listening.process(sound.astype(np.float32)[:, None], 0.0)
    return float(listening.ring.history(1)[1][0, listening.layout.index["level.db"]])


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize("amplitude", [1.0, 0.1, 0.001])
@pytest.mark.parametrize("tone_hz", [60.0, 440.0, 9999.0])
def test_a_sine_has_its_level(rate: int, amplitude: float, tone_hz: float) -> None:
    sound = amplitude * np.sin(2 * np.pi * tone_hz * np.arange(rate // 2) / rate)
    assert level_db(sound, rate) == pytest.approx(20 * np.log10(amplitude) - 3.01, abs=0.25)


def test_dc_does_not_count_and_does_not_hide_the_sound() -> None:
    sine = 0.1 * np.sin(2 * np.pi * 440 * np.arange(24000) / 48000)
    assert level_db(sine + 0.5) == pytest.approx(level_db(sine), abs=0.05)


@pytest.mark.parametrize(("rate", "window", "hop"), [(44100, 2048, 256), (48000, 2048, 256), (96000, 4096, 512)])
def test_other_rates_keep_the_times(rate: int, window: int, hop: int) -> None:
    assert cut_for(rate, 2048, 256) == (window, hop)


def test_a_sample_that_is_no_number_silences_only_itself() -> None:
    sound = np.full((8, 2), 0.5, np.float32)
    sound[3, 0], sound[4, 1], sound[5] = np.nan, np.inf, -1e30
    cleaned, out = np.empty((8, 2), np.float32), np.empty(8, np.float32)
    clean(sound, cleaned)
    mix(cleaned, out, np.full(cleaned.shape[1], 1 / cleaned.shape[1], np.float32))
    assert out.tolist() == [0.5, 0.5, 0.5, 0.25, 0.25, -16.0, 0.5, 0.5]


def test_channels_that_cancel_out_are_silence() -> None:
    sine = np.sin(np.arange(256) / 7).astype(np.float32)
    out = np.empty(256, np.float32)
    mix(np.stack((sine, -sine), axis=1), out, np.full(2, 0.5, np.float32))
    assert not out.any()
