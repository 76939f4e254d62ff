"""`livegan render`: films of songs."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from livegan.cli.options import (
    CameraName,
    CustomEffects,
    DeviceName,
    EffectSource,
    EffectStrength,
    Overwrite,
    PromptText,
    RayAddress,
    SceneName,
    SetName,
    VenueFile,
    Workers,
    refuse_address,
    refuse_address_of_output,
    size_option,
    venue_with,
    workers_option,
)
from livegan.cli.output import echo, show
from livegan.core.signals import end_at_once, tell_interrupt
from livegan.core.text import counted, printable, quoted
from livegan.errors import LiveganError, MediaError

if TYPE_CHECKING:
    from livegan.config.venue import Venue
    from livegan.studio.distributed.pools import WorkerOptions
    from livegan.studio.film_job import RenderJob


def _show_codecs(asked: bool) -> None:
    if asked:
        from livegan.outputs.formats import codec_lines

        show("\n".join(codec_lines()))
        raise typer.Exit


def render(
    songs: Annotated[
        list[str] | None,
        typer.Argument(help="Songs: wav, flac, mp3, mid ..., or compose:STYLE:SEED; or the log of a show."),
    ] = None,
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="The film: .mp4 .mov .mkv .webm .gif, or frames/%06d.png; or a folder."),
    ] = "",
    scene: SceneName = "",
    set_: SetName = "",
    prompt: PromptText = "",
    fps: Annotated[
        str,
        typer.Option(
            help="Frames a second, exactly: 60, 25, 59.94 or 30000/1001; of a show log, as it ran.", show_default="60"
        ),
    ] = "",
    size: Annotated[str, typer.Option(help="Film size, e.g. 1920x1080.")] = "",
    device: DeviceName = "",
    venue: VenueFile = None,
    audio: Annotated[str, typer.Option(help="original (as in the song) or aac (for phones).")] = "original",
    start: Annotated[float, typer.Option("--start", min=0, help="Where in the song to begin, in seconds.")] = 0.0,
    duration: Annotated[float | None, typer.Option("--duration", min=0.1, help="Only so many seconds of it.")] = None,
    join: Annotated[bool, typer.Option("--join", help="One film of all the songs, one after the other.")] = False,
    stem: Annotated[
        list[str] | None, typer.Option("--stem", help="A stem as an input group, NAME=FILE; any number of times.")
    ] = None,
    sound: Annotated[str, typer.Option("--sound", help="Another sound for the film than the song.")] = "",
    codec: Annotated[str, typer.Option("--codec", help="h264, h265, av1, vp9, prores or ffv1: see --codecs.")] = "",
    codecs: Annotated[
        bool, typer.Option("--codecs", callback=_show_codecs, is_eager=True, help="List the codecs there are here.")
    ] = False,
    quality: Annotated[
        float | None, typer.Option("--quality", min=0, max=63, help="The encoder's CRF; lower is better and larger.")
    ] = None,
    transparent: Annotated[
        bool, typer.Option("--transparent", help="Light on nothing instead of on black: .mov .webm .mkv, or PNG files.")
    ] = False,
    save_frames: Annotated[
        Path | None, typer.Option("--save-frames", help="Folder for every frame as a PNG, besides.")
    ] = None,
    debug_view: Annotated[
        bool, typer.Option("--debug-view", help="Beside it: spectrum, latent, RMS, beats, network; makes it wider.")
    ] = False,
    debug_window: Annotated[
        float, typer.Option("--debug-window", min=0.5, max=600, help="Seconds that the debug view shows.")
    ] = 8.0,
    network: Annotated[
        str, typer.Option("--network", help="Of a show log: another network, in the place of every one of the show.")
    ] = "",
    run: Annotated[Path | None, typer.Option("--run", help="Make a film again from its FILM.livegan.json.")] = None,
    workers: Workers = 0,
    ray: RayAddress = "",
    overwrite: Overwrite = False,
    camera: CameraName = "",
    effect: CustomEffects = None,
    effect_from: EffectSource = "onset",
    effect_strength: EffectStrength = 0.5,
) -> None:
    """Make films of songs: the show, offline. Every frame is in its place; stopped, it goes on when typed again."""
    with (
        tell_interrupt(echo, printable(output) if output else "the film"),
        end_at_once(),
    ):  # there is nothing to keep yet
        from livegan.engine.custom_effects import effects_typed
        from livegan.engine.prompts import check_prompt
        from livegan.engine.show_log_reader import is_show_log, open_show_log
        from livegan.outputs.formats import usual_ending
        from livegan.outputs.rate import frame_rate
        from livegan.studio.film_job import RenderJob
        from livegan.studio.replay_stage import show_rate, show_size

    command = shlex.join(["livegan", *sys.argv[1:]])
    drawing = workers_option(workers, ray)
    if run is not None:
        _render_again(run, songs or [], output, overwrite, command, drawing, effect or [])
        return
    if not songs:
        raise LiveganError("give a song; type for example: livegan render song.wav -o film.mp4")
    for name in (*songs, sound):
        refuse_address(name)
    if len(songs) == 1:  # of several, what is wrong with one does not keep the others from being made
        _check_song(songs[0])
    refuse_address_of_output(output)
    check_prompt(prompt, scene)
    if (
        len(songs) == 1
        and songs[0].lower().endswith(".png")
        and _drawn_again(songs[0], output, overwrite, scene, size, device, venue)
    ):
        return
    films = _films(songs, output, join, usual_ending(codec, transparent))
    own = effects_typed(effect or [], effect_from, effect_strength)
    place = venue_with(venue, device=device, window={"size": size_option(size)}, effects=own, camera=camera)
    firsts = [first for (first, *more), _ in films if not more]
    shows = {song: open_show_log(Path(song)) for song in firsts if is_show_log(Path(song))}
    if network and len(shows) < len(films):
        raise LiveganError("--network is for the log of a show; for a song, name the network in a scene")
    jobs = [
        RenderJob(
            Path(first),
            film,
            scene,
            show_rate(shown) if shown is not None and not fps else frame_rate(fps or "60"),
            show_size(shown) if shown is not None and not size else place.window.size,
            audio,
            duration,
            overwrite=overwrite,
            prompt=prompt,
            set=set_,
            start_s=start,
            more_songs=tuple(map(Path, more)),
            stems=_stems(stem or []),
            sound=Path(sound) if sound else None,
            codec=codec,
            quality=quality,
            transparent=transparent,
            frames_folder=_frames_folder(save_frames, film, len(films)),
            debug_window_s=debug_window if debug_view else 0.0,
            command=command,
            run_file=shown is None,
            network=network,
            allowed_effects=tuple(effect or ()) if shown is not None else (),
            workers=drawing,
        )
        for (first, *more), film in films
        for shown in [shows.get(first)]
    ]
    _render_all(jobs, place)


def _check_song(name: str) -> None:
    """MediaError for a song that is no file; of a folder, how to make films of the songs in it."""
    from livegan.core.file_kind import songs_in
    from livegan.core.media import check_song_path
    from livegan.engine.input_names import is_composition

    path = Path(name)
    inside = [song.suffix for song in songs_in(path)]
    if len(inside) > 1:
        ending = max(inside, key=inside.count)
        every = f"{printable(quoted(path))}/*{printable(ending)}"
        raise MediaError(
            f"'{printable(path)}' is a folder, not a song; for a film of every song in it: "
            f"livegan render {every} -o films/"
        )
    if not is_composition(name):
        check_song_path(path)


def _drawn_again(
    song: str, output: str, overwrite: bool, scene: str, size: str, device: str, venue: Path | None
) -> bool:
    """Draw a snapshot again, if that is what was given."""
    from livegan.outputs.snapshot import is_snapshot

    if not is_snapshot(Path(song)):
        return False
    from livegan.studio.snapshot_draw import draw_snapshot

    target = Path(output or f"{Path(song).stem}-again.png")
    place = venue_with(venue, device=device)
    width, height = draw_snapshot(Path(song), target, place, size_option(size), scene, overwrite=overwrite)
    echo(f"{target}: {width}x{height} px")
    return True


def _films(songs: list[str], output: str, join: bool, ending: str) -> list[tuple[list[str], Path]]:
    """The songs of each film, and where it goes; MediaError if what was typed does not fit together."""
    from livegan.engine.show_log_reader import is_show_log

    is_folder = output.endswith(("/", "\\")) or Path(output).is_dir()
    one_film = join or bool(output and not is_folder and Path(output).suffix)
    shows = [song for song in songs if one_film and len(songs) > 1 and is_show_log(Path(song))]
    if shows:
        otherwise = "leave --join out and give a folder" if join else "give a folder"
        raise MediaError(f"{shows[0]} is a show log, and its film joins no other song; {otherwise}: -o films/")
    if join or len(songs) == 1:
        if output and is_folder:
            example = Path(output) / f"{Path(songs[0]).stem}{ending}"
            raise MediaError(f"{output} is a folder; give the film a name, for example: -o {example}")
        return [(songs, Path(output or f"film{ending}"))]
    if output and not is_folder and Path(output).suffix:
        raise MediaError(f"{len(songs)} songs make {len(songs)} films; give a folder: -o films/, or type --join")
    films = [([song], Path(output) / f"{Path(song).stem}{ending}") for song in songs]
    names = [film for _, film in films]
    twice = next((film for film in names if names.count(film) > 1), None)
    if twice is not None:
        raise MediaError(f"two of the songs would become {twice}; make their films one by one, with -o")
    return films


def _stems(typed: list[str]) -> dict[str, Path]:
    """Input groups of stems from NAME=FILE; LiveganError for what is none."""
    from livegan.config.venue import is_group_name

    stems: dict[str, Path] = {}
    for text in typed:
        name, equals, file = text.partition("=")
        if not equals or not file or not is_group_name(name):
            raise LiveganError(f"--stem {text!r} is not NAME=FILE; type for example: --stem drums=drums.wav")
        if name in stems:
            raise LiveganError(f"--stem {name} is given twice; give each stem a name of its own")
        refuse_address(file)
        stems[name] = Path(file)
    return stems


def _frames_folder(folder: Path | None, film: Path, films: int) -> Path | None:
    return folder / film.stem if folder is not None and films > 1 else folder


def _render_all(jobs: "list[RenderJob]", place: "Venue") -> None:
    """One film after the other. What is wrong with one song does not keep the others from being made."""
    with tell_interrupt(echo, str(jobs[0].output)), end_at_once():
        from livegan.studio.render import render_film

    failed = []
    for job in jobs:
        try:
            result = render_film(job, place, echo)
        except LiveganError as error:
            if len(jobs) == 1:
                raise
            echo(f"livegan: {error}")
            failed.append(str(job.song))
            continue
        early = " (stopped early)" if result.stopped else ""
        if result.frames:
            echo(f"{result.path}: {counted(result.frames, 'frame')}, {result.seconds:.1f} s{early}")
        else:
            echo(f"No film {result.path}: it was stopped before its first frame.")
        if result.stopped:
            if result.parts is not None:
                echo(f"To go on, type the same command again; {result.parts} is for that.")
            return
    if failed:
        raise MediaError(f"there is no film of {', '.join(failed)}, see above; the others are finished")


def _render_again(
    run: Path,
    songs: list[str],
    output: str,
    overwrite: bool,
    command: str,
    drawing: "WorkerOptions",
    effects: list[str],
) -> None:
    """Make the film of a run file again, beside it or as `output`. Functions run only if they are typed."""
    from dataclasses import replace

    from livegan.studio.run_file import read_run

    if songs:
        raise LiveganError(f"--run makes the film of {run} again, of its own song; leave {songs[0]} out")
    job, place, facts = read_run(run, effects)
    film = Path(output) if output else run.parent / job.output.name
    folder = run.parent / job.frames_folder.name if job.frames_folder else None
    again = replace(job, output=film, frames_folder=folder, overwrite=overwrite, command=command)
    _render_all([replace(again, run_file=True, expected=facts, workers=drawing)], place)
