"""Scenes of further windows: they leave the show its rate, follow the sound, and a mistake in one is told at set-up."""

from pathlib import Path

import numpy as np
import pytest

from livegan.config.venue import Venue
from livegan.core.clock import ManualClock
from livegan.core.rings import FeatureRing
from livegan.engine.bind import Binder, check
from livegan.engine.window_pace import FIRST, LEVELS, RISE_S, WindowPace
from livegan.engine.window_scenes import WindowSetup, load_window_scenes, window_scenes
from livegan.errors import SceneError
from livegan.features.listening import Listening


def play(pace: WindowPace, seconds: float, took_s: float, *, holds: bool, now_s: float = 0.0) -> tuple[float, int]:
    """Draw for so long; the time then, and how many pictures there were."""
    end_s, count = now_s + seconds, 0
    while now_s < end_s:
        now_s += took_s
        now_s += pace.next_s(now_s, took_s, show_holds=holds)
        count += 1
    return now_s, count


def test_a_scene_of_a_window_begins_modestly_and_rises_while_the_show_holds_its_rate() -> None:
    pace = WindowPace(60.0)
    assert pace.level == LEVELS[FIRST]
    now_s, count = play(pace, 4.0, 0.002, holds=True)
    assert count == pytest.approx(4 * LEVELS[FIRST].fps, rel=0.1)
    now_s, _ = play(pace, 3 * RISE_S, 0.002, holds=True, now_s=now_s)
    assert pace.level == LEVELS[0]
    _, count = play(pace, 4.0, 0.002, holds=True, now_s=now_s)
    assert count == pytest.approx(4 * 30, rel=0.1), "half the show's rate"


def test_it_never_takes_more_than_its_share_of_a_core() -> None:
    pace = WindowPace(60.0)
    _, count = play(pace, 4.0, 0.2, holds=False)
    assert count * 0.2 <= 4.0 * LEVELS[FIRST].duty + 0.4
    _, count = play(pace, 20.0, 0.2, holds=False)
    assert count * 0.2 <= 20.0 * LEVELS[-1].duty + 1.0


def test_it_gives_way_where_the_show_is_late_and_tries_again_later_and_later() -> None:
    pace, now_s = WindowPace(60.0), 0.0
    rises: list[float] = []
    for _ in range(3000):  # the show is late at once on any level above the first one
        before = pace.level
        holds = LEVELS.index(pace.level) >= FIRST
        now_s += 0.1
        pace.next_s(now_s, 0.002, show_holds=holds)
        if LEVELS.index(pace.level) < LEVELS.index(before):
            rises.append(now_s)
    waits = np.diff(rises)
    assert len(rises) >= 4
    assert (np.diff(waits) > 0).all(), "each wait is longer than the one before"


def setup(holds: bool = True) -> WindowSetup:
    layout = Listening(48000, 2).layout
    return WindowSetup(FeatureRing(layout), layout, ManualClock(), 60.0, lambda: holds)


def venue(*scenes: str) -> Venue:
    return Venue.model_validate({"windows": [{"scene": scene, "size": [64, 36]} for scene in scenes]})


def test_a_window_draws_its_scene_and_the_picture_moves(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('title = "Own"\nnetwork = "plain"\n[parameters]\nmotion.speed = 30\n', encoding="utf-8")
    place, show = venue("", str(path)), setup()
    loaded = load_window_scenes(place)
    assert list(loaded) == [2]
    scene = window_scenes(loaded, place, Binder(show.layout, place), show)[2]
    assert scene.service().name == "window-3"
    pictures = []
    for _ in range(3):
        assert 0 < scene.poll(show.clock.now()) < 2.0
        frame = scene.frames.peek()
        assert frame is not None
        pictures.append(np.asarray(frame.pixels))
        show.clock.wait_until(show.clock.now() + 1.0)
    assert pictures[0].shape[2] == 3
    assert (pictures[0] != pictures[2]).any()


def test_a_scene_that_is_not_there_is_told_at_set_up() -> None:
    with pytest.raises(SceneError, match=r"windows\.1\.scene: .*tide"):
        load_window_scenes(venue("", "tied"))
    assert any("tied" in line for line in check(venue("tied"), []))
    assert check(venue("neon"), []) == []
