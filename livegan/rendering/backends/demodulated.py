"""Rendering backends of networks whose demodulation takes squared weights that are computed once."""

import copy
from functools import partial

import torch
from torch import Tensor

from livegan.core.machine import cores, keep_memory
from livegan.networks.architectures.lightweight import LightweightStyleGAN2
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.architectures.stylegan_t import StyleGANT
from livegan.networks.device import TORCH_DEVICES
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.morphers import reference_morph_specs
from livegan.rendering.threads import thread_candidates, threads_for, threads_text

Powered = LightweightStyleGAN2 | StyleGANT
"""Networks whose `synthesize` takes the squared weights of its demodulation, computed before: their `powers`."""


class DemodulatedBackend:
    """Backend: the network's forward in float32 with channels-last weights and precomputed squared weights."""

    bends = True

    def __init__(self, network: Powered, device: str, threads: int | None = None) -> None:
        """Keeps a copy of the weights. `threads` None: chosen by the number of cores."""
        self.network = copy.deepcopy(network).to(device)
        for parameter in self.network.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self.network.clusters = network.clusters
        self.powers = self.network.powers
        self.device = device
        self.threads = (threads or threads_for(cores())) if device == "cpu" else 0
        if device == "cpu":
            keep_memory()
        self.text = f"{device}, fp32, {threads_text(self.threads) if device == 'cpu' else 'untested'}"
        tensors = (*self.network.state_dict().values(), *self.powers)
        self.megabytes = sum(tensor.nbytes for tensor in tensors) / 2**20

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        self.network.clusters = clusters

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        picture = self.network.synthesize(ws[None].to(self.device), options, powers=self.powers)[0]
        return to_pixels(picture, self.network.span)


morph_specs = reference_morph_specs


def backend_specs(network: Powered, device: str) -> list[BackendSpec]:
    """The one backend on `device`, which is exact; on a CPU with more and fewer threads."""
    if device == "cpu":
        return [
            BackendSpec(
                f"torch fp32, {threads_text(threads)}",
                partial(DemodulatedBackend, network, device, threads),
                threads=threads,
            )
            for threads in sorted(thread_candidates(cores()))
        ]
    if device not in TORCH_DEVICES:
        return []
    return [BackendSpec(f"{device} fp32", partial(DemodulatedBackend, network, device), device=device)]
