"""Shape of a StyleGAN of 2019: the numbers that fix every tensor, read from its JSON and checked. No torch here.

The JSON "shape" of kind "stylegan1":

    channels        channels of each level, from 4 px up; required
    mapping_layers  layers of the mapping network, default 8
    mapping_width   numbers between these layers, default 512
    colours         1 grey, 3 red green blue, 4 with alpha, default 3
    fused_from      side from which doubling and convolution are one transposed convolution [px], default 128, null:
                    never; below it nearest neighbours are doubled first, which gives other pictures
"""

import math
from dataclasses import dataclass
from typing import Any

from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import is_channels, is_count, key_mistakes
from livegan.networks.info import NetworkInfo

MAX_NUMBERS = 1_000_000_000  # parameters of a network, or activations of a layer
DEFAULTS = {"mapping_layers": 8, "mapping_width": 512, "colours": 3, "fused_from": 128}


@dataclass(frozen=True, slots=True)
class StyleGAN1Shape:
    """Shape of a StyleGAN of 2019."""

    z_dim: int
    c_dim: int
    w_dim: int
    channels: tuple[int, ...]
    mapping_layers: int = 8
    mapping_width: int = 512
    colours: int = 3
    fused_from: int | None = 128  # [px]

    @property
    def num_ws(self) -> int:
        """Rows of w: one for each layer."""
        return 2 * len(self.channels)

    @property
    def sides(self) -> tuple[int, ...]:
        """Side of each level [px]: 4, 8, 16 ... up to the picture's."""
        return tuple(4 << level for level in range(len(self.channels)))

    @property
    def mapping_widths(self) -> tuple[int, ...]:
        """Inputs of each layer of the mapping network, and the outputs of the last."""
        first = self.z_dim * (2 if self.c_dim else 1)
        return (first, *[self.mapping_width] * (self.mapping_layers - 1), self.w_dim)

    @classmethod
    def of(cls, info: NetworkInfo) -> "StyleGAN1Shape":
        """The shape that a network's JSON describes; NetworkError if it describes none, before any memory is taken."""
        table: dict[str, Any] = {**DEFAULTS, **info.shape}
        mistakes = key_mistakes(table, {*DEFAULTS, "channels"})
        if not mistakes:
            mistakes = _mistakes(table)
        if not mistakes:
            shape = cls(info.z_dim, info.c_dim, info.w_dim, **{**table, "channels": tuple(table["channels"])})
            mistakes = shape._contradictions(info)
        if mistakes:
            raise NetworkError(f"'shape' is not that of a stylegan1: {mistakes[0]}", info.path)
        return shape

    def _contradictions(self, info: NetworkInfo) -> list[str]:
        side = self.sides[-1]
        if self.w_dim < 1:
            return ["its 'w_dim' must be a whole number from 1 to 16384"]
        if info.resolution != (side, side):
            return [f"{len(self.channels)} channels make {side}x{side} px, not {info.resolution}"]
        numbers = sum(math.prod(size) for size in tensor_shapes(self).values())
        widest = max(count * side**2 for count, side in zip(self.channels, self.sides, strict=True))
        if max(numbers, widest) > MAX_NUMBERS:
            return [f"{numbers:.1e} parameters and {widest:.1e} activations of a layer are too many"]
        return []


def tensor_shapes(shape: StyleGAN1Shape) -> dict[str, tuple[int, ...]]:
    """The name and the shape of every tensor of such a network."""
    shapes: dict[str, tuple[int, ...]] = {"mapping.w_avg": (shape.w_dim,)}
    if shape.c_dim:
        shapes["mapping.label.weight"] = (shape.c_dim, shape.z_dim)
    widths = shape.mapping_widths
    for index in range(shape.mapping_layers):
        shapes[f"mapping.fc{index}.weight"] = (widths[index + 1], widths[index])
        shapes[f"mapping.fc{index}.bias"] = (widths[index + 1],)

    def layer(name: str, outputs: int, side: int) -> None:
        shapes[f"{name}.bias"] = shapes[f"{name}.noise_strength"] = (outputs,)
        shapes[f"{name}.noise_const"] = (side, side)
        shapes[f"{name}.affine.weight"] = (2 * outputs, shape.w_dim)
        shapes[f"{name}.affine.bias"] = (2 * outputs,)

    shapes["synthesis.b4.conv0.const"] = (shape.channels[0], 4, 4)
    for level, (outputs, side) in enumerate(zip(shape.channels, shape.sides, strict=True)):
        block = f"synthesis.b{side}"
        if level:
            shapes[f"{block}.conv0.weight"] = (outputs, shape.channels[level - 1], 3, 3)
        shapes[f"{block}.conv1.weight"] = (outputs, outputs, 3, 3)
        layer(f"{block}.conv0", outputs, side)
        layer(f"{block}.conv1", outputs, side)
    shapes["synthesis.torgb.weight"] = (shape.colours, shape.channels[-1], 1, 1)
    shapes["synthesis.torgb.bias"] = (shape.colours,)
    return shapes


def _mistakes(table: dict[str, Any]) -> list[str]:
    mistakes = []
    if not is_channels(table["channels"]):
        mistakes.append("'channels' must list the channels of 1 to 13 levels, from 4 px up")
    if not is_count(table["mapping_layers"], 64):
        mistakes.append("'mapping_layers' must be a whole number from 1 to 64")
    if not is_count(table["mapping_width"]):
        mistakes.append("'mapping_width' must be a whole number from 1 to 16384")
    if not is_count(table["colours"], 4) or table["colours"] == 2:
        mistakes.append("'colours' must be 1, 3 or 4")
    if table["fused_from"] is not None and not is_count(table["fused_from"]):
        mistakes.append("'fused_from' must be a side in px, or null")
    return mistakes
