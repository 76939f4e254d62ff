"""Rendering backends of StyleGAN3: the list to choose from, and the reference forward on any device."""

from functools import partial

import torch
from torch import Tensor

from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.architectures.stylegan3 import StyleGAN3
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.backends.stylegan3_cpu import CpuBackend


class ReferenceBackend:
    """The forward above as it stands, on any device."""

    def __init__(self, network: StyleGAN3, device: str, half: bool) -> None:
        """With `half`, the layers of the four highest octaves are drawn in float16 (2106.12423, appendix D)."""
        with torch.device("meta"):
            self.network = StyleGAN3(network.shape)
        state = {key: tensor.to(device) for key, tensor in network.state_dict().items()}
        self.network.load_state_dict(state, assign=True)
        self.network.clusters = network.clusters
        self.half_from = network.resolution[0] // 8 if half else None
        self.device = device
        self.text = f"{device}, {'fp16' if half else 'fp32'}" + ("" if device == "cpu" else ", untested")
        self.megabytes = sum(tensor.nbytes for tensor in state.values()) / 2**20

    @property
    def clusters(self) -> dict[int, Tensor]:
        """Per convolution, (channels,): groups of like channels, for bends."""
        return self.network.clusters

    @clusters.setter
    def clusters(self, clusters: dict[int, Tensor]) -> None:
        self.network.clusters = clusters

    def render(self, ws: Tensor, controls: SynthesisOptions) -> Tensor:
        """ws (num_ws, w_dim) float32 on the CPU to uint8 (side, side, 3) on the device."""
        picture = self.network.synthesize(ws[None].to(self.device), controls, self.half_from)[0]
        return to_pixels(picture, self.network.span)


def backend_specs(network: StyleGAN3, device: str) -> list[BackendSpec]:
    """How `network` can be drawn on `device`, the quickest guess first, the last one exact."""
    if device == "cpu":
        return [BackendSpec("torch fp32", partial(CpuBackend, network))]
    kinds = {"fp16": True, "fp32": False}
    return [
        BackendSpec(f"torch {kind}", partial(ReferenceBackend, network, device, half)) for kind, half in kinds.items()
    ]
