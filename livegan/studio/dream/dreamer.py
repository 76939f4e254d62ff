"""Dreamer: a picture that is optimised, step by step, towards what words, music or other pictures ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from livegan.core.target import Target
from livegan.core.types import Pixels, Vector

State = Mapping[str, NDArray[np.generic]]  # all that a dreamer knows between two steps: it goes on exactly from there


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """Prompt: one of text, sound and picture, with its weight, as in VQGAN-CLIP's "text:weight:stop"."""

    text: str = ""
    sound: Vector | None = None  # (samples,) mono, 16 kHz
    picture: Pixels | None = None
    target: Target | None = None  # what text or sound mean, where that is known without a joint model
    weight: float = 1.0  # below 0: away from it
    stop: float = -np.inf  # the distance below which it pulls no more


@dataclass(frozen=True, slots=True)
class Feedback:
    """What is done to the picture between two frames before the dream goes on from it."""

    zoom: float = 1.0  # above 1: into the picture
    shift: tuple[float, float] = (0.0, 0.0)  # right, down [px], wrapped around
    turn: float = 0.0  # [degrees]


class Dreamer(Protocol):
    """One picture in the making. Deterministic in its seed and the calls made."""

    size: tuple[int, int]  # width, height [px] of its pictures

    def aim(self, aims: Sequence[Aim], *, first_only: Sequence[Aim] = ()) -> None:
        """What the next steps go for; `first_only` counts in the next step alone. The picture stays where it is."""

    def towards(self, picture: Pixels | None, rate: float) -> None:
        """Image transfer (MetaMusic): adds 4 rate mean((picture - this)^2) to every step's loss; None: no more."""

    def step(self) -> float:
        """One optimisation step; its loss before it."""

    def state(self) -> State:
        """A copy of all it knows; before the first aim of a dream not begun, to which `restore` then returns."""

    def restore(self, state: State) -> None:
        """Go on from `state`, of a dreamer that was made alike."""

    def between(self, start: State, end: State, amount: float) -> Pixels:
        """The picture between two states: 0 is that of `start`, 1 that of `end`; draws only, nothing is changed."""

    def picture(self) -> Pixels:
        """Its picture now."""

    def feed_back(self, feedback: Feedback) -> None:
        """Begin anew from its own picture, zoomed, shifted and turned."""


@dataclass(frozen=True, slots=True, eq=False)
class DreamProgress:
    """What a generator of a dream yields: often enough for a progress bar."""

    done: int
    total: int
    left_s: float | None = None  # time left [s], once it can be told
    text: str = ""  # what happens now, for people
    picture: Pixels | None = None  # the newest one, now and then
    path: Path | None = None  # in the last one: what was written
