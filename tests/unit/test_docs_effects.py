"""docs/effects.md: its list is that of the table, its scene lines are checked like a scene."""

import re
import tomllib
from pathlib import Path

from livegan.config.load import LoadedScene
from livegan.config.scene import Scene
from livegan.config.venue import Venue
from livegan.effects.registry import EFFECTS
from livegan.engine.bind import bind_scene, listen
from livegan.engine.vocabulary import Vocabulary
from tests.building import PLAIN
from tools.make_effect_sheet import own, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "effects.md"


def test_the_page_lists_every_effect_as_it_is() -> None:
    assert table(own()) in PAGE.read_text(encoding="utf-8"), "type: python -m tools.make_effect_sheet"
    assert set(own()) <= set(EFFECTS)


def test_its_scene_lines_are_those_of_a_scene() -> None:
    found = re.findall(r"```toml example\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    vocabulary = Vocabulary.of(listen(Venue(), 48000, 2).layout)
    for text in found:
        scene = Scene.model_validate({"title": "example", **_joined(tomllib.loads(text))})
        patch = bind_scene(LoadedScene("example", scene), vocabulary, networks=[PLAIN])
        assert patch.scene.chain == scene.chain


def _joined(raw: dict[str, object]) -> dict[str, object]:
    """A scene with the dotted names of its parameters joined, as files are read."""
    parameters = raw.get("parameters")
    if isinstance(parameters, dict) and isinstance(parameters.get("effect"), dict):
        raw["parameters"] = {f"effect.{name}": value for name, value in parameters.pop("effect").items()} | parameters
    return raw
