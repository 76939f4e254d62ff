"""Rendering backends of FastGAN: its forward with channels-last weights, fused doubling and half precision."""

from functools import partial

import torch
from torch import Tensor

from livegan.core.machine import cores, keep_memory
from livegan.networks.architectures.fastgan import FastGAN
from livegan.networks.architectures.progressive import doubling_kernel
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.device import TORCH_DEVICES, has_bf16
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.morphers import reference_morph_specs
from livegan.rendering.threads import thread_candidates, threads_for, threads_text

FUSED_FROM_PX = 32  # below, the transposed convolution is no faster than doubling and convolving
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
HALF_FROM_PX = (4, 64)  # sides from which half precision is tried, fastest first


class FastGANBackend:
    """FastGAN backend: the network's forward, doubling and convolution in one, in half precision from a side on."""

    bends = True

    def __init__(
        self, network: FastGAN, device: str, threads: int | None = None, half: str | None = None, half_from: int = 4
    ) -> None:
        """Keeps a copy of the weights. `threads` None: chosen by the number of cores.

        With `half`, the convolutions of `half_from` px and more are in that type.
        """
        with torch.device("meta"):
            self.network = FastGAN(network.shape)
        state = {key: _channels_last(tensor.to(device)) for key, tensor in network.state_dict().items()}
        self.network.load_state_dict(state, assign=True)
        self.network.clusters = network.clusters
        self.kernels: list[Tensor | None] = []
        for layer in self.network.layers:
            dtype = DTYPES[half] if half is not None and layer.side >= half_from else torch.float32
            fused = layer.up and layer.side >= FUSED_FROM_PX
            kernel = doubling_kernel(layer.weight, fused=False) if fused else None
            self.kernels.append(None if kernel is None else _channels_last(kernel.to(dtype)))
            for parameter in layer.parameters(recurse=False):
                parameter.data = _channels_last(parameter.to(dtype))
        self.device = device
        self.threads = (threads or threads_for(cores())) if device == "cpu" else 0
        if device == "cpu":
            keep_memory()
        ending = threads_text(self.threads) if device == "cpu" else "untested"
        self.text = f"{device}, {half or 'fp32'}, {ending}"
        kept = [*self.network.state_dict().values(), *(kernel for kernel in self.kernels if kernel is not None)]
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
    """Backends of a FastGAN on `device`, likely fastest first; the last is exact."""
    if device == "cpu":
        return _cpu_specs(network)
    if device not in TORCH_DEVICES:
        return []
    return [
        BackendSpec(f"{device} {half or 'fp32'}", partial(FastGANBackend, network, device, None, half), device=device)
        for half in ("fp16", None)
    ]


def _cpu_specs(network: FastGAN) -> list[BackendSpec]:
    starts = [start for start in HALF_FROM_PX if has_bf16() and start <= network.resolution[0]]
    return [
        BackendSpec(
            f"torch {name}, {threads_text(threads)}",
            partial(FastGANBackend, network, "cpu", threads, half, start),
            group=f"torch {threads}",
            threads=threads,
        )
        for name, half, start in [
            *((f"bf16 from {start} px", "bf16", start) for start in starts),
            ("fp32", None, 0),
        ]
        for threads in sorted(thread_candidates(cores()))
    ]
