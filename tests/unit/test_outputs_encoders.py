"""Encoders of live films: hardware after a trial that may hang or die, else x264 whose threads give way."""

import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from livegan.core.priority import LOW
from livegan.core.types import Frame, FramePlan, Pixels
from livegan.outputs import encoder_trial, encoders, live_film
from livegan.outputs.encoder_trial import WORST_DB, worst_psnr_db
from livegan.outputs.encoders import DEVICES, PLATFORMS, add_video, candidates, hardware_encoder, proves_itself
from livegan.outputs.formats import HARDWARE
from livegan.outputs.live_film import FilmOptions, LiveFilm
from livegan.outputs.registry import ShowFormat
from tests.starved import no_process

SIZE, FPS = (64, 36), Fraction(1)  # slow enough for any machine
SHOW = ShowFormat(60.0, SIZE, 48000, 2)
EMPTY = np.zeros(0, np.float32)
STAND_INS = {
    "hangs": "import time\ntime.sleep(1000)",
    "dies": "import os, signal\nos.kill(os.getpid(), signal.SIGABRT)",
    "raises": "raise RuntimeError('no driver')",
}


def frame(pixels: Pixels, index: int) -> Frame:
    return Frame(pixels, FramePlan(index, index / 60, 1 / 60, EMPTY, EMPTY), 0.0, 0.0)


def test_an_encoder_that_works_passes_its_trial_in_a_process_of_its_own() -> None:
    assert proves_itself("libx264", SIZE, FPS, limit_s=120.0)


@pytest.mark.parametrize("kind", STAND_INS)
def test_one_that_hangs_dies_or_raises_does_not_and_is_not_tried_again(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = tmp_path / "tries"
    note = f"open({str(tries)!r}, 'a').write('.')\n"
    (tmp_path / f"stand_in_{kind}.py").write_text(note + STAND_INS[kind])
    monkeypatch.syspath_prepend(str(tmp_path))
    for _ in range(3):
        limit_s = 1.5 if kind == "hangs" else 120.0
        assert not proves_itself(kind, SIZE, FPS, f"stand_in_{kind}", limit_s)
    assert not tries.exists() or tries.read_text() == "."


def test_an_encoder_for_which_there_is_no_process_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", no_process)
    assert not proves_itself("libx264", (66, 66), FPS)


def test_one_that_draws_something_else_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert worst_psnr_db("libx264", SIZE, FPS)[0] > WORST_DB

    def add_wrong(*args: Any, **options: Any) -> Any:
        stream = add_video(*args, **options)
        black = av.VideoFrame.from_ndarray(np.zeros((SIZE[1], SIZE[0], 3), np.uint8), "rgb24")

        def encode(picture: av.VideoFrame | None) -> Any:
            wrong = picture and black.reformat(format="yuv420p")
            if wrong is not None:
                wrong.pts, wrong.time_base = picture.pts, picture.time_base
            return stream.encode(wrong)

        return SimpleNamespace(encode=encode)

    monkeypatch.setattr(encoder_trial, "add_video", add_wrong)
    assert worst_psnr_db("libx264", SIZE, FPS)[0] < WORST_DB


def test_one_that_is_too_slow_or_wrong_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["trial", '{"codec": "x", "size": [64, 36], "fps": "60"}'])
    for found, code in {(40.0, 0.001): 0, (40.0, 0.02): 1, (20.0, 0.001): 1, (float("-inf"), 0.001): 1}.items():
        monkeypatch.setattr(encoder_trial, "worst_psnr_db", lambda *_, found=found: found)
        assert encoder_trial.main() == code


def test_only_encoders_whose_device_is_there_are_tried(tmp_path: Path) -> None:
    assert {name for names in PLATFORMS.values() for name in names} == set(HARDWARE)
    assert list(candidates("linux", tmp_path)) == []
    for name, device in DEVICES.items():
        path = tmp_path / device.lstrip("/").replace("*", "128")
        path.parent.mkdir(exist_ok=True, parents=True)
        path.touch()
        assert name in candidates("linux", tmp_path)
    assert list(candidates("darwin", tmp_path)) == ["h264_videotoolbox"]
    assert list(candidates("sunos", tmp_path)) == []


def test_the_first_that_passes_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "candidates", lambda: ["a", "b", "c"])
    monkeypatch.setattr(encoders, "proves_itself", lambda name, size, fps: name != "a")
    assert hardware_encoder(SIZE, FPS) == "b"
    monkeypatch.setattr(encoders, "proves_itself", lambda name, size, fps: False)
    assert hardware_encoder(SIZE, FPS) == ""


@pytest.mark.parametrize("name", HARDWARE)
def test_a_film_is_made_by_x264_if_the_hardware_refuses_after_all(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name in candidates():
        pytest.skip("this machine may have it")
    monkeypatch.setattr(live_film, "hardware_encoder", lambda size, fps: name)
    film = LiveFilm(FilmOptions(path=tmp_path / "film.mp4"), SHOW)
    film.send(frame(np.full((36, 64, 3), 90, np.uint8), 0))
    film.close()
    with av.open(tmp_path / "film.mp4") as file:
        assert len(list(file.decode(video=0))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


@pytest.mark.skipif(sys.platform != "linux", reason="niceness of single threads exists on Linux only")
def test_the_threads_that_encode_give_way_to_the_show(tmp_path: Path) -> None:
    def fields(thread: Path) -> list[int]:
        """User and system time [clock ticks], and niceness; [] of a thread of an earlier test that has ended."""
        try:
            values = (thread / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [int(values[at]) for at in (11, 12, 16)]

    tasks = Path("/proc/self/task")
    before = set(tasks.iterdir())
    film = LiveFilm(FilmOptions(path=tmp_path / "film.mp4", size=(1280, 720), hardware=False), SHOW)
    encoding = [task for task in tasks.iterdir() if task not in before]
    noise = np.random.default_rng(0).integers(0, 256, (720, 1280, 3)).astype(np.uint8)
    for index in range(20):
        film.send(frame(noise, index))
    threads = [found for task in encoding if (found := fields(task))]
    film.close()
    assert threads
    assert all(niceness >= LOW for _, _, niceness in threads)
    assert sum(user + system for user, system, _ in threads) > 0, "they are the ones that encode"


def test_the_picture_keeps_its_place_in_a_film_when_its_size_changes(tmp_path: Path) -> None:
    """Steps of quality: 256, 128 and 64 px high, in a film of another shape."""
    film = LiveFilm(FilmOptions(path=tmp_path / "film.mp4", size=(320, 320), quality=5, hardware=False), SHOW)
    down, across = np.mgrid[0:256, 0:448]
    soft = np.stack([down * 255 / 256, across * 255 / 448, 128 + 0 * down], -1)
    for index, step in enumerate((1, 2, 4, 2, 1)):
        small = soft.reshape(256 // step, step, 448 // step, step, 3).mean(axis=(1, 3))
        film.send(frame(small.astype(np.uint8), index))
    film.close()
    with av.open(tmp_path / "film.mp4") as file:
        pictures = [picture.to_ndarray(format="gray").astype(int) for picture in file.decode(video=0)]
    assert len(pictures) == 5
    for picture in pictures:
        assert picture.shape == (320, 320)
        assert np.abs(picture - pictures[0]).mean() < 2.0
