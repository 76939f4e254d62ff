"""`livegan train encoder --network NETWORK`: opens the network, trains its encoder, writes it where players find it."""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from livegan.core.files import reason_of, write_atomic
from livegan.core.text import counted, valid_unicode
from livegan.core.version import __version__
from livegan.errors import NetworkError, TrainingError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.device import choose_device, machine
from livegan.networks.encoder import EncoderInfo, describe, encoder_size, load_encoder, save_encoder
from livegan.networks.encoder_file import installed_path
from livegan.networks.info import ENCODER_SUFFIX, NetworkInfo
from livegan.networks.library import find_network, open_network
from livegan.training.checkpoint import Checkpoint, Origins, load_checkpoint
from livegan.training.disk import unwritable_text
from livegan.training.encoder import Components, EncoderTrainer, figures, principal_components
from livegan.training.finishing import reached_end, write_and_measure
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
from livegan.training.settings import Settings, encoder_settings
from livegan.training.single_process import lasting_name, single_process
from livegan.training.snapshots import ModelCard
from livegan.training.tensorboard import tensorboard

ENCODER = "encoder"  # in place of a training set
FIXED = ("seed", "batch", "precision")  # settings that cannot change when a run is resumed
USUAL_NETWORK = "house-256"  # of scenes that name none
LINES = 64  # of the pictures that an encoder looks at
MOST_LINES = 256

MessageCallback = Callable[[str], None]  # shows a sentence to the user


@dataclass(frozen=True, slots=True)
class _Plan:
    """Training of an encoder whose options have been checked."""

    settings: Settings
    info: NetworkInfo
    network: StyleNet
    encoder: EncoderInfo
    components: Components
    checkpoint: Checkpoint | None


def trains_encoder(options: TrainOptions) -> bool:
    """Whether `options` ask for an encoder, or go on with one."""
    if options.dataset == ENCODER:
        return True
    if options.network is not None:
        raise TrainingError(f"--network is for an encoder; type: livegan train encoder --network {options.network}")
    if options.dataset is not None or options.distill is not None:
        return False
    return (
        options.resume and has_checkpoint(options.folder) and bool(load_checkpoint(options.folder).origins.encoder_of)
    )


def train_encoder(options: TrainOptions, notify: MessageCallback = print) -> RunResult:
    """Train the encoder of a network as `options` say: a new run, or a resumed one.

    NetworkError or TrainingError say what is wrong before anything is begun; then no folder is left. The finished
    encoder lies in the run's folder as NAME.encoder, and in the user's cache, where it is found by the network. A run
    that has ended without it, or before it was measured, makes it when it is resumed.
    """
    plan = _plan(options)
    settings, folder, checkpoint = plan.settings, options.folder, plan.checkpoint
    with ExitStack() as stack:
        process_group = stack.enter_context(single_process(options.folder, "an encoder", options.tensorboard))
        with enough_memory(settings, folder):
            plan.network.to(choose_device(options.device).device)
            trainer = EncoderTrainer(settings, plan.network, plan.encoder, _moved(plan.components, plan.network))
            stack.callback(trainer.close)
            if checkpoint is not None:
                trainer.restore(checkpoint.state)
        path = folder / f"{plan.info.name}{ENCODER_SUFFIX}"
        origins, result = _origins(options, plan), reached_end(checkpoint, trainer.shown)
        if checkpoint is not None and result is not None and settings.kimg * 1000 <= trainer.shown:
            plan = replace(plan, settings=checkpoint.settings)
            if not _is_complete(path, plan):  # it was stopped after training
                _finish(trainer, plan, origins, path, result, notify)
                return result
        if settings.kimg * 1000 <= trainer.shown:
            raise TrainingError(finished_text(folder, trainer.shown / 1000, checkpoint))
        height, width = plan.encoder.size
        seen = "w and pictures" if trainer.pictures.differentiable else "w"
        notify(
            f"{plan.info.name}{ENCODER_SUFFIX}: looks at {width}x{height} px, gives "
            f"{counted(plan.encoder.num_ws, 'row')} of w in {plan.encoder.components} components; learns from {seen}"
        )
        run_options = RunOptions(
            snapshots=(),
            checkpoint_s=options.checkpoint_s,
            seconds=checkpoint.seconds if checkpoint is not None else 0.0,
            origins=origins,
            scalars=stack.enter_context(tensorboard(folder / "tensorboard")) if options.tensorboard else None,
            last=False,
        )
        result = run(trainer, folder, settings, ModelCard("", "", ()), run_options, process_group, notify)
        if not result.stopped:
            _finish(trainer, plan, origins, path, result, notify)
        return result


def _finish(
    trainer: EncoderTrainer, plan: _Plan, origins: Origins, path: Path, result: RunResult, notify: MessageCallback
) -> None:
    """Write the encoder with its card to `path`, and into the user's cache; measure it; say how to see with it."""
    encoder, own, uncopied = trainer.encoder, installed_path(plan.encoder.network_hash), ""

    def write(measured: Mapping[str, float]) -> None:
        nonlocal uncopied
        info = replace(plan.encoder, licence=origins.licence, made_by=encoder_command(plan), figures=measured)
        try:
            save_encoder(path, info, encoder.net)
            write_atomic(path.with_name(f"{path.name}.md"), card_text(info, plan.settings, result))
        except (OSError, SafetensorError) as error:
            raise TrainingError(unwritable_text(path, error)) from error
        try:
            save_encoder(own, info, encoder.net)
        except (OSError, SafetensorError) as error:
            uncopied = reason_of(error) if isinstance(error, OSError) else "its disk is full"

    def measure() -> Mapping[str, float]:
        measured = figures(encoder, trainer.pictures)
        notify("\n".join(f"{name:28} {value:g}" for name, value in measured.items()))
        return measured

    if not write_and_measure(path.parent, path, write, measure, "on pictures that it has not seen", notify):
        return
    name, advice = plan.info.name, _advice(origins.encoder_of)
    if uncopied:
        beside = plan.info.path.with_suffix(ENCODER_SUFFIX)
        notify(
            f"{path} is whole, but its copy {own} cannot be written ({uncopied}), so {name} does not find it; "
            f"copy it yourself, to {own} or to {beside}. To see with it then, {advice}"
        )
    else:
        notify(f"{path}; {name} finds it from now on (its copy is {own}). To see with it, {advice}")
    notify(shown_text(path.parent, result.kimg, plan.settings.kimg))


def _is_complete(path: Path, plan: _Plan) -> bool:
    """Whether the encoder of this run is at `path`, with its figures."""
    try:
        info = load_encoder(path).info
    except NetworkError:
        return False
    of_this = (info.network_hash, info.made_by) == (plan.encoder.network_hash, encoder_command(plan))
    return of_this and bool(info.figures) and path.with_name(f"{path.name}.md").is_file()


def _advice(network: str) -> str:
    """How to play a network, by name or path, with a camera: the scene that does plays `USUAL_NETWORK`."""
    if network == USUAL_NETWORK:
        return "type: livegan play --scene looking-glass --camera camera"
    return (
        "copy presets/scenes/looking-glass.toml to glass.toml, write into it as the first line: "
        f"network = {json.dumps(network, ensure_ascii=False)}, and type: "
        "livegan play --scene glass.toml --camera camera"
    )


def encoder_command(plan: _Plan) -> str:
    """The command that trains such an encoder."""
    settings, usual = plan.settings, encoder_settings(plan.encoder.size)
    typed = [f"livegan train encoder --network {plan.info.name}"]
    if plan.encoder.size != encoder_size(plan.info, usual_lines(plan.info)):
        typed.append(f"--lines {plan.encoder.size[0]}")
    typed += [
        f"{option_name(key)} {getattr(settings, key)}"
        for key in ("kimg", "batch", "lr", "precision", "seed")
        if getattr(settings, key) != getattr(usual, key) or key in ("kimg", "seed")
    ]
    return valid_unicode(" ".join(typed))


def usual_lines(info: NetworkInfo) -> int:
    """Lines of the pictures that an encoder of a network looks at, if none are typed."""
    return min(LINES, info.resolution[0])


def card_text(info: EncoderInfo, settings: Settings, result: RunResult) -> str:
    """The card of an encoder in Markdown."""
    height, width = info.size
    facts = {
        "Network": f"{info.network} (SHA-256 of its weights {info.network_hash[:16]}...)",
        "Data": f"pictures that {info.network} draws for random w, spoilt as a camera does; such in other colours and "
        "places, and random discs (dead leaves), for which only the picture counts",
        "Pictures shown": f"{result.kimg:.1f} thousand",
        "Seed": str(settings.seed),
        "Time": f"{result.seconds / 60:.1f} min",
        "Machine": machine(),
        "Command": f"`{info.made_by}`",
        "Licence": info.licence or "not stated",
        "Made by": f"livegan {__version__}",
        "Architecture": f"residual convolutions, {width}x{height} px, channels {', '.join(map(str, info.channels))}; "
        f"{info.num_ws} rows of {info.components} principal components of w",
    }
    facts |= {name: f"{value:g}" for name, value in info.figures.items()}
    lines = [f"# Encoder of {info.network}", "", *(f"- **{name}**: {text}" for name, text in facts.items())]
    return valid_unicode("\n".join(lines) + "\n")


def _moved(components: Components, network: StyleNet) -> Components:
    """The components where the network is."""
    device = network.w_avg.device
    return Components(components.mean.to(device), components.basis.to(device), components.deviations.to(device))


def _plan(options: TrainOptions) -> _Plan:
    """Check all options, and open the network."""
    _check_unused(options)
    checkpoint = _resumed(options)
    name = options.network or (checkpoint.origins.encoder_of if checkpoint is not None else "")
    if not name:
        raise TrainingError("an encoder is of a network; type for example: livegan train encoder --network house-256")
    info = find_network(name)
    network = open_network(info)
    if network is None:
        raise TrainingError(f"{name}: is a {info.kind}, which has no w; an encoder needs a network with w")
    network.requires_grad_(False)
    typed = options.overrides.typed()
    if checkpoint is not None:
        settings = replace(checkpoint.settings, **typed)
        size = settings.size
    else:
        lines = options.lines or usual_lines(info)
        if lines > MOST_LINES:
            raise TrainingError(f"--lines {lines} is more than an encoder looks at; type 16 to {MOST_LINES}")
        size = encoder_size(info, lines)
        usual = replace(encoder_settings(size), precision="bf16" if bf16_is_faster(options.device) else "f32")
        settings = replace(usual, **typed)
    check_settings(settings)
    check_times((), options.checkpoint_s)
    components = principal_components(network)
    return _Plan(settings, info, network, describe(info, size, len(components.basis)), components, checkpoint)


def _check_unused(options: TrainOptions) -> None:
    """TrainingError for an option that training an encoder does not use."""
    typed: dict[str, Any] = {
        "a training set": options.dataset if options.dataset != ENCODER else None,
        "--preset": options.preset,
        "--transfer": options.transfer,
        "--paired": options.paired or None,
        "--distill": options.distill,
        "--channels": options.channels,
        "--snapshots": options.snapshots,
        "--title": options.title or None,
        "--measure": options.measure or None,
    }
    unused = [name for name, value in typed.items() if value is not None]
    unused += [option_name(key) for key in options.overrides.typed() if key in ADVERSARIAL_ONLY]
    if unused:
        raise TrainingError(f"{unused[0]} has no use with an encoder, which learns from a network alone; leave it out")
    if options.overrides.precision == "fp16":
        raise TrainingError("--precision fp16 is not for an encoder; type: --precision bf16, or f32")


def _resumed(options: TrainOptions) -> Checkpoint | None:
    """The checkpoint to resume from; None for a new run. TrainingError if the options contradict it."""
    folder = options.folder
    if not options.resume:
        check_new_folder(folder)
        return None
    checkpoint = load_checkpoint(folder)
    if not checkpoint.origins.encoder_of:
        raise TrainingError(f"{folder}: the run is of no encoder; leave 'encoder' out, or choose another with -o")
    if options.lines is not None:
        raise TrainingError("--lines cannot change when a run is resumed; leave it out, or begin a new run")
    check_fixed(folder, checkpoint, options.overrides.typed(), FIXED)
    return checkpoint


def _origins(options: TrainOptions, plan: _Plan) -> Origins:
    """The network, and the licence as typed, else as the resumed run or the network has it."""
    before = plan.checkpoint.origins if plan.checkpoint is not None else Origins()
    name = options.network or before.encoder_of
    return Origins(
        dataset="",
        encoder_of=lasting_name(name),
        licence=valid_unicode(options.licence) or before.licence or plan.info.licence,
        snapshots=(),
    )
