import sys

import numpy as np
import pytest

from livegan.core.types import Frame, FramePlan
from livegan.ui.exception_hook import ExceptionHook
from livegan.ui.hud_data import HudData
from livegan.ui.stats import WindowStats


def frame(index: int, heard_s: float = 0.0) -> Frame:
    plan = FramePlan(index, 0.0, 1 / 60, np.zeros(1, np.float32), np.zeros(0, np.float32), heard_s=heard_s)
    return Frame(np.zeros((1, 1, 3), np.uint8), plan, 0.0, 0.0)


def test_each_frame_counts_once_and_gaps_are_skipped_frames() -> None:
    stats = WindowStats()
    seen = [stats.swapped(frame(index), 0.1 * at) for at, index in enumerate((5, 6, 6, 9, 8, 10))]
    assert seen == [True, True, False, True, False, True]
    assert (stats.shown, stats.skipped) == (4, 2)
    assert stats.interval.count == 3


def test_latency_is_from_sound_to_swap_and_silence_has_none() -> None:
    stats = WindowStats()
    stats.swapped(frame(0), 10.0)
    assert stats.latency.count == 0
    stats.swapped(frame(1, heard_s=9.97), 10.0)
    assert stats.latency.percentiles()["p50"] == pytest.approx(30.0)


def test_the_delay_of_the_window_is_from_the_finished_picture_to_the_swap() -> None:
    stats = WindowStats()
    for index, late_s in enumerate((0.01, 0.02, 0.5)):
        stats.swapped(frame(index), late_s)
    assert stats.showing.percentiles()["p50"] == pytest.approx(20.0)


def test_fps_is_that_of_the_newest_frames() -> None:
    stats = WindowStats()
    assert stats.fps(0.0) == 0.0
    for at in range(400):
        stats.swapped(frame(at), at / 60)
    assert stats.fps(399 / 60) == pytest.approx(60.0)
    assert stats.fps(399 / 60 + 1) < 40.0, "and it sinks while none come"


def test_the_longest_gap_is_between_pictures_of_any_kind_that_move() -> None:
    stats = WindowStats()
    stats.drew("idle", 1.0)  # before the first frame
    stats.drew("idle", 1.1)
    assert (stats.longest_gap_s, stats.idle_s) == (pytest.approx(0.1), 0.0)
    stats.swapped(frame(0), 1.2)
    for drawing, at_s in (("frame", 1.2), ("same", 1.3), ("same", 1.4), ("held", 1.5), ("held", 1.6), ("idle", 1.7)):
        stats.drew(drawing, at_s)
    assert stats.longest_gap_s == pytest.approx(0.3), "drawing the same picture again fills no gap"
    assert (stats.held_s, stats.idle_s) == (pytest.approx(0.4), pytest.approx(0.1))


def test_what_the_player_froze_is_no_gap_and_the_end_is_measured_once() -> None:
    stats = WindowStats()
    for drawing, at_s in (("frame", 1.0), ("frozen", 1.1), ("frozen", 9.0), ("frame", 9.1)):
        stats.drew(drawing, at_s)
    assert stats.longest_gap_s == pytest.approx(0.1)
    stats.end(9.5)
    stats.end(20.0)
    assert stats.longest_gap_s == pytest.approx(0.4)


def test_faults_are_counted_printed_seldom_and_the_hook_is_given_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.excepthook
    with ExceptionHook() as faults:
        for faults.now_s in (0.0, 1.0, 4.9, 5.1):
            sys.excepthook(ValueError, ValueError("torn"), None)
    assert sys.excepthook is before
    assert (faults.count, faults.last) == (4, "ValueError: torn")
    assert capsys.readouterr().err.count("torn") == 2


def test_marks_say_what_must_be_seen() -> None:
    assert HudData().marks == ()
    words = [word for word, _ in HudData(frozen=True, blackout=True, master=0.5, recording="a.mp4").marks]
    assert words == ["● REC", "FROZEN", "BLACKOUT"]
    assert [word for word, _ in HudData(master=0.5).marks] == ["MASTER 50%"]
    assert dict(HudData(skipped=3, faults=1).counts) == {
        "overruns": 0,
        "dropped": 0,
        "skipped": 3,
        "missed": 0,
        "faults": 1,
    }
