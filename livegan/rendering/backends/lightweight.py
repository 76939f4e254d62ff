"""Rendering backends of the lightweight StyleGAN2: its forward with precomputed constants."""

from functools import partial

import torch
from torch import Tensor

from livegan.core.machine import cores, keep_memory
from livegan.networks.architectures.lightweight import LightweightStyleGAN2
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.backends.stylegan2_cpu import threads_for


class ReferenceBackend:
    """The forward above, with the weights in the order that a processor reads them and all constants worked out."""

    def __init__(self, network: LightweightStyleGAN2, device: str) -> None:
        """Keeps a copy of the weights, channels last."""
        with torch.device("meta"):
            self.network = LightweightStyleGAN2(network.shape)
        last = torch.channels_last
        state = {
            key: tensor.to(device).contiguous(memory_format=last) if tensor.ndim == 4 else tensor.to(device)
            for key, tensor in network.state_dict().items()
        }
        self.network.load_state_dict(state, assign=True)
        self.network.clusters = network.clusters
        self.powers = self.network.powers
        self.device = device
        self.threads = threads_for(cores()) if device == "cpu" else 0
        if self.threads:
            keep_memory()
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        self.text = f"{device}, fp32, {threads if self.threads else 'untested'}"
        self.megabytes = sum(tensor.nbytes for tensor in (*state.values(), *self.powers)) / 2**20

    @property
    def clusters(self) -> dict[int, Tensor]:
        """Per convolution, (channels,): groups of like channels, for bends."""
        return self.network.clusters

    @clusters.setter
    def clusters(self, clusters: dict[int, Tensor]) -> None:
        self.network.clusters = clusters

    def render(self, ws: Tensor, controls: SynthesisOptions) -> Tensor:
        """ws (num_ws, w_dim) float32 on the CPU to uint8 (side, side, 3) on the device."""
        if self.threads and torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)
        picture = self.network.synthesize(ws[None].to(self.device), controls, powers=self.powers)[0]
        return to_pixels(picture, self.network.span)


def backend_specs(network: LightweightStyleGAN2, device: str) -> list[BackendSpec]:
    """How `network` can be drawn on `device`: exactly."""
    return [BackendSpec("torch fp32", partial(ReferenceBackend, network, device))]
