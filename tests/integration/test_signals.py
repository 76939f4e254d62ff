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
    "train": (
        "train",
        "set.zip",
        "--preset",
        "tiny-64",
        "--batch",
        "2",
        "--kimg",
        "1000",
        "--snapshots",
        "none",
        *ON_CPU,
    ),
}


@dataclass(frozen=True)
class Job:
    """A command that a shell has started."""

    shell: subprocess.Popen[str]
    pid: int
    folder: Path

    def size(self) -> int:
        """Bytes that the command has written so far."""
        film = [*self.folder.glob("film.part-*"), *self.folder.glob("film.parts-*/*.mp4")]
        log = [path for path in self.folder.glob("log") if "kimg" in path.read_text()]
        return sum(path.stat().st_size for path in film or log if path.exists())

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


def prepare(folder: Path, name: str) -> None:
    if name == "render":
        song(folder / "song.wav", 600.0)
    if name == "train":
        words = ("dataset", "patterns", "-o", "set.zip", "--size", "64", "--count", "24")
        subprocess.run([sys.executable, str(ROOT / "main.py"), *words], cwd=folder, check=True, capture_output=True)


def check_kept(folder: Path, name: str) -> None:
    """The work up to the signal is there."""
    if name == "train":
        assert "to go on, type" in (folder / "log").read_text()
        return
    assert not list(folder.glob("*.part-*"))
    with av.open(str(folder / "film.mp4")) as film:
        assert next(film.decode(video=0)).width == 64


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(("before", "ignored"), [("", signal.SIGINT), ("nohup", signal.SIGHUP)])
def test_what_was_ignored_stays_ignored_and_sigterm_ends(
    name: str, before: str, ignored: signal.Signals, tmp_path: Path
) -> None:
    prepare(tmp_path, name)
    with started(tmp_path, COMMANDS[name], before) as job:
        until(job.size, lambda: (tmp_path / "log").read_text() or "output", 120)
        os.kill(job.pid, ignored)
        job.grows()
        os.kill(job.pid, signal.SIGTERM)
        assert ended(job) == 0, (tmp_path / "log").read_text()
    check_kept(tmp_path, name)


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
    check_kept(tmp_path, "render")
