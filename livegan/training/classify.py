"""A small network that tells classes apart: is what a generator draws for a class of that class?

It is trained on the data itself in a minute or two, on pictures of 64 px that are moved, turned, blurred, lit and
tinted by chance, so that it judges form rather than hue or place; its word on held-out data says how far to trust it.
"""

import math
from collections.abc import Callable
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.motifs.draw import NAMES, SHOWN, draw
from livegan.networks.architectures.stylegan2 import normalise
from livegan.training.distance import fitted
from livegan.training.pairs import Pairs

SIDE = 64  # of the pictures that are judged [px]
CHANNELS = (24, 48, 96, 128)
BATCH = 48
STEPS = 500
RATE = 4e-3  # the highest learning rate
TOGETHER = 16  # motifs drawn at a time

Tell = Callable[[int, int], None]  # how much is done, of how much


class Labelled(Protocol):
    """A training set, as far as measuring needs it: `dataset.Pictures`, `Motifs`."""

    @property
    def size(self) -> tuple[int, int]:
        """Height, width [px]."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names, if they have any."""
        ...

    @property
    def c_dim(self) -> int:
        """How many there are; 0: none."""
        ...

    def __len__(self) -> int: ...

    def label(self, i: int, /) -> int:
        """The class of a picture; -1: none."""
        ...

    def batch(self, indices: list[int], /) -> tuple[Tensor, Tensor]:
        """Pictures (n, 3, h, w) uint8 and classes (n, c_dim) float32."""
        ...


class Motifs:
    """The motifs, each in its best layout, as a training set: `each` of every class, drawn when they are asked for."""

    classes: tuple[str, ...] = NAMES
    c_dim = len(NAMES)

    def __init__(self, size: tuple[int, int], each: int, seed: int, pairs: Pairs | None = None) -> None:
        """Of `size` (height, width); latents as `Pairs` draws them. Kept `pairs` need not be drawn."""
        self.size, self.pairs = size, pairs
        self.each = pairs.each if pairs else each
        chance = torch.Generator().manual_seed(seed)
        self.latents = pairs.z if pairs else torch.randn(len(NAMES), each, 8, generator=chance)

    def __len__(self) -> int:
        return len(NAMES) * self.each

    def label(self, i: int) -> int:
        """The class of picture `i`."""
        return i // self.each

    def z(self, indices: list[int]) -> Tensor:
        """The latents of these pictures, (n, 8)."""
        return self.latents.flatten(0, 1)[indices]

    def batch(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        """Pictures (n, 3, h, w) uint8 and classes (n, 12) float32."""
        labels = torch.tensor([self.label(index) for index in indices])
        if self.pairs is not None:
            kept = self.pairs.pictures[labels.numpy(), [index % self.each for index in indices]]
            return fitted(torch.from_numpy(kept), self.size), torch.eye(len(NAMES))[labels]
        pictures = torch.empty(len(indices), 3, *self.size, dtype=torch.uint8)
        for name in set(labels.tolist()):
            places = (labels == name).nonzero().flatten()
            for part in places.split(TOGETHER):
                pictures[part] = drawn(name, self.z([indices[place] for place in part.tolist()]), self.size)
        return pictures, torch.eye(len(NAMES))[labels]

    def smaller(self, side: int) -> "Motifs":
        """The same pictures, of that side."""
        small = Motifs((side, side), self.each, 0, self.pairs)
        small.latents = self.latents
        return small


def drawn(motif: int, z: Tensor, size: tuple[int, int]) -> Tensor:
    """What a motif draws for latents (n, 8), uint8 (n, 3, h, w)."""
    with torch.inference_mode():
        light = draw(NAMES[motif], normalise(z), size, (SHOWN[motif],))
        return (light * 255 + 0.5).to(torch.uint8)


class Classifier(nn.Module):
    """Pictures (n, 3, SIDE, SIDE), -1..1, to words for each class, (n, c_dim)."""

    def __init__(self, c_dim: int, seed: int = 0) -> None:
        """Four convolutions with a stride of two, a mean over the picture, a linear layer."""
        super().__init__()
        chance = torch.Generator().manual_seed(seed)
        layers: list[nn.Module] = []
        inputs = 3
        for outputs in CHANNELS:
            layers += [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
            inputs = outputs
        self.body = nn.Sequential(*layers)
        self.out = nn.Linear(2 * inputs, c_dim)
        with torch.no_grad():
            for parameter in self.parameters():
                if parameter.dim() > 1:
                    normal = torch.randn(parameter.shape, generator=chance)
                    parameter.copy_(normal * math.sqrt(2 / parameter[0].numel()))
            self.out.bias.zero_()

    def forward(self, pictures: Tensor) -> Tensor:
        """The mean and the greatest of what is found anywhere decide."""
        x = self.body(pictures)
        words: Tensor = self.out(torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1))
        return words

    @torch.inference_mode()
    def judged(self, pictures: Tensor) -> Tensor:
        """The class of each of the uint8 pictures (n, 3, h, w), (n,) on the CPU."""
        self.eval()
        device = self.out.weight.device
        found = [
            self(signed(fitted(part.to(device), (SIDE, SIDE)))).argmax(dim=1).cpu()
            for part in torch.split(pictures, 64)
        ]
        return torch.cat(found) if found else torch.zeros(0, dtype=torch.int64)


def accuracy(classifier: Classifier, pictures: Tensor, labels: Tensor) -> float:
    """The share of the uint8 pictures (n, 3, h, w) that are judged to be of their class, 0..1."""
    return float((classifier.judged(pictures) == labels.cpu()).float().mean())


def learn(
    pictures: Tensor,
    labels: Tensor,
    c_dim: int,
    seed: int = 0,
    steps: int = STEPS,
    tell: Tell = lambda _done, _all: None,
    device: str | torch.device = "cpu",
) -> Classifier:
    """A classifier trained on uint8 pictures (n, 3, h, w) and labels (n,); the same for the same seed and machine."""
    chance = torch.Generator().manual_seed(seed)
    pictures = fitted(pictures, (SIDE, SIDE)).to(device)
    classifier = Classifier(c_dim, seed).to(device)
    adam = torch.optim.AdamW(classifier.parameters(), RATE, weight_decay=0.02)
    for step in range(steps):
        which = torch.randint(len(labels), (BATCH,), generator=chance)
        seen = jittered(signed(pictures[which.to(device)]), chance)
        words = classifier(seen.contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(words, labels[which].to(device), label_smoothing=0.05)
        loss.backward()  # type: ignore[no-untyped-call]
        for group in adam.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 30) * (0.01 + 0.5 * (1 + math.cos(math.pi * step / steps)))
        adam.step()
        adam.zero_grad(set_to_none=True)
        tell(step + 1, steps)
    classifier.eval()
    return classifier


def signed(pictures: Tensor) -> Tensor:
    """Uint8 to -1..1."""
    return pictures.float() / 127.5 - 1


def jittered(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """Pictures (n, 3, h, w), -1..1, each moved by up to a tenth, turned, zoomed, blurred and tinted."""
    count, device = len(pictures), pictures.device

    def pick(low: float, high: float, *more: int) -> Tensor:
        return (torch.rand(count, *more, generator=chance) * (high - low) + low).to(device)

    angle, far = pick(-0.2, 0.2), torch.exp(pick(-0.15, 0.15))
    c, s, shift = torch.cos(angle) * far, torch.sin(angle) * far, pick(-0.2, 0.2, 2)  # of a picture that is 2 wide
    theta = torch.stack([torch.stack([c, -s, shift[:, 0]], 1), torch.stack([s, c, shift[:, 1]], 1)], 1)  # (n, 2, 3)
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
    x = F.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    soft = F.avg_pool2d(F.avg_pool2d(x, 3, 1, 1, count_include_pad=False), 3, 1, 1, count_include_pad=False)
    x = torch.lerp(x, soft, (pick(-0.6, 1.0).clamp_min(0))[:, None, None, None])
    light = (x + 1) / 2
    tint = torch.matrix_exp(_turn(pick(-1.0, 1.0)))  # (n, 3, 3): hues turned about grey, by up to a radian
    light = torch.einsum("nij,njhw->nihw", tint, light)
    grey = light.mean(dim=1, keepdim=True)
    light = (
        torch.lerp(grey, light, pick(0.2, 1.2)[:, None, None, None]) * torch.exp(pick(-0.35, 0.35))[:, None, None, None]
    )
    light = light + 0.02 * torch.randn(x.shape, generator=chance).to(device)
    return light.clamp(0, 1) * 2 - 1


def _turn(angle: Tensor) -> Tensor:
    """The generator of a turn about (1, 1, 1) by each angle (n,), (n, 3, 3)."""
    across = torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]], device=angle.device) / math.sqrt(3)
    return angle[:, None, None] * across
