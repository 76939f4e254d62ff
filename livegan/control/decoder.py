"""MIDI message decoder of one port: messages to control events (MIDI 1.0 Detailed Specification, tables 1 and 3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from livegan.control.encoders import TICK, EncoderWatch, steps
from livegan.control.fourteen_bit import FourteenBit, Half
from livegan.control.messages import (
    AFTERTOUCH,
    BEND,
    CONTROL,
    DATA_COARSE,
    DATA_FINE,
    DECREMENT,
    FINE,
    INCREMENT,
    NOTE_OFF,
    NOTE_ON,
    PRESSURE,
    PROGRAM,
)
from livegan.control.parameter_numbers import SELECTING, SelectedParameter
from livegan.core.controller import GENERIC, Controller, Encoding
from livegan.core.events import find_control
from livegan.core.midi_address import Address, AddressKind
from livegan.core.types import ControlEvent

DATA = frozenset((DATA_COARSE, DATA_FINE, INCREMENT, DECREMENT))
MOST_CONTROLS = 4096  # remembered of one port: the oldest is forgotten, and made again when it is moved
SELECTED_S = 0.1  # how long CC 6 is data entry on a controller that has a control of that number


@dataclass(slots=True)
class _Control:
    """Control at one address and channel."""

    name: str
    acts_once: bool
    pair: FourteenBit | None = None
    half: Half = "coarse"
    encoding: Encoding | None = None
    watch: EncoderWatch | None = None  # None: what it is is known
    number: str = ""  # "cc.74", if its name is only the usual one of that


@dataclass(slots=True)
class Decoder:
    """Decoder of what one controller sends; it remembers halves of values, selected parameters and encoders.

    Control change -> its name in the controller's file or ``cc.74``; a pair of them or an NRPN that the file names ->
    14 bits; note -> its name or ``note.36`` with the velocity as value, 0.0 when released; program change 1 ->
    ``scene.1``; pitch bend -> ``bend`` (0.5 at rest); ``pressure``, and ``aftertouch.36`` of one note; a relative
    encoder -> a "turn" of `TICK` a step.
    """

    controller: Controller = GENERIC
    _names: dict[Address, str] = field(init=False)
    _usual: frozenset[Address] = field(init=False)
    _encodings: dict[Address, Encoding] = field(init=False)
    _controls: dict[tuple[AddressKind, int, int], _Control] = field(init=False, default_factory=dict)
    _pairs: dict[tuple[int, int], FourteenBit] = field(init=False, default_factory=dict)  # by channel and number
    _selected: dict[int, SelectedParameter] = field(init=False, default_factory=dict)  # by channel

    def __post_init__(self) -> None:
        self._names, self._usual = self.controller.names, self.controller.usual_addresses
        self._encodings = {Address.parse(text): encoding for text, encoding in self.controller.encoders.items()}

    def decode(self, message: Sequence[int], time_s: float) -> ControlEvent | None:
        """One complete message as an event; None for halves, messages without a meaning here, and garbage."""
        if len(message) < 2 or not 0 <= message[1] <= 127 or (len(message) > 2 and not 0 <= message[2] <= 127):
            return None
        kind, channel, first = message[0] & 0xF0, (message[0] & 0x0F) + 1, message[1]
        if kind == PROGRAM:
            return ControlEvent(time_s, f"scene.{first + 1}", source=self.controller.name)
        if kind == PRESSURE:
            return self._moved("pressure", 0, channel, first / 127, time_s)
        if len(message) < 3:
            return None
        second = message[2]
        if kind == CONTROL:
            return self._control_change(channel, first, second, time_s)
        if kind in (NOTE_ON, NOTE_OFF):
            return self._moved("note", first, channel, second / 127 if kind == NOTE_ON else 0.0, time_s)
        if kind == AFTERTOUCH:
            return self._moved("aftertouch", first, channel, second / 127, time_s)
        if kind == BEND:
            bend = (second << 7 | first) - 8192  # -8192..8191, 0 at rest
            return self._moved("bend", 0, channel, 0.5 + bend / (16382 if bend > 0 else 16384), time_s)
        return None

    def _control_change(self, channel: int, number: int, value: int, time_s: float) -> ControlEvent | None:
        if number in SELECTING and not self._is_named(number, channel):
            self._selection(channel).select(number, value, time_s)
            return None
        if number in DATA and channel in self._selected:
            selected = self._selected[channel]
            address = selected.address
            named = self._is_named(number, channel)
            if address is not None and (not named or time_s - selected.time_s < SELECTED_S):
                selected.time_s = time_s
                return self._data(address, number, value, time_s)
        control = self._at("cc", number, channel)
        if control.pair is not None:
            whole = control.pair.add(control.half, value, time_s)
            return None if whole is None else self._pressed_or_moved(control, whole, time_s)
        if control.watch is not None and not control.watch.see(value):
            control.encoding, control.watch = control.watch.encoding, None
        if control.encoding is not None:
            return self._turned(control, steps(value, control.encoding), time_s)
        return self._pressed_or_moved(control, value / 127, time_s)

    def _data(self, address: Address, number: int, value: int, time_s: float) -> ControlEvent | None:
        """Data entry of a selected parameter."""
        control = self._at(address.kind, address.number, address.channel)
        if number in (INCREMENT, DECREMENT):
            return self._turned(control, 1 if number == INCREMENT else -1, time_s)
        control.pair = control.pair or FourteenBit()
        whole = control.pair.add("coarse" if number == DATA_COARSE else "fine", value, time_s)
        return None if whole is None else self._pressed_or_moved(control, whole, time_s)

    def _moved(self, kind: AddressKind, number: int, channel: int, value: float, time_s: float) -> ControlEvent | None:
        return self._pressed_or_moved(self._at(kind, number, channel), value, time_s)

    def _pressed_or_moved(self, control: _Control, value: float, time_s: float) -> ControlEvent | None:
        """The event, or None for the release of a control that only acts when it is pressed."""
        if value == 0.0 and control.acts_once:
            return None
        return ControlEvent(time_s, control.name, value, source=self.controller.name, number=control.number)

    def _turned(self, control: _Control, ticks: int, time_s: float) -> ControlEvent | None:
        if ticks == 0:
            return None
        source = self.controller.name
        return ControlEvent(time_s, control.name, ticks * TICK, kind="turn", source=source, number=control.number)

    def _selection(self, channel: int) -> SelectedParameter:
        return self._selected.setdefault(channel, SelectedParameter(channel))

    def _is_named(self, number: int, channel: int) -> bool:
        return Address("cc", number) in self._names or Address("cc", number, channel) in self._names

    def _at(self, kind: AddressKind, number: int, channel: int) -> _Control:
        """The control at an address, made when it is first heard of."""
        key = (kind, number, channel)
        control = self._controls.get(key)
        if control is None:
            if len(self._controls) >= MOST_CONTROLS:
                del self._controls[next(iter(self._controls))]
            control = self._controls[key] = self._make(Address(kind, number, channel))
        return control

    def _make(self, address: Address) -> _Control:
        any_channel = replace(address, channel=0)
        if address.kind == "cc":
            fine = address.number >= FINE
            pair = Address("cc14", address.number - FINE if fine else address.number, address.channel)
            named = self._names.get(pair) or self._names.get(replace(pair, channel=0))
            if named is not None:
                joined = self._pairs.setdefault((address.channel, pair.number), FourteenBit())
                return _Control(named, _acts_once(named), joined, "fine" if fine else "coarse")
        at = address if address in self._names else any_channel
        name, number = self._names.get(at, address.control), address.control if at in self._usual else ""
        spec = find_control(name)
        encoding = self._encodings.get(address) or self._encodings.get(any_channel)
        watched = address.kind == "cc" and encoding is None and spec is not None and spec.kind == "value"
        watch = EncoderWatch() if watched else None
        return _Control(name, _acts_once(name), encoding=encoding, watch=watch, number=number)


def _acts_once(name: str) -> bool:
    spec = find_control(name)
    return spec is not None and spec.acts_once
