"""VQGAN's shape from the shapes of its tensors, and the tensors that a shape needs. No torch here.

Esser et al. 2021 (2012.09841). Names are those of taming-transformers, but for the quantizer's. All
that its YAML says of the network can be seen in the tensors.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import tensor_shape

MISMATCH = "is no VQGAN that livegan knows"
GROUPS = 32  # of its group normalisations
MAX_LEVELS, MAX_BLOCKS = 8, 16
Shapes = Mapping[str, tuple[int, ...]]
_BLOCK = re.compile(r"encoder\.down\.(\d{1,2})\.block\.(\d{1,2})\.conv1\.weight")


@dataclass(frozen=True, slots=True)
class VqganShape:
    """Dimensions of a VQGAN."""

    codes: int  # vectors in its codebook
    embed: int  # numbers of each
    hidden: int  # channels between encoder and quantiser
    channels: int  # of the first convolution
    widths: tuple[int, ...]  # channels of each level, the finest first
    blocks: int  # residual blocks of each level of the encoder; the decoder has one more
    attention: tuple[int, ...]  # levels with attention
    gumbel: bool  # whether codes are chosen by a Gumbel softmax (Jang et al. 2016, 1611.01144), not as the nearest

    @property
    def factor(self) -> int:
        """Side of the square that a code draws [px]."""
        return int(1 << (len(self.widths) - 1))


def shape_from(shapes: Shapes) -> VqganShape:
    """The shape of a VQGAN from those of its tensors; NetworkError if they are not those of one."""
    tensor = partial(tensor_shape, shapes, MISMATCH)
    codes, embed = tensor("quantizer.embedding.weight", 2)
    found = {(int(match[1]), int(match[2])) for match in map(_BLOCK.fullmatch, shapes) if match}
    levels = len({level for level, _ in found})
    blocks = len(found) // max(levels, 1)
    if found != {(level, block) for level in range(levels) for block in range(blocks)}:
        raise NetworkError(f"{MISMATCH}: its levels must have the same number of blocks, without a gap")
    if not 1 <= levels <= MAX_LEVELS or not 1 <= blocks <= MAX_BLOCKS:
        raise NetworkError(f"{MISMATCH}: it has {levels} levels of {blocks} blocks")
    channels = tensor("encoder.conv_in.weight", 4)[0]
    widths = tuple(tensor(f"encoder.down.{level}.block.0.conv1.weight", 4)[0] for level in range(levels))
    hidden = tensor("quant_conv.weight", 4)[1]
    if any(side < 1 or side % GROUPS for side in (channels, *widths)) or min(codes, embed, hidden) < 1:
        raise NetworkError(f"{MISMATCH}: its channels must be multiples of {GROUPS}")
    attention = tuple(level for level in range(levels) if f"encoder.down.{level}.attn.0.q.weight" in shapes)
    gumbel = "quantizer.proj.weight" in shapes
    return VqganShape(codes, embed, hidden, channels, widths, blocks, attention, gumbel)


def tensor_shapes(shape: VqganShape) -> dict[str, tuple[int, ...]]:
    """Every tensor of a VQGAN of that shape."""
    embed, hidden, top = shape.embed, shape.hidden, shape.widths[-1]
    shapes = _convolution("quant_conv", hidden, embed, 1) | _convolution("post_quant_conv", embed, hidden, 1)
    shapes["quantizer.embedding.weight"] = (shape.codes, embed)
    if shape.gumbel:
        shapes |= _convolution("quantizer.proj", embed, shape.codes, 1)
    shapes |= _convolution("encoder.conv_in", 3, shape.channels, 3)
    inputs = shape.channels
    for level, width in enumerate(shape.widths):
        shapes |= _level(shape, f"encoder.down.{level}", level, inputs, shape.blocks)
        if level < len(shape.widths) - 1:
            shapes |= _convolution(f"encoder.down.{level}.downsample.conv", width, width, 3)
        inputs = width
    shapes |= _middle("encoder", top) | _norm("encoder.norm_out", top)
    shapes |= _convolution("encoder.conv_out", top, hidden, 3) | _convolution("decoder.conv_in", hidden, top, 3)
    shapes |= _middle("decoder", top)
    inputs = top
    for level in reversed(range(len(shape.widths))):
        width = shape.widths[level]
        shapes |= _level(shape, f"decoder.up.{level}", level, inputs, shape.blocks + 1)
        if level:
            shapes |= _convolution(f"decoder.up.{level}.upsample.conv", width, width, 3)
        inputs = width
    return shapes | _norm("decoder.norm_out", inputs) | _convolution("decoder.conv_out", inputs, 3, 3)


def _level(shape: VqganShape, name: str, level: int, inputs: int, blocks: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    width = shape.widths[level]
    for block in range(blocks):
        shapes |= _residual(f"{name}.block.{block}", inputs if block == 0 else width, width)
        if level in shape.attention:
            shapes |= _attention(f"{name}.attn.{block}", width)
    return shapes


def _middle(name: str, width: int) -> dict[str, tuple[int, ...]]:
    first, second = (_residual(f"{name}.mid.block_{number}", width, width) for number in (1, 2))
    return first | _attention(f"{name}.mid.attn_1", width) | second


def _residual(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    shapes = _norm(f"{name}.norm1", inputs) | _convolution(f"{name}.conv1", inputs, outputs, 3)
    shapes |= _norm(f"{name}.norm2", outputs) | _convolution(f"{name}.conv2", outputs, outputs, 3)
    return shapes | (_convolution(f"{name}.nin_shortcut", inputs, outputs, 1) if inputs != outputs else {})


def _attention(name: str, width: int) -> dict[str, tuple[int, ...]]:
    shapes = _norm(f"{name}.norm", width)
    for part in ("q", "k", "v", "proj_out"):
        shapes |= _convolution(f"{name}.{part}", width, width, 1)
    return shapes


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _convolution(name: str, inputs: int, outputs: int, kernel: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs, kernel, kernel), f"{name}.bias": (outputs,)}
