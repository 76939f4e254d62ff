"""Pictures of a device in a real window, CUDA stood in for by OpenGL itself: the same pixels on the screen."""

import json

import pytest

from tests.deadline import until
from tests.screen import private_screen

pytestmark = pytest.mark.virtual

DRAW = """
import ctypes, json, sys
import numpy as np
from PyQt5.QtGui import QImage, QOpenGLContext
from livegan.core.device_picture import DevicePicture, ZeroCopy
from livegan.core.dimmer import OutputDimmer
from livegan.ui.canvas import ShowCanvas
from livegan.ui.cuda import CudaError
from livegan.ui.display import application
from livegan.ui.zero_copy import TextureWriter, UNPACK_BUFFER

fault = sys.argv[1]

class StandIn:
    # a device whose memory is the host's: it writes to the buffer as CUDA would, by OpenGL's own call
    registered, written = [], 0

    def __init__(self, number):
        if fault == "open":
            raise CudaError("another graphics card draws the window")
        find = QOpenGLContext.currentContext().getProcAddress
        get = lambda name, *kinds: ctypes.CFUNCTYPE(None, *kinds)(int(find(name)))
        self.bind = get(b"glBindBuffer", ctypes.c_uint, ctypes.c_uint)
        self.fill = get(b"glBufferSubData", ctypes.c_uint, ctypes.c_ssize_t, ctypes.c_ssize_t, ctypes.c_void_p)

    def register(self, buffer):
        StandIn.registered.append(buffer)
        return buffer

    def unregister(self, resource):
        StandIn.registered.remove(resource)

    def copy(self, address, size, resource):
        StandIn.written += 1
        if fault == "wrong" or (fault == "later" and StandIn.written > 3):
            if fault == "later":
                raise CudaError("the device is gone")
            address = np.zeros(size, np.uint8).ctypes.data
        self.bind(UNPACK_BUFFER, resource)
        self.fill(UNPACK_BUFFER, 0, size, address)
        self.bind(UNPACK_BUFFER, 0)

running = application(vsync=False)
canvas = ShowCanvas(OutputDimmer(), vsync=False)
canvas._writer = TextureWriter(StandIn)
canvas.native.resize(400, 300)
canvas.native.show()
shown, now_s = None, 0.0

def draw(_):
    if shown is not None:
        canvas.show_pixels(shown[1], shown[0])
        canvas.draw(now_s, [(0, 1.0), (1, 0.25)])

canvas.canvas.events.draw.connect(draw)
canvas.canvas.events.ignore_callback_errors = False

def look():
    running.processEvents()
    image = canvas.native.grabFramebuffer().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
    return rows.reshape(image.height(), -1).copy()

rng = np.random.default_rng(1)
switch, equal, downloads = ZeroCopy(on=True), [], 0

def on_device(pixels):
    def download():
        global downloads
        downloads += 1
        return pixels
    return DevicePicture(pixels.shape, 0, pixels.ctypes.data, download, switch)

for number, size in enumerate([(64, 64), (64, 64), (51, 77), (51, 77), (64, 64), (33, 101)]):
    pixels = rng.integers(0, 255, (*size, 3), dtype=np.uint8)
    shown = number % 2, on_device(pixels)
    device = look()
    shown = number % 2, pixels
    equal.append(bool((device == look()).all() and device.max() > 100))
buffers = len(StandIn.registered)
canvas.close()
print(json.dumps({"equal": equal, "on": switch.on, "problem": switch.problem, "shown": switch.shown,
                  "downloads": downloads, "buffers": buffers, "left": len(StandIn.registered)}), flush=True)
"""


@pytest.mark.parametrize(
    ("fault", "facts"),
    [
        # one download: the first picture, which is compared
        ("", {"on": True, "problem": "", "downloads": 1, "buffers": 1, "left": 0}),
        ("open", {"on": False, "problem": "another graphics card draws the window", "shown": 0, "downloads": 6}),
        ("wrong", {"on": False, "problem": "the first picture was another one", "shown": 0, "downloads": 6, "left": 0}),
        ("later", {"on": False, "problem": "the device is gone", "left": 0}),
    ],
)
def test_on_the_screen_they_are_the_same_by_either_way(fault: str, facts: dict[str, object]) -> None:
    with private_screen(640, 480) as screen:
        show = screen.start(DRAW, fault)
        try:
            until(lambda: show.poll() is not None, "six pictures by either way", 60)
        except BaseException:
            show.kill()
            raise
        finally:
            said, _ = show.communicate()
    assert show.returncode == 0, said
    got = json.loads(said.splitlines()[-1])
    assert got["equal"] == [True] * 6
    assert {name: got[name] for name in facts} == facts
    if not fault:
        assert got["shown"] >= 6
