"""Device-to-host transfer of pictures: from a GPU through pinned memory, on a CUDA stream of its own."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.device_picture import DevicePicture, ZeroCopy
from livegan.core.types import Picture


class DeviceToHost:
    """Device-to-host copies for one thread. A picture on the CPU is passed through. UNTESTED on a GPU so far."""

    def __init__(self) -> None:
        """The stream is made with the first picture of a GPU."""
        self._stream: torch.cuda.Stream | None = None
        self._pinned: Tensor | None = None

    def keep(self, picture: Picture, switch: ZeroCopy) -> Picture:
        """A finished picture (height, width, 3) for a window that can draw it where it lies; else an array, as `copy`.

        A copy on the device, as backends and effects draw the next picture into the same memory.
        """
        if not isinstance(picture, Tensor) or picture.device.type != "cuda":
            return np.asarray(self.copy(picture), np.uint8)
        kept = picture.to(torch.uint8).contiguous().clone()
        torch.cuda.current_stream(kept.device).synchronize()  # another thread draws it, on a stream of its own
        return on_device(kept, switch)

    def copy(self, picture: Picture) -> NDArray:  # type: ignore[type-arg]
        """A picture (height, width, 3) as an array, the caller's to keep.

        Work queued on the GPU after the picture overlaps with the copy.
        """
        if not isinstance(picture, Tensor):
            return np.asarray(picture)
        if picture.device.type != "cuda":
            return picture.cpu().numpy()
        if self._stream is None:
            self._stream = torch.cuda.Stream(picture.device)  # type: ignore[no-untyped-call]
        if self._pinned is None or self._pinned.shape != picture.shape:
            self._pinned = torch.empty(picture.shape, dtype=picture.dtype, pin_memory=True)
        self._stream.wait_stream(torch.cuda.current_stream(picture.device))
        with torch.cuda.stream(self._stream):
            self._pinned.copy_(picture, non_blocking=True)
        picture.record_stream(self._stream)
        self._stream.synchronize()
        return self._pinned.numpy().copy()


def on_device(picture: Tensor, switch: ZeroCopy) -> DevicePicture:
    """The picture (height, width, 3) uint8 of a CUDA tensor without gaps, finished; the tensor is kept with it."""
    number, address = picture.device.index or 0, picture.data_ptr()
    return DevicePicture(tuple(picture.shape), number, address, lambda: _download(picture), switch)


def _download(picture: Tensor) -> NDArray[np.uint8]:
    """Copy to the host on a stream of its own: on the usual one it would wait for the pictures after it."""
    with torch.cuda.stream(torch.cuda.Stream(picture.device)):  # type: ignore[no-untyped-call]
        return picture.cpu().numpy()
