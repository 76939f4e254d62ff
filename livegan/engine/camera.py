"""Camera feed: the newest picture of a camera, or of a film, as w of the networks that ask for it.

Live it is polled on a thread of its own (`livegan-camera`), a few times a second: the engine never waits for a device
or for an encoder, and a scene without a camera costs nothing. In a render it is polled at each frame's time instead,
and a film is read by that time, so that the same render gives the same pictures.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from livegan.config.load import LoadedScene
from livegan.config.scene import Scene
from livegan.core.channels import Latest
from livegan.core.clock import Clock
from livegan.core.files import user_path
from livegan.core.text import printable
from livegan.core.types import Vector
from livegan.datasets.cameras import Camera, CameraLostError, open_camera
from livegan.errors import DeviceError, LiveganError, MediaError, NetworkError
from livegan.mapping.latent_feed import LatentFeed
from livegan.networks.encoder_file import encoder_path
from livegan.networks.info import NetworkInfo
from livegan.rendering.threads import use_threads

MODEL = "camera"  # the motion model that reads it
RATE = 12.0  # pictures encoded a second
SIZE, FPS = (640, 480), 30.0  # that a camera is asked for
READ_S = 0.1  # that a picture is waited for
LOST_S = 3.0  # without a picture a camera is opened again
RETRY_S = 2.0
IDLE_S = 0.1  # between two looks whether a scene asks
CLOSE_S = 2.0  # a camera that no scene has asked for since is closed
ASKED_S = 1.0  # a network that no scene has asked for since is not encoded for
FILES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".jpg", ".jpeg", ".png")  # no camera is called so
NO_CAMERA = "no camera: give one with --camera NAME, or [camera] device in the venue; or a film"


class PixelEncoder(Protocol):
    """What the feed needs of an encoder."""

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """One picture, uint8 RGB (h, w, 3), to w+ (num_ws, w_dim)."""
        ...


def find_pixel_encoder(info: NetworkInfo) -> PixelEncoder | None:
    """The encoder of a network; None if none was trained."""
    from livegan.networks.encoder import find_encoder  # late: it loads torch

    return find_encoder(info)


class CameraFeed(LatentFeed):
    """Feed of what one camera sees. `read` is for the engine's thread, `poll` for the camera's."""

    def __init__(
        self,
        device: str,
        clock: Clock,
        *,
        synchronous: bool = False,
        find: Callable[[NetworkInfo], PixelEncoder | None] = find_pixel_encoder,
    ) -> None:
        """Opens nothing yet. `device`: as `open_camera` takes it; "": none.

        `synchronous`: `advance` polls; nothing is tried again, and what goes wrong is raised.
        """
        self.notice = ""  # what is wrong, in one line
        self._device, self._clock, self._synchronous, self._find = device, clock, synchronous, find
        self._asked: dict[str, tuple[NetworkInfo, float]] = {}  # by name; and when last
        self._newest: dict[str, Latest[Vector]] = {}
        self._encoders: dict[str, PixelEncoder | None] = {}
        self._camera: Camera | None = None
        self._pixels: NDArray[np.uint8] | None = None  # the newest picture
        self._seen_s = 0.0  # when it came
        self._due_s = float("-inf")

    def prepare(self, networks: Iterable[NetworkInfo]) -> None:
        """Load the encoders before the show, which would be late otherwise, and let each see one picture."""
        for info in networks if self._device else ():
            if info.name not in self._encoders:
                self._encoders[info.name] = encoder = self._find(info)
                if encoder is not None:
                    encoder.encode_pixels(np.zeros((SIZE[1], SIZE[0], 3), np.uint8))

    def read(self, network: NetworkInfo) -> Vector | None:
        name = network.name
        self._asked = {**self._asked, name: (network, self._clock.now())}  # in one assignment: `poll` reads it
        newest = self._newest.get(name)
        if newest is None and self._synchronous:
            self._encode([network])
            newest = self._newest.get(name)
        return newest.peek() if newest is not None else None

    def advance(self, time_s: float) -> None:
        """In a render: look at what the camera sees at that time, before the frame of it is planned."""
        if self._synchronous and self._device:
            self.poll(time_s)

    def poll(self, now_s: float) -> float:
        """Read and encode one picture, if a scene asks and it is time; seconds until it should be called again."""
        asked = [info for info, asked_s in self._asked.values() if now_s - asked_s < ASKED_S]
        if not asked and not self._synchronous:
            self.notice = ""
            if now_s - max((asked_s for _, asked_s in self._asked.values()), default=now_s) > CLOSE_S:
                self.close()
            return IDLE_S
        if not self._device:
            self.notice = NO_CAMERA
            return IDLE_S
        if now_s < self._due_s:
            return self._due_s - now_s
        try:
            self._look(now_s)
        except DeviceError as error:
            self.close()
            if self._synchronous:
                raise
            self.notice = f"{'camera' if self._pixels is None else 'camera gone'}: {error}"
            self._due_s = now_s + RETRY_S
            return RETRY_S
        self._encode(asked)
        self._due_s = max(self._due_s + 1 / RATE, now_s) if np.isfinite(self._due_s) else now_s + 1 / RATE
        return max(self._due_s - self._clock.now(), 0.0)

    def close(self) -> None:
        """Close the camera. Idempotent."""
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()

    def _look(self, now_s: float) -> None:
        """Take the camera's newest picture, if there is one; DeviceError if it is not there any more."""
        if self._camera is None:
            self._camera = open_camera(self._device, SIZE, FPS, clock=self._clock)
            self._seen_s = now_s
        picture = self._camera.read(0.0 if self._synchronous else READ_S)
        if picture is not None:
            self._pixels, self._seen_s, self.notice = picture.pixels, now_s, ""
        elif now_s - self._seen_s > LOST_S and not self._synchronous:
            raise CameraLostError(f"{printable(self._device)} gives no picture")

    def _encode(self, asked: Sequence[NetworkInfo]) -> None:
        """Publish the newest picture as w of each network that is asked for."""
        if self._pixels is None:
            return
        use_threads(1)
        for info in asked:
            if info.name not in self._encoders:
                try:
                    self._encoders[info.name] = self._find(info)
                except NetworkError as error:
                    self._encoders[info.name], self.notice = None, str(error)
            encoder = self._encoders[info.name]
            if encoder is not None:
                w = encoder.encode_pixels(self._pixels)
                if info.name not in self._newest:
                    self._newest = {**self._newest, info.name: Latest()}
                self._newest[info.name].put(w)


def sees(scene: Scene | None) -> bool:
    """Whether a scene asks what a camera sees."""
    return scene is not None and any(motion.model == MODEL for motion in scene.motion)


def camera_mistakes(scene: Scene, networks: Sequence[NetworkInfo]) -> list[str]:
    """What keeps a scene from showing what a camera sees."""
    if not sees(scene) or not networks:
        return []
    info = networks[0]
    if not info.w_dim:
        return [f"motion.model: {info.name} has no w, so it cannot show what a camera sees; choose another network"]
    try:
        if encoder_path(info) is None:
            return [f"motion.model: {info.name} has no encoder; type: livegan train encoder --network {info.name}"]
    except LiveganError as error:
        return [f"motion.model: {error}"]
    return []


def check_camera(device: str) -> None:
    """MediaError if a film is meant that is not there. A camera may be plugged in later."""
    path = _path(device)
    meant = path.suffix.lower() in FILES or (path.parent != Path() and path.parts[:2] != ("/", "dev"))
    if device and meant and not path.exists():
        raise MediaError(
            f"--camera {printable(device)}: there is no such film or picture; check the name, or choose a camera: "
            "livegan devices"
        )


def camera_remark(scenes: Iterable[LoadedScene], device: str) -> str:
    """A remark for a render whose scenes ask for a camera and get none; "" if all is well.

    MediaError if they would get a camera: it has no time of its own.
    """
    names = [loaded.name for loaded in scenes if sees(loaded.scene)]
    if not names:
        return ""
    if not device:
        return f"Scene '{names[0]}' sees no camera here and walks instead; give it a film: --camera film.mp4"
    if not _path(device).exists():
        raise MediaError(
            f"--camera {printable(device)}: a render reads a film, a picture or a folder of pictures, and there is "
            "none of that name; give a file, for example: --camera film.mp4"
        )
    return ""


def _path(device: str) -> Path:
    try:
        return user_path(device)
    except ValueError as error:
        raise MediaError(f"--camera {printable(device)}: cannot be a film or a camera ({error})") from error
