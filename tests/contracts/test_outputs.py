"""What every output promises: it takes frames, and closing it twice is fine."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from livegan.core.types import Frame, FramePlan
from livegan.outputs.film import Film
from livegan.outputs.memory import Memory
from livegan.outputs.output import Output
from livegan.outputs.recorder import Recorder

OUTPUTS: dict[str, Callable[[Path], Output]] = {
    "memory": lambda folder: Memory(),
    "mp4": lambda folder: Film(folder / "film.mp4", (32, 32), 30),
    "mov": lambda folder: Film(folder / "film.mov", (32, 32), 30),
    "mkv": lambda folder: Film(folder / "film.mkv", (32, 32), 30),
    "webm": lambda folder: Film(folder / "film.webm", (32, 32), 30),
    "live": lambda folder: Film(folder / "film.mp4", (32, 32), 30, live=True),
    "recorder": lambda folder: Recorder(Memory()),
}


def frame(index: int, side: int = 32) -> Frame:
    empty = np.zeros(0, np.float32)
    pixels = np.full((side, side, 3), 10 * index % 256, np.uint8)
    return Frame(pixels, FramePlan(index, index / 30, 1 / 30, empty, empty), 0.0, 0.0)


@pytest.fixture(params=OUTPUTS)
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Output:
    return OUTPUTS[request.param](tmp_path)


def test_closes_twice_without_complaint(output: Output) -> None:
    for index in range(3):
        output.send(frame(index))
    output.close()
    output.close()


def test_closes_without_a_frame(output: Output) -> None:
    output.close()
    output.close()


def test_takes_pictures_of_any_size(output: Output) -> None:
    for index, side in enumerate((32, 16, 1, 65)):
        output.send(frame(index, side))
    output.close()


def test_leaves_the_pixels_alone(output: Output) -> None:
    sent = frame(7)
    before = sent.pixels.copy()
    output.send(sent)
    output.close()
    assert np.array_equal(sent.pixels, before)
