"""The blocks of docs/routes.md: files are written, commands typed, what they print is what the page says."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from livegan.cli import app
from livegan.config.scene import RouteTable
from livegan.errors import LiveganError
from livegan.mapping.expression import FUNCTIONS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "routes.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(\w+) ?([^\n]*)\n(.*?)```", re.DOTALL)


def test_the_page_can_be_typed_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = ""
    for language, name, text in BLOCK.findall(PAGE):
        if language == "toml":
            Path(name).write_text(text, encoding="utf-8")
        elif language == "sh":
            done = CliRunner().invoke(app, text.split()[1:])
            printed = done.stdout + str(done.exception or "")
            assert isinstance(done.exception, LiveganError) if name == "fails" else done.exit_code == 0, printed
        else:
            assert text in printed + "\n", printed


def test_it_names_every_key_and_every_function() -> None:
    for key in RouteTable.model_fields:
        assert f"`{key}`" in PAGE
    for function in FUNCTIONS.values():
        for usage in function.usage.split(" or "):
            assert f"`{usage}`" in PAGE
