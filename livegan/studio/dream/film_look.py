"""Look of a dream film: what the music does to each frame: a push into the picture on the beat, and a glow."""

import numpy as np
import torch

from livegan.core.types import Pixels
from livegan.effects.chain import Chain
from livegan.studio.dream.camera import moved, part_of
from livegan.studio.dream.dreamer import Feedback
from livegan.studio.dream.film_clock import FilmClock
from livegan.studio.dream.film_dream import Drawn

ZOOM = 0.05  # of a whole pulse
GLOW_BY_LOUDNESS, GLOW_BY_PULSE = 0.06, 0.14


class FilmLook:
    """Finishing of frames; depends on nothing but the frame and its moment."""

    def __init__(self, clock: FilmClock, feedback: Feedback, pulse: float) -> None:
        """`pulse`: how much the music moves the picture, 0..2."""
        self._clock, self._feedback, self._pulse = clock, feedback, pulse
        self._chain = Chain(["zoom", "glow"])

    def finished(self, drawn: Drawn) -> Pixels:
        """The picture as it goes into the film."""
        pixels = moved(drawn.pixels, part_of(self._feedback, drawn.amount))
        time_s = drawn.frame / self._clock.fps
        pulse = self._clock.pulse(time_s)
        plan = {
            "zoom": self._pulse * ZOOM * pulse,
            "glow": self._pulse * (GLOW_BY_LOUDNESS * self._clock.loudness(time_s) + GLOW_BY_PULSE * pulse),
        }
        picture = self._chain.step(torch.from_numpy(np.ascontiguousarray(pixels)), plan, 1 / self._clock.fps)
        finished: Pixels = np.asarray(picture)
        return finished
