"""Shape of a StyleGAN2 network: the numbers that fix every tensor, read from its JSON and checked. No torch here.

The JSON "shape" of kind "stylegan2":

    channels        channels of each level, from the constant up; required
    mapping_layers  layers of the mapping network, default 8
    conv_clamp      activations are clamped to +- this, default null: not clamped
    architecture    "skip", "orig" or "resnet" (1912.04958, figure 7), default "skip"
    colours         1 grey, 3 red green blue, 4 with alpha, default 3
    const           [height, width] of the stored constant, default [4, 4]
    tiles           how often constant and noise are repeated [down, across], default [1, 1]
    filter          taps of the low-pass of every upsampling, default [1, 3, 3, 1]
    torgb_filter    those of the picture's upsampling, default null: as "filter"
    noise           false: no noise inputs, and no tensors for them, default true
    layer_features  width of the mapping layers but the last, default null: w_dim
    embed_features  width of the embedded class, default null: w_dim
    joint_norm      true: z and the embedded class are normalised as one vector (1912.04958's own code), default false
    row_averages    true: the average w differs from row to row ("mapping.w_avg_rows"), default false
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import is_count, is_number, is_positive
from livegan.networks.info import NetworkInfo

TAPS = (1.0, 3.0, 3.0, 1.0)
BLOCK_TYPES = ("skip", "orig", "resnet")  # "architecture" in the JSON
MAX_NUMBERS = 1_000_000_000  # parameters of a network, or activations of a layer; more is taken for an attack


@dataclass(frozen=True, slots=True)
class StyleGAN2Shape:
    """Shape of a StyleGAN2 network: the numbers that determine every tensor."""

    z_dim: int
    w_dim: int
    channels: tuple[int, ...]  # per level, from the constant up
    c_dim: int = 0
    mapping_layers: int = 8
    conv_clamp: float | None = None  # activations are limited to +- this
    architecture: str = "skip"
    colours: int = 3
    const: tuple[int, int] = (4, 4)  # height, width of the stored constant [px]
    tiles: tuple[int, int] = (1, 1)  # repetitions, down and across
    taps: tuple[float, ...] = TAPS
    noise: bool = True  # whether the convolutions have noise inputs
    torgb_taps: tuple[float, ...] | None = None  # of the picture's upsampling; None: `taps`
    layer_features: int | None = None  # width of the mapping layers but the last; None: w_dim
    embed_features: int | None = None  # width of the embedded class; None: w_dim
    joint_norm: bool = False  # whether z and the embedded class are normalised as one
    row_averages: bool = False  # whether each row of ws has an average w of its own

    @property
    def levels(self) -> int:
        """Number of resolutions, including the constant's."""
        return len(self.channels)

    @property
    def resolutions(self) -> tuple[tuple[int, int], ...]:
        """(height, width) of each level [px]: 4, 8, 16 ... up to the picture's."""
        (height, width), (down, across) = self.const, self.tiles
        return tuple((height * down << level, width * across << level) for level in range(self.levels))

    @property
    def num_ws(self) -> int:
        """Rows of w: one per convolution and one for the last ToRGB; 2 log2(side) - 2 from a constant of 4 px."""
        return 2 * self.levels

    @property
    def picture_taps(self) -> tuple[float, ...]:
        """Taps of the low-pass of the picture's upsampling."""
        return self.torgb_taps or self.taps

    @property
    def mapping_widths(self) -> tuple[int, ...]:
        """Inputs of each mapping layer, in order, and the outputs of the last."""
        embedded = (self.embed_features or self.w_dim) if self.c_dim else 0
        hidden = self.layer_features or self.w_dim
        return (self.z_dim + embedded, *(hidden,) * (self.mapping_layers - 1), self.w_dim)

    @classmethod
    def of(cls, info: NetworkInfo) -> "StyleGAN2Shape":
        """The shape that a network's JSON describes; NetworkError if it describes none. Nothing is allocated."""
        table = info.shape
        mistakes = [f"no 'shape.{printable(key, 100)}' in a stylegan2" for key in table if key not in _CHECKS]
        if "channels" not in table:
            mistakes.append(f"'shape.channels' must be {_CHECKS['channels'][1]}")
        mistakes += [
            f"'shape.{key}' must be {check[1]}"
            for key, check in _CHECKS.items()
            if key in table and not check[0](table[key])
        ]
        if not info.w_dim:
            mistakes.append("'w_dim' must be a whole number from 1 to 16384")
        if mistakes:
            raise NetworkError(f"{'; '.join(mistakes)}", info.path)
        shape = cls(
            z_dim=info.z_dim,
            w_dim=info.w_dim,
            channels=tuple(table["channels"]),
            c_dim=info.c_dim,
            mapping_layers=table.get("mapping_layers", 8),
            conv_clamp=table.get("conv_clamp"),
            architecture=table.get("architecture", "skip"),
            colours=table.get("colours", 3),
            const=tuple(table.get("const", (4, 4))),
            tiles=tuple(table.get("tiles", (1, 1))),
            taps=tuple(map(float, table.get("filter", TAPS))),
            noise=table.get("noise", True),
            torgb_taps=tuple(map(float, table["torgb_filter"])) if table.get("torgb_filter") else None,
            layer_features=table.get("layer_features"),
            embed_features=table.get("embed_features"),
            joint_norm=table.get("joint_norm", False),
            row_averages=table.get("row_averages", False),
        )
        if info.resolution != shape.resolutions[-1]:
            made, stated = ("x".join(map(str, size)) for size in (shape.resolutions[-1], info.resolution))
            raise NetworkError(f"{shape.levels} channels make {made} px, not {stated}", info.path)
        layers = [
            count * height * width for count, (height, width) in zip(shape.channels, shape.resolutions, strict=True)
        ]
        numbers = sum(math.prod(size) for size in tensor_shapes(shape).values())
        if max(numbers, *layers) > MAX_NUMBERS:
            raise NetworkError(
                f"describes a network of {numbers:.1e} numbers that draws with {max(layers):.1e} at once; "
                f"livegan plays networks of up to {MAX_NUMBERS:.0e}",
                info.path,
            )
        return shape

    def table(self) -> dict[str, object]:
        """The JSON "shape" that describes this shape, without what is at its default."""
        table: dict[str, object] = {
            "architecture": self.architecture,
            "channels": list(self.channels),
            "mapping_layers": self.mapping_layers,
        }
        defaults: dict[str, object] = {
            "conv_clamp": None,
            "colours": 3,
            "const": (4, 4),
            "tiles": (1, 1),
            "noise": True,
            "layer_features": None,
            "embed_features": None,
            "joint_norm": False,
            "row_averages": False,
        }
        for key, default in defaults.items():
            value = getattr(self, key)
            if value != default:
                table[key] = list(value) if isinstance(value, tuple) else value
        if self.taps != TAPS:
            table["filter"] = list(self.taps)
        if self.picture_taps != self.taps:
            table["torgb_filter"] = list(self.picture_taps)
        return table


def tensor_shapes(shape: StyleGAN2Shape) -> dict[str, tuple[int, ...]]:
    """The name and the shape of every tensor of such a network, in the public torch layout."""
    shapes: dict[str, tuple[int, ...]] = {}

    def dense(name: str, inputs: int, outputs: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (outputs, inputs), (outputs,)

    def convolution(name: str, inputs: int, outputs: int, level: int) -> None:
        dense(f"{name}.affine", shape.w_dim, inputs)
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (outputs, inputs, 3, 3), (outputs,)
        if shape.noise:
            shapes[f"{name}.noise_strength"] = ()
            shapes[f"{name}.noise_const"] = (shape.const[0] << level, shape.const[1] << level)

    shapes["mapping.w_avg"] = (shape.w_dim,)
    if shape.row_averages:
        shapes["mapping.w_avg_rows"] = (shape.num_ws, shape.w_dim)
    if shape.c_dim:
        dense("mapping.embed", shape.c_dim, shape.embed_features or shape.w_dim)
    for index, (inputs, outputs) in enumerate(pairwise(shape.mapping_widths)):
        dense(f"mapping.fc{index}", inputs, outputs)
    for level, outputs in enumerate(shape.channels):
        block = f"synthesis.b{4 << level}"
        if level == 0:
            shapes[f"{block}.const"] = (outputs, *shape.const)
        else:
            inputs = shape.channels[level - 1]
            convolution(f"{block}.conv0", inputs, outputs, level)
            if shape.architecture == "resnet":
                shapes[f"{block}.skip.weight"] = (outputs, inputs, 1, 1)
        convolution(f"{block}.conv1", outputs, outputs, level)
        if shape.architecture == "skip" or level == shape.levels - 1:
            dense(f"{block}.torgb.affine", shape.w_dim, outputs)
            shapes[f"{block}.torgb.weight"] = (shape.colours, outputs, 1, 1)
            shapes[f"{block}.torgb.bias"] = (shape.colours,)
    return shapes


def _pair(value: object, most: int) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(is_count(side, most) for side in value)


def _is_filter(value: object) -> bool:
    return isinstance(value, list) and 2 <= len(value) <= 16 and all(map(is_number, value)) and sum(value) != 0


_CHECKS: dict[str, tuple[Any, str]] = {
    "channels": (
        lambda value: isinstance(value, list) and 0 < len(value) <= 13 and all(map(is_count, value)),
        "the channels of each level from 4 px up",
    ),
    "mapping_layers": (lambda value: is_count(value, 64), "a whole number from 1 to 64"),
    "conv_clamp": (lambda value: value is None or is_positive(value), "a number above 0, or null"),
    "architecture": (lambda value: value in BLOCK_TYPES, f"one of {', '.join(BLOCK_TYPES)}"),
    "colours": (lambda value: is_count(value, 4) and value != 2, "1, 3 or 4"),
    "const": (lambda value: _pair(value, 1024), "[height, width] of the constant, each from 1 to 1024"),
    "tiles": (lambda value: _pair(value, 64), "[down, across], each from 1 to 64"),
    "noise": (lambda value: isinstance(value, bool), "true or false"),
    "filter": (_is_filter, "2 to 16 numbers whose sum is not 0"),
    "torgb_filter": (
        lambda value: value is None or _is_filter(value),
        "2 to 16 numbers whose sum is not 0, or null",
    ),
    "layer_features": (lambda value: value is None or is_count(value), "a whole number from 1 to 16384, or null"),
    "embed_features": (lambda value: value is None or is_count(value), "a whole number from 1 to 16384, or null"),
    "joint_norm": (lambda value: isinstance(value, bool), "true or false"),
    "row_averages": (lambda value: isinstance(value, bool), "true or false"),
}
