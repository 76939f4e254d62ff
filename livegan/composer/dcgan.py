"""The article's DCGAN: one grey picture of 106 x 106 px as a page of music (after Brownlee's DCGAN, and 1511.06434).

A page is 6 1/4 bars of one instrument: 106 pitches from A0 up, 100 columns of a 16th, resized to a square. Layers are
the article's, Keras' defaults included: a dense layer on a picture is a convolution of 1 x 1, weights begin as Glorot
and Bengio have it, batch normalisation forgets at .99. With `channels` 1024 and `filters` 128 it is the article's size,
55 million weights, of which a page costs 72 billion multiplications: for a GPU.

The article turns the output into bytes before it multiplies by 255, so that a cell is off unless its number is exactly
1. Here it is repaired; `article_bug` brings it back, for comparison.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from livegan.composer.network_file import NetworkFile
from livegan.composer.network_info import ComposerInfo
from livegan.composer.phrase_rolls import song_of_rolls
from livegan.composer.roll_image import COLUMNS, LOWEST, ROWS, THRESHOLD
from livegan.composer.song import Song
from livegan.core.latents import latent_of_seed

SIDE = ROWS  # px of a picture
STEPS_PER_BAR = 16
LEAK = 0.2
BATCH_MOMENTUM, BATCH_EPS = 0.01, 1e-3  # Keras' defaults
BPM = 120.0
MAX_CHANNELS = 1 << 12


@dataclass(frozen=True, slots=True)
class DcganShape:
    """Shape of both networks."""

    latent: int = 100
    filters: int = 128  # of the generator's first picture
    channels: int = 1024  # of its other layers
    critic: int = 64  # channels of the discriminator
    article_bug: bool = False  # only cells of exactly 1 sound

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not isinstance(value, int) or not 0 <= value <= MAX_CHANNELS or (value == 0 and entry.type is int):
                raise ValueError(f"its {entry.name} is {value!r}")


class Generator(nn.Module):
    """Generator: z to a picture of 0..1."""

    def __init__(self, shape: DcganShape) -> None:
        super().__init__()
        half, wide = SIDE // 2, shape.channels
        self.filters = shape.filters
        self.dense = nn.Linear(shape.latent, shape.filters * half * half)
        self.first = nn.Conv2d(shape.filters, wide, 1)
        self.up = nn.ConvTranspose2d(wide, wide, 4, stride=2, padding=1)
        self.second = nn.Conv2d(wide, wide, 1)
        self.third = nn.Conv2d(wide, wide, 1)
        self.out = nn.Conv2d(wide, 1, 7, padding=3)

    def forward(self, z: Tensor) -> Tensor:
        """(n, latent) to (n, SIDE, SIDE)."""
        x = F.leaky_relu(self.dense(z), LEAK).view(len(z), self.filters, SIDE // 2, SIDE // 2)
        x = self.up(self.first(x))
        x = self.third(F.leaky_relu(self.second(x), LEAK))
        return torch.sigmoid(self.out(x))[:, 0]


class Discriminator(nn.Module):
    """Discriminator: pictures to logits of being real."""

    def __init__(self, shape: DcganShape) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, shape.critic, 3, stride=2)
        self.second = nn.Conv2d(shape.critic, shape.critic, 3, stride=2)
        self.dropout = nn.Dropout(0.5)
        flat = shape.critic * 27 * 27
        self.norm = nn.BatchNorm1d(flat, BATCH_EPS, BATCH_MOMENTUM)
        self.dense = nn.Linear(flat, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, SIDE, SIDE) to (n,)."""
        x = F.pad(pictures[:, None], (0, 1, 0, 1))  # "same" of Keras: 106 to 53
        x = self.dropout(F.leaky_relu(self.first(x), LEAK))
        x = F.pad(x, (1, 1, 1, 1))  # 53 to 27
        x = self.dropout(F.leaky_relu(self.second(x), LEAK))
        logits: Tensor = self.dense(self.norm(x.flatten(1)))
        return logits[:, 0]


def init_keras(net: nn.Module) -> None:
    """Weights as Keras begins: uniform after Glorot and Bengio 2010, no bias. Draws from torch's global generator."""
    for module in net.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class Dcgan:
    """The article's composer: pages one after another, each of its own latent."""

    def __init__(self, info: ComposerInfo, net: Generator, shape: DcganShape) -> None:
        self.info, self.net, self.shape = info, net, shape

    def song(self, bars: int, seed: int) -> Song:
        """Music of so many bars, on a piano."""
        steps = bars * STEPS_PER_BAR
        pages = self.pages(-(-steps // COLUMNS), seed)
        return song_of_rolls(pages.transpose(0, 2, 1)[:, None], LOWEST, (0,), steps, bpm=BPM)

    def pages(self, count: int, seed: int) -> NDArray[np.bool_]:
        """Pages (count, SIDE, COLUMNS): rows are pitches from LOWEST, columns 16ths."""
        return np.stack([page_of(picture, self.shape.article_bug) for picture in self.pictures(count, seed)])

    @torch.inference_mode()
    def pictures(self, count: int, seed: int) -> NDArray[np.float32]:
        """The generator's pictures (count, SIDE, SIDE), 0..1."""
        z = torch.from_numpy(latent_of_seed(seed, count * self.shape.latent)).view(count, -1)
        made: NDArray[np.float32] = torch.cat([self.net(each[None]) for each in z]).numpy()
        return made


def page_of(picture: NDArray[np.float32], article_bug: bool = False) -> NDArray[np.bool_]:
    """What sounds (SIDE, COLUMNS) of a generator's picture (SIDE, SIDE), 0..1.

    The article reads the square as it is, six columns too many; here it is brought back to the columns it was made of.
    """
    if article_bug:
        return picture.astype(np.uint8)[:, :COLUMNS] * np.uint8(255) > THRESHOLD
    grey = Image.fromarray(np.round(picture * 255).astype(np.uint8))
    return np.asarray(grey.resize((COLUMNS, SIDE), Image.Resampling.LANCZOS)) > THRESHOLD


def open_dcgan(file: NetworkFile) -> Dcgan:
    """Open the network in a file; NetworkError if it is none."""
    try:
        shape = DcganShape(**_table(file.info.shape))
    except (TypeError, ValueError) as error:
        raise file.broken(str(error)) from error
    return Dcgan(file.info, file.into(lambda: Generator(shape)), shape)


def _table(shape: Mapping[str, Any]) -> dict[str, Any]:
    return dict(shape)
