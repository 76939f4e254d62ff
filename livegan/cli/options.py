"""Command line options that several commands share, and their parsing."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from livegan.core.text import parse_size, printable, quoted
from livegan.errors import LiveganError, MediaError

if TYPE_CHECKING:
    from livegan.config.venue import EffectTable, OscTable, Venue
    from livegan.studio.distributed.pools import WorkerOptions

DeviceName = Annotated[
    str,
    typer.Option("--device", help="auto, cpu, cuda, rocm, xpu, mps, openvino-gpu (or intel), directml: see `doctor`."),
]
VenueFile = Annotated[Path | None, typer.Option("--venue", help="A file like configs/default.toml: devices, screens.")]
SceneName = Annotated[str, typer.Option("--scene", "-s", help="A scene's name or a path to one (`livegan scenes`).")]
CameraName = Annotated[
    str, typer.Option("--camera", help="For scenes with a camera: camera, camera:1, a part of its name, or a film.")
]
SetName = Annotated[str, typer.Option("--set", help="A setlist's name or a path to one (`livegan sets`).")]
PromptText = Annotated[
    str,
    typer.Option("--prompt", metavar="WORDS", help="Words that the picture follows: 'slow violet smoke over black'."),
]
ClockName = Annotated[
    str, typer.Option("--clock", help="Where the beat comes from: auto, link, midi, tap or listening (docs/tempo.md).")
]
FollowLink = Annotated[bool, typer.Option("--link", help="Follow Ableton Link on the local network.")]
OscAddress = Annotated[
    str,
    typer.Option(
        "--osc", metavar="HOST[:PORT]", help="Listen to OSC here; 0.0.0.0: everybody on the network may play. Or 'off'."
    ),
]
Duration = Annotated[float | None, typer.Option("--duration", min=0.1, help="Stop after so many seconds.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an older file of that name.")]

Workers = Annotated[
    int, typer.Option("--workers", min=0, max=4096, help="Draw in so many processes; with --ray, actors.")
]
RayAddress = Annotated[
    str,
    typer.Option("--ray", metavar="[ADDRESS]", help="Draw with Ray: here, or on the cluster at HOST:6379."),
]
ProjectWorkers = Annotated[
    int, typer.Option("--workers", min=0, max=4096, help="Project in so many processes; with --ray, actors.")
]
ProjectRay = Annotated[
    str,
    typer.Option("--ray", metavar="[ADDRESS]", help="Project with Ray: here, or on the cluster at HOST:6379."),
]

CustomEffects = Annotated[
    list[str] | None, typer.Option("--effect", help="Your own effect, MODULE:FUNCTION; up to four times.")
]
EffectSource = Annotated[str, typer.Option("--effect-from", help="Feature that is the amplitude of --effect.")]
EffectStrength = Annotated[float, typer.Option("--effect-strength", min=0, max=4, help="Strength of --effect.")]

HERE = "local"  # --ray without an address
QUALITIES = ("auto", "full", "light")
CLOCKS = ("auto", "link", "midi", "tap", "listening")
SMALLEST_PX, LARGEST_PX = 16, 8192


class OptionalAddress(typer.core.TyperCommand):
    """Command whose --ray needs no address: without one it is Ray on this machine."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Words that begin with "-", and the end, are no address."""
        filled = [*args]
        at = len(filled) if "--" not in filled else filled.index("--")
        if "--ray" in filled[:at]:
            place = filled.index("--ray") + 1
            if place == at or filled[place].startswith("-"):
                filled.insert(place, HERE)
        return super().parse_args(ctx, filled)


def dashed_file(words: list[str]) -> str:
    """What to type for a file whose name begins like an option, if one is among the words; "" if none is."""
    for word in words:
        if word.startswith("-") and word not in ("-", "--") and os.path.exists(word):  # false for what is too long
            there = printable(quoted(f"./{word}"))
            return f"To name the file {printable(word)}, which begins like an option, type: {there}"
    return ""


def workers_option(count: int, ray: str) -> "WorkerOptions":
    """Who draws, from what was typed for --workers and --ray; LiveganError for an address that is none."""
    from livegan.studio.distributed.pools import WorkerOptions

    if ray and ray not in (HERE, "auto") and ":" not in ray:
        raise LiveganError(
            f"--ray {ray!r} is no address; type for example: --ray 192.168.1.10:6379, or --ray {HERE} for this machine"
        )
    return WorkerOptions(count, None if not ray else "" if ray == HERE else ray)


def size_option(text: str) -> tuple[int, int] | None:
    """Width and height [px] from what was typed for --size; None from nothing."""
    if not text:
        return None
    try:
        size = parse_size(text)
    except ValueError:
        size = (0, 0)
    if not all(SMALLEST_PX <= side <= LARGEST_PX for side in size):
        raise LiveganError(
            f"--size {text!r} is not WIDTHxHEIGHT in {SMALLEST_PX}..{LARGEST_PX}; type for example: --size 1024x1024"
        )
    return size


def refuse_address(song: str) -> None:
    """MediaError if a song is an address of the web."""
    if "://" in song:
        raise MediaError(f"{song} is an address; livegan plays files: download the song first, then give its file name")


def refuse_address_of_output(output: str) -> None:
    """MediaError if a film is to be written to an address of the web."""
    if "://" in output:
        raise MediaError(f"{output} is an address; livegan writes files: give a file name, for example: -o film.mp4")


def with_time(venue: "Venue", clock: str, *, link: bool) -> "Venue":
    """The venue with the beat clock that was asked for at the shell."""
    from livegan.config.venue import TimeTable

    if clock not in ("", *CLOCKS):
        raise LiveganError(f"--clock {clock!r} is not one of {', '.join(CLOCKS)}; type for example: --clock midi")
    typed = ({"clock": clock} if clock else {}) | ({"link": "follow"} if link or clock == "link" else {})
    return venue.model_copy(update={"time": TimeTable(**(venue.time.model_dump() | typed))}) if typed else venue


def osc_option(text: str, table: "OscTable") -> "OscTable":
    """The venue's [osc] with what was typed for --osc; LiveganError for what is no address."""
    from livegan.core.socket_address import parse_socket_address

    if not text:
        return table
    if text == "off":
        return table.model_copy(update={"enabled": False})
    try:
        host, port = parse_socket_address(text, table.port)
    except ValueError as error:
        raise LiveganError(
            f"--osc {error}; type for example: --osc 0.0.0.0:9000 (everybody on the network), or --osc off"
        ) from error
    return table.model_copy(update={"enabled": True, "host": host, "port": port})


def venue_with(
    path: Path | None,
    *,
    device: str = "",
    fps: float | None = None,
    quality: str = "",
    window: dict[str, object] | None = None,
    effects: "tuple[EffectTable, ...]" = (),
    camera: str = "",
) -> "Venue":
    """The venue, with what was typed for its [picture] and [window] laid over it; what was not typed stays."""
    from livegan.config.load import load_venue
    from livegan.core.parameters import CUSTOM_EFFECTS

    if quality not in ("", *QUALITIES):
        raise LiveganError(
            f"--quality {quality!r} is not one of {', '.join(QUALITIES)}; type for example: --quality auto"
        )
    venue = load_venue(path)
    picture = {key: value for key, value in (("device", device), ("fps", fps), ("quality", quality)) if value}
    typed = {key: value for key, value in (window or {}).items() if value}
    tables: dict[str, object] = {
        "effects": (*venue.effects, *effects)[-CUSTOM_EFFECTS:],
        "camera": venue.camera.model_copy(update={"device": camera} if camera else {}),
        "picture": venue.picture.model_copy(update=picture),
        "window": venue.window.model_copy(update=typed),
    }
    return venue.model_copy(update=tables)
