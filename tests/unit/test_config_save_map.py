"""Mappings are saved in the venue file, and nothing else in it changes."""

import tomllib
from pathlib import Path

import pytest

from livegan.config.load import load_venue
from livegan.config.picture_view import MapTable
from livegan.config.save_map import save_maps
from livegan.core.resources import bundled
from livegan.errors import VenueError

MOVED = MapTable.model_validate(
    {"corners": [[0.1, 0], [0.9, 0.05], [1, 1], [0, 0.95]], "soft_edges": {"left": 0.25}, "gamma": 1.8}
)
TILTED = MapTable.model_validate({"corners": [[0, 0], [1, 0.123456789], [1, 1], [0, 1]]})
VENUE = """\
# our room
[audio]
channels = 2            # the mixer

[window]
screen = "HDMI"         # the projector
fullscreen = true

[hands]
takeover = "jump"
"""


def test_a_mapping_is_added_and_all_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "room.toml"
    path.write_text(VENUE, encoding="utf-8")
    save_maps(path, {0: MOVED})
    assert load_venue(path).window.map == MOVED
    text = path.read_text(encoding="utf-8")
    assert [line for line in VENUE.splitlines() if line] == [
        line for line in text.splitlines() if line and line in VENUE
    ], "every line, in its order"
    assert text.index("[window.map]") < text.index("[hands]")
    save_maps(path, {0: TILTED})
    assert load_venue(path).window.map.corners[1] == (1.0, 0.12346)
    assert path.read_text(encoding="utf-8").count("[window.map]") == 1
    save_maps(path, {0: MapTable()})
    assert load_venue(path).window.map.off
    assert list(tmp_path.iterdir()) == [path]


def test_a_copy_of_the_default_venue_keeps_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    before = (bundled("configs") / "default.toml").read_text(encoding="utf-8")
    path.write_text(before, encoding="utf-8")
    save_maps(path, {0: MOVED})
    changed = set(path.read_text(encoding="utf-8").splitlines()) ^ set(before.splitlines())
    assert all(line.startswith("map = ") for line in changed)
    assert load_venue(path).window.map == MOVED


def test_each_window_has_its_own(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text('[[outputs]]\nkind = "memory"\n# wall\n[[windows]]\nrotate = 90\n[[windows]] # floor\n[show]\n')
    save_maps(path, {0: MapTable(), 1: MapTable(), 2: MOVED})
    raw = tomllib.loads(path.read_text())
    assert raw["windows"] == [
        {"rotate": 90},
        {"map": {"corners": [list(corner) for corner in MOVED.corners], "soft_edges": {"left": 0.25}, "gamma": 1.8}},
    ]
    assert "window" not in raw or "map" not in raw["window"]
    assert "# floor" in path.read_text()
    with pytest.raises(VenueError, match="not so many windows"):
        save_maps(path, {3: MOVED})


def test_a_show_without_a_venue_gets_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "new" / "mapping.toml"
    save_maps(path, {0: MOVED})
    assert load_venue(path).window.map == MOVED


def test_a_file_that_is_wrong_by_now_is_left_alone(tmp_path: Path) -> None:
    path, text = tmp_path / "room.toml", "[window\n"
    path.write_text(text)
    with pytest.raises(VenueError, match="not saved"):
        save_maps(path, {0: MOVED})
    assert path.read_text() == text


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VenueError, match="cannot be written"):
        save_maps(tmp_path / "file" / "room.toml", {0: MOVED})
