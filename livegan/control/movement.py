"""Movement detection: which control a hand moves, among jittering potentiometers, clocks and active sensing."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from livegan.control.encoders import MOST_STEPS, steps
from livegan.control.messages import (
    BEND,
    CONTROL,
    DATA_COARSE,
    DATA_FINE,
    DECREMENT,
    FINE,
    INCREMENT,
    NOTE_ON,
    NRPN_FINE,
    PRESSURE,
    RPN_COARSE,
    RPN_FINE,
)
from livegan.core.controller import Encoding
from livegan.core.midi_address import Address

MovedKind = Literal["knob", "button", "encoder"]

WINDOW_S = 2.0  # of messages that count
MOST_VALUES = 64  # kept of one address
MOST_ADDRESSES = 256  # a controller that sends more is playing, not moved
JITTER = 2.5 / 127  # a potentiometer at rest moves less
STRIDE = 8 / 127  # a knob that went so far in two messages was turned
PRESS_S = 0.1  # a note is a pad, unless a knob moves within this: some knobs send notes when they are touched
HELD_S = 0.5  # a lone 127 of a control change is a button after this: an encoder would have sent more
PATIENCE_S = 1.0  # two controls that move alike: after this the larger movement wins
CLEARLY = 2.0  # times as far as every other one

ONE_STEP = (1, 127, 63, 65)  # up or down, in any encoding


@dataclass(frozen=True, slots=True)
class Moved:
    """A control that was moved."""

    port: str
    address: Address  # with its channel
    kind: MovedKind
    encoding: Encoding | None = None  # of an encoder; None: not known before it was turned both ways


@dataclass(slots=True)
class _Trace:
    """What one address has sent lately."""

    full: int
    values: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=MOST_VALUES))
    paired: int = 0  # messages right after those of the controller 32 below
    fine: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=MOST_VALUES))

    def numbers(self) -> list[int]:
        return [value for _, value in self.values]

    @property
    def span(self) -> float:
        """How far it went, as a share of all the way."""
        numbers = [value for _, value in self.fine] if self.is_fine else self.numbers()
        return (max(numbers) - min(numbers)) / (16383 if self.is_fine else self.full)

    @property
    def is_fine(self) -> bool:
        return len(self.fine) >= 2

    def forget_before(self, time_s: float) -> None:
        for values in (self.values, self.fine):
            while values and values[0][0] < time_s:
                values.popleft()


class MovementDetector:
    """Detector of the control that a hand moves, over all ports. Time is an argument; one thread."""

    def __init__(self) -> None:
        self._traces: dict[tuple[str, Address], _Trace] = {}
        self._before: dict[tuple[str, int], tuple[int, int]] = {}  # port and channel -> control change, value
        self._parameter: dict[tuple[str, int], list[int]] = {}  # port, channel -> number: coarse, fine; data; is RPN
        self._since_s: float | None = None  # something has moved since

    def clear(self) -> None:
        """Begin anew."""
        self._traces.clear()
        self._before.clear()
        self._since_s = None

    def hear(self, port: str, message: Sequence[int], now_s: float) -> None:
        """One complete MIDI message; clock, active sensing, garbage and whatever is no control are left out."""
        if not 2 <= len(message) <= 3 or not 0x80 <= message[0] < 0xF0 or not all(0 <= b <= 127 for b in message[1:]):
            return
        kind, channel, first = message[0] & 0xF0, (message[0] & 0x0F) + 1, message[1]
        if kind == PRESSURE:
            self._add(port, Address("pressure", 0, channel), first, 127, now_s)
        elif len(message) < 3:
            return
        elif kind == CONTROL:
            self._control_change(port, channel, first, message[2], now_s)
        elif kind == NOTE_ON and message[2] > 0:
            self._add(port, Address("note", first, channel), message[2], 127, now_s)
        elif kind == BEND:
            self._add(port, Address("bend", 0, channel), message[2] << 7 | first, 16383, now_s)

    def moved(self, now_s: float) -> Moved | None:
        """The control that was moved; None while nothing was, or while it is not clear which."""
        for trace in self._traces.values():
            trace.forget_before(now_s - WINDOW_S)
        self._traces = {key: trace for key, trace in self._traces.items() if trace.values}
        found = sorted(self._found(now_s), key=lambda row: row[0])
        if not found:
            self._since_s = None
            return None
        self._since_s = now_s if self._since_s is None else self._since_s
        second = found[-2][0] if len(found) > 1 else 0.0
        clear = found[-1][0] >= CLEARLY * second or now_s - self._since_s >= PATIENCE_S
        return found[-1][1] if clear else None

    def _found(self, now_s: float) -> Iterator[tuple[float, Moved]]:
        """Every control that was moved for certain, and how far (0..1)."""
        began: dict[str, float] = {}  # port -> when the last knob on it began to move
        for (port, address), trace in self._traces.items():
            kind = _kind(address, trace, now_s)
            if kind is None or address.kind == "note" or self._is_fine_half(port, address):
                continue
            partner = self._traces.get((port, Address("cc", address.number + FINE, address.channel)))
            if partner is not None and partner.paired and not trace.is_fine:
                continue  # the next pair will tell
            began[port] = max(began.get(port, trace.values[0][0]), trace.values[0][0])
            yield self._row(port, address, trace, kind)
        for (port, address), trace in self._traces.items():
            touched = port in began and began[port] >= trace.values[0][0]  # a knob that says so when it is touched
            if address.kind == "note" and not touched and _kind(address, trace, now_s) is not None:
                yield 1.0, Moved(port, address, "button")

    def _row(self, port: str, address: Address, trace: _Trace, kind: MovedKind) -> tuple[float, Moved]:
        weight = trace.span if kind == "knob" else min(1.0, 0.1 * len(trace.values)) if kind == "encoder" else 1.0
        if trace.is_fine:
            address = Address("cc14", address.number, address.channel)
        return weight, Moved(port, address, kind, encoding_of(trace.numbers()) if kind == "encoder" else None)

    def _is_fine_half(self, port: str, address: Address) -> bool:
        """Whether this is the lower half of a 14 bit control."""
        if address.kind != "cc" or not FINE <= address.number < 2 * FINE:
            return False
        trace = self._traces[port, address]
        return trace.paired >= 2 and 2 * trace.paired >= len(trace.values)

    def _control_change(self, port: str, channel: int, number: int, value: int, now_s: float) -> None:
        before, self._before[port, channel] = self._before.get((port, channel)), (number, value)
        state = self._parameter.setdefault((port, channel), [-1, -1, 0, 0])
        if NRPN_FINE <= number <= RPN_COARSE:
            registered = number >= RPN_FINE
            state[:2] = state[:2] if state[3] == registered else (-1, -1)
            state[3] = int(registered)
            state[number in (NRPN_FINE, RPN_FINE)] = value
            return
        if min(state[:2]) >= 0 and state[:2] != [127, 127] and number in (DATA_COARSE, DATA_FINE, INCREMENT, DECREMENT):
            address = Address("rpn" if state[3] else "nrpn", state[0] << 7 | state[1], channel)
            if number in (INCREMENT, DECREMENT):
                self._add(port, address, 1 if number == INCREMENT else 127, 127, now_s)
                return
            state[2] = value if number == DATA_COARSE else state[2]
            fine = value if number == DATA_FINE else 0
            self._add(port, address, state[2] << 7 | fine, 16383, now_s)
            return
        trace = self._add(port, Address("cc", number, channel), value, 127, now_s)
        if before is not None and FINE <= number < 2 * FINE and before[0] == number - FINE:
            trace.paired += 1
            coarse = self._traces.get((port, Address("cc", number - FINE, channel)))
            if coarse is not None:
                coarse.fine.append((now_s, before[1] << 7 | value))

    def _add(self, port: str, address: Address, value: int, full: int, now_s: float) -> _Trace:
        if (port, address) not in self._traces and len(self._traces) >= MOST_ADDRESSES:
            self._traces.pop(next(iter(self._traces)))
        trace = self._traces.setdefault((port, address), _Trace(full))
        trace.values.append((now_s, value))
        return trace


def _kind(address: Address, trace: _Trace, now_s: float) -> MovedKind | None:
    """What kind of control this is, if it was moved for certain."""
    last_s = trace.values[-1][0]
    numbers = trace.numbers()
    if address.kind == "note":
        return "button" if now_s - last_s >= PRESS_S or len(numbers) > 1 else None
    if address.kind in ("bend", "pressure"):
        return "knob" if trace.span > 0.1 else None
    if is_relative(numbers) and not trace.is_fine:
        return "encoder"
    if set(numbers) <= {0, 127}:
        let_go = numbers[-2:] == [127, 0]
        alone = numbers == [127] and now_s - last_s >= HELD_S  # a 0 alone is a knob that rests at its end
        return "button" if let_go or alone else None
    if trace.span > JITTER and (len(numbers) >= 3 or trace.span >= STRIDE):
        return "knob"
    return None


def is_relative(numbers: Sequence[int]) -> bool:
    """Whether these values of a control change are steps: a position is not sent thrice in a row, a single step is."""
    if 0 in numbers or 64 in numbers:
        return False
    return any(
        first == second == third and first in ONE_STEP
        for first, second, third in zip(numbers, numbers[1:], numbers[2:], strict=False)
    )


def encoding_of(numbers: Sequence[int]) -> Encoding | None:
    """The one encoding in which these steps of an encoder go both ways and are small; None if it cannot be told."""
    fitting = [each for each in get_args(Encoding) if _goes_both_ways([steps(number, each) for number in numbers])]
    return fitting[0] if len(fitting) == 1 else None


def _goes_both_ways(moves: Sequence[int]) -> bool:
    return min(moves) < 0 < max(moves) and all(0 < abs(move) <= MOST_STEPS for move in moves)
