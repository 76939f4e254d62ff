"""Cameras: webcams, cameras of a Raspberry Pi, films and folders played as cameras, and fakes, behind one interface."""

from livegan.datasets.cameras.camera import Camera, CameraInfo, CameraLostError, CameraPicture, CameraSettings
from livegan.datasets.cameras.open import list_cameras, open_camera
from livegan.datasets.cameras.registry import CAMERAS, CameraBackend

__all__ = [
    "CAMERAS",
    "Camera",
    "CameraBackend",
    "CameraInfo",
    "CameraLostError",
    "CameraPicture",
    "CameraSettings",
    "list_cameras",
    "open_camera",
]
