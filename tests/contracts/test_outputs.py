"""Laws of outputs, asked of every member of OUTPUTS, plugins too, and of films of every kind."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from livegan.core.rings import SampleRing
from livegan.core.types import Frame, FramePlan
from livegan.outputs.film import Film
from livegan.outputs.queue import OutputQueue
from livegan.outputs.registry import OUTPUTS, Output, ShowFormat
from tests import standin_wires


@pytest.fixture(autouse=True)
def standins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drivers that are not on every machine."""
    standin_wires.install(monkeypatch)


SHOW = ShowFormat(30.0, (32, 32), 48000, 2)


def of_table(name: str) -> Callable[[Path], Output]:
    """How a show makes it; an option called `path` is a file of the folder, others have their defaults."""

    def make(folder: Path) -> Output:
        kind = OUTPUTS[name]
        ending = "mp4" if name == "film" else "out"
        place = {"path": folder / f"{name}.{ending}"} if "path" in kind.Options.model_fields else {}
        place |= {"url": str(folder / "show.ts")} if name == "stream" else {}
        options = kind.Options.model_validate({**kind.example, **place})
        kind.check(options)
        return kind(options, SHOW)

    return make


MAKERS: dict[str, Callable[[Path], Output]] = {
    **{name: of_table(name) for name in OUTPUTS},
    **{
        f"render.{ending}": lambda folder, ending=ending: Film(folder / f"film.{ending}", (32, 32), 30)
        for ending in ("mp4", "mov", "mkv", "webm")
    },
    "queue": lambda folder: opened(of_table("memory")(folder)),
}


def opened(output: Output, **options: Any) -> OutputQueue:
    queue = OutputQueue("contract", lambda: output, **options)
    queue.open()
    return queue


def frame(index: int, side: int = 32) -> Frame:
    empty = np.zeros(0, np.float32)
    pixels = np.full((side, side, 3), 10 * index % 256, np.uint8)
    return Frame(pixels, FramePlan(index, index / 30, 1 / 30, empty, empty), 0.0, 0.0)


@pytest.fixture(params=MAKERS)
def output(request: pytest.FixtureRequest, tmp_path: Path, standins: None) -> Iterator[Output]:
    output = MAKERS[request.param](tmp_path)
    yield output
    output.close()


def files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", OUTPUTS.names())
def test_it_says_what_it_is_and_refuses_unknown_keys(name: str) -> None:
    kind = OUTPUTS[name]
    assert kind.__doc__ not in (None, Output.__doc__)
    assert all(field.description for field in kind.Options.model_fields.values())
    assert "kind" not in kind.Options.model_fields
    with pytest.raises(ValidationError, match="no_such_key"):
        kind.Options.model_validate({"no_such_key": 1})


def test_closing_is_idempotent(output: Output, tmp_path: Path) -> None:
    for index in range(3):
        output.send(frame(index))
    output.close()
    after = files(tmp_path)
    output.close()
    assert files(tmp_path) == after
    assert not output.notice


def test_closing_without_a_frame_leaves_no_unfinished_file(output: Output, tmp_path: Path) -> None:
    output.close()
    output.close()
    assert not [path for path in files(tmp_path) if ".part-" in path.name]
    assert not output.notice


def test_pictures_of_any_size_are_taken(output: Output) -> None:
    for index, side in enumerate((32, 16, 1, 65)):
        output.send(frame(index, side))
    output.close()
    assert output.dropped == 0
    assert not output.notice


def test_pictures_that_change_their_size_during_a_show_are_taken(output: Output) -> None:
    """Quality steps: the same wide picture, smaller and larger again."""
    for index, height in enumerate((36, 18, 9, 18, 36)):
        picture = np.full((height, height * 16 // 9, 3), 40 * index, np.uint8)
        output.send(replace(frame(index), pixels=picture))
    output.close()
    assert output.dropped == 0
    assert not output.notice


def test_the_frame_is_left_alone(output: Output) -> None:
    sent = frame(7)
    before = sent.pixels.copy()
    output.send(sent)
    output.close()
    assert np.array_equal(sent.pixels, before)


@pytest.mark.parametrize("name", OUTPUTS.names())
def test_behind_a_queue_a_slow_output_drops_and_counts_and_never_blocks(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first frame takes for ever: the queue fills, the rest is dropped, and `send` returned each time."""
    output = of_table(name)(tmp_path)
    began, go_on, send, taken = threading.Event(), threading.Event(), output.send, []

    def slow(frame: Frame) -> None:
        began.set()
        go_on.wait()
        send(frame)
        taken.append(frame.plan.index)

    monkeypatch.setattr(output, "send", slow)
    queue = opened(output, sound=SampleRing(2, 48000), capacity=5)
    thread = threading.Thread(target=queue.poll, args=(0.0,))
    queue.send(frame(0))
    thread.start()
    began.wait()
    for index in range(1, 21):
        queue.send(frame(index))
    assert queue.dropped == 15
    go_on.set()
    thread.join()
    queue.close()
    assert taken == [0, 1, 2, 3, 4, 5]
    assert queue.written == 6
    assert queue.notice == "contract: 15 frames are missing, the disk or this machine is too slow for them all"
