"""Files of the run of a network that composes: checkpoint, settings, and snapshots to listen to and to look at.

snapshots/ has, for N steps: NNNNNN.composer (of voices NNNNNN.safetensors and .json), NNNNNN.mid with music of it, and
NNNNNN.png, the same as a piano roll.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from livegan.composer.learner import LearnerTrainer
from livegan.composer.load import Composer, load_composer
from livegan.composer.metrics import LABELS, measure_songs
from livegan.composer.midi_file import write_midi
from livegan.composer.network_info import ComposerInfo
from livegan.composer.roll_picture import roll_picture
from livegan.composer.song import Song
from livegan.composer.train_settings import ComposerSettings
from livegan.core.files import write_atomic
from livegan.core.images import write_png
from livegan.core.progress import show_picture
from livegan.errors import LiveganError, TrainingError
from livegan.training.checkpoint import load_table, save_table
from livegan.training.disk import unwritable_text
from livegan.training.progress import Unit
from livegan.training.run_folder import NAME, SETTINGS, SNAPSHOTS
from livegan.training.settings import check_types, to_json_table
from livegan.training.trainer import Trainer

FORMAT = "livegan-composer-run-1"
COMMAND = "livegan compose train"
STEPS = Unit("steps", "steps/s", "step", "steps_per_s", "--steps", COMMAND, "done", scale=1000, smoothing=50)
MEASURED_PHRASES, SHEET_BARS = 8, 16

Sampler = Callable[[Composer, int, int], Song]  # music of so many bars by seed, for a snapshot


@dataclass(frozen=True, slots=True)
class ComposerOrigins:
    """Origins of a run."""

    corpus: str = ""  # its folder
    data: str = ""  # hash of what is learnt from it
    title: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class ComposerCheckpoint:
    """Complete state of a run."""

    settings: ComposerSettings
    origins: ComposerOrigins
    state: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def load_run(folder: Path) -> ComposerCheckpoint:
    """The checkpoint in a folder; TrainingError if there is none of a network that composes."""
    table = load_table(folder, FORMAT, COMMAND)
    try:
        check_types(ComposerOrigins, table["origins"])
        return ComposerCheckpoint(
            settings=ComposerSettings.read(table["settings"]),
            origins=ComposerOrigins(**table["origins"]),
            state=dict(table["state"]),
            seconds=float(table["seconds"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TrainingError(f"{folder / NAME}: the run was made by another version of livegan ({error!r})") from error


@dataclass(frozen=True, slots=True)
class ComposerFiles:
    """Files of a run, for `training.run`."""

    folder: Path
    settings: ComposerSettings
    origins: ComposerOrigins
    info: ComposerInfo  # of its networks, besides steps and seconds
    sample: Sampler
    unit: Unit = STEPS

    def begin(self) -> None:
        """Write settings.json."""
        text = json.dumps(to_json_table(self.settings) | to_json_table(self.origins), indent=2, ensure_ascii=False)
        try:
            write_atomic(self.folder / SETTINGS, text + "\n")
        except OSError as error:
            raise TrainingError(
                f"{self.folder} cannot be written ({error.strerror}); choose another with -o"
            ) from error

    def save(self, state: dict[str, Any], seconds: float) -> None:
        """Write the checkpoint."""
        table = {
            "format": FORMAT,
            "settings": to_json_table(self.settings),
            "origins": to_json_table(self.origins),
            "state": state,
            "seconds": seconds,
        }
        save_table(self.folder, table)

    def snapshot(self, trainer: Trainer, moment: float, seconds: float) -> tuple[Path, Mapping[str, float]]:
        """Write network, music and piano roll, and measure it."""
        assert isinstance(trainer, LearnerTrainer)
        path = self.folder / SNAPSHOTS / f"{trainer.shown:06}"
        info = replace(self.info, steps=trainer.shown, seconds=round(seconds, 1))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = trainer.learner.save(path, info)
            composer = load_composer(file)
            song = self.sample(composer, SHEET_BARS, 0)
            write_midi(song, path.with_suffix(".mid"))
            picture = roll_picture(song, title=f"{info.title}, {trainer.shown} steps")
            write_png(path.with_suffix(".png"), np.asarray(picture), "-o")
            show_picture(lambda: np.asarray(picture))
            phrases = [self.sample(composer, self.settings.bars, seed) for seed in range(MEASURED_PHRASES)]
        except TrainingError:
            raise
        except OSError as error:
            raise TrainingError(f"of the snapshot, {unwritable_text(path, error)}") from error
        except LiveganError as error:
            raise TrainingError(f"{path}: the snapshot cannot be written ({error})") from error
        return file, trainer.learner.figures() | numbers_of(phrases)

    def has_snapshot(self, moment: float) -> bool:
        """Whether the snapshot of that moment [thousand steps] is there."""
        return has_snapshot(self.folder, round(moment * 1000))


def has_snapshot(folder: Path, steps: int) -> bool:
    """Whether the snapshot after so many steps is there with its piano roll, which comes last."""
    return (folder / SNAPSHOTS / f"{steps:06}.png").is_file()


def numbers_of(phrases: list[Song]) -> dict[str, float]:
    """Metrics of phrases by their labels; those of which there was nothing to measure are left out."""
    measures = to_json_table(measure_songs(phrases))
    numbers = dict(zip(LABELS, measures.values(), strict=True))
    return {name: float(f"{value:.4g}") for name, value in numbers.items() if isfinite(value)}
