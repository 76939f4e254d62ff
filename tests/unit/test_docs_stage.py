"""The page about the stage: its files are right, and its keys are those of the table."""

import re
import tomllib
from pathlib import Path

import pytest

from livegan.config.scene import Scene
from livegan.config.venue import Venue
from livegan.control.keys import find_cap, key_groups, key_table
from livegan.core.events import find_control
from livegan.engine.bind import knob_mistakes
from tests.building import VOCABULARY

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "stage.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml (\w+)\.toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("kind", "text"), BLOCKS, ids=range(len(BLOCKS)))
def test_its_files_are_right(kind: str, text: str) -> None:
    table = tomllib.loads(text)
    if kind == "scene":
        scene = Scene.model_validate(table)
        known = VOCABULARY.of_scene(scene).parameters
        assert [binding.to for binding in scene.knobs.values() if binding.to not in known] == []
    else:
        assert knob_mistakes(Venue.model_validate(table), VOCABULARY) == []


def test_its_keys_are_those_of_the_table() -> None:
    rows = re.findall(r"^\| (`.*`) \| (.*) \|$", PAGE[PAGE.index("## Keys") :], re.MULTILINE)
    expected = [
        (row.joined.join(f"`{cap}`" for cap in row.caps), row.about)
        for group in key_groups(key_table())
        for row in group.rows
    ]
    assert rows == expected, "print them again: docs/stage.md"


def test_what_it_tells_to_press_does_what_it_says() -> None:
    master = PAGE[PAGE.index("## The master section") : PAGE.index("## Two scenes")]
    keys = key_table()
    names = {"Page down": "PgDown", "Page up": "PgUp"}
    for line in re.findall(r"^\| `.*$", master, re.MULTILINE):
        controls, caps = (cell.strip() for cell in line.split("|")[1:3])
        named = [name.strip("` ") for name in controls.split(",")]
        assert all(find_control(name) is not None for name in named), line
        for cap in filter(None, (names.get(cap.strip(), cap.strip()) for cap in caps.split(","))):
            found = find_cap(cap)
            assert found is not None
            assert any(keys[found].to == name or keys[found].to.startswith(f"{name}.") for name in named), line
