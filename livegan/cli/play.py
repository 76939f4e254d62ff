"""`livegan play`: the show, in a window or without one."""

import os
import sys
from collections.abc import Callable
from functools import partial
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from livegan.cli.anywhere import (
    Session,
    film_job,
    for_this_machine,
    live_text,
    make_film,
    next_step,
    quality_text,
    with_panel,
)
from livegan.cli.options import (
    CameraName,
    ClockName,
    CustomEffects,
    DeviceName,
    Duration,
    EffectSource,
    EffectStrength,
    FollowLink,
    OscAddress,
    Overwrite,
    PromptText,
    SceneName,
    SetName,
    VenueFile,
    osc_option,
    refuse_address,
    size_option,
    venue_with,
    with_time,
)
from livegan.cli.output import ERROR, echo, flush, report_error
from livegan.cli.supervise import begin, do_nothing, hold, time_left
from livegan.core.garbage import collect_seldom
from livegan.core.signals import end_at_once
from livegan.core.text import counted
from livegan.engine.lifeline import Lifeline
from livegan.errors import LiveganError

if TYPE_CHECKING:
    from livegan.config.venue import Venue
    from livegan.engine.show import Show

DRIVER_THREADS = ("livegan-audio", "livegan-monitor")  # they call sound drivers


def play(
    song: Annotated[str, typer.Argument(help="A song or a MIDI file; the same as --input.")] = "",
    input_: Annotated[
        str,
        typer.Option("--input", "-i", help="Part of an input's name, a song, a MIDI file, 'demo' or 'compose'."),
    ] = "",
    compose: Annotated[
        str,
        typer.Option(metavar="STYLE", help="Endless music by a network, in a style (`livegan compose styles`)."),
    ] = "",
    midi_out: Annotated[
        str, typer.Option("--midi-out", metavar="NAME", help="Notes of --compose or a MIDI file to this MIDI output.")
    ] = "",
    scene: SceneName = "",
    set_: SetName = "",
    prompt: PromptText = "",
    venue: VenueFile = None,
    fps: Annotated[float | None, typer.Option(min=1, max=240, help="Target frame rate.")] = None,
    device: DeviceName = "",
    quality: Annotated[
        str, typer.Option(help="auto: as good as the frame rate allows. full: at any rate. light: less work.")
    ] = "",
    fullscreen: Annotated[bool, typer.Option("--fullscreen", help="Start in full screen.")] = False,
    screen: Annotated[str, typer.Option(help="Part of a screen's name.")] = "",
    fill: Annotated[bool, typer.Option("--fill", help="Fill the window; what does not fit is cut off.")] = False,
    hud: Annotated[bool, typer.Option("--hud", help="Start with the HUD shown.")] = False,
    panel: Annotated[
        bool, typer.Option("--panel", help="Open the panel; with two screens, the output is full screen on the other.")
    ] = False,
    remote: Annotated[
        bool, typer.Option("--remote", help="Serve the phone page on the local network; its code is printed.")
    ] = False,
    remote_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Its port; 0 is any that is free.", show_default="8160")
    ] = None,
    size: Annotated[str, typer.Option(help="Window or film size, e.g. 1280x720.")] = "",
    headless: Annotated[bool, typer.Option("--headless", help="No window; Ctrl-C or --duration ends it.")] = False,
    duration: Duration = None,
    record: Annotated[Path | None, typer.Option(help="Record the show to this film.")] = None,
    overwrite: Overwrite = False,
    camera: CameraName = "",
    clock_name: ClockName = "",
    link: FollowLink = False,
    osc: OscAddress = "",
    effect: CustomEffects = None,
    effect_from: EffectSource = "onset",
    effect_strength: EffectStrength = 0.5,
    report: Annotated[Path | None, typer.Option(help="Write a report of the show as JSON.")] = None,
    log: Annotated[
        Path | None,
        typer.Option("--log", help="Write a show log, to be told (livegan log) or rendered again."),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", help="Do not play songs through the speakers."),
    ] = False,
    anywhere: Annotated[
        bool, typer.Option("--anywhere", help="No sound input: play the demo track. No display: make a film.")
    ] = False,
    supervised: Annotated[  # `supervise.wants_supervisor` has heeded it
        bool, typer.Option("--supervise", help="If the program itself dies, start it again in the same place.")
    ] = False,
) -> None:
    """Play the show: sound in, pictures out. Controllers and keys act on it."""
    lifeline = Lifeline.given()
    collect_seldom()
    with end_at_once():  # there is nothing to keep yet
        state = begin(lifeline) if lifeline is not None else None
        release = hold(lifeline, state) if lifeline is not None and state is not None else do_nothing
        from livegan.core.clock import WallClock
        from livegan.core.files import check_outputs
        from livegan.engine.custom_effects import effects_typed
        from livegan.engine.prompts import check_prompt
        from livegan.engine.report import report as report_of
        from livegan.engine.report import write_report
        from livegan.engine.show import PlayOptions, play_headless, set_up
        from livegan.engine.show_log_reader import check_log
        from livegan.outputs.formats import odd_size_text

        check_prompt(prompt, scene)
        window = {
            "fullscreen": fullscreen,
            "screen": screen,
            "fill": fill,
            "hud": hud,
            "size": size_option(size),
            "panel": panel,
        }
        own = effects_typed(effect or [], effect_from, effect_strength)
        place = venue_with(venue, device=device, fps=fps, quality=quality, window=window, effects=own, camera=camera)
        place = with_time(place, clock_name, link=link)
        place = place.model_copy(update={"osc": osc_option(osc, place.osc)})
        sound = state.input if state is not None else _sound(song, input_, compose)
        session = Session(sound, headless, record, duration)
        if anywhere:
            session = for_this_machine(session, place)
            place = place if session.headless else with_panel(place)
        if lifeline is not None and lifeline.restart is not None:
            session = time_left(session, lifeline)
        refuse_address(session.input)
        outputs = {"--record": session.record, "--report": report, "--log": log}
        inputs = (session.input, scene, set_, venue)
        check_outputs(outputs, inputs, in_new_folders=["--record"], replaces={"--report": (".json",)})
        if log is not None:
            check_log(log)
        if not session.headless:
            from livegan.control.keys import key_summary
            from livegan.ui.play import absent_screens, check_window, play_in_window

            check_window(place.window)
            for line in absent_screens(place):
                echo(line)
        if session.record is not None and (remark := odd_size_text(place.window.size)):
            echo(remark)
        film = film_job(session, scene, place, overwrite=overwrite, prompt=prompt) if session.film else None
        clock = WallClock()
        place = _with_session(place, session, aloud=not quiet, overwrite=overwrite)
        if lifeline is not None and lifeline.restart is not None:
            from livegan.engine.resume import resumed_venue

            place = resumed_venue(place, lifeline.restart, state)
        place = _with_remote(place, remote, remote_port)
        if midi_out:
            from livegan.engine.input_names import is_music

            if not is_music(place.audio.input):
                raise LiveganError(
                    f"--midi-out {midi_out} gets the notes of music that livegan plays itself; add --compose STYLE, or "
                    "give a MIDI file"
                )
            place = place.model_copy(update={"music": place.music.model_copy(update={"midi_out": midi_out})})
        show = set_up(
            place,
            PlayOptions(
                scene,
                log,
                in_window=not session.headless,
                set=set_,
                one_scene=film is not None,
                prompt=prompt,
                lifeline=lifeline,
                state=state,
            ),
            clock,
        )
    for line in show.notices:
        echo(line)
    address = _add_phone_page(show, place)
    window_report = None
    to_its_end = True
    if session.headless:
        to_its_end = play_headless(show, clock, session.duration_s, echo)
    else:
        echo(key_summary(show.keys))
        lost = partial(_end_without_display, show, session.record, report)
        window_report = play_in_window(show, place, session.duration_s, address, lost, venue, release)
    facts = report_of(show.runtime, window_report)
    if lifeline is not None:
        facts["restarts"] = lifeline.restart.number if lifeline.restart is not None else 0
    code = 0
    if film is None:
        code = _print_end(facts, show, session.record)
    else:
        for line in filter(None, (live_text(facts, place.picture.fps), quality_text(facts), _log_text(show))):
            echo(line)
    if report is not None:
        write_report(facts, report)
    if film is not None and to_its_end:
        make_film(film, place)
        echo(next_step())
    leave(code, show.runtime.stuck())


def _sound(song: str, input_: str, style: str) -> str:
    """The input from what was typed, --input and --compose too; music that is composed gets a seed, which is said."""
    from livegan.engine.music import Composition, with_seed

    if song and (input_ or style):
        raise LiveganError(f"{song} is an input; leave {'--input' if input_ else '--compose'} out")
    input_ = input_ or song
    if style:
        if input_ and Composition.named(input_) is None:
            raise LiveganError(f"--compose {style} is an input of its own; leave --input {input_} out")
        input_ = f"compose:{style}"
    named = with_seed(input_)
    if named != input_:
        echo(f"To hear the same music again: livegan play --input {named}")
    return named


def _with_session(venue: "Venue", session: Session, *, aloud: bool, overwrite: bool) -> "Venue":
    """The venue with the input and the film that were asked for at the shell."""
    from livegan.config.venue import OutputTable

    audio = {
        "input": session.input or venue.audio.input,
        "monitor": venue.audio.monitor and aloud and not session.headless,
    }
    record = session.record
    films = () if record is None else (OutputTable(kind="film", path=record, overwrite=overwrite),)
    changes = {"audio": venue.audio.model_copy(update=audio), "outputs": (*films, *venue.outputs)}
    return venue.model_copy(update=changes)


def _with_remote(venue: "Venue", wanted: bool, port: int | None) -> "Venue":
    """The venue with the phone page that was asked for at the shell."""
    changes: dict[str, Any] = {"enabled": True} if wanted or port is not None else {}
    changes |= {"port": port} if port is not None else {}
    return venue.model_copy(update={"remote": venue.remote.model_copy(update=changes)})


def _add_phone_page(show: "Show", venue: "Venue") -> Callable[[], str]:
    """Let the show serve the phone page, where that is asked for; what gives its address."""
    if not venue.remote.enabled:
        return lambda: ""
    from livegan.web.remote.page import RemotePage

    page = RemotePage(show.runtime, venue.remote, _tell_phone_page, warn=echo)
    show.runtime.add(page.service())
    return lambda: page.address


def _tell_phone_page(address: str) -> None:
    """Print the address of the phone page, and its QR code where the terminal can show it."""
    from livegan.ui.qr import shows_blocks, terminal_qr

    echo(f"Phone page: {address}")
    if sys.stderr.isatty() and shows_blocks(sys.stderr.encoding):
        echo(terminal_qr(address))
    if "//127.0.0.1:" in address:
        echo(
            "That is for this computer only: join a network, or start a hotspot, and the address changes (R shows it)."
        )
    echo("Whoever has this address, or a photo of its code, controls the show until it ends.")


def _log_text(show: "Show") -> str:
    """Where the show log is; "" where none was written."""
    return "" if show.log is None or show.log.first is None else f"The show log is {show.log.first}."


def _print_end(facts: dict[str, Any], show: "Show", record: Path | None) -> int:
    """Say how the show went; the exit code: 2 if the film that was asked for is not there."""
    faults = counted(facts["faults"], "fault")
    late = f", {facts['dropped']} came too late and were dropped" if facts["dropped"] else ""
    repeated = facts.get("music", {}).get("repeated", 0)
    again = f", {counted(repeated, 'bar')} played again as the composer was late" if repeated else ""
    echo(f"{counted(facts['frames'], 'frame')} at {facts['fps']:.1f} fps{late}{again}, {faults}.")
    if traded := quality_text(facts):
        echo(traded)
    for line in show.runtime.notices():
        echo(f"At the end: {line}")
    if written := _log_text(show):
        echo(written)
    if record is None:
        return 0
    record = show.film_of(record)
    if record.exists():
        echo(f"The film is {record}.")
        return 0
    echo(f"There is no film {record}; what there is of it: {parts_of(record) or 'nothing'}.")
    return ERROR


def parts_of(film: Path) -> str:
    """What this process has left of a film that did not get its name; "" if nothing."""
    return ", ".join(map(str, film.parent.glob(f"{escape(film.stem)}.part-{os.getpid()}.*")))


def _end_without_display(show: "Show", record: Path | None, report: Path | None, screen: dict[str, Any]) -> int:
    """Report a show whose display has died; the exit code."""
    from livegan.engine.report import report as report_of
    from livegan.engine.report import write_report

    try:
        echo("The display is gone (did the X server die?); the show has ended.")
        facts = report_of(show.runtime, screen)
        _print_end(facts, show, record)
        if report is not None:
            write_report(facts, report)
    except LiveganError as error:
        report_error(error)
    return flush(ERROR)


def leave(code: int, stuck: list[str]) -> None:
    """End with `code`; at once if a driver holds a thread for ever, which an ordinary end would wait for."""
    if stuck:
        held = [name for name in stuck if name in DRIVER_THREADS]
        slow = [name for name in stuck if name not in (*DRIVER_THREADS, "livegan-loader")]  # that one loads a network
        if held:
            echo(f"{', '.join(held)} did not end: a sound server hangs.")
        if slow:
            echo(f"{', '.join(slow)} did not end in time.")
        sys.stdout.flush()
        os._exit(code)
    if code:
        raise typer.Exit(code)
