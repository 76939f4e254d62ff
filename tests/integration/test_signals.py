"""Signals, as a shell sends them: what was ignored at the start stays ignored, SIGTERM always ends, work is kept."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import pytest

from tests.deadline import until
from tests.integration.test_cli import song

ROOT = Path(__file__).resolve().parents[2]
ON_CPU = ("--device", "cpu")
COMMANDS = {
    "render": ("render", "song.wav", "-o", "film.mp4", "--size", "64x64", "--fps", "5", "--scene", "ink", *ON_CPU),
    "play": ("play", "--headless", "--input", "demo", "--record", "film.mp4", "--size", "64x64", *ON_CPU),
}
"""`livegan train` heeds signals too: tests/integration/test_training_commands.py."""


@dataclass(frozen=True)
class Job:
    """A command that a shell has started."""

    shell: subprocess.Popen[str]
    pid: int
    folder: Path

    def size(self) -> int:
        """Bytes that the command has written so far."""
        film = [*self.folder.glob("film.part-*"), *self.folder.glob("film.parts-*/*.mp4")]
        return sum(path.stat().st_size for path in film if path.exists())

    def grows(self) -> None:
        """Wait for what the command writes after now."""
        before = self.size()
        until(lambda: self.size() > before, lambda: f"more output; {(self.folder / 'log').read_text()[-300:]}", 90)


@contextmanager
def started(folder: Path, words: tuple[str, ...], before: str = "") -> Iterator[Job]:
    """`before COMMAND &` in a shell script, in an empty folder."""
    command = shlex.join([sys.executable, str(ROOT / "main.py"), *words])
    script = f"{before} {command} > log 2>&1 & echo $!; wait $!; echo $?"
    shell = subprocess.Popen(["sh", "-c", script], cwd=folder, stdout=subprocess.PIPE, text=True)
    with shell:
        assert shell.stdout is not None
        job = Job(shell, int(shell.stdout.readline()), folder)
        try:
            yield job
        finally:
            if shell.poll() is None:
                os.kill(job.pid, signal.SIGKILL)


def ended(job: Job) -> int:
    """The exit code of the command, which has ended by itself."""
    out, _ = job.shell.communicate(timeout=60)
    return int(out)


def check_kept(folder: Path) -> None:
    """The film up to the signal is there."""
    assert not list(folder.glob("*.part-*"))
    with av.open(str(folder / "film.mp4")) as film:
        assert next(film.decode(video=0)).width == 64


@pytest.mark.parametrize("name", COMMANDS)
def test_what_was_ignored_stays_ignored_and_sigterm_ends(name: str, tmp_path: Path) -> None:
    """A script starts what it ends with `&` with SIGINT ignored, and `nohup` ignores SIGHUP."""
    song(tmp_path / "song.wav", 600.0)
    with started(tmp_path, COMMANDS[name], "nohup") as job:
        until(job.size, lambda: (tmp_path / "log").read_text() or "output", 120)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            os.kill(job.pid, ignored)
            job.grows()
        os.kill(job.pid, signal.SIGTERM)
        assert ended(job) == 0, (tmp_path / "log").read_text()
    check_kept(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_before_there_is_anything_to_keep_a_command_ends_at_once(number: signal.Signals, tmp_path: Path) -> None:
    song(tmp_path / "song.wav", 60.0)
    with started(tmp_path, COMMANDS["render"]) as job:
        maps = Path(f"/proc/{job.pid}/maps")
        until(lambda: "libtorch" in maps.read_text(), "PyTorch to be loading")
        os.kill(job.pid, number)
        assert ended(job) == 128 + number
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["log", "song.wav"]


def test_ctrl_c_leaves_a_whole_film_where_there_is_no_display(tmp_path: Path) -> None:
    song(tmp_path / "song.wav", 600.0)
    words = (
        "play",
        "--anywhere",
        "--input",
        "song.wav",
        "--record",
        "film.mp4",
        "--size",
        "64x64",
        "--duration",
        "600",
    )
    with started(tmp_path, (*words, "--fps", "5", "--scene", "ink", *ON_CPU), before="nohup") as job:
        until(job.size, lambda: (tmp_path / "log").read_text() or "a film", 300)
        job.grows()
        os.kill(job.pid, signal.SIGTERM)
        assert ended(job) == 0, (tmp_path / "log").read_text()
    assert "(stopped early)" in (tmp_path / "log").read_text()
    check_kept(tmp_path)
