"""`livegan train`: put a run together from a dataset, a preset and what was asked for, and let it go.

Under `torchrun` every process calls `train`; the first one writes and speaks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import torch
from torch import Tensor

from livegan.errors import DatasetError, TrainingError
from livegan.generators.device import choose_device
from livegan.generators.onednn import has_bf16, keep_memory
from livegan.generators.race import machine
from livegan.generators.stylegan2 import Network, Shape
from livegan.studio.progress import progress_bar
from livegan.studio.training.bar import tensorboard as curves
from livegan.studio.training.checkpoint import (
    Checkpoint,
    Origins,
    has_checkpoint,
    load_checkpoint,
    only_one,
)
from livegan.studio.training.distance import Distance, Looked
from livegan.studio.training.method import Method
from livegan.studio.training.run import CHECKPOINT_S, Order, Outcome, enough_memory, run
from livegan.studio.training.settings import PRESETS, Augment, Precision, Settings, distilling
from livegan.studio.training.settings import preset as settings_of
from livegan.studio.training.snapshots import Card, command_of
from livegan.studio.training.world import World, join

if TYPE_CHECKING:
    from livegan.studio.dataset import Pictures

PATTERNS = "patterns"  # the dataset that livegan makes itself
PICTURES = 12_000  # made for an adversarial run on them
PAIRS = 1_000  # of each class, made for a paired run
PRESET = "house-256"
FIXED = ("preset", "seed")  # settings that a run cannot change on its way
OPTIONS = (  # settings that can be asked for by themselves
    *("kimg", "batch", "seed", "lr", "d_lr", "gamma", "pl_weight", "ema_kimg", "augment", "augment_p"),
    *("ada_target", "flips", "freeze_d", "noise", "mixing", "precision", "compile"),
)

Tell = Callable[[str], None]  # a sentence for whoever trains


@dataclass(frozen=True, slots=True)
class Start:
    """What a run begins from besides chance."""

    network: Network | None = None
    discriminator: dict[str, Any] | None = None


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
    nothing. `snapshots` are moments [kimg]; None: eight, each at twice the pictures of the one before.
    DatasetError, NetworkError and TrainingError say what is wrong before anything is begun.
    """
    asked = {key: value for key, value in changes.items() if value is not None}
    wrong = [key for key in asked if key not in OPTIONS]
    if wrong:
        raise TrainingError(f"no setting called '{wrong[0]}'; there are: {', '.join(OPTIONS)}")
    kept = _kept(folder, resume, preset, transfer, paired, asked)
    paired = kept.origins.paired if kept is not None else paired
    settings = _settings(kept, preset, paired, device, asked)
    where = str(dataset) if dataset is not None else (kept.origins.dataset if kept is not None else "")
    if not where:
        raise TrainingError("nothing to train on; type: livegan train DATASET, or: livegan train patterns")
    if paired and where != PATTERNS:
        raise TrainingError(
            f"--paired learns the motifs themselves, not '{where}'; type: livegan train patterns --paired"
        )
    if where != PATTERNS and not Path(where).expanduser().exists():
        raise DatasetError(f"{where}: no such training set; make one: livegan dataset FOLDER, or type: patterns")
    keep_memory()
    world = _join(device, paired)
    say = tell if world.first else _silent
    with ExitStack() as stack:
        stack.callback(world.leave)
        if settings.batch % world.size:
            raise TrainingError(f"--batch {settings.batch} cannot be shared by {world.size} processes; give a multiple")
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
                _check_same(kept.origins, origins, say)
                method.restore(kept.state)
        origins = replace(origins, transfer=kept.origins.transfer if kept is not None else str(transfer or ""))
        if settings.kimg * 1000 <= method.shown:
            raise TrainingError(
                f"{folder}: the run is finished, {method.shown / 1000:g} kimg are shown; "
                f"to train longer, type: livegan train --resume {folder} --kimg {2 * method.shown / 1000:g}"
            )
        card = Card(
            title=title or f"{settings.preset}, trained on {Path(where).stem}",
            data=data,
            classes=origins.classes,
            method="distilled" if paired else "adversarial",
            licence=licence,
            machine=f"{machine()}, {world.size} processes" if world.size > 1 else machine(),
            command=command_of(settings, where, paired, _differences(settings, origins.transfer, paired)),
        )
        order = Order(
            snapshots=snapshots,
            checkpoint_s=checkpoint_s,
            seconds=kept.seconds if kept is not None else 0.0,
            origins=origins,
            measure=measure,
            scalars=stack.enter_context(curves(folder / "tensorboard")) if tensorboard and world.first else None,
        )
        return run(method, folder, settings, card, order, world, say)


def _silent(sentence: str) -> None:
    """What all processes but the first say."""


def _kept(
    folder: Path, resume: bool, name: str | None, transfer: Path | str | None, paired: bool, asked: Mapping[str, Any]
) -> Checkpoint | None:
    """The run that goes on; None for a new one. TrainingError where the wishes contradict each other."""
    if not resume:
        if has_checkpoint(folder):
            raise TrainingError(
                f"{folder}: there is a run in it; to go on with it, type: livegan train --resume {folder}; "
                "for a new one choose another folder with -o"
            )
        return None
    kept = load_checkpoint(folder)
    wishes = dict(asked) | ({} if name is None else {"preset": name})
    for key in FIXED:
        if key in wishes and wishes[key] != getattr(kept.settings, key):
            raise TrainingError(
                f"{folder}: the run has --{key} {getattr(kept.settings, key)}, which cannot change on the way; "
                f"leave --{key} out, or begin a new run"
            )
    if transfer is not None:
        raise TrainingError("--transfer begins a new run and --resume goes on with one; leave one of them out")
    if paired and not kept.origins.paired:
        raise TrainingError(
            f"{folder}: the run is not a paired one; begin a new one from it: "
            f"livegan train patterns --paired --transfer {folder} -o FOLDER"
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
            raise TrainingError(f"--{key} {getattr(settings, key)!r} is not one of {', '.join(members)}")
    for key in ("kimg", "batch", "lr", "d_lr"):
        if not getattr(settings, key) > 0:
            raise TrainingError(f"--{key.replace('_', '-')} must be above 0, not {getattr(settings, key)}")
    return settings


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
        from livegan.generators.motifs.draw import NAMES

        return len(NAMES)
    with _pictures(where, settings, folder, world) as pictures:
        return pictures.c_dim


@contextmanager
def _pictures(where: str, settings: Settings, folder: Path, world: World) -> "Iterator[Pictures]":
    """The training set, open; "patterns" are made in the run's folder first, once. TrainingError if it does not fit."""
    from livegan.studio.dataset import open_pictures

    side = settings.side
    path = Path(where).expanduser()
    if where == PATTERNS:
        path = folder / f"{PATTERNS}-{side}.zip"
        if world.first and not path.is_file():
            from livegan.studio.dataset_make import make_patterns

            with progress_bar(PATTERNS, PICTURES, "pictures") as done:
                make_patterns(path, (side, side), PICTURES, settings.seed, None, done)
        world.mean([0.0])  # the others wait here until it is there
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
    from livegan.studio.training.adversarial import Adversarial

    method = Adversarial(settings, pictures, world, start.network, start.discriminator)
    path = where if where == PATTERNS else str(Path(where).expanduser().resolve())
    origins = Origins(path, len(pictures), tuple(pictures.classes), pictures.c_dim)
    named = "procedural motifs (livegan dataset patterns)" if where == PATTERNS else Path(where).name
    return method, origins, f"{named}, {len(pictures)} pictures", pictures


def _paired(settings: Settings, folder: Path, start: Start) -> tuple[Method, Origins, str, Looked]:
    """The method, where it learns from, that in words, and its pictures."""
    from livegan.generators.motifs.draw import NAMES
    from livegan.studio.training.classify import Motifs
    from livegan.studio.training.paired import Paired
    from livegan.studio.training.pairs import Pairs

    total = PAIRS * len(NAMES)
    with progress_bar("pairs", total, "pictures") as done:
        pairs = Pairs(folder, settings.side, PAIRS, settings.seed, done)
    method = Paired(settings, pairs, start.network)
    text = f"procedural motifs, drawn for the latents themselves, {total} pictures"
    looked = Motifs((settings.side, settings.side), PAIRS, settings.seed, pairs)
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


def transferred(name: Path | str, settings: Settings, c_dim: int, paired: bool = False) -> tuple[Settings, Start, str]:
    """Settings and start from a network that livegan can open, or from the folder of a run, and what fits, in words.

    Where the pictures are of one size the generator gets the shape of that network, whatever the preset says, but its
    latent is kept where it is `paired`. Every tensor whose name and size are the same is taken over, the others begin
    anew. NetworkError for what cannot be opened, TrainingError where too little fits to be of use.
    """
    from livegan.studio.training.generator import fresh

    shape, tensors, discriminator = _opened(name)
    if len(shape.channels) == len(settings.channels):
        settings = replace(settings, channels=shape.channels, w_dim=shape.w_dim, mapping_layers=shape.mapping_layers)
        settings = settings if paired else replace(settings, z_dim=shape.z_dim)
    network = fresh(settings.shape(c_dim), settings.seed)
    own = network.state_dict()
    fits = [key for key, tensor in own.items() if key in tensors and tensors[key].shape == tensor.shape]
    drawing = [key for key in own if key.startswith("synthesis.") and key.endswith(("conv0.weight", "conv1.weight"))]
    if not set(fits) & set(drawing):
        raise TrainingError(
            f"{name}: none of its convolutions has the size of those of --preset {settings.preset}, so nothing can be "
            "taken over; choose another preset, or leave --transfer out"
        )
    with torch.no_grad():
        for key in fits:
            own[key].copy_(tensors[key])  # these are the network's own numbers
    share = sum(own[key].numel() for key in fits) / sum(tensor.numel() for tensor in own.values())
    anew = sorted({key.rpartition(".")[0] for key in own} - {key.rpartition(".")[0] for key in fits})
    text = f"{name}: {len(fits)} of {len(own)} tensors fit, {share:.0%} of the numbers"
    if anew:
        text += f"; new are {', '.join(anew[:6])}{f' and {len(anew) - 6} more' if len(anew) > 6 else ''}"
    return settings, Start(network, discriminator), text


def _opened(name: Path | str) -> tuple[Shape, Mapping[str, Tensor], dict[str, Any] | None]:
    """The shape and the tensors of a network, and those of its discriminator where there is one."""
    from livegan.generators.load import find_network, path_of
    from livegan.studio.sheet import open_network

    path = path_of(name)
    if path.is_dir() and has_checkpoint(path):
        kept = load_checkpoint(path)
        discriminator = kept.state.get("discriminator")
        return (
            kept.settings.shape(kept.origins.c_dim),
            dict(kept.state.get("average", {})),
            discriminator if isinstance(discriminator, dict) else None,
        )
    info = find_network(name)
    net = open_network(info) if info.kind == "stylegan2" else None
    if not isinstance(net, Network):
        raise TrainingError(f"{name}: is a {info.kind}, and what is trained is a stylegan2; transfer from one of those")
    return net.shape, net.state_dict(), None
