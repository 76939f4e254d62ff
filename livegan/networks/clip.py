"""CLIP: pictures and texts in one space, where what belongs together lies close (Radford et al. 2021, 2103.00020).

The whole network: a ViT (Dosovitskiy et al. 2020, 2010.11929) or a modified ResNet for pictures, a transformer for
texts. Sizes come from the file. Tensors have the names of OpenAI's own files.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.errors import NetworkError
from livegan.networks.clip_shape import STRIDE, ClipShape, shape_from
from livegan.networks.clip_tokens import tokenize
from livegan.networks.frozen_norm import FrozenBatchNorm
from livegan.networks.info import NetworkInfo
from livegan.networks.model_files import find_model, tensor_shapes
from livegan.networks.weights import load_module

MEAN = (0.48145466, 0.4578275, 0.40821073)  # of the pictures that it was trained on, sRGB, 0..1
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


class Mlp(nn.Module):
    """MLP of a transformer, with the activation that the weights were trained with."""

    def __init__(self, width: int, hidden: int, activation: str) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, hidden)
        self.c_proj = nn.Linear(hidden, width)
        self.quick = activation == "quick_gelu"

    def forward(self, x: Tensor) -> Tensor:
        """(n, tokens, width) to the same."""
        x = self.c_fc(x)
        x = x * torch.sigmoid(1.702 * x) if self.quick else F.gelu(x)
        out: Tensor = self.c_proj(x)
        return out


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al. 2017, 1706.03762)."""

    def __init__(self, width: int, heads: int, causal: bool) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(n, tokens, width) to the same."""
        n, tokens, width = x.shape
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = qkv.view(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        x = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        out: Tensor = self.out_proj(x.transpose(1, 2).reshape(n, tokens, width))
        return out


class Block(nn.Module):
    """Residual attention block, normalised before each half."""

    def __init__(self, width: int, heads: int, hidden: int, activation: str, causal: bool) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads, causal)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, hidden, activation)

    def forward(self, x: Tensor) -> Tensor:
        """(n, tokens, width) to the same."""
        x = x + self.attn(self.ln_1(x))
        y: Tensor = x + self.mlp(self.ln_2(x))
        return y


class Transformer(nn.Module):
    """Stack of blocks."""

    def __init__(self, width: int, blocks: int, heads: int, hidden: int, activation: str, causal: bool) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList([Block(width, heads, hidden, activation, causal) for _ in range(blocks)])

    def forward(self, x: Tensor) -> Tensor:
        """(n, tokens, width) to the same."""
        for block in self.resblocks:
            x = block(x)
        return x


class VisionTransformer(nn.Module):
    """ViT: a picture as a row of patches."""

    def __init__(self, shape: ClipShape) -> None:
        super().__init__()
        width = shape.width
        self.conv1 = nn.Conv2d(3, width, shape.patch, stride=shape.patch, bias=False)
        self.class_embedding = nn.Parameter(torch.empty(width))
        self.positional_embedding = nn.Parameter(torch.empty((shape.size // shape.patch) ** 2 + 1, width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = Transformer(width, shape.blocks[0], shape.heads, shape.hidden, shape.activation, False)
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(torch.empty(width, shape.embed))

    def forward(self, x: Tensor) -> Tensor:
        """Normalised pictures (n, 3, size, size) to (n, embed)."""
        x = self.conv1(x).flatten(2).transpose(1, 2)  # (n, patches, width)
        first = self.class_embedding.expand(len(x), 1, -1)
        x = self.ln_pre(torch.cat([first, x], 1) + self.positional_embedding)
        x = self.ln_post(self.transformer(x)[:, 0])
        return x @ self.proj


class Bottleneck(nn.Module):
    """Residual block of the modified ResNet: every stride is an average pool, so nothing aliases."""

    def __init__(self, inputs: int, planes: int, stride: int, first: bool) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, planes, 1, bias=False), FrozenBatchNorm(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False), FrozenBatchNorm(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, 4 * planes, 1, bias=False), FrozenBatchNorm(4 * planes)
        self.stride = stride
        self.downsample: nn.Sequential | None = None
        if first:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, 4 * planes, 1, bias=False), FrozenBatchNorm(4 * planes))

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, 4 planes, h / stride, w / stride)."""
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        y = self.bn3(self.conv3(F.avg_pool2d(y, self.stride)))
        if self.downsample is not None:
            x = self.downsample(F.avg_pool2d(x, self.stride))
        return F.relu(x + y)


class AttentionPool(nn.Module):
    """Attention of the mean feature to all features, instead of their mean."""

    def __init__(self, side: int, features: int, heads: int, embed: int) -> None:
        super().__init__()
        self.heads = heads
        self.positional_embedding = nn.Parameter(torch.empty(side * side + 1, features))
        self.q_proj, self.k_proj = nn.Linear(features, features), nn.Linear(features, features)
        self.v_proj, self.c_proj = nn.Linear(features, features), nn.Linear(features, embed)

    def forward(self, x: Tensor) -> Tensor:
        """(n, features, h, w) to (n, embed)."""
        x = x.flatten(2).transpose(1, 2)  # (n, places, features)
        x = torch.cat([x.mean(1, keepdim=True), x], 1) + self.positional_embedding
        n, places, features = x.shape
        split = (n, places, self.heads, features // self.heads)
        q = self.q_proj(x[:, :1]).view(n, 1, *split[2:]).transpose(1, 2)
        k, v = (each(x).view(split).transpose(1, 2) for each in (self.k_proj, self.v_proj))
        out: Tensor = self.c_proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(1))
        return out


class ModifiedResNet(nn.Module):
    """ResNet-D with three stem convolutions, anti-aliased strides and an attention pool (section 2.4)."""

    def __init__(self, shape: ClipShape) -> None:
        super().__init__()
        width = shape.width
        self.conv1 = nn.Conv2d(3, width // 2, 3, stride=2, padding=1, bias=False)
        self.bn1 = FrozenBatchNorm(width // 2)
        self.conv2 = nn.Conv2d(width // 2, width // 2, 3, padding=1, bias=False)
        self.bn2 = FrozenBatchNorm(width // 2)
        self.conv3 = nn.Conv2d(width // 2, width, 3, padding=1, bias=False)
        self.bn3 = FrozenBatchNorm(width)
        inputs, stages = width, []
        for stage, count in enumerate(shape.blocks):
            planes = width << stage
            blocks = []
            for index in range(count):
                blocks.append(Bottleneck(inputs, planes, 2 if stage and not index else 1, not index))
                inputs = 4 * planes
            stages.append(nn.Sequential(*blocks))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.attnpool = AttentionPool(shape.size // STRIDE, 32 * width, shape.heads, shape.embed)

    def forward(self, x: Tensor) -> Tensor:
        """Normalised pictures (n, 3, size, size) to (n, embed)."""
        for convolution, norm in ((self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)):
            x = F.relu(norm(convolution(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(F.avg_pool2d(x, 2)))))
        out: Tensor = self.attnpool(x)
        return out


class Clip(nn.Module):
    """CLIP. Embeddings are as long as they come: compare their directions."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: ClipShape) -> None:
        super().__init__()
        self.shape = shape
        self.size = shape.size  # side of the pictures that it looks at [px]
        self.dim = shape.embed
        self.visual = VisionTransformer(shape) if shape.hidden else ModifiedResNet(shape)
        text = (shape.text_width, shape.text_blocks, shape.text_heads, shape.text_hidden)
        self.transformer = Transformer(*text, shape.activation, causal=True)
        self.token_embedding = nn.Embedding(shape.vocabulary, shape.text_width)
        self.positional_embedding = nn.Parameter(torch.empty(shape.context, shape.text_width))
        self.ln_final = nn.LayerNorm(shape.text_width)
        self.text_projection = nn.Parameter(torch.empty(shape.text_width, shape.embed))
        self.logit_scale = nn.Parameter(torch.empty(()))  # natural logarithm of what cosines are multiplied by

    @classmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        """The CLIP in the files of `info`, ready to use; NetworkError if they are broken."""
        try:
            shape = shape_from(tensor_shapes(info), info.shape.get("activation", ""), info.shape.get("heads", 0))
        except NetworkError as error:
            raise error.about(info.path) from error
        return load_module(info, lambda: cls(shape)).eval().requires_grad_(False)

    def image(self, pixels: Tensor) -> Tensor:
        """Pictures (n, 3, size, size), sRGB, 0..1, to embeddings (n, dim); differentiable in the pixels."""
        mean, deviation = (pixels.new_tensor(each).view(3, 1, 1) for each in (MEAN, DEVIATION))
        out: Tensor = self.visual((pixels - mean) / deviation)
        return out

    def drop_image_tower(self) -> None:
        """Free the memory of what looks at pictures: texts alone are read from now on."""
        self.visual.to("meta")

    def text(self, texts: Sequence[str]) -> Tensor:
        """Texts to embeddings (n, dim); what is longer than the context, 77 tokens, is cut off."""
        return self.tokens(torch.tensor(tokenize(texts, self.shape.context)))

    def tokens(self, tokens: Tensor) -> Tensor:
        """Tokens (n, context) to embeddings (n, dim), read at the last token, which has the greatest number."""
        tokens = tokens.to(self.positional_embedding.device)
        x = self.transformer(self.token_embedding(tokens) + self.positional_embedding)
        x = self.ln_final(x[torch.arange(len(x), device=x.device), tokens.argmax(1)])
        out: Tensor = x @ self.text_projection
        return out


def load_clip(name: str | Path = "", device: str = "cpu") -> Clip:
    """The CLIP of that name, or in that file; without a name the one that is here. float32, nothing to be learnt.

    NetworkError if there is none, or if its file is broken.
    """
    return Clip.from_info(find_model("clip", name)).to(device)
