"""Settings of a training run, and the presets."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import torch

from livegan.core.text import printable
from livegan.errors import TrainingError
from livegan.motifs.draw import Z_DIM
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.encoder import CHANNELS

Augment = Literal["ada", "fixed", "none"]
Precision = Literal["f32", "bf16", "fp16"]
PATTERNS = "patterns"  # the dataset that livegan makes itself
DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True, slots=True)
class Settings:
    """Hyperparameters: all that decides what a run computes. Names as in 1912.04958 and 2006.06676."""

    preset: str
    channels: tuple[int, ...]  # of the generator, from 4 px up
    d_channels: tuple[int, ...]  # of the discriminator, in the same order
    z_dim: int = 128
    w_dim: int = 128
    mapping_layers: int = 4
    batch: int = 16  # pictures a step, over all processes
    kimg: float = 1000.0  # thousands of pictures until the run ends
    lr: float = 0.0025  # of the generator
    d_lr: float = 0.0025
    beta1: float = 0.0
    beta2: float = 0.99
    gamma: float = 1.0  # of R1
    r1_every: int = 16  # steps between two R1 penalties
    pl_weight: float = 0.0  # of path-length regularisation; 0 is off
    pl_every: int = 4
    mixing: float = 0.9  # how often two latents are mixed along the rows of w
    ema_kimg: float = 10.0  # half-life of the average network
    ema_rampup: float = 0.05  # the half-life is at most this share of what was shown so far
    augment: Augment = "ada"
    augment_p: float = 0.0  # where p starts, or stays when augment is "fixed"
    ada_target: float = 0.6  # of the sign of the discriminator on real pictures
    ada_kimg: float = 500.0  # in so many kimg p can go from 0 to 1
    flips: bool = False  # half of the real pictures are mirrored
    freeze_d: int = 0  # this many of the discriminator's finest levels do not learn
    noise: bool = True  # noise inputs of the convolutions
    precision: Precision = "f32"
    compile: bool = False
    seed: int = 0
    conv_clamp: float | None = None  # of the network that was transferred from; None: as the precision needs it
    const: tuple[int, int] = (4, 4)  # height, width of the constant [px]; other shapes only in paired training

    @property
    def dtype(self) -> torch.dtype:
        """The number format of convolutions."""
        return DTYPES[self.precision]

    @property
    def side(self) -> int:
        """The height of the picture [px], its side if it is square."""
        return self.size[0]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture [px]."""
        return self.size_at(len(self.channels))

    def size_at(self, levels: int) -> tuple[int, int]:
        """Height and width of the picture of so many levels [px]."""
        return self.const[0] << (levels - 1), self.const[1] << (levels - 1)

    def shape(self, c_dim: int, colours: int = 3) -> StyleGAN2Shape:
        """The shape of the network that these settings train."""
        default = 256.0 if self.precision == "fp16" else None
        return StyleGAN2Shape(
            z_dim=self.z_dim,
            w_dim=self.w_dim,
            channels=self.channels,
            c_dim=c_dim,
            mapping_layers=self.mapping_layers,
            conv_clamp=default if self.conv_clamp is None else self.conv_clamp,
            colours=colours,
            const=self.const,
            noise=self.noise,
        )

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> "Settings":
        """From the table of a checkpoint; TrainingError for an unknown key (another version) or a wrong type."""
        unknown = sorted(set(table) - set(cls.__dataclass_fields__))
        if unknown:
            names = printable(", ".join(map(str, unknown)))
            raise TrainingError(f"the run was made by another version of livegan: it has {names}")
        check_types(cls, table)
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
        }
        return cls(**values)


def to_json_table(value: Any) -> dict[str, Any]:
    """The fields of a dataclass as JSON has them."""
    return {key: list(entry) if isinstance(entry, tuple) else entry for key, entry in asdict(value).items()}


def check_types(kind: type[Any], table: Mapping[str, Any]) -> None:
    """TrainingError that names a value of `table` whose type is not that of the dataclass field.

    A tuple may be a list, as in JSON, and an int may stand for a float.
    """
    for key, value in table.items():
        annotation = kind.__dataclass_fields__[key].type
        if not _fits(annotation, value):
            members = " or ".join(map(str, get_args(annotation))) if get_origin(annotation) is Literal else ""
            raise TrainingError(
                f"the settings of the run are damaged: {key} is {printable(repr(value), 40)}, "
                f"not {members or getattr(annotation, '__name__', annotation)}; begin anew in another folder"
            )


def _fits(annotation: Any, value: object) -> bool:
    origin, members = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return isinstance(value, str) and value in members
    if origin is tuple:
        return isinstance(value, list | tuple) and all(_fits(members[0], member) for member in value)
    if origin is UnionType:
        return any(_fits(member, value) for member in members)
    if annotation is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, annotation) and (annotation is bool or not isinstance(value, bool))


PRESETS: dict[str, Settings] = {
    preset.preset: preset
    for preset in (
        Settings("tiny-64", (128, 128, 128, 64, 32), (128, 128, 128, 64, 32), 64, 64, batch=16, kimg=300, gamma=0.5),
        Settings("house-256", (256, 256, 256, 128, 64, 32, 16), (256, 256, 256, 128, 64, 32, 16), batch=32, kimg=2500),
        Settings(
            "house-wide",
            (256, 256, 160, 80, 48, 32, 8),
            (256, 256, 160, 80, 48, 32, 16),
            batch=32,
            kimg=2500,
            const=(4, 7),
        ),
        Settings(
            "house-512",
            (256, 256, 256, 192, 128, 64, 32, 16),
            (256, 256, 256, 192, 128, 64, 32, 16),
            batch=32,
            kimg=2500,
            gamma=4.0,
        ),
        Settings(
            "stylegan2-1024",
            (512, 512, 512, 512, 512, 256, 128, 64, 32),
            (512, 512, 512, 512, 512, 256, 128, 64, 32),
            512,
            512,
            8,
            batch=32,
            kimg=25000,
            lr=0.002,
            d_lr=0.002,
            gamma=10.0,
            pl_weight=2.0,
        ),
    )
}


def paired_settings(settings: Settings) -> Settings:
    """`settings` for paired training: the motifs' latents, every class once a batch, no noise."""
    return replace(settings, z_dim=Z_DIM, batch=12, kimg=110.0, lr=0.005, ema_kimg=2.0, noise=False, augment="none")


def distill_settings() -> Settings:
    """Settings of distillation; channels and dimensions are chosen when the teacher is known. No noise."""
    return Settings("light", (), (), batch=8, kimg=60.0, lr=0.006, ema_kimg=1.0, noise=False, augment="none")


def encoder_settings(size: tuple[int, int]) -> Settings:
    """Settings of the training of an encoder that looks at pictures of `size` (height, width) [px]."""
    levels = len(CHANNELS)
    const = (size[0] >> (levels - 1), size[1] >> (levels - 1))
    return Settings("encoder", CHANNELS, (), batch=32, kimg=24.0, lr=0.002, ema_kimg=1.0, augment="none", const=const)


def preset(name: str) -> Settings:
    """The preset called `name`; TrainingError if there is none."""
    if name not in PRESETS:
        raise TrainingError(f"no preset called '{name}'; there are: {', '.join(PRESETS)}")
    return PRESETS[name]
