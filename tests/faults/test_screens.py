"""Screens: pulled, plugged in again, another resolution; the window is always where it can be seen."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from tests.deadline import until
from tests.faults.measured import FaultFigures, record
from tests.faults.window import WindowShow, window_show
from tests.monitors import Monitors, two_monitors
from tests.screen import ROOT, private_screen

pytestmark = pytest.mark.virtual

MAIN, SECOND = (0, 0, 1024, 768), (1024, 0, 800, 600)


@pytest.fixture(scope="module")
def monitors() -> Iterator[Monitors]:
    with two_monitors() as running:
        yield running


@pytest.fixture(scope="module")
def show(monitors: Monitors) -> Iterator[WindowShow]:
    """A show that fills the second monitor."""
    with window_show(monitors, screen="DUMMY1", fullscreen=True, panel=True) as playing:
        until(lambda: monitors.window("livegan panel"), "the panel")
        moved(playing, SECOND)
        monitors.press("u")  # it has the keyboard
        playing.gap_s()
        yield playing


def moved(show: WindowShow, place: tuple[int, int, int, int]) -> float:
    """How long it takes until the window is there [s]."""
    began_s = time.monotonic()
    where = show.screen.geometry
    until(lambda: where("livegan") == place, lambda: f"the window at {place}; it is at {where('livegan')}")
    return time.monotonic() - began_s


def wanted(show: WindowShow, seen: Callable[[int, int, int, int], bool], title: str = "livegan") -> float:
    """How long it takes until the window so called is where it is `seen` [s]."""
    began_s = time.monotonic()
    where = show.screen.geometry
    until(lambda: (place := where(title)) and seen(*place), lambda: f"the window {title}; it is at {where(title)}")
    return time.monotonic() - began_s


def on_main(x: int, y: int, width: int, height: int) -> bool:
    return x >= 0 and y >= 0 and x + width <= 1024 and y + height <= 768


def on_second(x: int, y: int, width: int, height: int) -> bool:
    return x >= 1024 and y >= 0 and x + width <= 1824 and y + height <= 600


def has_keys(show: WindowShow) -> None:
    """Keys reach the window, without anybody clicking on it."""
    since = len(show.lines)
    show.screen.type_keys("3")
    show.wait_for("event scene.3", since)


def test_a_second_monitor_that_is_pulled_and_plugged_in_again(monitors: Monitors, show: WindowShow) -> None:
    monitors.pull()
    away_s = moved(show, MAIN)
    has_keys(show)
    gap_s = show.gap_s()
    record(FaultFigures("Screen", "second monitor pulled", "the window fills the main screen", gap_s, away_s))
    monitors.plug()
    back_s = moved(show, SECOND)
    has_keys(show)
    record(FaultFigures("Screen", "second monitor plugged in again", "the window fills it", show.gap_s(), back_s))


def test_another_resolution(monitors: Monitors, show: WindowShow) -> None:
    monitors.plug(mode="640x480")
    fits_s = moved(show, (1024, 0, 640, 480))
    has_keys(show)
    record(FaultFigures("Screen", "another resolution", "the window fills the screen", show.gap_s(), fits_s))
    monitors.plug()
    moved(show, SECOND)


def test_a_window_that_is_not_full_screen(monitors: Monitors, show: WindowShow) -> None:
    monitors.press("F11")
    wanted(show, lambda *place: on_second(*place) and place != SECOND)
    monitors.pull()
    away_s = wanted(show, on_main)
    monitors.plug()
    longest_s = max(away_s, wanted(show, on_second))
    record(FaultFigures("Screen", "a small window's monitor pulled", "it moves, and back", show.gap_s(), longest_s))
    monitors.press("F11")
    moved(show, SECOND)


def test_the_panels_screen(monitors: Monitors, show: WindowShow) -> None:
    """The lid of the laptop is closed: its panel never covers the picture on the projector."""
    monitors.press("u", title="livegan panel")
    monitors.pull("DUMMY0")
    away_s = moved(show, (0, 0, 800, 600))
    until(lambda: monitors.window("livegan panel") is None, "the panel to go")
    has_keys(show)
    monitors.plug("DUMMY0", "1024x768")
    moved(show, SECOND)
    back_s = wanted(show, on_main, "livegan panel")
    has_keys(show)
    gap_s = show.gap_s()
    record(
        FaultFigures("Screen", "main screen pulled: a lid closed", "the window; no panel", gap_s, max(away_s, back_s))
    )


def test_the_x_server_dies_and_film_and_report_are_whole(tmp_path: Path) -> None:
    words = ["--input", "demo", "--scene", "ink", "--device", "cpu", "--fps", "30", "--size", "128x128"]
    kept = ["--record", "film.mp4", "--report", "report.json"]
    with private_screen(320, 240) as screen:
        command = [sys.executable, str(ROOT / "main.py"), "play", *words, *kept]
        show = subprocess.Popen(
            command, cwd=tmp_path, env=screen.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        with show:
            try:
                grown = lambda: sum(part.stat().st_size for part in tmp_path.glob("film.part-*")) > 4_000  # noqa: E731
                until(lambda: grown() or show.poll() is not None, "a film that grows", 120)
                assert screen.server is not None
                screen.server.kill()
                began_s = time.monotonic()
                said, _ = show.communicate(timeout=120)
                ended_s = time.monotonic() - began_s
            finally:
                show.kill()
    assert show.returncode == 2, said
    assert "The display is gone" in said
    assert "XIO" not in said  # Xlib's own end, which runs destructors below the threads of the show
    assert "The film is" in said
    facts = json.loads((tmp_path / "report.json").read_text())
    with av.open(str(tmp_path / "film.mp4")) as film:
        pictures = sum(1 for _ in film.decode(video=0))
    assert facts["frames"] - facts["dropped"] <= pictures <= facts["frames"]
    gap_s = facts["screen"]["longest_gap_ms"] / 1e3
    shown = f"nothing: the show ends after {ended_s:.1f} s with its film and report"
    record(FaultFigures("Screen", "X server killed", shown, gap_s))


@pytest.mark.parametrize(
    ("message", "code", "said"),
    [
        ("The X11 connection broke: I/O error (code 1)", 7, "film and report\n"),
        ("The Wayland connection broke. Did the Wayland compositor die?", 7, "film and report\n"),
        ("a window has no size", 0, ""),
    ],
)
def test_the_last_message_of_a_dying_display(message: str, code: int, said: str) -> None:
    """Within the block, also once a window was made; after it nothing is done any more."""
    script = f"""
from PyQt5.QtCore import qWarning
from vispy.app import Canvas
from livegan.ui.display import application
from livegan.ui.display_loss import on_display_loss
application()
with on_display_loss(lambda: print("film and report", flush=True) or 7):
    canvas = Canvas(app="pyqt5")
    qWarning({message.encode()!r})
with on_display_loss(lambda: print("too late") or 8):
    pass
qWarning({message.encode()!r})
"""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment
    )
    assert (done.returncode, done.stdout) == (code, said), done.stderr
    assert message in done.stderr or code
