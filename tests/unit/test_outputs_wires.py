"""Virtual camera, Spout, Syphon, NDI: what their libraries are given, and what is said where those are missing."""

import inspect
import sys
from typing import Any

import numpy as np
import pytest

from livegan.core.types import Frame, FramePlan
from livegan.errors import MediaError
from livegan.outputs.registry import OUTPUTS, ShowFormat
from livegan.outputs.wire import RETRY_S, Wire
from tests import standin_wires
from tests.standin_wires import Camera, SpoutSender, SyphonMetalServer

SHOW = ShowFormat(30.0, (64, 36), 48000, 2)
EMPTY = np.zeros(0, np.float32)
NAMES = ["virtual-camera", "spout", "syphon"]
OPENED: dict[str, list[Any]] = {
    "virtual-camera": Camera.opened,
    "spout": SpoutSender.opened,
    "syphon": SyphonMetalServer.opened,
}


def frame(time_s: float = 0.0, side: int = 36, colour: tuple[int, int, int] = (200, 100, 50)) -> Frame:
    pixels = np.full((side, side, 3), colour, np.uint8)
    return Frame(pixels, FramePlan(0, time_s, 1 / 30, EMPTY, EMPTY), 0.0, 0.0)


def made(kind_name: str, **options: Any) -> Wire:
    kind = OUTPUTS[kind_name]
    checked = kind.Options.model_validate(options)
    kind.check(checked)
    output = kind(checked, SHOW)  # type: ignore[call-arg]
    assert isinstance(output, Wire)
    return output


@pytest.mark.parametrize("name", NAMES)
def test_a_square_picture_stands_in_the_middle_of_black(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    standin_wires.install(monkeypatch)
    output = made(name)
    output.send(frame())
    (device,) = OPENED[name]
    (picture,) = device.pictures
    assert picture.shape[:2] == (36, 64)
    assert picture[18, 32, :3].tolist() == [200, 100, 50]
    assert picture[18, 2, :3].tolist() == [0, 0, 0]
    assert name == "virtual-camera" or (picture[..., 3] == 255).all()
    output.close()
    output.close()
    output.send(frame())
    assert len(device.pictures) == 1
    assert device.closed == {"virtual-camera": 1, "spout": ["releaseSender", "closeOpenGL"], "syphon": ["stop"]}[name]


@pytest.mark.parametrize("name", NAMES)
def test_it_has_the_size_that_the_venue_asks_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    standin_wires.install(monkeypatch)
    output = made(name, size="128x128")
    output.send(frame())
    assert OPENED[name][0].pictures[0].shape[:2] == (128, 128)
    output.close()


def test_names_and_switches_reach_the_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    standin_wires.install(monkeypatch)
    for output in (
        made("virtual-camera", device="/dev/video7"),
        made("spout", name="blue room"),
        made("syphon", name="blue room", flip=True),
    ):
        output.send(frame())
        output.close()
    assert (Camera.opened[0].device, Camera.opened[0].fps) == ("/dev/video7", 30.0)
    assert SpoutSender.opened[0].name == SyphonMetalServer.opened[0].name == "blue room"
    assert SyphonMetalServer.opened[0].flipped == [True]


def test_a_camera_that_goes_is_told_and_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    standin_wires.install(monkeypatch)
    output = made("virtual-camera")
    output.send(frame())
    Camera.fails = "device is gone"
    output.send(frame(1.0))
    assert output.notice == "virtual camera: device is gone; it is opened again"
    output.send(frame(1.0 + RETRY_S / 2))
    output.send(frame(1.0 + RETRY_S))
    assert "no virtual camera (device is gone)" in output.notice
    Camera.fails = ""
    output.send(frame(1.0 + 2 * RETRY_S))
    assert not output.notice
    assert output.dropped == 3
    assert [camera.closed for camera in Camera.opened] == [1, 0]
    output.close()


def test_a_device_that_breaks_at_the_sound_is_opened_again_after_the_same_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    standin_wires.install(monkeypatch)
    output = made("virtual-camera")
    output.send(frame(100.0))

    def gone(*_: object) -> None:
        raise OSError("device is gone")

    monkeypatch.setattr("livegan.outputs.virtual_camera.Camera.send_audio", gone)
    output.send_audio(np.zeros((8, 2), np.float32), 48000)
    assert "device is gone" in output.notice
    output.send(frame(100.0 + RETRY_S / 2))
    assert len(Camera.opened) == 1
    output.send(frame(100.0 + RETRY_S))
    assert len(Camera.opened) == 2
    output.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the sentence is the one for Linux")
def test_without_a_virtual_camera_the_real_library_leads_to_what_to_type() -> None:
    with pytest.raises(MediaError, match="sudo modprobe v4l2loopback"):
        made("virtual-camera", device="/dev/no-such-camera")


def test_the_stand_in_takes_what_the_real_camera_takes() -> None:
    import pyvirtualcam

    assert inspect.signature(Camera).parameters.keys() == inspect.signature(pyvirtualcam.Camera).parameters.keys()
    assert (
        inspect.signature(Camera.send).parameters.keys()
        == inspect.signature(pyvirtualcam.Camera.send).parameters.keys()
    )
    assert standin_wires.PixelFormat.RGB.value == pyvirtualcam.PixelFormat.RGB.value


@pytest.mark.parametrize(
    ("name", "module", "said"),
    [
        ("ndi", "cyndilib", r"NDI needs cyndilib; type: pip install 'livegan\[ndi\]'"),
        ("virtual-camera", "pyvirtualcam", r"type: pip install 'livegan\[camera\]'"),
    ],
)
def test_a_library_that_is_missing_is_asked_for(
    name: str, module: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MediaError, match=said):
        OUTPUTS[name].check(OUTPUTS[name].Options())


@pytest.mark.parametrize(
    ("name", "platform", "said"),
    [
        ("spout", "linux", "Spout is for Windows"),
        ("spout", "win32", r"livegan\[spout\]"),
        ("syphon", "linux", "Syphon is for the Mac"),
        ("syphon", "darwin", r"livegan\[syphon\]"),
    ],
)
def test_what_another_system_has_is_said_so(
    name: str, platform: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(MediaError, match=said):
        OUTPUTS[name].check(OUTPUTS[name].Options())
