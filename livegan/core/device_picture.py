"""Device picture (zero copy): stays in the memory of the GPU that drew it until somebody wants it in the host's."""

from collections.abc import Callable
from threading import Lock

import numpy as np
from numpy.typing import DTypeLike, NDArray

from livegan.core.types import Pixels


class ZeroCopy:
    """Zero-copy switch: whether finished pictures stay on their device. Engine and windows share it; any thread."""

    def __init__(self, *, on: bool = False) -> None:
        self.on = on
        self.problem = ""  # why a window has turned it off
        self.shown = 0  # pictures that a window drew from where they lay

    def refuse(self, problem: str) -> None:
        """A window cannot draw them: from the next one on they come by way of the host."""
        self.on, self.problem = False, self.problem or problem


class DevicePicture:
    """Device picture (height, width, 3) uint8 sRGB at an address of a CUDA device, finished; nobody writes to it again.

    `np.asarray` copies it to the host, once, on whichever thread wants it first.
    """

    __slots__ = ("_download", "_host", "_lock", "address", "device", "shape", "switch")

    def __init__(
        self, shape: tuple[int, ...], device: int, address: int, download: Callable[[], Pixels], switch: ZeroCopy
    ) -> None:
        """`device`: its CUDA number. `address`: of the first byte, rows without gaps. `download` keeps it allocated."""
        self.shape, self.device, self.address, self.switch = shape, device, address, switch
        self._download, self._lock = download, Lock()
        self._host: Pixels | None = None

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        return np.dtype(np.uint8)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray:  # type: ignore[type-arg]
        with self._lock:
            if self._host is None:
                self._host = self._download()
            return np.array(self._host, dtype) if dtype or copy else self._host
