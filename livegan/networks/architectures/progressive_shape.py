"""Shape of a Progressive GAN: the numbers that fix every tensor, read from its JSON and checked. No torch here.

The JSON "shape" of kind "progressive":

    channels  channels of each level, from 4 px up; required
    colours   1 grey, 3 red green blue, 4 with alpha, default 3
    fused     whether doubling and convolution are one transposed convolution, default true; false: nearest neighbours
              are doubled first, which gives other pictures

Its w is z and the class weights side by side, so w_dim = z_dim + c_dim.
"""

import math
from dataclasses import dataclass
from typing import Any

from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import is_channels, is_count, key_mistakes
from livegan.networks.info import NetworkInfo

MAX_NUMBERS = 1_000_000_000  # parameters of a network, or activations of a layer
_DEFAULTS = {"colours": 3, "fused": True}


@dataclass(frozen=True, slots=True)
class ProgressiveShape:
    """Shape of a Progressive GAN."""

    z_dim: int
    c_dim: int
    channels: tuple[int, ...]
    colours: int = 3
    fused: bool = True

    @property
    def w_dim(self) -> int:
        """Numbers of z and of the classes."""
        return self.z_dim + self.c_dim

    @property
    def sides(self) -> tuple[int, ...]:
        """Side of each level [px]: 4, 8, 16 ... up to the picture's."""
        return tuple(4 << level for level in range(len(self.channels)))

    @classmethod
    def of(cls, info: NetworkInfo) -> "ProgressiveShape":
        """The shape that a network's JSON describes; NetworkError if it describes none, before any memory is taken."""
        table: dict[str, Any] = {**_DEFAULTS, **info.shape}
        mistakes = key_mistakes(table, {*_DEFAULTS, "channels"})
        if not mistakes:
            mistakes = _mistakes(table)
        if not mistakes:
            shape = cls(info.z_dim, info.c_dim, **{**table, "channels": tuple(table["channels"])})
            mistakes = shape._contradictions(info)
        if mistakes:
            raise NetworkError(f"'shape' is not that of a progressive: {mistakes[0]}", info.path)
        return shape

    def _contradictions(self, info: NetworkInfo) -> list[str]:
        side = self.sides[-1]
        if info.w_dim != self.w_dim:
            return [f"its w is its {self.z_dim} z and {self.c_dim} classes, not {info.w_dim} numbers"]
        if info.resolution != (side, side):
            return [f"{len(self.channels)} channels make {side}x{side} px, not {info.resolution}"]
        numbers = sum(math.prod(size) for size in tensor_shapes(self).values())
        widest = max(count * side**2 for count, side in zip(self.channels, self.sides, strict=True))
        if max(numbers, widest) > MAX_NUMBERS:
            return [f"{numbers:.1e} parameters and {widest:.1e} activations of a layer are too many"]
        return []


def tensor_shapes(shape: ProgressiveShape) -> dict[str, tuple[int, ...]]:
    """The name and the shape of every tensor of such a network."""
    first = shape.channels[0]
    shapes: dict[str, tuple[int, ...]] = {
        "synthesis.b4.dense.weight": (16 * first, shape.w_dim),
        "synthesis.b4.dense.bias": (first,),
    }

    def convolution(name: str, inputs: int, outputs: int, side: int = 3) -> None:
        shapes[f"synthesis.{name}.weight"] = (outputs, inputs, side, side)
        shapes[f"synthesis.{name}.bias"] = (outputs,)

    convolution("b4.conv", first, first)
    for level, outputs in enumerate(shape.channels[1:], 1):
        convolution(f"b{4 << level}.conv0", shape.channels[level - 1], outputs)
        convolution(f"b{4 << level}.conv1", outputs, outputs)
    convolution("torgb", shape.channels[-1], shape.colours, 1)
    return shapes


def _mistakes(table: dict[str, Any]) -> list[str]:
    mistakes = []
    if not is_channels(table["channels"]):
        mistakes.append("'channels' must list the channels of 1 to 13 levels, from 4 px up")
    if not is_count(table["colours"], 4) or table["colours"] == 2:
        mistakes.append("'colours' must be 1, 3 or 4")
    if not isinstance(table["fused"], bool):
        mistakes.append("'fused' must be true or false")
    return mistakes
