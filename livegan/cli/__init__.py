"""Words typed at a shell, one call each. Heavy imports happen inside the commands: ``livegan --help`` wakes nothing."""

import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from livegan.cli import networks, training
from livegan.cli.output import DeviceName, echo, size_of
from livegan.core.version import __version__
from livegan.errors import LiveganError

if TYPE_CHECKING:
    from livegan.config.venue import Venue

app = typer.Typer(
    name="livegan",
    help="Turns live music into pictures on a stage.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)

VenueFile = Annotated[Path | None, typer.Option("--venue", help="A file like configs/default.toml: devices, screens.")]
SceneName = Annotated[str, typer.Option("--scene", "-s", help="A scene's name or a path to one (`livegan scenes`).")]

FIRST_SHOW = Path("out/first-show.mp4")
FIRST_SHOW_S = 20.0


def main() -> None:
    """Run one command; a LiveganError is one message and exit code 2, never a traceback."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's pool would fight the audio callback for the cores
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # idle torch threads sleep instead of spinning
    os.environ.setdefault("LP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) - 1)))  # OpenGL without a graphics card
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # looking for JACK must not start it
    for name in ("SIGTERM", "SIGHUP"):  # a closed terminal ends a show as Ctrl-C does: with its film and report
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        app()
    except LiveganError as error:
        shown = re.sub(r"[^\n\t\x20-\x7e\xa0-\U0010ffff]", "?", str(error))  # names of files can hold anything
        print(f"livegan: {shown}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"livegan {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    """Turns live music into pictures on a stage."""


def _venue(path: Path | None, *, device: str = "", fps: float | None = None, **window: object) -> "Venue":
    """The venue, with what was typed at the shell laid over it."""
    from livegan.config.load import load_venue

    venue = load_venue(path)
    picture = {key: value for key, value in (("device", device), ("fps", fps)) if value}
    changes = {key: value for key, value in window.items() if value}
    tables = {
        "picture": venue.picture.model_copy(update=picture),
        "window": venue.window.model_copy(update=changes),
    }
    return venue.model_copy(update=tables)


def _played(place: "Venue", input_: str, *, aloud: bool, record: Path | None, overwrite: bool) -> "Venue":
    """The venue with the input and the film that were asked for at the shell."""
    from livegan.config.venue import OutputTable

    audio = {"input": input_ or place.audio.input, "monitor": place.audio.monitor and aloud}
    films = () if record is None else (OutputTable(kind="film", path=record, overwrite=overwrite),)
    changes = {"audio": place.audio.model_copy(update=audio), "outputs": (*films, *place.outputs)}
    return place.model_copy(update=changes)


@app.command()
def play(
    input_: Annotated[
        str, typer.Option("--input", "-i", help="Part of an input's name, a song, or 'demo' (`livegan devices`).")
    ] = "",
    scene: SceneName = "",
    venue: VenueFile = None,
    fps: Annotated[float | None, typer.Option(min=1, max=240, help="Target frame rate.")] = None,
    device: DeviceName = "",
    fullscreen: Annotated[bool, typer.Option("--fullscreen", help="Start in full screen.")] = False,
    screen: Annotated[str, typer.Option(help="Part of a screen's name.")] = "",
    fill: Annotated[bool, typer.Option("--fill", help="Fill the window; what does not fit is cut off.")] = False,
    hud: Annotated[bool, typer.Option("--hud", help="Start with the HUD shown.")] = False,
    size: Annotated[str, typer.Option(help="Window or film size, e.g. 1024x1024.")] = "",
    headless: Annotated[bool, typer.Option("--headless", help="No window; Ctrl-C or --duration ends it.")] = False,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Stop after so many seconds.")] = None,
    record: Annotated[Path | None, typer.Option(help="Record the show to this film.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an older film of that name.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write a report of the show as JSON.")] = None,
    journal: Annotated[Path | None, typer.Option(help="Write what the hands did, one JSON object a line.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not play songs through the speakers.")] = False,
    anywhere: Annotated[
        bool, typer.Option("--anywhere", help="No input device: play the demo track. No display: make a film.")
    ] = False,
) -> None:
    """Play the show: sound in, pictures out, hands on it."""
    from livegan.core.clock import WallClock
    from livegan.engine.report import check_place, write_report
    from livegan.engine.report import report as reported
    from livegan.engine.show import PlayOptions, play_headless, set_up

    window = {"fullscreen": fullscreen, "screen": screen, "fill": fill, "hud": hud, "size": size_of(size)}
    place = _venue(venue, device=device, fps=fps, **window)
    if anywhere:
        input_, headless, record, duration = _anywhere(place, input_, headless, record, duration)
    if not headless:
        from livegan.control.keys import key_summary
        from livegan.ui.play import check_window, play_in_window

        check_window(place.window)
    if report is not None:
        check_place(report)
    overwrite = overwrite or record == FIRST_SHOW
    place = _played(place, input_, aloud=not (quiet or headless), record=record, overwrite=overwrite)
    clock = WallClock()
    show = set_up(place, PlayOptions(scene, journal, in_window=not headless), clock)
    for line in show.notices:
        echo(line)
    screen_facts = None
    if headless:
        play_headless(show, clock, duration)
    else:
        echo(key_summary())
        screen_facts = play_in_window(show, place.window, duration)
    facts = reported(show.runtime, screen_facts)
    if report is not None:
        write_report(facts, report)
    code = _tell_end(facts, show.runtime.notices(), record and show.film_of(record))
    if anywhere and headless:
        echo("Next: . .venv/bin/activate && livegan --help")
    _leave(code, show.runtime.stuck())


def _tell_end(facts: "dict[str, Any]", notices: list[str], record: Path | None) -> int:
    """Say how the show went; the exit code: 2 if the film that was wanted is not there."""
    late = f", {facts['dropped']} came too late and were dropped" if facts["dropped"] else ""
    echo(f"{facts['frames']} frames at {facts['fps']:.1f} fps{late}, {facts['faults']} faults.")
    for line in notices:
        echo(f"At the end: {line}")
    if record is None:
        return 0
    if record.exists():
        echo(f"The film is {record}.")
        return 0
    parts = ", ".join(str(part) for part in record.parent.glob(f"{record.stem}.part-{os.getpid()}.*"))
    echo(f"There is no film {record}; what there is of it: {parts or 'nothing'}.")
    return 2


def _anywhere(
    place: "Venue", input_: str, headless: bool, record: Path | None, duration: float | None
) -> tuple[str, bool, Path | None, float | None]:
    """What this machine can play, said in a line each: the demo track without a card, a film without a screen."""
    from livegan.engine.sound import has_default_input
    from livegan.ui.display import has_display

    if not input_ and not place.audio.input and not has_default_input(place.audio):
        echo("No sound input on this machine: playing the demo track.")
        input_ = "demo"
    if not headless and not has_display():
        headless, record, duration = True, record or FIRST_SHOW, duration or FIRST_SHOW_S
        echo(f"No display: playing {duration:g} s headless into {record}.")
    return input_, headless, record, duration


def _leave(code: int, stuck: list[str]) -> None:
    """End with `code`; at once if something holds a thread, which would hold an ordinary end: a driver, for ever."""
    if stuck:
        held = [name for name in stuck if name != "livegan-loader"]  # that one was in the middle of a network
        if held:
            echo(f"{', '.join(held)} did not end: a sound server hangs.")
        sys.stdout.flush()
        os._exit(code)
    if code:
        raise typer.Exit(code)


@app.command()
def render(
    song: Annotated[Path, typer.Argument(help="A song: wav, flac, ogg, mp3, m4a ...")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The film: .mp4, .mov or .mkv.")] = Path("film.mp4"),
    scene: SceneName = "",
    fps: Annotated[str, typer.Option(help="Frames a second, exactly: 60, 25, 59.94 or 30000/1001.")] = "60",
    size: Annotated[str, typer.Option(help="Film size, e.g. 1080x1080.")] = "",
    device: DeviceName = "",
    venue: VenueFile = None,
    audio: Annotated[str, typer.Option(help="original (as in the song) or aac (for phones).")] = "original",
    duration: Annotated[float | None, typer.Option(min=0.1, help="Only the first so many seconds.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an older film of that name.")] = False,
) -> None:
    """Make a film of a song: the same performer, on a clock that counts. Ctrl-C leaves a playable film."""
    from livegan.outputs.rate import frame_rate
    from livegan.studio.render import Order, film

    place = _venue(venue, device=device, size=size_of(size))
    order = Order(song, output, scene, frame_rate(fps), place.window.size, audio, duration, overwrite)
    done = film(order, place)
    if done.notice:
        echo(done.notice)
    echo(f"{done.path}: {done.frames} frames, {done.seconds:.1f} s" + (" (stopped early)" if done.stopped else ""))


@app.command()
def devices() -> None:
    """List sound inputs, MIDI ports and screens."""
    from livegan.audio.devices import list_inputs
    from livegan.control.ports import list_midi_inputs
    from livegan.errors import DeviceError
    from livegan.ui.display import list_screens

    print("Sound inputs")
    try:
        inputs = list_inputs()
    except DeviceError as error:
        inputs = []
        print(f"  {error}")
    for one in inputs:
        star = "*" if one.is_default else " "
        print(f"{star} {one.name}  [{one.host_api}, {one.channels} channels, {one.sample_rate:g} Hz]")
    if not inputs:
        print("  none; `livegan play --input demo` plays the demo track")
    print("MIDI inputs")
    for name in list_midi_inputs() or ["none"]:
        print(f"  {name}")
    print("Screens")
    screens = list_screens()
    for screen in screens:
        print(f"  {screen}")
    if not screens:
        print("  none; `livegan play --headless --record out.mp4` makes a film")


@app.command()
def scenes() -> None:
    """List the scenes that can be played."""
    from livegan.config.load import load_scene, scene_paths
    from livegan.errors import SceneError

    for name in scene_paths():
        try:
            scene = load_scene(name)
            print(f"{name:14} {scene.title}: {scene.about}")
        except SceneError:
            print(f"{name:14} has mistakes; type: livegan check {name}")


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Scenes or paths; none: all that can be named.")] = None,
    venue: VenueFile = None,
) -> None:
    """Find every mistake in scenes and venue at once, each with the nearest right name."""
    from livegan.config.load import load_venue, scene_paths
    from livegan.engine.bind import check as mistakes

    order = names or list(scene_paths())
    found = mistakes(load_venue(venue), order)
    if found:
        raise LiveganError("\n".join([f"{len(found)} mistakes", *found]) if len(found) > 1 else found[0])
    print(f"{len(order)} scenes and the venue are right.")


@app.command()
def listen(
    input_: Annotated[
        str,
        typer.Argument(metavar="SONG|DEVICE", help="A song, 'demo', or part of an input's name (`livegan devices`)."),
    ] = "",
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write every feature of every hop, one JSON object a line.")
    ] = None,
    events: Annotated[Path | None, typer.Option(help="Write onsets, beats, downbeats and tempo as JSON.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw waveform, bands, onsets, beats and chroma as PNG.")] = None,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Only so many seconds.")] = None,
    venue: VenueFile = None,
) -> None:
    """Show what the stage hears: meters, numbers, moments, a picture. Ctrl-C ends it and keeps what was heard."""
    from livegan.studio.listen import Order
    from livegan.studio.listen import listen as hear

    done = hear(Order(input_, json_, events, plot, duration), _venue(venue))
    for line in done.lines:
        echo(line)
    _leave(0, list(done.stuck))


@app.command()
def parameters() -> None:
    """List every parameter that scenes, routes and knobs can turn, and every feature that can push one."""
    from livegan.config.venue import Venue
    from livegan.core.events import controls_of
    from livegan.engine.bind import listen
    from livegan.engine.plugins import plugin_members, plugin_problems
    from livegan.engine.vocabulary import parameter_table
    from livegan.mapping.curves import CURVES
    from livegan.mapping.motions.registry import MOTIONS
    from livegan.outputs.registry import OUTPUTS

    print("Parameters (target of routes and knobs)")
    for one in parameter_table().values():
        unit = f" {one.unit}" if one.unit else ""
        print(f"  {one.name:20} {one.low:g}..{one.high:g}{unit}, default {one.default:g}: {one.about}")
    print("Features (source of routes), 0..1 unless said otherwise")
    names = listen(Venue(), 48000, 2).layout.names
    print("  " + ", ".join(name for name in names if not name.startswith(("band.", "chroma.", "spectrum."))))
    count = sum(name.startswith("band.") for name in names)
    print(f"  chroma.C .. chroma.B, band.0 .. band.{count - 1}, spectrum.0 .. spectrum.{count - 1}")
    print("  of a part of the sound: harmonic:level, percussive:onset, low: mid: high: ...")
    print("  of a group of inputs that the venue names: drums:onset.bass, drums.harmonic:level ...")
    print("Controls of the beat clock (knobs of a scene or venue may name them)")
    print("  " + ", ".join(controls_of("beat clock")))
    print("Curves")
    print("  " + ", ".join(CURVES))
    print("Motion models (motion.model)")
    print("  " + ", ".join(MOTIONS))
    print("Outputs (kind of [[outputs]] in a venue) and their options")
    for name in OUTPUTS:
        options = OUTPUTS[name].Options.model_fields.items()
        print(f"  {name}: " + "; ".join(f"{key}, {field.description}" for key, field in options))
    members, problems = plugin_members(), plugin_problems()
    if members or problems:
        print("From other packages")
    for kind, name, package in members:
        print(f"  {kind} {name}: {package}")
    for problem in problems:
        print(f"  {problem}")


@app.command()
def doctor(venue: VenueFile = None) -> None:
    """Say what works on this machine, and how to mend what does not. Exit code 0: a show can run."""
    from livegan.studio.doctor import examine

    findings = examine("livegan.ui.display_probe", _venue(venue))
    for finding in findings:
        mark = "ok  " if finding.well else ("FAIL" if finding.needed else "--  ")
        print(f"{mark} {finding.what:14} {finding.detail}")
        if not finding.well and finding.mend:
            print(f"     {'':14} mend: {finding.mend}")
    can_play = all(finding.well for finding in findings if finding.needed)
    print("A show can run." if can_play else "A show cannot run yet: mend the lines marked FAIL.")
    raise typer.Exit(0 if can_play else 1)


@app.command()
def bench(
    what: Annotated[
        str, typer.Argument(help="line (the whole show); networks, train (against plain forwards and loops).")
    ] = "line",
    seconds: Annotated[float, typer.Option(min=1, help="line: how long to run it.")] = 10.0,
    scene: SceneName = "",
    device: DeviceName = "",
    venue: VenueFile = None,
    quick: Annotated[bool, typer.Option("--quick", help="networks, train: only the smallest, on one thread.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure this machine: every stage, the frame rate, sound-to-screen latency; or the networks; or training."""
    import json

    if what == "networks":
        from livegan.studio import bench_networks

        shapes = tuple(bench_networks.SHAPES)[: 1 if quick else None]
        figures = bench_networks.measure(shapes, (1,) if quick else (1, 2))
        print(json.dumps(figures, indent=2) if as_json else bench_networks.table(figures))
        return
    if what == "train":
        from livegan.training import benchmark as bench_train

        found = bench_train.measure(("tiny-64",) if quick else None, device=device or "auto", tell=echo)
        print(json.dumps(found, indent=2) if as_json else bench_train.table(found))
        return
    if what != "line":
        raise LiveganError(f"there is no bench of '{what}'; type: livegan bench line, networks or train")
    from livegan.studio.bench import measure, table
    from livegan.ui.benchmark import show_and_measure
    from livegan.ui.display import has_display

    place = _venue(venue, device=device)
    figures = measure(place, scene, seconds, show_and_measure if has_display() else None)
    print(json.dumps(figures, indent=2) if as_json else table(figures))


app.command()(training.dataset)
app.command()(training.train)
app.add_typer(networks.app, name="networks")
