"""Effect chains of a show: one for the scene that plays, one for each that comes in over it with effects of its own."""

from collections.abc import Callable, Mapping

from livegan.core.types import Picture

Effects = Callable[[Picture, Mapping[str, float], float], Picture]  # picture, `FramePlan.effects`, dt_s


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

    def spare(self, picture: Picture, effects: Mapping[str, float]) -> Picture:
        """A single picture with effects, by a chain that is not in use, if there is one; it forgets it again."""
        if self._used >= len(self._chains):
            return picture
        finished = self._chains[-1](picture, effects, 0.0)
        self._chains[-1](picture, {}, 0.0)
        return finished
