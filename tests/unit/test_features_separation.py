"""Parts of a sound: they add up, and each holds what it should."""

import numpy as np
import pytest

from livegan.core.types import SEPARATED_PARTS
from livegan.core.window import asymmetric_window
from livegan.features.registry import Setup
from livegan.features.separation import CROSSOVERS_HZ, Separation, part
from livegan.features.spectrum import SampleHistory, Spectrum

SETUP = Setup(48000, 2048, 256, 40, -54.0)
TIME_S = np.arange(48000) / 48000
TONE = (0.3 * np.sin(2 * np.pi * 440 * TIME_S)).astype(np.float32)
HITS = ((TIME_S % 0.25 < 0.01) * np.random.default_rng(0).standard_normal(48000) * 0.5).astype(np.float32)


def separated(sound: np.ndarray, kind: str, setup: Setup = SETUP) -> np.ndarray:
    past, spectrum = SampleHistory(setup.window), Spectrum(asymmetric_window(setup.window))
    made = Separation(setup, lambda bins, hop: np.ones(len(bins), np.float32)) if kind == "all" else part(kind, setup)
    out = []
    for at in range(0, len(sound) - setup.hop + 1, setup.hop):
        past.step(sound[at : at + setup.hop])
        out.append(made.step(spectrum.step(past.samples)[0], at)[:, 0].copy())
    return np.concatenate(out)


def power(sound: np.ndarray) -> float:
    return float(np.mean(np.square(sound[12000:])))


@pytest.mark.parametrize("hop", [128, 256, 512, 1024])
def test_the_whole_comes_back_one_hop_later(hop: int) -> None:
    setup = Setup(48000, 2048, hop, 40, -54.0)
    back = separated(TONE, "all", setup)
    assert np.abs(back[4096:] - TONE[4096 - hop : len(back) - hop]).max() < 2e-3


@pytest.mark.parametrize("kinds", [("low", "mid", "high"), ("harmonic", "percussive")])
def test_parts_add_up_to_the_whole(kinds: tuple[str, ...]) -> None:
    together = sum(separated(TONE + HITS, kind) for kind in kinds)
    assert np.abs(together - separated(TONE + HITS, "all")).max() < 1e-4


def test_a_tone_is_harmonic_and_a_hit_percussive() -> None:
    assert power(separated(TONE, "harmonic")) > 20 * power(separated(TONE, "percussive"))
    assert power(separated(HITS, "percussive")) > 5 * power(separated(HITS, "harmonic"))


@pytest.mark.parametrize(("hz", "kind"), [(60, "low"), (600, "mid"), (6000, "high")])
def test_a_split_keeps_its_own_range(hz: float, kind: str) -> None:
    tone = np.sin(2 * np.pi * hz * TIME_S).astype(np.float32)
    for other in ("low", "mid", "high"):
        share = power(separated(tone, other)) / power(tone)
        assert share > 0.8 if other == kind else share < 0.01
    assert len(CROSSOVERS_HZ) == 2


@pytest.mark.parametrize("kind", SEPARATED_PARTS)
@pytest.mark.parametrize("rate", [8000, 44100, 96000])
def test_silence_and_any_rate_give_finite_sound(kind: str, rate: int) -> None:
    setup = Setup(rate, 2048, 256, 40, -54.0)
    assert not separated(np.zeros(5120, np.float32), kind, setup).any()
    assert np.isfinite(separated(HITS[:9600], kind, setup)).all()
