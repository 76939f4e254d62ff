"""The page on setlists: its files are written, its commands typed, its lists compared with what there is."""

import shlex
from pathlib import Path

import pytest

from livegan.core.transitions import KINDS, STARTS
from livegan.engine.program import SECTION_AFTER_S
from livegan.engine.undo import MOST
from tests.integration.test_cli import song
from tests.integration.test_guides import blocks
from tests.shell import ROOT, runner_here

PAGE = (ROOT / "docs" / "setlists.md").read_text(encoding="utf-8")
SHORT = {
    "play": ["--headless", "--input", "demo", "--duration", "1"],
    "render": ["--duration", "0.5", "--size", "64x64"],
}


def test_the_page_can_be_typed_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = runner_here(tmp_path, monkeypatch, capsys)
    song(tmp_path / "song.wav", 9.0)
    printed, played = "", set()
    for language, name, text in blocks("setlists.md"):
        if language == "toml":
            (tmp_path / name).write_text(text, encoding="utf-8")
            if name != "broken.toml":
                assert typed("check", name).returncode == 0
        elif language == "sh":
            for line in text.splitlines():
                words = shlex.split(line)[1:]
                done = typed(*words, *SHORT.get(words[0], []))
                assert (done.returncode == 0) == (name != "fails"), done.stderr
                printed = done.stdout + done.stderr
                played.add(words[0])
        else:
            assert text.strip() in printed
    assert played == {"check", "play", "rehearse", "render"}


def test_the_page_names_every_kind_and_start_and_the_numbers_are_right() -> None:
    for name in (*KINDS, *STARTS):
        assert f"`{name}`" in PAGE or name in PAGE, name
    assert f"`seconds` ({SECTION_AFTER_S:.0f})" in PAGE
    assert f"The last {MOST}" in PAGE
