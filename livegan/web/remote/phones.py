"""Connected phones: each has a bounded place for what waits to be sent to it, where the newest replaces the older.

A slow reader therefore gets fewer pictures, never later ones, and costs no memory. Those who touched something last get
everything; all others share what is left (`SHARED_S`), so that a hundred of them cost no more than eight.
"""

import asyncio
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeGuard

from aiohttp import WSMsgType, web

from livegan.core.token_bucket import TokenBucket
from livegan.web.remote.limits import TouchTime
from livegan.web.remote.messages import NOW, PREVIEW, TABLE, json_object

MAX_PHONES = 128  # of more, the one that was idle longest is cut
MAX_MESSAGE_BYTES = 4096
MAX_TEXT = 200  # letters of words
MAX_SETS = 64  # sliders whose newest values wait
SETS_S = 1 / 60  # between two times they are passed on
MAX_DONE = 16  # touches in one message
PROMPT_PHONES = 8  # those who touched something last get everything
SHARED_S = {NOW: 0.01, PREVIEW: 0.025}  # for each of the others: between two messages, times how many they are
SEND_BUFFER = 32768  # bytes, in the process and in the system: what is sent and not read grows old there
BEAT_S = 10.0  # a phone that does not answer for so long is gone
ORDER = (TABLE, NOW, PREVIEW)
NAME = re.compile(r"[a-z0-9][a-z0-9._:\[\]-]{0,63}", re.ASCII)
VERBS = {"set": (str, float), "release": (str,), "press": (str,), "switch": (str, float), "words": (str,)}

"""What may be done, and its values: ["set", name, 0..1], ["press", name], ["switch", name, 0 or 1], ["words", text]"""


class Phone:
    """One connection of a phone's page."""

    def __init__(self, channel: web.WebSocketResponse, transport: asyncio.Transport | None, now_s: float) -> None:
        self.channel, self.transport = channel, transport
        self.touched_s = now_s  # when something was last done on it
        self.seeing = True  # whether it shows the preview
        self.messages = TokenBucket(90, 180)
        self.touches = TokenBucket(20, 40)
        self.time = TouchTime()
        self.due_s: dict[bytes, float] = {}  # when the next message of a kind may go to it
        self._waiting: dict[bytes, bytes] = {}
        self._filled = asyncio.Event()

    def offer(self, kind: bytes, payload: bytes) -> None:
        """Send this next, in place of what waits of the same kind."""
        self._waiting[kind] = payload
        self._filled.set()

    async def send(self) -> None:
        """Send what waits, for ever; it waits here for a slow reader."""
        while not self.channel.closed:
            await self._filled.wait()
            kind = next((kind for kind in ORDER if kind in self._waiting), None)
            if kind is None:
                self._filled.clear()
                continue
            payload = self._waiting.pop(kind)
            await (self.channel.send_bytes(payload) if kind == PREVIEW else self.channel.send_str(payload.decode()))


class Phones:
    """All phones; one event loop's."""

    def __init__(self, tell: Callable[[dict[str, Any]], None], now: Callable[[], float]) -> None:
        """`tell` gets what is for the show, and never waits."""
        self._tell, self._now = tell, now
        self._phones: list[Phone] = []
        self._newest: dict[bytes, bytes] = {}
        self._touches = TokenBucket(60, 120)  # of all phones
        self._told: tuple[int, int] = (0, 0)
        self._sets: dict[str, list[Any]] = {}  # the newest of each slider, until they are passed on
        self._passing: asyncio.TimerHandle | None = None
        self._passed_s = float("-inf")

    def __len__(self) -> int:
        return len(self._phones)

    def publish(self, kind: bytes, payload: bytes) -> None:
        """Offer what the show says to every phone whose turn it is."""
        self._newest[kind] = payload
        now_s = self._now()
        first = sorted(self._phones, key=lambda phone: -phone.touched_s)[:PROMPT_PHONES]
        others = len(self._phones) - len(first)
        for phone in self._phones:
            if kind == PREVIEW and not phone.seeing:
                continue
            if kind not in SHARED_S or phone in first:
                phone.offer(kind, payload)
            elif now_s >= phone.due_s.get(kind, 0.0):
                phone.due_s[kind] = now_s + others * SHARED_S[kind]
                phone.offer(kind, payload)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """The WebSocket of one phone, until it ends."""
        channel = web.WebSocketResponse(
            heartbeat=BEAT_S,
            autoping=False,
            max_msg_size=MAX_MESSAGE_BYTES,
            compress=False,
            timeout=1.0,
            writer_limit=0,
        )  # limit 0: whoever sends waits until all but `SEND_BUFFER` of it is gone
        await channel.prepare(request)
        _bound_buffers(request.transport)
        phone = Phone(channel, request.transport, self._now())
        self._make_room()
        self._phones.append(phone)
        self._tell_count()
        for kind, payload in self._newest.items():
            phone.offer(kind, payload)
        sending = asyncio.create_task(phone.send())
        try:
            async for message in channel:
                if message.type not in (WSMsgType.TEXT, WSMsgType.PONG) or not phone.messages.take(self._now()):
                    break  # nothing of ours sends these, or so many
                if message.type == WSMsgType.TEXT:
                    self._heard(phone, message.data)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await sending
            if phone in self._phones:
                self._phones.remove(phone)
            if not self._phones:  # what is told while nobody looks is old for the next one
                self._newest = {kind: newest for kind, newest in self._newest.items() if kind == TABLE}
            self._tell_count()
        return channel

    def _make_room(self) -> None:
        """Cut the phone that was idle longest, where there are too many."""
        if len(self._phones) >= MAX_PHONES:
            idle = min(self._phones, key=lambda phone: phone.touched_s)
            self._phones.remove(idle)
            if idle.transport is not None:
                idle.transport.abort()

    def _tell_count(self) -> None:
        count = len(self._phones), sum(phone.seeing for phone in self._phones)
        if count != self._told:
            self._told = count
            self._tell({"phones": count[0], "seeing": count[1]})

    def _heard(self, phone: Phone, text: str) -> None:
        """Pass on what a message says was done; what is none of ours is left out."""
        message, now_s = json_object(text), self._now()
        sent_ms, done, see = message.get("t"), message.get("do", []), message.get("see")
        at_s = phone.time.at(float(sent_ms) / 1e3, now_s) if is_number(sent_ms) else now_s
        if isinstance(see, bool):
            phone.seeing = see
            self._tell_count()
        if not isinstance(done, list):
            return
        passed = [touch for touch in done[:MAX_DONE] if is_touch(touch)]
        if passed:
            phone.touched_s = now_s
        now = []
        for touch in passed:
            if touch[0] == "set":
                self._sets.pop(touch[1], None)
                self._sets[touch[1]] = touch
            elif phone.touches.take(now_s) and self._touches.take(now_s):
                now.append(touch)
        if now:
            self._tell({"at": at_s, "do": now})
        if self._sets and self._passing is None:
            wait_s = max(0.0, self._passed_s + SETS_S - now_s)
            self._passing = asyncio.get_running_loop().call_later(wait_s, self._pass_sets)

    def _pass_sets(self) -> None:
        """Pass the sliders' newest values on."""
        self._passing, self._passed_s = None, self._now()
        sets, self._sets = list(self._sets.values())[-MAX_SETS:], {}
        self._tell({"at": self._passed_s, "do": sets})


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a finite number of a usual size, and not true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e15 < value < 1e15


def is_touch(touch: object) -> bool:
    """Whether it has the form of something that is done on a phone; its name may still mean nothing."""
    if not isinstance(touch, list) or not touch or not isinstance(touch[0], str):
        return False
    verb, *values = touch
    kinds = VERBS.get(verb)
    if kinds is None or len(kinds) != len(values):
        return False
    for kind, value in zip(kinds, values, strict=True):
        if kind is float and not (is_number(value) and 0 <= value <= 1):
            return False
        if kind is str and not isinstance(value, str):
            return False
    return len(values[0]) <= MAX_TEXT if verb == "words" else NAME.fullmatch(values[0]) is not None


def _bound_buffers(transport: asyncio.Transport | None) -> None:
    """Little room for what is sent and not read, in the process and in the system."""
    if transport is None:
        return
    transport.set_write_buffer_limits(high=SEND_BUFFER)
    own = transport.get_extra_info("socket")
    if own is not None:
        with suppress(OSError):
            own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
