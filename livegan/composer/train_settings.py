"""Settings of the training of a network that composes, and the usual ones of each model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from livegan.composer.gan_losses import CRITIC_LOSSES
from livegan.core.text import printable
from livegan.errors import TrainingError
from livegan.training.settings import check_types

Model = Literal["voices", "dcgan", "musegan"]
Tracks = Literal["voices", "families"]
MAX_SEED = (1 << 32) - 1
MAX_STEPS = 10**9
MAX_BATCH = 1 << 14
ARTICLE_PICTURES, ARTICLE_EPOCHS, ARTICLE_BATCH = 200, 51, 10


@dataclass(frozen=True, slots=True)
class ComposerSettings:
    """Hyperparameters: all that decides what a run computes, beside its corpus."""

    model: Model
    steps: int  # updates of the generator, or of the one network that there is
    batch: int
    lr: float
    beta1: float = 0.5  # of Adam, for dcgan and musegan
    beta2: float = 0.9
    seed: int = 0
    bars: int = 4  # of a phrase
    width: float = 1.0  # dcgan, musegan: channels, as a share of the published ones
    pictures: int = ARTICLE_PICTURES  # dcgan: pages that it learns from; 0: all
    article_bug: bool = False  # dcgan: only cells of exactly 1 sound
    tracks: Tracks = "voices"  # musegan: four voices, or families of instruments
    given: int = -1  # musegan: the track that the others accompany; -1: none
    stochastic: bool = False  # musegan: binary neurons throw coins
    loss: str = "wasserstein"  # musegan
    penalty: float = 10.0  # musegan: weight of the gradient penalty
    d_steps: int = 5  # musegan: updates of the critic, each update of the generator

    @property
    def kimg(self) -> float:
        """Thousands of steps, as a run counts."""
        return self.steps / 1000

    @property
    def precision(self) -> str:
        """Number format; there is one."""
        return "f32"

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> "ComposerSettings":
        """From the table of a checkpoint; TrainingError for an unknown key (another version) or a wrong type."""
        unknown = sorted(set(table) - set(cls.__dataclass_fields__))
        if unknown:
            raise TrainingError(f"the run was made by another version of livegan: it has {printable(unknown)}")
        check_types(cls, table)
        return cls(**table)


USUAL: Mapping[str, ComposerSettings] = {
    "voices": ComposerSettings("voices", steps=4000, batch=16, lr=1e-3),
    "dcgan": ComposerSettings(
        "dcgan", ARTICLE_EPOCHS * ARTICLE_PICTURES // ARTICLE_BATCH, ARTICLE_BATCH, 2e-4, 0.5, 0.999
    ),
    "musegan": ComposerSettings("musegan", steps=50_000, batch=64, lr=1e-3),
}
CPU_WIDTHS = {"dcgan": 1 / 16, "musegan": 1 / 2}  # where there is no GPU, the published size would take days
OF_MODEL = {  # settings of one model only
    "width": ("dcgan", "musegan"),
    "pictures": ("dcgan",),
    "article_bug": ("dcgan",),
    "tracks": ("musegan",),
    "given": ("musegan",),
    "stochastic": ("musegan",),
    "loss": ("musegan",),
    "penalty": ("musegan",),
    "d_steps": ("musegan",),
    "bars": ("musegan",),
}
FIXED = ("model", "seed", "width", "pictures", "article_bug", "tracks", "given", "stochastic", "bars")  # on resuming


def resolved(model: str, typed: Mapping[str, Any], on_gpu: bool) -> ComposerSettings:
    """The usual settings of a model with those that were typed; TrainingError for the first mistake."""
    if model not in USUAL:
        raise TrainingError(f"--model {model!r} is not one of {', '.join(USUAL)}")
    usual = USUAL[model]
    if not on_gpu:
        usual = replace(usual, width=CPU_WIDTHS.get(model, 1.0))
    for key in typed:
        if model not in OF_MODEL.get(key, (model,)):
            raise TrainingError(f"{option_name(key)} is for --model {OF_MODEL[key][0]}, not {model}; leave it out")
    return checked(replace(usual, **typed))


def option_name(key: str) -> str:
    """A setting as it is typed."""
    return f"--{key.replace('_', '-')}"


def checked(settings: ComposerSettings) -> ComposerSettings:
    """`settings`; TrainingError for one that is out of its range."""
    ranges: Mapping[str, tuple[float, float]] = {
        "steps": (1, MAX_STEPS),
        "batch": (2, MAX_BATCH),
        "lr": (1e-9, 10),
        "seed": (0, MAX_SEED),
        "bars": (1, 64),
        "width": (1 / 128, 4),
        "pictures": (0, 1 << 20),
        "penalty": (0, 1e6),
        "d_steps": (1, 1000),
        "given": (-1, 31),
    }
    for key, (low, high) in ranges.items():
        value = getattr(settings, key)
        if not low <= value <= high:
            raise TrainingError(f"{option_name(key)} must be {low:g} to {high:g}, not {value}")
    if settings.loss not in CRITIC_LOSSES:
        raise TrainingError(f"--loss {settings.loss!r} is not one of {', '.join(CRITIC_LOSSES)}")
    return settings
