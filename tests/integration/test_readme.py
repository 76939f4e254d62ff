"""Every command of the README works when typed as written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from livegan.config.load import load_venue
from livegan.engine.bind import check
from tests.integration.test_cli import song

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)
LINES = [line.split("#")[0].strip() for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]
COMMANDS = [line for line in LINES if line.startswith("livegan")]
SCARLETT = "no sound card called Scarlett here: it says so"


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_works(line: str, tmp_path: Path) -> None:
    song(tmp_path / "song.wav", 1.0)
    (tmp_path / "song.flac").write_bytes((tmp_path / "song.wav").read_bytes())
    words = line.split()[1:]
    if words[0] == "play" and "--headless" not in words:
        words.append("--headless")  # a bare machine: tests/conftest.py
    if words[0] == "play":
        words = [word for word in words if word != "20"] if "--duration" in words else [*words, "--duration"]
        words.insert(words.index("--duration") + 1, "1")
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
        timeout=180,
    )
    expected = 2 if "Scarlett" in line else 0
    assert done.returncode == expected, done.stderr or SCARLETT
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("block", [block for kind, block in BLOCKS if kind == "python"])
def test_the_python_of_the_readme_runs(block: str) -> None:
    found: dict[str, object] = {}
    exec(block, found)
    assert getattr(found["picture"], "shape", None) == (256, 256, 3)


def test_the_first_commands_are_make_run_and_make_test() -> None:
    assert [line.split()[:2] for line in LINES[:2]] == [["make", "run"], ["make", "test"]]


def test_make_run_sets_up_and_plays_anywhere() -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "-n", "run"], capture_output=True, text=True, check=False, cwd=ROOT, env=env, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("main.py play --anywhere")


def test_every_scene_of_the_readme_can_be_played(tmp_path: Path) -> None:
    scenes = [block for kind, block in BLOCKS if kind == "toml"]
    assert scenes
    for block in scenes:
        (tmp_path / "my.toml").write_text(f'title = "Mine"\n{block}', encoding="utf-8")
        assert not check(load_venue(), [str(tmp_path / "my.toml")])


def test_every_picture_of_the_readme_is_there() -> None:
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / path).exists(), path
