"""Latent feed: latents that come from outside while a show plays: a camera's, a composer's. The engine has one."""

from abc import ABC, abstractmethod
from typing import Any, Self

from livegan.core.timeline import Timeline
from livegan.core.types import Vector
from livegan.networks.info import NetworkInfo


class LatentFeed(ABC):
    """Source of the newest w for a network. Reading never waits: a thread of the engine brings what is read."""

    music: Timeline | None = None  # of music that is composed; None: there is none

    def walk_at(self, time_s: float) -> tuple[Vector, Vector, float] | None:
        """Where a composer's walk is: latents of this bar and the next, share of the next; None where none composes."""
        return self.music.walk_at(time_s) if self.music is not None else None

    @abstractmethod
    def read(self, network: NetworkInfo) -> Vector | None:
        """The newest w (num_ws, w_dim), the same again until there is another; None before the first."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A motion that is copied, for a scene that was read again, goes on reading here."""
        return self
