"""What every style-based network and every way of drawing it looks like. No torch at run time here."""

from typing import TYPE_CHECKING, Protocol

from livegan.networks.synthesis_options import SynthesisOptions

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
    clusters: "dict[int, Tensor]"  # per convolution: which channels are alike (channels,), for bends; see `analyse`

    @property
    def w_avg(self) -> "Tensor":
        """The average w, (w_dim,)."""
        ...

    def map(self, z: "Tensor", classes: "Tensor") -> "Tensor":
        """z (n, z_dim) and classes (n, c_dim) to w (n, w_dim), not truncated."""
        ...

    def synthesize(self, ws: "Tensor", controls: SynthesisOptions) -> "Tensor":
        """ws (n, num_ws, w_dim) to pictures (n, colours, height, width) in the network's own range."""
        ...

    def affines(self) -> "list[tuple[int, Tensor]]":
        """For each convolution, not the ToRGBs: its row of ws, and its style weights (inputs, w_dim) as they act."""
        ...
