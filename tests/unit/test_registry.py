"""Registries: members found in a folder and in other packages, in an order that does not depend on imports."""

import importlib
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from livegan.core import registry as module
from livegan.core.registry import OWN_PACKAGE, Registry


def refuse_short(name: str, member: object) -> None:
    if len(name) < 3:
        raise ValueError(f"'{name}' is too short")


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry[object]:
    """A registry whose own folder holds `apple` (order 2) and `pear` (order 1), and whose plugins are `plugin_*.py`."""
    folder = tmp_path / "fruit_room"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "table.py").write_text(
        "from livegan.core.registry import Registry\n"
        "from tests.unit.test_registry import refuse_short\n"
        "FRUIT = Registry('fruit', package='fruit_room', entry_point_group='tests.fruit', check=refuse_short)\n"
    )
    (folder / "apple.py").write_text("from fruit_room.table import FRUIT\nFRUIT('apple', order=2)(len)\n")
    (folder / "pear.py").write_text("from fruit_room.table import FRUIT\nFRUIT('pear', order=1)(min)\n")
    monkeypatch.syspath_prepend(tmp_path)

    def points(group: str) -> list[EntryPoint]:
        assert group == "tests.fruit"
        return [EntryPoint(path.stem[7:], path.stem, group) for path in sorted(tmp_path.glob("plugin_*.py"))]

    monkeypatch.setattr(module, "entry_points", points)
    yield importlib.import_module("fruit_room.table").FRUIT
    for name in [name for name in sys.modules if name.startswith(("fruit_room", "plugin_"))]:
        del sys.modules[name]


def plugin(folder: Path, name: str, text: str) -> None:
    (folder / f"plugin_{name}.py").write_text("from fruit_room.table import FRUIT\n" + text)


def test_nothing_of_the_folder_is_imported_before_the_table_is_read(table: Registry[object]) -> None:
    assert "fruit_room.apple" not in sys.modules
    assert table.names() == ["pear", "apple"]
    assert "fruit_room.apple" in sys.modules


def test_the_order_does_not_depend_on_what_was_imported_first(table: Registry[object]) -> None:
    importlib.import_module("fruit_room.apple")
    assert list(table) == ["pear", "apple"]


def test_a_plugin_comes_after_ours_and_says_where_it_is_from(table: Registry[object], tmp_path: Path) -> None:
    plugin(tmp_path, "fig", "FRUIT('fig', order=2)(max)\nFRUIT('cherry', order=0)(max)\n")
    assert table.names() == ["cherry", "pear", "apple", "fig"]
    assert table.origin("fig") == "plugin_fig"
    assert table.origin("pear") == OWN_PACKAGE
    assert table.problems == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_module_at_all\n", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("raise RuntimeError('two\\nlines\\x1b[2J')\n", "RuntimeError: two?lines?[2J"),
        ("FRUIT('apple')(max)\n", "ValueError: two fruits are called 'apple'; one is of livegan"),
        ("FRUIT('kiwi')(max)\nFRUIT('no')(max)\n", "ValueError: 'no' is too short"),
    ],
)
def test_a_broken_plugin_is_one_sentence_and_is_left_out(
    table: Registry[object], tmp_path: Path, text: str, reason: str
) -> None:
    plugin(tmp_path, "bad", text)
    plugin(tmp_path, "good", "FRUIT('fig')(max)\n")
    assert table.names() == ["pear", "apple", "fig"]
    assert table.problems == (f"the fruit 'bad' of the package plugin_bad is left out: {reason}",)
    assert table["apple"] is len


def test_reading_any_table_without_torch() -> None:
    """What `livegan check`, `parameters` and `listen` read: names, parameters, options."""
    code = """
import sys
from livegan.effects.registry import effect_parameters
from livegan.features import FEATURES
assert "effect.glow.radius" in effect_parameters()
assert "level" in FEATURES
assert "torch" not in sys.modules, "torch was loaded"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
