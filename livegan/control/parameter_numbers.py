"""Registered and non-registered parameter numbers, RPN and NRPN (MIDI 1.0 Detailed Specification, table 3a)."""

from livegan.control.messages import NRPN_COARSE, NRPN_FINE, RPN_COARSE, RPN_FINE
from livegan.core.midi_address import Address, AddressKind

_SELECTS: dict[int, tuple[AddressKind, int]] = {
    NRPN_FINE: ("nrpn", 1),
    NRPN_COARSE: ("nrpn", 0),
    RPN_FINE: ("rpn", 1),
    RPN_COARSE: ("rpn", 0),
}
SELECTING = frozenset(_SELECTS)
NONE = (127, 127)  # halves of the number that selects nothing


class SelectedParameter:
    """The parameter of one channel that data entry sets: the one selected last."""

    def __init__(self, channel: int) -> None:
        """`channel`: 1..16."""
        self._channel = channel
        self._kind: AddressKind = "nrpn"
        self._halves: list[int | None] = [None, None]  # coarse, fine
        self.time_s = float("-inf")  # when it was selected or set

    def select(self, number: int, value: int, time_s: float) -> None:
        """One of the control changes in `SELECTING`."""
        kind, half = _SELECTS[number]
        if kind != self._kind:
            self._kind, self._halves = kind, [None, None]
        self._halves[half] = value
        self.time_s = time_s

    @property
    def address(self) -> Address | None:
        """Where data entry goes; None if nothing is selected."""
        coarse, fine = self._halves
        if coarse is None or fine is None or (coarse, fine) == NONE:
            return None
        return Address(self._kind, coarse << 7 | fine, self._channel)
