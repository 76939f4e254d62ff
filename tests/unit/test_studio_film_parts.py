"""Parts of a film while it is made: what a power cut leaves of them."""

import os
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from livegan.core.types import Frame, FramePlan
from livegan.studio.film_parts import FilmParts
from livegan.studio.film_recording import Recording

EMPTY = np.zeros(0, np.float32)


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Files that were waited for, by their numbers, and names that were given."""
    order: list[Any] = []
    replace = os.replace

    def named(source: Path, target: Path) -> None:
        order.append(Path(target).name)
        replace(source, target)

    monkeypatch.setattr(os, "fsync", lambda descriptor: order.append(os.fstat(descriptor).st_ino))
    monkeypatch.setattr(os, "replace", named)
    return order


def test_a_segment_is_on_the_disk_before_the_memory_that_says_so(order: list[Any], tmp_path: Path) -> None:
    parts = FilmParts(tmp_path / "film.mp4", {}, "", ".mp4")
    parts.partial.write_bytes(b"segment")
    segment = parts.partial.stat().st_ino
    order.clear()
    parts.keep({})
    parts.close()
    assert order.index(segment) < order.index("000000.mp4") < order.index("000000.memory")


def test_pictures_are_on_the_disk_before_the_memory_that_says_so(order: list[Any], tmp_path: Path) -> None:
    output = tmp_path / "%d.png"
    parts = FilmParts(output, {}, "", "")
    job: Any = SimpleNamespace(output=output, frames_pattern=None, size=(2, 2), fps=Fraction(1), transparent=False)
    recording = Recording(job, parts)
    order.clear()
    for index in range(2):
        recording.send(Frame(np.zeros((2, 2, 3), np.uint8), FramePlan(index, 0.0, 0.0, EMPTY, EMPTY), 0.0, 0.0))
    recording.end_segment({})
    parts.close()
    pictures = [(tmp_path / f"{index}.png").stat().st_ino for index in range(2)]
    assert [order.index(picture) for picture in pictures] == [2, 3]
    assert order.index("000000.memory") > 3
