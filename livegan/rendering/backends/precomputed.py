"""Rendering backends of Progressive GAN and StyleGAN (2019): their forward with kernels that are computed once."""

from functools import partial

import torch
from torch import Tensor

from livegan.core.machine import cores, keep_memory
from livegan.networks.architectures.progressive import ProgressiveGAN
from livegan.networks.architectures.stylegan1 import StyleGAN1
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.device import TORCH_DEVICES
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.morphers import reference_morph_specs
from livegan.rendering.threads import thread_candidates, threads_for, threads_text


class PrecomputedBackend:
    """Backend of networks whose weights do not depend on w: the forward in float32, weights channels-last."""

    bends = True

    def __init__(self, network: ProgressiveGAN | StyleGAN1, device: str, threads: int | None = None) -> None:
        """Keeps a copy of the network, its kernels in place of the weights. `threads` None: chosen by the cores."""
        self.kernels = {
            name: kernel.to(device).contiguous(memory_format=_format(kernel))
            for name, kernel in network.kernels().items()
        }
        with torch.device("meta"):
            self.network = _empty(network)
        state = {
            name: tensor.to(device, copy=True)
            for name, tensor in network.synthesis.state_dict(prefix="synthesis.").items()
            if name not in self.kernels
        }
        self.network.load_state_dict(state, strict=False, assign=True)
        self.network.clusters = network.clusters
        self.device = device
        self.threads = (threads or threads_for(cores())) if device == "cpu" else 0
        if device == "cpu":
            keep_memory()
        self.text = f"{device}, fp32, {threads_text(self.threads) if device == 'cpu' else 'untested'}"
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
    """The one backend on `device`, which is exact; on a CPU with more and fewer threads."""
    if device == "cpu":
        return [
            BackendSpec(
                f"torch fp32, {threads_text(threads)}",
                partial(PrecomputedBackend, network, device, threads),
                threads=threads,
            )
            for threads in sorted(thread_candidates(cores()))
        ]
    if device not in TORCH_DEVICES:
        return []
    return [BackendSpec(f"{device} fp32", partial(PrecomputedBackend, network, device), device=device)]
