"""Progress bars on a terminal, and as JSON lines for a program that started this one."""

import json
import os
import pty
import select
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from livegan.core.progress import ProgressLog, progress_bar, show_picture
from livegan.training.progress import ProgressBar, RunStats

MOST_BYTES = 1 << 20  # a bar that writes into itself never ends
ROOT = Path(__file__).resolve().parents[2]
BAR = """
from livegan.cli.output import echo
from livegan.core.progress import progress_bar
with progress_bar("film.mp4", 3, "frames") as report_progress:
    for done in (1, 2, 3):
        report_progress(done)
        echo("a remark")
"""


def test_a_bar_on_a_terminal_comes_to_its_end_and_lets_remarks_through() -> None:
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80", "PYTHONPATH": str(ROOT)}
    program = subprocess.Popen(
        [sys.executable, "-c", BAR], env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    try:
        while len(shown) < MOST_BYTES and select.select([ours], [], [], 30.0)[0] and (piece := os.read(ours, 65536)):
            shown += piece
    except OSError:  # Linux: nobody holds the other end any more
        pass
    os.close(ours)
    try:
        assert program.wait(timeout=30) == 0
    finally:
        program.kill()
    assert b"3/3" in shown
    assert shown.count(b"a remark") == 3


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_bar_is_told_as_json_lines_to_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "progress.jsonl"
    monkeypatch.setenv("LIVEGAN_PROGRESS", str(path))
    with progress_bar("film.mp4", 30, "frames") as report:
        for done in range(31):
            report(done)
            show_picture(lambda: np.full((9, 16, 3), 200, np.uint8))
    first, *_, last = lines(path)
    assert set(first) == {"what", "done", "total", "unit", "left_s", "picture"}
    assert (first["done"], last["done"], last["total"], last["unit"]) == (0, 30, 30, "frames")
    with Image.open(last["picture"]) as image:
        assert (image.size, image.format) == ((16, 9), "JPEG")
    assert {file.name for file in tmp_path.iterdir()} == {"progress.jsonl", "progress.jpg"}


def test_an_interrupted_bar_tells_how_far_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGAN_PROGRESS", str(tmp_path / "progress.jsonl"))
    with suppress(KeyboardInterrupt), progress_bar("reading", None, "frames") as report:
        report(7)
        raise KeyboardInterrupt
    assert lines(tmp_path / "progress.jsonl")[-1]["done"] == 7


def test_lines_are_a_few_a_second_and_pictures_one(tmp_path: Path) -> None:
    time_s = [0.0]
    log, drawn = ProgressLog(tmp_path / "log", lambda: time_s[0]), []

    def picture() -> np.ndarray[Any, np.dtype[np.uint8]]:
        drawn.append(time_s[0])
        return np.zeros((2000, 1000, 3), np.uint8)

    for tick in range(300):
        time_s[0] = tick / 100
        log.show(picture)
        log.add("film", tick, 300, "frames", None)
    assert 10 <= len(lines(tmp_path / "log")) <= 16
    assert len(drawn) == 3
    with Image.open(tmp_path / "log.jpg") as image:
        assert max(image.size) <= 640
    log.add("sound", 0, None, "s", 1.234)
    assert lines(tmp_path / "log")[-1] == {"what": "sound", "done": 0, "total": None, "unit": "s", "left_s": 1.2,
                                           "picture": str(tmp_path / "log.jpg")}  # fmt: skip


def test_a_full_disk_ends_the_lines_and_not_the_work(tmp_path: Path) -> None:
    log = ProgressLog(tmp_path / "is not there" / "log")
    log.add("film", 1, 2, "frames", None)
    ProgressLog(Path("/dev/full")).add("film", 1, 2, "frames", None)
    ProgressLog(Path("/dev/full/log")).show(lambda: np.zeros((2, 2, 3), np.uint8))


def test_a_training_run_tells_its_unit_and_the_time_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGAN_PROGRESS", str(tmp_path / "log"))
    stats = RunStats()
    stats.step(1000, 10.0, {})
    ProgressBar(3.0).show(1.0, stats)
    line = lines(tmp_path / "log")[-1] | {"picture": None}
    told = {"what": "training", "done": 1.0, "total": 3.0, "unit": "kimg", "left_s": 20.0, "picture": None}
    assert line == told


def test_a_bar_never_ends_beyond_its_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A MIDI song dies away after what is written: 98/75 frames."""
    path = tmp_path / "progress.jsonl"
    monkeypatch.setenv("LIVEGAN_PROGRESS", str(path))
    with progress_bar("film.mp4", 75, "frames") as report:
        report(75)
        report(98)
    last = lines(path)[-1]
    assert (last["done"], last["total"]) == (98, 98)
