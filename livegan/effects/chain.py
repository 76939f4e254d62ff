"""Chain: the effects of a scene, applied one after the other."""

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from livegan.core.guard import Guard, unguarded
from livegan.core.types import Picture
from livegan.effects.levels import as_planes, rounded
from livegan.effects.memory import Memory, under, within
from livegan.effects.registry import EFFECTS, Effect, keys_of
from livegan.effects.warp import Places, Warp, sample

if TYPE_CHECKING:
    import torch


class _Link:
    """One effect of a chain, with the keys of its parameters."""

    def __init__(self, name: str) -> None:
        self.name = name
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

    def step(self, pixels: "torch.Tensor", plan: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """The next frame; ValueError if the effect returns no picture of the shape and type that it was given."""
        out = self.effect.step(pixels, self.amounts(plan), dt_s)
        if (out.shape, out.dtype, out.device) != (pixels.shape, pixels.dtype, pixels.device):
            raise ValueError(
                f"it returned {tuple(out.shape)} {out.dtype} on {out.device}; "
                f"it must return {tuple(pixels.shape)} {pixels.dtype} on {pixels.device}, as it was given"
            )
        return out


class Chain:
    """Chain of effects; those at amount 0 cost nothing.

    A plan names its effects in the order in which they are applied. With the engine's guard, an effect that raises is
    bypassed and the others go on.
    """

    def __init__(self, names: Iterable[str], guard: Guard = unguarded) -> None:
        """Make each effect once; KeyError with the nearest right name for one that does not exist."""
        chosen = set(names)
        for name in chosen:
            EFFECTS[name]
        self._links = {name: _Link(name) for name in EFFECTS if name in chosen}
        self._guard = guard
        self._grid = Places()

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of the table."""
        return tuple(self._links)

    def step(self, picture: Picture, plan: Mapping[str, float], dt_s: float) -> Picture:
        """One frame, a torch tensor; `plan` is `FramePlan.effects`: "glow" -> amount, "glow.radius" -> radius ..."""
        links = [self._links[key] for key in plan if key in self._links]
        links = [link for link in links if not link.is_off(plan)]
        self._put_to_sleep({link.name for link in links})
        if not links:
            return picture
        dt_s, whole = max(0.0, dt_s), cast("torch.Tensor", picture)
        runs = _runs(links)
        in_planes = any(len(run) > 1 or run[0].effect.planes for run in runs)
        pixels = as_planes(whole) if in_planes else whole.float()
        for run in runs:
            if len(run) > 1:
                pixels = self._warped(pixels, run, plan, dt_s)
                continue
            pixels = self._guard(f"effect {run[0].name}", partial(run[0].step, pixels, plan, dt_s), pixels)
        return rounded(pixels)

    def memory(self) -> Memory:
        """What the effects remember of earlier frames, and which of them are on."""
        import torch

        memory: Memory = {}
        for name, link in self._links.items():
            memory |= under(f"{name}/effect", link.effect.memory())
            if link.awake:
                memory[f"{name}/awake"] = torch.tensor(1.0)
        return memory

    def restore(self, memory: Memory) -> None:
        """Remember what another chain of these effects did. For one that has drawn nothing yet."""
        for name, link in self._links.items():
            own = within(memory, name)
            link.awake = "awake" in own
            link.effect.restore(within(own, "effect"))

    def _put_to_sleep(self, awake: set[str]) -> None:
        """Let effects whose amount has become 0 forget earlier frames."""
        for name, link in self._links.items():
            if link.awake and name not in awake:
                self._guard(f"effect {name}", link.effect.reset, None)
            link.awake = name in awake

    def _warped(
        self, pixels: "torch.Tensor", links: list[_Link], plan: Mapping[str, float], dt_s: float
    ) -> "torch.Tensor":
        """Several warps as one: the last says first where its pixels are taken from."""
        places, aspect = self._grid.of(pixels), pixels.shape[1] / pixels.shape[0]
        leaves = False
        for link in reversed(links):
            warp = cast("Warp", link.effect)
            work = partial(warp.bend, places, link.amounts(plan), dt_s, aspect)
            places = self._guard(f"effect {link.name}", work, places)
            leaves = leaves or warp.leaves
        return self._guard("effect warps", partial(sample, pixels, places, leaves), pixels)


def _runs(links: list[_Link]) -> list[list[_Link]]:
    """Warps that can be joined together, every other effect alone."""
    runs: list[list[_Link]] = []
    joins = False  # whether a warp joins the run before it
    for link in links:
        warp = link.effect if isinstance(link.effect, Warp) else None
        if joins and warp is not None:
            runs[-1].append(link)
        else:
            runs.append([link])
        joins = warp is not None and not warp.ends
    return runs
