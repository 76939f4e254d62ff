"""Options of `livegan train` as typed, checked and resolved to `Settings`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args

import torch

from livegan.core.files import expanded
from livegan.core.text import quoted
from livegan.errors import DatasetError, TrainingError
from livegan.networks.device import choose_device, has_bf16
from livegan.training.checkpoint import Checkpoint, Origins, load_checkpoint
from livegan.training.run_folder import has_checkpoint
from livegan.training.settings import PATTERNS, PRESETS, Augment, Precision, Settings, paired_settings, preset

DEFAULT_PRESET = "house-256"
CHECKPOINT_S = 120.0  # seconds between two checkpoints
MAX_NUMBER = 1e9  # of any option
MAX_SEED = (1 << 32) - 1
FIXED = ("preset", "seed", "freeze_d")  # settings that cannot change when a run is resumed


def _adversarial_only() -> Any:
    """A field that paired training does not use."""
    return field(default=None, metadata={"adversarial_only": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Settings that were typed, by their names in `Settings`; None keeps the preset's, or the resumed run's."""

    kimg: float | None = None
    batch: int | None = None
    seed: int | None = None
    lr: float | None = None
    d_lr: float | None = _adversarial_only()
    gamma: float | None = _adversarial_only()
    pl_weight: float | None = _adversarial_only()
    ema_kimg: float | None = None
    augment: str | None = _adversarial_only()
    augment_p: float | None = _adversarial_only()
    ada_target: float | None = _adversarial_only()
    flips: bool | None = _adversarial_only()
    freeze_d: int | None = _adversarial_only()
    noise: bool | None = _adversarial_only()
    mixing: float | None = _adversarial_only()
    precision: str | None = None
    compile: bool | None = _adversarial_only()

    def typed(self) -> dict[str, Any]:
        """Those that are not None."""
        return {name: getattr(self, name) for name in OVERRIDABLE if getattr(self, name) is not None}


OVERRIDABLE = tuple(entry.name for entry in fields(Overrides))
ADVERSARIAL_ONLY = frozenset(entry.name for entry in fields(Overrides) if entry.metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """Command line options of `livegan train`."""

    folder: Path  # of the run
    dataset: str | None = None  # a file, a folder, "patterns" or "encoder"; None: the resumed run's
    overrides: Overrides = field(default_factory=Overrides)
    preset: str | None = None
    resume: bool = False
    transfer: str | None = None  # a network, or the folder of a run
    paired: bool = False
    distill: str | None = None  # a network whose light sibling is trained
    network: str | None = None  # whose encoder is trained; dataset is "encoder" then
    channels: tuple[int, ...] | None = None  # with distill: of each level; None: chosen by their operations
    lines: int | None = None  # height of the pictures, with distill, or of those that an encoder looks at; None: usual
    snapshots: tuple[float, ...] | None = None  # [kimg] besides the end; empty: none; None: the run's, or eight
    device: str = "auto"
    tensorboard: bool = False
    checkpoint_s: float = CHECKPOINT_S
    title: str = ""  # "": the run's, or the usual one
    licence: str = ""
    measure: bool = False  # the distance from the data at every snapshot


@dataclass(frozen=True, slots=True)
class ResolvedRun:
    """A run whose options have been checked."""

    settings: Settings
    dataset: str  # a path, or "patterns"
    paired: bool
    checkpoint: Checkpoint | None  # that is resumed from


def resolve(options: TrainOptions) -> ResolvedRun:
    """Check all options, and combine them with the preset or with the checkpoint of the resumed run.

    Writes nothing. DatasetError, NetworkError or TrainingError for the first mistake.
    """
    checkpoint = _resumed(options)
    paired = options.paired or (checkpoint is not None and checkpoint.origins.paired)
    typed = options.overrides.typed()
    unused = [option_name(key) for key in typed if paired and key in ADVERSARIAL_ONLY]
    if unused:
        raise TrainingError(f"{unused[0]} is for a training against a discriminator, not for --paired; leave it out")
    if paired and options.device not in ("auto", "cpu"):
        raise TrainingError(f"--paired trains on the CPU, not on {options.device}; leave --device out")
    if checkpoint is not None:
        settings = replace(checkpoint.settings, **typed)
    else:
        settings = preset(options.preset or DEFAULT_PRESET)
        settings = replace(paired_settings(settings) if paired else settings, **typed)
        if "precision" not in typed and bf16_is_faster("cpu" if paired else options.device):
            settings = replace(settings, precision="bf16")
    if not paired and settings.size[0] != settings.size[1]:
        height, width = settings.size
        raise TrainingError(
            f"--preset {settings.preset} makes {width}x{height} px, and a discriminator judges squares; "
            f"choose --preset {DEFAULT_PRESET}, or type: livegan train patterns --preset {settings.preset} --paired"
        )
    check_settings(settings)
    check_times(options.snapshots or (), options.checkpoint_s)
    return ResolvedRun(settings, _dataset(options, checkpoint, paired), paired, checkpoint)


def option_name(key: str) -> str:
    """A setting as it is typed: `d_lr` is `--d-lr`."""
    return f"--{key.replace('_', '-')}"


def differences(settings: Settings, transfer: str, paired: bool) -> dict[str, Any]:
    """The overrides that give `settings` from its preset, and the transfer; the seed always."""
    usual = paired_settings(preset(settings.preset)) if paired else preset(settings.preset)
    changed = {key: getattr(settings, key) for key in OVERRIDABLE if getattr(settings, key) != getattr(usual, key)}
    return changed | ({"transfer": Path(transfer).name} if transfer else {}) | {"seed": settings.seed}


def finished_text(folder: Path, kimg: float, checkpoint: Checkpoint | None, paired: bool = False) -> str:
    """What to type when a run has nothing left to do; a paired one would go back to smaller pictures."""
    if checkpoint is not None and kimg < checkpoint.settings.kimg:  # it has, but an end was typed that it has passed
        return (
            f"{folder}: {kimg:g} of {checkpoint.settings.kimg:g} kimg are shown already, more than --kimg; "
            f"to go on to its own end, type: livegan train --resume {quoted(folder)}"
        )
    longer = f"to train longer, type: livegan train --resume {quoted(folder)} --kimg {2 * kimg:g}"
    anew = f"begin a new one from it: livegan train patterns --paired --transfer {quoted(folder)} -o FOLDER"
    return f"{folder}: the run is finished, {kimg:g} kimg are shown; {anew if paired else longer}"


def check_same_data(before: Origins, now: Origins) -> str:
    """TrainingError if a resumed run's network does not fit these pictures; else a warning, empty if they are equal."""
    if before.c_dim != now.c_dim:
        raise TrainingError(
            f"the run was begun with {before.c_dim} classes and {now.dataset} has {now.c_dim}; "
            "give the dataset that it was begun with"
        )
    if (before.pictures, before.classes) == (now.pictures, now.classes):
        return ""
    return f"{now.dataset} is not what the run was begun with ({before.pictures} pictures, now {now.pictures})"


def check_new_folder(folder: Path) -> None:
    """TrainingError if a run is in `folder` already."""
    if has_checkpoint(folder):
        raise TrainingError(
            f"{folder}: there is a run in it; to go on with it, type: livegan train --resume {quoted(folder)}; "
            "for a new one choose another folder with -o"
        )


def check_fixed(folder: Path, checkpoint: Checkpoint, typed: Mapping[str, Any], names: Sequence[str]) -> None:
    """TrainingError if one of the settings `names` was typed and is not that of the resumed run."""
    for key in names:
        value = getattr(checkpoint.settings, key)
        if key in typed and typed[key] != value:
            raise TrainingError(
                f"{folder}: the run has {option_name(key)} {value}, which cannot change when it is resumed; "
                f"leave {option_name(key)} out, or begin a new run"
            )


def _resumed(options: TrainOptions) -> Checkpoint | None:
    """The checkpoint to resume from; None for a new run. TrainingError if the options contradict it."""
    folder = options.folder
    if not options.resume:
        check_new_folder(folder)
        return None
    checkpoint = load_checkpoint(folder)
    typed = options.overrides.typed() | ({} if options.preset is None else {"preset": options.preset})
    check_fixed(folder, checkpoint, typed, FIXED)
    if options.transfer is not None:
        raise TrainingError("--transfer begins a new run and --resume goes on with one; leave one of them out")
    if options.paired and not checkpoint.origins.paired:
        raise TrainingError(
            f"{folder}: the run is not a paired one; begin a new one from it: "
            f"livegan train patterns --paired --transfer {quoted(folder)} -o FOLDER"
        )
    return checkpoint


def _dataset(options: TrainOptions, checkpoint: Checkpoint | None, paired: bool) -> str:
    dataset = options.dataset or (checkpoint.origins.dataset if checkpoint is not None else "")
    if not dataset:
        raise TrainingError("nothing to train on; type: livegan train DATASET, or: livegan train patterns")
    if paired and dataset != PATTERNS:
        raise TrainingError(
            f"--paired learns the motifs themselves, not '{dataset}'; type: livegan train patterns --paired"
        )
    if dataset == PATTERNS or expanded(dataset).exists():
        return dataset
    if options.dataset is None:
        raise DatasetError(
            f"{dataset}: no such training set any more; if it lies elsewhere now, "
            f"type: livegan train PLACE --resume {quoted(options.folder)}"
        )
    raise DatasetError(f"{dataset}: no such training set; make one: livegan dataset FOLDER, or type: patterns")


def check_settings(settings: Settings) -> None:
    """TrainingError for a setting that is out of its range."""
    for key, members in (("augment", get_args(Augment)), ("precision", get_args(Precision))):
        if getattr(settings, key) not in members:
            raise TrainingError(f"{option_name(key)} {getattr(settings, key)!r} is not one of {', '.join(members)}")
    for key in ("kimg", "batch", "lr", "d_lr"):
        if not getattr(settings, key) > 0:
            raise TrainingError(f"{option_name(key)} must be above 0, not {getattr(settings, key)}")
    if not 0 <= settings.seed <= MAX_SEED:
        raise TrainingError(f"--seed must be 0 to {MAX_SEED}, not {settings.seed}")
    for key in OVERRIDABLE:
        value = getattr(settings, key)
        if key != "seed" and isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
            raise TrainingError(f"{option_name(key)} must be a number up to {MAX_NUMBER:g}, not {value}")
    levels = max(len(settings.d_channels) - 1, 0)
    if not 0 <= settings.freeze_d <= levels:
        raise TrainingError(
            f"--freeze-d {settings.freeze_d} is not possible: the discriminator of {settings.preset} has {levels} "
            f"level{'' if levels == 1 else 's'}; give 0 to {levels}"
        )


def check_times(snapshots: Sequence[float], checkpoint_s: float) -> None:
    """TrainingError for moments of snapshots [kimg] or seconds between checkpoints that are out of their range."""
    wrong = [moment for moment in snapshots if not 0 < moment <= MAX_NUMBER]
    if wrong:
        raise TrainingError(f"--snapshots {wrong[0]} is no moment in kimg; type for example: --snapshots 20,40,80")
    if not 0 <= checkpoint_s <= MAX_NUMBER:
        raise TrainingError(f"--checkpoint must be seconds up to {MAX_NUMBER:g}, not {checkpoint_s}")


def bf16_is_faster(device: str) -> bool:
    """Whether `device`, as typed, computes in bfloat16 without emulating it."""
    chosen = choose_device(device).device
    if chosen == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return chosen == "cpu" and has_bf16()


def presets_of_size(height: int, width: int) -> list[str]:
    """The presets that make pictures of that size [px]."""
    return [name for name, settings in PRESETS.items() if (settings.side, settings.side) == (height, width)]
