"""The biggan motion model: Deep Music Visualizer's noise update by level and gradient, and its leaky classes, live.

After deep-music-visualizer (`visualize.py`). There, power, its gradient and the strength of notes were normalised over
the whole song; here features are, over the last seconds. Its frames (43.07 a second) are computed at any frame rate,
and between them the latent goes straight: it is one of them (23 ms) late.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame
from livegan.mapping.classes import LeakyClasses, Places
from livegan.mapping.columns import Columns
from livegan.mapping.latent import Latent
from livegan.mapping.motions.lucid import BOUND, TRUNCATION, truncated_normal
from livegan.mapping.motions.registry import MOTIONS, NOT_LUCID, Motion, MotionSettings, MotionSetup
from livegan.mapping.ticks import Ticks

FPS = 22050 / 512
JITTER_TICKS = 200  # how long one choice of slow dimensions lasts
FARTHEST = 4.0  # only an extreme tempo gets so far
_START, _JITTER = 0, 2  # names of the random streams


class BigGanSettings(MotionSettings):
    """Keys of the biggan motion model."""

    not_read = NOT_LUCID

    level_from: str = Field("amplitude.mean", description="feature that moves the picture while it lasts")
    rise_from: str = Field("amplitude.rise", description="feature that moves it while it rises")


@MOTIONS("biggan")
class BigGan(Motion):
    """Noise pushed on by level and gradient, which bounces inside ±2, and classes that follow the notes slowly."""

    parameters = (
        Parameter("motion.tempo", 0, 1, 0.25, "tempo sensitivity: how far sound moves the noise", reader="motion"),
        Parameter("motion.jitter", 0, 1, 0.5, "how much slower half of the dimensions are", reader="motion"),
        Parameter(
            "motion.pitch", 1, 299, 220, "pitch sensitivity: how quickly the classes follow the notes", reader="motion"
        ),
        TRUNCATION,
    )
    Settings = BigGanSettings

    def __init__(self, setup: MotionSetup) -> None:
        assert isinstance(setup.settings, BigGanSettings)
        self._seed, self._z_dim = setup.seed, setup.z_dim
        self._level_from, self._rise_from = setup.settings.level_from, setup.settings.rise_from
        self._ticks = Ticks(FPS)
        self._heard = 0.0  # level and gradient so far in this frame
        start = truncated_normal(np.random.default_rng([setup.seed, _START]), setup.z_dim).astype(np.float64)
        self._directions = np.where(start < 0, 1.0, -1.0)
        self._then, self._now = start, start.copy()  # the noise in the last two frames
        self._scaled = False  # the start, by the truncation
        self._update: NDArray[np.floating] = np.zeros(setup.z_dim)
        self._jitter: NDArray[np.float64] = np.ones(setup.z_dim)
        self._chroma, self._places = Columns("chroma", setup.settings.chroma_of), Places()
        self._classes = LeakyClasses()

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """z (z_dim,) and the class weights (12,)."""
        if not self._scaled:
            self._now *= values["motion.truncation"]
            self._then, self._scaled = self._now, True
        sound = heard[self._level_from] + heard[self._rise_from]
        chroma = self._chroma(heard)
        for part_s, whole in self._ticks.parts(dt_s):
            self._heard += sound * part_s * FPS
            if whole:
                self._tick(values)
                self._classes.tick(
                    self._places.step(chroma, 1 / FPS, values),
                    1 / FPS,
                    slowness=300 - values["motion.pitch"],
                    count=round(values["class.count"]),
                    depth=values["class.complexity"],
                    smooth_s=values["class.smooth"] / 2,
                )
        z = self._then + (self._now - self._then) * self._ticks.phase
        return Latent(z=z.astype(np.float32), classes=self._classes.weights(values["class.shift"], values["class.mix"]))

    def _tick(self, values: Mapping[str, float]) -> None:
        """One of its frames."""
        tempo, bound = values["react"] * values["motion.tempo"], BOUND * values["motion.truncation"]
        number = self._ticks.number - 1
        if number % JITTER_TICKS == 0:
            rng = np.random.default_rng([self._seed, _JITTER, number // JITTER_TICKS])
            self._jitter = rng.integers(0, 2, self._z_dim).astype(np.float64)
        update = tempo * self._heard * self._directions * (1 - values["motion.jitter"] * self._jitter)
        self._heard = 0.0
        self._update = (update + 3 * self._update) / 4
        self._then, self._now = self._now, np.clip(self._now + self._update, -FARTHEST, FARTHEST)
        self._directions[self._now >= bound - tempo] = -1.0
        self._directions[self._now < tempo - bound] = 1.0
