"""The supervisor with small processes in place of a show: deaths, hangs, signals, the spare, films."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from livegan.engine import supervisor as module
from livegan.engine.show_state import FilmPart, ShowState
from livegan.engine.supervisor import ENDS_WRONG, Supervisor, films_in
from livegan.errors import MediaError
from livegan.outputs.rescue import rescue
from tests.deadline import until

BEGIN = """
import os, sys, time
from livegan.engine.crash_file import write_crashes_to
from livegan.engine.lifeline import Lifeline
line = Lifeline.given()
write_crashes_to(line.crash_path)
if line.spare and not line.wait_for_order():
    sys.exit(0)
restart = line.restart
starts = restart.number if restart else 0
print(starts, restart.careful if restart else False, restart.light if restart else False, file=open("starts", "a"))
"""
PLAY = "line.beat(); time.sleep(0.05)\n"


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, list[str], list[str]]]:
    """Runs a show of these lines: its exit code, what was said, and how it was started each time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    (tmp_path / "starts").write_text("")

    def run(lines: str, **options: bool) -> tuple[int, list[str], list[str]]:
        said: list[str] = []
        supervisor = Supervisor([sys.executable, "-c", BEGIN + lines], said.append, **({"spares": False} | options))
        code = supervisor.run()
        assert not list((tmp_path / "cache/livegan/shows").glob("*.json"))
        return code, said, (tmp_path / "starts").read_text().splitlines()

    return run


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_show_that_dies_is_started_again(number: int, play: Callable[..., tuple[int, list[str], list[str]]]) -> None:
    code, said, starts = play(PLAY + f"if not starts: os.kill(os.getpid(), {int(number)})\nline.over()")
    assert (code, starts) == (0, ["0 False False", "1 False False"])
    (line,) = said
    assert signal.Signals(number).name in line
    assert "started again" in line
    crash = Path(line.rpartition(": ")[2])
    text = crash.read_text()
    assert "livegan" in text
    assert number == signal.SIGKILL or 'File "<string>"' in text
    assert [crash] == list(crash.parent.iterdir())  # the show that ended well has left none


def test_one_that_always_dies_is_given_up(play: Callable[..., tuple[int, list[str], list[str]]]) -> None:
    code, said, starts = play(PLAY + "os.kill(os.getpid(), 11)")
    assert code == ENDS_WRONG
    assert starts == ["0 False False", "1 False False", "2 True False", "3 True True"]
    assert "safe scene" in said[1]
    assert "not started again; type: livegan doctor" in said[-1]


def test_an_exception_that_nobody_catches_leaves_its_traceback(
    play: Callable[..., tuple[int, list[str], list[str]]], capfd: pytest.CaptureFixture[str]
) -> None:
    code, said, _ = play(PLAY + "if not starts: raise KeyError('tide')\n")
    assert code == 0
    assert "KeyError: 'tide'" in Path(said[0].rpartition(": ")[2]).read_text()
    assert "KeyError" in capfd.readouterr().err


@pytest.mark.parametrize("code", [0, 2, 130])
def test_ordinary_ends_are_passed_on(code: int, play: Callable[..., tuple[int, list[str], list[str]]]) -> None:
    assert play(PLAY + f"sys.exit({code})") == (code, [], ["0 False False"])


def test_what_dies_while_it_closes_is_not_started_again(
    play: Callable[..., tuple[int, list[str], list[str]]],
) -> None:
    code, said, starts = play(PLAY + "line.over(); os.kill(os.getpid(), 11)")
    assert (code, len(starts)) == (ENDS_WRONG, 1)
    assert "while it was ending" in said[0]


def test_one_that_hangs_leaves_its_stacks(
    play: Callable[..., tuple[int, list[str], list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livegan.engine.restart.HANGS_S", 0.5)
    code, said, starts = play(PLAY + "def in_the_driver(): time.sleep(60)\nif not starts: in_the_driver()\nline.over()")
    assert (code, len(starts)) == (0, 2)
    assert "it hung" in said[0]
    assert "in_the_driver" in Path(said[0].rpartition(": ")[2]).read_text()


def test_a_signal_ends_the_show_and_its_code_is_passed_on(
    play: Callable[..., tuple[int, list[str], list[str]]], tmp_path: Path
) -> None:
    def press() -> None:
        until(lambda: (tmp_path / "starts").read_text(), "the show to play")
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGTERM)

    presser = threading.Thread(target=press)
    presser.start()
    shows = "import signal\nsignal.signal(15, lambda *_: sys.exit(7))\nprint('x', file=open('starts', 'a'))\n"
    code, said, starts = play(shows + "while True: " + PLAY)
    presser.join()
    assert (code, said, len(starts)) == (7, [], 2)


def test_the_spare_takes_over(
    play: Callable[..., tuple[int, list[str], list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SPARE_AFTER_S", 0.0)
    monkeypatch.setattr(module, "cores", lambda: 2)
    monkeypatch.setattr(module, "free_memory_mb", lambda: 4000.0)
    monkeypatch.setattr(Supervisor, "_start", _noting(Supervisor._start, tmp_path / "processes"))
    lines = "print(os.getpid(), file=open('played', 'a'))\nfor _ in range(40 if not starts else 2): " + PLAY
    code, _, starts = play(lines + "if not starts: os.kill(os.getpid(), 11)\nline.over()", spares=True)
    assert (code, len(starts)) == (0, 2)
    processes = [line.split() for line in (tmp_path / "processes").read_text().splitlines()]
    played = (tmp_path / "played").read_text().split()
    assert next(pid for pid, spare in processes if spare == "True") == played[1]
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid, _ in processes), "every process to be gone")


def _noting(start: Callable[..., module.Child], path: Path) -> Callable[..., module.Child]:
    def noted(self: Supervisor, restart: object, *, spare: bool = False) -> module.Child:
        child = start(self, restart, spare=spare)
        with path.open("a") as file:
            print(child.process.pid, spare, file=file)
        return child

    return noted


def recording(folder: Path) -> Path:
    """A recording whose process was killed."""
    script = (
        "import numpy as np, os\n"
        "from fractions import Fraction\n"
        "from livegan.outputs.film import Film\n"
        "from livegan.outputs.soundtrack import LiveSound\n"
        "from tests.unit.test_outputs_film import frame, moving\n"
        "film = Film('film.mp4', (64, 64), 25, audio=LiveSound(48000, 2), live=True)\n"
        "for i in range(150):\n"
        "    film.send(frame(moving(i), i, i / 25)); film.send_audio(np.zeros((1920, 2), np.float32), 48000, i / 25)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    subprocess.run([sys.executable, "-c", script], cwd=folder, env=environment, check=False)
    (part,) = folder.glob("film.part-*.mp4")
    return part


def test_films_of_a_dead_show_are_made_whole(
    play: Callable[..., tuple[int, list[str], list[str]]], tmp_path: Path
) -> None:
    part = recording(tmp_path)
    state = ShowState(time_s=0.0, began_s=0.0, films=(FilmPart(path="film.mp4", part=str(part)),))
    (tmp_path / "state.json").write_text(state.model_dump_json())
    lines = "import shutil\nshutil.copy('state.json', line.state_path)\n" + PLAY
    code, said, _ = play(lines + "if not starts: os.kill(os.getpid(), 9)\nline.over()")
    assert code == 0
    assert said[-1] == "What was recorded before the show died is film.mp4."
    assert not part.exists()
    with av.open(str(tmp_path / "film.mp4")) as film:
        pictures = sum(1 for _ in film.decode(video=0))
        assert pictures >= 100
        assert len(film.streams.audio) == 1
    assert len(list(tmp_path.glob("film*"))) == 1


def test_a_film_of_less_than_a_second_is_told(tmp_path: Path) -> None:
    part = tmp_path / "film.part-7.mp4"
    part.write_bytes(b"\0\0\0\x18ftypisom\0\0\2\0isomiso6")
    with pytest.raises(MediaError, match="no whole picture"):
        rescue(part, tmp_path / "film.mp4")
    assert [path.name for path in tmp_path.iterdir()] == [part.name]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"films": 3}', '{"films": [3]}', '{"films": [{"part": "/etc/passwd", "path": "x"}]}']
)
def test_a_damaged_state_names_no_films(text: str, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(text)
    assert films_in(tmp_path / "state.json") == []
