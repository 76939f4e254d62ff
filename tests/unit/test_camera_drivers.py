"""Cameras: V4L2's controls and modes on a kernel that stands in, OpenCV and picamera2 on drivers that do, names."""

import errno
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from livegan.datasets.cameras import Camera, CameraInfo, CameraLostError, CameraSettings, open_camera, v4l2
from livegan.datasets.cameras import open as opening
from livegan.datasets.cameras.registry import CAMERAS, CameraRequest
from livegan.datasets.cameras.v4l2 import V4l2Device, best_mode, cannot_open
from livegan.errors import DeviceError
from tests.standin_cameras import Capture, Kernel, Picamera2, picamera2_module

WEBCAM = {
    v4l2.AUTO_EXPOSURE: (0, 3, 3),
    v4l2.EXPOSURE: (3, 2047, 250),
    v4l2.GAIN: (0, 255, 40),
    v4l2.AUTO_WHITE: (0, 1, 1),
}


def test_shutter_and_gain_are_set_by_hand_and_within_the_range_of_the_webcam() -> None:
    kernel = Kernel(WEBCAM)
    ignored = V4l2Device(0, kernel).set(CameraSettings(shutter_us=5000, gain=999, iso=100, red_gain=1.5))
    assert ignored == ("iso", "red_gain")
    assert kernel.value(v4l2.AUTO_EXPOSURE) == 1
    assert kernel.value(v4l2.EXPOSURE) == 50  # of 100 µs each
    assert kernel.value(v4l2.GAIN) == 255
    assert kernel.value(v4l2.AUTO_WHITE) == 0
    assert V4l2Device(0, kernel).set(CameraSettings(shutter_us=0)) == ()
    assert kernel.value(v4l2.AUTO_EXPOSURE) == 3


def test_a_lock_holds_what_is_and_names_what_the_webcam_lacks() -> None:
    kernel = Kernel(WEBCAM)
    assert V4l2Device(0, kernel).lock() == ()
    assert (kernel.value(v4l2.AUTO_EXPOSURE), kernel.value(v4l2.EXPOSURE), kernel.value(v4l2.AUTO_WHITE)) == (1, 250, 0)
    assert V4l2Device(0, Kernel({})).lock() == ("exposure", "white balance")


def test_a_webcam_is_given_back_as_it_was() -> None:
    kernel = Kernel(WEBCAM)
    device = V4l2Device(0, kernel)
    before, controls = device.values(), dict(kernel.controls)
    device.set(CameraSettings(shutter_us=1000, gain=9))
    device.lock()
    assert kernel.controls != controls
    device.restore(before)
    assert kernel.controls == controls


def test_iso_is_the_nearest_of_the_menu_and_white_balance_the_middle_of_the_range() -> None:
    kernel = Kernel(
        WEBCAM | {v4l2.ISO: (0, 2, 0), v4l2.AUTO_ISO: (0, 1, 1), v4l2.RED: (0, 200, 0), v4l2.BLUE: (0, 200, 0)}
    )
    kernel.iso_menu = [100_000, 200_000, 400_000]
    assert V4l2Device(0, kernel).set(CameraSettings(iso=250, red_gain=1.0, blue_gain=1.5)) == ()
    assert (kernel.value(v4l2.ISO), kernel.value(v4l2.AUTO_ISO)) == (1, 0)
    assert (kernel.value(v4l2.RED), kernel.value(v4l2.BLUE)) == (100, 150)


def test_the_mode_is_the_smallest_that_covers_what_is_asked_else_the_largest() -> None:
    device = V4l2Device(0, Kernel({}))
    assert device.title() == "HD Webcam"
    assert V4l2Device(0, Kernel({}, capture=False)).title() == ""
    modes = device.modes()
    assert len(modes) == 5
    assert best_mode(modes, (600, 480)) == ("yuyv422", (640, 480))
    assert best_mode(modes, (1280, 720)) == ("yuyv422", (1280, 720))  # not the one that JPEG has spoilt
    assert best_mode(modes, (2000, 1000)) == ("mjpeg", (2560, 1440))
    assert best_mode(modes, (4000, 3000)) == ("mjpeg", (2560, 1440))
    assert best_mode([], (1, 1)) is None


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOENT, "plug it in"),
        (errno.EACCES, "usermod -aG video"),
        (errno.EBUSY, "in use by another program"),
        (errno.EIO, "does not open"),
    ],
)
def test_every_reason_has_a_sentence(number: int, sentence: str) -> None:
    assert sentence in str(cannot_open("camera:0", "/dev/video0", OSError(number, "why")))


def test_a_camera_without_permission_is_listed_with_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("video10", "video2", "videoX"):
        (tmp_path / name).touch()

    def refuse(path: str) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(v4l2, "open_v4l2", refuse)
    listed = v4l2.list_v4l2(tmp_path)
    assert [camera.name for camera in listed] == ["camera:2", "camera:10"]
    assert "usermod" in listed[0].problem


def test_opencv_turns_bgr_round_and_names_what_the_driver_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Capture] = []
    monkeypatch.setattr(cv2, "VideoCapture", lambda place: made.append(Capture(place)) or made[-1])
    settings = CameraSettings(iso=100, shutter_us=2000, blue_gain=1.0)
    with open_camera("opencv:0", size=(2000, 2000), settings=settings) as camera:
        picture = camera.read(3.0)
        assert picture is not None
        assert tuple(picture.pixels[0, 0]) == (0, 0, 200)
        assert camera.size == (640, 480)
        assert camera.ignored == ("iso",)
        assert camera.lock() == ()
        assert made[0].properties[cv2.CAP_PROP_EXPOSURE] == 20
    assert not made[0].opened
    assert made[0].properties[cv2.CAP_PROP_EXPOSURE] == 156  # as it was


def read_on(camera: Camera) -> None:
    """Read until the camera fails."""
    while camera.read(3.0) is not None:
        pass


def test_a_webcam_that_is_unplugged_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Capture] = []
    monkeypatch.setattr(cv2, "VideoCapture", lambda place: made.append(Capture(place)) or made[-1])
    with open_camera("opencv") as camera:
        assert camera.read(3.0) is not None
        made[0].left = 0
        with pytest.raises(CameraLostError, match="plug it in again"):
            read_on(camera)


def test_opencv_reads_a_film(tmp_path: Path) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for _ in range(3):
        writer.write(np.full((48, 64, 3), (250, 10, 10), np.uint8))
    writer.release()
    with open_camera(f"opencv:{tmp_path / 'a.avi'}") as camera:
        picture = camera.read(3.0)
        assert picture is not None
        assert camera.size == (64, 48)
        red, _, blue = picture.pixels[10, 10]
        assert blue > 200 > 60 > red


def test_a_raspberry_pi_gets_shutter_gain_and_white_balance(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Picamera2] = []
    module: Any = picamera2_module()

    class Kept(Picamera2):
        def __init__(self, number: int = 0) -> None:
            super().__init__(number)
            made.append(self)

    module.Picamera2 = Kept
    monkeypatch.setitem(sys.modules, "picamera2", module)
    settings = CameraSettings(iso=200, shutter_us=100_000, red_gain=3.125, blue_gain=1.96)
    with open_camera("picamera2", size=(2000, 2000), settings=settings) as camera:
        controls = made[0].controls
        assert controls["ExposureTime"] == 100_000
        assert controls["AnalogueGain"] == 2.0
        assert controls["ColourGains"] == (3.125, 1.96)
        assert controls["FrameRate"] == 10  # a picture takes 0.1 s
        assert camera.size == (1984, 2000)
        picture = camera.read(3.0)
        assert picture is not None
        assert tuple(picture.pixels[0, 0]) == (200, 20, 10)
        assert camera.lock() == ()
        assert "AnalogueGain" in made[0].controls
        assert made[0].controls["AeEnable"] is False
        assert made[0].controls["ExposureTime"] == 100_000  # not what it happened to be
    with open_camera("picamera2:0") as camera:
        assert camera.size[0] == 4032
        camera.lock()
        assert made[1].controls["ExposureTime"] == 8123
    monkeypatch.setattr(Picamera2, "busy", True)
    with pytest.raises(DeviceError, match="end the program that uses it"):
        open_camera("picamera2")
    with pytest.raises(DeviceError, match="ribbon"):
        open_camera("picamera2:3")


def test_without_picamera2_and_opencv_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("livegan.datasets.cameras.raspberry", "livegan.datasets.cameras.opencv"):
        monkeypatch.setattr(f"{module}.find_spec", lambda name: None)
    for name, hint in (("picamera2", "apt install"), ("opencv:0", "pip install")):
        with pytest.raises(DeviceError, match=hint):
            open_camera(name)


def test_a_camera_is_found_by_a_part_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [CameraInfo("camera:0", "Built-in", "it is in use"), CameraInfo("fake:small", "C920 Pro")]
    monkeypatch.setattr(opening, "list_cameras", lambda: there)
    for name in ("c920", "camera", ""):  # the first that can be opened
        with open_camera(name) as camera:
            assert camera.size == (320, 240)
    with pytest.raises(DeviceError, match=r"Built-in.*C920"):
        open_camera("Brio")
    monkeypatch.setattr(opening, "list_cameras", list)
    with pytest.raises(DeviceError, match="there is no camera"):
        open_camera("camera")


def test_avfoundation_is_asked_again_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    import av

    asked: list[dict[str, str]] = []

    def refuse(_source: str, _mode: str, driver: str, options: dict[str, str]) -> Any:
        asked.append(options)
        raise OSError(errno.EIO, f"{driver}: Selected video size is not supported")

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(av, "open", refuse)
    with pytest.raises(DeviceError, match="System Settings"):
        CAMERAS["av"].open("0", CameraRequest(size=(2000, 2000)))
    assert asked == [
        {"video_size": "2000x2000", "framerate": "30"},
        {"video_size": "2000x2000"},
        {"framerate": "30"},
        {},
    ]
