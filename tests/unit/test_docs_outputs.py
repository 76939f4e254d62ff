"""docs/outputs.md: every kind is in its table, and every venue in it can be checked."""

import re
import tomllib
from pathlib import Path

import pytest

from livegan.config.venue import Venue
from livegan.engine.outputs import output_mistakes
from livegan.outputs.registry import OUTPUTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "outputs.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml venue.toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: re.findall(r'kind = "(.*?)"', block)[0])
def test_a_venue_of_the_page_is_right(block: str) -> None:
    assert output_mistakes(Venue.model_validate(tomllib.loads(block)).outputs) == []


def test_every_kind_that_is_shipped_is_in_the_table() -> None:
    shipped = [name for name in OUTPUTS if OUTPUTS[name].__module__.startswith("livegan.")]
    assert [name for name in shipped if f"`{name}`" not in PAGE.split("## NDI")[0]] == []
