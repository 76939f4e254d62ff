"""The seeds motion model: a mix of seeds weighted by the energy of as many bands, after the JACK visualizer.

z = sum(energy_k z_k) / norm, one band for each seed (stylegan2-jack-visualizer). There silence was 0 / 0; here the mix
falls softly to the first seed, or stays.
"""

from collections.abc import Mapping
from math import exp, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from livegan.core.latents import latent_of_seed
from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame, Vector
from livegan.errors import LiveganError
from livegan.mapping.columns import Columns
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import MOTIONS, NOT_LUCID, SMOOTH, Motion, MotionSettings, MotionSetup
from livegan.networks.latents.files import seeds

MAX_SEEDS = 256
QUIET = 0.1  # a loudest band below this counts as so much less, 0 as silence
SETTLE_S = 1.0  # time constant at least of the way to the first seed in silence
LEAST_WEIGHT = 1e-3  # of a seed that is worth mapping
LOW_HZ, HIGH_HZ = 40.0, 16000.0  # of the mel bands
DEPTH_DB = 60.0  # of the features mel.0 .. below the loudest


class SeedsSettings(MotionSettings):
    """Keys of [motion] of a mix of seeds."""

    not_read = NOT_LUCID

    seeds: str = Field("1-8", description="seeds to mix, low bands first: '1,3,2-44'")
    scale: Literal["log", "linear"] = Field(
        "log", description="'log': as heard, each band within its own range; 'linear': power in equal steps of Hz"
    )
    bands_of: str = Field("", description="group or part whose spectrum it is: 'harmonic', 'keys'; '': all")
    silence: Literal["first", "stay"] = Field(
        "first", description="in silence: 'first': the mix falls to the first seed; 'stay': it stays"
    )
    space: Literal["z", "w"] = Field("z", description="where seeds are mixed: 'z': before mapping; 'w': after it")

    def features(self) -> Mapping[str, str]:
        first = "mel.0" if self.scale == "linear" else "band.0"
        return {**super().features(), "bands_of": f"{self.bands_of}:{first}" if self.bands_of else first}


@MOTIONS("seeds")
class Seeds(Motion):
    """Mix of seeds weighted by the energy of bands: each part of the spectrum pulls towards a picture of its own."""

    parameters = (
        SMOOTH,
        Parameter(
            "motion.contrast", 0.25, 8, 1, "power of the energies: above 1 the strongest band wins", reader="motion"
        ),
    )
    Settings = SeedsSettings

    def __init__(self, setup: MotionSetup) -> None:
        settings = setup.settings
        assert isinstance(settings, SeedsSettings)
        try:
            numbers = seeds(settings.seeds)
        except LiveganError as error:
            raise LiveganError(f"motion.{error}") from error
        if len(numbers) > MAX_SEEDS:
            raise LiveganError(f"motion.seeds: {len(numbers)} seeds are more than {MAX_SEEDS}; name fewer")
        self._latents = np.stack([latent_of_seed(seed, setup.z_dim) for seed in numbers])  # (n, z_dim)
        self._in_w = settings.space == "w"
        self._stays = settings.silence == "stay"
        self._first = np.zeros(len(numbers))
        self._first[0] = 1.0
        self._weights = self._first.copy()  # of the seeds, sum 1
        self._energies = BandEnergies(len(numbers), settings.scale == "linear", settings.bands_of)

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """z (z_dim,) of the usual length; with its mix in w if the scene says so."""
        energies, loudest = self._energies(heard)
        sound = min(1.0, loudest / QUIET) * min(1.0, values["react"])
        self._follow(mix_of(energies, values["motion.contrast"]), sound, values["motion.smooth"], dt_s)
        z = usual_length(self._weights.astype(np.float32) @ self._latents)
        if not self._in_w:
            return Latent(z=z)
        heavy = np.flatnonzero(self._weights >= min(LEAST_WEIGHT, self._weights.max()))
        shares = self._weights[heavy] / self._weights[heavy].sum()
        return Latent(z=z, mix=tuple((float(s), self._latents[i].copy()) for s, i in zip(shares, heavy, strict=True)))

    def _follow(self, mix: NDArray[np.float64], sound: float, smooth_s: float, dt_s: float) -> None:
        """Advance the weights towards `mix`: the less `sound` (0..1), the slower, or the nearer to the first seed."""
        if self._stays:
            target, rate = mix, sound
        else:
            target, rate = self._first + (mix - self._first) * sound, 1.0
            smooth_s = max(smooth_s, SETTLE_S * (1 - sound))
        keep = exp(-dt_s * rate / smooth_s) if smooth_s > 0 else float(rate <= 0)
        self._weights = target + (self._weights - target) * keep


def mix_of(energies: NDArray[np.float64], contrast: float) -> NDArray[np.float64]:
    """Weights (n,) of energies (n,) >= 0: their powers, sum 1; of silence all alike."""
    powers = (energies / max(float(energies.max()), 1e-12)) ** contrast if energies.any() else np.ones(len(energies))
    return np.asarray(powers / powers.sum())


def usual_length(z: Vector) -> Vector:
    """A latent along `z`, as long as a usual one: sqrt(z_dim)."""
    return np.asarray(z * np.float32(sqrt(len(z)) / max(float(np.linalg.norm(z)), 1e-6)), np.float32)


class BandEnergies:
    """Energy in as many bands as there are seeds, from the mel bands of the features; 0 where there are none."""

    def __init__(self, count: int, linear: bool, group: str = "") -> None:
        self._count, self._linear = count, linear
        self._bands = Columns("mel" if linear else "band", group)
        self._shares = np.zeros((count, 0))  # (count, bands)

    def __call__(self, heard: FeatureFrame) -> tuple[NDArray[np.float64], float]:
        """(count,): the means of the bands in each part, 0..1, or linear the sums of their powers; and the loudest."""
        bands = self._bands(heard).astype(np.float64)
        if len(bands) != self._shares.shape[1]:
            self._shares = shares(len(bands), self._count, self._linear)
        powers = 10 ** ((bands - 1) * DEPTH_DB / 10) - 10 ** (-DEPTH_DB / 10) if self._linear else bands
        return np.asarray(self._shares @ powers), float(bands.max(initial=0.0))


def shares(bands: int, count: int, linear: bool) -> NDArray[np.float64]:
    """Share (count, bands) of each mel band in each of `count` even parts: of mel, or linear of the frequencies."""
    edges = _mel_edges(bands) if linear else np.linspace(0.0, 1.0, bands + 1)
    wanted = np.linspace(edges[0], edges[-1], count + 1)
    shared = np.minimum(edges[1:], wanted[1:, None]) - np.maximum(edges[:-1], wanted[:-1, None])
    widths = np.diff(edges) if linear else np.diff(wanted)[:, None]  # a power is shared out, levels are averaged
    return np.asarray(np.clip(shared, 0, None) / widths)


def _mel_edges(count: int) -> NDArray[np.float64]:
    """Frequencies [Hz] between `count` bands evenly spaced in mel (O'Shaughnessy 1987), (count + 1,)."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (LOW_HZ, HIGH_HZ))
    return np.asarray(700 * (10 ** (np.linspace(low, high, count + 1) / 2595) - 1))
