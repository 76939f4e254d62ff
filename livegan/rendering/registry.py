"""The table of generators, and what every one of them can do. No torch here."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from livegan.core.registry import Registry
from livegan.core.types import FramePlan
from livegan.networks.info import NetworkInfo

if TYPE_CHECKING:
    import torch


class Generator(Protocol):
    """A network made ready: a plan in, a picture out. Owned by one thread at a time."""

    @property
    def info(self) -> NetworkInfo:
        """The network it draws."""
        ...

    @property
    def device_text(self) -> str:
        """Where and how it draws, for people, e.g. "cpu, bf16, 1 thread"."""
        ...

    @property
    def megabytes(self) -> float:
        """What it keeps in the memory of its device [MB = 2**20 bytes], for the budget of the bank."""
        ...

    def render(self, plan: FramePlan) -> "torch.Tensor":
        """The picture of `plan`: uint8 (height, width, 3) sRGB, contiguous, on the generator's device; yours to keep.

        Reads what the plan says of one network: not `over`, not `effects`. The same plan gives the same picture.
        """
        ...

    def close(self) -> None:
        """Let go of the weights; twice is fine. Nothing may be rendered afterwards."""
        ...


Maker = Callable[[NetworkInfo, str], Generator]  # (network, "cpu" | "cuda" | "mps") -> generator


def check_maker(name: str, maker: object) -> None:
    """TypeError for what cannot be a member of GENERATORS."""
    if not callable(maker):
        raise TypeError(f"the generator '{name}' cannot be called with (network, device)")


GENERATORS: Registry[Maker] = Registry("generator", entry_point_group="livegan.generators", check=check_maker)
