"""Ableton Link: the tempo, beat and bar of a session on the local network, followed or led (aalink, extra `link`)."""

import asyncio
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from livegan.core.beat_line import MAX_BPM, MIN_BPM, BeatLine
from livegan.errors import DeviceError

QUANTUM = 4  # beats of a bar, whose beginning all peers share
POLL_S = 0.02  # between two looks at the session; between them the beat goes on at its tempo
STALE_S = 1.0  # without a look for so long, nothing is known
SURE_S = 0.0005  # beat and time are read so near each other, or once more
TRIES = 4
LEAD_S = 0.5  # between two corrections of a session that is led
LEAD_BPM, LEAD_BEATS = 0.05, 0.06  # smaller differences are none
MISSING = "Ableton Link needs aalink; type: pip install 'livegan[link]'"

Wish = Callable[[], BeatLine | None]  # the beat that a session that is led should have; None while there is none


class LinkSession(Protocol):
    """What is needed of aalink.Link."""

    enabled: bool
    quantum: float
    tempo: float
    start_stop_sync_enabled: bool

    @property
    def num_peers(self) -> int: ...

    @property
    def beat(self) -> float: ...

    @property
    def playing(self) -> bool: ...

    def force_beat(self, beat: float, /) -> None: ...


def open_session(bpm: float) -> LinkSession:
    """A session that nobody sees before it is enabled. DeviceError where aalink is missing."""
    check_link()

    async def make() -> Any:
        return import_module("aalink").Link(bpm)

    session: LinkSession = asyncio.run(make())
    return session


def check_link() -> None:
    """DeviceError where aalink is missing."""
    try:
        import_module("aalink")
    except ImportError as error:
        raise DeviceError(MISSING) from error


def link_text() -> str:
    """One line for lists of devices: whether Link can be followed here, and what to type."""
    return "`livegan play --link` follows it" if find_spec("aalink") else MISSING


class LinkClock:
    """Beat clock of a Link session with others. `poll` is for one thread; `line` may be read by any."""

    def __init__(
        self,
        now: Callable[[], float],
        *,
        lead: Wish | None = None,
        open_: Callable[[float], LinkSession] = open_session,
    ) -> None:
        """`now`: the clock of the show; `lead`: give the session this beat instead of following it."""
        self._now, self._lead, self._open = now, lead, open_
        self._session: LinkSession | None = None
        self._line: BeatLine | None = None
        self._led_s = float("-inf")
        self._has_played = False
        self.peers = 0

    @property
    def status(self) -> str:
        """One line: who is there."""
        return "Link: " + ("off" if self._session is None else _peers(self.peers))

    @property
    def notice(self) -> str:
        """That nobody else is there; "" otherwise."""
        return "" if self.peers or self._session is None else "Link: nobody else is on this network"

    def start(self) -> None:
        """Join the session on the local network, or open one."""
        session = self._open(120.0)
        session.quantum = QUANTUM
        session.start_stop_sync_enabled = True
        session.enabled = True
        self._session = session

    def poll(self, now_s: float) -> float:
        """Look at the session; the seconds until the next look."""
        session = self._session
        if session is not None:
            self.peers = session.num_peers
            line = self._read(session)
            if self._lead is not None:
                self._lead_to(session, line, now_s)
            self._line = line if self.peers else None
        return POLL_S

    def line(self, time_s: float) -> BeatLine | None:
        """The beat around `time_s`; None while nobody else is in the session."""
        line = self._line
        return line if line is not None and time_s - line.time_s < STALE_S else None

    def stop(self) -> None:
        """Leave the session. Idempotent."""
        session, self._session = self._session, None
        self._line, self.peers = None, 0
        if session is not None:
            session.enabled = False

    def _read(self, session: LinkSession) -> BeatLine:
        """The beat with the moment at which it was asked for, the closest of a few tries."""
        best_s = time_s = beat = 0.0
        for attempt in range(TRIES):
            before_s = self._now()
            read = session.beat
            after_s = self._now()
            if not attempt or after_s - before_s < best_s:
                best_s, time_s, beat = after_s - before_s, 0.5 * (before_s + after_s), read
            if best_s < SURE_S:
                break
        self._has_played = self._has_played or session.playing
        playing = session.playing or not self._has_played  # who does not share starts and stops says nothing
        bpm = min(max(session.tempo, MIN_BPM), MAX_BPM)
        return BeatLine(time_s, beat, bpm, f"Link, {_peers(self.peers)}", QUANTUM, playing)

    def _lead_to(self, session: LinkSession, line: BeatLine, now_s: float) -> None:
        """Now and then, give the session the tempo and the place in the bar that are wished for."""
        wish = self._lead() if self._lead is not None else None
        if wish is None or now_s - self._led_s < LEAD_S:
            return
        self._led_s = now_s
        if abs(wish.bpm - line.bpm) > LEAD_BPM:
            session.tempo = min(max(wish.bpm, MIN_BPM), MAX_BPM)
        away = wish.beats_at(now_s) - line.beats_at(now_s)
        away = (away + QUANTUM / 2) % QUANTUM - QUANTUM / 2
        if abs(away) > LEAD_BEATS:
            session.force_beat(line.beats_at(self._now()) + away)


def _peers(count: int) -> str:
    return f"{count} peer" if count == 1 else f"{count or 'no'} peers"
