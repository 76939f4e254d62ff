"""Registry of generator kinds, the generator protocol, and options for loading one. No torch here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from livegan.core.registry import Registry
from livegan.core.types import FramePlan
from livegan.networks.info import NetworkInfo

if TYPE_CHECKING:
    import torch


class Generator(Protocol):
    """Generator protocol: a network made ready, a plan in, a picture out. Owned by one thread at a time."""

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

    @property
    def reason(self) -> str:
        """Why its backend was selected, for `livegan doctor`; "" where there was no choice."""
        ...

    def threads(self, plan: FramePlan) -> int:
        """How many CPU threads torch should use while it draws `plan`; 0: any number.

        `render` does not set it: that is for the owner of the thread, with `rendering.threads.use_threads`.
        """
        ...

    def render(self, plan: FramePlan) -> "torch.Tensor":
        """The picture of `plan`: uint8 (height, width, 3) sRGB, contiguous, on the generator's device; yours to keep.

        Reads what the plan says of one network: not `over`, not `effects`. The same plan gives the same picture.
        """
        ...

    def close(self) -> None:
        """Release the weights. Idempotent. Nothing may be rendered afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Load options. During a show: one core, no backend benchmark."""

    live: bool = False  # a show is running: the first accurate backend is taken, unmeasured


OFFLINE, LIVE = LoadOptions(), LoadOptions(live=True)

Maker = Callable[[NetworkInfo, str, LoadOptions], Generator]
"""(network, "cpu" | "cuda" | "mps", options) -> generator; registered under the network's kind."""


def check_maker(name: str, maker: object) -> None:
    """TypeError for what cannot be a member of GENERATORS."""
    if not callable(maker):
        raise TypeError(f"the generator '{name}' cannot be called with (network, device)")


GENERATORS: Registry[Maker] = Registry("generator", entry_point_group="livegan.generators", check=check_maker)
