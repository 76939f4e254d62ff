"""CLIP's shape from the shapes of its tensors, and the tensors that a shape needs. No torch here.

Radford et al. 2021 (2103.00020), tables 19 and 20. Names are those of OpenAI's own files, which open_clip keeps.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import tensor_shape
from livegan.networks.clip_tokens import VOCABULARY

MISMATCH = "is no CLIP that livegan knows"
ACTIVATIONS = ("quick_gelu", "gelu")  # OpenAI's x sigmoid(1.702 x), and the exact one of most of LAION's
MAX_LAYERS = 128
MAX_SIDE = 1024  # of pictures [px]
HEAD_WIDTHS = {1280: 80, 1408: 88, 1664: 104}  # width of a ViT: of a head, in open_clip's H, g and G; else 64
HEAD_WIDTH = 64
STRIDE = 32  # of a ResNet
LETTERS = {384: "S", 512: "M", 768: "B", 1024: "L", 1280: "H", 1408: "g", 1664: "bigG"}
RESNETS: Mapping[tuple[int, ...], str] = {
    (3, 4, 6, 3): "50",
    (3, 4, 23, 3): "101",
    (4, 6, 10, 6): "50x4",
    (6, 8, 18, 8): "50x16",
    (3, 15, 36, 10): "50x64",
}

Shapes = Mapping[str, tuple[int, ...]]
_VIT_BLOCK = re.compile(r"visual\.transformer\.resblocks\.(\d{1,3})\.")
_TEXT_BLOCK = re.compile(r"transformer\.resblocks\.(\d{1,3})\.")
_STAGE_BLOCK = re.compile(r"visual\.layer([1-4])\.(\d{1,3})\.")


@dataclass(frozen=True, slots=True)
class ClipShape:
    """Dimensions of a CLIP."""

    embed: int  # numbers of an embedding
    size: int  # side of its pictures [px]
    width: int  # of the image tower
    blocks: tuple[int, ...]  # of a ViT: how many; of a ResNet: of each of its four stages
    heads: int
    hidden: int  # of an MLP of the ViT; 0: it is a ResNet
    patch: int  # side [px]; of a ResNet its whole stride
    context: int  # tokens of a text
    vocabulary: int
    text_width: int
    text_blocks: int
    text_heads: int
    text_hidden: int
    activation: str = ACTIVATIONS[0]

    @property
    def name(self) -> str:
        """As papers write it: ViT-B/32, RN50."""
        if not self.hidden:
            return f"RN{RESNETS.get(self.blocks, str(sum(self.blocks)))}"
        return f"ViT-{LETTERS.get(self.width, str(self.width))}/{self.patch}"


def shape_from(shapes: Shapes, activation: str = ACTIVATIONS[0], heads: int = 0) -> ClipShape:
    """The shape of a CLIP from those of its tensors; `heads` of the ViT, 0: as widths of its kind usually have.

    NetworkError if they are not those of one, or if a side is impossible.
    """
    tensor = partial(tensor_shape, shapes, MISMATCH)
    vocabulary, text_width = tensor("token_embedding.weight", 2)
    context = tensor("positional_embedding", 2)[0]
    embed = tensor("text_projection", 2)[1]
    text_blocks = _count(_TEXT_BLOCK, shapes)
    text_hidden = tensor("transformer.resblocks.0.mlp.c_fc.weight", 2)[0]
    text_heads = max(text_width // HEAD_WIDTH, 1)
    if "visual.attnpool.positional_embedding" in shapes:
        places, features = tensor("visual.attnpool.positional_embedding", 2)
        width, patch, hidden = features // 32, STRIDE, 0
        blocks = _stages(shapes)
        heads = max(features // HEAD_WIDTH, 1)
    else:
        width, _, patch, _ = tensor("visual.conv1.weight", 4)
        places = tensor("visual.positional_embedding", 2)[0]
        blocks = (_count(_VIT_BLOCK, shapes),)
        hidden = tensor("visual.transformer.resblocks.0.mlp.c_fc.weight", 2)[0]
        heads = heads or max(width // HEAD_WIDTHS.get(width, HEAD_WIDTH), 1)
    if vocabulary != VOCABULARY:
        raise NetworkError(f"{MISMATCH}: it knows {vocabulary} tokens, not the {VOCABULARY} of OpenAI's")
    side = round(max(places - 1, 0) ** 0.5)
    sides = (text_width, context, embed, text_hidden, width, patch, side)
    if activation not in ACTIVATIONS or type(heads) is not int or not 0 < heads <= width:
        raise NetworkError(f"{MISMATCH}: its activation must be one of {', '.join(ACTIVATIONS)}, its heads a number")
    if side * side != places - 1 or min(sides) < 1 or side * patch > MAX_SIDE:
        raise NetworkError(f"{MISMATCH}: its sides {', '.join(map(str, sides))} do not belong together")
    if (hidden and width % heads) or text_width % text_heads:
        raise NetworkError(f"{MISMATCH}: {heads} heads do not divide its width of {width}")
    return ClipShape(
        embed, side * patch, width, blocks, heads, hidden, patch,
        context, vocabulary, text_width, text_blocks, text_heads, text_hidden, activation,
    )  # fmt: skip


def tensor_shapes(shape: ClipShape) -> dict[str, tuple[int, ...]]:
    """Every tensor of a CLIP of that shape."""
    text, embed = shape.text_width, shape.embed
    shapes: dict[str, tuple[int, ...]] = {
        "logit_scale": (),
        "positional_embedding": (shape.context, text),
        "text_projection": (text, embed),
        "token_embedding.weight": (shape.vocabulary, text),
    }
    shapes |= _pair("ln_final", text)
    for index in range(shape.text_blocks):
        shapes |= _block(f"transformer.resblocks.{index}", text, shape.text_hidden)
    return shapes | (_vit(shape) if shape.hidden else _resnet(shape))


def _vit(shape: ClipShape) -> dict[str, tuple[int, ...]]:
    width = shape.width
    shapes: dict[str, tuple[int, ...]] = {
        "visual.class_embedding": (width,),
        "visual.positional_embedding": ((shape.size // shape.patch) ** 2 + 1, width),
        "visual.proj": (width, shape.embed),
        "visual.conv1.weight": (width, 3, shape.patch, shape.patch),
    }
    shapes |= _pair("visual.ln_pre", width) | _pair("visual.ln_post", width)
    for index in range(shape.blocks[0]):
        shapes |= _block(f"visual.transformer.resblocks.{index}", width, shape.hidden)
    return shapes


def _resnet(shape: ClipShape) -> dict[str, tuple[int, ...]]:
    width, features = shape.width, shape.width * 32
    shapes: dict[str, tuple[int, ...]] = {}
    for number, (inputs, outputs) in enumerate([(3, width // 2), (width // 2, width // 2), (width // 2, width)], 1):
        shapes |= _convolution(f"visual.conv{number}", f"visual.bn{number}", inputs, outputs, 3)
    inputs = width
    for stage, count in enumerate(shape.blocks):
        planes = width << stage
        for index in range(count):
            block = f"visual.layer{stage + 1}.{index}"
            sizes = [(inputs, planes, 1), (planes, planes, 3), (planes, 4 * planes, 1)]
            for number, (before, after, kernel) in enumerate(sizes, 1):
                shapes |= _convolution(f"{block}.conv{number}", f"{block}.bn{number}", before, after, kernel)
            if index == 0:
                shapes |= _convolution(f"{block}.downsample.0", f"{block}.downsample.1", inputs, 4 * planes, 1)
            inputs = 4 * planes
    pool = "visual.attnpool"
    shapes[f"{pool}.positional_embedding"] = ((shape.size // STRIDE) ** 2 + 1, features)
    for name, outputs in (("q_proj", features), ("k_proj", features), ("v_proj", features), ("c_proj", shape.embed)):
        shapes |= {f"{pool}.{name}.weight": (outputs, features), f"{pool}.{name}.bias": (outputs,)}
    return shapes


def _block(name: str, width: int, hidden: int) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.attn.in_proj_weight": (3 * width, width),
        f"{name}.attn.in_proj_bias": (3 * width,),
        f"{name}.attn.out_proj.weight": (width, width),
        f"{name}.attn.out_proj.bias": (width,),
        f"{name}.mlp.c_fc.weight": (hidden, width),
        f"{name}.mlp.c_fc.bias": (hidden,),
        f"{name}.mlp.c_proj.weight": (width, hidden),
        f"{name}.mlp.c_proj.bias": (width,),
        **_pair(f"{name}.ln_1", width),
        **_pair(f"{name}.ln_2", width),
    }


def _pair(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _convolution(name: str, norm: str, inputs: int, outputs: int, kernel: int) -> dict[str, tuple[int, ...]]:
    norms = {f"{norm}.{part}": (outputs,) for part in ("weight", "bias", "running_mean", "running_var")}
    return {f"{name}.weight": (outputs, inputs, kernel, kernel), **norms}


def _count(pattern: re.Pattern[str], shapes: Shapes) -> int:
    """How many numbered blocks there are; NetworkError if one is missing between them, or there are too many."""
    numbers = sorted({int(match[1]) for match in map(pattern.match, shapes) if match})
    if not numbers or numbers != list(range(len(numbers))) or len(numbers) > MAX_LAYERS:
        raise NetworkError(f"{MISMATCH}: its blocks 0, 1, 2 ... must be there without a gap")
    return len(numbers)


def _stages(shapes: Shapes) -> tuple[int, ...]:
    found = {(int(match[1]), int(match[2])) for match in map(_STAGE_BLOCK.match, shapes) if match}
    counts = tuple(sum(stage == number for stage, _ in found) for number in range(1, 5))
    wanted = {(stage, block) for stage, count in enumerate(counts, 1) for block in range(count)}
    if found != wanted or min(counts) < 1 or max(counts) > MAX_LAYERS:
        raise NetworkError(f"{MISMATCH}: the stages of its ResNet must be there without a gap")
    return counts
