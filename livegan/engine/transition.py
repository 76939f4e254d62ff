"""How one scene becomes the next: how far along a crossfade is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transition:
    """A crossfade that begins at `start_s` and takes `length_s` seconds."""

    start_s: float
    length_s: float

    def amount(self, time_s: float) -> float:
        """0 before, 1 after, soft at both ends."""
        if self.length_s <= 0:
            return 1.0
        x = min(max((time_s - self.start_s) / self.length_s, 0.0), 1.0)
        return x * x * (3 - 2 * x)
