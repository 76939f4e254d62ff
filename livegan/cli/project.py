"""`livegan project`: pictures and videos as latents of a network."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from livegan.cli.options import Overwrite, ProjectRay, ProjectWorkers, workers_option
from livegan.cli.output import echo
from livegan.core.signals import end_at_once
from livegan.core.text import counted


def project(
    inputs: Annotated[list[Path], typer.Argument(metavar="PICTURE|VIDEO|FOLDER...", help="What is projected.")],
    network: Annotated[
        str, typer.Option("--network", "-n", help="A network's name, or the file of one.")
    ] = "house-256",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="NAME.hdf5, or a folder: projection_of_NAME.hdf5 each.")
    ] = None,
    space: Annotated[
        Literal["w", "w+"], typer.Option(help="w: one latent for all layers. w+: one for each, nearer to the picture.")
    ] = "w+",
    steps: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="At most, from a fresh start: 200, or 1000 with --original.")
    ] = None,
    warm_steps: Annotated[int, typer.Option(min=1, max=100_000, help="At most, from the frame before.")] = 30,
    original: Annotated[
        bool, typer.Option("--original", help="StyleGAN2's projector to the letter, each frame from the mean w.")
    ] = False,
    noise: Annotated[
        bool, typer.Option("--noise", help="Optimise the noise inputs too (scenes do not use them).")
    ] = False,
    features: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="efficientnet, pixels, or a file with your own VGG16 or LPIPS.")
    ] = "",
    fps: Annotated[str, typer.Option(help="Projected frames a second: 15, or less where the video has less.")] = "",
    frames: Annotated[int | None, typer.Option(min=1, help="At most so many frames of each video.")] = None,
    start: Annotated[float, typer.Option(min=0, help="Begin so many seconds into each video.")] = 0.0,
    duration: Annotated[float | None, typer.Option(min=0.01, help="Only so many seconds of each video.")] = None,
    align: Annotated[
        bool, typer.Option("--align", help="Faces: turn and cut them as FFHQ does (needs OpenCV).")
    ] = False,
    encoder: Annotated[
        bool, typer.Option("--encoder/--no-encoder", help="Start from the network's encoder where there is one.")
    ] = True,
    batch: Annotated[int, typer.Option(min=0, max=256, help="Pictures at a time; 0: by their size.")] = 0,
    history: Annotated[
        list[str] | None, typer.Option(help="Keep every step of: latents, images, noises. May be repeated.")
    ] = None,
    preview: Annotated[Path | None, typer.Option(help="Film of target | projection: .mp4, .mov or .mkv.")] = None,
    convergence: Annotated[Path | None, typer.Option(help="Plot of how the latents converge, as PNG.")] = None,
    scene: Annotated[bool, typer.Option("--scene/--no-scene", help="Write a scene that plays it, NAME.toml.")] = True,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of the noise on w, with --original.")] = 303,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, rocm, xpu or mps.")] = "auto",
    workers: ProjectWorkers = 0,
    ray: ProjectRay = "",
    overwrite: Overwrite = False,
) -> None:
    """Find the latents whose pictures are most like yours: HDF5 as GANce's. Ctrl-C; the same line again goes on."""
    with end_at_once():  # PyTorch takes seconds to load
        from livegan.outputs.rate import frame_rate
        from livegan.studio.project import ProjectJob, check_histories, play_line
        from livegan.studio.project import project as start_projection
        from livegan.studio.projection_inputs import Selection
        from livegan.studio.projector import ORIGINAL_STEPS, STEPS, ProjectorSettings

    settings = ProjectorSettings(
        space="w" if original else space,
        steps=steps or (ORIGINAL_STEPS if original else STEPS),
        warm_steps=warm_steps,
        original=original,
        noise=noise or original,
        seed=seed,
        histories=check_histories(history or []),
    )
    job = ProjectJob(
        tuple(inputs),
        network,
        output,
        settings,
        Selection(frame_rate(fps) if fps else None, frames, start, duration, align),
        features=features or None,
        device=device,
        batch=batch,
        encoder=encoder,
        preview=preview,
        convergence=convergence,
        scene=scene,
        overwrite=overwrite,
        workers=workers_option(workers, ray),
    )
    results = start_projection(job, echo)
    for result in results:
        of = "" if result.is_complete else f" of {result.expected}"
        more = "" if result.is_complete else "; type the same line again to go on"
        if result.frames:
            echo(f"{result.output}: {counted(result.frames, 'frame')}{of}, {result.steps:.0f} steps a frame{more}")
        else:
            echo(f"{result.output}: no frame is finished; type the same line again to go on")
    lines = [play_line(result) for result in results if result.scene]
    if lines:
        echo(f"play it: {lines[0]}")
    if not any(result.frames for result in results) and results:
        raise typer.Exit(130)
