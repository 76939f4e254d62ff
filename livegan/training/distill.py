"""Distillation: a narrow StyleGAN2 learns to draw what another network, its teacher, draws from the same w.

Knowledge distillation (Hinton et al. 2015, 1503.02531) of a generator, as in MobileStyleGAN (Belousov 2021, 2104.04767)
and Content-Aware GAN Compression (Liu et al. 2021, 2104.02244): the mapping network is the teacher's and stays as it
is, the synthesis network begins with the teacher's channels that matter most (`narrow`), and is trained by regression
on the teacher's pictures, drawn without noise. There is no discriminator, as every picture has an exact target.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.errors import TrainingError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.training.generator import plain_taps, synthesize
from livegan.training.narrow import KEPT_LINES, narrow
from livegan.training.regression import Regression, pyramid_loss
from livegan.training.settings import Settings

KEPT_PICTURES = 2048  # of the teacher's last pictures, in memory
MAX_BYTES = 1e9  # of them
GROUP = 4  # pictures that are always drawn together: beside others one has other rounding errors
REUSE = 3  # how often a picture is learnt from on average, so that the teacher need not draw more than a third
MIXED_CLASSES = 0.3  # share of pictures between two or three classes
TRUNCATED = 0.2  # share of pictures nearer to the average w
MIXED_STYLES = 0.1  # share of pictures whose coarse and fine rows of w have different latents
START_SEED = 0x51AB  # of the pictures that the channels are chosen on
START_PICTURES = 48


class Latents:
    """Random w of a teacher as shows use them, each by its number: the same for the same seed and number."""

    def __init__(self, teacher: StyleNet, seed: int, mixed_styles: float = MIXED_STYLES, between: float = 0.0) -> None:
        """`between`: share of them that lie between two w, as those of a show that goes from one to the other."""
        self.teacher, self.seed = teacher, seed
        self._mixed_styles, self._between = mixed_styles, between

    def __call__(self, numbers: list[int]) -> Tensor:
        """ws (n, num_ws, w_dim) of these numbers."""
        net = self.teacher
        rng = [np.random.default_rng([self.seed, number]) for number in numbers]
        z = torch.from_numpy(np.stack([each.standard_normal((2, net.z_dim), np.float32) for each in rng]))
        classes = torch.from_numpy(np.stack([_classes(each, net.c_dim) for each in rng]))
        psi = [each.uniform(0.3, 1.0) if each.random() < TRUNCATED else 1.0 for each in rng]
        share = self._mixed_styles if net.num_ws > 1 else 0.0  # a single row has nothing to be mixed with
        mixed = [each.random() < share for each in rng]
        rows = [int(each.integers(1, net.num_ws)) if mix else net.num_ws for each, mix in zip(rng, mixed, strict=True)]
        own = torch.arange(net.num_ws)[None, :, None] < torch.tensor(rows)[:, None, None]  # (n, num_ws, 1)
        near = torch.tensor(psi, dtype=torch.float32)[:, None, None]
        device = net.w_avg.device
        with torch.no_grad():
            w = net.map(z.flatten(0, 1).to(device), classes.repeat_interleave(2, 0).to(device)).view(-1, 2, net.w_dim)
            w = net.w_avg + near.to(device) * (w - net.w_avg)  # (n, 2, w_dim)
            ws: Tensor = torch.where(own.to(device), w[:, :1], w[:, 1:])
            if self._between:
                way = [each.random() if each.random() < self._between else 0.0 for each in rng]
                ws = torch.lerp(ws, w[:, 1:], torch.tensor(way, dtype=torch.float32, device=device)[:, None, None])
        return ws


def _classes(rng: np.random.Generator, c_dim: int) -> np.ndarray:
    """One class, or a mixture of two or three, (c_dim,)."""
    weights = np.zeros(c_dim, np.float32)
    if c_dim:
        count = rng.integers(2, 4) if c_dim > 1 and rng.random() < MIXED_CLASSES else 1
        chosen = rng.choice(c_dim, min(count, c_dim), replace=False)
        weights[chosen] = rng.dirichlet(np.ones(len(chosen)))
    return weights


class KeptPictures(ABC):
    """Pictures by number, drawn when they are asked for; the last ones are kept in memory."""

    def __init__(self, latents: Latents, colours: int, size: tuple[int, int], most: int) -> None:
        """Of `size` (height, width) [px]; at most `most` are kept."""
        self.latents, self.size = latents, size
        self.capacity = max(128, min(most, int(MAX_BYTES / (colours * size[0] * size[1]))))
        self._kept: dict[int, Tensor] = {}  # by number: uint8 (colours, h, w)

    @abstractmethod
    def draw(self, ws: Tensor) -> Tensor:
        """Pictures uint8 (n, colours, h, w) of ws."""

    def pictures(self, numbers: list[int]) -> tuple[Tensor, Tensor]:
        """ws (n, num_ws, w_dim) and pictures (n, colours, h, w), -1..1, of these numbers."""
        for group in sorted({number // GROUP for number in numbers if number not in self._kept}):
            members = list(range(GROUP * group, GROUP * (group + 1)))
            self._kept.update(zip(members, self.draw(self.latents(members)), strict=True))
        pictures = torch.stack([self._kept[number] for number in numbers])
        while len(self._kept) > self.capacity:
            del self._kept[min(self._kept)]
        return self.latents(numbers), pictures.float().div_(127.5).sub_(1)


class Teacher(KeptPictures):
    """The teacher's pictures."""

    def __init__(self, network: StyleGAN2, seed: int, size: tuple[int, int], dtype: torch.dtype) -> None:
        """Pictures are reduced to `size` (height, width) [px]."""
        super().__init__(Latents(network, seed), network.colours, size, KEPT_PICTURES)
        self.network, self.dtype = network, dtype
        if is_plain(network.shape):
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def draw(self, ws: Tensor) -> Tensor:
        net = self.network
        if is_plain(net.shape):
            pictures = synthesize(net, ws, self.dtype)
        else:
            off = SynthesisOptions(noise=(0.0, 0.0, 0.0))
            pictures = torch.cat([net.synthesize(row[None], off) for row in ws])
        factor = net.resolution[0] // self.size[0]
        pictures = pictures.clamp(-1, 1)
        pictures = F.avg_pool2d(pictures, factor) if factor > 1 else pictures
        return ((pictures + 1) * 127.5 + 0.5).to(torch.uint8)


def batch_numbers(settings: Settings, shown: int, capacity: int, reuse: int = REUSE) -> list[int]:
    """Numbers of the pictures of the step after `shown` pictures: new ones, and some of the last `capacity`.

    Each is learnt from `reuse` times on average.
    """
    batch = settings.batch
    fresh = max(1, batch // reuse)
    known = 0 if not shown else batch + (shown // batch - 1) * fresh
    if not known:
        return list(range(batch))
    rng = np.random.default_rng([settings.seed, 1, shown])
    first = max(0, known - capacity + batch)
    old = rng.integers(first, known, batch - fresh)
    return [*range(known, known + fresh), *old.tolist()]


def is_plain(shape: StyleGAN2Shape) -> bool:
    """Whether the fast forward pass of `generator` draws networks of that shape."""
    return shape.architecture == "skip" and plain_taps(shape.taps)


class DistillTrainer(Regression):
    """Trainer of a narrow network on its teacher's pictures."""

    average: StyleGAN2

    def __init__(self, settings: Settings, teacher: StyleGAN2, shape: StyleGAN2Shape) -> None:
        """The network in training has that `shape`: the teacher's z, w and classes."""
        size = shape.resolutions[-1]
        self.teacher = Teacher(teacher, settings.seed, size, settings.dtype)
        ws = Latents(teacher, START_SEED)(list(range(START_PICTURES)))
        student = narrow(teacher, shape, ws)
        student.mapping.requires_grad_(False)
        kept = sum(height <= KEPT_LINES for height, _ in shape.resolutions)
        super().__init__(settings, student, muon_from=kept)

    def step(self) -> dict[str, float]:
        """Train on one batch; the loss and the learning rate's factor."""
        ws, target = self.teacher.pictures(batch_numbers(self.settings, self.shown, self.teacher.capacity))
        ws = ws[:, : self.network.num_ws]
        picture = synthesize(self.network, ws, self.dtype)
        loss = pyramid_loss(picture, target)
        rate = self.descend(loss, len(target))
        return {"loss": float(loss.detach()), "rate": rate}

    def restore(self, state: dict[str, Any]) -> None:
        """As `Regression.restore`; TrainingError if the mapping network is not the teacher's."""
        own, saved = self.network.state_dict(), dict(state.get("network", {}))
        names = [name for name in own if name.startswith("mapping.") and name in saved]
        if any(
            saved[name].shape != own[name].shape or not torch.equal(saved[name].to(own[name]), own[name])
            for name in names
        ):
            raise TrainingError("the run was begun with another teacher; give --distill the network it was begun with")
        super().restore(state)

    def close(self) -> None:
        """Nothing to release."""
