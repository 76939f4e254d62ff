"""Weights between the snapshots of a network, fast enough to move with the music.

Most of what a painter works out beforehand follows the weights linearly, so it can be mixed instead of them, in place
and in the painter's own precision. Only the power of the weights is not linear: with a and b those of two neighbours,
|(1 - t) a + t b|^2 = (1 - t)^2 |a|^2 + 2 t (1 - t) a.b + t^2 |b|^2, and the three sums are worked out once.
"""

import copy
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.analysis import NetworkAnalysis, analyse
from livegan.networks.architectures import lightweight, stylegan3
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import StyleGAN2, to_pixels
from livegan.networks.cache import file_hash, recall, remember
from livegan.networks.device import has_bf16, machine
from livegan.networks.info import NetworkInfo
from livegan.networks.morph_info import members_of
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import load_style_net
from livegan.rendering.autotune import close, psnr_db
from livegan.rendering.backends.protocol import Backend
from livegan.rendering.backends.reference import ReferenceBackend
from livegan.rendering.backends.stylegan2 import BF16_FROM
from livegan.rendering.backends.stylegan2_cpu import CpuBackend
from livegan.rendering.backends.stylegan2_cuda import CudaBackend
from livegan.rendering.backends.stylegan3 import ReferenceBackend as StyleGAN3Backend
from livegan.rendering.latents_to_ws import WsBuilder
from livegan.rendering.registry import GENERATORS

STEPS = 1024  # places between two neighbours: fewer than half a level of grey apart
PROVED = 4 << 20  # pixels that are drawn to prove a precision, but three pictures in any case
EACH = 2  # pictures at most of every snapshot, and between every two, to prove it
DRAWN = SynthesisOptions()


class Mixed:
    """Tensors that are kept once per snapshot, and mixed in place."""

    def __init__(self, targets: Iterable[Tensor]) -> None:
        """`targets` are overwritten by `move`."""
        self.targets = list(targets)
        self.snapshots: list[list[Tensor]] = []

    def add(self, tensors: Iterable[Tensor]) -> None:
        """Those of the next snapshot, in the order of the targets; a copy is kept, as the targets are."""
        pairs = zip(tensors, self.targets, strict=True)
        self.snapshots.append([torch.empty_like(target).copy_(tensor) for tensor, target in pairs])

    def move(self, index: int, share: float) -> None:
        """So near to the one after `index`: 0 it is that snapshot, 1 the next."""
        start = self.snapshots[index]
        if share == 0:
            for target, tensor in zip(self.targets, start, strict=True):
                target.copy_(tensor)
            return
        for target, tensor, other in zip(self.targets, start, self.snapshots[index + 1], strict=True):
            torch.lerp(tensor, other, share, out=target)

    def tensors(self) -> Iterator[Tensor]:
        """All it keeps, the targets not."""
        for snapshot in self.snapshots:
            yield from snapshot


class Morpher(Protocol):
    """A painter whose network can be moved along its snapshots."""

    @property
    def backend(self) -> Backend:
        """What draws."""
        ...

    def add(self, net: StyleNet) -> None:
        """The next snapshot."""
        ...

    def finish(self) -> None:
        """No more snapshots will come."""
        ...

    def move(self, index: int, share: float) -> None:
        """So near to the snapshot after `index`."""
        ...

    def megabytes(self) -> float:
        """What the snapshots and the painter take [MB = 2**20 bytes]."""
        ...


class CpuMorpher:
    """StyleGAN2 on a CPU: the constants of a `CpuBackend` are mixed."""

    def __init__(self, net: StyleGAN2, bf16_from: int | None, threads: int | None = None) -> None:
        """`net` only gives the shape."""
        self.bf16_from = bf16_from
        self.backend = CpuBackend(net, bf16_from, threads, loose=True)
        self._mixed = Mixed(self.backend.constants())
        self._powers: list[list[Tensor]] = []  # of each snapshot
        self._products: list[list[Tensor]] = []  # of each and the next
        self._last: list[Tensor] = []

    def add(self, net: StyleNet) -> None:
        """The next snapshot; `net` itself is not kept, but for the weights of the very last."""
        assert isinstance(net, StyleGAN2)
        self._mixed.add(CpuBackend(net, self.bf16_from, self.backend.threads, loose=True).constants())
        weights: list[Tensor] = [layer.weight for layer in net.synthesis.layers()]
        self._powers.append([weight.square().sum(dim=(2, 3)) for weight in weights])
        if self._last:
            pairs = zip(self._last, weights, strict=True)
            self._products.append([(one * other).sum(dim=(2, 3)) for one, other in pairs])
        self._last = weights

    def finish(self) -> None:
        """No more snapshots will come."""
        self._last = []

    def move(self, index: int, share: float) -> None:
        """So near to the snapshot after `index`."""
        self._mixed.move(index, share)
        self.backend.rescan_devices()
        if share == 0:
            for target, power in zip(self.backend.powers(), self._powers[index], strict=True):
                target.copy_(power)
            return
        parts = (self._powers[index], self._products[index], self._powers[index + 1])
        for target, start, product, end in zip(self.backend.powers(), *parts, strict=True):
            torch.mul(start, (1 - share) ** 2, out=target)
            target.add_(product, alpha=2 * share * (1 - share)).add_(end, alpha=share**2)

    def megabytes(self) -> float:
        """What the snapshots and the painter take [MB = 2**20 bytes]."""
        powers = [tensor for tensors in (*self._powers, *self._products) for tensor in tensors]
        return self.backend.megabytes + _megabytes([*self._mixed.tensors(), *powers])


class PlainMorpher:
    """Any network on any device: the parameters themselves are mixed, in the network or painter that is drawn."""

    def __init__(self, net: StyleNet, device: str, half: bool) -> None:
        """`net` gives the shape; on the CPU it is what is drawn, so it changes."""
        self._start: CudaBackend | None = None
        self.backend: Backend
        if device == "cuda" and isinstance(net, StyleGAN2):
            self.backend = self._start = CudaBackend(net, device, half)
            self._drawn: nn.Module = self._start.synthesis
        elif device != "cpu" and isinstance(net, stylegan3.StyleGAN3):
            self.backend = found = StyleGAN3Backend(net, device, half)
            self._drawn = found.network
        else:
            self.backend = plain = ReferenceBackend(net, device)
            self._drawn = plain.net
        self._part = "synthesis." if self._start else ""
        self._names = list(self._drawn.state_dict())
        self._mixed = Mixed(self._drawn.state_dict().values())

    def add(self, net: StyleNet) -> None:
        """The next snapshot."""
        state = net.state_dict()
        self._mixed.add(state[self._part + name] for name in self._names)

    def finish(self) -> None:
        """No more snapshots will come."""

    def move(self, index: int, share: float) -> None:
        """So near to the snapshot after `index`."""
        self._mixed.move(index, share)
        if self._start:
            self._start.start.copy_(self._start.synthesis.block(0).start()[None])

    def megabytes(self) -> float:
        """What the snapshots and the painter take [MB = 2**20 bytes]."""
        return self.backend.megabytes + _megabytes(self._mixed.tensors())


def _megabytes(tensors: Iterable[Tensor]) -> float:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors) / 2**20


@GENERATORS("morph")
class Morph:
    """Snapshots of a network made ready on one device."""

    def __init__(self, info: NetworkInfo, device: str) -> None:
        """Reads all members, and proves the precision in which they are drawn unless it is remembered."""
        members = members_of(info)
        self.info = info
        hashes = "\n".join(file_hash(member.weights) for member in members)
        key = hashlib.sha256(hashes.encode()).hexdigest()
        kinds = _precisions(members[0], device)
        known = recall(key, f"morph-{device}") or {}
        remembered = known.get("machine") == machine() and "precision" in known
        found = known["precision"] if remembered else kinds[0]
        first = kinds.index(found) if found in kinds else 0
        for precision in kinds[first:]:
            references = 0 if precision == kinds[-1] else 1 if remembered and precision == found else None
            if self._build(members, device, precision, references):
                break
        remember(key, f"morph-{device}", {"machine": machine(), "precision": precision})
        last = load_style_net(members[-1])
        self._tell(analyse(last, file_hash(members[-1].weights)), info.name)

    def _build(
        self, members: Sequence[NetworkInfo], device: str, precision: int | None, references: int | None
    ) -> bool:
        """Read all members; False if a picture is not that of the network it belongs to. `references` None: many."""
        height, width = members[0].resolution
        left = max(3, PROVED // (height * width)) if references is None else references
        each = min(EACH, max(1, left // (2 * len(members) - 1)))
        before: StyleNet | None = None
        with torch.inference_mode():
            for index, member in enumerate(members):
                net = load_style_net(member)
                if before is None:
                    self._begin(net, device, precision)
                self._mapping.add(_mapping_of(net))
                self._morpher.add(net)
                points = [] if before is None else [(index - 1, 0.5, _between(before, net))]
                for at, share, wanted in [*points, (index, 0.0, net)] if left > 0 else []:
                    self._morpher.move(at, share)
                    for seed in range(min(each, left)):
                        left -= 1
                        place = 2 * at + round(2 * share)
                        if not close(_likeness(wanted, self._morpher.backend, seed=place + 2 * len(members) * seed)):
                            return False
                before = net
            self._morpher.finish()
            if not self._drawn_itself:
                self._net.get_submodule("synthesis").to("meta")  # only its mapping is needed
        self._count, self._at = len(members), -1.0
        return True

    def _begin(self, net: StyleNet, device: str, precision: int | None) -> None:
        fast = isinstance(net, StyleGAN2) and device == "cpu"
        self._drawn_itself = not fast and (device == "cpu" or not isinstance(net, StyleGAN2 | stylegan3.StyleGAN3))
        self._net = net
        if isinstance(net, lightweight.LightweightStyleGAN2):
            net._average = net.w_avg.clone()
        self._mapping = Mixed(_mapping_of(net))
        if fast and isinstance(net, StyleGAN2):
            self._morpher: Morpher = CpuMorpher(net, precision)
        else:
            self._morpher = PlainMorpher(net, device, half=precision is not None)

    def _tell(self, found: NetworkAnalysis, name: str) -> None:
        backend = self._morpher.backend
        for able in (self._net, backend, getattr(backend, "net", None), getattr(backend, "network", None)):
            if able is not None and hasattr(able, "clusters"):
                able.clusters = found.clusters
        self._rows: WsBuilder | None = WsBuilder(self._net, name, found.directions)
        self.device_text = f"{backend.text}, {self._count} networks mixed"
        self.megabytes = self._morpher.megabytes() + _megabytes([*self._mapping.targets, *self._mapping.tensors()])

    def render(self, plan: FramePlan) -> Tensor:
        """The picture of `plan` by the network at `plan.position`: uint8 (height, width, 3)."""
        if self._rows is None:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        with torch.inference_mode():
            self._move(plan.position)
            return self._morpher.backend.render(self._rows.of(plan), SynthesisOptions.of(plan))

    def _move(self, position: float) -> None:
        """To a place along the members; before the first it is the first, behind the last the last."""
        at = round(min(max(position, 0.0), self._count - 1.0) * STEPS) / STEPS
        if at == self._at or self._rows is None:
            return
        index = min(int(at), max(self._count - 2, 0))
        self._mapping.move(index, at - index)
        self._morpher.move(index, at - index)
        self._rows.forget()
        self._at = at

    def close(self) -> None:
        """Let go of the weights; twice is fine."""
        if self._rows is not None:
            del self._morpher, self._mapping, self._net
        self._rows = None


def _precisions(info: NetworkInfo, device: str) -> list[int | None]:
    """What is tried, quickest first: half precision from levels of so many px up; None: float32, which always does."""
    if info.kind == "stylegan2" and device == "cpu":
        return [*(start for start in BF16_FROM if has_bf16() and start <= info.resolution[0]), None]
    return [0, None] if device == "cuda" and info.kind in ("stylegan2", "stylegan3") else [None]


def _mapping_of(net: StyleNet) -> list[Tensor]:
    """What makes w, and the average w."""
    found = [tensor for name, tensor in net.state_dict().items() if not name.startswith(("synthesis.", "G."))]
    return [*found, net.w_avg] if isinstance(net, lightweight.LightweightStyleGAN2) else found


def _between(one: StyleNet, other: StyleNet) -> StyleNet:
    """The network half way, in float32."""
    found = copy.deepcopy(one)
    state = other.state_dict()
    for name, tensor in found.state_dict().items():
        tensor.lerp_(state[name], 0.5)
    return found


def _likeness(net: StyleNet, backend: Backend, seed: int) -> float:
    """Of the painter's picture of one w to the network's [dB]."""
    chance = np.random.default_rng([seed, net.z_dim])
    classes = torch.zeros(1, net.c_dim)
    if net.c_dim:
        classes[0, chance.integers(net.c_dim)] = 1.0
    w = net.map(torch.from_numpy(chance.standard_normal((1, net.z_dim), np.float32)), classes)
    ws = w.expand(net.num_ws, -1).contiguous()
    return psnr_db(backend.render(ws, DRAWN), to_pixels(net.synthesize(ws[None], DRAWN)[0], net.span))
