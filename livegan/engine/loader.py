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
        self._wanted: Inbox[NetworkInfo] = Inbox(256)
        self._loading = ""
        self._failed: dict[str, str] = {}
        self.ready: Inbox[Generator] = Inbox(256)

    @property
    def notice(self) -> str:
        """What is being loaded, and what could not be; "" when all is well."""
        loading = [f"loading {self._loading}"] if self._loading else []
        return "; ".join([*loading, *list(self._failed.values())[-1:]])

    def want(self, info: NetworkInfo) -> None:
        """Ask for a network; any thread."""
        self._wanted.put(info)

    def make(self, info: NetworkInfo) -> Generator:
        """Read one network now and let it prove itself; NetworkError if it cannot."""
        generator = self._load(info)
        try:
            generator.render(proof(info))
        except RuntimeError as error:
            generator.close()
            reason = str(error).splitlines()[0]
            raise NetworkError(f"{info.name} cannot draw here: {reason}; type: --device cpu") from error
        return generator

    def tend(self, now_s: float) -> float:
        """Load the next wanted network; returns when to come back [s]."""
        info = self._wanted.take()
        if info is None:
            return 0.1
        self._loading = info.name
        try:
            self.ready.put(self.make(info))
        except NetworkError as error:
            self._failed[info.name] = str(error)
        self._loading = ""
        return 0.0
