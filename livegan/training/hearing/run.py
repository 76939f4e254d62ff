"""Run of a training of the hearing network: its folder, checkpoint, snapshots; resumes exactly."""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from livegan.core.files import write_atomic
from livegan.core.version import __version__
from livegan.errors import TrainingError
from livegan.networks.device import choose_device, machine
from livegan.networks.info import HEARING_SUFFIX
from livegan.training.checkpoint import load_table, save_table
from livegan.training.disk import unwritable_text
from livegan.training.hearing.examples import Examples
from livegan.training.hearing.network import save_hearing
from livegan.training.hearing.store import read_store
from livegan.training.hearing.trainer import HearingSettings, HearingTrainer
from livegan.training.options import CHECKPOINT_S, bf16_is_faster
from livegan.training.progress import Unit
from livegan.training.run import RunOptions, RunResult, behind_text, enough_memory, resume_command, run_steps
from livegan.training.run_folder import SETTINGS, has_checkpoint
from livegan.training.settings import check_types, to_json_table
from livegan.training.single_process import single_process
from livegan.training.trainer import Trainer

FORMAT = "livegan-hearing-run-1"
COMMAND = "livegan train hearing"
STEPS = Unit("steps", "steps/s", "step", "steps_per_s", "--steps", COMMAND, "done", scale=1000, smoothing=50)
FILE = f"beats{HEARING_SUFFIX}"
SNAPSHOT_SHARES = (1 / 4, 1 / 2, 3 / 4)  # of a run, besides the end
SHARES = {"music": 0.82, "nobeat": 0.11, "noise": 0.07}  # how often each kind of example is drawn
FIXED = ("batch", "frames", "lr", "seed", "precision", "channels", "blocks")  # cannot change when a run is resumed

MessageCallback = Callable[[str], None]  # shows a sentence to the user


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingOptions:
    """Options of a run. Settings that are None are the usual ones, or the resumed run's."""

    folder: Path  # of the run; examples lie below it
    steps: int | None = None
    batch: int | None = None
    lr: float | None = None
    seed: int | None = None
    resume: bool = False
    device: str = "auto"
    checkpoint_s: float = CHECKPOINT_S


@dataclass(frozen=True, slots=True)
class HearingFiles:
    """Files of a run, for `training.run`."""

    folder: Path
    settings: HearingSettings
    unit: Unit = STEPS

    def begin(self) -> None:
        """Write settings.json."""
        try:
            write_atomic(self.folder / SETTINGS, json.dumps(to_json_table(self.settings), indent=2) + "\n")
        except OSError as error:
            raise TrainingError(
                f"{self.folder} cannot be written ({error.strerror}); choose another with -o"
            ) from error

    def save(self, state: dict[str, Any], seconds: float) -> None:
        """Write the checkpoint."""
        settings = to_json_table(self.settings)
        save_table(self.folder, {"format": FORMAT, "settings": settings, "state": state, "seconds": seconds})

    def snapshot(self, trainer: Trainer, moment: float, seconds: float) -> tuple[Path, Mapping[str, float]]:
        """Write the network; nothing is measured."""
        assert isinstance(trainer, HearingTrainer)
        path = self.folder / FILE
        described = {
            "made_by": f"livegan {__version__}: {COMMAND} --steps {self.settings.steps} --seed {self.settings.seed}",
            "steps": str(trainer.shown),
            "seconds": f"{seconds:.0f}",
            "hours_of_sound": f"{trainer.examples.frames / 360_000:.1f}",
            "machine": machine(),
        }
        try:
            save_hearing(path, trainer.ema.weights(), described)
        except OSError as error:
            raise TrainingError(unwritable_text(path, error)) from error
        return path, {}

    def has_snapshot(self, moment: float) -> bool:
        """Whether the network is there as it was at that moment [thousand steps], or later."""
        return _written_steps(self.folder) >= round(moment * 1000)


def train_hearing(options: HearingOptions, notify: MessageCallback = print) -> RunResult:
    """Train as `options` say: a new run, or a resumed one. TrainingError says what is wrong before it is begun."""
    folder = options.folder
    device = torch.device(choose_device(options.device).device)
    settings, table = check_run(options)
    examples = group_examples(folder, settings.frames)
    with ExitStack() as stack:
        process_group = stack.enter_context(single_process(folder, "a hearing network"))
        with enough_memory(settings, folder, unit=STEPS):
            trainer = HearingTrainer(settings, examples, device)
            stack.callback(trainer.close)
            if table is not None:
                trainer.restore(table["state"])
        notify(f"learns to hear from {examples.frames / 360_000:.1f} hours of sound, {settings.steps} steps")
        run_options = RunOptions(
            snapshots=[settings.steps * share / 1000 for share in SNAPSHOT_SHARES],
            checkpoint_s=options.checkpoint_s,
            seconds=float(table["seconds"]) if table is not None else 0.0,
        )
        files = HearingFiles(folder, settings)
        return run_steps(trainer, files, run_options, process_group, notify)


def check_run(options: HearingOptions) -> tuple[HearingSettings, Mapping[str, Any] | None]:
    """Settings of the run that `options` ask for, and the checkpoint it goes on from, if it is resumed.

    TrainingError for a run that is not there, is there and not resumed, or is finished, and for a setting that cannot
    change.
    """
    folder = options.folder
    table = load_table(folder, FORMAT, COMMAND) if options.resume else None
    if table is None:
        if has_checkpoint(folder):
            raise TrainingError(
                f"{folder}: there is a run in it; to go on with it, type: {resume_command(folder, STEPS)}; "
                "for a new one choose another folder with -o"
            )
        return _settings(options, None), None
    settings = _settings(options, table)
    done, end = table["state"]["steps"], _settings(replace(options, steps=None), table).steps
    unwritten = settings.steps == end and _written_steps(folder) < done  # stopped while its network was written
    if settings.steps <= done and not unwritten:
        if done < end:
            raise TrainingError(behind_text(folder, done, end, STEPS))
        raise TrainingError(
            f"{folder}: the run is finished, {done} steps are done; begin another with -o, "
            "or give the network in it to a show"
        )
    return settings, table


def _written_steps(folder: Path) -> int:
    """After how many steps the network in a run's folder was written; 0 if there is none."""
    try:
        with safe_open(folder / FILE, framework="numpy") as file:
            return int((file.metadata() or {}).get("steps", 0))
    except (OSError, SafetensorError, ValueError):
        return 0


def group_examples(folder: Path, frames: int) -> Examples:
    """The examples in a run's folder, by kind. TrainingError if there are none, or one is broken."""
    every = read_store(folder)
    groups = [[example for example in every if example.kind == kind] for kind in SHARES]
    return Examples(groups, list(SHARES.values()), frames)


def _settings(options: HearingOptions, table: Mapping[str, Any] | None) -> HearingSettings:
    """Settings of the run; TrainingError for one that cannot change."""
    typed = {name: value for name in ("steps", "batch", "lr", "seed") if (value := getattr(options, name)) is not None}
    if table is None:
        precision = "bf16" if bf16_is_faster(options.device) else "f32"
        return HearingSettings(**{"precision": precision} | typed)
    try:
        names = {field.name for field in fields(HearingSettings)}
        check_types(HearingSettings, table["settings"])
        settings = HearingSettings(**{name: value for name, value in table["settings"].items() if name in names})
        int(table["state"]["steps"])
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{options.folder}: the run was made by another version of livegan ({error!r})") from error
    for name in FIXED:
        if name in typed and typed[name] != getattr(settings, name):
            raise TrainingError(
                f"{options.folder}: the run has --{name} {getattr(settings, name)}, which cannot change when it is "
                f"resumed; leave --{name} out, or begin a new run"
            )
    return replace(settings, **{name: value for name, value in typed.items() if name not in FIXED})
