"""docs/composing.md: every command it shows exists with the options it shows, and its figures are where it says."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from livegan.cli import app
from livegan.composer.metrics import LABELS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "composing.md"
TEXT = PAGE.read_text(encoding="utf-8")
LINES = [
    line.split(" #")[0].strip()
    for block in re.findall(r"```sh[^\n]*\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("livegan ")
]


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_page_exists_with_its_options(line: str) -> None:
    words = shlex.split(line)[1:]
    command = get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.split("=")[0] for word in words if word.startswith("-")} <= known


def test_every_metric_is_explained_and_every_picture_is_there() -> None:
    table = TEXT.split("## Metrics")[1].split("## Figures")[0]
    explained = {name for row in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) for name in row.split(", ")}
    assert set(LABELS) - {"notes"} <= explained
    pictures = re.findall(r"\]\(([\w-]+\.(?:jpg|png))\)", TEXT)
    for name in pictures:
        assert (PAGE.parent / name).stat().st_size < 150_000
