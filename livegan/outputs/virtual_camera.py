"""Virtual camera output: other programs see the show as a webcam (pyvirtualcam: v4l2loopback, OBS, Unity Capture)."""

import sys
from typing import Any

from pydantic import Field

from livegan.core.types import Frame, Pixels, Samples
from livegan.errors import MediaError
from livegan.outputs.registry import OUTPUTS
from livegan.outputs.wire import Wire, WireOptions, library

NEEDED = {
    "linux": "type: sudo apt install v4l2loopback-dkms && sudo modprobe v4l2loopback exclusive_caps=1",
    "darwin": "install OBS 30 or newer, start its virtual camera once, and close OBS",
    "win32": "install OBS 26 or newer, start its virtual camera once, and close OBS",
}


class VirtualCameraOptions(WireOptions):
    """Options of the output `virtual-camera`."""

    device: str = Field("", description="/dev/video2 on Linux, a camera's name elsewhere; '' is the first that is free")


class Camera:
    """Camera of pyvirtualcam."""

    def __init__(self, module: Any, size: tuple[int, int], fps: float, device: str) -> None:
        self._camera = module.Camera(*size, fps, fmt=module.PixelFormat.RGB, device=device or None)

    def send(self, picture: Pixels, frame: Frame) -> None:
        """Show one picture, (height, width, 3)."""
        self._camera.send(picture)

    def send_audio(self, samples: Samples, sample_rate: int) -> None:
        """Nothing: a camera has no sound."""

    def close(self) -> None:
        self._camera.close()


@OUTPUTS("virtual-camera")
class VirtualCamera(Wire):
    """Webcam that shows the show."""

    Options = VirtualCameraOptions
    name = "virtual camera"

    @classmethod
    def check(cls, options: VirtualCameraOptions) -> None:
        library("pyvirtualcam", "a virtual camera", "camera")

    def open_device(self) -> Camera:
        module = library("pyvirtualcam", "a virtual camera", "camera")
        try:
            return Camera(module, self.size, self.show.fps, self.options.device)
        except RuntimeError as error:
            reason = (str(error).splitlines() or [""])[0].partition(". ")[0]
            raise MediaError(f"no virtual camera ({reason}); {NEEDED.get(sys.platform, NEEDED['linux'])}") from error
