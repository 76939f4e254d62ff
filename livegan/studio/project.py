"""Projection of pictures and videos into the latents of a network, as files that play (`livegan project`)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from livegan.core.files import check_outputs, expanded, unwritable, write_atomic
from livegan.core.machine import cores
from livegan.core.progress import progress_bar
from livegan.core.signals import end_at_once
from livegan.core.text import quoted
from livegan.core.toml_text import toml_text
from livegan.core.types import Pixels
from livegan.errors import LiveganError, MediaError, NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.cache import file_hash
from livegan.networks.device import choose_device
from livegan.networks.encoder import find_encoder
from livegan.networks.encoder_file import encoder_path
from livegan.networks.info import NetworkInfo
from livegan.networks.latents.projection_writer import HISTORIES, ProjectionHeader
from livegan.networks.library import find_network
from livegan.networks.weights import load_style_net
from livegan.outputs.formats import film_format
from livegan.rendering.threads import use_threads
from livegan.studio.convergence_plot import write_convergence
from livegan.studio.distributed.pools import HERE, WorkerOptions, open_workers
from livegan.studio.distributed.projections import project_units, projection_job
from livegan.studio.projection_inputs import (
    InputInfo,
    Selection,
    inspect_input,
    list_inputs,
    md5,
    projection_fps,
    targets,
)
from livegan.studio.projection_plan import run_unit, units
from livegan.studio.projection_preview import write_preview
from livegan.studio.projection_work import ProjectionWork, plan_of
from livegan.studio.projector import Projector, ProjectorSettings
from livegan.studio.projector_network import ProjectorNetwork
from livegan.training.perceptual import Perceptual, perceptual

VERSION = 2  # of what a work folder holds
PREFIX = "projection_of_"  # as GANce names its files
ENDINGS = (".hdf5", ".h5")
BATCH_PIXELS = 1 << 20  # pictures drawn at a time: four of 512x512 px
MAX_BATCH = {"cpu": 4}  # on other devices MAX_BATCH_GPU
MAX_BATCH_GPU = 16
SCENE = "gance-projection"

Echo = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ProjectJob:
    """What is to be projected, and how."""

    inputs: tuple[Path, ...]
    network: str
    output: Path | None = None  # a file, or a folder; None: PREFIX + name beside the working directory's files
    settings: ProjectorSettings = field(default_factory=ProjectorSettings)
    selection: Selection = field(default_factory=Selection)
    features: str | Path | None = None  # see `perceptual`
    device: str = "auto"
    batch: int = 0  # 0: by the size of the network's pictures
    encoder: bool = True  # start from the network's encoder where one exists
    preview: Path | None = None  # film target | projection
    convergence: Path | None = None  # plot as PNG
    scene: bool = True  # write a scene that plays it
    overwrite: bool = False
    workers: WorkerOptions = HERE  # who projects


@dataclass(frozen=True, slots=True)
class ProjectResult:
    """What was made of one input."""

    output: Path
    frames: int  # in the file
    expected: int
    steps: float  # a frame, the mean
    scene: Path | None = None  # that plays it

    @property
    def is_complete(self) -> bool:
        return self.frames == self.expected


@dataclass(frozen=True, slots=True)
class _Item:
    """One input, with all that its file says about it."""

    path: Path
    work: ProjectionWork
    info: InputInfo
    header: ProjectionHeader
    count: int  # frames


def project(job: ProjectJob, echo: Echo = lambda line: None) -> list[ProjectResult]:
    """Project all inputs, with a progress bar; what was begun before with the same options is gone on with.

    Ctrl-C keeps what is finished: a file that is not `complete`, and the work folder that the same line goes on with.
    """
    with end_at_once():
        inputs = list_inputs(job.inputs)
        outputs = _outputs(job, inputs, echo)
        info = _network(job.network)
        device = choose_device(job.device).device
        features = perceptual(job.features, device)
    if features.name == "pixels" and job.features is None:
        echo(features.about)
    items = [_begin(job, path, output, info, features, device, echo) for path, output in outputs]
    if not items:
        return []
    projector = _projector(job, info, features, device, echo)
    stopped = False
    try:
        _run(job, items, projector, info, echo)
    except KeyboardInterrupt:
        stopped = True
    results = [_finish(job, item, info) for item in items]
    if not stopped:
        _extras(job, items, echo)
        for item in items:
            item.work.remove()
    return results


def _outputs(job: ProjectJob, inputs: Sequence[Path], echo: Echo) -> list[tuple[Path, Path]]:
    """Each input with its output; those of many that are complete already are left out. MediaError as it should."""
    single = job.output is not None and job.output.suffix in ENDINGS
    if single and len(inputs) > 1:
        raise MediaError(f"-o {job.output} is one file and there are {len(inputs)} inputs; give -o a folder")
    if job.output is not None and not single and job.output.suffix and not job.output.is_dir():
        raise MediaError(f"-o {job.output}: projections are written as {ENDINGS[0]}; type: -o {job.output.stem}.hdf5")
    folder = Path() if job.output is None or single else job.output
    pairs = [(path, job.output if single and job.output else folder / f"{PREFIX}{path.stem}.hdf5") for path in inputs]
    if len(inputs) > 1 and (job.preview or job.convergence):
        raise MediaError("--preview and --convergence are of one input; name one, or leave them out")
    if job.preview is not None:
        film_format(job.preview)
    for path, output in pairs:
        extra = {"--preview": job.preview, "--convergence": job.convergence}
        check_outputs(
            {"-o": output, **extra},
            [path],
            in_new_folders=["-o"],
            replaces={"--convergence": (".png",)},
            pictures=["--convergence"],
        )
    if job.preview is not None and job.preview.exists() and not job.overwrite:
        raise MediaError(f"{job.preview} is there already; type --overwrite, or give --preview another name")
    new = [(path, output) for path, output in pairs if not ProjectionWork(output).folder.exists()]
    left = [(path, output) for path, output in new if output.exists()]
    if job.overwrite:
        return pairs
    for _, output in new:
        if (scene := output.with_suffix(".toml")).exists() and not output.exists():
            raise MediaError(
                f"{scene} is there already, and a scene is written beside {output}; give another name with -o"
            )
    if not left:
        return pairs
    if len(inputs) == 1:
        raise MediaError(f"{left[0][1]} is there already; type --overwrite, or give another name with -o")
    echo(f"left as they are: {', '.join(str(output) for _, output in left)} (--overwrite makes them again)")
    return [pair for pair in pairs if pair not in left]


def _network(name: str) -> NetworkInfo:
    info = find_network(name)
    if info.kind not in ARCHITECTURES:
        raise NetworkError(
            f"{info.name} is of the kind '{info.kind}', which has no w; these have: {', '.join(ARCHITECTURES)}"
        )
    return info


def _begin(
    job: ProjectJob, path: Path, output: Path, info: NetworkInfo, features: Perceptual, device: str, echo: Echo
) -> _Item:
    """Look at an input, make or find its work folder, and cut out its targets."""
    seen, work = inspect_input(path), ProjectionWork(output)
    target_md5, network_hash = md5(path), file_hash(info.weights)
    plan = {
        "version": VERSION,
        "target_md5": target_md5,
        "network": info.name,
        "network_sha256": network_hash,
        "features": features.name,
        "features_sha256": file_hash(expanded(str(job.features))) if features.name == "vgg16" else None,
        "batch": _batch(job, info, device),
        "encoder": _encoder_hash(job, info),
        "device": device,
        **plan_of(job.settings),
        **plan_of(job.selection),
    }
    again = work.begin(plan, job.overwrite)
    with progress_bar(f"reading {path.name}", None, "frames") as done:

        def counted_targets() -> Iterator[Pixels]:
            for number, picture in enumerate(targets(path, seen, job.selection, info.resolution), 1):
                done(number)
                yield picture

        count = work.extract(counted_targets())
    finished = work.finished_from_first(count)
    if again and finished:
        echo(f"{output}: going on after frame {finished} of {count}")
    height, width = info.resolution
    header = ProjectionHeader(
        target_path=str(path),
        target_md5=target_md5,
        original_size=seen.size,
        projection_size=(width, height),
        network_path=str(info.path),
        network_md5=md5(info.weights),
        steps=job.settings.steps,
        histories=job.settings.histories,
        original_fps=float(seen.fps),
        projection_fps=float(projection_fps(seen, job.selection)),
        original_frames=seen.frames,
    )
    return _Item(path, work, seen, header, count)


def _encoder_hash(job: ProjectJob, info: NetworkInfo) -> str | None:
    """SHA-256 of the encoder's file; None if frames start from the mean w."""
    path = encoder_path(info) if job.encoder and not job.settings.original else None
    try:
        return None if path is None else file_hash(path)
    except OSError as error:
        raise NetworkError(f"cannot be read as an encoder ({error.strerror}); train it again", path) from error


def _projector(job: ProjectJob, info: NetworkInfo, features: Perceptual, device: str, echo: Echo) -> Projector:
    network = ProjectorNetwork(load_style_net(info), device)
    encoder = find_encoder(info) if job.encoder and not job.settings.original else None
    if (job.settings.noise or job.settings.original) and not network.has_noise:
        echo(f"{info.name} has no noise inputs that can be optimised; only w is")
    if job.settings.original and features.name != "vgg16":
        echo(f"StyleGAN2's projector compares with VGG16; without --features FILE it is {features.about} here")
    return Projector(network, features, job.settings, None if encoder is None else encoder.to(device))


def _batch(job: ProjectJob, info: NetworkInfo, device: str) -> int:
    height, width = info.resolution
    most = MAX_BATCH.get(device, MAX_BATCH_GPU)
    return job.batch or max(1, min(most, most * BATCH_PIXELS // (4 * height * width)))


def _run(job: ProjectJob, items: Sequence[_Item], projector: Projector, info: NetworkInfo, echo: Echo) -> None:
    """All units: one after the other, or by the workers.

    The number of threads may change the last bits, so it is the same whoever projects: all cores for one unit, of more
    the cores are shared out.
    """
    works, counts = [item.work for item in items], [item.count for item in items]
    device = projector.network.device
    batch = _batch(job, info, device)
    plan = units(counts, batch)
    threads, before = max(1, cores() // len(plan)), torch.get_num_threads()
    single = sum(counts) == 1 and not job.workers.used
    what = items[0].path.name if len(items) == 1 else f"{len(items)} inputs"
    total = job.settings.steps if single else sum(counts)
    finished = 0
    try:
        use_threads(threads)
        with ExitStack() as opened:
            scheduler = None
            if job.workers.used:
                own = expanded(str(job.features)) if projector.features.name == "vgg16" else None
                made = projection_job(
                    info,
                    job.settings,
                    own or projector.features.name,
                    device=device,
                    threads=threads,
                    batch=batch,
                    encoder=job.encoder and not job.settings.original,
                )
                options = replace(job.workers, count=min(job.workers.count, len(plan)))
                if options.count < job.workers.count:
                    parts = f"{len(plan)} part{'s' * (len(plan) != 1)}"
                    smaller = " (smaller with --batch 1)" * (batch > 1)
                    echo(f"{what}: {parts} for {options.count} of {job.workers.count} workers{smaller}")
                scheduler = opened.enter_context(open_workers(lambda count: made, options, echo))
                scheduler.wait_ready()
            done = opened.enter_context(progress_bar(what, total, "steps" if single else "frames"))

            def report(frames: int) -> None:
                nonlocal finished
                finished += frames
                done(total if single else finished)

            if scheduler is not None:
                project_units(scheduler, plan, works, report)
            else:
                for unit in plan:
                    run_unit(unit, works, projector, report, done if single else lambda step: None)
        if scheduler is not None and scheduler.summary:
            echo(scheduler.summary)
    except RuntimeError as error:
        if "memory" not in str(error):
            raise
        raise LiveganError(f"there is not enough memory for {batch} pictures at a time; type: --batch 1") from error
    finally:
        use_threads(before)


def _finish(job: ProjectJob, item: _Item, info: NetworkInfo) -> ProjectResult:
    """Write the output from what is finished, and a scene that plays it."""
    finished = item.work.finished_from_first(item.count)
    if not finished:
        return ProjectResult(item.work.output, 0, item.count, 0.0)
    header = replace(item.header, complete=finished == item.count, noises_shapes=_noise_shapes(item, job, info))
    item.work.assemble(header, finished)
    scene = _write_scene(item, job.network, info) if job.scene else None
    steps = sum(item.work.result(index).steps for index in range(finished)) / finished
    return ProjectResult(item.work.output, finished, item.count, steps, scene)


def _noise_shapes(item: _Item, job: ProjectJob, info: NetworkInfo) -> tuple[tuple[int, ...], ...]:
    """Shapes of the optimised noise inputs; (): none were."""
    if item.work.result(0).noise is None:
        return ()
    from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape

    sides = StyleGAN2Shape.of(info).resolutions
    return tuple((1, 1, *sides[(index + 1) // 2]) for index in range(2 * len(sides) - 1))


def _write_scene(item: _Item, network: str, info: NetworkInfo) -> Path:
    """NAME.toml beside the output: the scene SCENE with this file and its network."""
    from livegan.config.load import load_scene  # late: pydantic

    scene = load_scene(SCENE)
    table = scene.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    own = Path(network).exists()
    table |= {
        "title": f"Projection of {item.path.stem}"[:60],
        "about": f"{item.path.name} as latents of {info.name}; the music bends its shapes",
        "network": str(Path(network).resolve()) if own else network,
    }
    motion = table["motion"][0] if isinstance(table["motion"], list) else table["motion"]
    motion |= {"path": [item.work.output.name], "advance": "time"}
    table["motion"] = motion
    path = item.work.output.with_suffix(".toml")
    try:
        write_atomic(path, toml_text(table))
    except OSError as error:
        raise unwritable(path, error, "-o") from error
    return path


def _extras(job: ProjectJob, items: Sequence[_Item], echo: Echo) -> None:
    """The preview and the plot, of one input."""
    if job.preview is not None:
        fps = projection_fps(items[0].info, job.selection)
        write_preview(items[0].work, items[0].count, fps, job.preview, job.overwrite)
        echo(f"{job.preview}: target | projection")
    if job.convergence is not None:
        text = write_convergence(items[0].work, items[0].count, items[0].path.stem, job.convergence)
        echo(f"{job.convergence}: {text}")


def play_line(result: ProjectResult) -> str:
    """What to type to see it."""
    return f"livegan play --scene {quoted(result.scene)}" if result.scene else ""


def check_histories(kinds: Sequence[str]) -> tuple[str, ...]:
    """Which histories to keep; MediaError with the right names otherwise."""
    wrong = [kind for kind in kinds if kind not in HISTORIES]
    if wrong:
        raise MediaError(f"--history {wrong[0]!r} is not one of {', '.join(HISTORIES)}; type: --history latents")
    return tuple(kind for kind in HISTORIES if kind in kinds)
