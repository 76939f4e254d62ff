"""The preview of a capture on a private X screen: pixels are looked at, keys are pressed."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from livegan.datasets.captured import captured
from tests.deadline import until
from tests.screen import ROOT, private_screen

pytestmark = pytest.mark.virtual
WORDS = "capture --camera fake --resolution 400x400 --preview-time 0.5 --countdown 0 --manual --silent --count 3"
TITLE = "livegan capture"


def test_the_camera_is_seen_and_space_takes_pictures_until_all_are_there(tmp_path: Path) -> None:
    with private_screen(900, 900) as screen:
        command = [sys.executable, "-W", "error", "-m", "livegan", *WORDS.split(), "--datasets-location", str(tmp_path)]
        with subprocess.Popen(
            command, env=screen.environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as running:
            until(lambda: screen.window(TITLE), "the window", 60)
            yellow = (220, 200, 40)
            until(lambda: (screen.picture() == np.array(yellow)).all(axis=2).mean() > 0.03, "the test card", 60)

            pressed: dict[int, float] = {}

            def ended_by_pressing() -> bool:  # first that the settings look good, then for each picture
                taken = len(captured(tmp_path / "faces", "faces"))
                if taken < 3 and time.monotonic() > pressed.get(taken, 0.0) + 3:  # again if it was too early
                    screen.press("space", title=TITLE)
                    pressed[taken] = time.monotonic()
                return running.poll() is not None

            try:
                until(ended_by_pressing, "three pictures", 60)
            finally:
                running.kill()
            _, errors = running.communicate(timeout=60)
        assert running.returncode == 0, errors
        assert "3 pictures, 3 of them new" in errors


def test_escape_closes_the_window_and_ends_the_capture(tmp_path: Path) -> None:
    with private_screen(900, 900) as screen:
        command = [sys.executable, "-W", "error", "-m", "livegan", *WORDS.split(), "--datasets-location", str(tmp_path)]
        with subprocess.Popen(
            command, env=screen.environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as running:
            try:
                until(lambda: screen.window(TITLE), "the window", 60)
                screen.press("Escape", title=TITLE)
                until(lambda: running.poll() is not None, "the end", 60)
            finally:
                running.kill()
            _, errors = running.communicate(timeout=60)
        assert running.returncode == 0, errors
        assert "3 are missing; the same command goes on" in errors
