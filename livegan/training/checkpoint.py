"""Checkpoint of a training run, and its settings file."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch._weights_only_unpickler import UnpicklingError  # type: ignore[attr-defined]

from livegan.core.files import atomic_path, write_atomic
from livegan.errors import TrainingError
from livegan.training.broken_run import transfer_advice
from livegan.training.disk import unwritable_text
from livegan.training.run_folder import NAME, SETTINGS
from livegan.training.settings import PATTERNS, Settings, check_types, to_json_table

FORMAT = "livegan-checkpoint-1"


@dataclass(frozen=True, slots=True)
class Origins:
    """Origins of a run: dataset, initial network and options, compared when it is resumed."""

    dataset: str = PATTERNS  # a path, or "patterns"
    pictures: int = 0  # how many it has; 0: unlimited
    classes: tuple[str, ...] = ()
    c_dim: int = 0
    paired: bool = False
    transfer: str = ""  # the network that it began with
    teacher: str = ""  # the network that it is distilled from
    encoder_of: str = ""  # the network whose encoder it is
    title: str = ""  # as typed; "": the usual one
    licence: str = ""
    snapshots: tuple[float, ...] | None = None  # moments as typed [kimg]; None: the usual ones


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Complete state of a run."""

    settings: Settings
    state: dict[str, Any]  # of the trainer
    seconds: float = 0.0  # trained so far, before and after every stop
    origins: Origins = field(default_factory=Origins)


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write folder/checkpoint.pt atomically; TrainingError if it cannot be written."""
    table = {
        "format": FORMAT,
        "settings": to_json_table(checkpoint.settings),
        "state": checkpoint.state,
        "seconds": checkpoint.seconds,
        "origins": to_json_table(checkpoint.origins),
    }
    save_table(folder, table)


def save_table(folder: Path, table: dict[str, Any]) -> None:
    """Write a table of any run as folder/checkpoint.pt, atomically; TrainingError if it cannot be written."""
    path = folder / NAME
    try:
        with atomic_path(path) as part, part.open("wb") as file:
            torch.save(table, file)
    except (OSError, RuntimeError) as error:  # RuntimeError: torch's own where the disk is full
        raise TrainingError(unwritable_text(path, error, _tensor_bytes(table))) from error


def _tensor_bytes(value: Any) -> int:
    """Bytes of all tensors in nested dicts and lists: about the size of their file."""
    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    if isinstance(value, dict):
        return sum(map(_tensor_bytes, value.values()))
    return sum(map(_tensor_bytes, value)) if isinstance(value, list | tuple) else 0


def load_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint in `folder`; TrainingError if there is none that livegan wrote. Never runs code in the file."""
    table = load_table(folder, FORMAT, "livegan train", transfer_advice)
    try:
        return Checkpoint(
            settings=Settings.read(table["settings"]),
            state=dict(table["state"]),
            seconds=float(table["seconds"]),
            origins=_origins(table["origins"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TrainingError(f"{folder / NAME}: the run was made by another version of livegan ({error!r})") from error


def load_table(folder: Path, form: str, command: str, advice: Callable[[Path], str] = lambda _: "") -> dict[str, Any]:
    """The table that `command` saved in `folder` as format `form`; TrainingError if there is none. Never runs code.

    `advice` is asked what to type where the checkpoint is lost or broken; "" if there is nothing to begin from.
    """
    path = folder / NAME
    if not path.is_file():
        hint = advice(folder) or "give the folder of a run"
        raise TrainingError(f"{folder}: no {NAME} in it, so no run to go on with; {hint}")
    try:
        table = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, AttributeError, UnpicklingError) as error:
        hint = advice(folder) or "begin anew in another folder"
        raise TrainingError(f"{path}: is not a whole checkpoint of a run; {hint}") from error
    if not isinstance(table, dict) or table.get("format") != form:
        raise TrainingError(f"{path}: is not a checkpoint of '{command}' (its format is not {form})")
    return table


def _origins(table: dict[str, Any]) -> Origins:
    """From a checkpoint, perhaps of a version that had fewer fields."""
    check_types(Origins, table)
    moments = table.get("snapshots")
    tuples = {"classes": tuple(table["classes"]), "snapshots": None if moments is None else tuple(moments)}
    return Origins(**table | tuples)


def write_settings(folder: Path, settings: Settings, origins: Origins) -> None:
    """Write folder/settings.json; TrainingError if it cannot be written."""
    text = json.dumps(to_json_table(settings) | to_json_table(origins), indent=2, ensure_ascii=False)
    try:
        write_atomic(folder / SETTINGS, text + "\n")
    except OSError as error:
        raise TrainingError(f"{folder} cannot be written ({error.strerror}); choose another with -o") from error
