"""14-bit values from two 7-bit halves, in either order (MIDI 1.0 Detailed Specification, "Control Change")."""

from typing import Literal

PAUSE_S = 0.05  # between two movements; the halves of one value are a thousandth of a second apart
WHOLE = 16383
Half = Literal["coarse", "fine"]


class FourteenBit:
    """Joins the halves of one control, so that no value mixes a new half with an old one.

    The specification sends the coarse half first, some devices the fine one: the half that begins a movement and the
    one that ended the last tell which. Coarse halves alone, of a control that sends no fine ones, count from the second
    on, as 7 bits.
    """

    def __init__(self) -> None:
        self._halves: dict[Half, int] = {}
        self._first: Half = "coarse"  # of a pair
        self._last: Half | None = None  # that arrived
        self._coarse_alone = False
        self._time_s = float("-inf")

    def add(self, half: Half, value: int, time_s: float) -> float | None:
        """One half, 0..127; the whole value, 0..1, where it is known now."""
        if time_s - self._time_s >= PAUSE_S:
            self._first = self._begins_with(half)
        repeated = half == self._last
        self._time_s, self._last, self._halves[half] = time_s, half, value
        if half == "fine":
            self._coarse_alone = False
        elif self._coarse_alone or (repeated and self._first == "coarse"):
            self._coarse_alone = True
            return value / 127
        return None if half == self._first and not repeated else self._whole()

    def _begins_with(self, half: Half) -> Half:
        """Which half comes first, by the one that begins a movement: a pair ended the movement before it."""
        if half == self._last:  # a fine half alone, or a control that sends only coarse ones
            return "coarse" if half == "fine" else self._first
        return half

    def _whole(self) -> float | None:
        if len(self._halves) < 2:
            return None
        return (self._halves["coarse"] << 7 | self._halves["fine"]) / WHOLE
