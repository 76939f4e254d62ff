"""Files and signals of core: whole files or none, nothing is overwritten, outputs are checked at the start."""

import errno
import os
import signal
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from livegan.core import files
from livegan.core.clock import ManualClock
from livegan.core.files import atomic_path, check_outputs, move_to_free_name, open_alone, read_text, write_atomic
from livegan.core.progress import ProgressLog
from livegan.core.signals import SAME_PRESS_S, Interrupt, end_at_once, ending_signals, handle_ending_signals
from livegan.core.types import Frame, FramePlan
from livegan.engine.show_state import ShowState
from livegan.errors import MediaError
from livegan.networks.cache import remember, remember_arrays
from livegan.outputs.images import ImageSequence


def test_a_block_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomic(path, "old")

    def fail() -> None:
        with atomic_path(path) as aside:
            aside.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_file_that_a_library_puts_in_its_place_may_be_read_as_any_other(tmp_path: Path) -> None:
    """Safetensors 0.6 and later writes files that only their owner may read."""
    (tmp_path / "plain").write_text("")
    with atomic_path(tmp_path / "net.safetensors") as path:
        save_file({"a": np.zeros(2, np.float32)}, path)
    assert (tmp_path / "net.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_atomic(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "text"


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What reaches the disk in which order: the content of files, folders, and names."""
    order: list[str] = []
    replace = os.replace

    def fsync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        order.append("folder" if is_folder else os.pread(descriptor, 100, 0).decode(errors="replace"))

    def named(source: Path, target: Path) -> None:
        order.append(f"name {target.name}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", named)
    return order


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be waited for there")
def test_a_file_is_on_the_disk_before_its_name_is(disk: list[str], tmp_path: Path) -> None:
    write_atomic(tmp_path / "venue.toml", "whole")
    assert disk == ["whole", "name venue.toml", "folder"]
    disk.clear()
    write_atomic(tmp_path / "state", "whole", durable=False)
    assert disk == ["name state"]


def test_what_is_written_all_the_time_waits_for_no_disk(
    disk: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path)
    ShowState(began_s=0.0, time_s=1.0).write(tmp_path / "state")
    ProgressLog(tmp_path / "log").show(lambda: np.zeros((4, 4, 3), np.uint8))
    remember("key", "speed", {"ms": 1})
    remember_arrays("key", "directions", {"a": np.zeros(2, np.float32)})
    assert disk == ["name state", "name log.jpg", "name speed.json", "name directions.safetensors"]


def test_a_disk_that_turns_out_to_be_full_costs_no_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomic(tmp_path / "a", "old")

    def fail(number: int) -> None:
        def fsync(_: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", fsync)

    fail(errno.ENOSPC)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
    fail(errno.EINVAL)  # a file system that has no such thing
    write_atomic(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_frames_of_an_image_sequence_are_waited_for_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: waited.append(os.fstat(descriptor).st_ino))
    plan = FramePlan(0, 0.0, 0.0, np.zeros(0, np.float32), np.zeros(0, np.float32))
    images = ImageSequence(tmp_path / "%d.png", (2, 2), first=3)
    for _ in range(3):
        images.send(Frame(np.zeros((2, 2, 3), np.uint8), plan, 0.0, 0.0))
    assert not waited
    (tmp_path / "4.png").unlink()
    images.wait_for_disk()
    images.wait_for_disk()
    assert waited == [(tmp_path / name).stat().st_ino for name in ("3.png", "5.png")]


def test_a_device_is_written_and_stays_a_device(tmp_path: Path) -> None:
    write_atomic(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(OSError, match="No space left"):
        write_atomic(Path("/dev/full"), "text")


def test_of_two_writers_of_one_name_neither_is_lost(tmp_path: Path) -> None:
    names = []
    for text in ("first", "second", "third"):
        part = tmp_path / f"{text}.part"
        part.write_text(text)
        names.append(move_to_free_name(part, tmp_path / "film.mp4"))
    assert [path.name for path in names] == ["film.mp4", "film-2.mp4", "film-3.mp4"]
    assert [path.read_text() for path in names] == ["first", "second", "third"]
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("outputs", "says"),
    [
        ({"--json": "folder"}, "is a folder"),
        ({"--json": "none/a.json"}, "there is no folder"),
        ({"--json": "a.json", "--plot": "folder/../a.json"}, "cannot be both --json and --plot"),
        ({"--json": "song.wav"}, "song.wav is an input of this command; choose another name for --json"),
        ({"--json": "song.wav/a.json"}, "choose another"),
        ({"-o": "song.wav/new/a.json"}, "choose another place for -o"),
        ({"-o": "/proc/new/a.json"}, "choose another place for -o"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_and_the_disk_is_as_it_was(
    outputs: dict[str, str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("song.wav").touch()
    with pytest.raises(MediaError, match=says):
        check_outputs(
            {option: Path(path) for option, path in outputs.items()}, [Path("song.wav")], in_new_folders=["-o"]
        )
    assert sorted(os.listdir()) == ["folder", "song.wav"]


def test_only_a_file_of_the_kind_that_is_written_is_replaced(tmp_path: Path) -> None:
    replaces = {"--report": (".json",), "--html": (".html", ".htm")}
    for name, text in (("mine.toml", "title = 1"), ("old.JSON", "{}"), ("empty.tmp", "")):
        (tmp_path / name).write_text(text)
    with pytest.raises(
        MediaError, match=r"mine.toml is there already and is no \.json file; choose another name for -"
    ):
        check_outputs({"--report": tmp_path / "mine.toml"}, replaces=replaces)
    with pytest.raises(MediaError, match=r"old.JSON is there already and is no \.html or \.htm file"):
        check_outputs({"--html": tmp_path / "old.JSON"}, replaces=replaces)
    for name in ("old.JSON", "empty.tmp", "new.toml", "new"):
        check_outputs({"--report": tmp_path / name}, [None, "", "mine\0.toml"], replaces=replaces)
    check_outputs({"--record": tmp_path / "mine.toml"}, replaces=replaces)


def test_outputs_that_can_be_written_are_let_through_and_not_made_yet(tmp_path: Path) -> None:
    check_outputs(
        {"-o": tmp_path / "new" / "newer" / "a", "--json": tmp_path / "b", "--x": None}, in_new_folders=["-o"]
    )
    check_outputs({"--json": Path("/dev/null")})
    assert not list(tmp_path.iterdir())


def test_signals_of_one_press_interrupt_once_and_a_later_one_again() -> None:
    clock = ManualClock()
    interrupt = Interrupt(clock)
    assert not interrupt.happened
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGHUP, None)
    assert interrupt.happened
    interrupt(signal.SIGHUP, None)
    clock.wait_until(clock.now() + SAME_PRESS_S + 0.1)
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)


def test_handlers_come_back_and_what_is_ignored_is_left_alone() -> None:
    numbers = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    heard: list[int] = []
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with handle_ending_signals(lambda number, _: heard.append(number)):
            assert signal.SIGHUP not in ending_signals()
            for number in numbers:
                signal.raise_signal(number)
            with end_at_once():
                assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
                assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
                signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
        assert heard == [signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGTERM]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert {number: signal.getsignal(number) for number in numbers} == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_text_is_read_from_a_pipe_and_a_pipe_without_a_writer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    monkeypatch.setattr(files, "PIPE_WAIT_S", 0.0)
    with pytest.raises(OSError, match="nothing is written"):
        read_text(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # so that a writer can begin
    writer = os.open(path, os.O_WRONLY)
    os.write(writer, b"\xef\xbb\xbftext\r\n")
    os.close(writer)
    assert read_text(path) == "text\r\n"
    os.close(reader)


@pytest.mark.skipif(sys.platform == "win32", reason="no locks there")
def test_two_writers_do_not_mix_their_lines_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("older and longer")
    with open_alone(path) as first:
        first.write("first\n")
        first.flush()
        with pytest.raises(OSError, match="another program is writing it"):
            open_alone(path)
        first.write("and last\n")
    assert path.read_text() == "first\nand last\n"
    open_alone(path).close()
    assert path.read_text() == ""
