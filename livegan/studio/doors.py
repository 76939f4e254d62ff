"""Doors: every check before the audience comes, from the plug of the computer to the pictures of each scene."""

import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from livegan.config.venue import OutputTable, Venue
from livegan.core.clock import Clock
from livegan.core.machine import MEGABYTE, ProcessorShare, cores, free_memory_mb, processor
from livegan.core.progress import ProgressCallback, progress_bar
from livegan.core.version import __version__
from livegan.engine.hands import NO_MIDI
from livegan.engine.input_names import DEMO
from livegan.engine.outputs import check_outputs
from livegan.engine.show import PlayOptions, Show, set_up
from livegan.errors import LiveganError
from livegan.studio.door_check import DoorCheck, Verdict, worst
from livegan.studio.doors_controls import control_checks
from livegan.studio.doors_disk import folder_check, network_checks
from livegan.studio.doors_machine import ProgramTimes, heat_checks, load_check, power_checks, throttle_count
from livegan.studio.doors_play import Rehearsal, SceneFigures
from livegan.studio.doors_scenes import GROUP as SCENES
from livegan.studio.doors_scenes import memory_check, scene_check
from livegan.studio.doors_screen import screen_checks
from livegan.studio.doors_sound import sound_check

FILM = "film"  # kind of the outputs that are recordings


@dataclass(frozen=True, slots=True)
class DoorsOptions:
    """What is asked for."""

    seconds: float = 10.0  # that each scene is measured
    headless: bool = False  # no screen is needed
    set: str = ""  # setlist instead of the venue's
    check: str = "livegan check"  # what to type to see what is wrong with all this
    display_program: str = ""  # module that looks at screens in a process of its own


@dataclass(slots=True)
class DoorsReport:
    """Report: what was found so far; it stays if the rest is broken off."""

    target_fps: float
    when: str = field(default_factory=lambda: datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"))
    machine: str = field(default_factory=lambda: f"livegan {__version__}, {platform.system()}, {_machine()}")
    device: str = ""  # that draws
    checks: list[DoorCheck] = field(default_factory=list)
    scenes: list[SceneFigures] = field(default_factory=list)
    complete: bool = False

    @property
    def verdict(self) -> Verdict:
        """The worst of all; fail if not everything was checked."""
        return worst(self.checks) if self.complete else "fail"

    @property
    def sentence(self) -> str:
        """What it comes to, in one sentence."""
        counts = {verdict: sum(check.verdict == verdict for check in self.checks) for verdict in ("warn", "fail")}
        warned = f"{counts['warn']} warning{'s' if counts['warn'] != 1 else ''}"
        if counts["fail"]:
            end = "" if self.complete else "; broken off before the end"
            return f"Not ready: {counts['fail']} failed, {warned}{end}."
        if not self.complete:
            return f"Broken off: no failure so far, {warned}."
        return f"Ready for the audience, with {warned}." if counts["warn"] else "Ready for the audience."


def _machine() -> str:
    return f"{processor().rpartition(' (')[0] or platform.machine()}, {cores()} cores"


def examine_doors(
    venue: Venue, options: DoorsOptions, clock: Clock, report: DoorsReport, tell: Callable[[str], object]
) -> Iterator[DoorCheck]:
    """Every check as it is made, put into the report too. `tell` gets a line before what takes long.

    KeyboardInterrupt passes through; the report holds what was found until then.
    """
    for check in _all_checks(venue, options, clock, report, tell):
        report.checks.append(check)
        yield check
    report.complete = True


def _all_checks(
    venue: Venue, options: DoorsOptions, clock: Clock, report: DoorsReport, tell: Callable[[str], object]
) -> Iterator[DoorCheck]:
    throttled = throttle_count()
    yield from power_checks()
    yield sound_check(venue, clock)
    if not options.headless:
        yield from screen_checks(options.display_program, venue)
    yield from _output_checks(venue, options.check)
    films = _films(venue)
    try:
        show = set_up(rehearsed(venue, films), PlayOptions(in_window=False, set=options.set), clock)
    except LiveganError as error:
        for line in str(error).splitlines():
            repair = "" if "livegan " in line else options.check  # some say themselves what to type
            yield DoorCheck(SCENES, "set-up", "fail", line, repair)
        return
    report.device = show.runtime.performer.device_text
    for line in show.notices:
        if line.startswith("Scene "):
            yield DoorCheck(SCENES, "set-up", "fail", line.partition(";")[0], line.partition("type: ")[2])
    patches = show.runtime.performer.patches
    yield from control_checks(venue, patches)
    yield from network_checks([info for patch in patches for info in patch.networks])
    share, programs, began_s = ProcessorShare(), ProgramTimes(), clock.now()
    with _removed(films):
        yield from _scene_checks(show, options, clock, report, tell)
        lasted_s = clock.now() - began_s
        others, busiest = share.others(), programs.busiest(lasted_s)
        yield from _recording_checks(venue, films, clock, lasted_s)
    yield from memory_check(report.scenes, free_memory_mb())
    yield load_check(others, busiest)
    yield from heat_checks(throttle_count() - throttled)
    if venue.safety.flashes == "off":
        detail = "the venue lets any number of flashes through"
        yield DoorCheck(SCENES, "flashes", "warn", detail, '[safety] flashes = "limit", or read docs/safety.md')


def rehearsed(venue: Venue, films: Sequence[OutputTable]) -> Venue:
    """The venue for a rehearsal: the demo track, nobody's hands, no ports, limited flashes, and only those films."""
    changes: dict[str, Any] = {
        "audio": venue.audio.model_copy(update={"input": DEMO, "monitor": False, "channels": 0}),
        "music": venue.music.model_copy(update={"midi_out": ""}),
        "time": venue.time.model_copy(update={"clock": "listening", "link": "off", "midi_out": ""}),
        "hands": venue.hands.model_copy(update={"port": NO_MIDI}),
        "osc": venue.osc.model_copy(update={"enabled": False}),
        "remote": venue.remote.model_copy(update={"enabled": False}),
        "safety": venue.safety.model_copy(update={"flashes": "limit"}),
        "outputs": tuple(films),
    }
    return venue.model_copy(update=changes)


def _films(venue: Venue) -> list[OutputTable]:
    """The recordings of the venue, each to a file of its own beside the one it will write."""
    found = []
    for number, table in enumerate(venue.outputs):
        if table.kind == FILM and "path" in table.options:
            path = Path(str(table.options["path"]))
            trial = path.with_name(f".doors-{number}{path.suffix}")
            found.append(table.model_copy(update={"path": str(trial), "overwrite": True}))
    return found


def _film_path(table: OutputTable) -> Path:
    return Path(str(table.options["path"]))


@contextmanager
def _removed(films: Sequence[OutputTable]) -> Iterator[None]:
    """Afterwards the films of a rehearsal are gone."""
    try:
        yield
    finally:
        for table in films:
            _film_path(table).unlink(missing_ok=True)


def _output_checks(venue: Venue, check: str) -> Iterator[DoorCheck]:
    try:
        for kind, _ in check_outputs(venue.outputs):
            if kind != FILM:
                yield DoorCheck(
                    "Recording", kind, "pass", "its options are right; it was not opened while the scenes were tried"
                )
    except LiveganError as error:
        for line in str(error).splitlines():
            yield DoorCheck("Recording", "outputs", "fail", line, check)


def _scene_checks(
    show: Show, options: DoorsOptions, clock: Clock, report: DoorsReport, tell: Callable[[str], object]
) -> Iterator[DoorCheck]:
    done: list[ProgressCallback] = []
    rehearsal = Rehearsal(show.runtime, clock, options.seconds, lambda done_s: [call(int(done_s)) for call in done])
    expected_s, count = rehearsal.expected_s, len(rehearsal.order)
    tell(f"{count} scene{'s' if count != 1 else ''}, {options.seconds:g} s each: about {duration_text(expected_s)}.")
    with progress_bar("scenes", round(expected_s), "s") as progress:
        done.append(lambda done_s: progress(min(done_s, round(expected_s))))
        for figures in rehearsal.play():
            report.scenes.append(figures)
            yield scene_check(figures, report.target_fps)
        progress(round(expected_s))


def _recording_checks(
    venue: Venue, films: Sequence[OutputTable], clock: Clock, recorded_s: float
) -> Iterator[DoorCheck]:
    if not films:
        yield folder_check("this folder", Path.cwd(), 0.0, clock.now)
        return
    names = [str(table.options["path"]) for table in venue.outputs if table.kind == FILM and "path" in table.options]
    for name, table in zip(names, films, strict=True):
        path = _film_path(table)
        if not path.exists():
            yield DoorCheck("Recording", name, "fail", "no film came of it", f"livegan play --record {name}")
            continue
        rate = path.stat().st_size / MEGABYTE / max(recorded_s, 1.0)
        yield replace(folder_check(name, path.parent, rate, clock.now), what=name)


def duration_text(seconds: float) -> str:
    """`45 s`, `2 min 30 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
