"""A dreamer for tests: a colour field that its aims pull, quick, and as deterministic as a real one must be."""

import hashlib
from collections.abc import Sequence

import numpy as np

from livegan.core.types import Pixels
from livegan.errors import DreamError
from livegan.studio.dream.dreamer import Aim, Feedback, State

KNOTS = (3, 4, 3)  # of the colour field
ROUGH = 0.02  # standard deviation of what a step adds at random, as cutouts do


class FieldDreamer:
    """Dreamer of a smooth field of colours; what its aims say only decides where it goes."""

    def __init__(self, size: tuple[int, int] = (64, 48), seed: int = 0) -> None:
        self.size = size
        self._field = np.random.default_rng([seed, 1]).random(KNOTS)
        self._speed = np.zeros(KNOTS)
        self._count = 0
        self._seed = seed
        self._goals: list[tuple[float, np.ndarray]] = []
        self._first: list[tuple[float, np.ndarray]] = []
        self._picture: tuple[float, np.ndarray] | None = None
        self.aimed: list[list[Aim]] = []  # every call
        self.steps = 0
        self.fed: list[Feedback] = []

    def aim(self, aims: Sequence[Aim], *, first_only: Sequence[Aim] = ()) -> None:
        self.aimed.append([*aims, *first_only])
        self._goals = [(aim.weight, _goal(aim)) for aim in aims]
        self._first = [(aim.weight, _goal(aim)) for aim in first_only]

    def towards(self, picture: Pixels | None, rate: float) -> None:
        self._picture = None if picture is None else (rate, np.full(KNOTS, picture.mean() / 255))

    def step(self) -> float:
        if not self.aimed:
            raise DreamError("no aim yet")
        goals = [*self._goals, *self._first, *([self._picture] if self._picture else [])]
        self._first = []
        total = sum(weight for weight, _ in goals) or 1.0
        goal = sum((weight * goal for weight, goal in goals), np.zeros(KNOTS)) / total
        rough = np.random.default_rng([self._seed, 2, self._count]).standard_normal(KNOTS)
        self._speed = 0.7 * self._speed + 0.1 * (goal - self._field) + ROUGH * rough
        self._field = np.clip(self._field + self._speed, 0, 1)
        self._count += 1
        self.steps += 1
        return float(np.square(goal - self._field).mean())

    def state(self) -> State:
        return {"field": self._field.copy(), "speed": self._speed.copy(), "count": np.array(self._count)}

    def restore(self, state: State) -> None:
        self._field, self._speed = np.array(state["field"], float), np.array(state["speed"], float)
        self._count = int(state["count"])

    def between(self, start: State, end: State, amount: float) -> Pixels:
        a, b = np.asarray(start["field"], float), np.asarray(end["field"], float)
        return self._drawn(a + (b - a) * amount)

    def picture(self) -> Pixels:
        return self._drawn(self._field)

    def feed_back(self, feedback: Feedback) -> None:
        self.fed.append(feedback)

    def _drawn(self, field: np.ndarray) -> Pixels:
        width, height = self.size
        down = np.linspace(0, KNOTS[0] - 1, height)
        across = np.linspace(0, KNOTS[1] - 1, width)
        planes = [
            np.stack([np.interp(across, range(KNOTS[1]), row) for row in field[..., colour]]) for colour in range(3)
        ]
        whole = [np.stack([np.interp(down, range(KNOTS[0]), column) for column in plane.T]).T for plane in planes]
        return np.round(np.stack(whole, axis=2) * 255).astype(np.uint8)


def _goal(aim: Aim) -> np.ndarray:
    """Where an aim pulls: another place for every other aim."""
    said = hashlib.sha256(aim.text.encode())
    for array in (aim.sound, aim.picture):
        if array is not None:
            said.update(np.ascontiguousarray(array).tobytes())
    return np.random.default_rng(list(said.digest()[:8])).random(KNOTS)
