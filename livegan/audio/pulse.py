"""Routing of PulseAudio and PipeWire: from which source the server gives this process its sound.

A server whose source is pulled out moves the stream to another source and tells nobody: the stream goes on, with the
sound of another microphone. `pactl` (pulseaudio-utils) knows; where it is missing, nothing is known.
"""

import json
import os
import shutil
from dataclasses import dataclass

from livegan.audio.subprocess_query import SubprocessQuery

EVERY_S = 1.0
STREAMS = ("pactl", "-f", "json", "list", "source-outputs")
SOURCES = ("pactl", "list", "short", "sources")


@dataclass(frozen=True, slots=True)
class Route:
    """Where the sound comes from now."""

    source: str  # the server's name of it: "alsa_input.usb-Scarlett"
    sources: frozenset[str]  # all there are


class PulseRouting:
    """Asks the server once a second, without waiting for it."""

    def __init__(self, process: int = 0) -> None:
        """`process`: the number of the process whose sound it is; 0 is this one."""
        self._process = str(process or os.getpid())
        there = shutil.which("pactl") is not None
        self._queries = [SubprocessQuery(command, EVERY_S) for command in (STREAMS, SOURCES)] if there else []
        self._streams = ""

    def poll(self, now_s: float) -> Route | None:
        """A route that has just been learned, else None."""
        if not self._queries:
            return None
        streams, sources = (query.poll(now_s) for query in self._queries)
        self._streams = streams or self._streams
        return route_of(self._streams, sources, self._process) if sources and self._streams else None

    def stop(self) -> None:
        """Ask no more."""
        for query in self._queries:
            query.stop()


def route_of(streams: str, sources: str, process: str) -> Route | None:
    """The route of `process` from what pactl prints; None if it has none, or if nothing can be made of it."""
    names = dict(line.split("\t")[:2] for line in sources.splitlines() if "\t" in line)
    try:
        found = [row for row in json.loads(streams) if row["properties"].get("application.process.id") == process]
        source = names[str(found[0]["source"])]
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return Route(source, frozenset(names.values()))
