"""CUDA driver API, its OpenGL interoperability: which devices draw the window, and copies from them into a buffer.

By ctypes, as the window's room has no torch. Names and numbers are those of the CUDA Driver API 12, "OpenGL
Interoperability" (6.29) and "Graphics Interoperability" (6.21).
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

DISCARD = 2  # CU_GRAPHICS_REGISTER_FLAGS_WRITE_DISCARD
ALL_DEVICES = 1  # CU_GL_DEVICE_LIST_ALL
NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING: it does not wait for the pictures that are being drawn
MOST_DEVICES = 16


class CudaError(Exception):
    """The driver is missing, or has refused something."""


def load_driver() -> Any:
    """The driver's library; CudaError where there is none."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise CudaError(f"no {name}") from error


class CudaDevice:
    """One CUDA device: its primary context, which torch draws in, and a stream. For the thread that owns OpenGL."""

    def __init__(self, number: int, driver: Any) -> None:
        """Needs a current OpenGL context. CudaError where the window is not drawn by that device."""
        self._driver = driver
        self._device, self._context, self._stream = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p()
        self._call("cuInit", ctypes.c_uint(0))
        self._call("cuDeviceGet", ctypes.byref(self._device), ctypes.c_int(number))
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(self._context), self._device)
        with self._current():
            count, drawing = ctypes.c_uint(), (ctypes.c_int * MOST_DEVICES)()
            room, every = ctypes.c_uint(MOST_DEVICES), ctypes.c_int(ALL_DEVICES)
            self._call("cuGLGetDevices_v2", ctypes.byref(count), drawing, room, every)
            if self._device.value not in drawing[: count.value]:
                raise CudaError("another graphics card draws the window")
            self._call("cuStreamCreate", ctypes.byref(self._stream), ctypes.c_uint(NON_BLOCKING))

    def register(self, buffer: int) -> ctypes.c_void_p:
        """Register an OpenGL buffer, that `copy` may write to it."""
        resource = ctypes.c_void_p()
        with self._current():
            flags = ctypes.c_uint(DISCARD)
            self._call("cuGraphicsGLRegisterBuffer", ctypes.byref(resource), ctypes.c_uint(buffer), flags)
        return resource

    def unregister(self, resource: ctypes.c_void_p) -> None:
        """Let go of a buffer, before OpenGL deletes it."""
        with self._current():
            self._call("cuGraphicsUnregisterResource", resource)

    def copy(self, address: int, size: int, resource: ctypes.c_void_p) -> None:
        """Copy `size` bytes of the device to the beginning of a registered buffer; done when it returns."""
        pointer, room = ctypes.c_uint64(), ctypes.c_size_t()
        with self._current():
            self._call("cuGraphicsMapResources", ctypes.c_uint(1), ctypes.byref(resource), self._stream)
            try:
                wanted = ctypes.byref(pointer), ctypes.byref(room)
                self._call("cuGraphicsResourceGetMappedPointer_v2", *wanted, resource)
                if room.value < size:
                    raise CudaError(f"the buffer has {room.value} bytes, not {size}")
                source, length = ctypes.c_uint64(address), ctypes.c_size_t(size)
                self._call("cuMemcpyDtoDAsync_v2", pointer, source, length, self._stream)
                self._call("cuStreamSynchronize", self._stream)
            finally:
                self._call("cuGraphicsUnmapResources", ctypes.c_uint(1), ctypes.byref(resource), self._stream)

    @contextmanager
    def _current(self) -> Iterator[None]:
        before = ctypes.c_void_p()
        self._call("cuCtxPushCurrent_v2", self._context)
        try:
            yield
        finally:
            self._call("cuCtxPopCurrent_v2", ctypes.byref(before))

    def _call(self, name: str, *values: Any) -> None:
        try:
            code = getattr(self._driver, name)(*values)
        except AttributeError as error:
            raise CudaError(f"the driver has no {name}") from error
        if code:
            raise CudaError(f"{name} has failed with CUDA error {code}")
