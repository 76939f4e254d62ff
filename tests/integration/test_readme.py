"""Every command of the README works when typed as written."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from livegan.config.load import load_venue
from livegan.core.images import write_png
from livegan.engine.check import check
from tests.integration.test_cli import song
from tests.shell import Run, runner_here

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)
SHELL_BLOCKS = [block for kind, block in BLOCKS if kind == "sh"]
LINES = [line.split("#")[0].strip() for block in SHELL_BLOCKS for line in block.splitlines()]
TRAINING = [line for line in LINES if line.startswith(("livegan dataset", "livegan train", "livegan networks measure"))]
COMMANDS = [line for line in LINES if line.startswith("livegan") and line not in TRAINING]
SHORTER = {  # what ends a command sooner, typed after the README's own words; the rest is typed as written
    "play": ["--headless", "--duration", "1"],  # a bare machine: tests/conftest.py
    "train": ["--kimg", "0.002", "--snapshots", "0.002"],
    "networks": ["--samples", "48"],
    "doors": ["--headless", "--input", "demo", "--seconds", "1"],
}


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command here, in an empty folder."""
    return runner_here(tmp_path, monkeypatch, capsys)


def draw_less(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark is of fewer pictures, and no scene is tried: test_doors_command does."""
    if words[0] == "doors":
        monkeypatch.setattr("livegan.studio.doors.Rehearsal.play", lambda _: iter(()))
    if words[0] == "bench":
        monkeypatch.setattr("livegan.studio.bench.FRAMES", 24)


def learn_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """The classifier that measures a network learns in 500 steps, and here in 5; no other command has one."""
    from livegan.training import evaluation

    learn = evaluation.learn
    monkeypatch.setattr(evaluation, "learn", lambda *words, **named: learn(*words[:4], 5, **named))


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_works(typed: Run, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    song(tmp_path / "song.wav", 1.0)
    shutil.copy(tmp_path / "song.wav", tmp_path / "song.flac")
    words = shlex.split(line)[1:]
    draw_less(words, monkeypatch)
    done = typed(*words, *(SHORTER[words[0]] if words[0] in ("play", "doors") else []))
    if "Scarlett" in line:
        assert done.returncode == 2
        assert "livegan devices" in done.stderr
    elif words[0] == "doors":  # another test may have the port of OSC
        assert done.returncode in (0, 1), done.stderr
        assert "9 scenes, 1 s each" in done.stderr
        assert (tmp_path / "doors.html").exists()
    else:
        assert done.returncode == 0, done.stderr


def test_the_training_of_the_readme_works_line_after_line(
    typed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [line.split()[1] for line in TRAINING] == ["dataset", "train", "train", "networks", "train"]
    monkeypatch.setattr("livegan.training.train.PAIRS_PER_CLASS", 2)  # of 1000: hours of drawing
    learn_less(monkeypatch)
    rng = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        for number in range(8):
            write_png(tmp_path / "photos" / name / f"{number}.png", rng.integers(0, 255, (256, 256, 3), np.uint8), "-o")
    for line in TRAINING:
        words = shlex.split(line)[1:]
        more = SHORTER.get(words[0], [])
        if words[0] == "train":
            more = [*more[:1], "0.004", *more[2:]] if "--resume" in words else [*more, "--batch", "2"]
        if words[0] == "networks":  # a run so short has no snapshot of 20 kimg
            words = [word.replace("000020.json", "000000_002.json") for word in words]
        done = typed(*words, *more)
        assert done.returncode == 0, (line, done.stderr)


@pytest.mark.parametrize("block", [block for kind, block in BLOCKS if kind == "python"])
def test_the_python_of_the_readme_runs(block: str) -> None:
    names: dict[str, object] = {}
    exec(block, names)
    assert getattr(names["picture"], "shape", None) == (256, 448, 3)


def test_every_block_of_the_readme_is_run_here() -> None:
    """But for the set-up of other systems, which is shown as typed at their prompts."""
    kinds = [kind for kind, _ in BLOCKS]
    assert set(kinds) == {"sh", "python", "toml", "console"}
    assert kinds.count("console") == 1
    assert not [line for line in LINES if line and not line.startswith(("livegan ", "make ", ". .venv/bin/activate"))]


def test_the_first_commands_are_make_run_and_make_test() -> None:
    assert [line.split()[:2] for line in LINES[:2]] == [["make", "run"], ["make", "test"]]


def test_make_run_sets_up_and_plays_anywhere() -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "-n", "run"], capture_output=True, text=True, check=False, cwd=ROOT, env=env, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("main.py play --anywhere --supervise")


def test_every_scene_of_the_readme_can_be_played(tmp_path: Path) -> None:
    scenes = [block for kind, block in BLOCKS if kind == "toml"]
    assert scenes
    for block in scenes:
        (tmp_path / "my.toml").write_text(f'title = "Mine"\n{block}', encoding="utf-8")
        assert not check(load_venue(), [str(tmp_path / "my.toml")])


def test_every_picture_of_the_readme_is_there() -> None:
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / path).exists(), path
