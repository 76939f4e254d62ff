"""MIDI message parser: messages to control events (MIDI 1.0 Detailed Specification, table 1)."""

from collections.abc import Sequence

from livegan.core.controller import GENERIC, Controller
from livegan.core.events import find_control
from livegan.core.types import ControlEvent

NOTE_OFF, NOTE_ON, CONTROL, PROGRAM, PRESSURE, BEND = 0x80, 0x90, 0xB0, 0xC0, 0xD0, 0xE0


def translate(message: Sequence[int], time_s: float, controller: Controller = GENERIC) -> ControlEvent | None:
    """One complete MIDI message as an event with a value of 0..1; None for messages without a meaning here and garbage.

    Control change -> its knob's name or ``cc.74``; note -> its pad's name or ``note.36`` with the velocity as value,
    0.0 when released; program change 1 -> ``scene.1``; pitch bend -> ``bend`` (0.5 at rest); channel pressure ->
    ``pressure``.
    """
    if len(message) < 2 or not all(0 <= byte <= 127 for byte in message[1:3]):
        return None
    kind, first = message[0] & 0xF0, message[1]
    second = message[2] if len(message) > 2 else None
    if kind == PROGRAM:
        return ControlEvent(time_s, f"scene.{first + 1}")
    if kind == PRESSURE:
        return ControlEvent(time_s, "pressure", first / 127)
    if second is None:
        return None
    if kind == CONTROL:
        return _pressed_or_moved(time_s, controller.knobs.get(first, f"cc.{first}"), second / 127)
    if kind in (NOTE_ON, NOTE_OFF):
        value = second / 127 if kind == NOTE_ON else 0.0
        return _pressed_or_moved(time_s, controller.pads.get(first, f"note.{first}"), value)
    if kind == BEND:
        bend = (second << 7 | first) - 8192  # -8192..8191, 0 at rest
        return ControlEvent(time_s, "bend", 0.5 + bend / (16382 if bend > 0 else 16384))
    return None


def _pressed_or_moved(time_s: float, name: str, value: float) -> ControlEvent | None:
    """The event, or None for the release of a control that only acts when it is pressed."""
    spec = find_control(name)
    if value == 0.0 and spec is not None and spec.acts_once:
        return None
    return ControlEvent(time_s, name, value)
