"""The process of a show: it dies, is told to end, loses its terminal, or is not alone."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import pytest

from livegan.audio.demo import demo_track
from livegan.core.media import SoundFile
from tests.deadline import until
from tests.faults.measured import FaultFigures, record
from tests.screen import ROOT, Screen, private_screen

pytestmark = pytest.mark.virtual

VENUE = """
[show]
scenes = ["patterns", "canvas"]
[picture]
fps = 30
device = "cpu"
[window]
size = [320, 180]
[osc]
enabled = false
"""
MEASURED = "LIVEGAN_FAULTS" in os.environ
SPARE_S = 45.0  # until there is a spare that has loaded its libraries
SIGNALS = ["SIGSEGV", "SIGKILL", "SIGABRT"] if MEASURED else ["SIGSEGV"]  # the others: tests/unit/test_supervisor.py


@dataclass
class Supervised:
    """A show under its supervisor."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    states: Path = field(init=False)

    def __post_init__(self) -> None:
        self.states = self.folder / "cache/livegan/shows"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def show(self) -> int:
        """Number of the process that plays: the first child."""
        pid = self.process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def kept(self) -> list[Path]:
        """States of the shows that play, without those that are being written."""
        return [path for path in self.states.glob("*.json") if not path.name.startswith(".")]

    def state(self) -> dict[str, Any]:
        """The state that is kept; empty before there is one."""
        for path in self.kept():
            return dict(json.loads(path.read_text()))
        return {}

    def plays(self, since_s: float = 0.0) -> dict[str, Any]:
        """The first state that was kept after `since_s`."""
        until(lambda: self.state().get("time_s", 0.0) > since_s, lambda: f"a state; it said {self.log}", 120)
        return self.state()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the supervisor a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@contextmanager
def supervised(folder: Path, *words: str, screen: Screen | None = None, **streams: Any) -> Iterator[Supervised]:
    (folder / "venue.toml").write_text(VENUE)
    command = [sys.executable, str(ROOT / "main.py"), "play", "--supervise", "--venue", "venue.toml", *words]
    environment = (screen.environment if screen is not None else dict(os.environ)) | {
        "XDG_CACHE_HOME": str(folder / "cache")
    }
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, **({"stdout": log, "stderr": log} | streams))
    show = Supervised(process, folder)
    try:
        yield show
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
                for pid in (process.pid, *map(int, children)):
                    os.kill(pid, signal.SIGKILL)
                process.wait()


def pictures_in(film: Path) -> int:
    with av.open(str(film)) as file:
        return sum(1 for _ in file.decode(video=0))


@pytest.fixture(scope="module")
def screen() -> Iterator[Screen]:
    with private_screen(640, 360) as running:
        yield running


@pytest.mark.parametrize("name", SIGNALS)
def test_a_show_that_dies_goes_on_where_it_was(name: str, screen: Screen, tmp_path: Path) -> None:
    """Scene, master and fullscreen as the hand had set them, the song where it would be, two films and no gap."""
    words = ("--input", "demo", "--quiet", "--record", "film.mp4", "--report", "report.json")
    with supervised(tmp_path, *words, screen=screen) as show:
        show.plays()
        screen.press("2", "Down", "F11")
        wanted = {"scene": 1, "name": "canvas"}

        def set_up() -> bool:
            state = show.state()
            return wanted.items() <= state.items() and state["window"].get("fullscreen") == 1.0

        until(set_up, lambda: f"scene 2 in full screen; it is {show.state()}", 60)
        time.sleep(SPARE_S if MEASURED else 1.5)  # a picture of it has been kept
        before, dying = show.state(), show.show()
        died_s = time.monotonic()
        os.kill(dying, signal.Signals[name])
        gap_s, recovered_s = watched(screen, dying, show, died_s)
        until(lambda: "place" in show.plays(died_s), "the window to run")
        after = show.state()
        assert show.end() == 0, show.log
    assert wanted.items() <= after.items()
    assert after["window"] == before["window"] == {"master": 0.95, "fullscreen": 1.0}
    off_s = after["song_s"] - before["song_s"] - (after["time_s"] - before["time_s"])
    length_s = SoundFile(demo_track()).expected_s  # it plays again and again
    assert length_s is not None
    assert abs(off_s - length_s * round(off_s / length_s)) < 0.5
    assert name in show.log
    assert pictures_in(tmp_path / "film.mp4") > 10
    assert pictures_in(tmp_path / "film-2.mp4") > 0
    assert sorted(path.name for path in tmp_path.glob("film*")) == ["film-2.mp4", "film.mp4"]
    assert json.loads((tmp_path / "report.json").read_text())["restarts"] == 1
    assert not list(show.states.glob("*"))
    shown = "the last picture, then the same scene"
    record(FaultFigures("Machine", f"the program is killed ({name})", shown, gap_s, recovered_s, "the last second"))


def watched(screen: Screen, dead: int, show: Supervised, died_s: float) -> tuple[float, float]:
    """How long the screen was black after a death, and when another picture came than the one that is held [s]."""
    until(lambda: not Path(f"/proc/{dead}/exe").exists() or show.show() != dead, "the process to be gone")
    black_s, last_s, held = 0.0, time.monotonic(), None
    while time.monotonic() < died_s + 120:
        picture, now_s = screen.picture().astype(int), time.monotonic()
        dark = picture.max() < 8
        black_s += now_s - last_s if dark else 0.0
        last_s = now_s
        if held is None:
            held = None if dark else picture
        elif not dark and (abs(picture - held) > 8).mean() > 0.02:
            return black_s, now_s - died_s
    raise AssertionError(show.log)


def test_sigterm_to_the_supervisor_keeps_film_and_report(tmp_path: Path) -> None:
    words = ("--headless", "--input", "demo", "--record", "film.mp4", "--report", "report.json")
    with supervised(tmp_path, *words) as show:
        show.plays()
        assert show.end() == 0, show.log
    assert pictures_in(tmp_path / "film.mp4") > 0
    assert json.loads((tmp_path / "report.json").read_text())["restarts"] == 0
    assert not list(show.states.glob("*"))
    assert not list(tmp_path.glob("cache/livegan/crashes/*"))
    record(FaultFigures("Machine", "SIGTERM", "the show ends in order", 0.0))


def test_a_closed_terminal_keeps_film_and_report(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    words = ("--headless", "--input", "demo", "--record", "film.mp4", "--report", "report.json")
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "start_new_session": True}
    with supervised(tmp_path, *words, **streams, preexec_fn=_take_terminal) as show:
        os.close(theirs)
        show.plays()
        os.close(ours)  # the window of the terminal is closed: SIGHUP to everybody in it
        show.process.wait(timeout=60)
    assert show.process.returncode in (0, 1)  # it has nobody left to tell
    assert pictures_in(tmp_path / "film.mp4") > 0
    assert json.loads((tmp_path / "report.json").read_text())["frames"] > 0
    assert not list(show.states.glob("*"))
    record(FaultFigures("Machine", "the terminal is closed (SIGHUP)", "the show ends in order", 0.0))


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_two_shows_at_once_play_beside_each_other(tmp_path: Path) -> None:
    """The second takes other ports and another name for its film, and says so; neither shares the other's state."""
    words = ("--headless", "--input", "demo", "--record", "film.mp4", "--remote", "--osc", "127.0.0.1:29371")
    with supervised(tmp_path, *words) as first:
        first.plays()
        with supervised(tmp_path, *words) as second:
            until(lambda: len(first.kept()) == 2, lambda: first.log, 120)
            assert second.end() == 0
        assert len(first.kept()) == 1
        assert first.end() == 0
    assert pictures_in(tmp_path / "film.mp4") > 0
    assert pictures_in(tmp_path / "film-2.mp4") > 0
    pages = [line.split("/")[2] for line in first.log.splitlines() if line.startswith("Phone page: ")]
    assert len(set(pages)) == 2
    record(FaultFigures("Machine", "two shows at once", "both play; the second has other ports", 0.0))
