"""Network pictures that a slow render keeps: a killed one draws none of them again."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.core.types import FramePlan
from livegan.engine.drawing import Drawn
from livegan.errors import MediaError
from livegan.studio.kept_pictures import ENOUGH, SLOW_S, KeptPictures

EACH = 5
PLAN = FramePlan(0, 0.0, 0.05, np.zeros(3, np.float32), np.zeros(0, np.float32), "plain")


class Pen:
    """Draws a picture of the frame's number in `frame_s`, and another over every third one; notes what it drew."""

    def __init__(self, frame_s: float = 2 * SLOW_S) -> None:
        self.frame_s, self.now_s = frame_s, 0.0
        self.drew: list[int] = []

    def __call__(self, planned: Iterable[FramePlan]) -> Iterator[tuple[FramePlan, Drawn]]:
        for plan in planned:
            self.now_s += self.frame_s
            self.drew.append(plan.index)
            picture = torch.full((4, 6, 3), plan.index, dtype=torch.uint8)
            over = (None, Drawn(picture + 100)) if plan.index % 3 == 0 else ()
            yield plan, Drawn(picture, over)

    def kept(self, folder: Path) -> KeptPictures:
        return KeptPictures(folder, EACH, lambda: self.now_s)


def plans(first: int = 0, count: int = 20) -> Iterator[FramePlan]:
    return (replace(PLAN, index=index) for index in range(first, count))


def look(drawn: Drawn) -> list[object]:
    return [int(torch.as_tensor(drawn.picture).max()), *(cover and look(cover) for cover in drawn.over)]


def play(folder: Path, pen: Pen, first: int, frames: int) -> list[tuple[int, list[object]]]:
    """The first so many frames of a render that is killed then."""
    drawn = pen.kept(folder).drawn(plans(first), first, pen)
    return [(plan.index, look(pictures)) for (plan, pictures), _ in zip(drawn, range(frames), strict=False)]


def test_a_slow_render_that_was_killed_draws_only_what_it_had_not(tmp_path: Path) -> None:
    whole = [(plan.index, look(pictures)) for plan, pictures in Pen()(plans())]
    assert play(tmp_path, first := Pen(), 0, 13) == whole[:13]
    assert first.drew == list(range(14)), "one ahead"
    again = Pen()
    assert play(tmp_path, again, 10, 20) == whole[10:], "the segments before are whole"
    assert again.drew == list(range(14, 20))
    third = Pen()
    assert play(tmp_path, third, 10, 20) == whole[10:]
    assert not third.drew, "everything was kept, over the ends of segments too"


def test_a_record_that_was_cut_off_is_drawn_again_and_replaced(tmp_path: Path) -> None:
    pen = Pen()
    play(tmp_path, pen, 0, 3)
    path = pen.kept(tmp_path).path(0)
    path.write_bytes(path.read_bytes()[:-7])
    again, third = Pen(), Pen()
    for pen in (again, third):
        assert [index for index, _ in play(tmp_path, pen, 0, 6)] == list(range(6))
    assert (again.drew[0], third.drew) == (3, [])


def test_what_a_power_cut_leaves_is_drawn_again(tmp_path: Path) -> None:
    play(tmp_path, Pen(), 0, 3)
    path = Pen().kept(tmp_path).path(0)
    whole = path.read_bytes()
    for left in (b"\0" * 4096, b"\xff" * 64, b"\x05" + b"\0" * 7 + b"[1,2]" + b"\0" * 9):
        path.write_bytes(whole + left)
        pen = Pen()
        assert [index for index, _ in play(tmp_path, pen, 0, 5)] == list(range(5))
        assert pen.drew[0] == 4


def test_quick_pictures_are_not_kept_once_their_pace_is_known(tmp_path: Path) -> None:
    pen = Pen(SLOW_S / 3)
    play(tmp_path, pen, 0, 20)
    kept = pen.kept(tmp_path)
    assert [kept.path(number).is_file() for number in range(4)] == [True, True, False, False]
    again = Pen()
    play(tmp_path, again, 5, 5)
    assert again.drew[0] == ENOUGH - 1
    kept.remove(0)
    kept.remove(3)
    assert not kept.path(0).exists()


def test_pictures_of_another_place_are_not_taken(tmp_path: Path) -> None:
    pen = Pen()
    play(tmp_path, pen, 0, 8)
    kept = pen.kept(tmp_path)
    kept.path(0).rename(kept.path(3))
    again = Pen()
    assert play(tmp_path, again, 15, 2)[0][0] == 15
    assert again.drew[0] == 15


def test_a_folder_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be written"):
        play(tmp_path / "gone", Pen(), 0, 3)
