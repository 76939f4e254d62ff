"""`livegan train`: put a run together from a dataset, a preset and what was asked for, and let it go.

Under `torchrun` every process calls `train`; the first one writes and speaks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import torch

from livegan.core.machine import keep_memory
from livegan.core.progress import progress_bar
from livegan.core.text import quoted
from livegan.errors import DatasetError, TrainingError
from livegan.networks.device import choose_device, has_bf16, machine
from livegan.training.checkpoint import (
    Checkpoint,
    Origins,
    has_checkpoint,
    load_checkpoint,
    only_one,
)
from livegan.training.distance import Distance, Looked
from livegan.training.distributed import World, join
from livegan.training.progress import tensorboard as curves
from livegan.training.run import CHECKPOINT_S, Order, Outcome, enough_memory, run, shareable
from livegan.training.settings import PATTERNS, PRESETS, Augment, Precision, Settings, distilling
from livegan.training.settings import preset as settings_of
from livegan.training.snapshots import Card, command_of
from livegan.training.trainer import Method
from livegan.training.transfer import Start, transferred

if TYPE_CHECKING:
    from livegan.datasets.dataset import Pictures

PICTURES = 12_000  # made for an adversarial run on them
PAIRS = 1_000  # of each class, made for a paired run; fewer above 256 px, where an eighth takes as long
PRESET = "house-256"
MOST = 1e9  # no number that is asked for is larger
SEEDS = 1 << 32  # seeds are below
FIXED = ("preset", "seed", "freeze_d")  # settings that a run cannot change on its way
OPTIONS = (  # settings that can be asked for by themselves
    *("kimg", "batch", "seed", "lr", "d_lr", "gamma", "pl_weight", "ema_kimg", "augment", "augment_p"),
    *("ada_target", "flips", "freeze_d", "noise", "mixing", "precision", "compile"),
)
AGAINST = (  # those of a training against a discriminator: a paired run does not read them
    *("d_lr", "gamma", "pl_weight", "augment", "augment_p", "ada_target"),
    *("flips", "freeze_d", "noise", "mixing", "compile"),
)

Tell = Callable[[str], None]  # a sentence for whoever trains


def train(
    dataset: Path | str | None,
    folder: Path,
    *,
    preset: str | None = None,
    resume: bool = False,
    transfer: Path | str | None = None,
    paired: bool = False,
    snapshots: Sequence[float] | None = None,
    device: str = "auto",
    tensorboard: bool = False,
    checkpoint_s: float = CHECKPOINT_S,
    title: str = "",
    licence: str = "",
    measured: bool = False,
    tell: Tell = print,
    **changes: Any,
) -> Outcome:
    """Train on `dataset` (a file, a folder, or "patterns") into `folder`, or go on with the run in it.

    `changes` are settings (`OPTIONS`) that differ from the preset's, or from the run's that goes on; None changes
    nothing. `snapshots` are moments [kimg] besides the end, empty: none; None: eight, doubling. A run that goes
    on keeps its moments, title and licence where no others are given.
    DatasetError, NetworkError and TrainingError say what is wrong before anything is begun.
    """
    asked = {key: value for key, value in changes.items() if value is not None}
    wrong = [key for key in asked if key not in OPTIONS]
    if wrong:
        raise TrainingError(f"no setting called '{wrong[0]}'; there are: {', '.join(OPTIONS)}")
    kept = _kept(folder, resume, preset, transfer, paired, asked)
    before = kept.origins if kept is not None else Origins(dataset="", paired=paired)
    paired = before.paired
    unread = [_option(key) for key in asked if paired and key in AGAINST]
    if unread:
        raise TrainingError(f"{unread[0]} is for a training against a discriminator, not for --paired; leave it out")
    if paired and device not in ("auto", "cpu"):
        raise TrainingError(f"--paired trains on the CPU, not on {device}; leave --device out")
    settings = _settings(kept, preset, paired, device, asked)
    _check_numbers(settings, snapshots or (), checkpoint_s)
    where = str(dataset) if dataset is not None else before.dataset
    if not where:
        raise TrainingError("nothing to train on; type: livegan train DATASET, or: livegan train patterns")
    if paired and where != PATTERNS:
        raise TrainingError(
            f"--paired learns the motifs themselves, not '{where}'; type: livegan train patterns --paired"
        )
    if where != PATTERNS and not Path(where).expanduser().exists():
        if kept is not None and dataset is None:
            raise DatasetError(
                f"{where}: no such training set any more; if it lies elsewhere now, "
                f"type: livegan train PLACE --resume {quoted(folder)}"
            )
        raise DatasetError(f"{where}: no such training set; make one: livegan dataset FOLDER, or type: patterns")
    keep_memory()
    world = _join(device, paired)
    say = tell if world.first else _silent
    with ExitStack() as stack:
        stack.callback(world.leave)
        if not shareable(settings.batch, world.size):
            fits = next(batch for batch in count(settings.batch) if shareable(batch, world.size))
            raise _of_all(
                world, f"--batch {settings.batch} cannot be shared by {world.size} processes; try --batch {fits}"
            )
        if settings.precision == "fp16" and world.device.type == "cpu":
            raise _of_all(world, "--precision fp16 is for GPUs; on the CPU type: --precision f32, or bf16")
        if settings.compile:
            say("torch.compile is at work in the first steps, which takes minutes")
        stack.enter_context(only_one(folder) if world.first else nullcontext())
        start = Start()
        if transfer is not None:
            c_dim = _c_dim(where, settings, folder, world, paired)
            settings, start, fitted = transferred(transfer, settings, c_dim, paired)
            say(fitted)
        if settings.freeze_d and start.discriminator is None and kept is None:
            raise TrainingError(
                "--freeze-d keeps the finest levels of a trained discriminator, and there is none; "
                "leave it out, or give --transfer the folder of a run (with a checkpoint.pt in it)"
            )
        with enough_memory(settings, folder, world.size):
            if paired:
                method, origins, data, looked = _paired(settings, folder, start)
            else:
                pictures = stack.enter_context(_pictures(where, settings, folder, world))
                method, origins, data, looked = _adversarial(settings, pictures, world, start, where)
            stack.callback(method.close)
            measure = Distance.on(looked, device=world.device) if measured and world.first else None
            if kept is not None:
                _check_same(before, origins, say)
                method.restore(kept.state)
        origins = replace(
            origins,
            transfer=before.transfer or str(transfer or ""),
            title=title or before.title,
            licence=licence or before.licence,
            snapshots=before.snapshots if snapshots is None else tuple(map(float, snapshots)),
        )
        if settings.kimg * 1000 <= method.shown:
            raise TrainingError(_finished(folder, method.shown / 1000, paired))
        card = Card(
            title=origins.title or f"{settings.preset}, trained on {Path(where).stem}",
            data=data,
            classes=origins.classes,
            method="distilled" if paired else "adversarial",
            licence=origins.licence,
            machine=f"{machine()}, {world.size} processes" if world.size > 1 else machine(),
            command=command_of(settings, where, paired, _differences(settings, origins.transfer, paired)),
        )
        order = Order(
            snapshots=origins.snapshots,
            checkpoint_s=checkpoint_s,
            seconds=kept.seconds if kept is not None else 0.0,
            origins=origins,
            measure=measure,
            scalars=stack.enter_context(curves(folder / "tensorboard")) if tensorboard and world.first else None,
        )
        return run(method, folder, settings, card, order, world, say)


def _of_all(world: World, sentence: str) -> BaseException:
    """What is wrong in all processes alike: only the first says it."""
    return TrainingError(sentence) if world.first else SystemExit(2)


def _silent(sentence: str) -> None:
    """What all processes but the first say."""


def _option(key: str) -> str:
    """How a setting is typed."""
    return f"--{key.replace('_', '-')}"


def _finished(folder: Path, kimg: float, paired: bool) -> str:
    """What to type where a run has nothing left to do; a paired one would go back to smaller pictures."""
    more = f"to train longer, type: livegan train --resume {quoted(folder)} --kimg {2 * kimg:g}"
    anew = f"begin a new one from it: livegan train patterns --paired --transfer {quoted(folder)} -o FOLDER"
    return f"{folder}: the run is finished, {kimg:g} kimg are shown; {anew if paired else more}"


def _kept(
    folder: Path, resume: bool, name: str | None, transfer: Path | str | None, paired: bool, asked: Mapping[str, Any]
) -> Checkpoint | None:
    """The run that goes on; None for a new one. TrainingError where the wishes contradict each other."""
    if not resume:
        if has_checkpoint(folder):
            raise TrainingError(
                f"{folder}: there is a run in it; to go on with it, type: livegan train --resume {quoted(folder)}; "
                "for a new one choose another folder with -o"
            )
        return None
    kept = load_checkpoint(folder)
    wishes = dict(asked) | ({} if name is None else {"preset": name})
    for key in FIXED:
        if key in wishes and wishes[key] != getattr(kept.settings, key):
            raise TrainingError(
                f"{folder}: the run has {_option(key)} {getattr(kept.settings, key)}, which cannot change on the way; "
                f"leave {_option(key)} out, or begin a new run"
            )
    if transfer is not None:
        raise TrainingError("--transfer begins a new run and --resume goes on with one; leave one of them out")
    if paired and not kept.origins.paired:
        raise TrainingError(
            f"{folder}: the run is not a paired one; begin a new one from it: "
            f"livegan train patterns --paired --transfer {quoted(folder)} -o FOLDER"
        )
    return kept


def _settings(
    kept: Checkpoint | None, name: str | None, paired: bool, device: str, asked: Mapping[str, Any]
) -> Settings:
    """What the run will be told; TrainingError for values that make no sense."""
    if kept is not None:
        settings = replace(kept.settings, **asked)
    else:
        settings = settings_of(name or PRESET)
        settings = replace(distilling(settings) if paired else settings, **asked)
        if "precision" not in asked and _has_bf16("cpu" if paired else device):
            settings = replace(settings, precision="bf16")
    for key, members in (("augment", get_args(Augment)), ("precision", get_args(Precision))):
        if getattr(settings, key) not in members:
            raise TrainingError(f"{_option(key)} {getattr(settings, key)!r} is not one of {', '.join(members)}")
    for key in ("kimg", "batch", "lr", "d_lr"):
        if not getattr(settings, key) > 0:
            raise TrainingError(f"{_option(key)} must be above 0, not {getattr(settings, key)}")
    return settings


def _check_numbers(settings: Settings, snapshots: Sequence[float], checkpoint_s: float) -> None:
    """TrainingError for numbers that nobody can reckon with."""
    if not 0 <= settings.seed < SEEDS:
        raise TrainingError(f"--seed must be 0 to {SEEDS - 1}, not {settings.seed}")
    for key in OPTIONS:
        value = getattr(settings, key)
        if key != "seed" and isinstance(value, int | float) and not abs(value) <= MOST:
            raise TrainingError(f"{_option(key)} must be a number up to {MOST:g}, not {value}")
    wrong = [moment for moment in snapshots if not 0 < moment <= MOST]
    if wrong:
        raise TrainingError(f"--snapshots {wrong[0]} is no moment in kimg; type for example: --snapshots 20,40,80")
    if not 0 <= checkpoint_s <= MOST:
        raise TrainingError(f"--checkpoint must be seconds up to {MOST:g}, not {checkpoint_s}")
    levels = len(settings.d_channels) - 1
    if not 0 <= settings.freeze_d <= levels:
        raise TrainingError(
            f"--freeze-d {settings.freeze_d} is not possible: the discriminator of {settings.preset} has {levels} "
            f"level{'' if levels == 1 else 's'}; give 0 to {levels}"
        )


def _has_bf16(device: str) -> bool:
    """Whether bfloat16 is quicker where the run will be."""
    where = choose_device(device).device
    return torch.cuda.is_bf16_supported(including_emulation=False) if where == "cuda" else where == "cpu" and has_bf16()


def _differences(settings: Settings, transfer: str, paired: bool) -> dict[str, Any]:
    """What was asked for: where the settings are not the preset's. The seed is always said."""
    usual = distilling(settings_of(settings.preset)) if paired else settings_of(settings.preset)
    found = {key: getattr(settings, key) for key in OPTIONS if getattr(settings, key) != getattr(usual, key)}
    return found | ({"transfer": Path(transfer).name} if transfer else {}) | {"seed": settings.seed}


def _join(device: str, paired: bool) -> World:
    """The processes of this run, on the device that was asked for."""
    if paired:
        world = join("cpu")
        if world.size > 1:
            world.leave()
            raise TrainingError("--paired trains in one process; type it without torchrun")
        return world
    return join(choose_device(device).device)


def _c_dim(where: str, settings: Settings, folder: Path, world: World, paired: bool) -> int:
    """How many classes the network will have."""
    if paired:
        from livegan.motifs.draw import NAMES

        return len(NAMES)
    with _pictures(where, settings, folder, world) as pictures:
        return pictures.c_dim


@contextmanager
def _pictures(where: str, settings: Settings, folder: Path, world: World) -> "Iterator[Pictures]":
    """The training set, open; "patterns" are made in the run's folder first, once. TrainingError if it does not fit."""
    from livegan.datasets.dataset import open_pictures

    side = settings.side
    path = Path(where).expanduser()
    if where == PATTERNS:
        path = folder / f"{PATTERNS}-{side}-{settings.seed}.zip"
        if not path.is_file():
            if world.size > 1:
                raise _of_all(
                    world,
                    "one process must draw the patterns before several learn them; type first: "
                    f"livegan dataset patterns --size {side} --count {PICTURES} --seed {settings.seed} "
                    f"-o {quoted(path)}; then the same again",
                )
            from livegan.datasets.make import make_patterns

            with progress_bar(PATTERNS, PICTURES, "pictures") as done:
                make_patterns(path, (side, side), PICTURES, settings.seed, None, done)
    with open_pictures(path) as pictures:
        height, width = pictures.size
        if (height, width) != (side, side):
            raise TrainingError(
                f"{path} has pictures of {width}x{height} px and --preset {settings.preset} makes {side}x{side}; "
                f"make the set anew with: livegan dataset SOURCE --size {side}{_fitting(height, width)}"
            )
        yield pictures


def _fitting(height: int, width: int) -> str:
    """The presets that make pictures of that size, as a hint."""
    names = [name for name, settings in PRESETS.items() if (settings.side, settings.side) == (height, width)]
    return f", or choose --preset {' or '.join(names)}" if names else ""


def _adversarial(
    settings: Settings, pictures: "Pictures", world: World, start: Start, where: str
) -> tuple[Method, Origins, str, Looked]:
    """The method, where it learns from, that in words, and its pictures."""
    from livegan.training.adversarial import Adversarial

    method = Adversarial(settings, pictures, world, start.network, start.discriminator)
    path = where if where == PATTERNS else str(Path(where).expanduser().resolve())
    origins = Origins(path, len(pictures), tuple(pictures.classes), pictures.c_dim)
    named = "procedural motifs (livegan dataset patterns)" if where == PATTERNS else Path(where).name
    return method, origins, f"{named}, {len(pictures)} pictures", pictures


def _paired(settings: Settings, folder: Path, start: Start) -> tuple[Method, Origins, str, Looked]:
    """The method, where it learns from, that in words, and its pictures."""
    from livegan.motifs.draw import NAMES
    from livegan.training.classify import Motifs
    from livegan.training.paired import Paired
    from livegan.training.pairs import Pairs

    each = PAIRS * 256**3 // max(settings.side, 256) ** 3
    total = each * len(NAMES)
    with progress_bar("pairs", total, "pictures") as done:
        pairs = Pairs(folder, settings.side, each, settings.seed, done)
    method = Paired(settings, pairs, start.network)
    text = f"procedural motifs, drawn for the latents themselves, {total} pictures"
    looked = Motifs((settings.side, settings.side), each, settings.seed, pairs)
    return method, Origins(PATTERNS, total, tuple(NAMES), len(NAMES), paired=True), text, looked


def _check_same(before: Origins, now: Origins, tell: Tell) -> None:
    """Whether a run may go on with these pictures: TrainingError if its network would not fit them."""
    if before.c_dim != now.c_dim:
        raise TrainingError(
            f"the run was begun with {before.c_dim} classes and {now.dataset} has {now.c_dim}; "
            "give the dataset that it was begun with"
        )
    if (before.pictures, before.classes) != (now.pictures, now.classes):
        tell(f"{now.dataset} is not what the run was begun with ({before.pictures} pictures, now {now.pictures})")
