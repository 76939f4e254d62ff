"""Rendering backend protocol: one way to draw a network. No torch at run time here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from livegan.networks.synthesis_options import SynthesisOptions

if TYPE_CHECKING:
    from torch import Tensor


class Backend(Protocol):
    """One way to draw a network, one picture at a time."""

    text: str  # for people, e.g. "cpu, bf16, 1 thread"
    megabytes: float  # what it keeps in the memory of its device

    def render(self, ws: "Tensor", controls: SynthesisOptions) -> "Tensor":
        """ws (num_ws, w_dim) float32 on the CPU to uint8 (height, width, 3), the caller's to keep."""
        ...


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """A way to draw that can be tried."""

    name: str  # e.g. "openvino bf16, 1 thread": remembered, so it must not change between runs
    make: Callable[[], Backend]  # may raise RuntimeError or ImportError: then it is passed over
    bends: bool = True  # whether it can bend layers
    group: str = ""  # ways that differ in their bits alone, quickest first: one that is proven, or too slow, ends it
