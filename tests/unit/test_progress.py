"""Progress bars on a terminal."""

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

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
