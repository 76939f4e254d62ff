"""The generator of every style-based network: a plan becomes rows of w, drawn the quickest way that is still exact."""

import copy
import importlib.util
from functools import partial

import torch
from torch import Tensor, nn

from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.generators import stylegan2
from livegan.generators.cache import file_hash
from livegan.generators.controls import Controls
from livegan.generators.info import NetworkInfo
from livegan.generators.onednn import cores, has_bf16
from livegan.generators.race import Proof, choose
from livegan.generators.registry import GENERATORS
from livegan.generators.rows import Rows
from livegan.generators.study import study
from livegan.generators.style import Painter, StyleNet, Way
from livegan.generators.stylegan2 import Network, to_pixels
from livegan.generators.stylegan2_cpu import CpuPainter, threads_for
from livegan.generators.stylegan2_gpu import GpuPainter

BF16_FROM = (4, 32, 64, 128)  # heights from which bfloat16 is tried on a CPU, quickest first [px]


class PlainPainter:
    """The reference forward in float32, on any device, for any network."""

    bends = True

    def __init__(self, net: StyleNet, device: str = "cpu", why: str = "reference") -> None:
        """`why` is told to people. On another device than the CPU it keeps a copy; `net` stays where it is."""
        self.net = net
        if device != "cpu":
            assert isinstance(net, nn.Module)
            self.net = copy.deepcopy(net).to(device)
        self.device = device
        self.text = f"{device}, fp32, {why}"
        self.megabytes = megabytes(net)

    def paint(self, ws: Tensor, controls: Controls) -> Tensor:
        """ws (num_ws, w_dim) on the CPU to uint8 (height, width, 3) on the device."""
        return to_pixels(self.net.synthesize(ws[None].to(self.device), controls)[0], self.net.span)


def megabytes(net: StyleNet) -> float:
    """What the tensors of a network take [MB = 2**20 bytes]."""
    assert isinstance(net, nn.Module)
    count = sum(tensor.numel() * tensor.element_size() for tensor in net.state_dict().values())
    return float(count) / 2**20


class StyleGenerator:
    """A style-based network made ready on one device."""

    def __init__(self, info: NetworkInfo, net: StyleNet, ways: list[Way], device: str = "cpu") -> None:
        """The quickest of `ways` whose pictures are the network's is chosen, or remembered; this takes a while.

        Where that one cannot bend layers, the quickest that can is made as well.
        """
        key = file_hash(info.weights)
        self.info = info
        found = study(net, key)
        _tell(net, found.clusters)
        with torch.inference_mode():
            proof = Proof(net)
            chosen = choose(net, ways, key, proof=proof)
            self._painter: Painter | None = chosen.painter
            self._bender: Painter | None = chosen.painter
            if not getattr(chosen.painter, "bends", True):
                self._bender = choose(net, [way for way in ways if way.bends], key, proof=proof).painter
        _tell(self._bender, found.clusters)
        self.reason = chosen.reason
        self.device_text = chosen.painter.text
        self._rows: Rows | None = Rows(net, info.name, found.directions)
        painters = [chosen.painter] if self._bender is chosen.painter else [chosen.painter, self._bender]
        own = megabytes(net) if device == "cpu" else 0.0  # elsewhere the network itself stays on the CPU, for w
        apart = [p.megabytes for p in painters if device != "cpu" or not isinstance(p, PlainPainter)]
        self.megabytes = own + sum(apart)

    def render(self, plan: FramePlan) -> Tensor:
        """The picture of `plan`: uint8 (height, width, 3). Class vectors of zeros (or none) count as all alike."""
        if self._painter is None or self._bender is None or self._rows is None:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        with torch.inference_mode():
            ws, controls = self._rows.of(plan), Controls.of(plan)
            return (self._bender if controls.bends else self._painter).paint(ws, controls)

    def close(self) -> None:
        """Let go of the weights; twice is fine."""
        self._painter = self._bender = self._rows = None


def _tell(able: StyleNet | Painter, clusters: dict[int, Tensor]) -> None:
    """Say which channels of each convolution are alike, for bends that act on some of them."""
    if hasattr(able, "clusters"):
        able.clusters = clusters


def ways(net: Network, device: str) -> list[Way]:
    """The ways to draw a StyleGAN2 on `device`, the likely quickest first; the last is the reference."""
    plain = Way(f"reference, {device}", partial(PlainPainter, net, device))
    if device == "mps":
        return [Way(plain.name, partial(PlainPainter, net, device, "untested"))]
    if device == "cuda":
        halves = [("fp16", True), ("fp32", False)]
        return [*(Way(f"cuda {name}", partial(GpuPainter, net, device, half)) for name, half in halves), plain]
    found = list(_openvino_ways(net)) if importlib.util.find_spec("openvino") else []
    starts = [start for start in BF16_FROM if has_bf16() and start <= net.resolution[0]]
    found += [Way(f"torch bf16 from {start} px", partial(CpuPainter, net, start), family="torch") for start in starts]
    return [*found, Way("torch fp32", partial(CpuPainter, net), family="torch"), plain]


def _openvino_ways(net: Network) -> list[Way]:
    from livegan.generators.stylegan2_openvino import OpenVinoPainter  # late: it brings openvino

    threads = sorted({1, threads_for(cores())}, reverse=True)
    kinds = [("bf16", "bf16", BF16_FROM[0])]
    kinds += [(f"bf16 from {start} px", "bf16", start) for start in BF16_FROM[1:] if start <= net.resolution[0]]
    return [
        Way(name, partial(OpenVinoPainter, net, word, count, start), bends=False, family=f"openvino {count}")
        for kind, word, start in [*kinds, ("f32", "f32", 0)]
        for count in threads
        for name in [f"openvino {kind}, {count} thread{'s' * (count > 1)}"]
    ]


@GENERATORS("stylegan2")
def _stylegan2(info: NetworkInfo, device: str) -> StyleGenerator:
    net = stylegan2.open_network(info)
    return StyleGenerator(info, net, ways(net, device), device)


@GENERATORS("stylegan3")
def _stylegan3(info: NetworkInfo, device: str) -> StyleGenerator:
    from livegan.generators import stylegan3

    net = stylegan3.open_network(info)
    return StyleGenerator(info, net, stylegan3.ways(net, device), device)


@GENERATORS("lightweight")
def _lightweight(info: NetworkInfo, device: str) -> StyleGenerator:
    from livegan.generators import lightweight

    net = lightweight.open_network(info)
    return StyleGenerator(info, net, lightweight.ways(net, device), device)
