"""Commands `livegan dataset` and `livegan train`. Heavy imports happen inside, as in `livegan.cli`."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from livegan.cli.output import echo
from livegan.core.signals import end_at_once
from livegan.core.text import counted, parse_size
from livegan.errors import DatasetError, TrainingError

if TYPE_CHECKING:
    from livegan.datasets.make import DatasetReport


OF_PICTURES_ONLY = ("crop", "background", "sharpest", "faces", "every")  # not of patterns, nor of MIDI files
OF_PICTURES = (*OF_PICTURES_ONLY, "labels", "duplicates", "limit")  # not of patterns
OF_PATTERNS = ("count", "layouts", "seed")
OF_MIDI = ("layout",)
OF_HEARING = ("steps", "hours", "songs")
OF_EVERY = ("data", "output", "resume", "batch", "lr", "seed", "device", "checkpoint")  # also of hearing
MIN_SIDE, MAX_SIDE = 8, 4096  # [px]


def _picture_size(text: str) -> tuple[int, int]:
    """Height and width of "256" or "384x216" (WIDTHxHEIGHT)."""
    try:
        width, height = parse_size(text if "x" in text.lower() else f"{text}x{text}")
    except ValueError:
        width = height = 0
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        raise DatasetError(
            f"--size {text!r} is no side or WIDTHxHEIGHT in {MIN_SIDE}..{MAX_SIDE}; type for example: --size 256"
        )
    return height, width


def _check_options(context: typer.Context, source: str) -> None:
    """DatasetError for an option that does not belong to this kind of source."""
    wrong: tuple[str, ...] = (*OF_PATTERNS, *OF_MIDI)
    what = "pictures of your own"
    if source == "patterns":
        wrong, what = (*OF_PICTURES, *OF_MIDI), "patterns"
    elif source == "midi":
        wrong, what = (*OF_PICTURES_ONLY, *OF_PATTERNS), "MIDI files"
    elif Path(source).is_dir() or source.lower().endswith((".json", ".zip")):
        kind = "zip" if source.lower().endswith(".zip") else "folder"
        wrong, what = (*wrong, "every"), f"a {kind} of pictures"
    for name, option in _typed(context):
        if name in wrong:
            raise DatasetError(f"{option} does not belong to {what}; leave it out")


def _typed(context: typer.Context) -> Iterator[tuple[str, str]]:
    """Name and option, as "every" and "--every", of all that was typed."""
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "")
        if parameter.name and given is not None and given.name == "COMMANDLINE":
            yield parameter.name, parameter.opts[0]


def dataset(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(metavar="FOLDER|ZIP|SELECTION|FILM|camera|patterns|midi", help="Where pictures come from."),
    ],
    folder: Annotated[Path | None, typer.Argument(metavar="[FOLDER]", help="midi: a folder of MIDI files.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The zip to write: SOURCE-SIZE.zip.")] = None,
    size: Annotated[str, typer.Option(help="Side of the pictures, or WIDTHxHEIGHT.")] = "256",
    crop: Annotated[
        Literal["center", "none", "wide"],
        typer.Option(help="center: cut what is over; none: squeeze; wide: black above and below."),
    ] = "center",
    background: Annotated[
        Literal["auto", "black", "white"],
        typer.Option(help="Under transparent pictures; auto: white under dark ones, black under bright ones."),
    ] = "auto",
    labels: Annotated[
        bool, typer.Option("--labels", help="Every sub-folder is a class; midi without: families.")
    ] = False,
    duplicates: Annotated[
        bool, typer.Option("--duplicates/--no-duplicates", help="Keep pictures that look like an earlier one.")
    ] = False,
    sharpest: Annotated[
        float | None, typer.Option("--sharpness", min=0, help="Leave out blurred ones; 100 is usual.")
    ] = None,
    faces: Annotated[bool, typer.Option("--faces", help="Leave out pictures without a face (needs OpenCV).")] = False,
    every: Annotated[float, typer.Option(min=0.01, help="Film, camera: seconds between two pictures.")] = 1.0,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many pictures; a camera needs it.")] = None,
    count: Annotated[int, typer.Option(min=12, help="patterns: how many.")] = 12_000,
    layouts: Annotated[
        int | None, typer.Option(min=1, help="patterns: layouts of each class; else each picture has its own.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="patterns: another seed, other pictures.")] = 0,
    layout: Annotated[
        Literal["roll", "article"],
        typer.Option(help="midi: four bars in colours, or grey pages of 100 sixteenths, one instrument each."),
    ] = "roll",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an older set of that name.")] = False,
) -> None:
    """Make a training set: a zip of equal pictures. Classes are as StyleGAN trainers read and write them."""
    from livegan.core.progress import progress_bar
    from livegan.datasets.make import DatasetOptions, expected_count, make_dataset
    from livegan.datasets.patterns import make_patterns
    from livegan.datasets.sources import camera_number
    from livegan.datasets.writer import check_output

    dimensions = _picture_size(size)
    is_midi = source == "midi" and (folder is not None or not Path(source).is_dir())
    if folder is not None and not is_midi:
        raise DatasetError(f"one source at a time: {source!r}, or {str(folder)!r}; leave one of them out")
    _check_options(context, source)
    is_camera = camera_number(source) is not None
    name = "camera" if is_camera else Path(folder or source).resolve().stem or "pictures"
    path = output or Path(f"{name}-{size.lower()}.zip")
    if is_midi:
        from livegan.composer.roll_dataset import RollOptions, expected_files, make_roll_dataset

        music = folder or Path(source)
        rolls = RollOptions(dimensions, layout, labels, duplicates, limit)
        with progress_bar("drawing", expected_files(music), "files") as done:
            report = make_roll_dataset(music, path, rolls, done, overwrite=overwrite)
    elif source == "patterns":
        check_output(path, overwrite)
        with progress_bar("drawing", count, "pictures") as done:
            report = make_patterns(path, dimensions, count, seed, layouts, done, overwrite=overwrite)
    else:
        ground = None if background == "auto" else background
        options = DatasetOptions(dimensions, crop, not duplicates, ground, sharpest, faces, labels, every, limit)
        place: Path | str = source if is_camera else Path(source)
        with progress_bar("looking at", expected_count(place, options) or 0, "pictures") as done:
            report = make_dataset(place, path, options, done, overwrite=overwrite)
    _echo_report(report, path, size, limit)


def _echo_report(report: "DatasetReport", asked: Path, size: str, limit: int | None) -> None:
    """Say what was left out and why, then what was made."""
    from livegan.core.text import printable, quoted
    from livegan.datasets.sources import skipped_text

    for broken, why in report.broken:
        echo(f"left out: {broken}: {why}")
    for line in report.changed:
        echo(line)
    if report.skipped:
        echo(f"left out: {skipped_text(report.skipped)}")
    if report.unreached:
        echo(f"left out because of --limit {limit}: {', '.join(report.unreached)}")
    duplicate, kept = ("duplicate", "it") if report.duplicates == 1 else ("duplicates", "them")
    if report.duplicates:
        alike = [f"{printable(name)} looks like {printable(other)}" for name, other in report.pairs]
        pairs = f" ({', '.join(alike)}{' ...' if report.duplicates > len(alike) else ''})" if alike else ""
        echo(f"left out: {report.duplicates} {duplicate}{pairs}; to keep {kept}, add --duplicates")
    dropped = (("blurred", report.blurred), ("without a face", report.faceless))
    for what, number in dropped:
        if number:
            echo(f"left out: {number} {what}")
    for ground, number in report.grounds.items():
        clear = counted(number, "picture is", "pictures are")
        under = "it" if number == 1 else "them"
        other = "white" if ground == "black" else "black"
        echo(f"{clear} transparent: {ground} was laid under {under} (for {other}: --background {other})")
    if report.enlarged:
        enlarged = counted(report.enlarged, "picture was", "pictures were")
        echo(f"{enlarged} smaller than {size} and {'is' if report.enlarged == 1 else 'are'} enlarged")
    if report.path != asked:
        echo(f"{asked} was written by another program meanwhile, so this set is {report.path}")
    names = f" ({', '.join(report.classes)})"
    classes = f" of {counted(len(report.classes), 'class', 'classes')}{names}" if report.classes else ""
    echo(f"{report.path}: {counted(report.kept, 'picture')}{classes}. Train on it: livegan train {quoted(report.path)}")


def train(
    context: typer.Context,
    data: Annotated[
        str,
        typer.Argument(
            metavar="[DATASET|patterns|encoder|hearing]",
            help="A set made by `livegan dataset`, patterns, an encoder, or the network that hears the beat.",
        ),
    ] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The run's folder: out/train/NAME-PRESET.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the run in this folder.")] = None,
    preset: Annotated[
        str | None, typer.Option(help="tiny-64, house-256 (default), house-wide, house-512, stylegan2-1024.")
    ] = None,
    transfer: Annotated[
        str | None, typer.Option(metavar="NETWORK|RUN", help="Begin from a network, or from another run's folder.")
    ] = None,
    paired: Annotated[
        bool, typer.Option("--paired", help="patterns: learn by regression, where there is no GPU (distilled).")
    ] = False,
    distill: Annotated[
        str | None, typer.Option(metavar="NETWORK", help="Make a light sibling of a network: same latents, less time.")
    ] = None,
    network: Annotated[
        str | None, typer.Option(metavar="NETWORK", help="encoder: whose it is: from pictures to its w in one pass.")
    ] = None,
    channels: Annotated[
        str | None, typer.Option(help="--distill: channels from the lowest level up: 256,256,128,64,32,16,8.")
    ] = None,
    lines: Annotated[
        int | None, typer.Option(min=8, help="Height of pictures. --distill: half from 256 on; encoder: 64.")
    ] = None,
    kimg: Annotated[float | None, typer.Option(min=0.001, help="Thousands of pictures until it ends.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Pictures a step, over all processes.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed, another network.")] = None,
    snapshots: Annotated[
        str | None, typer.Option(help="When to keep a network besides the end, in kimg: 20,40,80; or none. Else eight.")
    ] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate of the generator.")] = None,
    d_lr: Annotated[float | None, typer.Option(help="Learning rate of the discriminator.")] = None,
    gamma: Annotated[float | None, typer.Option(min=0, help="Weight of the R1 penalty.")] = None,
    pl_weight: Annotated[
        float | None, typer.Option(min=0, help="Weight of path-length regularisation; 0: off.")
    ] = None,
    mixing: Annotated[float | None, typer.Option(min=0, max=1, help="How often two latents are mixed.")] = None,
    ema_kimg: Annotated[float | None, typer.Option(min=0, help="Half-life of the average network.")] = None,
    augment: Annotated[str | None, typer.Option(help="ada, fixed or none.")] = None,
    augment_p: Annotated[float | None, typer.Option(min=0, max=1, help="Where p starts, or stays.")] = None,
    ada_target: Annotated[float | None, typer.Option(min=0, max=1, help="The sign of D(real) that ADA keeps.")] = None,
    flips: Annotated[bool | None, typer.Option("--flips/--no-flips", help="Mirror half of the pictures.")] = None,
    freeze_d: Annotated[
        int | None, typer.Option(min=0, help="So many of the discriminator's finest levels do not learn.")
    ] = None,
    noise: Annotated[bool | None, typer.Option("--noise/--no-noise", help="Noise inputs.")] = None,
    precision: Annotated[str | None, typer.Option(help="f32, bf16 or fp16.")] = None,
    compile_: Annotated[bool | None, typer.Option("--compile/--no-compile", help="torch.compile.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, rocm, xpu or mps.")] = "auto",
    checkpoint: Annotated[float, typer.Option(min=1, help="Seconds between two checkpoints.")] = 120.0,
    measure: Annotated[bool, typer.Option("--measure", help="Measure the distance to the data at snapshots.")] = False,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Curves for TensorBoard.")] = False,
    title: Annotated[str, typer.Option(help="What the network is called on its card.")] = "",
    licence: Annotated[str, typer.Option(help="Of the network, e.g. CC0-1.0.")] = "",
    steps: Annotated[int | None, typer.Option(min=1, help="hearing: so many steps, 8000 if not said.")] = None,
    hours: Annotated[
        float | None, typer.Option(min=0.01, max=1000, help="hearing: hours of songs to compose, 8 if not said.")
    ] = None,
    songs: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="hearing: recordings, with .beats files where you have them.")
    ] = None,
) -> None:
    """Train a network on pictures or patterns, its encoder, or one that hears. Ctrl-C keeps all; --resume goes on.

    Several GPUs or machines: torchrun --nproc-per-node N -m livegan train DATASET ...
    """
    _check_train_options(context, data)
    if resume is not None and output is not None:
        raise TrainingError(f"--resume {resume} goes on in that folder; leave --output {output} out")
    if data == "hearing":
        with end_at_once():
            from livegan.studio.hearing.learn import LearningJob, learn_to_hear
            from livegan.training.hearing.run import HearingOptions

        training = HearingOptions(
            folder=resume or output or Path("out/train/hearing"),
            steps=steps,
            batch=batch,
            lr=lr,
            seed=seed,
            resume=resume is not None,
            device=device,
            checkpoint_s=checkpoint,
        )
        if hours is None and resume is None:
            hours = 8.0
        learn_to_hear(LearningJob(training, hours, songs), echo)
        return
    with end_at_once():  # PyTorch takes seconds to load
        from livegan.training.options import DEFAULT_PRESET, Overrides, TrainOptions
        from livegan.training.settings import PATTERNS
        from livegan.training.train import train as start

    name = f"{Path(data).stem or PATTERNS}-{preset or DEFAULT_PRESET}{'-paired' if paired else ''}"
    if distill is not None:
        name = f"{Path(distill).stem}-light"
    if network is not None:
        name = f"{Path(network).stem}-encoder"
    overrides = Overrides(
        kimg=kimg,
        batch=batch,
        seed=seed,
        lr=lr,
        d_lr=d_lr,
        gamma=gamma,
        pl_weight=pl_weight,
        mixing=mixing,
        ema_kimg=ema_kimg,
        augment=augment,
        augment_p=augment_p,
        ada_target=ada_target,
        flips=flips,
        freeze_d=freeze_d,
        noise=noise,
        precision=precision,
        compile=compile_,
    )
    options = TrainOptions(
        folder=resume or output or Path("out/train") / name,
        dataset=data or None,
        overrides=overrides,
        preset=preset,
        resume=resume is not None,
        transfer=transfer,
        paired=paired,
        distill=distill,
        network=network,
        channels=_channels(channels),
        lines=lines,
        snapshots=_moments(snapshots),
        device=device,
        tensorboard=tensorboard,
        checkpoint_s=checkpoint,
        title=title,
        licence=licence,
        measure=measure,
    )
    start(options, echo)


def _check_train_options(context: typer.Context, data: str) -> None:
    """TrainingError for an option that does not belong to what is trained."""
    for name, option in _typed(context):
        if data == "hearing" and name not in (*OF_HEARING, *OF_EVERY):
            raise TrainingError(f"{option} does not belong to hearing; leave it out")
        if data != "hearing" and name in OF_HEARING:
            raise TrainingError(f"{option} is for hearing; type: livegan train hearing {option} ...")


def _moments(text: str | None) -> tuple[float, ...] | None:
    """Parse "20,40,80" [kimg]; "none" is no moment, None the run's default."""
    if text is None or text == "none":
        return None if text is None else ()
    try:
        moments = tuple(float(word) for word in text.split(","))
    except ValueError:
        moments = (-1.0,)
    if not all(0 < moment < math.inf for moment in moments):
        raise TrainingError(f"--snapshots {text!r} are not moments in kimg; type for example: --snapshots 20,40,80")
    return moments


def _channels(text: str | None) -> tuple[int, ...] | None:
    """Parse "256,128,64"."""
    if text is None:
        return None
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        raise TrainingError(
            f"--channels {text!r} are not whole numbers with commas; type for example: --channels 256,128,64,32,16"
        ) from None
