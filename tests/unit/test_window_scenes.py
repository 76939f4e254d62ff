"""Scenes of further windows: they leave the show its rate, follow the sound, and a mistake in one is told at set-up."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch

from livegan.config.load import LoadedScene
from livegan.config.scene import Scene
from livegan.config.venue import Venue
from livegan.core.clock import ManualClock
from livegan.core.rings import FeatureRing
from livegan.core.types import ControlEvent, FramePlan
from livegan.engine.bind import Binder, bind_scene
from livegan.engine.check import check
from livegan.engine.guard import FaultGuard
from livegan.engine.timing import MOST_STEP_S
from livegan.engine.vocabulary import Vocabulary
from livegan.engine.window_pace import FIRST, LEVELS, RISE_S, WindowPace
from livegan.engine.window_scenes import WindowSetup, load_window_scenes, window_scenes
from livegan.errors import SceneError
from livegan.features.listening import Listening
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_network
from livegan.rendering.gradient import Gradient


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
    clock = ManualClock()
    return WindowSetup(FeatureRing(layout), layout, clock, 60.0, lambda: holds, FaultGuard(clock.now))


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


class Weights(Gradient):
    """A drawing that holds 10 MB."""

    def __init__(self, info: NetworkInfo) -> None:
        super().__init__(info, "cpu")
        self.megabytes = 10.0


@pytest.mark.parametrize(("memory_mb", "loaded"), [(160.0, 3), (72.0, 2), (8.0, 1)])
def test_a_window_loads_what_its_place_needs_before_the_show_and_nothing_in_it(
    monkeypatch: pytest.MonkeyPatch, memory_mb: float, loaded: int
) -> None:
    made: list[str] = []
    place, show = venue("own"), setup()
    scene = Scene(title="T", network="plain", knobs={"knob.1": "network.position"})
    infos = [replace(find_network("plain"), name=f"n{number}") for number in range(3)]
    patch = bind_scene(LoadedScene("own", scene), Vocabulary.of(show.layout), networks=infos)
    monkeypatch.setattr(
        "livegan.engine.window_scenes.load_generator",
        lambda info, device, options: made.append(info.name) or Weights(info),  # type: ignore[func-returns-value]
    )
    monkeypatch.setattr("livegan.engine.window_scenes.budget_mb", lambda venue: memory_mb)
    binder = cast("Binder", SimpleNamespace(bind=lambda scene: patch))
    window = window_scenes({1: LoadedScene("own", scene)}, place, binder, show)[1]
    assert len(made) == loaded
    assert made[0] == patch.here.name
    patch.controls.handle(ControlEvent(0.0, "knob.1", 1.0))
    for _ in range(5):
        window.poll(show.clock.now())
        show.clock.wait_until(show.clock.now() + 1.0)
    assert patch.position == 2.0
    assert len(made) == loaded
    assert window.performer.guard.faults == 0
    assert window.performer.fresh, "the nearest draws"


def test_a_window_whose_network_failed_loads_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.toml"
    path.write_text('title = "Own"\nnetwork = "plain"\n[parameters]\nmotion.speed = 30\n', encoding="utf-8")
    broken = False

    class Fails(Gradient):
        def render(self, plan: FramePlan, step: int = 0) -> torch.Tensor:
            if broken:
                raise RuntimeError("out of memory")
            return super().render(plan, step)

    monkeypatch.setattr("livegan.engine.window_scenes.load_generator", lambda info, device, options: Fails(info, "cpu"))
    place, show = venue(str(path)), setup()
    scene = window_scenes(load_window_scenes(place), place, Binder(show.layout, place), show)[1]
    pictures, notices = list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]](), set[str]()
    for number in range(60):
        broken = 5 <= number < 20
        scene.poll(show.clock.now())
        frame = scene.frames.peek()
        assert frame is not None
        pictures.append(np.asarray(frame.pixels).copy())
        notices.add(scene.notice())
        show.clock.wait_until(show.clock.now() + 1.0)
    assert "window 2: plain is drawn otherwise: RuntimeError: out of memory" in notices
    assert show.guard.faults > 0, "the show counts them"
    assert scene.notice() == ""
    assert (pictures[-1] != pictures[-2]).any()


def test_a_window_goes_on_from_where_it_was_after_a_computer_has_slept(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('title = "Own"\nnetwork = "plain"\n', encoding="utf-8")
    place, show = venue(str(path)), setup()
    scene = window_scenes(load_window_scenes(place), place, Binder(show.layout, place), show)[1]
    scene.poll(show.clock.now())
    show.clock.wait_until(show.clock.now() + 3600.0)
    scene.poll(show.clock.now())
    frame = scene.frames.peek()
    assert frame is not None
    assert frame.plan.dt_s == MOST_STEP_S


def test_a_scene_that_is_not_there_is_told_at_set_up() -> None:
    with pytest.raises(SceneError, match=r"windows\.1\.scene: .*tide"):
        load_window_scenes(venue("", "tied"))
    assert any("tied" in line for line in check(venue("tied"), []))
    assert check(venue("neon"), []) == []
