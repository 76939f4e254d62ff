"""The Chinese README says what the English one does: same commands, files, links, pictures and order."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = (ROOT / name for name in ("README.md", "README.zh-CN.md"))
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)]+)\)")
CODE = re.compile(r"`([^`\n]+)`")


def blocks(path: Path) -> list[tuple[str, list[str]]]:
    """Language and lines of each block, without comments: those are translated."""
    found = BLOCK.findall(path.read_text(encoding="utf-8"))
    return [(kind, [re.sub(r"\s*#.*", "", line).strip() for line in text.splitlines()]) for kind, text in found]


def prose(path: Path) -> str:
    return BLOCK.sub("", path.read_text(encoding="utf-8"))


def test_its_blocks_are_those_of_the_english_one_so_they_are_run_too() -> None:
    assert blocks(CHINESE) == blocks(ENGLISH)
    assert len(blocks(CHINESE)) >= 8


@pytest.mark.parametrize("mark", ["## ", "- **", "| ", "!["])
def test_it_has_as_many_headings_points_rows_and_pictures(mark: str) -> None:
    lines = (prose(path).splitlines() for path in (ENGLISH, CHINESE))
    english, chinese = ([line for line in text if line.startswith(mark)] for text in lines)
    assert len(chinese) == len(english)


def test_it_links_to_the_same_pages() -> None:
    english, chinese = (sorted(LINK.findall(prose(path))) for path in (ENGLISH, CHINESE))
    english.remove(CHINESE.name)
    chinese.remove(ENGLISH.name)
    assert chinese == english
    assert all((ROOT / link.partition("#")[0]).exists() for link in chinese if not link.startswith("http"))


def test_it_names_the_same_commands_options_and_files() -> None:
    english, chinese = (sorted(set(CODE.findall(re.sub(r"\s*\n\s*", " ", prose(path))))) for path in (ENGLISH, CHINESE))
    assert chinese == english


def test_its_text_is_chinese() -> None:
    points = [line for line in prose(CHINESE).splitlines() if line.startswith(("- ", "| ")) and len(line) > 12]
    assert all(re.search(r"[\u4e00-\u9fff]", line) for line in points)
