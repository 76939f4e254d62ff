"""`livegan train --distill NETWORK`: opens the teacher, shapes its light sibling, trains it and writes it."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from livegan.core.text import quoted, valid_unicode
from livegan.errors import NetworkError, TrainingError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.device import choose_device, machine
from livegan.networks.info import NetworkInfo, read_info
from livegan.networks.library import find_network, open_network
from livegan.training.checkpoint import Checkpoint, Origins, load_checkpoint
from livegan.training.distill import DistillTrainer
from livegan.training.fidelity import PSNR, Fidelity
from livegan.training.finishing import reached_end, write_and_measure
from livegan.training.narrow import light_shape, operations
from livegan.training.options import (
    ADVERSARIAL_ONLY,
    TrainOptions,
    bf16_is_faster,
    check_fixed,
    check_new_folder,
    check_settings,
    check_times,
    finished_text,
    option_name,
)
from livegan.training.run import RunOptions, RunResult, enough_memory, run, shown_text
from livegan.training.run_folder import has_checkpoint
from livegan.training.settings import Settings, distill_settings
from livegan.training.single_process import lasting_name, single_process
from livegan.training.snapshots import ModelCard, distill_command, title_at, write_card, write_network
from livegan.training.tensorboard import tensorboard

FIXED = ("seed", "batch", "channels")  # settings that cannot change when a run is resumed: they decide what it draws

MessageCallback = Callable[[str], None]  # shows a sentence to the user


@dataclass(frozen=True, slots=True)
class _Plan:
    """Distillation whose options have been checked."""

    settings: Settings
    info: NetworkInfo  # of the teacher
    teacher: StyleGAN2
    shape: StyleGAN2Shape  # of the network in training
    checkpoint: Checkpoint | None


def distills(options: TrainOptions) -> bool:
    """Whether `options` ask for distillation, or go on with one."""
    if options.distill is not None:
        return True
    if options.channels is not None or options.lines is not None:
        typed = "--lines" if options.channels is None else "--channels"
        raise TrainingError(f"{typed} is for --distill NETWORK; leave it out, or choose a --preset")
    return options.resume and has_checkpoint(options.folder) and bool(load_checkpoint(options.folder).origins.teacher)


def distill(options: TrainOptions, notify: MessageCallback = print) -> RunResult:
    """Train the light sibling of a network as `options` say: a new run, or a resumed one.

    NetworkError or TrainingError say what is wrong before anything is begun; then no folder is left. The finished
    network lies in the run's folder as NAME-light. A run that has ended without it, or before it was measured, makes it
    when it is resumed.
    """
    plan = _plan(options)
    settings, folder, checkpoint = plan.settings, options.folder, plan.checkpoint
    with ExitStack() as stack:
        process_group = stack.enter_context(single_process(options.folder, "a light sibling", options.tensorboard))
        with enough_memory(settings, folder):
            plan.teacher.to(choose_device(options.device).device)
            fidelity = Fidelity(plan.teacher)
            trainer = DistillTrainer(settings, plan.teacher, plan.shape)
            stack.callback(trainer.close)
            if checkpoint is not None:
                trainer.restore(checkpoint.state)
        path = folder / f"{plan.info.name}-light.json"
        origins, result = _origins(options, plan), reached_end(checkpoint, trainer.shown)
        if checkpoint is not None and result is not None and settings.kimg * 1000 <= trainer.shown:
            plan = replace(plan, settings=checkpoint.settings)
            card = _card(plan, origins)
            if not _is_complete(path, card, result.kimg):  # it was stopped after training
                _finish(trainer, fidelity, plan, card, path, result, notify)
                return result
        if settings.kimg * 1000 <= trainer.shown:
            raise TrainingError(finished_text(folder, trainer.shown / 1000, checkpoint))
        height, width = plan.shape.resolutions[-1]
        share = operations(plan.shape) / operations(plan.teacher.shape)
        notify(
            f"{plan.info.name}-light: {width}x{height} px, channels {', '.join(map(str, plan.shape.channels))}, "
            f"{share:.2f} of the operations of {plan.info.name}"
        )
        run_options = RunOptions(
            snapshots=origins.snapshots,
            checkpoint_s=options.checkpoint_s,
            seconds=checkpoint.seconds if checkpoint is not None else 0.0,
            origins=origins,
            measure=fidelity,
            scalars=stack.enter_context(tensorboard(folder / "tensorboard")) if options.tensorboard else None,
            last=False,
        )
        card = _card(plan, origins)
        result = run(trainer, folder, settings, card, run_options, process_group, notify)
        if not result.stopped:
            _finish(trainer, fidelity, plan, card, path, result, notify)
        return result


def _finish(
    trainer: DistillTrainer,
    fidelity: Fidelity,
    plan: _Plan,
    card: ModelCard,
    path: Path,
    result: RunResult,
    notify: MessageCallback,
) -> None:
    """Write the network with the JSON at `path`, measure it beside its teacher, say how to play it."""
    network, settings, name = trainer.average, plan.settings, plan.info.name

    def write(measured: Mapping[str, float]) -> None:
        write_as = write_card if measured else write_network
        write_as(network, path, settings, card, result.kimg, result.seconds, measured)

    def measure() -> Mapping[str, float]:
        figures = fidelity.of(network)
        notify(figures.table(f"{name}-light", name))
        return figures.numbers()

    if write_and_measure(path.parent, path, write, measure, "beside its teacher", notify):
        notify(
            f"{path}; to play it in place of {name} where that is too slow, type: livegan networks add {quoted(path)}"
        )
        notify(shown_text(path.parent, result.kimg, settings.kimg))


def _is_complete(path: Path, card: ModelCard, kimg: float) -> bool:
    """Whether the network of this run after `kimg` is at `path`, with its figures."""
    try:
        info, text = read_info(path), path.with_suffix(".md").read_text(encoding="utf-8")  # the card is written last
    except (NetworkError, OSError, UnicodeDecodeError):
        return False
    of_this = text.startswith(f"# {title_at(card, kimg)}\n") and f"`{card.command}`" in text
    return of_this and f"**{PSNR}**" in text and info.weights.is_file()


def _plan(options: TrainOptions) -> _Plan:
    """Check all options, and open the teacher."""
    _check_unused(options)
    checkpoint = _resumed(options)
    name = options.distill or (checkpoint.origins.teacher if checkpoint is not None else "")
    info = find_network(name)
    teacher = open_network(info) if info.kind == "stylegan2" else None
    if not isinstance(teacher, StyleGAN2):
        raise TrainingError(f"{name}: is a {info.kind}, and --distill makes a lighter stylegan2 of another stylegan2")
    if teacher.shape.colours != 3:
        raise TrainingError(f"{name}: has {teacher.shape.colours} colour channels; --distill needs a network with 3")
    typed = options.overrides.typed()
    if checkpoint is not None:
        settings = replace(checkpoint.settings, **typed)
        shape = light_shape(teacher.shape, channels=settings.channels)
    else:
        shape = light_shape(teacher.shape, options.lines, options.channels)
        settings = replace(
            distill_settings(),
            channels=shape.channels,
            z_dim=shape.z_dim,
            w_dim=shape.w_dim,
            mapping_layers=shape.mapping_layers,
            conv_clamp=shape.conv_clamp,
            const=shape.const,
            precision="bf16" if bf16_is_faster(options.device) else "f32",
        )
        settings = replace(settings, **typed)
    check_settings(settings)
    check_times(options.snapshots or (), options.checkpoint_s)
    if operations(shape) >= operations(teacher.shape):
        raise TrainingError(
            f"--channels {','.join(map(str, shape.channels))} is no lighter than {name}; leave --channels out, "
            f"or type fewer, for example: --channels {','.join(map(str, light_shape(teacher.shape).channels))}"
        )
    return _Plan(settings, info, teacher, shape, checkpoint)


def _check_unused(options: TrainOptions) -> None:
    """TrainingError for an option that distillation does not use."""
    typed: dict[str, Any] = {
        "a training set": options.dataset,
        "--preset": options.preset,
        "--transfer": options.transfer,
        "--paired": options.paired or None,
        "--measure": options.measure or None,
    }
    unused = [name for name, value in typed.items() if value is not None]
    unused += [option_name(key) for key in options.overrides.typed() if key in ADVERSARIAL_ONLY]
    if unused:
        raise TrainingError(f"{unused[0]} has no use with --distill, which learns from a network alone; leave it out")
    if choose_device(options.device).device == "mps":
        raise TrainingError("--distill trains on the CPU or an NVIDIA GPU; type: --device cpu")
    if options.overrides.precision == "fp16":
        raise TrainingError("--precision fp16 is not for --distill; type: --precision bf16, or f32")


def _resumed(options: TrainOptions) -> Checkpoint | None:
    """The checkpoint to resume from; None for a new run. TrainingError if the options contradict it."""
    folder = options.folder
    if not options.resume:
        check_new_folder(folder)
        return None
    checkpoint = load_checkpoint(folder)
    if not checkpoint.origins.teacher:
        raise TrainingError(f"{folder}: the run is no distillation; leave --distill out, or choose another with -o")
    for name, value in (("--lines", options.lines), ("--channels", options.channels)):
        if value is not None:
            raise TrainingError(f"{name} cannot change when a run is resumed; leave it out, or begin a new run")
    typed = options.overrides.typed()
    check_fixed(folder, checkpoint, typed, FIXED)
    return checkpoint


def _origins(options: TrainOptions, plan: _Plan) -> Origins:
    """Teacher, and title, licence and moments as typed, else as the resumed run has them."""
    before = plan.checkpoint.origins if plan.checkpoint is not None else Origins()
    name = options.distill or before.teacher
    return Origins(
        dataset="",
        classes=plan.info.classes,
        c_dim=plan.info.c_dim,
        teacher=lasting_name(name),
        title=valid_unicode(options.title) or before.title,
        licence=valid_unicode(options.licence) or before.licence,
        snapshots=before.snapshots if options.snapshots is None else tuple(map(float, options.snapshots)),
    )


def _card(plan: _Plan, origins: Origins) -> ModelCard:
    info = plan.info
    return ModelCard(
        title=origins.title or valid_unicode(f"{info.title or info.name}, light"),
        data=valid_unicode(f"pictures that {info.name} draws"),
        classes=info.classes,
        method="light",
        licence=origins.licence or info.licence,
        machine=machine(),
        command=valid_unicode(distill_command(plan.settings, info.name)),
        light_of=info.name,
    )
