"""Small image classifier: does a generator draw the class it is asked for?

Trained on the data itself in a minute or two, on pictures of 64 px with random geometry, blur, brightness and tint, so
that it judges form rather than hue or place; its accuracy on held-out data says how far to trust it.
"""

import math
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.progress import ProgressCallback
from livegan.motifs.draw import NAMES
from livegan.training.distance import resized
from livegan.training.pairs import Pairs, draw_motif, pair_latents

SIDE = 64  # of the pictures it classifies [px]
CHANNELS = (24, 48, 96, 128)
BATCH = 48
STEPS = 500
RATE = 4e-3  # the highest learning rate
DRAW_BATCH = 16  # motifs drawn at a time


class LabelledImages(Protocol):
    """Pictures with class labels: `prefetch.TensorDataset`, `Motifs`."""

    @property
    def size(self) -> tuple[int, int]:
        """Height, width [px]."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; may be empty."""
        ...

    @property
    def c_dim(self) -> int:
        """Number of classes; 0: none."""
        ...

    def __len__(self) -> int: ...

    def label(self, i: int, /) -> int:
        """The class of a picture; -1: none."""
        ...

    def batch(self, indices: list[int], /) -> tuple[Tensor, Tensor]:
        """Pictures (n, 3, h, w) uint8 and classes (n, c_dim) float32."""
        ...


class Motifs:
    """Motifs in their three layouts as labelled pictures: `each` of every class, drawn on demand."""

    classes: tuple[str, ...] = NAMES
    c_dim = len(NAMES)

    def __init__(self, size: tuple[int, int], each: int, seed: int, pairs: Pairs | None = None) -> None:
        """Of `size` (height, width), with the latents of `Pairs`. Pictures of `pairs` are read instead of drawn."""
        self.size, self.pairs = size, pairs
        self.each = pairs.each if pairs else each
        self.latents = pairs.z if pairs else pair_latents(each, seed)

    def __len__(self) -> int:
        return len(NAMES) * self.each

    def label(self, i: int) -> int:
        """The class of picture `i`."""
        return i // self.each

    def z(self, indices: list[int]) -> Tensor:
        """The latents of these pictures, (n, Z_DIM)."""
        return self.latents.flatten(0, 1)[indices]

    def batch(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        """Pictures (n, 3, h, w) uint8 and classes (n, 12) float32."""
        labels = torch.tensor([self.label(index) for index in indices])
        if self.pairs is not None:
            stored = self.pairs.pictures[labels.numpy(), [index % self.each for index in indices]]
            return resized(torch.from_numpy(stored), self.size), torch.eye(len(NAMES))[labels]
        pictures = torch.empty(len(indices), 3, *self.size, dtype=torch.uint8)
        for name in set(labels.tolist()):
            places = (labels == name).nonzero().flatten()
            for part in places.split(DRAW_BATCH):
                pictures[part] = draw_motif(name, self.z([indices[place] for place in part.tolist()]), self.size)
        return pictures, torch.eye(len(NAMES))[labels]

    def smaller(self, side: int) -> "Motifs":
        """The same pictures with that shorter side [px]."""
        height, width = (round(length * side / min(self.size)) for length in self.size)
        small = Motifs((height, width), self.each, 0, self.pairs)
        small.latents = self.latents
        return small


class Classifier(nn.Module):
    """Convolutional classifier: pictures (n, 3, SIDE, SIDE), -1..1, to logits (n, c_dim)."""

    def __init__(self, c_dim: int, seed: int = 0) -> None:
        """Four convolutions with a stride of two, a mean over the picture, a linear layer."""
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
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
                    normal = torch.randn(parameter.shape, generator=generator)
                    parameter.copy_(normal * math.sqrt(2 / parameter[0].numel()))
            self.out.bias.zero_()

    def forward(self, pictures: Tensor) -> Tensor:
        """Mean and max pooling over the picture, then a linear layer."""
        x = self.body(pictures)
        logits: Tensor = self.out(torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1))
        return logits

    @torch.inference_mode()
    def predict(self, pictures: Tensor) -> Tensor:
        """The class of each of the uint8 pictures (n, 3, h, w), (n,) on the CPU."""
        self.eval()
        device = self.out.weight.device
        parts = [
            self(to_signed(resized(part.to(device), (SIDE, SIDE)))).argmax(dim=1).cpu()
            for part in torch.split(pictures, 64)
        ]
        return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.int64)


def accuracy(classifier: Classifier, pictures: Tensor, labels: Tensor) -> float:
    """The share of the uint8 pictures (n, 3, h, w) that are classified correctly, 0..1."""
    return float((classifier.predict(pictures) == labels.cpu()).float().mean())


def learn(
    pictures: Tensor,
    labels: Tensor,
    c_dim: int,
    seed: int = 0,
    steps: int = STEPS,
    device: str | torch.device = "cpu",
    progress: ProgressCallback = lambda _: None,
) -> Classifier:
    """A classifier trained on uint8 pictures (n, 3, h, w) and labels (n,); the same for the same seed and machine.

    `progress` is called with how many steps are done.
    """
    generator = torch.Generator().manual_seed(seed)
    pictures = resized(pictures, (SIDE, SIDE)).to(device)
    classifier = Classifier(c_dim, seed).to(device)
    adam = torch.optim.AdamW(classifier.parameters(), RATE, weight_decay=0.02)
    for step in range(steps):
        indices = torch.randint(len(labels), (BATCH,), generator=generator)
        batch = jittered(to_signed(pictures[indices.to(device)]), generator)
        logits = classifier(batch.contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits, labels[indices].to(device), label_smoothing=0.05)
        loss.backward()  # type: ignore[no-untyped-call]
        for group in adam.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 30) * (0.01 + 0.5 * (1 + math.cos(math.pi * step / steps)))
        adam.step()
        adam.zero_grad(set_to_none=True)
        progress(step + 1)
    classifier.eval()
    return classifier


def to_signed(pictures: Tensor) -> Tensor:
    """Scale uint8 to -1..1."""
    return pictures.float() / 127.5 - 1


def jittered(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures (n, 3, h, w), -1..1, with random shift, rotation, zoom, blur, tint and noise."""
    count, device = len(pictures), pictures.device

    def pick(low: float, high: float, *more: int) -> Tensor:
        return (torch.rand(count, *more, generator=generator) * (high - low) + low).to(device)

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
    light = light + 0.02 * torch.randn(x.shape, generator=generator).to(device)
    return light.clamp(0, 1) * 2 - 1


def _turn(angle: Tensor) -> Tensor:
    """The generator of a turn about (1, 1, 1) by each angle (n,), (n, 3, 3)."""
    across = torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]], device=angle.device) / math.sqrt(3)
    return angle[:, None, None] * across
