"""A whole show without a window, as `livegan play --set` sets it up: files are edited, keys pressed, threads joined."""

import threading
from pathlib import Path

import pytest

from livegan.config.load import load_scene, load_venue
from livegan.config.venue import Venue
from livegan.core.clock import WallClock
from livegan.core.types import ControlEvent
from livegan.engine.route_edit import RouteEdit
from livegan.engine.show import PlayOptions, set_up
from livegan.networks.latents.bookmarks import list_bookmarks
from tests.deadline import until
from tests.show_logs import notes

SCENE = 'title = "{title}"\nnetwork = "patterns"\nfade_s = 0.1\nknobs = {{ "knob.1" = "truncation" }}\n'
SET = 'title = "Set"\nsafe = "safe.toml"\n[[entries]]\nscene = "one.toml"\n[[entries]]\nscene = "two.toml"\n'


def plain_venue() -> Venue:
    venue = load_venue()
    return venue.model_copy(
        update={
            "audio": venue.audio.model_copy(update={"input": "demo", "monitor": False}),
            "hands": venue.hands.model_copy(update={"port": "none"}),
            "picture": venue.picture.model_copy(update={"fps": 20, "device": "cpu"}),
        }
    )


def test_a_show_of_a_setlist_is_edited_and_played_by_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("one", "two", "safe"):
        (tmp_path / f"{name}.toml").write_text(SCENE.format(title=name.title()))
    (tmp_path / "set.toml").write_text(SET)
    before, clock = threading.enumerate(), WallClock()
    options = PlayOptions(log=tmp_path / "show.log", in_window=False, set=str(tmp_path / "set.toml"))
    show = set_up(plain_venue(), options, clock).runtime

    def playing(title: str) -> None:
        until(lambda: show.performer.patch.scene.title == title, f"{title} to play")

    def press(name: str, value: float = 1.0) -> None:
        show.controls.put(ControlEvent(clock.now(), name, value))

    with show:
        until(lambda: show.published > 3, "frames")
        assert {"livegan-reload", "livegan-saver"} <= {thread.name for thread in threading.enumerate()}
        until(lambda: (told := show.telemetry.peek()) is not None and told.still is not None, "a still")
        press("scene.next")
        playing("Two")
        (tmp_path / "two.toml").write_text("title = = 3")
        until(lambda: any("two.toml" in line for line in show.notices()), "the mistake to be shown")
        (tmp_path / "two.toml").write_text(SCENE.format(title="Second"))
        playing("Second")
        until(lambda: not any("two.toml" in line for line in show.notices()), "the mistake to be mended")
        press("knob.1", 0.5)
        press("scene.save")
        press("latent.bookmark")
        saved = tmp_path / "config" / "livegan" / "scenes" / "two-2.toml"
        until(saved.exists, "the saved scene")
        until(list_bookmarks, "the bookmark")
        press("scene.safe")
        playing("Safe")
        press("undo")
        playing("Second")
        frames = show.published
        until(lambda: show.published > frames + 3, "frames")
    assert threading.enumerate() == before
    assert show.performer.guard.faults == 0
    assert load_scene(str(saved)).parameters == {"truncation": 0.75}
    lines = notes(tmp_path / "show.log")
    scenes = [line["title"] for line in lines if line["kind"] == "scene"]
    assert scenes == ["Two", "Second", "Safe", "Second"]
    hands = [
        line for line in lines if line["kind"] == "hand"
    ]  # a knob is noted when the engine reads it, a press at once
    pressed = [line["name"] for line in sorted(hands, key=lambda line: float(line["time_s"]))]
    assert pressed == ["scene.next", "knob.1", "scene.save", "latent.bookmark", "scene.safe", "undo"]


def test_a_route_is_added_to_a_show_that_plays_and_pushes_its_parameter(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(SCENE.format(title="One"))
    clock = WallClock()
    options = PlayOptions(str(tmp_path / "one.toml"), tmp_path / "show.log", in_window=False, one_scene=True)
    show = set_up(plain_venue(), options, clock).runtime

    def truncation() -> float:
        board = show.board.peek()
        return 0.0 if board is None else board.values["truncation"]

    with show:
        until(lambda: abs(truncation() - 0.9) < 1e-6, "the scene's own value")
        board = show.board.peek()
        assert board is not None
        wrong = {"source": "levle", "target": "truncation", "amount": 0.3}
        right = {"source": "1 + level", "target": "truncation", "amount": 0.3}
        for fields in (wrong, right):
            show.controls.route_edits.put(RouteEdit(clock.now(), "add", board.playing, board.name, fields=fields))
        until(lambda: abs(truncation() - 1.2) < 1e-3, "the push")
        assert "route: source: no feature called 'levle'; did you mean 'level'?" in show.notices()
        board = show.board.peek()
        assert board is not None
        (meter,) = board.routes
        assert (meter.table.source, meter.source) == ("1 + level", 1.0)
        show.controls.put(ControlEvent(clock.now(), "undo"))
        until(lambda: abs(truncation() - 0.9) < 1e-3, "the value as it was")
        frames = show.published
        until(lambda: show.published > frames + 3, "frames")
    assert show.performer.guard.faults == 0
    lines = notes(tmp_path / "show.log")
    noted = [(line["change"], line["routes"]) for line in lines if line["kind"] == "routes"]
    assert noted == [("a new route 1 + level to truncation", [right]), ("the routes as they were", [])]
