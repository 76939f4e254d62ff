"""Rendering backends of Progressive GAN and StyleGAN (2019): their forward with kernels that are computed once."""

from functools import partial

import torch
from torch import Tensor

from livegan.core.machine import cores, keep_memory
from livegan.networks.architectures.progressive import ProgressiveGAN
from livegan.networks.architectures.stylegan1 import StyleGAN1
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.device import TORCH_DEVICES, has_bf16
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.morphers import reference_morph_specs
from livegan.rendering.threads import thread_candidates, threads_for, threads_text

LOW_FROM = (32, 64, 128)  # sides from which half precision is tried, fastest first [px]

_NAMES = {torch.bfloat16: "bf16", torch.float16: "fp16"}


class PrecomputedBackend:
    """Backend of networks whose weights do not depend on w: channels-last, float32 or half precision per level."""

    bends = True

    def __init__(
        self,
        network: ProgressiveGAN | StyleGAN1,
        device: str,
        threads: int | None = None,
        low: torch.dtype = torch.float32,
        low_from: int = 0,
    ) -> None:
        """Keeps a copy of the network, its kernels in place of the weights. `threads` None: chosen by the cores.

        Layers of `low_from` px and more are computed in `low`.
        """
        dtypes = {
            f"{name}.{part}": low if layer.side >= low_from else torch.float32
            for name, layer in network.layers.items()
            for part in ("weight", "bias", "noise_strength", "noise_const", "const")
        }
        self.kernels = {
            name: kernel.to(device, dtypes.get(name, torch.float32)).contiguous(memory_format=_format(kernel))
            for name, kernel in network.kernels().items()
        }
        with torch.device("meta"):
            self.network = _empty(network)
        state = {
            name: tensor.to(device, dtypes.get(name, torch.float32), copy=True)
            for name, tensor in network.synthesis.state_dict(prefix="synthesis.").items()
            if name not in self.kernels
        }
        self.network.load_state_dict(state, strict=False, assign=True)
        self.network.clusters = network.clusters
        self.device = device
        self.threads = (threads or threads_for(cores())) if device == "cpu" else 0
        if device == "cpu":
            keep_memory()
        precision = "fp32" if low == torch.float32 else f"{_NAMES[low]} from {low_from} px"
        self.text = f"{device}, {precision}, {threads_text(self.threads) if device == 'cpu' else 'untested'}"
        self.megabytes = sum(tensor.nbytes for tensor in (*state.values(), *self.kernels.values())) / 2**20

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        self.network.clusters = clusters

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        picture = self.network.synthesize(ws[None].to(self.device), options, self.kernels)[0]
        return to_pixels(picture, self.network.span)


def _empty(network: ProgressiveGAN | StyleGAN1) -> ProgressiveGAN | StyleGAN1:
    return ProgressiveGAN(network.shape) if isinstance(network, ProgressiveGAN) else StyleGAN1(network.shape)


def _format(kernel: Tensor) -> torch.memory_format:
    return torch.channels_last if kernel.ndim == 4 else torch.contiguous_format


morph_specs = reference_morph_specs


def backend_specs(network: ProgressiveGAN | StyleGAN1, device: str) -> list[BackendSpec]:
    """Backends on `device`, likely fastest first; the last is exact. On a CPU with fewer and more threads."""
    starts = [start for start in LOW_FROM if start <= network.resolution[0]]
    if device == "cpu":
        ways = [(f"torch bf16 from {start} px", torch.bfloat16, start) for start in starts if has_bf16()]
        return [
            BackendSpec(
                f"{way}, {threads_text(threads)}",
                partial(PrecomputedBackend, network, device, threads, low, start),
                group=f"torch {threads}",
                threads=threads,
            )
            for way, low, start in (*ways, ("torch fp32", torch.float32, 0))
            for threads in sorted(thread_candidates(cores()))
        ]
    if device not in TORCH_DEVICES:
        return []
    ways = [(f"{device} fp16 from {start} px", torch.float16, start) for start in starts[:1]]
    return [
        BackendSpec(way, partial(PrecomputedBackend, network, device, None, low, start), group=device, device=device)
        for way, low, start in (*ways, (f"{device} fp32", torch.float32, 0))
    ]
