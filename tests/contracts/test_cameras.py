"""What every camera promises, asked of each: libavdevice's, films, folders of pictures, and the fakes."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from livegan.core.clock import ManualClock, WallClock
from livegan.datasets.cameras import CAMERAS, Camera, CameraBackend, CameraLostError, CameraSettings, open_camera
from livegan.datasets.cameras.fakes import KINDS, PLUGGED
from livegan.datasets.cameras.registry import CameraRequest
from livegan.errors import DeviceError
from tests.standin_cameras import Capture, picamera2_module

OPENABLE = [kind for kind in KINDS if kind not in ("busy", "forbidden")]
NAMES = [f"fake:{kind}" for kind in OPENABLE]
NAMES += [f"{name}:{CAMERAS[name].example}" for name in CAMERAS if CAMERAS[name].example]
NAMES += ["film", "folder", "picture", "opencv:0", "picamera2:0"]  # the last two on drivers that stand in


@pytest.fixture(autouse=True)
def drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    monkeypatch.setitem(sys.modules, "picamera2", picamera2_module())


@pytest.fixture(params=NAMES)
def camera(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Camera]:
    with open_camera(place(request.param, tmp_path), size=(320, 240), clock=clock_for(request.param)) as opened:
        yield opened


def clock_for(name: str) -> ManualClock | WallClock:
    """Devices come when they come; all others are paced by a clock that only waiting moves."""
    return WallClock() if name.startswith(("av:", "opencv:", "picamera2:")) else ManualClock(5.0)


def write_film(path: Path, count: int, fps: int) -> str:
    """A film of 64x48 whose pictures grow lighter."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(count):
            pixels = np.full((48, 64, 3), 20 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return str(path)


def place(name: str, folder: Path) -> str:
    if name == "film":
        return write_film(folder / "film.mkv", count=12, fps=10)
    if name in ("folder", "picture"):
        for number in range(3):
            Image.new("RGB", (40 + number, 30), (60 * number, 10, 200)).save(folder / f"{number}.png")
        return str(folder if name == "folder" else folder / "1.png")
    return name


def test_pictures_are_rgb_of_the_size_it_says_and_their_times_rise(camera: Camera) -> None:
    times = []
    for _ in range(5):
        picture = camera.read(3.0)
        assert picture is not None
        assert picture.pixels.dtype == np.uint8
        assert picture.pixels.shape == (camera.size[1], camera.size[0], 3)
        times.append(picture.time_s)
    assert times == sorted(set(times))


def test_a_read_that_may_not_wait_gives_none_or_something_newer(camera: Camera) -> None:
    first = camera.read(3.0)
    assert first is not None
    for _ in range(3):
        again = camera.read(0.0)
        assert again is None or again.time_s > first.time_s


def test_closing_is_idempotent_and_ends_reading(camera: Camera) -> None:
    camera.close()
    camera.close()
    with pytest.raises(CameraLostError, match="closed"):
        camera.read(0.0)


def test_what_cannot_be_locked_is_named(camera: Camera) -> None:
    assert set(camera.lock()) <= {"exposure", "white balance"}


@pytest.mark.parametrize("name", NAMES)
def test_settings_are_obeyed_or_named_as_ignored(name: str, tmp_path: Path) -> None:
    settings = CameraSettings(iso=200, shutter_us=2000, red_gain=2.0)
    with open_camera(place(name, tmp_path), settings=settings, clock=clock_for(name)) as camera:
        assert set(camera.ignored) <= {"iso", "shutter_us", "red_gain"}
        assert camera.read(3.0) is not None


@pytest.mark.parametrize("name", CAMERAS.names())
def test_backends_list_and_refuse_in_a_sentence(name: str) -> None:
    backend: type[CameraBackend] = CAMERAS[name]
    if backend.unavailable():
        assert "type: " in backend.unavailable() or "give a film" in backend.unavailable()
        with pytest.raises(DeviceError):
            open_camera(f"{name}:0")
        return
    assert isinstance(backend.cameras(), list)
    with pytest.raises(DeviceError) as error:
        backend.open("/nowhere/987", CameraRequest())
    assert "\n" not in str(error.value)
    assert len(str(error.value)) > 30


@pytest.mark.parametrize("name", ["fake:busy", "fake:forbidden", "fake:nonsense", "no such camera", "camera:987"])
def test_a_camera_that_does_not_open_says_what_to_type(name: str) -> None:
    with pytest.raises(DeviceError, match=r"type: |livegan devices|close that|did you mean|there are: |to try without"):
        open_camera(name)


def test_a_film_is_played_in_its_own_time_over_and_over(tmp_path: Path) -> None:
    clock = ManualClock(7.0)
    with open_camera(place("film", tmp_path), clock=clock) as camera:  # 12 pictures, 10 a second
        first = camera.read(0.0)
        clock.wait_until(7.55)
        sixth = camera.read(0.0)
        clock.wait_until(8.25)  # 1.2 s later it begins again
        again = camera.read(0.0)
        assert first is not None
        assert sixth is not None
        assert again is not None
        assert (first.time_s, sixth.time_s, again.time_s) == pytest.approx((7.0, 7.5, 8.2))
        np.testing.assert_array_equal(first.pixels, again.pixels)
        assert abs(first.pixels.astype(int) - sixth.pixels).mean() > 5


def test_an_unplugged_fake_is_lost_and_opens_again() -> None:
    clock = ManualClock()
    with open_camera("fake:unplugs", clock=clock) as camera:
        for _ in range(PLUGGED):
            assert camera.read(1.0) is not None
        with pytest.raises(CameraLostError, match="plug it in again"):
            camera.read(1.0)
    with open_camera("fake:unplugs", clock=clock) as camera:
        assert camera.read(1.0) is not None


def test_fakes_obey_shutter_gain_and_white_balance() -> None:
    def mean(**settings: float) -> np.ndarray:
        with open_camera("fake", settings=CameraSettings(**settings), clock=ManualClock()) as camera:  # type: ignore[arg-type]
            picture = camera.read(1.0)
            assert picture is not None
            return np.asarray(picture.pixels.mean((0, 1)))

    usual = mean()
    np.testing.assert_allclose(mean(shutter_us=5000), usual / 2, rtol=0.02)
    np.testing.assert_allclose(mean(shutter_us=5000, iso=50), usual / 4, rtol=0.02)
    np.testing.assert_allclose(mean(red_gain=0.5), usual * (0.5, 1, 1), rtol=0.02)


def test_the_newest_picture_wins_and_no_thread_is_left() -> None:
    import threading

    before = threading.active_count()
    waits: Callable[[float], None] = threading.Event().wait  # type: ignore[assignment]
    with open_camera("av:lavfi:testsrc2=size=64x48:rate=30") as camera:
        for _ in range(3):
            assert camera.read(3.0) is not None
            waits(0.01)
    assert threading.active_count() == before


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/null is no camera of this system")
def test_a_device_that_is_no_camera_says_so() -> None:
    with pytest.raises(DeviceError, match="is it a camera"):
        open_camera("/dev/null")
