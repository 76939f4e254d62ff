"""Registries: what goes wrong in a file of their own folder is one sentence that names the file."""

import sys
from pathlib import Path

import pytest

from livegan.core.registry import Registry
from livegan.errors import LiveganError

GOOD = "from {name} import THINGS\n\n@THINGS('good')\ndef good() -> None: ...\n"
TABLE = "from livegan.core.registry import Registry\n\nTHINGS = Registry('thing', package='{name}.members')\n"


def things(folder: Path, name: str, **files: str) -> Registry[object]:
    """The table of a new package `name` whose folder `members` has these files."""
    (folder / name / "members").mkdir(parents=True)
    (folder / name / "__init__.py").write_text(TABLE.format(name=name))
    (folder / name / "members" / "__init__.py").write_text("")
    for file, text in files.items():
        (folder / name / "members" / f"{file}.py").write_text(text.format(name=name))
    module = __import__(name)
    table: Registry[object] = module.THINGS
    return table


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_file_in_the_folder_is_a_member(folder: Path) -> None:
    assert things(folder, "rooms_a", good=GOOD).names() == ["good"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("1 / 0\n", "ZeroDivisionError"), ("def (\n", "SyntaxError"), (GOOD, "two things are called 'good'")],
)
def test_a_file_that_cannot_be_imported_is_named_with_the_reason(folder: Path, text: str, reason: str) -> None:
    name = f"rooms_{reason.split()[0].lower()}"
    table = things(folder, name, good=GOOD, worse=text)
    for _ in range(2):  # and reported again when the table is read again
        with pytest.raises(LiveganError, match=rf"{name}/members/worse\.py cannot be imported: .*{reason}"):
            table.names()
        sys.modules.pop(f"{name}.members.worse", None)
