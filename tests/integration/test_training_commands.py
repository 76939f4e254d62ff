"""`livegan dataset` and `livegan train`, as a person types them: in this process, but for exit codes and signals."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from livegan.cli import app
from livegan.core.images import write_png
from livegan.datasets.dataset import open_dataset
from livegan.errors import LiveganError
from livegan.networks.library import find_networks
from livegan.training import settings
from livegan.training.checkpoint import load_checkpoint
from tests.deadline import until

ROOT = Path(__file__).resolve().parents[2]
Typed = Callable[..., SimpleNamespace]
FAST = ("--preset", "tiny-64", "--batch", "4", "--mixing", "0")
ENV = os.environ | {"COLUMNS": "100", "OMP_NUM_THREADS": "1"}


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Run a command of livegan in an empty folder; returncode and stderr as `main` gives them."""
    monkeypatch.chdir(tmp_path)
    tiny = replace(settings.PRESETS["tiny-64"], channels=(8,) * 5, d_channels=(8,) * 5)  # quick
    monkeypatch.setitem(settings.PRESETS, tiny.preset, tiny)

    def run(*words: str) -> SimpleNamespace:
        done = CliRunner().invoke(app, words)
        if done.exception is not None and not isinstance(done.exception, LiveganError | SystemExit):
            raise done.exception
        if isinstance(done.exception, LiveganError):
            return SimpleNamespace(returncode=2, stderr=f"{done.stderr}{done.exception}")
        return SimpleNamespace(returncode=done.exit_code, stderr=done.stderr)

    return run


def test_patterns_become_a_set_a_run_and_a_bank(typed: Typed, tmp_path: Path) -> None:
    done = typed("dataset", "patterns", "--size", "64", "--count", "24")
    assert done.returncode == 0, done.stderr
    assert "24 pictures of 12 classes" in done.stderr
    with open_dataset(tmp_path / "patterns-64.zip") as pictures:
        assert (len(pictures), pictures.size, pictures.c_dim) == (24, (64, 64), 12)
    assert "--overwrite" in typed("dataset", "patterns", "--size", "64", "--count", "24").stderr

    done = typed("train", "patterns-64.zip", *FAST, "--kimg", "0.008", "--snapshots", "0.008", "--licence", "CC0-1.0")
    assert done.returncode == 0, done.stderr
    run = tmp_path / "out/train/patterns-64-tiny-64"
    (network,) = find_networks(run / "snapshots")
    assert (network.resolution, network.c_dim, network.licence) == ((64, 64), 12, "CC0-1.0")
    card = (run / "snapshots" / f"{network.name}.md").read_text(encoding="utf-8")
    assert "livegan train patterns-64.zip" in card
    assert str(tmp_path) not in card
    assert f"--resume {run.relative_to(tmp_path)}" in done.stderr

    done = typed("train", "--resume", str(run), "--kimg", "0.012", "--snapshots", "none")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[-1]["kimg"] == pytest.approx(0.012)


def test_a_folder_becomes_a_set_and_what_is_broken_is_named(typed: Typed, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        for number in range(3):
            picture = rng.integers(0, 256, (40, 60, 3), np.uint8)
            write_png(tmp_path / "pictures" / name / f"{number}.png", picture, "-o")
    (tmp_path / "pictures/cats/torn.png").write_bytes(b"not a picture")
    done = typed("dataset", "pictures", "--labels", "--size", "48x32", "-o", "sets/animals.zip")
    assert done.returncode == 0, done.stderr
    assert "torn.png" in done.stderr
    with open_dataset(tmp_path / "sets/animals.zip") as pictures:
        assert (len(pictures), pictures.size, pictures.classes) == (6, (32, 48), ("cats", "dogs"))


def test_a_set_is_called_as_its_folder_whatever_was_typed(typed: Typed, tmp_path: Path) -> None:
    for number in range(3):
        picture = np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)
        write_png(tmp_path / "camera-roll" / f"{number}.png", picture, "-o")
    for source in ("camera-roll/", "."):
        done = typed("dataset", source, "--size", "16")
        assert done.returncode == 0, done.stderr
    done = typed("dataset", ".", "--labels", "--limit", "1", "--size", "16", "-o", "my set.zip")
    assert "my set.zip: 1 picture of 1 class (camera-roll). Train on it: livegan train 'my set.zip'" in done.stderr
    (tmp_path / "my set.zip").unlink()
    assert {path.name for path in tmp_path.glob("*.zip")} == {"camera-roll-16.zip", f"{tmp_path.name}-16.zip"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("dataset", "nowhere"), "nowhere"),
        (("dataset", "patterns", "--size", "big"), "--size 256"),
        (("dataset", "patterns", "--size", "64x"), "--size '64x'"),
        (("dataset", "patterns", "--faces"), "--faces does not belong to patterns"),
        (("dataset", ".", "--every", "2"), "--every does not belong to a folder"),
        (("dataset", ".", "--seed", "0"), "--seed does not belong to a folder"),
        (("dataset", "."), "type: livegan dataset FOLDER"),
        (("dataset", "camera"), "--limit"),
        (("train",), "livegan train DATASET"),
        (("train", "nowhere.zip"), "nowhere.zip"),
        (("train", "nowhere.zip", "--paired"), "livegan train patterns --paired"),
        (("train", "patterns", "--preset", "house"), "house-256"),
        (("train", "--resume", "nowhere"), "nowhere"),
        (("train", "--resume", "here", "-o", "there"), "leave --output"),
        (("train", "patterns", "--snapshots", "soon"), "--snapshots 20,40,80"),
        (("train", "patterns", "--snapshots", "inf"), "--snapshots 20,40,80"),
        (("train", "patterns", "--snapshots", "5,nan"), "--snapshots 20,40,80"),
        (("train", "patterns", "--paired", "--device", "cuda"), "leave --device out"),
        (("train", "patterns", "--precision", "f8"), "bf16"),
    ],
    ids=" ".join,
)
def test_mistakes_are_one_sentence(typed: Typed, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    done = typed(*words)
    assert done.returncode == 2
    assert says in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_mistake_is_exit_code_2_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "main.py"), "train", "nowhere.zip"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path, env=ENV)
    assert done.returncode == 2
    assert done.stderr.startswith("livegan: nowhere.zip: no such training set")
    assert "Traceback" not in done.stderr


def ignoring() -> None:
    """As `nohup` and a shell script's `&` start a process."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_a_run_in_the_background_goes_on_until_sigterm_and_is_saved(typed: Typed, tmp_path: Path) -> None:
    typed("dataset", "patterns", "--size", "64", "--count", "24")
    words = (
        "train",
        "patterns-64.zip",
        *FAST,
        "--kimg",
        "1000",
        "--snapshots",
        "none",
        "--checkpoint",
        "1",
        "-o",
        "run",
    )
    kept = tmp_path / "run" / "checkpoint.pt"
    command = [sys.executable, str(ROOT / "main.py"), *words]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=ENV, preexec_fn=ignoring
    ) as process:
        try:
            until(kept.exists, "the first checkpoint", 100)
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGINT)
            first = kept.stat().st_mtime_ns
            until(lambda: kept.stat().st_mtime_ns != first, "another checkpoint", 100)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "to go on, type: livegan train --resume run" in said
    assert load_checkpoint(tmp_path / "run").state["shown"] > 0
