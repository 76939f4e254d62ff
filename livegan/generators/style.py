"""What every style-based network and every way of drawing it looks like. No torch at run time here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from livegan.generators.controls import Controls

if TYPE_CHECKING:
    from torch import Tensor


class StyleNet(Protocol):
    """A style-based network, whole and plain, in float32: StyleGAN2, StyleGAN3, lightweight. The reference forward."""

    z_dim: int
    c_dim: int
    w_dim: int
    num_ws: int  # rows of w
    resolution: tuple[int, int]  # height, width [px]
    colours: int  # channels of its pictures: 1, 3 or 4
    span: tuple[float, float]  # the numbers of black and white in its pictures: (-1, 1) or (0, 1)
    row_groups: tuple[int, ...]  # per row of w: 0 coarse, 1 middle, 2 fine (`core.types.GROUPS`)
    clusters: "dict[int, Tensor]"  # per convolution: which channels are alike (channels,), for bends; see `study`

    @property
    def w_avg(self) -> "Tensor":
        """The average w, (w_dim,)."""
        ...

    def map(self, z: "Tensor", classes: "Tensor") -> "Tensor":
        """z (n, z_dim) and classes (n, c_dim) to w (n, w_dim), not truncated."""
        ...

    def synthesize(self, ws: "Tensor", controls: Controls) -> "Tensor":
        """ws (n, num_ws, w_dim) to pictures (n, colours, height, width) in the network's own range."""
        ...

    def affines(self) -> "list[tuple[int, Tensor]]":
        """For each convolution, not the ToRGBs: its row of ws, and its style weights (inputs, w_dim) as they act."""
        ...


class Painter(Protocol):
    """One way to draw a network, one picture at a time."""

    text: str  # for people, e.g. "cpu, bf16, 1 thread"
    megabytes: float  # what it keeps in the memory of its device

    def paint(self, ws: "Tensor", controls: Controls) -> "Tensor":
        """ws (num_ws, w_dim) float32 on the CPU to uint8 (height, width, 3), the caller's to keep."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """A way to draw that can be tried."""

    name: str  # e.g. "openvino bf16, 1 thread": remembered, so it must not change between runs
    make: Callable[[], Painter]  # may raise RuntimeError or ImportError: then it is passed over
    bends: bool = True  # whether it can bend layers
    family: str = ""  # ways that differ in their bits alone, quickest first: one that is proven, or too slow, ends it
