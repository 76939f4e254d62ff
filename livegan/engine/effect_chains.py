"""Effect chains of a show: one for the scene that plays, one for each that comes in over it with effects of its own."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from livegan.core.types import Picture
from livegan.effects.memory import Memory, under, within

Effects = Callable[[Picture, Mapping[str, float], float], Picture]  # picture, `FramePlan.effects`, dt_s


@runtime_checkable
class Remembering(Protocol):
    """What can say what it remembers of earlier frames."""

    def memory(self) -> Memory: ...

    def restore(self, memory: Memory) -> None: ...


class EffectChains:
    """Effect chains by their place, from below. What an effect remembers stays with its scene when that is alone."""

    def __init__(self, first: Effects, *others: Effects) -> None:
        """Alike, each with a memory of its own."""
        self._chains = [first, *others]
        self._used = 1

    def of(self, place: int) -> Effects:
        """The chain of the scene at a place; the last one where there are too few."""
        return self._chains[min(place, len(self._chains) - 1)]

    def use(self, count: int) -> None:
        """So many are in use in the next frame: if fewer than before, the lowest scenes are gone."""
        gone = min(max(self._used - count, 0), len(self._chains) - 1)
        self._chains = self._chains[gone:] + self._chains[:gone]
        self._used = count

    def memory(self) -> Memory:
        """What the chains that are in use remember of earlier frames, by place."""
        memory: Memory = {}
        for place, chain in enumerate(self._chains[: self._used]):
            if isinstance(chain, Remembering):
                memory |= under(str(place), chain.memory())
        return memory

    def restore(self, memory: Memory) -> None:
        """Remember what another show's chains did at these places. For chains that have drawn nothing yet."""
        for place, chain in enumerate(self._chains):
            if isinstance(chain, Remembering):
                chain.restore(within(memory, str(place)))

    def spare(self, picture: Picture, effects: Mapping[str, float]) -> Picture:
        """A single picture with effects, by a chain that is not in use, if there is one; it forgets it again."""
        if self._used >= len(self._chains):
            return picture
        finished = self._chains[-1](picture, effects, 0.0)
        self._chains[-1](picture, {}, 0.0)
        return finished
