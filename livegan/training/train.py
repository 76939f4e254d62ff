"""`livegan train`: assembles trainer, data, snapshots and log of a run, and starts it.

Under `torchrun` every process calls `train`; rank 0 writes files and messages.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from livegan.core.files import expanded
from livegan.core.machine import keep_memory
from livegan.core.progress import progress_bar
from livegan.core.text import quoted, valid_unicode
from livegan.datasets.dataset import ImageDataset, open_dataset
from livegan.datasets.patterns import make_patterns
from livegan.datasets.sources import skipped_text
from livegan.errors import TrainingError
from livegan.motifs.draw import NAMES
from livegan.networks.device import choose_device, machine
from livegan.training.adversarial import AdversarialTrainer
from livegan.training.checkpoint import Origins
from livegan.training.classify import Motifs
from livegan.training.distance import FrechetDistance, ImageSource
from livegan.training.distill_run import distill, distills
from livegan.training.distributed import ProcessGroup, init
from livegan.training.encoder_run import train_encoder, trains_encoder
from livegan.training.options import (
    ResolvedRun,
    TrainOptions,
    check_same_data,
    differences,
    finished_text,
    presets_of_size,
    resolve,
)
from livegan.training.paired import PairedTrainer, stages
from livegan.training.pairs import Pairs
from livegan.training.prefetch import TensorDataset
from livegan.training.run import RunOptions, RunResult, enough_memory, has_snapshot, run, shareable
from livegan.training.run_folder import lock_folder
from livegan.training.settings import PATTERNS, Settings
from livegan.training.snapshots import ModelCard, command_of
from livegan.training.tensorboard import summary_writer, tensorboard
from livegan.training.trainer import Trainer
from livegan.training.transfer import InitialWeights, transfer_weights

PATTERN_PICTURES = 12_000  # made for an adversarial run on the motifs
PAIRS_PER_CLASS = 1_000  # made for a paired run; fewer above 256 px, where an eighth takes as long

MessageCallback = Callable[[str], None]  # shows a sentence to the user


@dataclass(frozen=True, slots=True)
class _Task:
    """Training task: a trainer and its data."""

    trainer: Trainer
    origins: Origins
    data: str  # in words, for the model card
    images: ImageSource  # to measure the distance from


def train(options: TrainOptions, echo: MessageCallback = print) -> RunResult:
    """Train as `options` say: a new run, or a resumed one.

    DatasetError, NetworkError and TrainingError say what is wrong before anything is begun; then no folder is left.
    """
    if trains_encoder(options):
        return train_encoder(options, echo)
    if distills(options):
        return distill(options, echo)
    resolved = resolve(options)
    settings, folder, checkpoint = resolved.settings, options.folder, resolved.checkpoint
    keep_memory()
    process_group = _init(options.device, resolved.paired)
    is_main = process_group.is_main
    notify = echo if is_main else _silent
    with ExitStack() as stack:
        stack.callback(process_group.destroy)
        _check_process_group(settings, process_group)
        if settings.compile:
            notify("torch.compile is at work in the first steps, which takes minutes")
        stack.enter_context(lock_folder(folder) if is_main else nullcontext())
        if options.tensorboard:
            summary_writer()
        settings, initial = _initial_weights(options, resolved, process_group, notify)
        with enough_memory(settings, folder, process_group.size):
            if resolved.paired:
                task = _paired_task(settings, folder, initial)
            else:
                images = stack.enter_context(_open_images(resolved.dataset, settings, folder, process_group))
                if images.skipped:
                    notify(f"{resolved.dataset}: {skipped_text(images.skipped)}; make a set of them: livegan dataset")
                task = _adversarial_task(settings, images, process_group, initial, resolved.dataset)
            stack.callback(task.trainer.close)
            measure = (
                FrechetDistance.on(task.images, device=process_group.device) if options.measure and is_main else None
            )
            if checkpoint is not None:
                warning = check_same_data(checkpoint.origins, task.origins)
                if warning:
                    notify(warning)
                task.trainer.restore(checkpoint.state)
        unwritten = checkpoint is not None and settings.kimg == checkpoint.settings.kimg
        unwritten = unwritten and not has_snapshot(folder, settings.kimg)  # stopped while its last snapshot was written
        if settings.kimg * 1000 <= task.trainer.shown and not unwritten:
            raise TrainingError(finished_text(folder, task.trainer.shown / 1000, checkpoint, resolved.paired))
        origins = _origins(options, resolved, task.origins)
        scalars = None
        if options.tensorboard and is_main:
            scalars = stack.enter_context(tensorboard(folder / "tensorboard"))
        run_options = RunOptions(
            snapshots=(settings.kimg,) if origins.snapshots == () else origins.snapshots,  # the end is always kept
            checkpoint_s=options.checkpoint_s,
            seconds=checkpoint.seconds if checkpoint is not None else 0.0,
            origins=origins,
            measure=measure,
            scalars=scalars,
        )
        card = _model_card(settings, resolved, origins, task.data, process_group)
        return run(task.trainer, folder, settings, card, run_options, process_group, notify)


def _silent(sentence: str) -> None:
    """The messages of all processes but rank 0."""


def _error_on_main(process_group: ProcessGroup, sentence: str) -> BaseException:
    """The exception for a mistake that all processes find: only rank 0 prints it."""
    return TrainingError(sentence) if process_group.is_main else SystemExit(2)


def _init(device: str, paired: bool) -> ProcessGroup:
    if not paired:
        return init(choose_device(device).device)
    process_group = init("cpu")
    if process_group.size > 1:
        process_group.destroy()
        raise TrainingError("--paired trains in one process; type it without torchrun")
    return process_group


def _check_process_group(settings: Settings, process_group: ProcessGroup) -> None:
    size = process_group.size
    if not shareable(settings.batch, size):
        nearest = next(batch for batch in count(settings.batch) if shareable(batch, size))
        raise _error_on_main(
            process_group, f"--batch {settings.batch} cannot be shared by {size} processes; try --batch {nearest}"
        )
    if settings.precision == "fp16" and process_group.device.type == "cpu":
        raise _error_on_main(process_group, "--precision fp16 is for GPUs; on the CPU type: --precision f32, or bf16")


def _initial_weights(
    options: TrainOptions, resolved: ResolvedRun, process_group: ProcessGroup, notify: MessageCallback
) -> tuple[Settings, InitialWeights]:
    """The settings, perhaps of the shape of a network that is transferred from, and the initial weights."""
    settings, initial = resolved.settings, InitialWeights()
    if options.transfer is not None:
        c_dim = len(NAMES)
        if resolved.dataset != PATTERNS:
            with _open_images(resolved.dataset, settings, options.folder, process_group) as images:
                c_dim = images.c_dim
        settings, initial, summary = transfer_weights(options.transfer, settings, c_dim, resolved.paired)
        notify(summary)
    if settings.freeze_d and initial.discriminator is None and resolved.checkpoint is None:
        raise TrainingError(
            "--freeze-d keeps the finest levels of a trained discriminator, and there is none; "
            "leave it out, or give --transfer the folder of a run (with a checkpoint.pt in it)"
        )
    return settings, initial


@contextmanager
def _open_images(dataset: str, settings: Settings, folder: Path, process_group: ProcessGroup) -> Iterator[ImageDataset]:
    """The training set, open; "patterns" are made in the run's folder first, once. TrainingError if it does not fit."""
    side = settings.side
    path = expanded(dataset)
    if dataset == PATTERNS:
        path = folder / f"{PATTERNS}-{side}-{settings.seed}.zip"
        if not path.is_file():
            if process_group.size > 1:
                raise _error_on_main(
                    process_group,
                    "one process must draw the patterns before several learn them; type first: "
                    f"livegan dataset patterns --size {side} --count {PATTERN_PICTURES} --seed {settings.seed} "
                    f"-o {quoted(path)}; then the same again",
                )
            with progress_bar(PATTERNS, PATTERN_PICTURES, "pictures") as report:
                make_patterns(path, (side, side), PATTERN_PICTURES, settings.seed, None, report)
    with open_dataset(path) as images:
        height, width = images.size
        if (height, width) != (side, side):
            names = presets_of_size(height, width)
            hint = f", or choose --preset {' or '.join(names)}" if names else ""
            raise TrainingError(
                f"{path} has pictures of {width}x{height} px and --preset {settings.preset} makes {side}x{side}; "
                f"make the set anew with: livegan dataset SOURCE --size {side}{hint}"
            )
        yield images


def _adversarial_task(
    settings: Settings, images: ImageDataset, process_group: ProcessGroup, initial: InitialWeights, dataset: str
) -> _Task:
    data = TensorDataset(images)
    trainer = AdversarialTrainer(settings, data, process_group, initial.network, initial.discriminator)
    path = dataset if dataset == PATTERNS else str(expanded(dataset).resolve())
    name = "procedural motifs (livegan dataset patterns)" if dataset == PATTERNS else Path(dataset).name
    origins = Origins(path, len(images), images.classes, images.c_dim)
    return _Task(trainer, origins, f"{name}, {len(images)} pictures", data)


def _paired_task(settings: Settings, folder: Path, initial: InitialWeights) -> _Task:
    each = PAIRS_PER_CLASS * 256**3 // max(settings.side, 256) ** 3
    total = each * len(NAMES)
    pairs = {}
    for size in [settings.size_at(levels) for levels in sorted(set(stages(settings)))]:
        with progress_bar(f"pairs {size[1]}x{size[0]}", total, "pictures") as report:
            pairs[size] = Pairs(folder, size, each, settings.seed, report)
    return _Task(
        PairedTrainer(settings, pairs.__getitem__, initial.network),
        Origins(PATTERNS, total, NAMES, len(NAMES), paired=True),
        f"procedural motifs, drawn for the latents themselves, {total} pictures",
        Motifs(settings.size, each, settings.seed, pairs[settings.size]),
    )


def _origins(options: TrainOptions, resolved: ResolvedRun, data: Origins) -> Origins:
    """The data's origins, with title, licence, moments and transfer as typed, else as the resumed run has them."""
    before = resolved.checkpoint.origins if resolved.checkpoint is not None else Origins()
    return replace(
        data,
        transfer=before.transfer or options.transfer or "",
        title=valid_unicode(options.title) or before.title,
        licence=valid_unicode(options.licence) or before.licence,
        snapshots=before.snapshots if options.snapshots is None else tuple(map(float, options.snapshots)),
    )


def _model_card(
    settings: Settings, resolved: ResolvedRun, origins: Origins, data: str, process_group: ProcessGroup
) -> ModelCard:
    dataset, size = resolved.dataset, process_group.size
    command = command_of(settings, dataset, resolved.paired, differences(settings, origins.transfer, resolved.paired))
    return ModelCard(
        title=origins.title or valid_unicode(f"{settings.preset}, trained on {Path(dataset).stem}"),
        data=valid_unicode(data),
        classes=origins.classes,
        method="distilled" if resolved.paired else "adversarial",
        licence=origins.licence,
        machine=f"{machine()}, {size} processes" if size > 1 else machine(),
        command=valid_unicode(command),
    )
