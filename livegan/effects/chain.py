"""Chain: the effects of a scene, applied one after the other."""

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from livegan.core.guard import Guard, unguarded
from livegan.core.types import Picture
from livegan.effects.registry import EFFECTS, Effect, keys_of

if TYPE_CHECKING:
    import torch


class _Link:
    """One effect of a chain, with the keys of its parameters."""

    def __init__(self, name: str) -> None:
        self.effect: Effect = EFFECTS[name]()
        self.awake = False
        self._keys = list(zip(keys_of(name, EFFECTS[name]), self.effect.parameters, strict=True))
        self._amount_key, self._amount = self._keys[0]

    def amounts(self, plan: Mapping[str, float]) -> dict[str, float]:
        """Every parameter of the effect within its range; one that is missing or NaN has its default."""
        values = ((parameter, plan.get(key, parameter.default)) for key, parameter in self._keys)
        return {
            parameter.name: parameter.default if math.isnan(value) else parameter.clip(value)
            for parameter, value in values
        }

    def is_off(self, plan: Mapping[str, float]) -> bool:
        return not self._amount.clip(plan.get(self._amount_key, 0.0)) > 0  # NaN is off too


class Chain:
    """Chain of effects, applied in the order of the table; those at amount 0 cost nothing.

    With the engine's guard, an effect that raises is bypassed and the others go on.
    """

    def __init__(self, names: Iterable[str], guard: Guard = unguarded) -> None:
        """Make each effect once; KeyError with the nearest right name for one that does not exist."""
        chosen = set(names)
        for name in chosen:
            EFFECTS[name]
        self._links = {name: _Link(name) for name in EFFECTS if name in chosen}
        self._guard = guard

    @property
    def names(self) -> tuple[str, ...]:
        """In the order they are applied."""
        return tuple(self._links)

    def step(self, picture: Picture, plan: Mapping[str, float], dt_s: float) -> Picture:
        """One frame, a torch tensor; `plan` is `FramePlan.effects`: "glow" -> amount, "glow.radius" -> radius ..."""
        pixels = cast("torch.Tensor", picture)
        for name, link in self._links.items():
            if link.is_off(plan):
                if link.awake:
                    link.awake = False
                    self._guard(f"effect {name}", link.effect.reset, None)
                continue
            link.awake = True
            work = partial(link.effect.step, pixels, link.amounts(plan), max(0.0, dt_s))
            pixels = self._guard(f"effect {name}", work, pixels)
        return pixels
