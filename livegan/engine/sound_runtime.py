"""Sound runtime: opens a sound source and services, polls each on a thread of its own, and joins every thread."""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Self

from livegan.audio.composed import MusicSource
from livegan.audio.file import FileSource
from livegan.audio.monitor import Monitor
from livegan.audio.source import Source
from livegan.config.venue import AudioTable
from livegan.core import garbage
from livegan.core.clock import Clock
from livegan.core.guard import Guard
from livegan.core.priority import prefer_thread
from livegan.core.time_limit import within

SWITCH_S = 0.0005  # how long a Python thread may keep the others (the audio callback!) waiting
JOIN_S = 1.5
STOP_S = 12.0  # for a service to get on with what it holds; on a disk that hangs the show ends without it
LEAD_S = 0.5  # of music that livegan plays, before its first note: by then all that play it have their threads
PREFERRED = ("audio", "listening", "midi-out", "clock-out")  # they run before those that draw, where that is permitted

Poll = Callable[[float], float]  # do what is due; seconds until it is due again


def _do_nothing() -> None:
    pass


def _no_notice() -> str:
    return ""


def _no_progress() -> object:
    return None


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the show: started before it, polled on a thread of its own, stopped after it."""

    name: str  # of the thread
    start: Callable[[], None] = _do_nothing
    poll: Poll | None = None
    stop: Callable[[], None] = _do_nothing
    notice: Callable[[], str] = _no_notice  # "", or what is wrong in one line
    status: Callable[[], str] = _no_notice  # "", or what it is connected to in one line: "MIDI: nanoKONTROL2"
    progress: Callable[[], object] = _no_progress  # changes while `stop` gets on with long work


def monitor_service(table: AudioTable, source: Source) -> Iterator[Service]:
    """Plays a song through the speakers while it is heard."""
    if table.monitor and isinstance(source, FileSource | MusicSource):
        monitor = Monitor(source)
        yield Service("monitor", start=monitor.start, stop=monitor.stop, notice=lambda: monitor.notice)


class SoundRuntime:
    """``with SoundRuntime(...) as sound:`` fills the ring of a source until the block ends.

    The one owner of threads: what else runs beside the sound (`Runtime`: a show) extends it.
    """

    def __init__(
        self, source: Source, clock: Clock, guard: Guard, services: Sequence[Service] = (), *, join_s: float = JOIN_S
    ) -> None:
        """Nothing starts before the ``with``.

        At the end all threads together get `join_s` to finish; `stuck` names those that did not.
        """
        self.source = source
        self.start_s = 0.0  # by the clock, once it has begun
        self._clock, self._guard, self._services = clock, guard, [*services]
        self._stop, self._join_s = threading.Event(), join_s
        self._opened = ExitStack()
        self._threads: list[threading.Thread] = []

    @property
    def clock(self) -> Clock:
        """The clock of everything in it."""
        return self._clock

    @staticmethod
    def stuck() -> list[str]:
        """Threads that did not end with the block: a hung driver holds them, and would hold our exit too."""
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("livegan-")]

    def add(self, service: Service) -> None:
        """One more service, before the ``with``."""
        self._services.append(service)

    def __enter__(self) -> Self:
        """Open the sound, then the services, then start every thread. If one cannot be opened, none stays open."""
        with ExitStack() as opening:
            self.start_s = self._clock.now()
            opening.callback(self._close_music)
            opening.callback(self.source.stop)
            lead_s = LEAD_S if isinstance(self.source, MusicSource) else 0.0
            self.source.start(self.start_s + lead_s)
            self._open(opening)
            for service in self._services:
                opening.callback(within, STOP_S, service.stop, f"{service.name}-end", service.progress)
                service.start()
            opening.callback(sys.setswitchinterval, sys.getswitchinterval())
            sys.setswitchinterval(SWITCH_S)
            garbage.freeze()
            opening.callback(garbage.thaw)
            opening.callback(self._join)
            for name, body in self._bodies():
                thread = threading.Thread(target=body, name=f"livegan-{name}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop and join every thread, then close what was opened, the last first; one that fails holds up no other."""
        self._opened.close()

    def _open(self, opening: ExitStack) -> None:
        """What else is opened between the sound and the services."""

    def _bodies(self) -> list[tuple[str, Callable[[], None]]]:
        """Every thread: its name, and what it does until `_stop` is set."""
        polls: list[tuple[str, Poll]] = [("audio", self.source.poll)]
        polls += [(service.name, service.poll) for service in self._services if service.poll is not None]
        return [self._polled(name, poll) for name, poll in polls]

    def _polled(self, name: str, poll: Poll) -> tuple[str, Callable[[], None]]:
        return name, partial(self._run_poll, name, poll)

    def _run_poll(self, name: str, poll: Poll) -> None:
        if name in PREFERRED:
            prefer_thread()
        while not self._stop.is_set():
            wait_s = self._guard(name, lambda: poll(self._clock.now()), 0.5)
            if wait_s > 0:
                self._stop.wait(wait_s)

    def _close_music(self) -> None:
        """Free the instrument of music, unless a thread that did not end may still play it."""
        held = any(thread.name == "livegan-audio" and thread.is_alive() for thread in self._threads)
        if isinstance(self.source, MusicSource) and not held:
            self.source.close()

    def _join(self) -> None:
        self._stop.set()
        end_s = self._clock.now() + self._join_s
        for thread in self._threads:
            thread.join(max(0.0, end_s - self._clock.now()))
