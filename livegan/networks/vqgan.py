"""VQGAN: pictures as codes of a learned book, and back (Esser et al. 2021, 2012.09841).

The whole network: encoder, decoder, quantiser, as in taming-transformers, whose names its tensors have; also with a
Gumbel quantiser. Sizes come from the file.
"""

from pathlib import Path
from typing import Self

import torch.nn.functional as F
from torch import Tensor, nn

from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.networks.model_files import find_model, tensor_shapes
from livegan.networks.vqgan_shape import GROUPS, VqganShape, shape_from
from livegan.networks.weights import load_module

EPS = 1e-6  # of its normalisations


def norm(width: int) -> nn.GroupNorm:
    """Its group normalisation."""
    return nn.GroupNorm(GROUPS, width, eps=EPS)


class ResidualBlock(nn.Module):
    """Two convolutions, each normalised and activated by SiLU before."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = norm(outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.nin_shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h, w)."""
        y = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        out: Tensor = y + (x if self.nin_shortcut is None else self.nin_shortcut(x))
        return out


class Attention(nn.Module):
    """Self-attention of one head over all places."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = norm(width)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(width, width, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) to the same."""
        y = self.norm(x)
        q, k, v = (part(y).flatten(2).transpose(1, 2)[:, None] for part in (self.q, self.k, self.v))
        y = F.scaled_dot_product_attention(q, k, v)[:, 0].transpose(1, 2).reshape(x.shape)
        out: Tensor = x + self.proj_out(y)
        return out


class Downsample(nn.Module):
    """Half the size by a convolution, padded at the right and below only."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) to (n, width, h / 2, w / 2)."""
        out: Tensor = self.conv(F.pad(x, (0, 1, 0, 1)))
        return out


class Upsample(nn.Module):
    """Twice the size by repetition, and a convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) to (n, width, 2 h, 2 w)."""
        out: Tensor = self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return out


class Middle(nn.Module):
    """Attention between two residual blocks, at the coarsest level."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.block_1, self.attn_1, self.block_2 = (
            ResidualBlock(width, width),
            Attention(width),
            ResidualBlock(width, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) to the same."""
        out: Tensor = self.block_2(self.attn_1(self.block_1(x)))
        return out


class Level(nn.Module):
    """Residual blocks of one size, each perhaps with attention after it, then a change of size."""

    def __init__(self, inputs: int, width: int, blocks: int, attention: bool) -> None:
        super().__init__()
        self.block = nn.ModuleList([ResidualBlock(width if index else inputs, width) for index in range(blocks)])
        self.attn = nn.ModuleList([Attention(width) for _ in range(blocks if attention else 0)])
        self.downsample: Downsample | None = None
        self.upsample: Upsample | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, width, ...)."""
        for index, block in enumerate(self.block):
            x = block(x)
            if self.attn:
                x = self.attn[index](x)
        for resize in (self.downsample, self.upsample):
            x = x if resize is None else resize(x)
        return x


class Encoder(nn.Module):
    """Pictures to features, the finest level first."""

    def __init__(self, shape: VqganShape) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(3, shape.channels, 3, padding=1)
        self.down = nn.ModuleList()
        inputs = shape.channels
        for index, width in enumerate(shape.widths):
            level = Level(inputs, width, shape.blocks, index in shape.attention)
            level.downsample = Downsample(width) if index < len(shape.widths) - 1 else None
            self.down.append(level)
            inputs = width
        self.mid = Middle(inputs)
        self.norm_out = norm(inputs)
        self.conv_out = nn.Conv2d(inputs, shape.hidden, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) to (n, hidden, h / factor, w / factor)."""
        x = self.conv_in(x)
        for level in self.down:
            x = level(x)
        out: Tensor = self.conv_out(F.silu(self.norm_out(self.mid(x))))
        return out


class Decoder(nn.Module):
    """Features to pictures, the coarsest level first."""

    def __init__(self, shape: VqganShape) -> None:
        super().__init__()
        inputs = shape.widths[-1]
        self.conv_in = nn.Conv2d(shape.hidden, inputs, 3, padding=1)
        self.mid = Middle(inputs)
        levels = []
        for index in reversed(range(len(shape.widths))):
            width = shape.widths[index]
            level = Level(inputs, width, shape.blocks + 1, index in shape.attention)
            level.upsample = Upsample(width) if index else None
            levels.append(level)
            inputs = width
        self.up = nn.ModuleList(levels[::-1])  # numbered from the finest, as in the encoder
        self.norm_out = norm(inputs)
        self.conv_out = nn.Conv2d(inputs, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, hidden, h, w) to (n, 3, factor h, factor w)."""
        x = self.mid(self.conv_in(x))
        for level in reversed(self.up):
            x = level(x)
        out: Tensor = self.conv_out(F.silu(self.norm_out(x)))
        return out


class Quantizer(nn.Module):
    """Codebook; with a Gumbel quantiser also the convolution that chooses codes."""

    def __init__(self, shape: VqganShape) -> None:
        super().__init__()
        self.embedding = nn.Embedding(shape.codes, shape.embed)
        self.proj = nn.Conv2d(shape.embed, shape.codes, 1) if shape.gumbel else None


class Vqgan(nn.Module):
    """VQGAN. A picture is a map z of vectors (n, dim, h, w), each one of the codebook's, one for `factor` pixels."""

    def __init__(self, shape: VqganShape) -> None:
        super().__init__()
        self.shape = shape
        self.factor = shape.factor
        self.dim = shape.embed
        self.encoder, self.decoder = Encoder(shape), Decoder(shape)
        self.quant_conv = nn.Conv2d(shape.hidden, shape.embed, 1)
        self.post_quant_conv = nn.Conv2d(shape.embed, shape.hidden, 1)
        self.quantizer = Quantizer(shape)

    @classmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        """The VQGAN in the files of `info`, ready to use; NetworkError if they are broken."""
        try:
            shape = shape_from(tensor_shapes(info))
        except NetworkError as error:
            raise error.about(info.path) from error
        return load_module(info, lambda: cls(shape)).eval().requires_grad_(False)

    @property
    def codebook(self) -> Tensor:
        """Its vectors (codes, dim)."""
        return self.quantizer.embedding.weight

    def encode(self, x: Tensor) -> Tensor:
        """Pictures (n, 3, h, w), -1..1, sides multiples of `factor`, to z (n, dim, h / factor, w / factor) of codes.

        Of a Gumbel quantiser the most likely codes.
        """
        z = self.quant_conv(self.encoder(x))
        choose = self.quantizer.proj
        return self.quantize(z) if choose is None else self.vectors(choose(z).argmax(1))

    def decode(self, z: Tensor) -> Tensor:
        """z (n, dim, h, w) to pictures (n, 3, factor h, factor w), about -1..1; differentiable."""
        out: Tensor = self.decoder(self.post_quant_conv(z))
        return out

    def nearest(self, z: Tensor) -> Tensor:
        """z (n, dim, h, w) to the numbers (n, h, w) of the nearest codes."""
        book, places = self.codebook, z.movedim(1, 3)
        distances = book.square().sum(1) - 2 * places @ book.T  # and the length of z, the same for all codes
        return distances.argmin(3)

    def vectors(self, codes: Tensor) -> Tensor:
        """Numbers of codes (n, h, w) to z (n, dim, h, w)."""
        return F.embedding(codes, self.codebook).movedim(3, 1)

    def quantize(self, z: Tensor) -> Tensor:
        """z with each vector replaced by the nearest code; gradients pass as if it were not (Bengio et al. 2013)."""
        return self.vectors(self.nearest(z.detach())) + (z - z.detach())


def load_vqgan(name: str | Path = "", device: str = "cpu") -> Vqgan:
    """The VQGAN of that name, or in that file; without a name the one that is here. float32, nothing to be learnt.

    NetworkError if there is none, or if its file is broken.
    """
    return Vqgan.from_info(find_model("vqgan", name)).to(device)
