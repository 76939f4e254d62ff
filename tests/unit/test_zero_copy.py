"""Pictures that stay on their device: the host's copy, CUDA's calls in their order, and the switch."""

import ctypes
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from livegan.config.load import load_venue
from livegan.config.venue import OutputTable
from livegan.core.clock import ManualClock
from livegan.core.device_picture import DevicePicture, ZeroCopy
from livegan.core.types import Picture
from livegan.engine.report import report
from livegan.engine.show import PlayOptions, set_up
from livegan.rendering.transfer import DeviceToHost, on_device
from livegan.ui.cuda import CudaDevice, CudaError, load_driver


def test_the_host_gets_a_picture_once_and_whoever_asks() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    downloads: list[int] = []
    picture = DevicePicture((2, 4, 3), 0, 1234, lambda: downloads.append(1) or pixels, ZeroCopy(on=True))  # type: ignore[func-returns-value]
    threads = [threading.Thread(target=np.asarray, args=[picture]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.asarray(picture) is pixels
    assert len(downloads) == 1
    assert np.asarray(picture, np.float32).dtype == np.float32
    assert (picture.shape, picture.dtype) == (pixels.shape, pixels.dtype)


def test_a_tensor_is_kept_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegan.rendering.transfer._download", lambda tensor: tensor.numpy())
    tensor = torch.arange(24, dtype=torch.uint8).reshape(2, 4, 3)
    picture = on_device(tensor, ZeroCopy(on=True))
    assert ctypes.string_at(picture.address, 24) == bytes(range(24))
    assert np.array_equal(np.asarray(picture), tensor.numpy())


def test_pictures_of_the_processor_are_arrays_as_ever() -> None:
    tensor = torch.arange(24, dtype=torch.uint8).reshape(2, 4, 3)
    assert isinstance(DeviceToHost().keep(tensor, ZeroCopy(on=True)), np.ndarray)


def test_a_window_that_cannot_turns_the_switch_off_and_the_first_reason_stays() -> None:
    switch = ZeroCopy(on=True)
    switch.refuse("another graphics card draws the window")
    switch.refuse("later")
    assert (switch.on, switch.problem) == (False, "another graphics card draws the window")


class Driver:
    """Stand-in for CUDA's driver: notes what is called, and answers through the pointers it is given."""

    def __init__(self, drawing: int = 7, fails: str = "", room: int = 24, code: int = 304) -> None:
        self.called: list[str] = []
        self.drawing, self.fails, self.room, self.code = drawing, fails, room, code
        self.buffer = (ctypes.c_uint8 * room)()

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("cu") or self.fails == f"no {name}":
            raise AttributeError(name)

        def call(*values: Any) -> int:
            self.called.append(name)
            if name == self.fails:
                return self.code
            getattr(self, f"do_{name}", lambda *_: None)(*values)
            return 0

        return call

    def do_cuDeviceGet(self, device: Any, number: ctypes.c_int) -> None:  # noqa: N802
        device._obj.value = number.value + 7

    def do_cuGLGetDevices_v2(self, count: Any, devices: Any, room: ctypes.c_uint, which: ctypes.c_int) -> None:  # noqa: N802
        assert (room.value, which.value) == (16, 1)
        count._obj.value, devices[0] = 1, self.drawing

    def do_cuGraphicsGLRegisterBuffer(self, resource: Any, buffer: ctypes.c_uint, flags: ctypes.c_uint) -> None:  # noqa: N802
        assert flags.value == 2
        resource._obj.value = 1000 + buffer.value

    def do_cuGraphicsResourceGetMappedPointer_v2(self, pointer: Any, room: Any, resource: ctypes.c_void_p) -> None:  # noqa: N802
        assert resource.value == 1005
        pointer._obj.value, room._obj.value = ctypes.addressof(self.buffer), self.room

    def do_cuMemcpyDtoDAsync_v2(self, target: Any, source: Any, size: ctypes.c_size_t, _stream: Any) -> None:  # noqa: N802
        ctypes.memmove(target.value, source.value, size.value)


def test_a_copy_maps_writes_waits_and_unmaps() -> None:
    driver = Driver()
    device = CudaDevice(0, driver)
    resource = device.register(5)
    driver.called.clear()
    pixels = np.arange(24, dtype=np.uint8)
    device.copy(pixels.ctypes.data, 24, resource)
    assert bytes(driver.buffer) == bytes(range(24))
    assert driver.called == [
        "cuCtxPushCurrent_v2",
        "cuGraphicsMapResources",
        "cuGraphicsResourceGetMappedPointer_v2",
        "cuMemcpyDtoDAsync_v2",
        "cuStreamSynchronize",
        "cuGraphicsUnmapResources",
        "cuCtxPopCurrent_v2",
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"drawing": 8}, "another graphics card draws the window"),
        ({"fails": "cuInit", "code": 100}, "cuInit has failed with CUDA error 100"),
        ({"fails": "no cuGLGetDevices_v2"}, "the driver has no cuGLGetDevices_v2"),
        ({"fails": "cuGLGetDevices_v2"}, "cuGLGetDevices_v2 has failed with CUDA error 304"),
    ],
)
def test_a_device_that_does_not_draw_the_window_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(CudaError, match=told):
        CudaDevice(0, Driver(**options))


@pytest.mark.parametrize("failing", ["cuMemcpyDtoDAsync_v2", "cuStreamSynchronize"])
def test_what_is_mapped_is_unmapped_whatever_fails(failing: str) -> None:
    driver = Driver()
    device = CudaDevice(0, driver)
    resource = device.register(5)
    driver.fails = failing
    with pytest.raises(CudaError, match=failing):
        device.copy(np.zeros(24, np.uint8).ctypes.data, 24, resource)
    assert driver.called[-2:] == ["cuGraphicsUnmapResources", "cuCtxPopCurrent_v2"]


def test_nothing_is_written_past_a_buffer() -> None:
    driver = Driver(room=12)
    device = CudaDevice(0, driver)
    with pytest.raises(CudaError, match="the buffer has 12 bytes, not 24"):
        device.copy(np.zeros(24, np.uint8).ctypes.data, 24, device.register(5))
    assert "cuMemcpyDtoDAsync_v2" not in driver.called


def test_without_the_driver_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> SimpleNamespace:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(CudaError, match=r"no (libcuda\.so\.1|nvcuda\.dll)"):
        load_driver()


class OnCard(DeviceToHost):
    """Stand-in for the transfer of a CUDA device: it keeps pictures in the memory that they are in."""

    kept: list[DevicePicture]

    def __init__(self) -> None:
        super().__init__()
        self.kept = []

    def keep(self, picture: Picture, switch: ZeroCopy) -> Picture:
        pixels = self.copy(picture)
        self.kept.append(DevicePicture(pixels.shape, 0, pixels.ctypes.data, lambda: pixels, switch))
        return self.kept[-1]


def test_a_show_hands_on_pictures_where_they_lie_until_a_window_refuses_them() -> None:
    venue = load_venue()
    hands = venue.hands.model_copy(update={"port": "none"})
    show = set_up(venue.model_copy(update={"hands": hands}), PlayOptions("patterns", one_scene=True), ManualClock())
    performer, card = show.runtime.performer, OnCard()
    performer._to_host = card
    frame = performer.step(0, 0.0, 1 / 60, None, ())
    assert isinstance(frame.pixels, DevicePicture)
    assert isinstance(performer.still, np.ndarray)
    frame.pixels.switch.refuse("another graphics card draws the window")
    later = performer.step(1, 1 / 60, 1 / 60, None, ())
    assert isinstance(later.pixels, np.ndarray)
    assert later.pixels.shape == frame.pixels.shape
    assert len(card.kept) == 1
    assert report(show.runtime)["zero_copy"] == {"frames": 0, "problem": "another graphics card draws the window"}


@pytest.mark.parametrize(
    ("window", "setting", "records", "on"),
    [(True, True, False, True), (False, True, False, False), (True, False, False, False), (True, True, True, False)],
)
def test_only_where_nothing_but_a_window_takes_every_picture(
    window: bool, setting: bool, records: bool, on: bool, tmp_path: Path
) -> None:
    venue = load_venue()
    film = OutputTable.model_validate({"kind": "film", "path": str(tmp_path / "film.mp4")})
    changes = {
        "hands": venue.hands.model_copy(update={"port": "none"}),
        "window": venue.window.model_copy(update={"zero_copy": setting}),
        "outputs": (film,) if records else (),
    }
    options = PlayOptions("patterns", one_scene=True, in_window=window)
    show = set_up(venue.model_copy(update=changes), options, ManualClock())
    assert show.runtime.performer.zero_copy.on is on
