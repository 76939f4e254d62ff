"""Generator of every style-based network: ws from a plan, drawn by the fastest accurate backend."""

from collections.abc import Callable, Sequence
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
from livegan.rendering.accuracy import ReferenceImages
from livegan.rendering.autotune import select_backend
from livegan.rendering.backends.protocol import Backend, BackendSpec
from livegan.rendering.backends.reference import megabytes
from livegan.rendering.latents_to_ws import WsBuilder
from livegan.rendering.registry import GENERATORS, OFFLINE, LoadOptions, Maker, SingleStep
from livegan.rendering.trial import guarded


class StyleGenerator(SingleStep):
    """Generator of a style-based network on one device."""

    def __init__(
        self,
        info: NetworkInfo,
        net: StyleNet,
        specs: Sequence[BackendSpec],
        device: str = "cpu",
        options: LoadOptions = OFFLINE,
        bending_specs: Sequence[BackendSpec] = (),
    ) -> None:
        """Selects the fastest of `specs` whose pictures match the reference, or the remembered one; takes seconds.

        Where that one cannot bend layers, the fastest that can is made as well: of `bending_specs`, if there are any.
        """
        key = file_hash(info.weights)
        self.info = info
        analysis = analyse(net, key)
        net.clusters = analysis.clusters
        with torch.inference_mode():
            references = ReferenceImages(net)
            selection = select_backend(net, specs, key, references=references, options=options)
            backend = bending_backend = selection.backend
            if not backend.bends:
                bending_specs = [spec for spec in bending_specs or specs if spec.bends]
                bending_backend = select_backend(
                    net, bending_specs, key, references=references, options=options
                ).backend
        bending_backend.set_clusters(analysis.clusters)
        self._backends: tuple[Backend, Backend] | None = backend, bending_backend
        self._ws_builder: WsBuilder | None = WsBuilder(net, info.name, analysis.directions)
        self.reason = selection.reason
        self.device_text = backend.text
        self.megabytes = backend.megabytes
        if bending_backend is not backend:
            self.megabytes += bending_backend.megabytes
        if device == "cpu":  # elsewhere the network itself stays in the memory of the CPU, to make w
            self.megabytes += megabytes(net)

    def threads(self, plan: FramePlan, step: int = 0) -> int:
        return self._backend(SynthesisOptions.of(plan)).threads if self._backends else 0

    def render(self, plan: FramePlan, step: int = 0) -> Tensor:
        """The picture of `plan`: uint8 (height, width, 3). Class vectors of zeros (or none) count as all alike."""
        if self._ws_builder is None:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        options = SynthesisOptions.of(plan)
        with torch.inference_mode():
            return self._backend(options).render(self._ws_builder.build(plan), options)

    def _backend(self, options: SynthesisOptions) -> Backend:
        assert self._backends is not None
        backend, bending_backend = self._backends
        return bending_backend if options.bends else backend

    def close(self) -> None:
        """Release the weights. Idempotent."""
        self._backends = self._ws_builder = None


def _maker(architecture: Architecture) -> Maker:
    def make(info: NetworkInfo, device: str, options: LoadOptions) -> StyleGenerator:
        net = load_style_net(info)
        backend_specs: Callable[[StyleNet, str], list[BackendSpec]] = import_module(architecture.backends).backend_specs
        specs = [spec for name in options.devices or (device,) for spec in backend_specs(net, name)]
        if not specs:
            raise NetworkError(f"a {architecture.title} cannot be drawn by '{device}'; type: --device cpu")
        specs = [guarded(spec, info, options) for spec in specs]
        bending_specs = [spec for spec in specs if spec.bends] or backend_specs(net, "cpu")
        return StyleGenerator(info, net, specs, device, options, bending_specs)

    return make


for _architecture in ARCHITECTURES.values():
    GENERATORS(_architecture.name)(_maker(_architecture))
