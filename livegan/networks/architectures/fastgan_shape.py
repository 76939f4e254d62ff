"""Shape of a FastGAN: the numbers that fix every tensor, read from its JSON and checked. No torch here.

The JSON "shape" of kind "fastgan":

    channels      outputs of each level, from 4 px up; required
    convolutions  of each level from 8 px up: 2 with noise, or 1 without, default 2 in all
    normalised    whether z is scaled to a mean square of 1 (Projected GAN's), default true
    tanh          whether the picture goes through a tanh, default false
    colours       1 grey, 3 red green blue, 4 with alpha, default 3

With classes, w is z beside the embedding of the class, and every convolution but the first has gains and shifts of it.
"""

import math
from dataclasses import dataclass
from typing import Any

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import is_count
from livegan.networks.info import NetworkInfo

MAX_NUMBERS = 1_000_000_000  # parameters of a network, or activations of a layer
MAX_LEVELS = 12
NUM_WS = 2  # rows of w: of the features, and of what excites them
EXCITED = range(4, 8)  # levels whose channels are scaled by the features 4 levels below: 64 to 512 px
EXCITED_BY = 4


@dataclass(frozen=True, slots=True)
class FastGANShape:
    """Shape of a FastGAN: the numbers that determine every tensor."""

    z_dim: int
    channels: tuple[int, ...]  # per level, from 4 px up
    convolutions: tuple[int, ...]  # per level, from 8 px up
    c_dim: int = 0
    normalised: bool = True
    tanh: bool = False
    colours: int = 3

    @property
    def w_dim(self) -> int:
        """z, and with classes the embedding, which is as long."""
        return 2 * self.z_dim if self.c_dim else self.z_dim

    @property
    def sides(self) -> tuple[int, ...]:
        """Side of each level [px]: 4, 8, 16 ... up to the picture's."""
        return tuple(4 << level for level in range(len(self.channels)))

    @property
    def excited(self) -> tuple[int, ...]:
        """The levels with a skip-layer excitation."""
        return tuple(level for level in EXCITED if level < len(self.channels))

    @classmethod
    def of(cls, info: NetworkInfo) -> "FastGANShape":
        """The shape that a network's JSON describes; NetworkError if it describes none. Nothing is allocated."""
        table = info.shape
        mistakes = [f"no 'shape.{printable(key, 100)}' in a fastgan" for key in table if key not in _CHECKS]
        if "channels" not in table:
            mistakes.append(f"'shape.channels' must be {_CHECKS['channels'][1]}")
        mistakes += [
            f"'shape.{key}' must be {check[1]}"
            for key, check in _CHECKS.items()
            if key in table and not check[0](table[key])
        ]
        if mistakes:
            raise NetworkError(f"{'; '.join(mistakes)}", info.path)
        channels = tuple(table["channels"])
        shape = cls(
            z_dim=info.z_dim,
            channels=channels,
            convolutions=tuple(table.get("convolutions", [2] * (len(channels) - 1))),
            c_dim=info.c_dim,
            normalised=table.get("normalised", True),
            tanh=table.get("tanh", False),
            colours=table.get("colours", 3),
        )
        mistakes = shape._contradictions(info)
        if mistakes:
            raise NetworkError(f"{mistakes[0]}", info.path)
        return shape

    def _contradictions(self, info: NetworkInfo) -> list[str]:
        """Numbers that contradict each other, or are too large."""
        side = self.sides[-1]
        if len(self.convolutions) != len(self.channels) - 1:
            return [f"{len(self.channels)} channels need {len(self.channels) - 1} convolutions"]
        if info.resolution != (side, side):
            return [f"{len(self.channels)} channels make {side}x{side} px, not {info.resolution}"]
        if info.w_dim != self.w_dim:
            return [f"z {info.z_dim} and {info.c_dim} classes make w {self.w_dim}, not {info.w_dim}"]
        numbers = sum(math.prod(size) for size in tensor_shapes(self).values())
        widest = max(2 * width * side**2 for width, side in zip(self.channels, self.sides, strict=True))
        if max(numbers, widest) > MAX_NUMBERS:
            return [f"{numbers:.1e} numbers that draw with {widest:.1e} at once are more than {MAX_NUMBERS:.0e}"]
        return []


def tensor_shapes(shape: FastGANShape) -> dict[str, tuple[int, ...]]:
    """The name and the shape of every tensor of such a network, as livegan keeps it."""
    shapes: dict[str, tuple[int, ...]] = {}
    if shape.c_dim:
        shapes["embed.weight"] = (shape.c_dim, shape.z_dim)
    shapes["init.weight"] = (shape.z_dim, 2 * shape.channels[0], 4, 4)
    shapes["init.bias"] = (2 * shape.channels[0],)
    for level, count in enumerate(shape.convolutions, 1):
        outputs = shape.channels[level]
        for index in range(count):
            name = f"b{shape.sides[level]}.conv{index}"
            shapes[f"{name}.weight"] = (2 * outputs, outputs if index else shape.channels[level - 1], 3, 3)
            shapes[f"{name}.bias"] = (2 * outputs,)
            if count == 2:
                shapes[f"{name}.noise_strength"] = (2 * outputs,)
            if shape.c_dim:
                for part in ("gain", "shift"):
                    shapes[f"{name}.{part}.weight"] = (2 * outputs, shape.z_dim)
                    shapes[f"{name}.{part}.bias"] = (2 * outputs,)
        if level in shape.excited:
            name = f"b{shape.sides[level]}.excitation"
            shapes[f"{name}.conv0.weight"] = (outputs, shape.channels[level - EXCITED_BY], 4, 4)
            shapes[f"{name}.conv1.weight"] = (outputs, outputs, 1, 1)
    shapes["torgb.weight"], shapes["torgb.bias"] = (shape.colours, shape.channels[-1], 3, 3), (shape.colours,)
    return shapes


def _counts(value: object, most: int) -> bool:
    return isinstance(value, list | tuple) and all(is_count(each, most) for each in value)


_CHECKS: dict[str, tuple[Any, str]] = {
    "channels": (
        lambda value: _counts(value, 16384) and 0 < len(value) <= MAX_LEVELS,
        f"the channels of 1 to {MAX_LEVELS} levels, from 4 px up",
    ),
    "convolutions": (lambda value: _counts(value, 2), "1 or 2 for each level from 8 px up"),
    "normalised": (lambda value: isinstance(value, bool), "true or false"),
    "tanh": (lambda value: isinstance(value, bool), "true or false"),
    "colours": (lambda value: is_count(value, 4) and value != 2, "1, 3 or 4"),
}
