"""Wav2CLIP's shape from the shapes of its tensors, and the tensors that a shape needs. No torch here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import tensor_shape

MISMATCH = "is no Wav2CLIP that livegan knows"
MAX_BLOCKS = 64  # of a stage
Shapes = Mapping[str, tuple[int, ...]]
_BLOCK = re.compile(r"audio_encoder\.layer([1-4])\.(\d{1,2})\.")


@dataclass(frozen=True, slots=True)
class Wav2ClipShape:
    """Dimensions of a Wav2CLIP. The public one: width 64, two blocks in each stage, 512 numbers."""

    width: int  # channels of the first stage; each further one has twice as many
    blocks: tuple[int, ...]  # of each of its four stages
    hidden: int  # units between the two layers of the MLP
    embed: int  # numbers of an embedding: as many as CLIP's that it was trained for


def shape_from(shapes: Shapes) -> Wav2ClipShape:
    """The shape of a Wav2CLIP from those of its tensors; NetworkError if they are not those of one."""
    tensor = partial(tensor_shape, shapes, MISMATCH)
    found = {(int(match[1]), int(match[2])) for match in map(_BLOCK.match, shapes) if match}
    counts = tuple(sum(stage == number for stage, _ in found) for number in range(1, 5))
    if min(counts) < 1 or max(counts) > MAX_BLOCKS:
        raise NetworkError(f"{MISMATCH}: it must have blocks in layer1 to layer4")
    width = tensor("audio_encoder.conv1.weight", 4)[0]
    hidden = tensor("audio_transform.sequential.0.weight", 2)[0]
    embed = tensor("audio_transform.sequential.3.weight", 2)[0]
    if min(width, hidden, embed) < 1:
        raise NetworkError(f"{MISMATCH}: some of its tensors are empty")
    return Wav2ClipShape(width, counts, hidden, embed)


def tensor_shapes(shape: Wav2ClipShape) -> dict[str, tuple[int, ...]]:
    """Every tensor of a Wav2CLIP of that shape."""
    shapes = _convolution("audio_encoder.conv1", "audio_encoder.bn1", 1, shape.width, 7)
    inputs = shape.width
    for stage, count in enumerate(shape.blocks):
        outputs = shape.width << stage
        for index in range(count):
            block = f"audio_encoder.layer{stage + 1}.{index}"
            shapes |= _convolution(f"{block}.conv1", f"{block}.bn1", inputs, outputs, 3)
            shapes |= _convolution(f"{block}.conv2", f"{block}.bn2", outputs, outputs, 3)
            if inputs != outputs:
                shapes |= _convolution(f"{block}.downsample.0", f"{block}.downsample.1", inputs, outputs, 1)
            inputs = outputs
    for layer, before, after in ((0, inputs, shape.hidden), (3, shape.hidden, shape.embed)):
        name = f"audio_transform.sequential.{layer}"
        shapes |= {f"{name}.weight": (after, before), f"{name}.bias": (after,)}
    return shapes


def _convolution(name: str, norm: str, inputs: int, outputs: int, kernel: int) -> dict[str, tuple[int, ...]]:
    norms = {f"{norm}.{part}": (outputs,) for part in ("weight", "bias", "running_mean", "running_var")}
    return {f"{name}.weight": (outputs, inputs, kernel, kernel), **norms}
