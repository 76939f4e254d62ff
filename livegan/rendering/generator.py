"""The generator of every style-based network: a plan becomes rows of w, drawn the quickest way that is still exact."""

from importlib import import_module

import torch
from torch import Tensor

from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.analysis import analyse
from livegan.networks.architectures import ARCHITECTURES, Architecture
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.cache import file_hash
from livegan.networks.info import NetworkInfo
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import load_style_net
from livegan.rendering.autotune import ReferenceImages, select_backend
from livegan.rendering.backends.protocol import Backend, BackendSpec
from livegan.rendering.backends.reference import ReferenceBackend, megabytes
from livegan.rendering.latents_to_ws import WsBuilder
from livegan.rendering.registry import GENERATORS, Maker


class StyleGenerator:
    """A style-based network made ready on one device."""

    def __init__(self, info: NetworkInfo, net: StyleNet, specs: list[BackendSpec], device: str = "cpu") -> None:
        """The quickest of `specs` whose pictures are the network's is chosen, or remembered; this takes a while.

        Where that one cannot bend layers, the quickest that can is made as well.
        """
        key = file_hash(info.weights)
        self.info = info
        found = analyse(net, key)
        _tell(net, found.clusters)
        with torch.inference_mode():
            references = ReferenceImages(net)
            chosen = select_backend(net, specs, key, references=references)
            self._painter: Backend | None = chosen.backend
            self._bender: Backend | None = chosen.backend
            if not getattr(chosen.backend, "bends", True):
                self._bender = select_backend(
                    net, [spec for spec in specs if spec.bends], key, references=references
                ).backend
        _tell(self._bender, found.clusters)
        self.reason = chosen.reason
        self.device_text = chosen.backend.text
        self._rows: WsBuilder | None = WsBuilder(net, info.name, found.directions)
        backends = [chosen.backend] if self._bender is chosen.backend else [chosen.backend, self._bender]
        own = megabytes(net) if device == "cpu" else 0.0  # elsewhere the network itself stays on the CPU, for w
        apart = [p.megabytes for p in backends if device != "cpu" or not isinstance(p, ReferenceBackend)]
        self.megabytes = own + sum(apart)

    def render(self, plan: FramePlan) -> Tensor:
        """The picture of `plan`: uint8 (height, width, 3). Class vectors of zeros (or none) count as all alike."""
        if self._painter is None or self._bender is None or self._rows is None:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        with torch.inference_mode():
            ws, controls = self._rows.of(plan), SynthesisOptions.of(plan)
            return (self._bender if controls.bends else self._painter).render(ws, controls)

    def close(self) -> None:
        """Let go of the weights; twice is fine."""
        self._painter = self._bender = self._rows = None


def _tell(able: StyleNet | Backend, clusters: dict[int, Tensor]) -> None:
    """Say which channels of each convolution are alike, for bends that act on some of them."""
    if hasattr(able, "clusters"):
        able.clusters = clusters


def _maker(architecture: Architecture) -> Maker:
    def make(info: NetworkInfo, device: str) -> StyleGenerator:
        net = load_style_net(info)
        return StyleGenerator(info, net, import_module(architecture.backends).backend_specs(net, device), device)

    return make


for _architecture in ARCHITECTURES.values():
    GENERATORS(_architecture.name)(_maker(_architecture))
