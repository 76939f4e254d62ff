"""Look of a dream film: what the music does to each frame: a push into the picture on the beat, and a glow."""

from collections.abc import Mapping
from math import pi, sin

import numpy as np
import torch

from livegan.core.types import Pixels
from livegan.effects.chain import Chain
from livegan.effects.memory import Memory, under, within
from livegan.studio.dream.camera import moved, part_of
from livegan.studio.dream.dreamer import Feedback
from livegan.studio.dream.film_clock import FilmClock
from livegan.studio.dream.film_dream import Drawn
from livegan.studio.dream.film_job import FilmJob

STEPS_PER_S = 8.0  # where their number goes by the loudness
JOURNEY_S = 4.0  # how long one layer of an endless movement is seen
ZOOM = 0.05  # of a whole pulse
GLOW_BY_LOUDNESS, GLOW_BY_PULSE = 0.06, 0.14


class FilmLook:
    """Finishing of frames: the movement of feedback, and what the music does.

    A VQGAN begins each step from its own picture, moved: the frames between two steps are moved by a part of that. A
    StyleGAN cannot: there the picture is shown in two layers that both move on and on, each faded out before it has
    gone far and in again where it began, as in an endless zoom.
    """

    def __init__(self, clock: FilmClock, job: FilmJob) -> None:
        self._clock, self._pulse, self._feedback = clock, job.pulse, job.feedback
        self._is_fed_back = job.options.model == "vqgan"
        self._steps_per_s = job.per_second or STEPS_PER_S
        self._chain = Chain(["zoom", "glow"])

    def memory(self) -> Memory:
        """What is remembered of earlier frames."""
        return under("look", self._chain.memory())

    def restore(self, memory: Mapping[str, torch.Tensor]) -> None:
        """Go on after the frames that `memory` is of."""
        self._chain.restore(within(memory, "look"))

    def finished(self, drawn: Drawn) -> Pixels:
        """The picture as it goes into the film."""
        time_s = drawn.frame / self._clock.fps
        pixels = self._moved(drawn, time_s)
        pulse = self._clock.pulse(time_s)
        plan = {
            "zoom": self._pulse * ZOOM * pulse,
            "glow": self._pulse * (GLOW_BY_LOUDNESS * self._clock.loudness(time_s) + GLOW_BY_PULSE * pulse),
        }
        picture = self._chain.step(torch.from_numpy(np.ascontiguousarray(pixels)), plan, 1 / self._clock.fps)
        finished: Pixels = np.asarray(picture)
        return finished

    def _moved(self, drawn: Drawn, time_s: float) -> Pixels:
        """The picture where the movement has come to."""
        if self._feedback == Feedback():
            return drawn.pixels
        if self._is_fed_back:
            return moved(drawn.pixels, part_of(self._feedback, drawn.amount))
        steps = JOURNEY_S * self._steps_per_s  # of a layer's journey
        place = time_s / JOURNEY_S % 1
        weight = float(np.clip(2 * sin(pi * place) ** 2 - 0.5, 0.0, 1.0))  # that of the other layer: 1 - weight
        layers = ((weight, place), (1 - weight, (place + 0.5) % 1))
        seen = [share * moved(drawn.pixels, part_of(self._feedback, steps * at)) for share, at in layers if share > 0]
        picture: Pixels = np.round(sum(seen[1:], seen[0])).astype(np.uint8)
        return picture
