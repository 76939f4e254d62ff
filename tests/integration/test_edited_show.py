"""A whole show without a window, as `livegan play --set` sets it up: files are edited, keys pressed, threads joined."""

import json
import threading
from pathlib import Path

import pytest

from livegan.config.load import load_scene, load_venue
from livegan.core.clock import WallClock
from livegan.core.types import ControlEvent
from livegan.engine.show import PlayOptions, set_up
from livegan.networks.latents.bookmarks import list_bookmarks
from tests.deadline import until

SCENE = 'title = "{title}"\nnetwork = "patterns"\nfade_s = 0.1\nknobs = {{ "knob.1" = "truncation" }}\n'
SET = 'title = "Set"\nsafe = "safe.toml"\n[[entries]]\nscene = "one.toml"\n[[entries]]\nscene = "two.toml"\n'


def test_a_show_of_a_setlist_is_edited_and_played_by_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("one", "two", "safe"):
        (tmp_path / f"{name}.toml").write_text(SCENE.format(title=name.title()))
    (tmp_path / "set.toml").write_text(SET)
    venue = load_venue()
    venue = venue.model_copy(
        update={
            "audio": venue.audio.model_copy(update={"input": "demo", "monitor": False}),
            "hands": venue.hands.model_copy(update={"port": "none"}),
            "picture": venue.picture.model_copy(update={"fps": 20, "device": "cpu"}),
        }
    )
    before, clock = threading.enumerate(), WallClock()
    options = PlayOptions(journal=tmp_path / "show.jsonl", in_window=False, set=str(tmp_path / "set.toml"))
    show = set_up(venue, options, clock).runtime

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
    lines = [json.loads(line) for line in (tmp_path / "show.jsonl").read_text().splitlines()]
    scenes = [line["title"] for line in lines if line["kind"] == "scene"]
    assert scenes == ["Two", "Second", "Safe", "Second"]
    pressed = [line["name"] for line in lines if line["kind"] == "hand"]
    assert pressed == ["scene.next", "knob.1", "scene.save", "latent.bookmark", "scene.safe", "undo"]
