"""Look of a dream film: what the music does to each frame: a push into the picture on the beat, and a glow."""

from collections.abc import Mapping
from math import log

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

TRAIL, TRAIL_S = 0.8, 1.0  # amount and time constant of the effect `feedback`
ZOOM = 0.05  # of a whole pulse
GLOW_BY_LOUDNESS, GLOW_BY_PULSE = 0.06, 0.14


class FilmLook:
    """Finishing of frames: the movement of feedback, and what the music does.

    A VQGAN begins each step from its own picture, moved: the frames between two steps are moved by a part of that. The
    embedded model cannot: there the effect `feedback` lets the frames before move on under the new one.
    """

    def __init__(self, clock: FilmClock, job: FilmJob, size: tuple[int, int]) -> None:
        """`size`: width, height of the frames [px]."""
        self._clock, self._pulse = clock, job.pulse
        self._feedback = job.feedback if job.options.model == "vqgan" else Feedback()
        self._trail: dict[str, float] = {}
        if job.options.model in ("auto", "embedded") and job.feedback != Feedback():
            zoom, (right, down), turn = job.feedback.zoom, job.feedback.shift, job.feedback.turn
            rates = {"zoom": log(zoom), "x": right / size[0], "y": down / size[1], "rotate": turn}
            self._trail = {f"feedback.{name}": rate * job.per_second for name, rate in rates.items()}
            self._trail = {"feedback": TRAIL, "feedback.time": TRAIL_S, **self._trail}
        self._chain = Chain(["zoom", "glow", *(["feedback"] if self._trail else [])])

    def memory(self) -> Memory:
        """What is remembered of earlier frames."""
        return under("look", self._chain.memory())

    def restore(self, memory: Mapping[str, torch.Tensor]) -> None:
        """Go on after the frames that `memory` is of."""
        self._chain.restore(within(memory, "look"))

    def finished(self, drawn: Drawn) -> Pixels:
        """The picture as it goes into the film."""
        pixels = moved(drawn.pixels, part_of(self._feedback, drawn.amount))
        time_s = drawn.frame / self._clock.fps
        pulse = self._clock.pulse(time_s)
        plan = self._trail | {
            "zoom": self._pulse * ZOOM * pulse,
            "glow": self._pulse * (GLOW_BY_LOUDNESS * self._clock.loudness(time_s) + GLOW_BY_PULSE * pulse),
        }
        picture = self._chain.step(torch.from_numpy(np.ascontiguousarray(pixels)), plan, 1 / self._clock.fps)
        finished: Pixels = np.asarray(picture)
        return finished
