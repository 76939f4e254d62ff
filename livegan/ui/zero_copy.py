"""Zero copy: pictures of a CUDA device go into the window's textures within the graphics card, by a pixel buffer."""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtGui import QOpenGLContext

from livegan.core.device_picture import DevicePicture
from livegan.ui.cuda import CudaDevice, CudaError, load_driver

# Of OpenGL, which has them all from 2.1 on.
UNPACK_BUFFER, STREAM_DRAW, UNPACK_ALIGNMENT, PACK_ALIGNMENT = 0x88EC, 0x88E0, 0x0CF5, 0x0D05
TEXTURE_2D, TEXTURE_BINDING, RGB, UNSIGNED_BYTE = 0x0DE1, 0x8069, 0x1907, 0x1401
_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "glGenBuffers": (ctypes.c_int, ctypes.c_void_p),
    "glDeleteBuffers": (ctypes.c_int, ctypes.c_void_p),
    "glBindBuffer": (ctypes.c_uint, ctypes.c_uint),
    "glBufferData": (ctypes.c_uint, ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_uint),
    "glBindTexture": (ctypes.c_uint, ctypes.c_uint),
    "glGetIntegerv": (ctypes.c_uint, ctypes.c_void_p),
    "glPixelStorei": (ctypes.c_uint, ctypes.c_int),
    "glTexSubImage2D": (ctypes.c_uint, *[ctypes.c_int] * 5, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p),
    "glGetTexImage": (ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p),
}
OpenDevice = Callable[[int], CudaDevice]


def open_device(number: int) -> CudaDevice:
    """The CUDA device of that number; CudaError where it does not draw the window."""
    return CudaDevice(number, load_driver())


class TextureWriter:
    """Writer of device pictures into textures of one OpenGL context, in its draw events only.

    The first picture is read back and compared. What fails once is not tried again: the picture's switch is turned
    off, and pictures come by way of the host.
    """

    def __init__(self, open_device: OpenDevice = open_device) -> None:
        self._open = open_device
        self._device: CudaDevice | None = None
        self._gl: dict[str, Callable[..., None]] = {}
        self._buffer = ctypes.c_uint(0)
        self._resource: ctypes.c_void_p | None = None
        self._size, self._proven, self._failed = 0, False, False

    def write(self, picture: DevicePicture, texture: int) -> bool:
        """Write a picture into the texture of that handle, "rgb" and of its size; False if it has to be uploaded."""
        if self._failed:
            return False
        try:
            self._write(picture, texture)
            if not self._proven:
                if not np.array_equal(self._read(texture, picture.shape), np.asarray(picture)):
                    raise CudaError("the first picture was another one")
                self._proven = True
        except CudaError as error:
            self._failed = True
            picture.switch.refuse(str(error))
            return False
        picture.switch.shown += 1
        return True

    @property
    def open(self) -> bool:
        """Whether it has a buffer."""
        return self._resource is not None

    def close(self) -> None:
        """Give the buffer back; its OpenGL context must be current. Idempotent."""
        if self._resource is not None and self._device is not None:
            resource, self._resource = self._resource, None
            try:
                self._device.unregister(resource)
            except CudaError:  # with its device
                return
        if self._buffer.value:
            self._gl["glDeleteBuffers"](1, ctypes.byref(self._buffer))
            self._buffer.value = self._size = 0

    def _write(self, picture: DevicePicture, texture: int) -> None:
        if self._device is None:
            self._gl = _functions()
            self._device = self._open(picture.device)
        height, width = picture.shape[:2]
        size, gl = 3 * height * width, self._gl
        if size != self._size:
            self.close()
            gl["glGenBuffers"](1, ctypes.byref(self._buffer))
            gl["glBindBuffer"](UNPACK_BUFFER, self._buffer)
            gl["glBufferData"](UNPACK_BUFFER, size, None, STREAM_DRAW)
            gl["glBindBuffer"](UNPACK_BUFFER, 0)
            self._resource, self._size = self._device.register(self._buffer.value), size
        assert self._resource is not None
        self._device.copy(picture.address, size, self._resource)
        bound = self._bind(texture)
        gl["glBindBuffer"](UNPACK_BUFFER, self._buffer)
        gl["glPixelStorei"](UNPACK_ALIGNMENT, 1)
        gl["glTexSubImage2D"](TEXTURE_2D, 0, 0, 0, width, height, RGB, UNSIGNED_BYTE, None)
        gl["glPixelStorei"](UNPACK_ALIGNMENT, 4)  # as VisPy leaves it
        gl["glBindBuffer"](UNPACK_BUFFER, 0)  # or VisPy's uploads would be read from it
        gl["glBindTexture"](TEXTURE_2D, bound)

    def _read(self, texture: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        pixels = np.empty(shape, np.uint8)
        bound = self._bind(texture)
        self._gl["glPixelStorei"](PACK_ALIGNMENT, 1)
        self._gl["glGetTexImage"](TEXTURE_2D, 0, RGB, UNSIGNED_BYTE, pixels.ctypes.data)
        self._gl["glPixelStorei"](PACK_ALIGNMENT, 4)
        self._gl["glBindTexture"](TEXTURE_2D, bound)
        return pixels

    def _bind(self, texture: int) -> int:
        """Bind a texture; the one that was bound before."""
        before = ctypes.c_int()
        self._gl["glGetIntegerv"](TEXTURE_BINDING, ctypes.byref(before))
        self._gl["glBindTexture"](TEXTURE_2D, texture)
        return before.value


def _functions() -> dict[str, Callable[..., None]]:
    """OpenGL's functions in the current context; CudaError where one is missing."""
    context = QOpenGLContext.currentContext()
    if context is None or context.isOpenGLES():
        raise CudaError("the window is not drawn by OpenGL for desktops")
    functions: dict[str, Callable[..., None]] = {}
    kind = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)
    for name, values in _SIGNATURES.items():
        address = context.getProcAddress(name.encode())
        if not address:
            raise CudaError(f"OpenGL has no {name}")
        functions[name] = kind(None, *values)(int(address))
    return functions
