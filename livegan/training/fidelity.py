"""Fidelity of a network to its teacher: PSNR for the same latents, diversity, and classes that are still recognised.

    PSNR        10 log10(255^2 / e), e the mean squared difference of all pictures as they are shown [dB]
    diversity   of the pictures of a class (`image_stats`), relative to the teacher's, mean over the classes
    classes     share of its pictures that a classifier trained on the teacher's (`classify`) takes for their class

Pictures of fewer lines are enlarged bilinearly, as the window does. Nothing is truncated; the teacher's noise is off.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.progress import ProgressCallback, progress_bar
from livegan.errors import TrainingError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.library import find_network, open_network
from livegan.training.classify import SIDE, Classifier, learn
from livegan.training.distance import generate_images, resized
from livegan.training.image_stats import diversity
from livegan.training.narrow import operations

SAMPLES = 256
MAX_BYTES = 2.5e8  # of the teacher's pictures that are kept; fewer samples where they are larger
LEARNT_PER_CLASS = 60  # pictures that the classifier is trained on
MAX_LEARNT = 1500
MOST_CLASSES = 64  # above that no classifier is trained
STEPS = 400  # of the classifier
SEED = 0x7EAC
PSNR = "PSNR against the teacher [dB]"

MessageCallback = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FidelityResult:
    """Figures of a network beside its teacher."""

    samples: int
    psnr: float  # [dB]
    diversity: float  # relative to the teacher's
    classes: float | None  # share that is recognised, 0..1; None: not measured, or there are none
    teacher_classes: float | None  # the same of the teacher's own pictures
    gigaflops: float
    teacher_gigaflops: float

    def numbers(self) -> dict[str, float]:
        """The figures by name, for logs and model cards."""
        figures = {
            PSNR: self.psnr,
            "diversity beside the teacher": self.diversity,
            "classes recognised": self.classes,
            "classes recognised of the teacher": self.teacher_classes,
            "GFLOP a picture": self.gigaflops,
            "GFLOP a picture of the teacher": self.teacher_gigaflops,
        }
        return {name: value for name, value in figures.items() if value is not None}

    def table(self, name: str, teacher: str) -> str:
        """Lines for people."""
        lines = [f"{name} beside {teacher}: {self.samples} pictures of the same latents", ""]
        lines.append(f"PSNR        {self.psnr:.2f} dB")
        lines.append(f"diversity   {self.diversity:.1%} of the teacher's")
        if self.classes is not None:
            lines.append(f"classes     {self.classes:.1%} recognised; of the teacher's own {self.teacher_classes:.1%}")
        share = self.gigaflops / self.teacher_gigaflops
        lines.append(f"operations  {self.gigaflops:.2f} GFLOP a picture, {share:.2f} of {self.teacher_gigaflops:.2f}")
        return "\n".join(lines)


class Fidelity:
    """Teacher's pictures of fixed latents, with which those of a network in training are compared."""

    def __init__(self, teacher: StyleGAN2, samples: int | None = None, seed: int = SEED) -> None:
        height, width = teacher.resolution
        self.teacher = teacher
        self.samples = max(2, min(samples or SAMPLES, int(MAX_BYTES / (3 * height * width))))
        self.z, self.labels, self.classes = _latents(teacher, self.samples, seed)
        self.pictures = _draw(teacher, self.z, self.classes)
        self._classifier: Classifier | None = None

    def __call__(self, network: StyleNet) -> Mapping[str, float]:
        """PSNR and diversity by name, for snapshots."""
        assert isinstance(network, StyleGAN2)
        return self.of(network, classify=False).numbers()

    def of(self, network: StyleGAN2, classify: bool = True) -> FidelityResult:
        """Compare `network`; with `classify` a classifier is trained on the teacher's pictures first, in minutes.

        How far that is a bar on standard error shows; without it there is none, as a run shows its own.
        """
        with progress_bar("drawing", self.samples, "pictures") if classify else nullcontext(_unseen) as done:
            made = _draw(network, self.z, self.classes, progress=done)
        squares = 0.0
        for part, whole in zip(torch.split(made, 8), torch.split(self.pictures, 8), strict=True):
            squares += float((_enlarged(part, self.teacher.resolution) - whole.float()).square().sum())
        error = squares / self.pictures.numel()
        c_dim, right, own = self.teacher.c_dim, None, None
        if classify and 2 <= c_dim <= MOST_CLASSES:
            classifier = self._learnt()
            right = float((classifier.predict(made) == self.labels).float().mean())
            own = float((classifier.predict(self.pictures) == self.labels).float().mean())
        return FidelityResult(
            samples=self.samples,
            psnr=10 * math.log10(255**2 / max(error, 1e-9)),
            diversity=_diversity(made, self.labels) / max(_diversity(self.pictures, self.labels), 1e-6),
            classes=right,
            teacher_classes=own,
            gigaflops=operations(network.shape) / 1e9,
            teacher_gigaflops=operations(self.teacher.shape) / 1e9,
        )

    def _learnt(self) -> Classifier:
        """A classifier trained on other pictures of the teacher."""
        if self._classifier is None:
            c_dim = self.teacher.c_dim
            z, labels, classes = _latents(self.teacher, min(MAX_LEARNT, LEARNT_PER_CLASS * c_dim), SEED + 1)
            with progress_bar("drawing with its teacher", len(z), "pictures") as done:
                pictures = _draw(self.teacher, z, classes, (SIDE, SIDE), done)
            with progress_bar("teaching a classifier", STEPS, "steps") as done:
                self._classifier = learn(pictures, labels, c_dim, steps=STEPS, progress=done)
        return self._classifier


def compare(
    name: str, against: str, samples: int | None = None, notify: MessageCallback = lambda _: None
) -> FidelityResult:
    """Measure a network beside another of the same latents and classes; both by name or file."""
    network, teacher = _open(name), _open(against)
    ours, theirs = ((net.z_dim, net.c_dim) for net in (network, teacher))
    if ours != theirs:
        raise TrainingError(
            f"{name} takes {ours[0]} latents and {ours[1]} classes, {against} takes {theirs[0]} and {theirs[1]}; "
            "compare networks of the same latents"
        )
    notify(f"drawing with {against}")
    fidelity = Fidelity(teacher, samples)
    notify(f"drawing with {name}, and teaching a classifier")
    return fidelity.of(network)


def _open(name: str) -> StyleGAN2:
    info = find_network(name)
    network = open_network(info) if info.kind == "stylegan2" else None
    if not isinstance(network, StyleGAN2):
        raise TrainingError(f"{name}: is a {info.kind}; a light network and its teacher are of kind stylegan2")
    return network


def _latents(network: StyleGAN2, count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """z (n, z_dim), labels (n,) in turn, and their classes (n, c_dim)."""
    z = torch.randn(count, network.z_dim, generator=torch.Generator().manual_seed(seed))
    labels = torch.arange(count) % max(network.c_dim, 1)
    return z, labels, torch.eye(network.c_dim)[labels] if network.c_dim else torch.zeros(count, 0)


def _unseen(_: int) -> None:
    """Progress that nobody is shown."""


def _draw(
    network: StyleGAN2,
    z: Tensor,
    classes: Tensor,
    size: tuple[int, int] | None = None,
    progress: ProgressCallback = _unseen,
) -> Tensor:
    """Pictures uint8 (n, 3, h, w) on the CPU, without noise; `progress` is called with how many are drawn."""
    strengths = [(layer, layer.noise_strength.detach().clone()) for layer in network.synthesis.layers()]
    try:
        for layer, _ in strengths:
            layer.noise_strength.detach().zero_()
        parts, drawn = [], 0
        for part in generate_images(network, z, classes):
            parts.append(part.cpu() if size is None else resized(part.cpu(), size))
            drawn += len(part)
            progress(drawn)
        return torch.cat(parts)
    finally:
        for layer, strength in strengths:
            layer.noise_strength.detach().copy_(strength)


def _enlarged(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """uint8 (n, 3, h, w) to float of `size`."""
    if tuple(pictures.shape[2:]) == size:
        return pictures.float()
    return F.interpolate(pictures.float(), size, mode="bilinear", align_corners=False)


def _diversity(pictures: Tensor, labels: Tensor) -> float:
    small = resized(pictures, (SIDE, SIDE))
    rows = [diversity(small[labels == label]) for label in torch.unique(labels)]
    return sum(rows) / len(rows)
