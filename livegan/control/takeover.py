"""Soft takeover: what a knob does to a value that something else has moved meanwhile (pickup, value scaling, jump)."""

from typing import Literal, get_args

Mode = Literal["scale", "pickup", "jump"]
MODES: tuple[str, ...] = get_args(Mode)
CAUGHT = 0.04  # a control so near to the value has it: five steps of a 7-bit knob
STEEPEST = 4.0  # the value moves at most so many times as far as the control
ROUNDING = 1e-6  # of a value that goes through a parameter's range and back


class Takeover:
    """Soft takeover of one value by one control; both are positions, 0..1.

    ``scale``: the value moves at once, in proportion to the room that is left on that side, so that both meet at the
    end (value scaling). ``pickup``: nothing moves until the control comes to the value or passes it. ``jump``: the
    value goes where the control stands.

    Whatever else moves the value is noticed, as `step` is told where it stands: the control has lost it then.
    """

    def __init__(self, mode: str = "scale") -> None:
        """Where the control stands is not known before its first message. ValueError for no mode."""
        if mode not in MODES:
            raise ValueError(f"a takeover is one of {', '.join(MODES)}, not '{mode}'")
        self.mode = mode
        self.position: float | None = None  # of the control
        self._set: float | None = None  # the value, where the control has it; None: it has not

    def step(self, position: float, current: float) -> float | None:
        """The control was moved to `position` while the value stood at `current`: the new value, None: it stays.

        The first position only tells where the control stands, unless it is where the value is: no value jumps.
        """
        position, current = min(max(position, 0.0), 1.0), min(max(current, 0.0), 1.0)
        before, self.position = self.position, position
        if self.mode == "jump" or self._has(current, before, position):
            self._set = position
            return position
        self._set = None
        if before is None or self.mode == "pickup":
            return None
        return _scaled(before, position, current)

    def stood(self, position: float) -> None:
        """The control was moved to `position` meanwhile, for something else."""
        if position != self.position:
            self.position, self._set = position, None

    def turn(self, current: float) -> int:
        """Which way a control must be turned that waits for its value: 1 up, -1 down; 0: it does not wait."""
        position = self.position
        if self.mode != "pickup" or position is None or self._has(current, position, position):
            return 0
        return 1 if current > position else -1

    def _has(self, current: float, before: float | None, position: float) -> bool:
        """Whether the control has the value: it had it and nothing else moved that, or it comes to it now."""
        if self._set is not None and abs(self._set - current) <= ROUNDING:
            return True
        if self.mode == "scale" and before is not None:
            return abs(before - current) <= ROUNDING
        near = abs(position - current) <= CAUGHT
        return near or (before is not None and min(before, position) <= current <= max(before, position))


def _scaled(before: float, position: float, current: float) -> float:
    """`current`, moved by the control's share of its way to the end that it goes to."""
    if position == before:
        return current
    end = 1.0 if position > before else 0.0
    room, left = abs(end - before), abs(end - current)  # `room` is not 0, as the control has moved there
    moved = min(left / room, STEEPEST) * abs(position - before)
    return end if moved >= left else current + (moved if end else -moved)
