"""Syphon output: pictures to other programs on the same Mac, through the graphics card (syphon-python, Metal)."""

import sys
from typing import Any

from pydantic import Field

from livegan.core.types import Frame, Pixels, Samples
from livegan.errors import MediaError
from livegan.outputs.registry import OUTPUTS
from livegan.outputs.wire import Wire, WireOptions, has_library, library


class SyphonOptions(WireOptions):
    """Options of the output `syphon`."""

    name: str = Field("livegan", min_length=1, max_length=60, description="what receivers show the server as")
    flip: bool = Field(False, strict=True, description="for receivers that show it upside down")


class SyphonServer:
    """Server of Syphon, with one Metal texture that is filled anew."""

    def __init__(self, options: SyphonOptions, size: tuple[int, int]) -> None:
        """MediaError without syphon-python."""
        syphon = library("syphon", "Syphon", "syphon")
        self._copy: Any = library("syphon.utils.numpy", "Syphon", "syphon").copy_image_to_mtl_texture
        self._flip = options.flip
        self._server = syphon.SyphonMetalServer(options.name)
        self._texture = library("syphon.utils.raw", "Syphon", "syphon").create_mtl_texture(self._server.device, *size)

    def send(self, picture: Pixels, frame: Frame) -> None:
        """Publish one picture, (height, width, 4)."""
        self._copy(picture, self._texture)
        self._server.publish_frame_texture(self._texture, is_flipped=self._flip)

    def send_audio(self, samples: Samples, sample_rate: int) -> None:
        """Nothing: Syphon has no sound."""

    def close(self) -> None:
        self._server.stop()


@OUTPUTS("syphon")
class Syphon(Wire):
    """Syphon server of the show."""

    Options = SyphonOptions
    name = "syphon"
    channels = 4

    @classmethod
    def check(cls, options: SyphonOptions) -> None:
        if sys.platform != "darwin" and not has_library("syphon"):
            raise MediaError('Syphon is for the Mac; on Windows there is kind = "spout", and "ndi" everywhere')
        library("syphon", "Syphon", "syphon")

    def open_device(self) -> SyphonServer:
        return SyphonServer(self.options, self.size)
