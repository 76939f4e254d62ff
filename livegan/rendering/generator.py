"""Generator of every style-based network: ws from a plan, drawn by the fastest accurate backend."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module

import torch
from torch import Tensor

from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.analysis import NetworkAnalysis, analyse, recall_analysis
from livegan.networks.architectures import ARCHITECTURES, Architecture
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.cache import file_hash
from livegan.networks.info import NetworkInfo
from livegan.networks.rim import cover_rim
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import load_style_net
from livegan.rendering.autotune import UNAVAILABLE
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.backends.reference import ReferenceBackend, megabytes
from livegan.rendering.latents_to_ws import WsBuilder
from livegan.rendering.quality_steps import StepNet, step_nets
from livegan.rendering.registry import GENERATORS, OFFLINE, LoadOptions, Maker, QualityStep, no_rest
from livegan.rendering.step_backends import StepBackends, select_backends
from livegan.rendering.trial import guarded


class StyleGenerator:
    """Generator of a style-based network on one device, at full quality and at cheaper steps."""

    def __init__(
        self,
        info: NetworkInfo,
        net: StyleNet,
        specs: Sequence[BackendSpec],
        device: str = "cpu",
        options: LoadOptions = OFFLINE,
        bending_specs: Sequence[BackendSpec] = (),
    ) -> None:
        """Selects the best of `specs` whose pictures match the reference, or the remembered one; takes seconds.

        Where that one cannot bend layers, the fastest that can is made as well: of `bending_specs`, if there are any.
        """
        key = file_hash(info.weights)
        self.info, self.notice, self._device, self._devices = info, "", device, options.devices
        self._most_threads = 1 if options.backends else None
        step = QualityStep("full", net.resolution, 1.0)
        full = select_backends(step, net, specs, key, options, bending_specs)
        # on another device than the CPU the network itself stays in the memory of the CPU, to make w
        full = replace(full, network_mb=megabytes(net) if device == "cpu" else 0.0)
        self._drawn: tuple[StepBackends, ...] = (full,)  # replaced as a whole, so that another thread may
        self._ws_builder: WsBuilder | None = WsBuilder(net, info.name)
        self._prepared = False
        self._unanalysed = ""  # the key of a network that is still to be analysed
        analysis = recall_analysis(net, key) if options.live else analyse(net, key)
        if analysis is None:
            self._unanalysed = key
        else:
            self._use_analysis(net, analysis)
        self._full = full.drawn
        self.backends = tuple(drawn.selection.spec.with_one_thread for drawn in (full.drawn, full.bending))

    @property
    def reason(self) -> str:
        return self._full.reason

    @property
    def device_text(self) -> str:
        return self._full.backend.text

    @property
    def steps(self) -> tuple[QualityStep, ...]:
        return tuple(drawn.step for drawn in self._drawn)

    @property
    def megabytes(self) -> float:
        return sum(drawn.megabytes for drawn in self._drawn)

    def tune(self) -> float | None:
        """Analyse the network, then tune what draws it, and each lower step once it was drawn."""
        if self._ws_builder is None:
            return None
        if self._unanalysed:
            net = self._ws_builder.net
            self._use_analysis(net, analyse(copy.deepcopy(net), self._unanalysed))  # the net itself may be drawing
            self._unanalysed = ""
            return 0.0
        waits_s = [drawn.tune() for drawn in self._drawn]
        return min((wait_s for wait_s in waits_s if wait_s is not None), default=None)

    def _use_analysis(self, net: StyleNet, analysis: NetworkAnalysis) -> None:
        """From the next frame on; any thread."""
        net.clusters = analysis.clusters
        for drawn in self._drawn:
            drawn.bending_backend.set_clusters(analysis.clusters)
        if self._ws_builder is not None:
            self._ws_builder.directions = analysis.directions

    def prepare_steps(self, options: LoadOptions = OFFLINE) -> None:
        """Make the lower resolutions and the light sibling ready, that one first, then the cheapest."""
        if self._prepared or self._ws_builder is None:
            return
        self._prepared, net = True, self._ws_builder.net
        options = replace(options, devices=self._devices)
        try:
            for made in step_nets(self.info, net, at_once=options.live, rest=options.rest):
                try:
                    self._offer(made, net, options)
                except UNAVAILABLE as error:
                    self.notice = f"the step {made.step.text}: {error}"
        except (*UNAVAILABLE, MemoryError, OSError) as error:  # the show goes on at full quality
            self.notice = f"quality steps: {error}"

    def _offer(self, made: StepNet, net: StyleNet, options: LoadOptions) -> None:
        """Make one step ready and offer it; it takes the place of one of its name.

        The first one without rests: a show that full quality is too slow for waits for it.
        """
        if len(self._drawn) < 2:
            options = replace(options, rest=no_rest)
        specs, bending_specs = _specs(made.info, made.net, self._device, options)
        whole = self._drawn[0] if made.whole is net else None
        drawn = select_backends(made.step, made.net, specs, made.key, options, bending_specs, whole)
        if whole is not None:
            drawn.bending_backend.set_clusters(net.clusters)
        elif any(isinstance(backend, ReferenceBackend) for backend in drawn.backends):
            drawn = replace(drawn, network_mb=megabytes(made.net))
        others = [other for other in self._drawn if other.step.text != made.step.text]
        self._drawn = tuple(sorted([*others, drawn], key=lambda other: -other.step.cost))

    def threads(self, plan: FramePlan, step: int = 0) -> int:
        threads = self._at(step).backend_for(SynthesisOptions.of(plan)).threads if self._drawn else 0
        return threads if self._most_threads is None else min(threads, self._most_threads)

    def render(self, plan: FramePlan, step: int = 0) -> Tensor:
        """The picture of `plan`: uint8 (height, width, 3). Class vectors of zeros (or none) count as all alike."""
        if self._ws_builder is None:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        with torch.inference_mode():
            pixels = self._at(step).render(self._ws_builder.build(plan), SynthesisOptions.of(plan))
            return cover_rim(pixels, self.info)

    def _at(self, step: int) -> StepBackends:
        drawn = self._drawn
        return drawn[min(step, len(drawn) - 1)]

    def close(self) -> None:
        """Release the weights. Idempotent."""
        self._drawn, self._ws_builder = (), None


def _specs(
    info: NetworkInfo, net: StyleNet, device: str, options: LoadOptions
) -> tuple[list[BackendSpec], list[BackendSpec]]:
    """The backends that may draw a network, and those of them that can bend layers; NetworkError if none may."""
    if options.plain:
        plain = [BackendSpec("reference, cpu", partial(ReferenceBackend, net, checks_numbers=True))]
        return plain, plain
    architecture = ARCHITECTURES[info.kind]
    backend_specs: Callable[[StyleNet, str], list[BackendSpec]] = import_module(architecture.backends).backend_specs
    specs = [spec for name in options.devices or (device,) for spec in backend_specs(net, name)]
    if not specs:
        raise NetworkError(f"a {architecture.title} cannot be drawn by '{device}'; type: --device cpu")
    specs = [guarded(spec, info, options) for spec in specs]
    if options.backends:
        drawing, bending = options.backends
        return _named(drawing, specs, info), _named(bending, specs, info)
    return specs, [spec for spec in specs if spec.bends] or backend_specs(net, "cpu")


def _named(name: str, specs: Sequence[BackendSpec], info: NetworkInfo) -> list[BackendSpec]:
    found = [spec for spec in specs if spec.name == name]
    if not found:
        raise NetworkError(f"{info.name} cannot be drawn here by '{name}', as by the first worker")
    return found


def _maker(architecture: Architecture) -> Maker:
    def make(info: NetworkInfo, device: str, options: LoadOptions) -> StyleGenerator:
        net = load_style_net(info)
        specs, bending_specs = _specs(info, net, device, options)
        return StyleGenerator(info, net, specs, device, options, bending_specs)

    return make


for _architecture in ARCHITECTURES.values():
    GENERATORS(_architecture.name)(_maker(_architecture))
