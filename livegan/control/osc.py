"""OSC server: UDP messages in, control events out; questions are answered, changes sent as feedback (python-osc).

One thread owns the socket. What floods in is coalesced: between two flushes the newest value of each address counts,
and a bounded number of presses. Whatever a datagram holds, it is read in bounded time and never evaluated.
"""

import errno
import select
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from livegan.control.coalesce import Coalescer
from livegan.control.osc_address import is_pattern
from livegan.control.osc_feedback import OscFeedback
from livegan.control.osc_packet import Message, Value, messages_of, packet
from livegan.control.osc_space import Answer, OscMethod
from livegan.control.osc_state import LiveSpace, ShowView
from livegan.control.source import SendEvent
from livegan.core.clock import wall_time
from livegan.core.files import reason_of
from livegan.core.registry import nearest
from livegan.core.socket_address import LOOPBACK
from livegan.core.text import printable
from livegan.core.token_bucket import TokenBucket
from livegan.core.types import ControlEvent, PromptEvent

PORT = 9000
PAUSE_S = 0.004  # after datagrams came: what comes meanwhile is read together
FLOOD_S, MANY = 0.012, 16  # after so many, still less than a frame
IDLE_S = 0.1  # that the thread waits for a datagram, before it looks whether the show has ended
MOST_READ = 1000  # datagrams of one poll
RETRY_S = 2.0  # while the port is taken
HINT_S = 10.0  # between two hints about addresses that do not exist
DATAGRAM = 65536
ROOM = 1 << 20  # bytes of datagrams that the system keeps, where it allows so many

Sender = tuple[str, int]


class OscServer:
    """Control source for OSC over UDP."""

    def __init__(
        self,
        send: SendEvent,
        ask: Callable[[PromptEvent], object],
        board: Callable[[], ShowView | None],
        window: Callable[[], Mapping[str, float]],
        *,
        host: str = LOOPBACK,
        port: int = PORT,
        targets: Sequence[Sender] = (),
        now: Callable[[], float] = wall_time,
    ) -> None:
        """`ask` takes words; `board` gives the newest snapshot, `window` the states of its controls. Opens nothing.

        `targets` get feedback; `now` stamps events [s on the show's clock].
        """
        self.host, self.port = host, port
        self.received = self.refused = 0  # datagrams; messages without a meaning here, and pieces that are none
        self.status = ""  # or where it listens
        self._ask, self._now = ask, now
        self._live = LiveSpace(board, window)
        self._events = Coalescer(send)
        self._feedback = OscFeedback(targets, self._send_to)
        self._socket: socket.socket | None = None
        self._buffer = memoryview(bytearray(DATAGRAM))
        self._retry_s = 0.0
        self._moved: dict[str, tuple[Value, float]] = {}  # address -> what was set, and when
        self._words: PromptEvent | None = None
        self._answers, self._patterns, self._asks = TokenBucket(100, 50), TokenBucket(10, 20), TokenBucket(2, 4)
        self._trouble, self._hint, self._hint_due_s = "", "", float("-inf")

    @property
    def notice(self) -> str:
        """What is wrong, in one line, or "". It never quotes what came in."""
        return self._trouble or (self._hint if self._now() < self._hint_due_s else "")

    def start(self, now_s: float) -> None:
        """Open the port; one that is taken is no error, and is tried again."""
        self._open(now_s)

    def poll(self, now_s: float) -> float:
        """Wait shortly for datagrams, read all that came, send events and feedback; seconds until the next poll."""
        if self._socket is None:
            if now_s < self._retry_s:
                return IDLE_S
            self._open(now_s)
            return 0.0 if self._socket is not None else IDLE_S
        board, wait_s = self._live.board, IDLE_S
        if board is not None and self._feedback.targets:
            wait_s = self._feedback.step(now_s, board, self._live.values)
        came = self._read(min(wait_s, PAUSE_S if len(self._events) else IDLE_S))
        self.flush()
        return FLOOD_S if came > MANY else PAUSE_S if came else 0.0

    def stop(self) -> None:
        """Close the port. Idempotent."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self.status, self._trouble = None, "", ""

    def receive_all(self, came: Sequence[tuple[bytes, Sender]], now_s: float) -> None:
        """Take datagrams that came together; of those that set one value the newest is read alone."""
        values, seen = self._live.space.value_heads, set[bytes]()
        kept = []
        for datagram, sender in reversed(came):
            head = datagram[: datagram.find(b",") + 2]  # a comma is no part of an address: up to the first type tag
            if head in values:
                if head in seen:
                    self.received += 1
                    continue
                seen.add(head)
            kept.append((datagram, sender))
        for datagram, sender in reversed(kept):
            self.receive(datagram, sender, now_s)

    def receive(self, datagram: bytes, sender: Sender | None, now_s: float) -> None:
        """Take one datagram; questions are answered to `sender`."""
        self.received += 1
        messages, broken = messages_of(datagram)
        self.refused += broken
        space = self._live.space
        for message in messages:
            if is_pattern(message.address):
                for reached in self._matched(message.address, now_s):
                    self._take(reached, message, None, now_s)
                continue
            method = space.find(message.address)
            if method is None:
                self.refused += 1
                self._advise(message.address, now_s)
            elif not self._live.means_something(method):
                self.refused += 1
            else:
                self._take(method, message, sender, now_s)

    def flush(self) -> None:
        """Send the events that wait, and the newest words."""
        self._events.flush()
        if self._words is not None and self._asks.take(self._now()):
            self._ask(self._words)
            self._words = None

    def _open(self, now_s: float) -> None:
        try:
            self._socket = _bound(self.host, self.port)
        except OSError as error:
            self._retry_s = now_s + RETRY_S
            self._trouble = f"OSC: no messages, port {self.port} of {self.host} cannot be used ({_reason(error)})"
            return
        if self._feedback.targets:  # the venue may name a broadcast address: then everybody is meant
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._trouble = ""
        self.port = self._socket.getsockname()[1]
        self.status = f"OSC: {self.host}:{self.port}"

    def _read(self, wait_s: float) -> int:
        """Read every datagram that is there, after at most `wait_s`; how many there were, and errors."""
        if self._socket is None or not self._is_readable(self._socket, wait_s):
            return 0
        came: list[tuple[bytes, Sender]] = []
        errors = 0
        while len(came) < MOST_READ and errors < MANY:
            try:
                length, sender = self._socket.recvfrom_into(self._buffer)
            except BlockingIOError:
                break
            except OSError:  # on Windows, that an answer did not arrive, or that a datagram is too long
                errors += 1
                continue
            came.append((bytes(self._buffer[:length]), sender))
        self.receive_all(came, self._now())
        return len(came) + errors

    def _is_readable(self, opened: socket.socket, wait_s: float) -> bool:
        """Whether a datagram has come; a socket that the system has taken away is opened again at the next poll."""
        try:
            return bool(select.select([opened], [], [], wait_s)[0])
        except (OSError, ValueError):
            with suppress(OSError):
                opened.close()
            self._socket, self.status, self._retry_s = None, "", 0.0
            return False

    def _take(self, method: OscMethod, message: Message, sender: Sender | None, now_s: float) -> None:
        """Do what a message to a method means; without a sender nothing is answered."""
        if method.address == "/sync":
            self._feedback.forget()
            return
        asks = not any(argument is not None for argument in message.arguments)
        meaning = self._live.space.meaning(method, message.arguments, self._current(method) if asks else {}, now_s)
        if isinstance(meaning, Answer):
            if sender is not None and self._answers.take(now_s):
                self._send_to(packet(*meaning), sender)
        elif isinstance(meaning, PromptEvent):
            self._words = meaning
        elif meaning is not None:
            self._events.put(meaning, every=asks or method.kind in ("trigger", "held", "scene", "cue"))
            self._remember(method, meaning, now_s)
        elif not (method.kind == "trigger" and message.arguments):  # a button that is let go is fine
            self.refused += 1
            if not asks and not is_pattern(message.address):
                self._warn(method, now_s)

    def _warn(self, method: OscMethod, now_s: float) -> None:
        """Once in a while, say what an address that exists cannot do with what it was sent."""
        if now_s >= self._hint_due_s:
            wanted = "names no scene of this show" if method.kind in ("scene", "cue") else "got no value that it takes"
            self._hint, self._hint_due_s = f"OSC: {printable(method.address, 60)} {wanted}", now_s + HINT_S

    def _remember(self, method: OscMethod, event: ControlEvent, now_s: float) -> None:
        """A question that follows at once is answered with what was set, and a slider is not sent its own move."""
        self._feedback.heard(method.address, now_s)
        if method.kind in ("parameter", "value") and event.kind == "move":
            value = method.low + event.value * (method.high - method.low)
            self._moved[method.address] = round(value) if method.types == "i" else value, now_s
        else:
            self._moved.pop(method.address.removeprefix("/reset"), None)

    def _matched(self, pattern: str, now_s: float) -> list[OscMethod]:
        space = self._live.space
        known = space.matched(pattern)
        if known is None and self._patterns.take(now_s):
            known = space.match(pattern)
        if not known:
            self.refused += 1
        return known or []

    def _advise(self, address: str, now_s: float) -> None:
        """Once in a while, show the address that exists and is most like one that does not."""
        if now_s >= self._hint_due_s:
            close = nearest(address, self._live.space.methods)
            self._hint = f"OSC: a message to an address that is not there; nearest: {close}" if close else ""
            self._hint_due_s = now_s + HINT_S

    def _current(self, method: OscMethod) -> Mapping[str, Value]:
        """The value of a method now, by its address."""
        board, moved = self._live.board, self._moved.get(method.address)
        if board is not None and moved is not None and moved[1] > board.time_s:
            return {method.address: moved[0]}
        return self._live.values

    def _send_to(self, data: bytes, target: Sender) -> None:
        """One datagram; one that cannot be sent is forgotten."""
        if self._socket is not None and data:
            with suppress(OSError):
                self._socket.sendto(data, target)


def port_problem(host: str, port: int) -> str:
    """Why no OSC can come in there now; "" if it can."""
    try:
        _bound(host, port).close()
    except OSError as error:
        return _reason(error)
    return ""


def _bound(host: str, port: int) -> socket.socket:
    """A socket that receives there and never waits; OSError if that cannot be."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        with suppress(OSError):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        made.setblocking(False)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


def _reason(error: OSError) -> str:
    return "another program has it" if error.errno == errno.EADDRINUSE else reason_of(error)
