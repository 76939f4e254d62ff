"""The generator "stylegan2": a network of that kind, drawn the quickest way that still gives its picture."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.generators.info import NetworkInfo
from livegan.generators.registry import GENERATORS
from livegan.generators.stylegan2 import Network, Shape, to_pixels
from livegan.generators.stylegan2_cpu import CpuPainter, has_bf16
from livegan.generators.stylegan2_gpu import GpuPainter
from livegan.generators.weights import load_weights

CLOSE_ENOUGH_DB = 40.0  # a quick picture below this is not the network's picture
MARGIN_DB = 1.0  # asked on top at load, where only a few pictures are compared
BF16_FROM = (4, 64, 128)  # sizes from which bfloat16 is tried on a CPU, quickest first [px]


class Painter(Protocol):
    """One way to draw a network."""

    text: str

    def paint(self, z: Tensor, classes: Tensor, psi: float, noise: float) -> Tensor:
        """z (z_dim,) and classes (c_dim,) on the CPU to uint8 (side, side, 3) on the painter's device."""
        ...


class PlainPainter:
    """The reference forward in float32, on any device."""

    def __init__(self, network: Network, device: str, why: str = "reference") -> None:
        """`why` is told to people."""
        self.network = network.to(device)
        self.device = device
        self.text = f"{device}, fp32, {why}"

    def paint(self, z: Tensor, classes: Tensor, psi: float, noise: float) -> Tensor:
        """z (z_dim,) and classes (c_dim,) on the CPU to uint8 (side, side, 3) on the device."""
        return to_pixels(self.network(z[None].to(self.device), classes[None].to(self.device), psi, noise=noise)[0])


def likeness_db(one: Tensor, other: Tensor) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures [dB], at most 99 (equal)."""
    error = float((one.float().cpu() - other.float().cpu()).square().mean())
    return 99.0 if error == 0 else min(99.0, 10 * float(np.log10(255**2 / error)))


def choose_painter(network: Network, device: str) -> Painter:
    """The quickest painter for `device` whose pictures are those of the network, proved on a few latents.

    CPU: bfloat16 from 4 px up, or a larger size up, or not at all. CUDA: float16, then float32. MPS: the reference.
    """
    if device == "mps":
        return PlainPainter(network, device, "untested")
    questions = [_question(network.shape, seed) for seed in range(6 if network.shape.resolutions[-1] <= 256 else 1)]
    answers = [to_pixels(network(z[None], classes[None], noise=1.0)[0]) for z, classes in questions]
    for make in _painters(network, device):
        painter = make()
        pairs = zip(questions, answers, strict=True)
        if all(
            likeness_db(painter.paint(z, classes, 1.0, 1.0), answer) >= CLOSE_ENOUGH_DB + MARGIN_DB
            for (z, classes), answer in pairs
        ):
            return painter
    return PlainPainter(network, device, "reference (no quick way is close enough)")


def _painters(network: Network, device: str) -> list[Callable[[], Painter]]:
    """The ways to draw on `device`, quickest first."""
    if device == "cpu":
        sizes: list[int | None] = [size for size in BF16_FROM if has_bf16() and size <= network.shape.resolutions[-1]]
        return [partial(CpuPainter, network, size) for size in [*sizes, None]]
    return [partial(GpuPainter, network, device, half) for half in (True, False)]


def _question(shape: Shape, seed: int) -> tuple[Tensor, Tensor]:
    z = np.random.default_rng([seed, shape.z_dim]).standard_normal(shape.z_dim, np.float32)
    classes = torch.zeros(shape.c_dim)
    if shape.c_dim:
        classes[seed * 5 % shape.c_dim] = 1.0
    return torch.from_numpy(z), classes


@GENERATORS("stylegan2")
class StyleGAN2:
    """A StyleGAN2 network made ready on one device."""

    def __init__(self, info: NetworkInfo, device: str) -> None:
        """Reads and checks the weights, and draws two pictures to choose how; `device` is "cpu", "cuda" or "mps"."""
        shape = Shape.of(info)
        network = Network(shape)
        weights = load_weights(info, {key: tensor.shape for key, tensor in network.state_dict().items()})
        network.load_state_dict(weights)
        self.info = info
        self.shape = shape
        with torch.inference_mode():
            self._painter: Painter | None = choose_painter(network, device)
        self.device_text = self._painter.text

    def render(self, plan: FramePlan) -> Tensor:
        """The picture of `plan`: uint8 (side, side, 3). Class vectors of zeros (or none) count as all classes alike."""
        if self._painter is None:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        z = np.ascontiguousarray(plan.z, np.float32)
        classes = (
            np.ascontiguousarray(plan.classes, np.float32)
            if len(plan.classes)
            else np.zeros(self.shape.c_dim, np.float32)
        )
        if z.shape != (self.shape.z_dim,) or classes.shape != (self.shape.c_dim,):
            raise NetworkError(
                f"{self.info.name} wants {self.shape.z_dim} latents and {self.shape.c_dim} classes, "
                f"the plan has {plan.z.shape} and {plan.classes.shape}"
            )
        if not classes.any():
            classes = np.ones(self.shape.c_dim, np.float32)
        with torch.inference_mode():
            return self._painter.paint(
                torch.from_numpy(z), torch.from_numpy(classes), float(plan.truncation), float(plan.noise)
            )

    def close(self) -> None:
        """Let go of the weights; twice is fine."""
        self._painter = None
