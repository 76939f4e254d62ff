"""Pictures in mapped windows, pixel for pixel: corners, slices, mirrors, rotations, soft edges that add up."""

import json
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from livegan.config.load import load_venue
from livegan.config.picture_view import SQUARE, PictureView
from livegan.ui.warp import homography, move
from tests.deadline import until
from tests.screen import Screen, private_screen

pytestmark = pytest.mark.virtual

WIDTH, HEIGHT = 640, 360

DRAW = """
import json, sys
import numpy as np
from PyQt5.QtGui import QImage
from livegan.config.picture_view import PictureView
from livegan.ui.canvas import ShowCanvas
from livegan.core.dimmer import OutputDimmer
from livegan.ui.display import application

folder, jobs = sys.argv[1], json.loads(sys.argv[2])
running = application(vsync=False)
canvas = ShowCanvas(OutputDimmer(), vsync=False)
canvas.native.resize(640, 360)
canvas.native.show()
pixels, now_s = None, 0.0

def draw(_):
    if pixels is not None:
        canvas.show_pixels(pixels)
    canvas.draw(now_s)

canvas.canvas.events.draw.connect(draw)
canvas.canvas.events.ignore_callback_errors = False
for name, (source, view) in jobs.items():
    pixels = np.load(f"{folder}/{source}.npy") if source else None
    canvas.view = PictureView.model_validate(view)
    running.processEvents()
    image = canvas.native.grabFramebuffer().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
    shown = rows.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    np.save(f"{folder}/{name}-drawn.npy", shown.reshape(image.height(), -1, 3))
canvas.close()
"""

QUADRANTS = np.zeros((HEIGHT, WIDTH, 3), np.uint8)  # red, green / blue, white
QUADRANTS[: HEIGHT // 2, : WIDTH // 2] = (255, 0, 0)
QUADRANTS[: HEIGHT // 2, WIDTH // 2 :] = (0, 255, 0)
QUADRANTS[HEIGHT // 2 :, : WIDTH // 2] = (0, 0, 255)
QUADRANTS[HEIGHT // 2 :, WIDTH // 2 :] = (255, 255, 255)
NOISE = np.random.default_rng(7).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
RAMP = np.broadcast_to(np.linspace(40, 250, WIDTH)[None, :, None], (HEIGHT, WIDTH, 3)).round().astype(np.uint8)
TRAPEZE = [[0.25, 0.1], [0.8, 0.2], [0.95, 0.9], [0.1, 0.8]]
LEFT, RIGHT = [0.0, 0.0, 0.6, 1.0], [0.4, 0.0, 0.6, 1.0]  # overlap: a third of each
VIEWS: dict[str, tuple[str, dict[str, object]]] = {
    "idle": ("", {"map": {"corners": TRAPEZE}}),
    "plain": ("noise", {}),
    "corners": ("quadrants", {"map": {"corners": TRAPEZE}}),
    "trapeze": ("white", {"map": {"corners": TRAPEZE}}),
    "almost": ("noise", {"map": {"corners": [[0, 0], [1, 0], [1, 1], [0, 1 + 1e-9]]}}),
    "turned": ("quadrants", {"rotate": 90, "fill": "stretch"}),
    "mirrored": ("quadrants", {"mirror": "horizontal"}),
    "slice": ("quadrants", {"slice": [0.5, 0.5, 0.5, 0.5]}),
    "narrow": ("quadrants", {"slice": [0.0, 0.0, 0.25, 1.0]}),
    "stretched": ("quadrants", {"slice": [0.0, 0.0, 0.25, 1.0], "fill": "stretch"}),
    **{
        f"{side}-{gamma}": (
            "ramp",
            {"slice": part, "fill": "stretch", "map": {"soft_edges": {edge: 1 / 3}, "gamma": gamma}},
        )
        for gamma in (1.0, 2.2)
        for side, edge, part in (("left", "right", LEFT), ("right", "left", RIGHT))
    },
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[np.float64]]:
    """What a window of 640 by 360 shows of each of `VIEWS`."""
    folder: Path = tmp_path_factory.mktemp("drawn")
    white = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for name, pixels in {"quadrants": QUADRANTS, "noise": NOISE, "ramp": RAMP, "white": white}.items():
        np.save(folder / f"{name}.npy", pixels)
    with private_screen(800, 600) as screen:
        process = screen.start(DRAW, str(folder), json.dumps(VIEWS))
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
    return {name: np.load(folder / f"{name}-drawn.npy").astype(float) for name in VIEWS}


def colour_at(pixels: NDArray[np.float64], x: float, y: float) -> list[int]:
    """The colour at shares of the window."""
    return [int(value) for value in pixels[int(y * HEIGHT), int(x * WIDTH)]]


def test_a_picture_as_it_is_comes_out_bit_for_bit(drawn: dict[str, NDArray[np.float64]]) -> None:
    assert (drawn["plain"] == NOISE).all()
    assert np.abs(drawn["almost"] - NOISE).max() <= 1, "and through the mapping, with corners in their places"


def test_every_point_goes_where_the_homography_says(drawn: dict[str, NDArray[np.float64]]) -> None:
    moved = homography(PictureView.model_validate(VIEWS["corners"][1]).map.corners)
    colours = {(0.25, 0.25): [255, 0, 0], (0.75, 0.25): [0, 255, 0], (0.25, 0.75): [0, 0, 255]}
    for (x, y), colour in {**colours, (0.75, 0.75): [255, 255, 255]}.items():
        for dx, dy in ((-0.23, -0.23), (0.23, -0.23), (0.0, 0.0), (0.23, 0.23)):
            assert colour_at(drawn["corners"], *move(moved, (x + dx, y + dy))) == colour, (x + dx, y + dy)
    middle = move(moved, (0.5, 0.5))
    rows, columns = np.nonzero(np.abs(np.diff(drawn["corners"][..., 0], axis=1)) > 100)
    close = np.abs(rows / HEIGHT - middle[1]) < 0.01
    assert np.abs(columns[close] / WIDTH - middle[0]).min() < 0.005, "in perspective, not by two triangles"


def test_outside_is_black_and_the_border_is_smooth(drawn: dict[str, NDArray[np.float64]]) -> None:
    pixels = drawn["trapeze"][..., 0]
    for x, y in TRAPEZE:
        outward = np.sign(np.array([x, y]) - 0.5) * 0.03
        assert colour_at(drawn["trapeze"], x + outward[0], y + outward[1]) == [0, 0, 0]
        assert colour_at(drawn["trapeze"], x - outward[0], y - outward[1]) == [255, 255, 255]
    between = ((pixels > 20) & (pixels < 235)).sum()
    assert 0.5 * (WIDTH + HEIGHT) < between < 5 * (WIDTH + HEIGHT), "a pixel or two along each side"
    area = 0.5 * abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(TRAPEZE, TRAPEZE[1:] + TRAPEZE[:1], strict=True)))
    assert pixels.mean() / 255 == pytest.approx(area, abs=0.003)
    assert drawn["idle"][:20].max() == 0, "what is drawn before the first frame is mapped too"
    assert drawn["idle"].max() > 12


def test_slices_mirrors_and_rotations(drawn: dict[str, NDArray[np.float64]]) -> None:
    red, green, blue, white = [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]

    def corners(name: str) -> list[list[int]]:
        return [colour_at(drawn[name], x, y) for y in (0.1, 0.9) for x in (0.1, 0.9)]

    assert corners("turned") == [blue, red, white, green], "clockwise"
    assert corners("mirrored") == [green, red, white, blue]
    assert corners("slice") == [white] * 4
    assert corners("stretched") == [red, red, blue, blue]
    assert corners("narrow") == [[0, 0, 0]] * 4, "bars, as its aspect is kept"
    assert colour_at(drawn["narrow"], 0.5, 0.25) == red


@pytest.mark.parametrize("gamma", [1.0, 2.2])
def test_soft_edges_of_two_overlapping_slices_add_up(drawn: dict[str, NDArray[np.float64]], gamma: float) -> None:
    """Two projectors side by side, the light of the overlap added as their gamma says, in the room's coordinates."""
    left, right = drawn[f"left-{gamma}"][HEIGHT // 2, :, 0], drawn[f"right-{gamma}"][HEIGHT // 2, :, 0]
    wall = np.linspace(0, 1, 2001)[1:-1]  # across the whole picture

    def light(row: NDArray[np.float64], part: list[float]) -> NDArray[np.float64]:
        at = (wall - part[0]) / part[2] * WIDTH - 0.5
        inside = (wall > part[0]) & (wall < part[0] + part[2])
        return np.where(inside, np.interp(at, np.arange(WIDTH), row) / 255, 0.0) ** gamma

    both = (light(left, LEFT) + light(right, RIGHT)) ** (1 / gamma) * 255
    flat = np.interp(wall * WIDTH - 0.5, np.arange(WIDTH), RAMP[0, :, 0].astype(float))
    assert np.abs(both - flat).max() <= 2.0
    half = left[int(WIDTH * (0.5 / 0.6))]  # the middle of the overlap
    assert half < 0.8 * RAMP[0, WIDTH // 2, 0], "each gives a part of the light there"


MAP = """
import sys, threading
import numpy as np
from functools import partial
from pathlib import Path
from livegan.config.scene import Scene
from livegan.config.venue import WindowTable
from livegan.core.clock import WallClock
from livegan.core.types import Frame, FramePlan
from livegan.ui.app import open_window
from livegan.ui.feed import WindowExtras
from livegan.ui.play import save_in
from tests.boards import BoardFeed

feed = BoardFeed(Scene(title="T", network="plain"))
feed.clock = WallClock()

def play():
    index = 0
    while not ended.wait(0.05):
        now, index = feed.clock.now(), index + 1
        plan = FramePlan(index, now, 0.05, np.zeros(2, np.float32), np.zeros(0, np.float32), heard_s=now)
        feed.frames.put(Frame(np.full((36, 64, 3), 200, np.uint8), plan, now, now))

ended = threading.Event()
engine = threading.Thread(target=play)
engine.start()
extras = WindowExtras(save_maps=partial(save_in, Path(sys.argv[1])))
with open_window(feed, WindowTable(size=(640, 360)), extras) as window:
    feed.controls.subscribe(lambda event: print("event", event.name, event.value, flush=True))
    window.ready.subscribe(lambda: print("ready", flush=True))
    window.run(300)
ended.set()
engine.join()
print(f"faults {window.stats.faults} {window.stats.last_fault}".strip(), flush=True)
"""


class Window:
    """A window of the show in a process of its own; what it says, line by line."""

    def __init__(self, screen: Screen, script: str, *args: str) -> None:
        self.screen, self.lines = screen, list[str]()
        self.process = screen.start(script, *args)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(line.strip())

    def wait_for(self, line: str) -> None:
        until(lambda: line in self.lines or not self._reader.is_alive(), lambda: f"'{line}'; it said {self.lines}")
        assert line in self.lines, self.lines

    def pixel(self, x: float, y: float, title: str = "livegan") -> tuple[int, ...]:
        """The colour at shares of the window so called."""
        left, top, width, height = until(lambda: self.screen.geometry(title), f"the window '{title}'")
        pixels = self.screen.picture()
        return tuple(int(value) for value in pixels[top + int(y * (height - 1)), left + int(x * (width - 1))])

    def wait_for_pixel(self, colour: tuple[int, int, int], x: float, y: float, title: str = "livegan") -> None:
        until(
            lambda: max(abs(a - b) for a, b in zip(self.pixel(x, y, title), colour, strict=True)) <= 2,
            lambda: f"{colour} at {x}, {y} of {title}, there is {self.pixel(x, y, title)}; it said {self.lines}",
            pause_s=0.05,
        )

    def drag(self, *points: tuple[int, int], title: str = "livegan") -> None:
        """Press the mouse at the first point of a window [px], move it, let it go at the last."""
        left, top, *_ = until(lambda: self.screen.geometry(title), f"the window '{title}'")
        words = [["mousemove", str(left + x), str(top + y)] for x, y in points]
        words.insert(1, ["mousedown", "1"])
        command = ["xdotool", *(word for part in words for word in part), "sleep", "0.1", "mouseup", "1"]
        subprocess.run(command, env=self.screen.environment, check=True, timeout=30)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(timeout=30)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def test_corners_are_set_with_mouse_and_keys_and_kept_in_the_venue(tmp_path: Path) -> None:
    venue = tmp_path / "room.toml"
    venue.write_text("[window]\nhud = false  # not here\n[show]\n", encoding="utf-8")
    with private_screen(800, 600) as screen:
        window = Window(screen, MAP, str(venue))
        try:
            window.wait_for("ready")
            window.wait_for_pixel((200, 200, 200), 0.02, 0.02)
            screen.press("ctrl+m")
            window.wait_for("event map 1.0")
            window.drag((4, 4), (150, 40), (164, 94))
            window.wait_for_pixel((2, 2, 4), 0.1, 0.1)  # the veil under the grid
            screen.press("Tab", "Left", "Left", "Down", "b")
            window.wait_for("event blackout 1.0")
            screen.press("b")
            window.wait_for("event blackout 0.0")
            screen.press("Escape")
            window.wait_for("event map 0.0")
            window.wait_for_pixel((200, 200, 200), 0.35, 0.35)
            screen.press("Escape", "Escape")
            window.wait_for("faults 0")
        finally:
            window.stop()
    corners = load_venue(venue).window.map.corners
    assert corners[0] == pytest.approx((160 / 640, 90 / 360), abs=2e-3)
    assert corners[1] == pytest.approx((1 - 2 / 640, 1 / 360), abs=1e-4)
    assert corners[2:] == SQUARE[2:]
    assert "hud = false  # not here" in venue.read_text(encoding="utf-8")


WINDOWS = (
    MAP.replace(
        "extras = WindowExtras(save_maps=partial(save_in, Path(sys.argv[1])))",
        """
import json
from PyQt5.QtCore import QTimer
from livegan.config.venue import ExtraWindowTable
from livegan.ui.feed import ExtraWindow

def close(event):
    if event.name == "hud":
        QTimer.singleShot(0, window.outputs[0].close)

feed.controls.subscribe(close)
tables = [ExtraWindowTable.model_validate(each) for each in json.loads(sys.argv[2])]
extras = WindowExtras(save_maps=partial(save_in, Path(sys.argv[1])), windows=[ExtraWindow(each) for each in tables])
""",
    )
    .replace("np.full((36, 64, 3), 200, np.uint8)", "PICTURE")
    .replace("ended =", "PICTURE = np.full((36, 64, 3), (200, 0, 0), np.uint8)\nPICTURE[:, 32:] = (0, 200, 0)\nended =")
)


def test_further_windows_show_their_part_and_obey_and_can_be_closed_and_mapped(tmp_path: Path) -> None:
    tables = [
        {"slice": [0.5, 0, 0.5, 1], "fill": True, "size": [320, 180]},
        {"mirror": "horizontal", "screen": "not here", "size": [320, 180]},
    ]
    venue = tmp_path / "room.toml"
    venue.write_text("[[windows]]\nfill = true\n[[windows]]\nmirror = 'horizontal' # seen from behind\n", "utf-8")
    red, green, black = (200, 0, 0), (0, 200, 0), (0, 0, 0)
    with private_screen(1200, 600) as screen:
        window = Window(screen, WINDOWS, str(venue), json.dumps(tables))
        try:
            window.wait_for("ready")
            for title, x in (("livegan", 0), ("livegan 2", 660), ("livegan 3", 660)):
                number = until(lambda title=title: screen.window(title), title)
                top = 200 if title.endswith("3") else 0
                command = ["xdotool", "windowmove", str(number), str(x), str(top)]
                subprocess.run(command, env=screen.environment, check=True, timeout=30)
            window.wait_for_pixel(red, 0.2, 0.05)
            window.wait_for_pixel(green, 0.2, 0.5, "livegan 2")
            window.wait_for_pixel(green, 0.2, 0.5, "livegan 3")
            window.wait_for_pixel(red, 0.8, 0.5, "livegan 3")
            screen.press("b", title="livegan 3")
            window.wait_for("event blackout 1.0")
            for title in ("livegan", "livegan 2", "livegan 3"):
                window.wait_for_pixel(black, 0.8, 0.5, title)
            screen.press("b")
            window.wait_for("event blackout 0.0")
            screen.press("ctrl+m", title="livegan 2")
            window.wait_for("event map 1.0")
            window.drag((3, 3), (20, 10), (163, 3), title="livegan 3")
            screen.press("Escape", title="livegan 3")
            window.wait_for("event map 0.0")
            window.wait_for_pixel(black, 0.1, 0.1, "livegan 3")
            screen.press("h")  # closes it, here
            until(lambda: screen.window("livegan 2") is None, "it to be closed")
            window.wait_for_pixel(red, 0.45, 0.97)
            window.wait_for_pixel(red, 0.8, 0.5, "livegan 3")
            assert [line for line in window.lines if "WARNING" in line] == []
            screen.press("Escape", "Escape", title="livegan 3")
            window.wait_for("faults 0")
        finally:
            window.stop()
    kept = load_venue(venue)
    assert kept.windows[1].map.corners[0] == pytest.approx((0.5, 0.0), abs=0.02)
    assert kept.windows[0].map.off
    assert "# seen from behind" in venue.read_text(encoding="utf-8")
