"""Disks: full, slow, hung, not to be written: the show goes on, and says so; what was recorded plays."""

import resource
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest

from livegan.config.load import load_venue
from livegan.core.clock import WallClock
from livegan.core.files import check_outputs
from livegan.core.time_limit import within
from livegan.core.types import ControlEvent, Frame, FramePlan
from livegan.engine import sound_runtime
from livegan.engine.show import PlayOptions, set_up
from livegan.engine.sound_runtime import Service
from livegan.errors import MediaError
from livegan.outputs.fragments import whole_fragments
from livegan.outputs.live_film import FilmOptions, LiveFilm
from livegan.outputs.memory import Memory
from livegan.outputs.queue import OutputQueue
from livegan.outputs.registry import ShowFormat
from tests.deadline import until
from tests.faults.gaps import pictures
from tests.faults.measured import FaultFigures, record
from tests.shows import plain_show


@contextmanager
def full_after(size: int) -> Iterator[None]:
    """No file of this process grows beyond `size` [bytes]: a full disk, without a disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def film(path: Path) -> OutputQueue:
    """A recording, not open yet; large, as its pictures lose nothing. It grows though its sound never comes."""
    options = FilmOptions(path=path, quality=0, hardware=False)
    return OutputQueue("film", lambda: LiveFilm(options, ShowFormat(30.0, (128, 128), 48000, 2)))


def shown(index: int) -> Frame:
    nothing = np.zeros(0, np.float32)
    return Frame(np.zeros((2, 2, 3), np.uint8), FramePlan(index, 0.0, 0.0, nothing, nothing), 0.0, 0.0)


def thread_of(recorder: OutputQueue) -> Service:
    return Service(f"output-{recorder.name}", recorder.open, recorder.poll, recorder.close)


def decoded(path: Path) -> int:
    """How many pictures of a film can be seen; an error if one is broken."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_a_film_on_a_full_disk_plays_up_to_there(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"film.{ending}"
    recorder = film(path)
    show = plain_show(None, thread_of(recorder), outputs=(recorder,), fps=30)
    with show, pictures(show) as seen:
        part = next(tmp_path.glob("film.part-*"))
        until(lambda: part.stat().st_size > 8_000, "a film that grows")
        with full_after(part.stat().st_size + 8_000):
            until(lambda: recorder.notice, "a notice")
            assert "cannot write on in" in recorder.notice
            assert "df -h" in recorder.notice
            seen.wait(30)
    assert [left.name for left in tmp_path.iterdir()] == [path.name]
    kept = decoded(path)
    assert kept > 0
    lost_s = (recorder.written - kept) / 30
    if ending == "mp4":
        lost = f"its end, {lost_s:.1f} s before the disk was full"
        record(FaultFigures("Disk", "full while recording", "all pictures, a notice", seen.gap_s, lost=lost))


def test_a_disk_that_is_full_when_the_film_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    recorder = film(path)
    with plain_show(None, thread_of(recorder), outputs=(recorder,), fps=30):
        part = next(tmp_path.glob("film.part-*"))
        until(lambda: part.stat().st_size > 8_000, "a film that grows")
        limit = full_after(part.stat().st_size)
        limit.__enter__()
    limit.__exit__(None, None, None)
    assert "cannot write on in" in recorder.notice
    assert decoded(path) > 0


def test_a_torn_film_is_cut_after_its_last_whole_fragment(tmp_path: Path) -> None:
    def box(kind: bytes, length: int, told: int | None = None) -> bytes:
        return (told or length).to_bytes(4) + kind + bytes(length - 8)

    path = tmp_path / "film.mp4"
    start = box(b"ftyp", 24) + box(b"moov", 40)
    for torn, whole in (
        (b"", 0),
        (box(b"moof", 16) + box(b"mdat", 64), 80),
        (box(b"moof", 16) + box(b"mdat", 64) + box(b"moof", 16) + box(b"mdat", 32, 64), 80),
        (box(b"moof", 16) + (1).to_bytes(4) + b"mdat" + (64).to_bytes(8) + bytes(48), 80),
        (box(b"moof", 16) + box(b"mdat", 64) + b"\0\0\0\7mdat", 80),
        (box(b"moof", 16) + box(b"mdat", 64) + b"\0\0", 80),
    ):
        path.write_bytes(start + torn)
        assert whole_fragments(path) == (len(start) + whole if whole else 0)


class Slow(Memory):
    """An output on a disk that takes longer for a picture than there is time."""

    def __init__(self) -> None:
        super().__init__()
        self.wait_s = 0.2
        self.sent = 0

    def send(self, frame: Frame) -> None:
        threading.Event().wait(self.wait_s)
        self.sent += 1


def test_a_slow_disk_costs_the_film_pictures_and_the_show_none() -> None:
    slow = Slow()
    recorder = OutputQueue("film", lambda: slow, capacity=8)
    show = plain_show(None, thread_of(recorder), outputs=(recorder,), fps=30)
    with show, pictures(show) as seen:
        until(lambda: recorder.dropped > 10, "frames that are dropped")
        until(lambda: "frames are missing" in recorder.notice, "a notice")
        slow.wait_s = 0.0
        dropped, sent = recorder.dropped, slow.sent
        until(lambda: slow.sent > sent + 30, "the disk to be quick again")
    lost = f"{recorder.dropped} pictures, counted"
    record(FaultFigures("Disk", "slow while recording", "all pictures, a notice", seen.gap_s, lost=lost))
    assert recorder.dropped - dropped <= 30
    assert recorder.written + recorder.dropped == show.published


class Hung(Memory):
    """An output on a disk that never answers again."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.released = threading.Event(), threading.Event()

    def send(self, frame: Frame) -> None:
        self.asked.set()
        self.released.wait()

    def close(self) -> None:
        self.released.wait()


def test_a_disk_that_hangs_holds_up_neither_the_show_nor_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_runtime, "STOP_S", 0.3)
    hung, held = Hung(), threading.Event()
    recorder = OutputQueue("film", lambda: hung, capacity=4)
    show = plain_show(
        None, thread_of(recorder), Service("saver", stop=held.wait), outputs=(recorder,), fps=30, join_s=0.3
    )
    with show, pictures(show) as seen:
        hung.asked.wait(30)
        until(lambda: "frames are missing" in recorder.notice, "a notice")
        seen.wait(10)
        gap_s = seen.gap_s  # the show ends now
    assert {"livegan-output-film", "livegan-output-film-end", "livegan-saver-end"} <= set(show.stuck())
    hung.released.set()
    held.set()
    until(lambda: not show.stuck(), "the threads to end")
    record(FaultFigures("Disk", "hangs for ever", "all pictures; the show ends", gap_s, lost="the film's end"))


def test_a_disk_that_is_slow_to_the_end_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_runtime, "STOP_S", 0.6)
    slow = Slow()
    recorder = OutputQueue("film", lambda: slow, capacity=16)
    service = Service(
        "output-film", recorder.open, stop=partial(recorder.close, limit_s=0.5), progress=lambda: recorder.written
    )
    with plain_show(None, service, outputs=(recorder,), fps=30):
        until(lambda: recorder.dropped > 0, "a queue that is full")
    assert slow.sent == 16  # which took some five times the limit
    assert "in time" not in recorder.notice


def test_a_queue_waits_for_a_thread_that_gets_on() -> None:
    slow = Slow()
    recorder = OutputQueue("film", lambda: slow, capacity=8)
    recorder.open()
    for index in range(8):
        recorder.send(shown(index))
    thread = threading.Thread(target=recorder.poll, args=(0.0,))
    thread.start()
    until(lambda: slow.sent > 0, "a picture")
    recorder.close(limit_s=0.5)
    thread.join()
    assert slow.sent == 8
    assert "in time" not in recorder.notice


def test_work_within_a_time_limit_raises_what_it_raises() -> None:
    def fails() -> None:
        raise MediaError("full")

    assert within(10.0, lambda: None, "test")
    with pytest.raises(MediaError, match="full"):
        within(10.0, fails, "test")


def test_what_cannot_be_written_is_said_before_the_show(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file where a folder should be")
    with pytest.raises(MediaError, match=r"cannot write the film .* choose another place"):
        LiveFilm.check(FilmOptions(path=taken / "film.mp4"))
    with pytest.raises(MediaError, match=r"there is no folder .* choose another"):
        check_outputs({"--report": taken / "report.json"})


def test_folders_that_can_no_longer_be_written_cost_the_show_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes = {name: tmp_path / name.lower() for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    for name, home in homes.items():
        monkeypatch.setenv(name, str(home))
    scene = tmp_path / "one.toml"
    scene.write_text('title = "One"\nnetwork = "patterns"\n')
    venue = load_venue()
    changes = {
        "audio": venue.audio.model_copy(update={"input": "demo", "monitor": False}),
        "hands": venue.hands.model_copy(update={"port": "none"}),
        "picture": venue.picture.model_copy(update={"fps": 30, "device": "cpu"}),
    }
    options = PlayOptions(str(scene), tmp_path / "show.log", in_window=False, one_scene=True)
    show = set_up(venue.model_copy(update=changes), options, WallClock()).runtime
    with show, pictures(show) as seen:
        seen.wait(5)
        seen.times_s[:-1] = []
        for home in homes.values():
            shutil.rmtree(home, ignore_errors=True)
            home.write_text("a file where a folder should be")
        for name in ("scene.save", "latent.bookmark"):
            show.controls.put(ControlEvent(show.clock.now(), name, 1.0))
            until(lambda: any("cannot be" in line or "not saved" in line for line in show.notices()), "a notice")
        with full_after((tmp_path / "show.log").stat().st_size):
            until(lambda: any("log" in line for line in show.notices()), "a notice of the log")
            seen.wait(10)
        assert show.performer.guard.faults == 0
    record(FaultFigures("Disk", "folders not to be written any more", "all pictures; a notice", seen.gap_s))
