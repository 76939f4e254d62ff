"""Every command of the README works when typed as written."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from livegan.scenes.schema import RouteTable
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
        words.append("--headless")  # this machine's screen, if any, is not ours to take
    if words[0] == "play":
        words = [word for word in words if word != "20"] if "--duration" in words else [*words, "--duration"]
        words.insert(words.index("--duration") + 1, "1")
    env = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "PULSE_SERVER")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=env | {"XDG_RUNTIME_DIR": str(tmp_path)},
        timeout=180,
    )
    expected = 2 if "Scarlett" in line else 0
    assert done.returncode == expected, done.stderr or SCARLETT
    assert "Traceback" not in done.stderr


def test_the_first_commands_are_make_run_and_make_test() -> None:
    assert [line.split()[:2] for line in LINES[:2]] == [["make", "run"], ["make", "test"]]


def test_the_toml_of_the_readme_is_right() -> None:
    for kind, block in BLOCKS:
        if kind == "toml":
            for route in tomllib.loads(block)["routes"]:
                RouteTable(**route)


def test_every_picture_of_the_readme_is_there() -> None:
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / path).exists(), path
