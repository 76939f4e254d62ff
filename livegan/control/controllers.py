"""What the knobs and pads of a known MIDI controller are called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Controller:
    """One controller: which ports are it, and names for its control changes and notes."""

    name: str
    match: tuple[str, ...]  # parts of a port's name, any case; "" is in every name
    knobs: Mapping[int, str] = field(default_factory=dict)  # control change number 0..127 -> "knob.3"
    pads: Mapping[int, str] = field(default_factory=dict)  # note number 0..127 -> "pad.1"

    def likeness(self, port: str) -> int:
        """How much of `port` this controller's name explains [letters]; -1 if it is another controller."""
        return max((len(part) for part in self.match if part.lower() in port.lower()), default=-1)


GENERIC = Controller("any controller", ("",))


def best_match(controllers: Iterable[Controller], port: str) -> Controller:
    """The controller whose match is the longest part of `port`; one without names if none fits."""
    best = max(controllers, key=lambda controller: controller.likeness(port), default=GENERIC)
    return best if best.likeness(port) >= 0 else GENERIC
