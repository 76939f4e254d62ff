"""The projection motion model: a film as latents, its coarse rows of w blended with the spectrum, after GANce.

There (projection-file-blend): rows 0 .. depth - 1 are (1 - alpha) film + alpha spectrum, the others are the film, whose
frames are repeated to the frame rate. Here it plays at any rate, in time or on the beat, for as long as the music does.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from livegan.core.blend import lerp
from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame, Vector
from livegan.mapping.beat_position import BeatPosition
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import ALPHA, BEATS, DEPTH, MOTIONS, Motion, MotionSetup
from livegan.mapping.motions.walk import points_of
from livegan.mapping.spectrum_vector import SPECTRUM, SpectrumSettings, SpectrumVector
from livegan.networks.latents.files import film_fps

USUAL_FPS = 15.0  # of GANce's projections


class ProjectionSettings(SpectrumSettings):
    """Keys of [motion] of a projected film; `path` names its file."""

    advance: Literal["time", "beat"] = Field(
        "time", description="'time': at its own frame rate; 'beat': the whole film in motion.beats beats"
    )
    film_fps: float = Field(0, ge=0, le=1000, description="frames a second of the film; 0: as its file says, or 15")
    between: Literal["blend", "hold"] = Field(
        "blend", description="between two frames of the film: 'blend' goes from one to the next, 'hold' waits"
    )
    ends: Literal["wrap", "bounce"] = Field(
        "wrap", description="at the end of the film: 'wrap': from the start again; 'bounce': backwards"
    )


@MOTIONS("projection")
class Projection(Motion):
    """Projected film: latents frame by frame, the spectrum blended into the coarse rows of w."""

    parameters = (
        ALPHA,
        *SPECTRUM,
        BEATS,
        DEPTH,
        Parameter("motion.rate", -4, 4, 1, "playing speed of a film: 1 is as it was made", reader="motion"),
    )
    Settings = ProjectionSettings
    example = {"path": ["seeds:1-5"]}  # noqa: RUF012 - a ClassVar by inheritance

    def __init__(self, setup: MotionSetup) -> None:
        settings = setup.settings
        assert isinstance(settings, ProjectionSettings)
        points = points_of(setup)
        self._kind, self._frames = points.kind, points.array
        self._rows = max(setup.networks[0].num_ws, 1)
        self._spectrum = SpectrumVector(self._frames.shape[-1], settings)
        self._fps = settings.film_fps or film_fps(settings.path, setup.folder) or USUAL_FPS
        self._by_beat, self._holds = settings.advance == "beat", settings.between == "hold"
        self._period = len(self._frames) if settings.ends == "wrap" else max(2 * len(self._frames) - 2, 1)
        self._beats = BeatPosition()
        self._place = 0.0  # in frames, from 0 to the period

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """w (rows, w_dim); of a film of z, z (z_dim,), all of which takes the spectrum."""
        if self._by_beat:
            frames = self._beats.step(heard, dt_s) / values["motion.beats"] * len(self._frames)
        else:
            frames = self._fps * dt_s
        self._place = (self._place + frames * values["motion.rate"]) % self._period
        film = self._film(self._place)
        spectrum = np.asarray(self._spectrum.step(heard, values, dt_s), np.float32)
        alpha = values["motion.alpha"] * self._spectrum.sound * min(values["react"], 1.0)
        if self._kind == "z":
            return Latent(z=np.asarray(lerp(film, spectrum, alpha), np.float32))
        return Latent(w=blended(film, spectrum, alpha, values["motion.depth"], self._rows))

    def _film(self, place: float) -> Vector:
        """The frame at a place, or what lies between two."""
        first = int(place + 1e-9)
        start = self._frames[self._index(first % self._period)]
        if self._holds:
            return np.array(start, np.float32)
        end = self._frames[self._index((first + 1) % self._period)]
        return np.asarray(lerp(start, end, place - first), np.float32)

    def _index(self, place: int) -> int:
        """The frame at a whole place; in the second half of a film that bounces they come backwards."""
        return place if place < len(self._frames) else self._period - place


def blended(film: Vector, spectrum: Vector, alpha: float, depth: float, rows: int) -> Vector:
    """w (rows, w_dim): the film (1 or rows, w_dim), in the first `depth` rows with `alpha` of the spectrum (w_dim,).

    A row that `depth` reaches in part takes that part of it.
    """
    whole = np.broadcast_to(film, (max(rows, len(film)), film.shape[-1]))
    shares = np.clip(depth - np.arange(len(whole)), 0, 1).astype(np.float32)[:, None] * np.float32(alpha)
    return np.asarray(whole + (spectrum - whole) * shares, np.float32)
