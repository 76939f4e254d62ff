"""The loader: reads networks on its own thread and hands them over once they have drawn a frame."""

from collections.abc import Callable

import numpy as np

from livegan.core.channels import Inbox
from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.generators.info import NetworkInfo
from livegan.generators.registry import Generator


def proof(info: NetworkInfo) -> FramePlan:
    """A plan that any generator of this shape can draw: its proof that it works."""
    classes = np.eye(1, info.c_dim, dtype=np.float32)[0] if info.c_dim else np.zeros(0, np.float32)
    return FramePlan(0, 0.0, 0.0, np.ones(info.z_dim, np.float32), classes, info.name)


class Loader:
    """Networks wanted in, generators that have already drawn one frame out."""

    def __init__(self, load: Callable[[NetworkInfo], Generator]) -> None:
        """`load` reads one network and makes it ready."""
        self._load = load
        self._wanted: Inbox[NetworkInfo] = Inbox(64)
        self.ready: Inbox[Generator] = Inbox(64)
        self.notice = ""

    def want(self, info: NetworkInfo) -> None:
        """Ask for a network; any thread."""
        self._wanted.put(info)

    def make(self, info: NetworkInfo) -> Generator:
        """Read one network now and let it prove itself."""
        generator = self._load(info)
        generator.render(proof(info))
        return generator

    def tend(self, now_s: float) -> float:
        """Load the next wanted network; returns when to come back [s]."""
        info = self._wanted.take()
        if info is None:
            return 0.1
        self.notice = f"loading {info.name}"
        try:
            self.ready.put(self.make(info))
            self.notice = ""
        except NetworkError as error:
            self.notice = str(error)
        return 0.0
