"""Registries: members found in a folder and in other packages, in an order that does not depend on imports."""

import importlib
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from livegan.core import registry as module
from livegan.core.registry import Registry
from livegan.errors import LiveganError


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
        "TOOLS = Registry('tool')\n"
        "MORE = Registry('more', entry_point_group='tests.fruit')\n"
    )
    (folder / "apple.py").write_text(
        "from fruit_room.table import FRUIT\n\n@FRUIT('apple', order=2)\ndef apple(): ...\n"
    )
    (folder / "pear.py").write_text("from fruit_room.table import FRUIT\n\n@FRUIT('pear', order=1)\ndef pear(): ...\n")
    monkeypatch.syspath_prepend(tmp_path)

    def points(group: str) -> list[EntryPoint]:
        assert group == "tests.fruit"
        return [EntryPoint(path.stem[7:], path.stem, group) for path in sorted(tmp_path.glob("plugin_*.py"))]

    monkeypatch.setattr(module, "entry_points", points)
    monkeypatch.setattr(module, "OWN_PACKAGE", "fruit_room")
    yield importlib.import_module("fruit_room.table").FRUIT
    for name in [name for name in sys.modules if name.startswith(("fruit_room", "plugin_"))]:
        del sys.modules[name]


def plugin(folder: Path, name: str, text: str) -> None:
    (folder / f"plugin_{name}.py").write_text("from fruit_room.table import FRUIT\n" + text)


def test_a_table_whose_import_ctrl_c_ended_is_whole_when_it_is_read_again(
    table: Registry[object], tmp_path: Path
) -> None:
    (tmp_path / "fruit_room" / "lime.py").write_text(
        "from fruit_room import table\n\n@table.FRUIT('lime')\ndef lime(): ...\n\n"
        "if not hasattr(table, 'stopped'):\n    table.stopped = True\n    raise KeyboardInterrupt\n"
    )
    plugin(tmp_path, "broken", "raise ValueError('odd')\n")
    with pytest.raises(KeyboardInterrupt):
        table.names()
    assert table.names() == ["pear", "apple", "lime"]
    assert len(table.problems) == 1


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
    assert table.origin("pear") == "fruit_room"
    assert table.problems == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / 0\n", "ZeroDivisionError"),
        ("def (\n", "SyntaxError"),
        ("from fruit_room.table import FRUIT\n\nFRUIT('pear')(max)\n", r"two fruits are called 'pear'"),
    ],
)
def test_a_file_of_the_folder_that_cannot_be_imported_is_named_with_the_reason(
    table: Registry[object], tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "fruit_room" / "worse.py").write_text(text)
    importlib.invalidate_caches()
    for _ in range(2):  # and again when the table is read again
        with pytest.raises(LiveganError, match=rf"fruit_room/worse\.py cannot be imported: .*{reason}"):
            table.names()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_module_at_all\n", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("raise RuntimeError('two\\nlines\\x1b[2J')\n", "RuntimeError: two?lines?[2J"),
        ("FRUIT('apple')(max)\n", "ValueError: two fruits are called 'apple'; one is of fruit_room.apple"),
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
    assert table["apple"].__module__ == "fruit_room.apple"


def test_one_module_may_register_members_of_several_tables_and_is_undone_as_a_whole(
    table: Registry[object], tmp_path: Path
) -> None:
    tools = importlib.import_module("fruit_room.table").TOOLS
    both = "from fruit_room.table import TOOLS\n@TOOLS('knife')\ndef knife(): ...\n@FRUIT('fig')\ndef fig(): ...\n"
    plugin(tmp_path, "both", both)
    assert table.names() == ["pear", "apple", "fig"]
    assert tools.origin("knife") == "plugin_both"
    plugin(tmp_path, "late", both.replace("knife", "spoon").replace("fig", "date") + "1 / 0\n")
    importlib.import_module("fruit_room.table").MORE.names()
    assert tools.names() == ["knife"]
    assert "date" not in table


def test_a_plugin_that_takes_the_name_of_one_of_ours_is_left_out_even_if_it_comes_first(
    table: Registry[object], tmp_path: Path
) -> None:
    plugin(tmp_path, "first", "@FRUIT('apple')\ndef mine(): ...\n")
    importlib.import_module("fruit_room.table").MORE.names()  # imports the plugin before the folder of FRUIT
    assert table["apple"].__module__ == "fruit_room.apple"
    assert any("'apple' of the package plugin_first is left out" in problem for problem in table.problems)


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


def test_a_member_may_be_imported_before_its_table() -> None:
    code = """
import livegan.mapping.motions.projection
from livegan.mapping.motions.registry import MOTIONS
assert "projection" in MOTIONS.registered()
assert "camera" not in MOTIONS.registered(), "the whole table was imported"
assert "camera" in MOTIONS
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
