"""GANce's noise-blend beside the spectrum model: its published formulas on the same log-mel bands."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.signal import resample, savgol_filter

from livegan.core.types import FeatureFrame, Layout, Vector
from livegan.engine.vocabulary import parameter_table
from livegan.mapping.motions.registry import MotionSetup
from livegan.mapping.motions.spectrum import SpectrumMotion
from livegan.mapping.noise_field import NoiseField
from livegan.mapping.spectrum_vector import SpectrumSettings
from tests.building import PLAIN

DIM, BANDS, FPS = 512, 40, 60
LAYOUT = Layout(("level", *(f"mel.{i}" for i in range(BANDS))), (False,) * (1 + BANDS))
DEFAULTS = {name: parameter.default for name, parameter in parameter_table().items()}
BARE = {**DEFAULTS, "motion.alpha": 1.0, "motion.smooth": 0.0, "motion.smear": 0.0}  # the spectrum and nothing else
RNG = np.random.default_rng(2)
SONG = np.clip(np.cumsum(RNG.standard_normal((90, BANDS)) * 0.1, axis=0) + 0.5, 0, 1).astype(np.float32)


def made(dim: int = DIM) -> SpectrumMotion:
    return SpectrumMotion(MotionSetup([replace(PLAIN, z_dim=dim)], 4, SpectrumSettings()))


def played(motion: SpectrumMotion, song: np.ndarray, values: dict[str, float], level: float = 0.0) -> np.ndarray:
    """z (N, z_dim) at 60 frames a second."""
    rows = []
    for bands in song:
        z = motion.step(FeatureFrame(0.0, LAYOUT, np.array([level, *bands], np.float32)), values, 1 / FPS).z
        assert z is not None
        rows.append(z)
    return np.array(rows)


@pytest.mark.parametrize("dim", [512, 511, 40, 32, 16])
def test_bands_are_resampled_and_scaled_as_in_the_original(dim: int) -> None:
    """`scipy.signal.resample` to the length of z, then linearly into the amplitude range."""
    ours = played(made(dim), SONG[:5], {**BARE, "motion.low": -5.0, "motion.high": 5.0})
    np.testing.assert_allclose(ours, -5 + 10 * resample(SONG[:5].astype(float), dim, axis=1), atol=1e-4)


def test_a_vector_is_smoothed_as_in_the_original() -> None:
    """Savitzky-Golay, window 51, order 2: equal but at the ends, as this vector is a ring."""
    ours = played(made(), SONG[:5], {**BARE, "motion.smear": 51 / 512})
    bare = -1 + 2 * resample(SONG[:5].astype(float), DIM, axis=1)
    np.testing.assert_allclose(ours, savgol_filter(bare, 51, 2, axis=1, mode="wrap"), atol=1e-4)
    inside = slice(25, -25)
    np.testing.assert_allclose(ours[:, inside], savgol_filter(bare, 51, 2, axis=1)[:, inside], atol=1e-4)


@pytest.mark.parametrize(("level", "quantised"), [(0.0, 0), (0.5, 1), (1.0, 2)])
def test_the_roll_is_that_of_the_original_at_its_three_levels(level: float, quantised: int) -> None:
    """To the left by the sum of 0, 1 or 2 places a frame: 2 / 512 of a turn at full level."""
    ours = played(made(), SONG, {**BARE, "motion.roll": 2 * FPS / DIM}, level)
    bare = -1 + 2 * resample(SONG.astype(float), DIM, axis=1)
    rolled = [np.roll(vector, -quantised * (i + 1)) for i, vector in enumerate(bare)]
    np.testing.assert_allclose(ours, rolled, atol=1e-3)


def test_smoothing_over_time_looks_back_where_the_original_looked_ahead() -> None:
    """Savitzky-Golay over seven frames has no lag and needs three frames to come; this lags by its time constant."""
    ramp = np.linspace(0, 1, 90, dtype=np.float32)[:, None] * np.ones(BANDS, np.float32)
    theirs = savgol_filter(ramp[:, 0].astype(float), 7, 3)
    ours = played(made(), ramp, {**BARE, "motion.smooth": 0.1, "motion.low": 0.0})[:, 0]
    lag = (theirs - ours)[60:].mean() * 89 / FPS
    assert lag == pytest.approx(0.1, abs=1 / FPS)
    steps = np.diff(played(made(), SONG, {**BARE, "motion.smooth": 0.05}), axis=0)
    rough = np.diff(resample(SONG.astype(float), DIM, axis=1) * 2 - 1, axis=0)
    smooth = np.diff(savgol_filter(resample(SONG.astype(float), DIM, axis=1) * 2 - 1, 7, 3, axis=0), axis=0)
    assert steps.std() < smooth.std() < rough.std()


def white(field: NoiseField, first: int, count: int) -> np.ndarray:
    return np.stack([field._knot(i) for i in range(first, first + count)])


def test_the_noise_field_is_a_gaussian_filter_of_white_noise_along_time() -> None:
    """Sigma 50 frames along time, 0 across, divided by its RMS: here by the one expected, as the song has not ended."""
    field = NoiseField(6, 1, knots=50)
    filtered = gaussian_filter(white(field, 0, 900).astype(float), (50, 0))
    kernel = np.exp(-((np.arange(-200, 201) / 50) ** 2) / 2)
    gain = kernel.sum() / np.sqrt(np.square(kernel).sum())
    for frame in (300, 417, 555):
        np.testing.assert_allclose(field.at(frame / 50), filtered[frame] * gain, atol=1e-4)


def test_the_noise_field_has_variance_1_and_is_smooth_everywhere() -> None:
    field = NoiseField(4000, 3)
    places = (0.0, 0.13, 0.25, 7.4, 100.0)
    for place in places:
        now = field.at(place)
        assert now.std() == pytest.approx(1, abs=0.04)
        for apart in (0.5, 1.0, 2.0):  # the autocorrelation of a filtered song: exp(-d² / 4)
            assert np.mean(now * field.at(place + apart)) == pytest.approx(np.exp(-(apart**2) / 4), abs=0.06)
    a, b, c = (field.at(x) for x in (5.0, 5.001, 5.002))
    assert abs(b - a).max() < 0.02
    assert abs((c - b) - (b - a)).max() < 1e-3
    np.testing.assert_array_equal(field.at(100.0), NoiseField(4000, 3).at(100.0))


def test_alpha_blends_noise_and_spectrum() -> None:
    def at(alpha: float) -> Vector:
        return np.asarray(played(made(), SONG[:3], {**BARE, "motion.alpha": alpha})[-1])

    np.testing.assert_allclose(at(0.25), 0.75 * at(0.0) + 0.25 * at(1.0), atol=1e-5)
    assert at(0.0).std() == pytest.approx(1, abs=0.15)


def test_silence_is_a_number() -> None:
    """There, a silent frame was minus infinity decibels, and seven frames were not numbers."""
    assert np.isfinite(played(made(), np.zeros((5, BANDS)), DEFAULTS)).all()
