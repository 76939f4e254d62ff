"""Generator kind "morph": snapshots of one network, their weights interpolated at `plan.position` in every frame."""

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from statistics import fmean

import torch
from torch import Tensor

from livegan.core.machine import cores
from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.analysis import analyse
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.cache import file_hash, recall, remember
from livegan.networks.device import machine
from livegan.networks.info import NetworkInfo
from livegan.networks.morph_info import members_of
from livegan.networks.rim import cover_rim
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import load_style_net
from livegan.rendering.accuracy import OPTIONS, is_accurate, psnr_db, random_ws, reference_picture
from livegan.rendering.backends.protocol import Backend
from livegan.rendering.correction import rows_for
from livegan.rendering.latents_to_ws import WsBuilder
from livegan.rendering.morphers import Interpolated, Morpher, MorphSpec, megabytes
from livegan.rendering.quality_steps import StepNet, known_step_nets, lower_step_nets, plain_step_nets
from livegan.rendering.registry import GENERATORS, OFFLINE, LoadOptions, QualityStep
from livegan.rendering.threads import use_threads

STEPS = 1024  # positions between two neighbours: fewer than half a level of grey apart
PIXELS_COMPARED = 4 << 20  # drawn to check a precision; three pictures in any case
PICTURES_EACH = 2  # at most, of every snapshot and between every two, to check a precision


@dataclass(slots=True)
class _Lower:
    """Lower resolution of a morph."""

    step: QualityStep
    num_ws: int
    morpher: Morpher
    position: float = -1.0  # where it was moved to


@GENERATORS("morph")
class Morph:
    """Generator of interpolated snapshots on one device."""

    def __init__(self, info: NetworkInfo, device: str, options: LoadOptions = OFFLINE) -> None:
        """Reads all members, and finds the fastest precision that is accurate enough unless it is remembered."""
        members = members_of(info)
        self._widest = max(members, key=lambda member: member.rim)
        self.info, self.reason, self.notice, self._device = info, "", "", device
        self._lower: tuple[_Lower, ...] = ()  # replaced as a whole, so that another thread may
        self._prepared = False
        hashes = "\n".join(file_hash(member.weights) for member in members)
        key, cache_name = hashlib.sha256(hashes.encode()).hexdigest(), f"morph-{device}"
        record = recall(key, cache_name) or {}
        remembered = record.get("precision") if record.get("machine") == machine() else None
        net = load_style_net(members[0])
        self._backends = import_module(ARCHITECTURES[members[0].kind].backends)
        specs: list[MorphSpec] = self._backends.morph_specs(net, device)
        names = [spec.name for spec in specs]
        if options.backends:
            if options.backends[0] not in names:
                raise NetworkError(f"{info.name} cannot be drawn here in {options.backends[0]}, as by the first worker")
            remembered, specs = options.backends[0], specs[: names.index(options.backends[0]) + 1]
        start = names.index(remembered) if remembered in names else 0
        for spec in specs[start:]:
            compared = 0 if spec is specs[-1] else 1 if spec.name == remembered else None
            if self._build(net, members, spec, compared, options):
                break
        remember(key, cache_name, {"machine": machine(), "precision": spec.name})
        self._precision = spec.name
        if not self._morpher.shared:
            net.drop_synthesis()
        last = members[-1]
        analysis = analyse(load_style_net(last), file_hash(last.weights))
        net.clusters = analysis.clusters
        self._morpher.backend.set_clusters(analysis.clusters)
        self._ws_builder: WsBuilder | None = WsBuilder(net, info.name, analysis.directions)
        self.device_text = f"{self._morpher.backend.text}, {len(members)} networks mixed"
        mapping = [*self._mapping.targets, *self._mapping.tensors()]
        self._whole_mb = self._morpher.megabytes() + megabytes(mapping)
        self._count, self._position = len(members), -1.0
        self._index, self._share = 0, 0.0

    @property
    def steps(self) -> tuple[QualityStep, ...]:
        return QualityStep("full", self.info.resolution, 1.0), *(lower.step for lower in self._lower)

    @property
    def megabytes(self) -> float:
        return self._whole_mb + sum(lower.morpher.megabytes() for lower in self._lower)

    def prepare_steps(self, options: LoadOptions = OFFLINE) -> None:
        """Make the lower resolutions ready, in a show at once as they are, and then corrected.

        A light sibling of a snapshot is not played.
        """
        if self._prepared or self._ws_builder is None:
            return
        self._prepared, clusters, members = True, self._ws_builder.net.clusters, members_of(self.info)
        try:
            nets = [load_style_net(member) for member in members]
            known = [known_step_nets(*each, self._count) for each in zip(members, nets, strict=True)]
            corrected = [steps for steps in known if steps is not None]
            if len(corrected) < len(members):
                if options.live:
                    plain = [plain_step_nets(*each) for each in zip(members, nets, strict=True)]
                    self._lower = self._lowered(plain, clusters)
                corrected = [
                    lower_step_nets(*each, self._count, options.rest) for each in zip(members, nets, strict=True)
                ]
            self._lower = self._lowered(corrected, clusters)
        except (NetworkError, RuntimeError, ValueError, MemoryError, OSError) as error:  # the show goes on without
            self.notice = f"quality steps: {error}"

    @torch.inference_mode()
    def _lowered(self, by_member: Sequence[Sequence[StepNet]], clusters: dict[int, Tensor]) -> tuple[_Lower, ...]:
        """Lower resolutions of the morph, highest first, given those of every member. They have drawn."""
        made: list[_Lower] = []
        for step_nets in zip(*by_member, strict=True):  # one resolution of every member
            nets, step = [step_net.net for step_net in step_nets], step_nets[0].step
            morpher = self._morpher.lower(nets) or self._lower_morpher(nets)
            if morpher is None:
                continue
            morpher.move(0, 0.0)
            morpher.backend.render(random_ws(nets[0], 0), OPTIONS)
            morpher.backend.set_clusters(clusters)
            known = [(one.step.db, one.step.uncorrected_db) for one in step_nets]
            db, uncorrected_db = (None if None in each else fmean(each) for each in zip(*known, strict=True))
            made.append(_Lower(replace(step, db=db, uncorrected_db=uncorrected_db), nets[0].num_ws, morpher))
        return tuple(made)

    def _lower_morpher(self, nets: Sequence[StyleNet]) -> Morpher | None:
        """One with memory of its own, in the precision of the whole network; None if there is none."""
        specs: list[MorphSpec] = self._backends.morph_specs(copy.deepcopy(nets[0]), self._device)
        spec = next((spec for spec in specs if spec.name == self._precision), None)
        if spec is None:
            return None
        morpher = spec.make()
        for net in nets:
            morpher.add(net)
        morpher.finish()
        return morpher

    def _build(
        self,
        net: StyleNet,
        members: Sequence[NetworkInfo],
        spec: MorphSpec,
        compared: int | None,
        options: LoadOptions,
    ) -> bool:
        """Read all members; False if a picture is not accurate. `compared` is how many are, None: as many as usual."""
        height, width = net.resolution
        left = max(3, PIXELS_COMPARED // (height * width)) if compared is None else compared
        each = min(PICTURES_EACH, max(1, left // (2 * len(members) - 1)))
        before: StyleNet | None = None
        with torch.inference_mode():
            self._morpher: Morpher = spec.make()
            self._mapping = Interpolated(net.mapping_state())
            own = self._morpher.backend.threads
            self._threads = own if options.show or not own else 1 if options.backends else cores()  # a render has all
            if not options.live:
                use_threads(self._threads)
            for index, member in enumerate(members):
                snapshot = load_style_net(member) if index else net
                self._mapping.add(snapshot.mapping_state())
                self._morpher.add(snapshot)
                points = [] if before is None else [(index - 1, 0.5, _between(before, snapshot))]
                for start, share, exact in [*points, (index, 0.0, snapshot)] if left > 0 else []:
                    self._morpher.move(start, share)
                    for number in range(min(each, left)):
                        left -= 1
                        seed = 2 * start + round(2 * share) + 2 * len(members) * number
                        if not is_accurate(_psnr_db(exact, self._morpher.backend, seed)):
                            return False
                before = snapshot
            self._morpher.finish()
        return True

    @property
    def backends(self) -> tuple[str, ...]:
        """The precision."""
        return (self._precision,)

    def tune(self) -> float | None:
        """Nothing to do."""
        return None

    def threads(self, plan: FramePlan, step: int = 0) -> int:
        return self._threads if self._ws_builder is not None else 0

    def render(self, plan: FramePlan, step: int = 0) -> Tensor:
        """The picture of `plan` by the network at `plan.position`: uint8 (height, width, 3)."""
        if self._ws_builder is None:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        lower, options = self._lower, SynthesisOptions.of(plan)
        with torch.inference_mode():
            self._move(plan.position, self._ws_builder)
            ws = self._ws_builder.build(plan)
            if step <= 0 or not lower:
                return cover_rim(self._morpher.backend.render(ws, options), self._widest)
            low = lower[min(step, len(lower)) - 1]
            if low.position != self._position:
                low.morpher.move(self._index, self._share)
                low.position = self._position
            return cover_rim(low.morpher.backend.render(rows_for(ws, low.num_ws), options), self._widest)

    def _move(self, position: float, ws_builder: WsBuilder) -> None:
        """To a position along the members, limited to the first and the last."""
        position = round(min(max(position, 0.0), self._count - 1.0) * STEPS) / STEPS
        if position == self._position:
            return
        index = min(int(position), max(self._count - 2, 0))
        self._index, self._share = index, position - index
        self._mapping.move(self._index, self._share)
        self._morpher.move(self._index, self._share)
        ws_builder.weights_changed()
        self._position = position

    def close(self) -> None:
        """Release the weights. Idempotent."""
        if self._ws_builder is not None:
            del self._morpher, self._mapping
        self._lower = ()
        self._ws_builder = None


def _between(first: StyleNet, second: StyleNet) -> StyleNet:
    """The network halfway between two, in float32."""
    middle = copy.deepcopy(first)
    state = second.state_dict()
    for name, tensor in middle.state_dict().items():
        tensor.lerp_(state[name], 0.5)
    return middle


def _psnr_db(net: StyleNet, backend: Backend, seed: int) -> float:
    """PSNR of a backend's picture to that of `net` [dB]."""
    ws = random_ws(net, seed)
    return psnr_db(backend.render(ws, OPTIONS), reference_picture(net, ws))
