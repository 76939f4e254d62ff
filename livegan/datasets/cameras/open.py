"""Opening cameras by name, and listing those of this machine."""

import re

from livegan.core.clock import Clock, WallClock
from livegan.core.files import user_path
from livegan.core.text import printable
from livegan.datasets.cameras.camera import Camera, CameraInfo, CameraSettings
from livegan.datasets.cameras.registry import CAMERAS, CameraRequest
from livegan.errors import DeviceError

NUMBERED = re.compile(r"(?:camera:?)?(\d{0,3})")


def list_cameras() -> list[CameraInfo]:
    """Every camera of this machine, of every backend that can be used here; no fakes."""
    found: list[CameraInfo] = []
    for name in CAMERAS:
        if name != "fake" and not CAMERAS[name].unavailable():
            found += CAMERAS[name].cameras()
    return found


def open_camera(
    name: str = "camera",
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    settings: CameraSettings | None = None,
    clock: Clock | None = None,
) -> Camera:
    """An open camera, for a ``with`` block; ``camera.read(1.0)`` gives its newest picture.

    `name` is "camera" (the first there is), "camera:N", a part of what `list_cameras` calls one, a device such as
    /dev/video0, BACKEND or BACKEND:DEVICE ("opencv:1", "picamera2", "fake"), or a film, a picture or a folder of
    pictures. `size` is width, height [px]; it gives the nearest that it has. Time stamps are of `clock`, which also
    paces films and fakes. DeviceError, one sentence, if there is no such camera or it does not open.
    """
    request = CameraRequest(size, fps, settings or CameraSettings(), clock or WallClock())
    if name in ("", "camera"):
        listed = list_cameras()
        if not listed:
            raise DeviceError(
                "there is no camera; plug one in, or give a film, a folder of pictures, or fake (--camera fake)"
            )
        name = next((camera.name for camera in listed if not camera.problem), listed[0].name)
    numbered = NUMBERED.fullmatch(name)
    if numbered:
        return CAMERAS["av"].open(numbered[1] or "0", request)
    backend, _, device = name.partition(":")
    if backend in CAMERAS:
        reason = CAMERAS[backend].unavailable()
        if reason:
            raise DeviceError(reason)
        return CAMERAS[backend].open(device, request)
    try:
        path = user_path(name)
    except ValueError as error:
        raise DeviceError(f"'{printable(name)}' cannot be a camera, a film or a folder ({error})") from error
    if path.is_char_device():
        return CAMERAS["av"].open(name, request)
    if path.exists():
        return CAMERAS["file"].open(name, request)
    listed = list_cameras()
    for camera in listed:
        if name.lower() in camera.title.lower():
            return open_camera(camera.name, size, fps, settings, clock)
    there = ", ".join(f"{camera.name} ({camera.title})" for camera in listed) or "none"
    raise DeviceError(
        f"there is no camera, film or folder called '{printable(name)}'; cameras here: {there}; "
        "to try without one: fake"
    )
