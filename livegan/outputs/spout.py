"""Spout output: pictures to other programs on the same Windows computer, through the graphics card (SpoutGL)."""

import sys
from typing import Any

from pydantic import Field

from livegan.core.types import Frame, Pixels, Samples
from livegan.errors import MediaError
from livegan.outputs.registry import OUTPUTS
from livegan.outputs.wire import Wire, WireOptions, has_library, library

GL_RGBA = 0x1908


class SpoutOptions(WireOptions):
    """Options of the output `spout`."""

    name: str = Field("livegan", min_length=1, max_length=60, description="what receivers show the sender as")


class SpoutSender:
    """Sender of Spout, with an OpenGL context of its own on the thread that made it."""

    def __init__(self, module: Any, name: str) -> None:
        """RuntimeError without OpenGL."""
        self._sender = module.SpoutSender()
        if not self._sender.createOpenGL():
            raise RuntimeError("there is no OpenGL for Spout")
        self._sender.setSenderName(name)

    def send(self, picture: Pixels, frame: Frame) -> None:
        """Share one picture, (height, width, 4); RuntimeError where Spout does not take it."""
        height, width = picture.shape[:2]
        if not self._sender.sendImage(picture, width, height, GL_RGBA, False, 0):
            raise RuntimeError("Spout took no picture")

    def send_audio(self, samples: Samples, sample_rate: int) -> None:
        """Nothing: Spout has no sound."""

    def close(self) -> None:
        self._sender.releaseSender()
        self._sender.closeOpenGL()


@OUTPUTS("spout")
class Spout(Wire):
    """Spout sender of the show."""

    Options = SpoutOptions
    name = "spout"
    channels = 4
    opens_at_first_frame = True

    @classmethod
    def check(cls, options: SpoutOptions) -> None:
        if sys.platform != "win32" and not has_library("SpoutGL"):
            raise MediaError('Spout is for Windows; on a Mac there is kind = "syphon", and "ndi" everywhere')
        library("SpoutGL", "Spout", "spout")

    def open_device(self) -> SpoutSender:
        return SpoutSender(library("SpoutGL", "Spout", "spout"), self.options.name)
