"""MIDI addresses: the one text form of a control's number, in controller files and wherever a control is named.

``cc 74`` · ``cc14 16`` (a pair of control changes, 16 and 48) · ``nrpn 1200`` · ``rpn 0`` · ``note 36`` ·
``aftertouch 36`` (of one note) · ``pressure`` · ``bend``; each with `` channel 3`` behind it for that channel only.
"""

import re
from dataclasses import dataclass
from typing import Literal, Self, cast, get_args

AddressKind = Literal["cc", "cc14", "nrpn", "rpn", "note", "aftertouch", "pressure", "bend"]

HIGHEST: dict[AddressKind, int] = {
    "cc": 127,
    "cc14": 31,  # its fine half is the control change 32 higher
    "nrpn": 16383,
    "rpn": 16383,
    "note": 127,
    "aftertouch": 127,
    "pressure": 0,  # they have no number
    "bend": 0,
}

_TEXT = re.compile(r"([a-z]+(?:14)?)(?: (\d{1,5}))?(?: channel (\d{1,2}))?", re.ASCII)
_EXAMPLES = "'cc 74', 'cc14 16', 'nrpn 1200', 'note 36', 'aftertouch 36', 'pressure' or 'bend'"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a control sends: kind, number, and its channel, 1..16, or 0 for any."""

    kind: AddressKind
    number: int = 0
    channel: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """An address as it is written; ValueError that says what is wrong with it."""
        found = _TEXT.fullmatch(text.strip())
        if found is None or found[1] not in get_args(AddressKind):
            raise ValueError(f"'{text}' is no MIDI address; write {_EXAMPLES}, and ' channel 3' behind it if need be")
        kind = cast(AddressKind, found[1])
        highest = HIGHEST[kind]
        if (found[2] is None) != (highest == 0):
            raise ValueError(f"'{text}': {kind} has {'a' if highest else 'no'} number; write {_EXAMPLES}")
        number, channel = int(found[2] or 0), int(found[3] or 0)
        if number > highest:
            raise ValueError(f"'{text}': the number of {kind} is 0 to {highest}")
        if found[3] is not None and not 1 <= channel <= 16:
            raise ValueError(f"'{text}': a channel is 1 to 16")
        return cls(kind, number, channel)

    def __str__(self) -> str:
        number = f" {self.number}" if HIGHEST[self.kind] else ""
        return f"{self.kind}{number}" + (f" channel {self.channel}" if self.channel else "")

    @property
    def control(self) -> str:
        """What the control is called that no controller file names: ``cc.74``, ``note.36``, ``bend``."""
        return f"{self.kind.removesuffix('14')}.{self.number}" if HIGHEST[self.kind] else self.kind
