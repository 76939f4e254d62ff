"""`livegan listen`: what the stage hears in a song or of a sound card, as meters, numbers, moments and a picture."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.live import Live

from livegan.audio.demo import demo_track
from livegan.audio.file import FileSource
from livegan.audio.monitor import Monitor
from livegan.audio.song import read_song
from livegan.audio.source import Source
from livegan.config.venue import Venue
from livegan.core.clock import Clock, WallClock
from livegan.core.images import write_png
from livegan.core.progress import progress_bar
from livegan.core.types import Layout
from livegan.engine.bind import listen as stage
from livegan.engine.runtime import Runtime
from livegan.engine.sound import DEMO, is_song, open_sound
from livegan.errors import MediaError
from livegan.features.listening import Listening
from livegan.studio.listen_events import Hops, Transcript, hear, hear_song
from livegan.studio.listen_meters import meters
from livegan.studio.listen_plot import Plot

PICTURES_HZ = 20.0  # of the meters
JOIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Order:
    """What is listened to, and what becomes of it."""

    input: str  # a song's path, "demo", part of a device's name, or "": what the venue says
    json: Path | None = None  # every feature of every hop
    events: Path | None = None  # onsets, beats, tempo
    plot: Path | None = None  # a picture
    duration_s: float | None = None

    @property
    def places(self) -> dict[str, Path]:
        """Files to be written, by option."""
        asked = {"--json": self.json, "--events": self.events, "--plot": self.plot}
        return {option: path for option, path in asked.items() if path is not None}


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it."""

    seconds: float
    stopped: bool  # by Ctrl-C, before the end
    table: dict[str, Any]  # as in `--events`; empty if nobody asked
    lines: tuple[str, ...]  # worth telling people
    stuck: tuple[str, ...] = ()  # threads that a driver holds


class Sheet(Protocol):
    """Takes hops, and has something to show for it in the end."""

    def take(self, hops: Hops) -> None:
        """Some more hops."""
        ...


class JsonLines:
    """One JSON object per line and hop: `time_s` and every feature, five digits each."""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Open the file; MediaError if that cannot be."""
        self._path = path
        names = ("time_s", *layout.names)
        digits = ("%.6f", *("%.5g" for _ in layout.names))
        self._line = "{" + ", ".join(f'"{name}": {one}' for name, one in zip(names, digits, strict=True)) + "}\n"
        try:
            self._file = path.open("w", encoding="utf-8")
        except OSError as error:
            raise _unwritable(path, error, "--json") from error

    def take(self, hops: Hops) -> None:
        """A line each."""
        moments, rows = hops.times_s.tolist(), hops.rows.tolist()
        try:
            self._file.writelines(self._line % (moment, *row) for moment, row in zip(moments, rows, strict=True))
        except OSError as error:
            raise _unwritable(self._path, error, "--json") from error

    def close(self) -> None:
        """All of it is written then."""
        self._file.close()


def listen(order: Order, venue: Venue) -> Done:
    """Listen until the end, the duration or Ctrl-C; then write what was asked for.

    A song whose numbers are asked for is heard as fast as this machine can; all else as it sounds, with meters.
    """
    wanted = order.input or venue.audio.input
    song = wanted == DEMO or is_song(wanted)
    _check_places(order, wanted if song else "")
    if song and order.places:
        return _through(order, venue, demo_track() if wanted == DEMO else Path(wanted))
    return _along(order, venue, wanted)


def _through(order: Order, venue: Venue, path: Path) -> Done:
    """A whole song, hop after hop, faster than it sounds."""
    song = read_song(path, inf if order.duration_s is None else order.duration_s).at_rate(venue.audio.sample_rate)
    listening = stage(venue, song.sample_rate, song.samples.shape[1])
    notes, seconds, stopped = Transcript(), 0.0, False
    with _sheets(order, path.stem, listening, notes) as sheets:
        try:
            with progress_bar(path.name, round(song.seconds), "s") as tell:
                for hops in hear_song(listening, song.samples):
                    for sheet in sheets:
                        sheet.take(hops)
                    seconds = hops.end_s
                    tell(round(seconds))
        except KeyboardInterrupt:
            stopped = True
    lines = (*_told(path.name, seconds, notes, stopped, order), *song.notices)
    return Done(seconds, stopped, notes.table(), lines)


def _along(order: Order, venue: Venue, wanted: str) -> Done:
    """A sound card, or a song as it sounds, with meters; Ctrl-C is an ordinary end."""
    source = open_sound(wanted, venue.audio, loop=False)
    clock, listening = WallClock(), stage(venue, source.ring.sample_rate, source.ring.channels)
    notes = Transcript() if order.events else None
    seconds, lost = 0.0, 0
    with _sheets(order, source.name, listening, notes) as sheets:
        try:
            with (
                _playing(source, venue, clock) as start_s,
                Live(console=Console(stderr=True), auto_refresh=False) as live,
            ):
                mark = at = 0
                end_s = start_s + (inf if order.duration_s is None else order.duration_s)
                over = False
                while not over:
                    over = clock.now() >= end_s or source.ended  # before listening: nothing is left unheard
                    first, sound = source.ring.read(at, source.ring.written)
                    lost += first > at
                    at = first + len(sound)
                    hops = hear(listening, sound, source.ring.time_at(at), start_s)
                    seconds = max(seconds, hops.end_s) if len(sound) else seconds
                    for sheet in sheets:
                        sheet.take(hops)
                    heard = listening.ring.since(mark)
                    if heard is not None:
                        mark = heard.mark
                        live.update(meters(heard.frame, source.name, seconds, source.notice), refresh=True)
                    if not over:
                        clock.wait_until(min(end_s, clock.now() + 1.0 / PICTURES_HZ))
        except KeyboardInterrupt:
            pass
    lines = _told(source.name, seconds, notes, False, order)
    if source.notice:
        lines = (*lines, source.notice)
    if source.overruns + lost:
        lines = (*lines, f"{source.overruns + lost} times sound was lost on the way.")
    return Done(seconds, False, notes.table() if notes else {}, lines, tuple(Runtime.stuck()))


@contextmanager
def _playing(source: Source, venue: Venue, clock: Clock) -> Iterator[float]:
    """The source sounds and is tended; yields when it began. A driver that hangs keeps its thread, not us."""
    over = threading.Event()

    def poll() -> None:
        while not over.is_set():
            over.wait(source.poll(clock.now()))

    with ExitStack() as opened:
        start_s = clock.now()
        opened.callback(source.stop)
        source.start(start_s)
        if venue.audio.monitor and isinstance(source, FileSource):
            monitor = Monitor(source)
            opened.callback(monitor.stop)
            monitor.start()
        tending = threading.Thread(target=poll, name="livegan-audio", daemon=True)
        opened.callback(tending.join, JOIN_S)
        opened.callback(over.set)
        tending.start()
        yield start_s


@contextmanager
def _sheets(order: Order, title: str, listening: Listening, notes: Transcript | None) -> Iterator[list[Sheet]]:
    """Whoever wants hops; in the end, Ctrl-C or not, what they have is written."""
    sheets: list[Sheet] = [] if notes is None else [notes]
    with ExitStack() as written:
        if order.json:
            sheets.append(written.enter_context(closing(JsonLines(order.json, listening.layout))))
        plot = Plot(listening.layout, listening.setup) if order.plot else None
        if plot:
            sheets.append(plot)
        yield sheets
        if order.events and notes:
            _write(order.events, json.dumps(notes.table(), indent=1) + "\n", "--events")
        if order.plot and plot:
            write_png(order.plot, plot.picture(title), "--plot")


def _told(name: str, seconds: float, notes: Transcript | None, stopped: bool, order: Order) -> tuple[str, ...]:
    """One line of what was heard, one of what was written."""
    line = f"{name}: {seconds:.1f} s" + (" (stopped early)" if stopped else "")
    if notes:
        table = notes.table()
        tempo = "no beat" if table["tempo"] is None else f"{table['tempo']:.1f} BPM, {len(table['beats'])} beats"
        line += f", {tempo}, {len(table['onsets'])} onsets"
    files = ", ".join(str(path) for path in order.places.values())
    return (line, *([f"Written: {files}"] if files else []))


def _check_places(order: Order, song: str) -> None:
    """MediaError, before anything is heard, for what cannot be written or would overwrite the song or each other."""
    seen: dict[Path, str] = {}
    for option, path in order.places.items():
        if not path.parent.is_dir():
            raise MediaError(f"{path} cannot be written: there is no folder {path.parent}; choose another for {option}")
        if path.is_dir():
            raise MediaError(f"{path} is a folder; give {option} the name of a file")
        place = path.resolve()
        if song and place == Path(song).expanduser().resolve():
            raise MediaError(f"{path} is the song itself; choose another name for {option}")
        if place in seen:
            raise MediaError(f"{path} cannot be both {seen[place]} and {option}; choose another name for {option}")
        seen[place] = option


def _write(path: Path, text: str, option: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error, option) from error


def _unwritable(path: Path, error: OSError, option: str) -> MediaError:
    return MediaError(f"{path} cannot be written ({error.strerror}); choose another place for {option}")
