"""StyleNet: the abstract nn.Module that every style-based network derives from; its forward is the reference."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar, Self

from torch import Tensor, nn

from livegan.networks.info import NetworkInfo
from livegan.networks.synthesis_options import SynthesisOptions

DEFAULT_OPTIONS = SynthesisOptions()
PER_ACTIVATION = 100  # operations that take as long as writing and reading one activation, roughly, on a CPU


class StyleNet(nn.Module, ABC):
    """A style-based generator in float32: mapping network z, c -> w, synthesis network w -> picture.

    A subclass sets the attributes below in `__init__`. Every backend is compared with `synthesize`, the reference.
    """

    z_dim: int
    c_dim: int  # classes, 0: none
    w_dim: int
    num_ws: int  # rows of w
    resolution: tuple[int, int]  # height, width [px]
    colours: int  # channels of its pictures: 1, 3 or 4
    span: tuple[float, float]  # the values of black and white in its pictures: (-1, 1) or (0, 1)
    row_groups: tuple[int, ...]  # per row of w: 0 coarse, 1 middle, 2 fine (`core.parameters.GROUPS`)
    clusters: dict[int, Tensor]
    """Per convolution, the group 1..4 of each channel (channels,), for bends; assign the result of `analyse`."""

    noise_picture: ClassVar[bool] = False  # whether `synthesize` also takes `noise` (n or 1, height, width), 0..1
    w_is_z: ClassVar[bool] = False  # whether there is no mapping network: z is part of w, and its axes vary alike

    def __init__(self) -> None:
        super().__init__()
        self.clusters = {}

    @classmethod
    @abstractmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        """A network of the shape that `info` describes, all parameters zero; NetworkError if it describes none."""

    def shape_table(self) -> dict[str, object]:
        """The JSON "shape" from which `from_info` makes an equal network; for architectures that can be trained."""
        raise NotImplementedError(f"{type(self).__name__} cannot be trained")

    @property
    @abstractmethod
    def w_avg(self) -> Tensor:
        """The average w, (w_dim,)."""

    def averages(self, classes: Tensor) -> Tensor:
        """Where psi 0 leads with these class weights (n, c_dim): (1 or n, 1 or num_ws, w_dim). Here `w_avg` for all."""
        return self.w_avg[None, None]

    @property
    def input_transform(self) -> Tensor | None:
        """(3, 3), writable: from places in the picture to places of its input; None: such a network has none."""
        return None

    @abstractmethod
    def mapping_state(self) -> list[Tensor]:
        """The tensors that `map`, `w_avg` and `averages` read, in a fixed order; overwriting them changes these."""

    @abstractmethod
    def drop_synthesis(self) -> None:
        """Free the memory of the synthesis network: only `map`, `w_avg` and `averages` can be used afterwards."""

    @abstractmethod
    def map(self, z: Tensor, classes: Tensor) -> Tensor:
        """z (n, z_dim) and classes (n, c_dim) to w (n, w_dim), not truncated."""

    def synthesize(self, ws: Tensor, options: SynthesisOptions = DEFAULT_OPTIONS) -> Tensor:
        """ws (n, num_ws, w_dim) to pictures (n, colours, height, width) in the network's own range."""
        return last_picture(self.synthesis_steps(ws, options))

    @abstractmethod
    def synthesis_steps(self, ws: Tensor, options: SynthesisOptions) -> Iterator[Tensor | None]:
        """`synthesize` block by block, so that it can be stopped: the picture so far or None; last, the whole one."""

    def lower(self) -> "list[StyleNet]":
        """Networks that draw the picture at each lower resolution, highest first; none if a lower one is not drawn.

        They share its tensors, but for those of their ToRGB of the highest level, which are theirs to change.
        """
        return []

    def cost(self) -> float:
        """The cost of a picture in operations (a multiplication and an addition are two), to compare networks by.

        Each activation adds PER_ACTIVATION: levels of many pixels and few channels take longer than their operations.
        Here all convolutions are taken for 3x3.
        """
        total, (height, width) = 0.0, self.resolution
        channels = [len(style) for _, style in self.affines()]
        outputs = [*channels[1:], channels[-1]]
        for (side, _), taken, given in zip(self.convolutions(), channels, outputs, strict=True):
            total += (2 * 9 * taken + PER_ACTIVATION) * given * side * side * width / height
        return total

    @abstractmethod
    def convolutions(self) -> list[tuple[int, nn.Module]]:
        """Each convolution but the ToRGBs, in order: its side [px], and the module whose output bends act on."""

    @abstractmethod
    def affines(self) -> list[tuple[int, Tensor]]:
        """For each convolution but the ToRGBs: its row of ws, and its style weights (inputs, w_dim) as they act."""


def last_picture(steps: Iterable[Tensor | None]) -> Tensor:
    """Run synthesis to its end."""
    picture = None
    for step in steps:
        picture = step
    assert picture is not None
    return picture
