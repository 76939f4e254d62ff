"""`livegan doors`: everything that must be right before the audience comes, and a page that says so."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from livegan.cli.options import DeviceName, SetName, VenueFile, venue_with
from livegan.cli.output import echo, show
from livegan.core.signals import end_at_once
from livegan.core.text import quoted
from livegan.errors import LiveganError

if TYPE_CHECKING:
    from livegan.config.venue import Venue
    from livegan.studio.door_check import DoorCheck

MARKS = {"pass": "ok  ", "warn": "warn", "fail": "FAIL"}
NOT_READY = 1


def doors(
    venue: VenueFile = None,
    set_: SetName = "",
    scene: Annotated[
        list[str] | None, typer.Option("--scene", "-s", help="Only these scenes, by name or path; may be repeated.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long each scene is measured.")] = 10.0,
    fps: Annotated[float | None, typer.Option(min=1, max=240, help="Target frame rate.")] = None,
    device: DeviceName = "",
    input_: Annotated[str, typer.Option("--input", "-i", help="The input of the show, as for `livegan play`.")] = "",
    record: Annotated[
        Path | None, typer.Option(help="A film that the show will record: room and speed for it.")
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="The show has no window.")] = False,
    html: Annotated[Path, typer.Option(help="The page with all of it, to look at or to print.")] = Path("doors.html"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check everything before the audience comes: scenes, sound, controls, screens, disk, power.

    Every scene plays with the demo track. Exit code 0: ready, perhaps with warnings; 1: something failed, or it was
    broken off with Ctrl-C, which keeps what was found.
    """
    with end_at_once():
        from livegan.core.clock import WallClock
        from livegan.core.files import check_outputs
        from livegan.studio.doors import DoorsOptions, DoorsReport, examine_doors
        from livegan.studio.doors_page import write_page

        if scene and set_:
            raise LiveganError("--scene and --set are two choices of scenes; leave one of them out")
        check_outputs({"--html": html}, [input_, set_, venue, *(scene or [])], replaces={"--html": (".html", ".htm")})
        place = _place(venue_with(venue, fps=fps, device=device), scene or [], input_, record)
        names = [*([set_] if set_ else []), *(scene or [])]
        options = DoorsOptions(seconds, headless, set_, check_command(names, venue), "livegan.ui.display_probe")
        report = DoorsReport(place.picture.fps)
    try:
        for check in examine_doors(place, options, WallClock(), report, echo):
            if not as_json:
                _show_check(check)
    except KeyboardInterrupt:
        echo("Broken off; what was found is kept.")
    write_page(report, html)
    show(json.dumps(_facts(report), indent=2) if as_json else report.sentence)
    echo(f"The page: {html}")
    _leave(0 if report.verdict != "fail" else NOT_READY)


def check_command(names: list[str], venue: Path | None) -> str:
    """`livegan check` of what was typed."""
    words = [*names, *(["--venue", str(venue)] if venue is not None else [])]
    return " ".join(["livegan check", *map(quoted, words)])


def _place(venue: "Venue", scenes: list[str], input_: str, record: Path | None) -> "Venue":
    """The venue with what was typed."""
    from livegan.config.venue import OutputTable

    changes: dict[str, Any] = {}
    if scenes:
        changes["show"] = venue.show.model_copy(update={"scenes": tuple(scenes), "start": "", "set": ""})
    if input_:
        changes["audio"] = venue.audio.model_copy(update={"input": input_})
    if record is not None:
        changes["outputs"] = (OutputTable(kind="film", path=str(record)), *venue.outputs)
    return venue.model_copy(update=changes)


def _show_check(check: "DoorCheck") -> None:
    show(f"{MARKS[check.verdict]} {check.group:9} {check.what:20} {check.detail}")
    if check.verdict != "pass" and check.repair:
        show(f"     {'':9} {'':20} do: {check.repair}")


def _facts(report: Any) -> dict[str, Any]:
    """The report as JSON values, without its plots."""
    from dataclasses import asdict

    plotted = ("intervals_ms", "lights", "memory_mb", "still")
    scenes = [{key: value for key, value in asdict(row).items() if key not in plotted} for row in report.scenes]
    return {
        "verdict": report.verdict,
        "sentence": report.sentence,
        "when": report.when,
        "machine": report.machine,
        "device": report.device,
        "target_fps": report.target_fps,
        "complete": report.complete,
        "checks": [asdict(check) for check in report.checks],
        "scenes": scenes,
    }


def _leave(code: int) -> None:
    """End; at once if a thread of the rehearsal did not end, a driver's or one that loads a network."""
    from livegan.cli.play import leave
    from livegan.engine.sound_runtime import SoundRuntime

    leave(code, SoundRuntime.stuck())
