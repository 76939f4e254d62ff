"""`livegan dream film`: films of what songs mean."""

import shlex
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from livegan.cli.dream import DeviceName, LearningRate, ModelName, NetworkName, Seed, Size, Text, Towards, TransferRate
from livegan.cli.options import (
    Duration,
    Overwrite,
    RayAddress,
    Workers,
    refuse_address,
    refuse_address_of_output,
    size_option,
    workers_option,
)
from livegan.cli.output import echo
from livegan.core.progress import progress_bar, show_picture
from livegan.core.signals import end_at_once
from livegan.core.text import counted
from livegan.errors import DreamError

if TYPE_CHECKING:
    from livegan.core.types import Pixels
    from livegan.studio.dream.dreamer import DreamProgress


def make_film(
    song: Annotated[Path, typer.Argument(metavar="SONG", help="What it is of: wav, flac, mp3 ...")],
    text: Text = "",
    lyrics: Annotated[
        Path | None,
        typer.Option("--lyrics", "-lyr", metavar="FILE", help="Its lyrics, as prompts: .lrc, .srt or .csv."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The film, .mp4 .mov .mkv .webm .gif; else as the song.")
    ] = None,
    network: NetworkName = "house-256",
    model: ModelName = "auto",
    fps: Annotated[
        str, typer.Option("--fps", "--output_video_fps", help="Frames a second: 30, or MetaMusic's for its segments.")
    ] = "",
    iterations_per_second: Annotated[
        float | None,
        typer.Option("--iterations-per-second", "--iterations_per_second", "-ips", min=0, help="Steps of the search."),
    ] = None,
    segments: Annotated[
        str, typer.Option("--segments", help="sections (and bars), beats (music2video) or original (MetaMusic).")
    ] = "sections",
    start: Annotated[float, typer.Option("--start", min=0, help="Begin so many seconds into the song.")] = 0.0,
    duration: Duration = None,
    size: Size = "",
    seed: Seed = 0,
    learning_rate: LearningRate = None,
    sound_weight: Annotated[
        float | None, typer.Option("--sound-weight", min=0, max=100, help="Of the song beside words; alone it has 1.")
    ] = None,
    pulse: Annotated[
        float, typer.Option("--pulse", min=0, max=2, help="How much beats move the picture; 0: not at all.")
    ] = 1.0,
    towards: Towards = None,
    transfer_rate: TransferRate = 1.0,
    init_image: Annotated[
        Path | None,
        typer.Option("--init-image", "--init_image", metavar="FILE", help="A picture that the film starts from."),
    ] = None,
    zoom: Annotated[
        float, typer.Option("--zoom", min=0.5, max=2, help="Into the picture at each step, e.g. 1.01; below 1: out.")
    ] = 1.0,
    shift: Annotated[str, typer.Option("--shift", metavar="X,Y", help="Right and down [px] at each step.")] = "0,0",
    turn: Annotated[float, typer.Option("--turn", min=-180, max=180, help="Clockwise [degrees] at each step.")] = 0.0,
    independent: Annotated[
        bool, typer.Option("--independent", help="Dream each segment alone: many workers at once; the film travels.")
    ] = False,
    audio: Annotated[str, typer.Option(help="aac (plays everywhere) or original (as in the song).")] = "aac",
    device: DeviceName = "auto",
    workers: Workers = 0,
    ray: RayAddress = "",
    overwrite: Overwrite = False,
) -> None:
    """Make a film of a song: one long dream, moved by the music. Ctrl-C keeps what there is; again, it goes on."""
    with end_at_once():  # PyTorch takes seconds to load
        from contextlib import closing

        from livegan.outputs.rate import frame_rate
        from livegan.studio.dream.dreamer import Feedback
        from livegan.studio.dream.film import film
        from livegan.studio.dream.film_job import FilmJob
        from livegan.studio.dream.open_dreamer import DreamOptions
        from livegan.studio.dream.picture import read_pixels

    refuse_address(str(song))
    place = output or Path(f"{song.stem}.dream.mp4")
    refuse_address_of_output(str(place))
    begun = None if init_image is None else read_pixels(init_image)
    job = FilmJob(
        song,
        place,
        text,
        lyrics,
        DreamOptions(model, network, size_option(size), seed, learning_rate, begun, device),
        frame_rate(fps) if fps not in ("", "0") else None,
        iterations_per_second,
        segments,
        start,
        duration,
        sound_weight,
        towards,
        transfer_rate,
        Feedback(zoom, _shift(shift), turn),
        pulse,
        independent,
        workers_option(workers, ray),
        audio,
        overwrite,
        shlex.join(["livegan", *sys.argv[1:]]),
    )
    last = None
    with closing(film(job, echo)) as dream:
        try:
            for text_now, stage in groupby(dream, key=lambda progress: progress.text):
                last = _shown(f"{song.name if text_now == 'listening' else place.name}, {text_now}", stage)
        except KeyboardInterrupt:
            dream.close()
            if not place.exists():
                raise
            echo(f"{place} (stopped early). To go on, type the same command again.")
            return
    if last is None or last.path is None:
        raise typer.Exit(130)
    early = " (stopped early). To go on, type the same command again." if last.done < last.total else ""
    echo(f"{last.path}: {counted(last.done, 'frame')}{early}")


def _shown(what: str, stage: "Iterable[DreamProgress]") -> "DreamProgress | None":
    """One stage of a dream with a progress bar; its last progress."""
    progress, show = None, None
    units = {"listening": "%", "dreaming the segments": "segments"}
    with ExitStack() as shown:
        for progress in stage:
            if progress.path is not None or progress.text == "reading the network":
                continue
            if show is None:
                show = shown.enter_context(progress_bar(what, progress.total, units.get(progress.text, "frames")))
            if (picture := progress.picture) is not None:
                show_picture(partial(_same, picture))
            show(progress.done)
    return progress


def _same(picture: "Pixels") -> "Pixels":
    return picture


def _shift(typed: str) -> tuple[float, float]:
    """Right and down [px] from X,Y; DreamError for what is none."""
    try:
        right, down = map(float, typed.split(","))
    except ValueError:
        raise DreamError(f"--shift {typed!r} is not X,Y; type for example: --shift 2,0") from None
    return right, down
