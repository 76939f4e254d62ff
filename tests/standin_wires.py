"""Stand-ins for the libraries of outputs that need a driver or another system; they keep what they are given.

Names, arguments and what comes back are those of pyvirtualcam 0.15.0, SpoutGL 0.1.1 and syphon-python 0.1.1, and they
refuse what those refuse. `test_outputs_wires.py` holds pyvirtualcam's against the real one.
"""

import sys
import threading
from enum import Enum
from types import ModuleType
from typing import Any

import numpy as np
import pytest


class PixelFormat(Enum):
    """Of pyvirtualcam: the one that is used."""

    RGB = "raw "


class Camera:
    """pyvirtualcam.Camera."""

    opened: "list[Camera]" = []  # noqa: RUF012
    fails = ""

    def __init__(
        self,
        width: int,
        height: int,
        fps: float,
        *,
        fmt: PixelFormat = PixelFormat.RGB,
        device: str | None = None,
        backend: str | None = None,
        print_fps: bool = False,
        **kw: Any,
    ) -> None:
        if Camera.fails:
            raise RuntimeError(Camera.fails)
        self.size, self.fps, self.device = (width, height), fps, device
        self.pictures: list[Any] = []
        self.closed = 0
        Camera.opened.append(self)

    def send(self, frame: Any) -> None:
        if Camera.fails:
            raise RuntimeError(Camera.fails)
        if frame.shape != (self.size[1], self.size[0], 3):
            raise ValueError(f"unexpected frame shape: {frame.shape}")
        assert frame.dtype == np.uint8
        self.pictures.append(frame.copy())

    def close(self) -> None:
        self.closed += 1


class SpoutSender:
    """SpoutGL.SpoutSender: OpenGL of one thread."""

    opened: "list[SpoutSender]" = []  # noqa: RUF012

    def __init__(self) -> None:
        self.thread, self.name = 0, ""
        self.pictures: list[Any] = []
        self.closed: list[str] = []
        SpoutSender.opened.append(self)

    def createOpenGL(self) -> bool:  # noqa: N802
        self.thread = threading.get_ident()
        return True

    def closeOpenGL(self) -> bool:  # noqa: N802
        self.closed.append("closeOpenGL")
        return True

    def setSenderName(self, name: str, /) -> None:  # noqa: N802
        self.name = name

    def releaseSender(self) -> None:  # noqa: N802
        self.closed.append("releaseSender")

    def sendImage(self, pixels: Any, width: int, height: int, gl: int, invert: bool, fbo: int, /) -> bool:  # noqa: N802
        assert self.thread == threading.get_ident(), "its OpenGL context is current on another thread"
        assert gl == 0x1908
        assert memoryview(pixels).contiguous
        assert memoryview(pixels).nbytes == width * height * 4
        self.pictures.append(np.array(pixels).reshape(height, width, 4))
        return True


class SyphonMetalServer:
    """syphon.SyphonMetalServer, with what lies in its textures."""

    opened: "list[SyphonMetalServer]" = []  # noqa: RUF012

    def __init__(self, name: str, device: Any = None, command_queue: Any = None) -> None:
        self.name, self.device = name, "the Mac's card"
        self.pictures: list[Any] = []
        self.flipped: list[bool] = []
        self.closed: list[str] = []
        SyphonMetalServer.opened.append(self)

    def publish_frame_texture(
        self, texture: Any, region: Any = None, size: Any = None, is_flipped: bool = False, **kw: Any
    ) -> None:
        self.pictures.append(texture["data"])
        self.flipped.append(is_flipped)

    def stop(self) -> None:
        self.closed.append("stop")


def _create_mtl_texture(device: Any, width: int, height: int, pixel_format: int = 70) -> dict[str, Any]:
    assert device == "the Mac's card"
    return {"size": (width, height)}


def _copy_image_to_mtl_texture(image: Any, texture: dict[str, Any]) -> None:
    assert len(image.shape) == 3
    assert image.shape[2] == 4
    assert (image.shape[1], image.shape[0]) == texture["size"]
    texture["data"] = image.copy()


def _module(name: str, **names: Any) -> ModuleType:
    module = ModuleType(name)
    for key, value in names.items():
        setattr(module, key, value)
    return module


def install(patch: pytest.MonkeyPatch) -> None:
    """Let the outputs find the stand-ins, which have kept nothing yet."""
    for kept in (Camera.opened, SpoutSender.opened, SyphonMetalServer.opened):
        kept.clear()
    patch.setattr(Camera, "fails", "")
    for module in (
        _module("pyvirtualcam", Camera=Camera, PixelFormat=PixelFormat),
        _module("SpoutGL", SpoutSender=SpoutSender),
        _module("syphon", SyphonMetalServer=SyphonMetalServer),
        _module("syphon.utils"),
        _module("syphon.utils.raw", create_mtl_texture=_create_mtl_texture),
        _module("syphon.utils.numpy", copy_image_to_mtl_texture=_copy_image_to_mtl_texture),
    ):
        patch.setitem(sys.modules, module.__name__, module)
