"""Rendering backends of FastGAN: its forward with channels-last weights and fused doubling."""

from functools import partial

import torch
from torch import Tensor

from livegan.core.machine import cores, keep_memory
from livegan.networks.architectures.fastgan import FastGAN
from livegan.networks.architectures.progressive import doubling_kernel
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.device import TORCH_DEVICES
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.morphers import reference_morph_specs
from livegan.rendering.threads import thread_candidates, threads_for, threads_text

FUSED_FROM_PX = 32  # below, the transposed convolution is no faster than doubling and convolving


class FastGANBackend:
    """FastGAN backend: the forward in float32, doubling and convolution in one."""

    bends = True

    def __init__(self, network: FastGAN, device: str, threads: int | None = None) -> None:
        """Keeps a copy of the weights. `threads` None: chosen by the number of cores."""
        with torch.device("meta"):
            self.network = FastGAN(network.shape)
        state = {key: _channels_last(tensor.to(device)) for key, tensor in network.state_dict().items()}
        self.network.load_state_dict(state, assign=True)
        self.network.clusters = network.clusters
        self.kernels = [
            _channels_last(doubling_kernel(layer.weight, fused=False))
            if layer.up and layer.side >= FUSED_FROM_PX
            else None
            for layer in self.network.layers
        ]
        self.device = device
        self.threads = (threads or threads_for(cores())) if device == "cpu" else 0
        if device == "cpu":
            keep_memory()
        self.text = f"{device}, fp32, {threads_text(self.threads) if device == 'cpu' else 'untested'}"
        kept = [*state.values(), *(kernel for kernel in self.kernels if kernel is not None)]
        self.megabytes = sum(tensor.nbytes for tensor in kept) / 2**20

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        self.network.clusters = clusters

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        picture = self.network.synthesize(ws[None].to(self.device), options, kernels=self.kernels)[0]
        return to_pixels(picture, self.network.span)


def _channels_last(tensor: Tensor) -> Tensor:
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor


morph_specs = reference_morph_specs


def backend_specs(network: FastGAN, device: str) -> list[BackendSpec]:
    """The one backend on `device`, which is exact; on a CPU with more and fewer threads."""
    if device == "cpu":
        return [
            BackendSpec(
                f"torch fp32, {threads_text(threads)}",
                partial(FastGANBackend, network, device, threads),
                threads=threads,
            )
            for threads in sorted(thread_candidates(cores()))
        ]
    if device not in TORCH_DEVICES:
        return []
    return [BackendSpec(f"{device} fp32", partial(FastGANBackend, network, device), device=device)]
