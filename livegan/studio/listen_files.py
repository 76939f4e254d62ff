"""What `livegan listen` is asked for, and the files that it writes: features and events as JSON, a plot."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from livegan.core.files import open_alone, unwritable, write_atomic
from livegan.core.images import write_png
from livegan.core.types import Layout
from livegan.features.listening import Listening
from livegan.studio.listen_events import Hops, Transcript
from livegan.studio.listen_plot import Plot

ENDINGS = {"--json": (".jsonl", ".json"), "--events": (".json",), "--plot": (".png",)}  # of files that are replaced


@dataclass(frozen=True, slots=True)
class ListenJob:
    """An input to listen to, and the files to be written."""

    input: str  # a song's path, "demo", part of a device's name, or "": what the venue says
    json: Path | None = None  # every feature of every hop
    events: Path | None = None  # onsets, beats, tempo
    plot: Path | None = None  # a picture
    duration_s: float | None = None

    @property
    def outputs(self) -> dict[str, Path]:
        """Files to be written, by option."""
        typed = {"--json": self.json, "--events": self.events, "--plot": self.plot}
        return {option: path for option, path in typed.items() if path is not None}


@dataclass(frozen=True, slots=True)
class ListenResult:
    """Result of listening."""

    seconds: float
    stopped: bool  # by Ctrl-C, before the end
    table: dict[str, Any]  # as in `--events`; empty where none was asked of a live input
    lines: tuple[str, ...]  # to be printed
    stuck: tuple[str, ...] = ()  # threads that a driver holds


class HopWriter(Protocol):
    """Writer interface: takes hops, and writes a file at the end."""

    def take(self, hops: Hops) -> None: ...


class JsonLines:
    """JSON Lines of features: an object for each hop with `time_s` and every feature, five digits each."""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Open the file; MediaError if that cannot be."""
        self._path = path
        names = ("time_s", *layout.names)
        digits = ("%.6f", *("%.5g" for _ in layout.names))
        self._line = "{" + ", ".join(f'"{name}": {digit}' for name, digit in zip(names, digits, strict=True)) + "}\n"
        with self._errors():
            self._file = open_alone(path)

    def take(self, hops: Hops) -> None:
        times_s, rows = hops.times_s.tolist(), hops.rows.tolist()
        with self._errors():
            self._file.writelines(self._line % (time_s, *row) for time_s, row in zip(times_s, rows, strict=True))

    def close(self) -> None:
        """Write what is left; MediaError if the disk is full."""
        with self._errors():
            self._file.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unwritable(self._path, error, "--json") from error


@contextmanager
def writers(job: ListenJob, title: str, listening: Listening, notes: Transcript | None) -> Iterator[list[HopWriter]]:
    """The writers of the files; in the end, Ctrl-C or not, what they have is written."""
    files: list[HopWriter] = [] if notes is None else [notes]
    with ExitStack() as written:
        if job.json:
            files.append(written.enter_context(closing(JsonLines(job.json, listening.layout))))
        plot = Plot(listening.layout, listening.setup) if job.plot else None
        if plot:
            files.append(plot)
        yield files
        if job.events and notes:
            try:
                write_atomic(job.events, json.dumps(notes.table(), indent=1) + "\n")
            except OSError as error:
                raise unwritable(job.events, error, "--events") from error
        if job.plot and plot:
            write_png(job.plot, plot.picture(title), "--plot")


def summary(name: str, seconds: float, notes: Transcript | None, stopped: bool, job: ListenJob) -> tuple[str, ...]:
    """One line of what was heard, one of what was written."""
    line = f"{name}: {seconds:.1f} s" + (" (stopped early)" if stopped else "")
    if notes:
        line += f", {notes.tempo_text()}, {len(notes.onsets['onset'])} onsets"
    files = ", ".join(str(path) for path in job.outputs.values())
    return (line, *([f"Written: {files}"] if files else []))
