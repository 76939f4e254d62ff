"""Fréchet distance between generated and real pictures on hand-crafted features; no weights to download.

The Fréchet distance of Heusel et al. 2017 (1706.08500) is that of two normal distributions, one fitted to the features
of each set of pictures. Their features are those of a classifier of photographs; these are computed by formulas:

    layout      48  the colours of a 4 x 4 mosaic
    colour      26  mean and spread of light and of two opponent colours, histograms of light (8) and of hue (12)
    strokes    100  first-order scattering (Mallat, 1101.2286) of luma: log mean and relative deviation at five scales,
                    four directions, in each quarter of the picture
    texture     40  second-order scattering relative to the first order, by scale and angle between directions
    hues        10  first-order scattering of the two opponent colours, all directions together

224 numbers for pictures of 128 px and more; smaller ones have fewer sizes. Each is divided by its spread over the data,
and the distance by how many there are: 0 is the same, 1 about one spread off in everything. It is good for comparing
networks on one set of data with as many pictures; it is not comparable to distances from other features.
"""

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import linalg
from torch import Tensor

from livegan.errors import TrainingError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import StyleGAN2, to_pixels
from livegan.networks.architectures.stylegan2_shape import TAPS
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.training.generator import synthesize

Array = NDArray[np.float64]

MAX_SIDE_PX = 256  # larger pictures are halved until their shorter side is below twice this [px]
SMALLEST = 32  # side of a picture, at the least [px]
LEVELS = 5  # scales of scattering, at most
ORIENTATIONS = 4
TAPS_PX = 7  # side of a wavelet [px]
FLOOR = 3e-3  # responses weaker than about one grey level do not count
MIN_DEVIATION = 0.01  # of a feature that hardly varies over the data
RIDGE = 1e-6  # added to each variance
MAX_BATCH_PIXELS = 8 * 256 * 256  # that are generated or analysed at a time: bounds memory


class ImageSource(Protocol):
    """Pictures with their classes: `prefetch.TensorDataset`, `classify.Motifs`."""

    def __len__(self) -> int: ...

    def batch(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        """Pictures (n, 3, h, w) uint8 and classes (n, c_dim) float32."""
        ...


class FrechetDistance:
    """Feature statistics of real pictures, and the distance of others from them."""

    def __init__(self, real: Tensor, classes: Tensor, size: tuple[int, int]) -> None:
        """From the `features` (n, d) of real pictures of `size`, and their classes (n, c_dim)."""
        if len(real) < 4:
            raise TrainingError(f"{len(real)} pictures are too few to compare with; there must be 4 and more")
        self.classes, self.size, self.count = classes, size, len(real)
        table = real.double().cpu().numpy()
        self._deviation = np.maximum(table.std(axis=0), MIN_DEVIATION)
        self._mean, self._cov = moments(table / self._deviation)
        self._real = table

    @classmethod
    def on(
        cls, pictures: ImageSource, count: int = 600, seed: int = 0, device: str | torch.device = "cpu"
    ) -> "FrechetDistance":
        """Of `count` random pictures of a training set; of all of them if there are fewer."""
        generator = torch.Generator().manual_seed(seed)
        indices: list[int] = torch.randperm(len(pictures), generator=generator)[:count].tolist()
        parts, classes, size = [], [], (0, 0)
        for first in range(0, len(indices), 16):
            real, real_classes = pictures.batch(indices[first : first + 16])
            size = (int(real.shape[2]), int(real.shape[3]))
            parts.append(features(real.to(device)).cpu())
            classes.append(real_classes)
        return (
            cls(torch.cat(parts), torch.cat(classes), size) if parts else cls(torch.zeros(0, 1), torch.zeros(0), size)
        )

    @property
    def floor(self) -> float:
        """Distance of as many other real pictures: half of that between two halves, as it falls with their number."""
        table = self._real / self._deviation
        return self._between(moments(table[::2]), moments(table[1::2])) / 2

    def to(self, other: Tensor) -> float:
        """Distance of pictures with these `features` (n, d) from the real ones."""
        table = other.double().cpu().numpy()
        if table.ndim != 2 or table.shape[1] != len(self._mean):
            raise TrainingError(f"features of {table.shape} cannot be compared with {len(self._mean)} of the data")
        return self._between((self._mean, self._cov), moments(np.nan_to_num(table) / self._deviation))

    def of(self, network: StyleNet, seed: int = 0) -> float:
        """Distance of as many generated pictures as there are real ones, of the same classes, not truncated."""
        generator = torch.Generator().manual_seed(seed)
        z = torch.randn(self.count, network.z_dim, generator=generator)
        classes = self.classes if network.c_dim else torch.zeros(self.count, 0)
        return self.to(
            torch.cat([features(resized(made, self.size)).cpu() for made in generate_images(network, z, classes)])
        )

    def __call__(self, network: StyleNet) -> Mapping[str, float]:
        """The distance by its name, for snapshots."""
        return {"distance": self.of(network)}

    def _between(self, real: tuple[Array, Array], generated: tuple[Array, Array]) -> float:
        return frechet(*real, *generated) / len(self._mean)


def moments(table: Array) -> tuple[Array, Array]:
    """Mean (d,) and covariance (d, d) of (n, d), the latter with a little more variance than there is."""
    mean = table.mean(axis=0)
    rest = table - mean
    return mean, rest.T @ rest / max(len(table) - 1, 1) + RIDGE * np.eye(table.shape[1])


def frechet(mean: Array, cov: Array, other_mean: Array, other_cov: Array) -> float:
    """Squared Fréchet distance of two normal distributions; never below 0, and defined where variances vanish.

    The trace of the root of a product of two covariances is had from symmetric matrices only: with A the root of
    the first, A B A has the eigenvalues of A A B, and they are real.
    """
    values, vectors = linalg.eigh(cov)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    inner = root @ other_cov @ root
    shared = np.sqrt(np.clip(linalg.eigvalsh((inner + inner.T) / 2), 0, None)).sum()
    difference = np.square(mean - other_mean).sum()
    return max(float(difference + np.trace(cov) + np.trace(other_cov) - 2 * shared), 0.0)


def generate_images(network: StyleNet, z: Tensor, classes: Tensor) -> Iterator[Tensor]:
    """Uint8 pictures (n, 3, h, w) of z (count, z_dim) and classes (count, c_dim), a few at a time, as they are shown.

    Not truncated, with the stored noise, on the network's device.
    """
    fast = isinstance(network, StyleGAN2) and _is_plain(network)
    device = network.w_avg.device
    height, width = network.resolution
    batch = max(1, MAX_BATCH_PIXELS // (height * width))
    for first in range(0, len(z), batch):
        part = slice(first, first + batch)
        with torch.inference_mode():
            w = network.map(z[part].to(device), classes[part].to(device))
            ws = w[:, None].expand(-1, network.num_ws, -1)
            if fast:
                assert isinstance(network, StyleGAN2)
                pictures = synthesize(network, ws)
            else:
                pictures = network.synthesize(ws, SynthesisOptions())
            shown = [to_pixels(picture, network.span) for picture in pictures.nan_to_num().float()]
        yield torch.stack(shown).permute(0, 3, 1, 2)


def _is_plain(network: StyleGAN2) -> bool:
    """Whether the fast forward pass, without stored noise and for skip architectures only, draws the same."""
    shape = network.shape
    noiseless = all(float(layer.noise_strength.detach()) == 0 for layer in network.synthesis.layers())
    return noiseless and shape.architecture == "skip" and shape.taps == shape.picture_taps == TAPS


def resized(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize uint8 pictures (n, 3, h, w) to `size` (height, width), by area averaging if that is smaller."""
    height, width = pictures.shape[2:]
    if (height, width) == size:
        return pictures
    if size[0] <= height and size[1] <= width:
        resized = F.interpolate(pictures.float(), size, mode="area")
    else:
        resized = F.interpolate(pictures.float(), size, mode="bilinear", antialias=True)
    return (resized + 0.5).clamp(0, 255).to(torch.uint8)


@torch.inference_mode()
def features(pictures: Tensor) -> Tensor:
    """Features (n, d) float32 of uint8 pictures (n, 3, h, w)."""
    height, width = pictures.shape[2:]
    if min(height, width) < SMALLEST:
        raise TrainingError(f"pictures of {width}x{height} px are too small to measure; {SMALLEST} px are the least")
    batch = max(1, MAX_BATCH_PIXELS // (height * width))
    return torch.cat([_features(part) for part in torch.split(pictures, batch)])


def _features(pictures: Tensor) -> Tensor:
    x = pictures.float() / 255
    while min(x.shape[2:]) >= 2 * MAX_SIDE_PX:
        x = F.avg_pool2d(x, 2)
    red, green, blue = x.unbind(dim=1)
    planes = torch.stack([0.299 * red + 0.587 * green + 0.114 * blue, red - blue, green - (red + blue) / 2], dim=1)
    layout = F.adaptive_avg_pool2d(x, 4).flatten(1)
    return torch.cat([layout, _colour(planes), *_scattered(planes)], dim=1)


def _colour(planes: Tensor) -> Tensor:
    """Means, deviations and histograms of luma and opponent colours, (n, 26)."""
    while min(planes.shape[2:]) >= 128:
        planes = F.avg_pool2d(planes, 2)
    flat = planes.flatten(2)  # (n, 3, pixels)
    light, hue, chroma = flat[:, 0], torch.atan2(flat[:, 1], flat[:, 2] + 1e-9), flat[:, 1:].norm(dim=1)
    bins = [(1 - (light * 7 - level).abs()).clamp_min(0).mean(dim=1) for level in range(8)]
    for step in range(12):
        difference = torch.remainder(hue - step * math.pi / 6 + math.pi, 2 * math.pi) - math.pi
        bins.append(((1 - difference.abs() * 6 / math.pi).clamp_min(0) * chroma).mean(dim=1))
    return torch.cat([flat.mean(dim=2), flat.std(dim=2), torch.stack(bins, dim=1)], dim=1)


def _scattered(planes: Tensor) -> list[Tensor]:
    """First- and second-order scattering, a list of (n, k)."""
    count, parts = len(planes), []
    levels = min(LEVELS, int(math.log2(min(planes.shape[2:]))) - 2)
    carried: list[tuple[Tensor, Tensor]] = []  # of each finer size its modulus, downsampled to this one, and their mean
    for _ in range(levels):
        modulus = _modulus(planes[:, :1])  # (n, directions, h, w)
        means = modulus.mean(dim=(2, 3))  # (n, directions)
        parts.append((F.adaptive_avg_pool2d(modulus, 2) + FLOOR).log().flatten(1))
        parts.append((modulus.std(dim=(2, 3)) + FLOOR).log() - (means + FLOOR).log())
        colours = _modulus(planes[:, 1:].flatten(0, 1)[:, None]).mean(dim=(1, 2, 3))
        parts.append((colours.view(count, 2) + FLOOR).log())
        for finer, mean in carried:
            striped = _modulus(finer.flatten(0, 1)[:, None]).mean(dim=(2, 3)).view(count, ORIENTATIONS, ORIENTATIONS)
            share = striped / (mean[:, :, None] + FLOOR)  # (n, own direction, that of the stripes)
            turned = [
                sum(share[:, own, (own + by) % ORIENTATIONS] for own in range(ORIENTATIONS))
                for by in range(ORIENTATIONS)
            ]
            parts.append(torch.stack([torch.as_tensor(part) for part in turned], dim=1) / ORIENTATIONS)
        carried = [(F.avg_pool2d(maps, 2), mean) for maps, mean in [*carried, (modulus, means)]]
        planes = F.avg_pool2d(planes, 2)
    return parts


def _modulus(x: Tensor) -> Tensor:
    """Modulus of a Morlet wavelet transform in each direction, (n, 1, h, w) to (n, DIRECTIONS, h, w)."""
    waves = F.conv2d(F.pad(x, (TAPS_PX // 2,) * 4, mode="replicate"), _kernels().to(x.device))
    return (waves[:, :ORIENTATIONS].square() + waves[:, ORIENTATIONS:].square() + 1e-12).sqrt()


@lru_cache(maxsize=1)
def _kernels() -> Tensor:
    """Morlet wavelets, (2 DIRECTIONS, 1, TAPS_PX, TAPS_PX): the even ones, then the odd; grey gives nothing."""
    axis = np.arange(TAPS_PX) - TAPS_PX // 2
    y, x = np.meshgrid(axis, axis, indexing="ij")
    window = np.exp(-(x**2 + y**2) / (2 * 1.5**2))
    even, odd = [], []
    for index in range(ORIENTATIONS):
        angle = math.pi * index / ORIENTATIONS
        phase = 1.9 * (x * math.cos(angle) + y * math.sin(angle))  # radians; stripes of 3.3 px
        wave = window * np.cos(phase)
        even.append(wave - window * (wave.sum() / window.sum()))
        odd.append(window * np.sin(phase))
    with torch.inference_mode(False):
        return torch.tensor(np.array(even + odd) / window.sum(), dtype=torch.float32)[:, None]
