"""The numbers that fix every tensor of a lightweight StyleGAN2, read off its tensors or its JSON. No torch here.

The JSON "shape" of kind "lightweight":

    channels          outputs of each block, from 4 px up
    initial_channels  of the 4 px plane it starts from
    colours           3, or 4 with transparency
    mapping_layers    fully connected layers from z to w
    lr_multiplier     scales the mapping's stored numbers, default 0.1
    constant          whether the 4 px plane is stored (G.initial_block) or made of w (G.to_initial_block)
    initial_conv      whether a plain convolution follows it
    blur              whether the picture is blurred as it is doubled

Tensors are called as in lucidrains/stylegan2-pytorch, its exponential averages SE and GE being S and G:
"S.net.0.weight", "G.blocks.0.conv1.weight" ...
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.networks.synthesis_options import group_of

MOST_PARAMETERS = 10**9
MOST_ACTIVATIONS = 10**9  # numbers of the widest layer of one picture
_DEFAULTS = {"lr_multiplier": 0.1, "constant": True, "initial_conv": True, "blur": True, "colours": 3}
_FLAGS = ("constant", "initial_conv", "blur")


def native_name(key: str) -> str | None:
    """What a tensor of a lucidrains checkpoint is called here, None: it is not needed to draw.

    Only the exponential averages are: SE (mapping) and GE (generator).
    """
    for prefix, ours in (("SE.", "S."), ("GE.", "G.")):
        if key.startswith(prefix):
            return ours + key.removeprefix(prefix)
    return None


@dataclass(frozen=True, slots=True)
class LightweightShape:
    """A whole network."""

    w_dim: int  # and z_dim
    channels: tuple[int, ...]
    initial_channels: int
    colours: int
    mapping_layers: int
    lr_multiplier: float
    constant: bool
    initial_conv: bool
    blur: bool

    @property
    def sides(self) -> tuple[int, ...]:
        """4, 8, 16 ... up to the picture's side [px]."""
        return tuple(4 << level for level in range(len(self.channels)))

    @property
    def inputs(self) -> tuple[int, ...]:
        """Channels that each block takes."""
        return (self.initial_channels, *self.channels[:-1])

    @property
    def row_groups(self) -> tuple[int, ...]:
        """Per row of w, that is per block: 0 coarse, 1 middle, 2 fine."""
        return tuple(group_of(side) for side in self.sides)

    @property
    def parameters(self) -> int:
        """How many numbers the network stores, about."""
        pairs = zip(self.inputs, self.channels, strict=True)
        blocks = sum((a + b) * (9 * b + self.w_dim) + b * (self.w_dim + self.colours) for a, b in pairs)
        first = self.initial_channels * (16 * (1 if self.constant else self.w_dim) + 9 * self.initial_channels)
        return self.mapping_layers * self.w_dim**2 + blocks + first

    @classmethod
    def of(cls, info: NetworkInfo) -> "LightweightShape":
        """The shape that a network's JSON describes; NetworkError if it describes none, before any memory is taken."""
        found: dict[str, Any] = {**_DEFAULTS, **info.shape}
        wanted = {*_DEFAULTS, "channels", "initial_channels", "mapping_layers"}
        mistakes = [f"no key '{key}' belongs there" for key in sorted(set(found) - wanted)]
        mistakes += [f"'{key}' is missing" for key in sorted(wanted - set(found))]
        if not mistakes:
            mistakes = _mistakes(found)
        if not mistakes:
            shape = cls(w_dim=info.w_dim, **{**found, "channels": tuple(found["channels"])})
            mistakes = shape._contradictions(info)
        if mistakes:
            raise NetworkError(f"'shape' is not that of a lightweight: {mistakes[0]}; convert it again", info.path)
        return shape

    def _contradictions(self, info: NetworkInfo) -> list[str]:
        """What cannot be drawn though every number alone could be."""
        side = self.sides[-1]
        if info.w_dim < 1 or info.z_dim != info.w_dim or info.c_dim:
            return [f"it has no classes and as many z as w, not {info.c_dim}, {info.z_dim} and {info.w_dim}"]
        if info.resolution != (side, side):
            return [f"{len(self.channels)} channels make {side}x{side} px, not {info.resolution}"]
        if self.parameters > MOST_PARAMETERS:
            return [f"{self.parameters / 1e9:.1f} billion parameters are too many"]
        widths = (max(pair) for pair in zip(self.inputs, self.channels, strict=True))
        if any(width * side**2 > MOST_ACTIVATIONS for width, side in zip(widths, self.sides, strict=True)):
            return ["its pictures are too large to be drawn"]
        return []


def shape_from(tensors: Mapping[str, tuple[int, ...]], hints: Mapping[str, Any]) -> dict[str, Any]:
    """What NetworkInfo needs, from the sizes of the tensors: keys z_dim, c_dim, w_dim, resolution, shape.

    `tensors` are named as `native_name` says. `hints` is the checkpoint's .config.json, if there is one: its lr_mlp is
    what no tensor tells, 0.1 where it is silent. NetworkError if these are not the tensors of such a network, or it
    has attention layers.
    """
    attention = sorted(key for key in tensors if key.startswith("G.attns."))
    if attention:
        raise NetworkError(
            f"a lightweight network with attention layers ('{attention[0]}') cannot be drawn, for their arithmetic "
            "changed from version to version; give one trained without --attn-layers"
        )
    matches = (re.fullmatch(r"G\.blocks\.(\d{1,2})\.conv1\.weight", key) for key in tensors)
    found = sorted(int(match[1]) for match in matches if match)
    if not found or found != list(range(len(found))):
        raise NetworkError("not the tensors of a lightweight network: its blocks 0, 1 ... must be there without a gap")
    convolutions = [_sides(tensors, f"G.blocks.{index}.conv1.weight", 4) for index in found]
    w_dim = _sides(tensors, "S.net.0.weight", 2)[1]
    rate = hints.get("lr_mlp", 0.1)
    if not _positive(rate):
        raise NetworkError(f"a lightweight network cannot have an 'lr_mlp' of {rate!r}; it must be a number above 0")
    shape = {
        "channels": [sides[0] for sides in convolutions],
        "initial_channels": convolutions[0][1],
        "colours": _sides(tensors, "G.blocks.0.to_rgb.conv.weight", 4)[0],
        "mapping_layers": sum(bool(re.fullmatch(r"S\.net\.\d+\.weight", key)) for key in tensors),
        "lr_multiplier": float(rate),
        "constant": "G.initial_block" in tensors,
        "initial_conv": "G.initial_conv.weight" in tensors,
        "blur": any(key.endswith(".to_rgb.upsample.1.f") for key in tensors),
    }
    side = 4 << len(found) - 1
    return {"z_dim": w_dim, "c_dim": 0, "w_dim": w_dim, "resolution": (side, side), "shape": shape}


def _sides(tensors: Mapping[str, tuple[int, ...]], name: str, axes: int) -> tuple[int, ...]:
    found = tuple(tensors.get(name, ()))
    if len(found) != axes:
        raise NetworkError(f"not the tensors of a lightweight network: '{name}' must be there and have {axes} axes")
    return found


def _mistakes(found: Mapping[str, Any]) -> list[str]:
    """What is wrong with single entries of the JSON."""
    channels = found["channels"]
    mistakes = []
    if not (isinstance(channels, list | tuple) and 1 <= len(channels) <= 13 and all(map(_whole, channels))):
        mistakes.append("'channels' must list the channels of 1 to 13 blocks, from 4 px up")
    mistakes += [
        f"'{key}' must be a whole number above 0, not {found[key]!r}"
        for key in ("initial_channels", "mapping_layers")
        if not _whole(found[key])
    ]
    flags = [key for key in _FLAGS if not isinstance(found[key], bool)]
    mistakes += [f"'{key}' must be true or false, not {found[key]!r}" for key in flags]
    if found["colours"] not in (3, 4) or not _whole(found["colours"]):
        mistakes.append(f"'colours' must be 3 or 4, not {found['colours']!r}")
    if not _positive(found["lr_multiplier"]):
        mistakes.append(f"'lr_multiplier' must be a number above 0, not {found['lr_multiplier']!r}")
    return mistakes


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 16384


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
