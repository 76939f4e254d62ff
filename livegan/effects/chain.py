"""Chain: the effects of a scene, one after the other."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Protocol, TypeVar

import torch

from livegan.effects.registry import EFFECTS

Value = TypeVar("Value")


class Guard(Protocol):
    """Does `work` and gives its result; or, if that fails, notes it under `name` and gives `fallback`."""

    def __call__(self, name: str, work: Callable[[], Value], fallback: Value) -> Value:
        """The result, or the fallback."""
        ...


def bare(name: str, work: Callable[[], Value], fallback: Value) -> Value:
    """The guard for tests and renders: failures come through."""
    return work()


class Chain:
    """Applies effects in the order of the table, whatever order they were named in; those at 0 cost nothing.

    With the engine's guard, an effect that fails is bypassed and the others go on.
    """

    def __init__(self, names: Iterable[str], guard: Guard = bare) -> None:
        """Make each effect once; KeyError with the nearest right name for one that does not exist."""
        wanted = set(names)
        for name in wanted:
            EFFECTS[name]
        self._effects = {name: EFFECTS[name]() for name in EFFECTS if name in wanted}
        self._awake: set[str] = set()
        self._guard = guard

    @property
    def names(self) -> tuple[str, ...]:
        """In the order they are applied."""
        return tuple(self._effects)

    def step(self, pixels: torch.Tensor, amounts: Mapping[str, float], dt_s: float) -> torch.Tensor:
        """One frame, uint8 (h, w, 3). Amounts are kept within 0..1 (a NaN is 0), `dt_s` >= 0; missing names are 0."""
        for name, effect in self._effects.items():
            amount = min(max(0.0, amounts.get(name, 0.0)), 1.0)
            if amount == 0.0:
                if name not in self._awake:
                    continue
                self._awake.discard(name)  # one last step at 0: it may forget what it remembers
            else:
                self._awake.add(name)
            work = partial(effect.step, pixels, amount, max(0.0, dt_s))
            pixels = self._guard(f"effect {name}", work, pixels)
        return pixels
