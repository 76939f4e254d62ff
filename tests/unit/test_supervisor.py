"""The supervisor with small processes in place of a show: deaths, hangs, signals, the spare, films."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import av
import pytest

from livegan.engine import supervisor as module
from livegan.engine.show_state import FilmPart, ShowState
from livegan.engine.supervisor import ENDS_WRONG, Supervisor, films_in
from livegan.errors import MediaError
from livegan.outputs.rescue import rescue
from tests.deadline import until
from tests.starved import no_process

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
        assert not list((tmp_path / "cache/livegan/shows").iterdir())
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


def refusing(monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., object]) -> list[Any]:
    """The system has no process for those of which `refuses`, given the command and the options, is true; these."""
    begin, refused = subprocess.Popen, []

    def popen(command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        if refuses(command, options):
            refused.append(command)
            no_process()
        return begin(command, **options)

    monkeypatch.setattr(subprocess, "Popen", popen)
    return refused


def recorded_state(folder: Path) -> Path:
    """The part of a film that seems to be recorded; its state is in state.json."""
    part = folder / "film.part-1.mp4"
    part.write_bytes(b"packets")
    state = ShowState(time_s=0.0, began_s=0.0, films=(FilmPart(path="film.mp4", part=str(part)),))
    (folder / "state.json").write_text(state.model_dump_json())
    return part


def test_a_spare_that_cannot_be_started_is_tried_again_and_the_show_plays_on(
    play: Callable[..., tuple[int, list[str], list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"SPARE_AFTER_S": 0.0, "AGAIN_S": 0.0, "LOOK_S": 0.05}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module, "cores", lambda: 2)
    monkeypatch.setattr(module, "free_memory_mb", lambda: 4000.0)
    first = [True]
    refused = refusing(monkeypatch, lambda _, options: "preexec_fn" in options and (not first or first.pop()))
    part = recorded_state(tmp_path)
    seen = tmp_path / "seen"
    lines = f"import os, shutil\nshutil.copy('state.json', line.state_path)\nfor _ in range(30): {PLAY}"
    lines += f"print(os.path.exists({str(part)!r}), line.state_path.is_file(), file=open({str(seen)!r}, 'w'))\n"
    lines += f"os.remove({str(part)!r})\nline.over()"  # as a film that was closed
    code, said, starts = play(lines, spares=True)
    assert (code, said, len(starts)) == (0, [], 1)
    assert seen.read_text() == "True True\n"
    assert len(refused) > 1


def test_whatever_ends_the_supervisor_leaves_a_show_that_plays_its_film_and_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(Supervisor, "_while_it_plays", lambda self, _: 1 / 0)
    part = recorded_state(tmp_path)
    lines = "import shutil, time\nshutil.copy('state.json', line.state_path)\nline.beat(); time.sleep(60)"
    supervisor = Supervisor([sys.executable, "-c", BEGIN + lines], print, spares=False)
    with pytest.raises(ZeroDivisionError):
        supervisor.run()
    show = supervisor._show
    assert show is not None
    try:
        assert show.process.poll() is None
        assert part.read_bytes() == b"packets"
        assert films_in(supervisor._state)
    finally:
        show.process.kill()
        show.process.wait()
        show.close()


def test_a_show_is_started_again_as_soon_as_there_is_a_process_for_it(
    play: Callable[..., tuple[int, list[str], list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TRY_S", 0.0)
    left = [False, True, True]
    refused = refusing(monkeypatch, lambda command, _: "-c" in command and left and left.pop(0))
    code, said, starts = play(PLAY + "if not starts: os.kill(os.getpid(), 9)\nline.over()")
    assert (code, len(said), starts) == (0, 1, ["0 False False", "1 False False"])
    assert len(refused) == 2


@pytest.mark.parametrize("first", [True, False])
def test_a_show_for_which_there_is_no_process_ends_in_a_sentence(
    first: bool, play: Callable[..., tuple[int, list[str], list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "START_TRIES_S", -1.0)
    left = [] if first else [False]
    refusing(monkeypatch, lambda *_: not left or left.pop())
    code, said, _ = play(PLAY + "os.kill(os.getpid(), 9)")
    assert code == ENDS_WRONG
    what = "no process can be started for the show" if first else "the show cannot be started again"
    assert said[-1] == f"livegan: {what}: Resource temporarily unavailable; {module.MAKE_ROOM}."


def test_a_film_is_made_whole_once_there_is_a_process_for_it(
    play: Callable[..., tuple[int, list[str], list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"RESCUE_AFTER_S": 0.0, "AGAIN_S": 0.0, "LOOK_S": 0.05}.items():
        monkeypatch.setattr(module, name, value)
    part = recorded_state(tmp_path)
    left = [True]
    refused = refusing(monkeypatch, lambda command, _: "livegan.outputs.rescue" in command and left and left.pop())
    lines = "import shutil\nif not starts: shutil.copy('state.json', line.state_path)\n" + PLAY
    lines += "if not starts: os.kill(os.getpid(), 9)\nline.state_path.unlink()\nfor _ in range(20): " + PLAY
    _, said, _ = play(lines + "line.over()")
    assert len(refused) == 1
    assert said[1:] == [f"livegan: there is no whole picture in {part} yet."]


def test_a_film_for_which_there_is_no_process_is_told(
    play: Callable[..., tuple[int, list[str], list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = recorded_state(tmp_path)
    refusing(monkeypatch, lambda command, _: "livegan.outputs.rescue" in command)
    lines = "import shutil\nshutil.copy('state.json', line.state_path)\n" + PLAY
    _, said, _ = play(lines + "if not starts: os.kill(os.getpid(), 9)\nline.over()")
    assert "film.mp4 cannot be made whole" in said[-1]
    assert f"what there is of it: {part};" in said[-1]
    assert part.exists()


WRITES = "line.state_path.write_text(str(starts)); "


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket to the show, and its process takes no signal but SIGTERM: as on Windows (CPython, subprocess.py)."""
    monkeypatch.setattr(module, "SEES_HANGS", False)
    monkeypatch.setattr(module, "LOOK_S", 0.05)

    def send_signal(process: "subprocess.Popen[bytes]", number: int) -> None:
        if number != signal.SIGTERM:
            raise ValueError(f"Unsupported signal: {number}")
        os.kill(process.pid, number)

    monkeypatch.setattr(subprocess.Popen, "send_signal", send_signal)


@pytest.mark.usefixtures("windows")
def test_where_no_signs_come_a_show_that_was_started_again_is_left_alone(
    play: Callable[..., tuple[int, list[str], list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livegan.engine.restart.STARTS_S", 0.1)
    monkeypatch.setattr("livegan.engine.restart.HANGS_S", 0.1)
    code, said, starts = play("if not starts: os._exit(139)\ntime.sleep(0.7)\n" + WRITES + "time.sleep(0.7)")
    assert (code, len(said), len(starts)) == (0, 1, 2)


@pytest.mark.usefixtures("windows")
def test_where_no_signs_come_the_state_on_the_disk_says_how_long_it_played(
    play: Callable[..., tuple[int, list[str], list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livegan.engine.restart.STEADY_S", 0.1)
    code, _, starts = play(WRITES + "time.sleep(0.6)\nif starts < 3: os._exit(139)")
    assert (code, starts) == (0, [f"{number} False False" for number in range(4)])


@pytest.mark.usefixtures("windows")
def test_where_no_signs_come_one_that_never_plays_is_given_up(
    play: Callable[..., tuple[int, list[str], list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the show before it has written is no sign of it."""
    monkeypatch.setattr("livegan.engine.restart.STEADY_S", 0.1)
    code, _, starts = play(f"if not starts: {WRITES}\ntime.sleep(0.3)\nif starts < 9: os._exit(139)")
    assert (code, len(starts)) == (ENDS_WRONG, 4)


@pytest.mark.usefixtures("windows")
def test_where_no_signs_come_what_dies_while_it_closes_is_not_started_again(
    play: Callable[..., tuple[int, list[str], list[str]]],
) -> None:
    code, said, starts = play(WRITES + "line.over(); os._exit(139)")
    assert (code, len(starts)) == (ENDS_WRONG, 1)
    assert "while it was ending" in said[0]


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


@pytest.fixture
def rescued_by(
    play: Callable[..., tuple[int, list[str], list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], list[str]]:
    """Plays a show that leaves film.part-7.mp4 behind, with these lines in place of the rescue: what was said."""
    part = tmp_path / "film.part-7.mp4"
    part.touch()
    state = ShowState(time_s=0.0, began_s=0.0, films=(FilmPart(path="film.mp4", part=str(part)),))
    (tmp_path / "state.json").write_text(state.model_dump_json())

    def run(lines: str) -> list[str]:
        monkeypatch.setattr(module, "module_command", lambda *_: [sys.executable, "-c", f"import os, time\n{lines}"])
        begin = "import shutil\nshutil.copy('state.json', line.state_path)\n" + PLAY
        return play(begin + "if not starts: os.kill(os.getpid(), 9)\nline.over()")[1]

    return run


def test_what_ends_all_processes_of_a_terminal_breaks_no_rescue_off(rescued_by: Callable[[str], list[str]]) -> None:
    session, group = map(int, rescued_by("print(os.getsid(0), os.getpgid(0))")[-1].split())
    assert session != os.getsid(0)
    assert group != os.getpgid(0)


def test_a_rescue_that_dies_is_told_with_what_there_is(rescued_by: Callable[[str], list[str]], tmp_path: Path) -> None:
    said = rescued_by("os.kill(os.getpid(), 9)")
    assert said[-1].endswith(f"what was recorded before the show died is {tmp_path}/film.part-7.mp4; players show it.")


def test_the_third_press_does_not_wait_for_a_rescue(
    rescued_by: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAME_PRESS_S", 0.0)
    rescues: list[subprocess.Popen[bytes]] = []
    tell = Supervisor._tell_of

    def told(self: Supervisor, film: Mapping[str, object], process: "subprocess.Popen[bytes]") -> None:
        rescues.append(process)
        tell(self, film, process)

    monkeypatch.setattr(Supervisor, "_tell_of", told)

    def press() -> None:
        until(lambda: rescues, "the rescue to begin")
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)

    presser = threading.Thread(target=press)
    presser.start()
    said = rescued_by("time.sleep(60)")
    presser.join()
    (process,) = rescues
    assert process.poll() is None
    process.kill()
    process.wait()
    assert said[-1].startswith("livegan: film.mp4 is still being made of ")


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
