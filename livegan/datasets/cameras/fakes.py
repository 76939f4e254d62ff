"""Fake cameras: a moving test card, and cameras that are unplugged, black, slow, busy, forbidden or of another size.

They ship beside the real ones: `livegan capture --camera fake` shows everything without a camera.
"""

import numpy as np

from livegan.core.registry import unknown
from livegan.core.types import Pixels
from livegan.datasets.cameras.camera import Camera, CameraInfo, CameraLostError
from livegan.datasets.cameras.paced import PacedCamera
from livegan.datasets.cameras.registry import CAMERAS, CameraBackend, CameraRequest
from livegan.errors import DeviceError

SIZE, FPS = (640, 480), 30.0
SLOW_FPS = 0.5
PLUGGED = 60  # pictures until "unplugs" is unplugged
AUTO_SHUTTER_US = 10_000  # exposure time at which the card looks as it is drawn
KINDS = {
    "": "a test card that moves",
    "plain": "without any setting",
    "black": "a lens cap",
    "slow": "a picture every two seconds",
    "small": "gives 320x240 whatever is asked",
    "unplugs": f"unplugged after {PLUGGED} pictures",
    "busy": "another program uses it",
    "forbidden": "no permission",
}
COLOURS = ((235, 235, 235), (220, 200, 40), (40, 190, 200), (60, 180, 70), (190, 60, 180), (200, 50, 50), (50, 70, 200))


@CAMERAS("fake", order=900)
class FakeBackend(CameraBackend):
    """Backend of fakes; the device is the kind of fault."""

    example = ""

    @classmethod
    def cameras(cls) -> list[CameraInfo]:
        return [CameraInfo(f"fake:{kind}" if kind else "fake", about) for kind, about in KINDS.items()]

    @classmethod
    def open(cls, device: str, request: CameraRequest) -> Camera:
        if device not in KINDS:
            raise DeviceError(unknown("fake camera", device, [kind for kind in KINDS if kind]))
        if device == "busy":
            raise DeviceError("camera 'fake:busy' is in use by another program; close that, or choose another camera")
        if device == "forbidden":
            raise DeviceError("camera 'fake:forbidden' may not be opened by you; type: sudo usermod -aG video $USER")
        return FakeCamera(device, request)


class FakeCamera(PacedCamera):
    """Fake camera: colour bars with a disc that crosses them every four seconds; exposure and gains are obeyed."""

    def __init__(self, kind: str, request: CameraRequest) -> None:
        size = (320, 240) if kind == "small" else request.size or SIZE
        fps = SLOW_FPS if kind == "slow" else request.fps or FPS
        super().__init__(f"fake:{kind}" if kind else "fake", size, fps, request.clock)
        self._kind = kind
        settings = request.settings
        gains = np.ones(3)
        if kind == "plain":
            self.ignored = settings.asked()
        else:
            gains *= (settings.shutter_us or AUTO_SHUTTER_US) / AUTO_SHUTTER_US
            gains *= (settings.iso or 100) / 100 if settings.gain is None else settings.gain
            gains *= (settings.red_gain or 1.0, 1.0, settings.blue_gain or 1.0)
        self._card = _expose(_test_card(size), gains)
        self._disc = _expose(np.full((1, 1, 3), 250.0), gains)[0, 0]

    def lock(self) -> tuple[str, ...]:
        return super().lock() if self._kind == "plain" else ()

    def picture(self, index: int) -> Pixels:
        if self._kind == "unplugs" and index >= PLUGGED:
            self.close()
            raise CameraLostError(f"{self.name} gives no more pictures (No such device); plug it in again")
        picture = self._card.copy()
        if self._kind == "black":
            picture[:] = 0
            return picture
        height, width = picture.shape[:2]
        radius = min(height, width) // 6
        turn = 2 * np.pi * index / self._fps / 4
        x, y = round(width * (0.5 + 0.3 * np.sin(turn))), round(height * (0.55 + 0.1 * np.sin(2 * turn)))
        box = picture[max(0, y - radius) : y + radius, max(0, x - radius) : x + radius]
        rows, columns = np.ogrid[: box.shape[0], : box.shape[1]]
        box[(rows - radius) ** 2 + (columns - radius) ** 2 < radius**2] = self._disc
        return picture


def _test_card(size: tuple[int, int]) -> np.ndarray:
    """Colour bars above a grey ramp and fine lines, float (height, width, 3), 0..255."""
    width, height = size
    card = np.empty((height, width, 3))
    at = np.arange(width)
    card[:] = np.asarray(COLOURS, float)[at * len(COLOURS) // width]
    ramp, lines = round(height * 0.75), round(height * 0.9)
    card[ramp:lines] = np.linspace(0, 255, width)[:, None]
    card[lines:] = (at // 4 % 2 * 255)[:, None]
    return card


def _expose(card: np.ndarray, gains: np.ndarray) -> Pixels:
    pixels: Pixels = np.clip(card * gains, 0, 255).astype(np.uint8)
    return pixels
