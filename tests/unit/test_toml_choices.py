"""A key that may have several types has one line for a mistake, with the plain key and what is allowed."""

from pathlib import Path

import pytest

from livegan.config.scene import Scene
from livegan.config.venue import Venue
from livegan.core.toml import StrictModel, read_table
from livegan.errors import SceneError, VenueError


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[audio]\nlatency = "medium"', "audio.latency: 'low', 'high' or a number is wanted, got 'medium'"),
        ('[window]\nfill = "x"', "window.fill: true, false or 'stretch' is wanted, got 'x'"),
        ('[[windows]]\nfill = "x"', "windows.0.fill: true, false or 'stretch' is wanted, got 'x'"),
        ("[window]\npanel = 3", "window.panel: true, false or 'auto' is wanted, got 3"),
        ("[hands]\nport = 3", "hands.port: a text or a list is wanted, got 3"),
        ("[inputs]\ndrums = 3", "inputs.drums: a table is wanted, got 3"),
        ("[show]\nscenes = 3", "show.scenes: a list is wanted, got 3"),
        ('prompts = ["a"]', "prompts: a table is wanted, with keys such as words and bars, got ['a']"),
    ],
)
def test_one_mistake_is_one_line_with_the_plain_key(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "file.toml"
    scene = text.startswith("prompts")
    model: type[StrictModel] = Scene if scene else Venue
    path.write_text('title = "T"\n' + text if scene else text)
    with pytest.raises((SceneError, VenueError)) as error:
        read_table(path, model, SceneError if scene else VenueError)
    assert str(error.value) == f"{path}: {line}"


def test_mistakes_of_two_such_keys_are_two_lines(tmp_path: Path) -> None:
    path = tmp_path / "venue.toml"
    path.write_text('[window]\nfill = "x"\npanel = "y"\n[hands]\nport = ["a", 3]\n')
    with pytest.raises(VenueError) as error:
        read_table(path, Venue, VenueError)
    keys = [line.removeprefix(f"{path}: ").partition(":")[0] for line in str(error.value).splitlines()]
    assert keys == ["window.fill", "window.panel", "hands.port"]
