"""A private X screen for one test module: Xvfb on a free display, its pictures and its keys."""

import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.deadline import until

ROOT = Path(__file__).resolve().parent.parent


class Screen:
    """An X server nobody else uses."""

    def __init__(self, display: str, runtime: Path, size: tuple[int, int]) -> None:
        self.display, self.size = display, size
        self.server: subprocess.Popen[bytes] | None = None
        self._runtime = runtime

    @property
    def environment(self) -> dict[str, str]:
        """For programs that shall draw here."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "WAYLAND"))}
        return {
            **kept,
            "DISPLAY": self.display,
            "XDG_RUNTIME_DIR": str(self._runtime),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "LP_NUM_THREADS": "1",
        }

    def picture(self) -> NDArray[np.uint8]:
        """What is on the screen now, (h, w, 3)."""
        command = ["import", "-window", "root", "-depth", "8", "rgb:-"]
        done = subprocess.run(command, env=self.environment, capture_output=True, timeout=30, check=True)
        width, height = self.size
        return np.frombuffer(done.stdout, np.uint8).reshape(height, width, 3)

    def save(self, path: Path) -> None:
        """What is on the screen now, as a PNG."""
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, timeout=30, check=True)

    def window(self, title: str) -> str | None:
        """The number of the visible window so called, None if there is none."""
        done = self._xdotool("search", "--onlyvisible", "--name", f"^{title}$")
        return done.stdout.split()[-1] if done.stdout.split() else None

    def geometry(self, title: str) -> tuple[int, int, int, int] | None:
        """Place and size (x, y, width, height) of the window so called."""
        number = self.window(title)
        done = self._xdotool("getwindowgeometry", "--shell", number) if number else None
        if done is None or done.returncode:
            return None
        values = dict(line.split("=") for line in done.stdout.split())
        return int(values["X"]), int(values["Y"]), int(values["WIDTH"]), int(values["HEIGHT"])

    def press(self, *keys: str, title: str = "livegan") -> None:
        """Press and release keys, spelled as X does: F11, h, space, Escape, Right."""
        number = until(lambda: self.window(title), f"the window '{title}'")
        self._xdotool("windowfocus", "--sync", number)
        self.type_keys(*keys)

    def type_keys(self, *keys: str) -> None:
        """Press and release keys, in whichever window has the keyboard."""
        for key in keys:
            self._xdotool("key", key)

    def start(self, script: str, *args: str) -> "subprocess.Popen[str]":
        """Run a piece of Python that draws here; its output is one text."""
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-c", script, *args],
            env=self.environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _xdotool(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["xdotool", *words], env=self.environment, capture_output=True, text=True, timeout=30, check=False
        )


@contextmanager
def private_screen(width: int = 1280, height: int = 800) -> Iterator[Screen]:
    """Start Xvfb on a free display, 24 bit; it is stopped afterwards."""
    with x_server(["Xvfb", "-screen", "0", f"{width}x{height}x24"]) as (display, folder, server):
        screen = Screen(display, folder, (width, height))
        screen.server = server
        yield screen


@contextmanager
def x_server(command: Sequence[str]) -> Iterator[tuple[str, Path, "subprocess.Popen[bytes]"]]:
    """A running X server: its display, a folder of its own and its process. Fails where it does not start."""
    for program in (command[0], "xdotool", "import"):
        assert shutil.which(program), f"{program} is missing; type `make setup-dev`"
    with tempfile.TemporaryDirectory(prefix="livegan-screen-") as folder:
        Path(folder).chmod(0o700)
        log = Path(folder) / "server.log"
        with _running(command, log) as (number, server):
            assert number, f"{command[0]} did not start: {log.read_text()}"
            yield f":{number}", Path(folder), server


@contextmanager
def _running(command: Sequence[str], log: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The number of its display, which comes when it is ready, "" if it does not, and its process."""
    ours, theirs = os.pipe()
    words = [*command, "-displayfd", str(theirs), "-noreset", "-nolisten", "tcp"]
    with os.fdopen(ours) as number, log.open("w") as out:
        try:
            server = subprocess.Popen(words, pass_fds=[theirs], stdout=out, stderr=out)
        finally:
            os.close(theirs)
        try:
            yield (number.readline().strip() if select.select([number], [], [], 30.0)[0] else ""), server
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
