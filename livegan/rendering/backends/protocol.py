"""Rendering backend protocol: one implementation of a network's forward. No torch at run time here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.threads import threads_text

if TYPE_CHECKING:
    from torch import Tensor

    from livegan.networks.architectures.protocol import StyleNet


class Backend(Protocol):
    """Rendering backend: draws a network, one picture at a time."""

    @property
    def text(self) -> str:
        """For people, e.g. "cpu, bf16, 1 thread"."""
        ...

    @property
    def megabytes(self) -> float:
        """Memory of its device that it holds besides the network it was made from [MB = 2**20 bytes]."""
        ...

    @property
    def bends(self) -> bool:
        """Whether it can bend layers."""
        ...

    @property
    def threads(self) -> int:
        """CPU threads torch should use while it draws, 0: any number; set by the caller of `render`."""
        ...

    def set_clusters(self, clusters: "dict[int, Tensor]") -> None:
        """Set the clusters of like channels per convolution, each (channels,) of 1..4, for bends of one cluster."""
        ...

    def render(self, ws: "Tensor", options: SynthesisOptions) -> "Tensor":
        """ws (num_ws, w_dim) float32 on the CPU to uint8 (height, width, 3) on the device, the caller's to keep."""
        ...


@runtime_checkable
class SharingBackend(Protocol):
    """Backend that can draw at lower resolutions too, in the memory that it holds anyway."""

    def lower(self, net: "StyleNet") -> Backend:
        """The backend of one of the `lower` networks of the network that it draws.

        Another thread may draw with it while this one draws.
        """
        ...


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """A backend that can be tried: its name and how to make it."""

    name: str  # e.g. "openvino bf16, 1 thread": remembered, so it must not change between runs
    make: Callable[[], Backend]  # may raise RuntimeError or ImportError: then it is passed over
    bends: bool = True  # whether it can bend layers
    group: str = ""
    """Backends that differ in precision alone, fastest first: after one that is accurate or too slow, none can win."""
    device: str = ""
    """The device whose driver may hang or die, so that `rendering.trial` tries it before `make`; "": a plain CPU."""
    threads: int = 0
    """CPU threads it draws with; its name then ends in `threads_text(threads)`. 0: it is not made for a number."""

    @property
    def way(self) -> str:
        """Its name without the thread count: backends of one way draw the same pictures with more or fewer threads."""
        return self.name.rpartition(", ")[0] if self.threads else self.name

    @property
    def with_one_thread(self) -> str:
        """The name of the backend that draws the same pictures, to the bit, with one thread."""
        return f"{self.way}, {threads_text(1)}" if self.threads else self.name
