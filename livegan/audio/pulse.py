"""Routing of PulseAudio and PipeWire: from which source the server gives this process its sound.

A server whose source is pulled out moves the stream to another source and tells nobody: the stream goes on, with the
sound of another microphone. `pactl` (pulseaudio-utils) knows; where it is missing, nothing is known.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass

from livegan.audio.subprocess_query import SubprocessQuery

EVERY_S = 1.0  # at most
EVENTS = ("env", "LC_ALL=C", "pactl", "subscribe")
STREAMS = ("pactl", "-f", "json", "list", "source-outputs")
SOURCES = ("pactl", "list", "short", "sources")


@dataclass(frozen=True, slots=True)
class Route:
    """Where the sound comes from now."""

    source: str  # the server's name of it: "alsa_input.usb-Scarlett"
    sources: frozenset[str]  # all there are


class PulseRouting:
    """Asks the server where our sound comes from whenever it says that something has changed. For one thread."""

    def __init__(self, process: int = 0) -> None:
        """`process`: the number of the process whose sound it is; 0 is this one."""
        self._process = str(process or os.getpid())
        there = shutil.which("pactl") is not None
        self._queries = [SubprocessQuery(command, EVERY_S) for command in (STREAMS, SOURCES)] if there else []
        self._answers = ["", ""]
        self._events: subprocess.Popen[bytes] | None = None
        self._began_s = float("-inf")  # when it last began to listen to the server
        self._changed = True

    def poll(self, now_s: float) -> Route | None:
        """A route that has just been learned, else None. Never waits."""
        if not self._queries:
            return None
        self._changed = self._hears_change(now_s) or self._changed
        if self._changed:
            answers = [query.poll(now_s) for query in self._queries]
            self._answers = [new or old for new, old in zip(answers, self._answers, strict=True)]
        if not all(self._answers):
            return None
        streams, sources = self._answers
        self._answers, self._changed = ["", ""], False
        return route_of(streams, sources, self._process)

    def stop(self) -> None:
        """Ask no more. Idempotent."""
        for query in self._queries:
            query.stop()
        events, self._events = self._events, None
        if events is not None:
            events.kill()
            events.communicate()

    def _hears_change(self, now_s: float) -> bool:
        """Whether the server said that a source or a stream of sound changed, or cannot say so."""
        if self._events is None or self._events.poll() is not None:
            if now_s - self._began_s < EVERY_S:
                return False
            self.stop()
            self._began_s = now_s
            try:
                self._events = subprocess.Popen(EVENTS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            except OSError:  # no process for it: the server is asked again and again
                return True
            assert self._events.stdout is not None
            os.set_blocking(self._events.stdout.fileno(), False)
            return True
        assert self._events.stdout is not None
        return b" source" in (self._events.stdout.read(65536) or b"")


def route_of(streams: str, sources: str, process: str) -> Route | None:
    """The route of `process` from what pactl prints; None if it has none, or if nothing can be made of it."""
    names = dict(line.split("\t")[:2] for line in sources.splitlines() if "\t" in line)
    try:
        found = [row for row in json.loads(streams) if row["properties"].get("application.process.id") == process]
        source = names[str(found[0]["source"])]
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return Route(source, frozenset(names.values()))
