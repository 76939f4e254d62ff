"""Shape of a lightweight StyleGAN2: the numbers that fix every tensor, from its tensors or its JSON. No torch here.

The JSON "shape" of kind "lightweight":

    channels          outputs of each block, from 4 px up
    initial_channels  of the 4 px plane it starts from
    colours           3, or 4 with transparency
    mapping_layers    fully connected layers from z to w
    lr_multiplier     scales the mapping's stored numbers, default 0.1
    constant          whether the 4 px plane is stored (G.initial_block) or made of w (G.to_initial_block)
    initial_conv      whether a plain convolution follows it
    blur              whether the picture is blurred as it is doubled
    attention         the blocks that linear attention comes before, by number from 4 px up, default none
    attention_norm    how that normalises, one of NORMS, default "variance"

Tensors are called as in lucidrains/stylegan2-pytorch, its exponential averages SE and GE being S and G:
"S.net.0.weight", "G.blocks.0.conv1.weight" ...
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import (
    MAX_MAPPING_LAYERS,
    is_count,
    is_positive,
    key_mistakes,
    tensor_shape,
)
from livegan.networks.info import NetworkInfo
from livegan.networks.synthesis_options import group_of

MAX_PARAMETERS = 10**9
MAX_ACTIVATIONS = 10**9  # values in the widest layer of one picture
HEADS, HEAD_WIDTH = 8, 64  # of the attention
NORMS = ("variance", "deviation", "instance")
"""Over the channels of a pixel, divided by sqrt(variance + 1e-5) or by sqrt(variance) + 1e-5; over a channel's pixels,
by the former. Versions 1.8.8, 1.8.0 and 1.8.3 of stylegan2-pytorch began to."""
DEFAULTS = {
    "lr_multiplier": 0.1,
    "constant": True,
    "initial_conv": True,
    "blur": True,
    "colours": 3,
    "attention": (),
    "attention_norm": "variance",
}
_FLAGS = ("constant", "initial_conv", "blur")
_ATTENTION = re.compile(r"G\.attns\.(\d{1,2})\.0\.fn\.fn\.to_q\.weight")


def native_name(key: str) -> str | None:
    """livegan's name of a tensor of a lucidrains checkpoint; None: it is not needed for drawing.

    Only the exponential averages are: SE (mapping) and GE (generator).
    """
    for prefix, ours in (("SE.", "S."), ("GE.", "G.")):
        if key.startswith(prefix):
            return ours + key.removeprefix(prefix)
    return None


@dataclass(frozen=True, slots=True)
class LightweightShape:
    """Shape of a lightweight StyleGAN2."""

    w_dim: int  # and z_dim
    channels: tuple[int, ...]
    initial_channels: int
    colours: int
    mapping_layers: int
    lr_multiplier: float
    constant: bool
    initial_conv: bool
    blur: bool
    attention: tuple[int, ...] = ()
    attention_norm: str = "variance"

    @property
    def sides(self) -> tuple[int, ...]:
        """Side of each block [px]: 4, 8, 16 ... up to the picture's."""
        return tuple(4 << level for level in range(len(self.channels)))

    @property
    def inputs(self) -> tuple[int, ...]:
        """Input channels of each block."""
        return (self.initial_channels, *self.channels[:-1])

    @property
    def attended(self) -> tuple[tuple[int, int], ...]:
        """Channels and side of each map that attention acts on: what the block below made."""
        return tuple((self.inputs[level], self.sides[max(level - 1, 0)]) for level in self.attention)

    @property
    def row_groups(self) -> tuple[int, ...]:
        """Per row of w, that is per block: 0 coarse, 1 middle, 2 fine."""
        return tuple(group_of(side) for side in self.sides)

    @property
    def parameters(self) -> int:
        """Approximate number of parameters."""
        pairs = zip(self.inputs, self.channels, strict=True)
        blocks = sum((a + b) * (9 * b + self.w_dim) + b * (self.w_dim + self.colours) for a, b in pairs)
        first = self.initial_channels * (16 * (1 if self.constant else self.w_dim) + 9 * self.initial_channels)
        attention = sum(4 * width * HEADS * HEAD_WIDTH + 4 * width**2 for width, _ in self.attended)
        return self.mapping_layers * self.w_dim**2 + blocks + first + attention

    @classmethod
    def of(cls, info: NetworkInfo) -> "LightweightShape":
        """The shape that a network's JSON describes; NetworkError if it describes none, before any memory is taken."""
        table: dict[str, Any] = {**DEFAULTS, **info.shape}
        mistakes = key_mistakes(table, {*DEFAULTS, "channels", "initial_channels", "mapping_layers"})
        if not mistakes:
            mistakes = shape_mistakes(table)
        if not mistakes:
            shape = cls.of_table(info.w_dim, table)
            mistakes = shape._contradictions(info)
        if mistakes:
            raise NetworkError(f"'shape' is not that of a lightweight: {mistakes[0]}", info.path)
        return shape

    @classmethod
    def of_table(cls, w_dim: int, table: Mapping[str, Any]) -> "LightweightShape":
        """The shape of a JSON "shape" without mistakes."""
        lists = {key: tuple(table[key]) for key in ("channels", "attention")}
        return cls(w_dim=w_dim, **{**table, **lists})

    def _contradictions(self, info: NetworkInfo) -> list[str]:
        """Entries that contradict each other."""
        side = self.sides[-1]
        if info.w_dim < 1 or info.z_dim != info.w_dim or info.c_dim:
            return [f"it has no classes and as many z as w, not {info.c_dim}, {info.z_dim} and {info.w_dim}"]
        if info.resolution != (side, side):
            return [f"{len(self.channels)} channels make {side}x{side} px, not {info.resolution}"]
        if self.parameters > MAX_PARAMETERS:
            return [f"{self.parameters / 1e9:.1f} billion parameters are too many"]
        widths = (max(pair) for pair in zip(self.inputs, self.channels, strict=True))
        if any(width * side**2 > MAX_ACTIVATIONS for width, side in zip(widths, self.sides, strict=True)):
            return ["its pictures are too large to be drawn"]
        if any(2 * HEADS * HEAD_WIDTH * side**2 > MAX_ACTIVATIONS for _, side in self.attended):
            return ["its attention is too large to be drawn"]
        return []


def shape_from(
    tensors: Mapping[str, tuple[int, ...]], hints: Mapping[str, Any], attention_norm: str = "variance"
) -> dict[str, Any]:
    """What NetworkInfo needs, from the sizes of the tensors: keys z_dim, c_dim, w_dim, resolution, shape.

    `tensors` are named as `native_name` says. `hints` is the checkpoint's .config.json, if there is one: its lr_mlp is
    not determined by the tensors, 0.1 by default, and neither is `attention_norm`. NetworkError if these are not the
    tensors of such a network.
    """
    matches = (re.fullmatch(r"G\.blocks\.(\d{1,2})\.conv1\.weight", key) for key in tensors)
    blocks = sorted(int(match[1]) for match in matches if match)
    if not blocks or blocks != list(range(len(blocks))):
        raise NetworkError("not the tensors of a lightweight network: its blocks 0, 1 ... must be there without a gap")
    tensor = partial(tensor_shape, tensors, "not the tensors of a lightweight network")
    convolutions = [tensor(f"G.blocks.{index}.conv1.weight", 4) for index in blocks]
    w_dim = tensor("S.net.0.weight", 2)[1]
    rate = hints.get("lr_mlp", 0.1)
    if not is_positive(rate):
        shown = printable(repr(rate), 100)
        raise NetworkError(f"a lightweight network cannot have an 'lr_mlp' of {shown}; it must be a number above 0")
    shape = {
        "channels": [sides[0] for sides in convolutions],
        "initial_channels": convolutions[0][1],
        "colours": tensor("G.blocks.0.to_rgb.conv.weight", 4)[0],
        "mapping_layers": sum(bool(re.fullmatch(r"S\.net\.\d+\.weight", key)) for key in tensors),
        "lr_multiplier": float(rate),
        "constant": "G.initial_block" in tensors,
        "initial_conv": "G.initial_conv.weight" in tensors,
        "blur": any(key.endswith(".to_rgb.upsample.1.f") for key in tensors),
    }
    attention = sorted(int(match[1]) for match in map(_ATTENTION.fullmatch, tensors) if match)
    if attention:
        shape |= {"attention": attention, "attention_norm": attention_norm}
    side = 4 << len(blocks) - 1
    return {"z_dim": w_dim, "c_dim": 0, "w_dim": w_dim, "resolution": (side, side), "shape": shape}


def tensor_shapes(shape: LightweightShape) -> dict[str, tuple[int, ...]]:
    """The name and the shape of every tensor of such a network."""
    shapes: dict[str, tuple[int, ...]] = {}

    def put(name: str, *weight: int, bias: bool = True) -> None:
        shapes[f"{name}.weight"] = weight
        if bias:
            shapes[f"{name}.bias"] = weight[:1]

    first, w_dim, inner = shape.initial_channels, shape.w_dim, HEADS * HEAD_WIDTH
    for layer in range(shape.mapping_layers):
        put(f"S.net.{2 * layer}", w_dim, w_dim)
    if shape.constant:
        shapes["G.initial_block"] = (1, first, 4, 4)
    else:
        put("G.to_initial_block", w_dim, first, 4, 4, bias=False)
    if shape.initial_conv:
        put("G.initial_conv", first, first, 3, 3)
    for level, (inputs, outputs) in enumerate(zip(shape.inputs, shape.channels, strict=True)):
        block = f"G.blocks.{level}"
        for number, width in ((1, inputs), (2, outputs)):
            put(f"{block}.to_style{number}", width, w_dim)
            put(f"{block}.to_noise{number}", outputs, 1)
            put(f"{block}.conv{number}", outputs, width, 3, 3, bias=False)
        put(f"{block}.to_rgb.to_style", outputs, w_dim)
        put(f"{block}.to_rgb.conv", shape.colours, outputs, 1, 1, bias=False)
        if shape.blur and level < len(shape.channels) - 1:
            shapes[f"{block}.to_rgb.upsample.1.f"] = (3,)
    for level, (width, _) in zip(shape.attention, shape.attended, strict=True):
        attention, feed = f"G.attns.{level}.0.fn", f"G.attns.{level}.1.fn"
        put(f"{attention}.fn.to_q", inner, width, 1, 1, bias=False)
        put(f"{attention}.fn.to_kv.net.0", width, 1, 3, 3, bias=False)
        put(f"{attention}.fn.to_kv.net.1", 2 * inner, width, 1, 1, bias=False)
        put(f"{attention}.fn.to_out", width, inner, 1, 1)
        put(f"{feed}.fn.0", 2 * width, width, 1, 1)
        put(f"{feed}.fn.2", width, 2 * width, 1, 1)
        for part in (attention, feed):
            if shape.attention_norm == "instance":
                put(f"{part}.norm", width)
            else:
                shapes[f"{part}.norm.g"] = shapes[f"{part}.norm.b"] = (1, width, 1, 1)
    return shapes


def shape_mistakes(table: Mapping[str, Any]) -> list[str]:
    """Mistakes in single entries of the JSON "shape"."""
    channels = table["channels"]
    mistakes = []
    if not (isinstance(channels, list | tuple) and 1 <= len(channels) <= 13 and all(map(is_count, channels))):
        mistakes.append("'channels' must list the channels of 1 to 13 blocks, from 4 px up")
    mistakes += [
        f"'{key}' must be a whole number above 0, not {printable(repr(table[key]), 100)}"
        for key in ("initial_channels", "mapping_layers")
        if not is_count(table[key])
    ]
    if not mistakes and table["mapping_layers"] > MAX_MAPPING_LAYERS:
        mistakes.append(f"'mapping_layers' must be at most {MAX_MAPPING_LAYERS}, not {table['mapping_layers']}")
    flags = [key for key in _FLAGS if not isinstance(table[key], bool)]
    mistakes += [f"'{key}' must be true or false, not {printable(repr(table[key]), 100)}" for key in flags]
    if table["colours"] not in (3, 4) or not is_count(table["colours"]):
        mistakes.append(f"'colours' must be 3 or 4, not {printable(repr(table['colours']), 100)}")
    if not _levels(table["attention"], len(channels) if isinstance(channels, list | tuple) else 0):
        mistakes.append("'attention' must list the blocks that attention comes before, from 0, in order")
    if table["attention_norm"] not in NORMS:
        shown = printable(repr(table["attention_norm"]), 100)
        mistakes.append(f"'attention_norm' must be one of {', '.join(NORMS)}, not {shown}")
    if not is_positive(table["lr_multiplier"]):
        mistakes.append(f"'lr_multiplier' must be a number above 0, not {printable(repr(table['lr_multiplier']), 100)}")
    return mistakes


def _levels(value: object, count: int) -> bool:
    """Whether it lists numbers below `count`, each once, in order."""
    return (
        isinstance(value, list | tuple)
        and all(isinstance(level, int) and not isinstance(level, bool) and 0 <= level < count for level in value)
        and list(value) == sorted(set(value))
    )
