"""Morphers of StyleGAN2: the precomputed constants of the CPU backend are interpolated instead of the weights.

Most of what the backend precomputes is linear in the weights, so it can be interpolated in place and in the backend's
own precision. Only the power of the weights is not: with a and b those of two neighbours,
|(1 - t) a + t b|^2 = (1 - t)^2 |a|^2 + 2 t (1 - t) a.b + t^2 |b|^2, and the three sums are precomputed.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.rendering.backends.stylegan2_cpu import StyleGAN2CpuBackend
from livegan.rendering.backends.stylegan2_cuda import StyleGAN2CudaBackend
from livegan.rendering.morphers import Interpolated, MorphSpec, WeightMorpher, megabytes


class StyleGAN2CpuMorpher:
    """Morpher of StyleGAN2 on a CPU: interpolates the constants of a `StyleGAN2CpuBackend`."""

    shared = False

    def __init__(self, net: StyleGAN2, bf16_from: int | None = None, threads: int | None = None) -> None:
        """`net` only gives the shape."""
        self.bf16_from = bf16_from
        self.backend = StyleGAN2CpuBackend(net, bf16_from, threads, loose=True)
        self._constants = Interpolated(self.backend.constants())
        self._powers: list[list[Tensor]] = []  # |a|^2 of each snapshot
        self._products: list[list[Tensor]] = []  # a.b of each snapshot and the next
        self._last: list[Tensor] = []

    def add(self, net: StyleNet) -> None:
        assert isinstance(net, StyleGAN2)
        self._constants.add(StyleGAN2CpuBackend(net, self.bf16_from, self.backend.threads, loose=True).constants())
        weights: list[Tensor] = [layer.weight for layer in net.synthesis.layers()]
        self._powers.append([weight.square().sum(dim=(2, 3)) for weight in weights])
        if self._last:
            pairs = zip(self._last, weights, strict=True)
            self._products.append([(before * weight).sum(dim=(2, 3)) for before, weight in pairs])
        self._last = weights

    def finish(self) -> None:
        self._last = []

    def move(self, index: int, share: float) -> None:
        self._constants.move(index, share)
        self.backend.constants_changed()
        if share == 0:
            for target, power in zip(self.backend.powers(), self._powers[index], strict=True):
                target.copy_(power)
            return
        parts = (self._powers[index], self._products[index], self._powers[index + 1])
        for target, start, product, end in zip(self.backend.powers(), *parts, strict=True):
            torch.mul(start, (1 - share) ** 2, out=target)
            target.add_(product, alpha=2 * share * (1 - share)).add_(end, alpha=share**2)

    def lower(self, nets: Sequence[StyleNet]) -> "StyleGAN2LowerMorpher":
        return StyleGAN2LowerMorpher(self.backend, nets)

    def megabytes(self) -> float:
        powers = [tensor for tensors in (*self._powers, *self._products) for tensor in tensors]
        return self.backend.megabytes + megabytes([*self._constants.tensors(), *powers])


class StyleGAN2LowerMorpher:
    """Morpher of a lower resolution: only its last ToRGB is interpolated, the rest is that of the whole network."""

    shared = False

    def __init__(self, whole: StyleGAN2CpuBackend, nets: Sequence[StyleNet]) -> None:
        """`nets`: that lower network of each snapshot."""
        self._whole = whole
        self.backend = whole.lower(nets[0])
        self._colours = Interpolated(self.backend.colours())
        for net in nets:
            self.add(net)

    def add(self, net: StyleNet) -> None:
        self._colours.add(self._whole.lower(net).colours())

    def finish(self) -> None:
        pass

    def move(self, index: int, share: float) -> None:
        self._colours.move(index, share)
        self.backend.constants_changed()

    def lower(self, nets: Sequence[StyleNet]) -> None:
        return None

    def megabytes(self) -> float:
        return self.backend.megabytes + megabytes(self._colours.tensors())


def cpu_morph_specs(net: StyleGAN2, bf16_starts: list[int]) -> list[MorphSpec]:
    """Morphers on the CPU: bfloat16 from each of these heights, then float32."""
    specs = [MorphSpec(f"bf16 from {start} px", partial(StyleGAN2CpuMorpher, net, start)) for start in bf16_starts]
    return [*specs, MorphSpec("fp32", partial(StyleGAN2CpuMorpher, net))]


def cuda_morph_specs(net: StyleGAN2) -> list[MorphSpec]:
    """Morphers on a GPU: half precision, then float32."""
    return [
        MorphSpec("fp16", partial(cuda_morpher, net, "cuda", half=True)),
        MorphSpec("fp32", partial(cuda_morpher, net, "cuda", half=False)),
    ]


def cuda_morpher(net: StyleGAN2, device: str, half: bool) -> WeightMorpher:
    """The weights of a CUDA backend are interpolated."""
    backend = StyleGAN2CudaBackend(net, device, half)
    return WeightMorpher(backend, backend.synthesis, prefix="synthesis.", changed=backend.weights_changed)
