"""Rendering backends of StyleGAN3: the list to choose from, and the reference forward on any device."""

from functools import partial

import torch
from torch import Tensor

from livegan.core.machine import cores
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.architectures.stylegan3 import StyleGAN3
from livegan.networks.device import TORCH_DEVICES
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.backends.stylegan3_cpu import StyleGAN3CpuBackend
from livegan.rendering.morphers import MorphSpec, WeightMorpher, reference_morph_specs
from livegan.rendering.threads import thread_candidates, threads_text


class StyleGAN3Backend:
    """StyleGAN3 backend: the network's own forward on any device, half precision optional."""

    bends = True
    threads = 0

    def __init__(self, network: StyleGAN3, device: str, half: bool) -> None:
        """With `half`, the layers of the four highest octaves are drawn in float16 (2106.12423, appendix D)."""
        with torch.device("meta"):
            self.network = StyleGAN3(network.shape)
        state = {key: tensor.to(device) for key, tensor in network.state_dict().items()}
        self.network.load_state_dict(state, assign=True)
        self.network.clusters = network.clusters
        self.half_from = network.shape.rates[-1] // 8 if half else None
        self.device = device
        self.text = f"{device}, {'fp16' if half else 'fp32'}" + ("" if device == "cpu" else ", untested")
        self.megabytes = sum(tensor.nbytes for tensor in state.values()) / 2**20

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        self.network.clusters = clusters

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        picture = self.network.synthesize(ws[None].to(self.device), options, self.half_from)[0]
        return to_pixels(picture, self.network.span)


def morph_specs(net: StyleGAN3, device: str) -> list[MorphSpec]:
    """Morphers of a StyleGAN3 on `device`, fastest first; the last is float32."""
    if device == "cpu":
        return reference_morph_specs(net, device)
    if device != "cuda":
        return [MorphSpec("fp32", partial(_morpher, net, device, half=False))]
    return [
        MorphSpec("fp16", partial(_morpher, net, device, half=True)),
        MorphSpec("fp32", partial(_morpher, net, device, half=False)),
    ]


def _morpher(net: StyleGAN3, device: str, half: bool) -> WeightMorpher:
    backend = StyleGAN3Backend(net, device, half)
    return WeightMorpher(backend, backend.network)


def backend_specs(network: StyleGAN3, device: str) -> list[BackendSpec]:
    """Backends of a StyleGAN3 on `device`, likely fastest first; the last one is exact."""
    if device == "cpu":
        return [
            BackendSpec(
                f"torch fp32, {threads_text(threads)}", partial(StyleGAN3CpuBackend, network, threads), threads=threads
            )
            for threads in sorted(thread_candidates(cores()))
        ]
    if device not in TORCH_DEVICES:
        return []
    return [
        BackendSpec(f"{device} fp16", partial(StyleGAN3Backend, network, device, half=True), device=device),
        BackendSpec(f"{device} fp32", partial(StyleGAN3Backend, network, device, half=False), device=device),
    ]
