"""Shape of a StyleGAN-T generator: the numbers that fix every tensor, from its tensors or its JSON. No torch here.

The JSON "shape" of kind "stylegan-t":

    channels        of each level, from 8 px up; required
    layers          of each level, convolutions after the one that doubles; every second is residual; required
    mapping_layers  fully connected layers from z to x, default 2
    groups          of the group norms of the residual layers, default 32
    architecture    "skip": colours at every level, or "orig": at the last alone, default "skip"
    colours         3, or 1, or 4, default 3
    conv_clamp      activations are clamped to +- this, default 256; null: not clamped

w is x, which the mapping makes of z (z_dim numbers), and a text vector of length 1 (c_dim numbers), side by side.
Tensors are called as in the public pickles, but for the text encoder: "mapping.mlp.fc0.weight",
"synthesis.b8.input.freqs", "synthesis.b16.convs1.1.gamma" ...
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import is_count, is_positive, key_mistakes, tensor_shape
from livegan.networks.info import NetworkInfo
from livegan.networks.synthesis_options import group_of

FIRST = 8  # side of the lowest level [px]
ARCHITECTURES = ("skip", "orig")
MAX_NUMBERS = 10**9  # parameters of a network, or activations of a layer; more is taken for an attack
DEFAULTS = {"mapping_layers": 2, "groups": 32, "architecture": "skip", "colours": 3, "conv_clamp": 256.0}
_NOT_ONE = "is no StyleGAN-T"
_BLOCK = re.compile(r"synthesis\.b(\d{1,6})\.")
_LAYER = re.compile(r"synthesis\.b(\d{1,6})\.convs1\.(\d{1,3})\.weight")
_DENSE = re.compile(r"mapping\.mlp\.fc(\d{1,3})\.weight")


@dataclass(frozen=True, slots=True)
class StyleGANTShape:
    """Shape of a StyleGAN-T generator."""

    z_dim: int
    c_dim: int  # numbers of the text vector, 0: it has none
    channels: tuple[int, ...]
    layers: tuple[int, ...]
    mapping_layers: int = 2
    groups: int = 32
    architecture: str = "skip"
    colours: int = 3
    conv_clamp: float | None = 256.0

    @property
    def w_dim(self) -> int:
        return self.z_dim + self.c_dim

    @property
    def sides(self) -> tuple[int, ...]:
        """Side of each level [px]: 8, 16 ... up to the picture's."""
        return tuple(FIRST << level for level in range(len(self.channels)))

    @property
    def num_ws(self) -> int:
        """Rows of w: for the input or first convolution of each level, each further one, and the last ToRGB."""
        return len(self.layers) + sum(self.layers) + 1

    @property
    def row_groups(self) -> tuple[int, ...]:
        """Per row of w: 0 coarse, 1 middle, 2 fine."""
        rows = [group_of(side) for side, count in zip(self.sides, self.layers, strict=True) for _ in range(count + 1)]
        return (*rows, rows[-1])

    def first_row(self, level: int) -> int:
        """The row of w of a level's input or doubling convolution, and of the ToRGB of the level below."""
        return level + sum(self.layers[:level])

    def has_colours(self, level: int) -> bool:
        """Whether a level has a ToRGB."""
        return self.architecture == "skip" or level == len(self.channels) - 1

    @classmethod
    def of(cls, info: NetworkInfo) -> "StyleGANTShape":
        """The shape that a network's JSON describes; NetworkError if it describes none, before any memory is taken."""
        table: dict[str, Any] = {**DEFAULTS, **info.shape}
        mistakes = shape_mistakes(table)
        if not mistakes:
            shape = cls.of_table(info.z_dim, info.c_dim, table)
            side = shape.sides[-1]
            if info.w_dim != shape.w_dim:
                mistakes = [f"{shape.z_dim} z and {shape.c_dim} text numbers make {shape.w_dim} w, not {info.w_dim}"]
            elif info.resolution != (side, side):
                mistakes = [f"{len(shape.channels)} channels make {side}x{side} px, not {info.resolution}"]
            else:
                mistakes = shape.too_large()
        if mistakes:
            raise NetworkError(f"'shape' is not that of a stylegan-t: {mistakes[0]}", info.path)
        return shape

    @classmethod
    def of_table(cls, z_dim: int, c_dim: int, table: Mapping[str, Any]) -> "StyleGANTShape":
        """The shape of a JSON "shape" without mistakes."""
        lists = {key: tuple(table[key]) for key in ("channels", "layers")}
        return cls(z_dim, c_dim, **{**table, **lists})

    def too_large(self) -> list[str]:
        """A line if it has more numbers than any network, or draws with more at once."""
        numbers = sum(math.prod(sides) for sides in tensor_shapes(self).values())
        widest = max(width * side**2 for width, side in zip(self.channels, self.sides, strict=True))
        return ["it is larger than any network livegan plays"] if max(numbers, widest) > MAX_NUMBERS else []


def shape_from(tensors: Mapping[str, tuple[int, ...]], hints: Mapping[str, Any]) -> dict[str, Any]:
    """What NetworkInfo needs, from the shapes of the tensors: keys z_dim, c_dim, w_dim, resolution, shape.

    `hints` has "groups" and "conv_clamp", which no tensor shows. NetworkError if these are not the tensors of one.
    """
    blocks = sorted({int(match[1]) for match in map(_BLOCK.match, tensors) if match})
    if not blocks or blocks != [FIRST << level for level in range(len(blocks))]:
        raise NetworkError(f"{_NOT_ONE}: its blocks b8, b16 ... must be there without a gap")
    found = [(int(match[1]), int(match[2])) for match in map(_LAYER.fullmatch, tensors) if match]
    tensor = partial(tensor_shape, tensors, _NOT_ONE)
    z_dim = tensor("mapping.x_avg", 1)[0]
    w_dim = tensor("synthesis.b8.input.affine.weight", 2)[1]
    coloured = [f"synthesis.b{side}.torgb.weight" in tensors for side in blocks]
    shape = {
        "channels": [tensor(f"synthesis.b{side}.convs1.0.weight", 4)[0] for side in blocks],
        "layers": [sum(block == side for block, _ in found) for side in blocks],
        "mapping_layers": sum(bool(_DENSE.fullmatch(name)) for name in tensors),
        "architecture": "skip" if all(coloured) else "orig",
        "colours": tensor(f"synthesis.b{blocks[-1]}.torgb.weight", 4)[0],
        **hints,
    }
    mistakes = shape_mistakes(shape)
    if not mistakes and not (is_count(z_dim) and is_count(w_dim) and w_dim >= z_dim):
        mistakes = [f"of {z_dim} numbers of x it makes {w_dim} of w"]
    if not mistakes:
        mistakes = StyleGANTShape.of_table(z_dim, w_dim - z_dim, shape).too_large()
    if mistakes:
        raise NetworkError(f"{_NOT_ONE} that livegan can draw: {mistakes[0]}")
    side = blocks[-1]
    return {"z_dim": z_dim, "c_dim": w_dim - z_dim, "w_dim": w_dim, "resolution": (side, side), "shape": shape}


def tensor_shapes(shape: StyleGANTShape) -> dict[str, tuple[int, ...]]:
    """The name and the shape of every tensor of such a network."""
    shapes: dict[str, tuple[int, ...]] = {"mapping.x_avg": (shape.z_dim,)}

    def dense(name: str, inputs: int, outputs: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (outputs, inputs), (outputs,)

    def convolution(name: str, inputs: int, outputs: int, kernel: int) -> None:
        dense(f"{name}.affine.proj", shape.w_dim, 3 * inputs)
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (outputs, inputs, kernel, kernel), (outputs,)

    def layer(name: str, inputs: int, outputs: int, side: int, residual: bool) -> None:
        convolution(name, inputs, outputs, 3)
        shapes[f"{name}.noise_strength"], shapes[f"{name}.noise_const"] = (), (side, side)
        if residual:
            shapes[f"{name}.gamma"] = (1, outputs, 1, 1)
            shapes[f"{name}.norm.weight"] = shapes[f"{name}.norm.bias"] = (outputs,)

    for index in range(shape.mapping_layers):
        dense(f"mapping.mlp.fc{index}", shape.z_dim, shape.z_dim)
    for level, (side, width) in enumerate(zip(shape.sides, shape.channels, strict=True)):
        block = f"synthesis.b{side}"
        if level == 0:
            shapes[f"{block}.input.weight"] = (width, width)
            shapes[f"{block}.input.transform"] = (3, 3)
            shapes[f"{block}.input.freqs"], shapes[f"{block}.input.phases"] = (width, 2), (width,)
            dense(f"{block}.input.affine", shape.w_dim, 4)
        else:
            layer(f"{block}.conv0", shape.channels[level - 1], width, side, residual=False)
        for index in range(shape.layers[level]):
            layer(f"{block}.convs1.{index}", width, width, side, residual=index % 2 == 1)
        if shape.has_colours(level):
            convolution(f"{block}.torgb", width, shape.colours, 1)
    return shapes


def shape_mistakes(table: Mapping[str, Any]) -> list[str]:
    """Mistakes in the JSON "shape", defaults filled in."""
    mistakes = key_mistakes(table, {*DEFAULTS, "channels", "layers"})
    if mistakes:
        return mistakes
    channels, layers = table["channels"], table["layers"]
    if not _counts(channels, 16384) or len(channels) > 12:
        return ["'channels' must list the channels of 1 to 12 levels, from 8 px up"]
    if not _counts(layers, 100) or len(layers) != len(channels):
        mistakes.append("'layers' must list from 1 to 100 layers for each of the 'channels'")
    if not is_count(table["mapping_layers"], 64):
        mistakes.append(f"'mapping_layers' must be a whole number from 1 to 64, not {_cut(table['mapping_layers'])}")
    if not is_count(table["groups"]) or any(width % table["groups"] for width in channels):
        mistakes.append(f"'groups' must divide all of the 'channels', not be {_cut(table['groups'])}")
    if table["architecture"] not in ARCHITECTURES:
        mistakes.append(f"'architecture' must be {' or '.join(ARCHITECTURES)}, not {_cut(table['architecture'])}")
    if not is_count(table["colours"], 4) or table["colours"] == 2:
        mistakes.append(f"'colours' must be 1, 3 or 4, not {_cut(table['colours'])}")
    if table["conv_clamp"] is not None and not is_positive(table["conv_clamp"]):
        mistakes.append(f"'conv_clamp' must be a number above 0 or null, not {_cut(table['conv_clamp'])}")
    return mistakes


def _counts(value: object, largest: int) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0 and all(is_count(one, largest) for one in value)


def _cut(value: object) -> str:
    return ascii(value)[:100]
