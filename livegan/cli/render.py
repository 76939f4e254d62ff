"""`livegan render`: a film of a song."""

from pathlib import Path
from typing import Annotated

import typer

from livegan.cli.options import (
    CameraName,
    CustomEffects,
    DeviceName,
    EffectSource,
    EffectStrength,
    Overwrite,
    SceneName,
    SetName,
    VenueFile,
    refuse_address,
    refuse_address_of_output,
    size_option,
    venue_with,
)
from livegan.cli.output import counted, echo
from livegan.core.signals import end_at_once
from livegan.errors import MediaError


def render(
    song: Annotated[str, typer.Argument(help="A song: wav, flac, ogg, mp3, m4a ...")],
    output: Annotated[str, typer.Option("--output", "-o", help="The film: .mp4, .mov or .mkv.")] = "film.mp4",
    scene: SceneName = "",
    set_: SetName = "",
    fps: Annotated[str, typer.Option(help="Frames a second, exactly: 60, 25, 59.94 or 30000/1001.")] = "60",
    size: Annotated[str, typer.Option(help="Film size, e.g. 1920x1080.")] = "",
    device: DeviceName = "",
    venue: VenueFile = None,
    audio: Annotated[str, typer.Option(help="original (as in the song) or aac (for phones).")] = "original",
    duration: Annotated[
        float | None, typer.Option("--duration", min=0.1, help="Only the first so many seconds.")
    ] = None,
    overwrite: Overwrite = False,
    camera: CameraName = "",
    effect: CustomEffects = None,
    effect_from: EffectSource = "onset",
    effect_strength: EffectStrength = 0.5,
) -> None:
    """Make a film of a song: the show, offline. Every frame is in its place; Ctrl-C leaves a playable film."""
    with end_at_once():  # there is nothing to keep yet
        from livegan.engine.custom_effects import effects_typed
        from livegan.outputs.rate import frame_rate
        from livegan.studio.render import RenderJob, render_film

    refuse_address(song)
    refuse_address_of_output(output)
    if output.endswith(("/", "\\")) or Path(output).is_dir():
        example = Path(output) / f"{Path(song).stem}.mp4"
        raise MediaError(f"{output} is a folder; give the film a name, for example: -o {example}")
    own = effects_typed(effect or [], effect_from, effect_strength)
    place = venue_with(venue, device=device, window={"size": size_option(size)}, effects=own, camera=camera)
    job = RenderJob(
        Path(song),
        Path(output),
        scene,
        frame_rate(fps),
        place.window.size,
        audio,
        duration,
        overwrite=overwrite,
        set=set_,
    )
    result = render_film(job, place, echo)
    early = " (stopped early)" if result.stopped else ""
    echo(f"{result.path}: {counted(result.frames, 'frame')}, {result.seconds:.1f} s{early}")
