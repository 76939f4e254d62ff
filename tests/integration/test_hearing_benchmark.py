"""The benchmark of real music runs on this stage alone: on songs of one's own, and on fixtures where there are some."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.benchmarks import bench_hearing_real as bench
from tests.benchmarks.hearing_items import FIXTURES
from tests.benchmarks.hearing_rows import Row

RATE = 16000
SOME = ("sp_garzul", "sp_compus", "sp_mika")  # the last is held out


def back_beat(seconds: float) -> np.ndarray:
    """Kick and snare by turns at 120 BPM from 0.25 s on, hats in eighths."""
    rng = np.random.default_rng(3)
    sound = np.zeros(round(seconds * RATE))
    time_s = np.arange(RATE // 5) / RATE
    noise = rng.standard_normal(len(time_s))
    kick = np.sin(2 * np.pi * (55 * time_s - 3 * np.exp(-time_s / 0.02))) * np.exp(-time_s / 0.07)
    snare = 0.4 * noise * np.exp(-time_s / 0.04) + 0.5 * np.sin(2 * np.pi * 190 * time_s) * np.exp(-time_s / 0.05)
    hat = 0.15 * np.diff(noise, prepend=0.0) * np.exp(-time_s / 0.02)
    for eighth, start in enumerate(range(RATE // 4, len(sound) - len(time_s), RATE // 4)):
        hit = (kick + hat, hat, snare + hat, hat)[eighth % 4]
        sound[start : start + len(hit)] += 0.4 * hit
    return sound


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["bench_hearing_real", *words, "--ours", "--processes", "1"])
    return bench.main()


def test_songs_of_ones_own_are_heard_and_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    songs, out = tmp_path / "songs", tmp_path / "out"
    songs.mkdir()
    soundfile.write(songs / "song.wav", back_beat(12.0), RATE)
    (songs / "song.beats").write_text("".join(f"{0.25 + n / 2} {n % 4 + 1}\n" for n in range(23)))
    words = ("--conditions", "clean", "--json", str(tmp_path / "now.json"), "--plot", str(out), "--keep", str(tmp_path))
    assert run(monkeypatch, str(songs), *words) == 0
    told = json.loads((tmp_path / "now.json").read_text())
    assert told["cells"]["tune/clean/livegan/f"] >= 0.9
    assert [one["item"] for one in told["items"]] == ["song"]
    assert "| clean | livegan |" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {"reliability.png", "summary.png"}


def test_a_folder_without_truth_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, str(tmp_path)) == 2
    assert "put NAME.beats" in capsys.readouterr().err


def test_what_was_heard_before_ctrl_c_is_told_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def two(*_: object) -> Iterator[Row]:
        yield Row("first", "tune", "clean", "livegan", 120.0, f=0.75)
        raise KeyboardInterrupt

    soundfile.write(tmp_path / "first.wav", np.zeros(800), 8000)
    (tmp_path / "first.beats").write_text("0.5\n1.0\n")
    monkeypatch.setattr(bench, "measure", two)
    assert run(monkeypatch, str(tmp_path), "--json", str(tmp_path / "now.json"), "--keep", str(tmp_path)) == 0
    printed = capsys.readouterr()
    assert "Ended early" in printed.err
    assert "0.75" in printed.out
    assert json.loads((tmp_path / "now.json").read_text())["cells"]["tune/clean/livegan/f"] == 0.75


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures beside the repository")
def test_some_fixtures_are_heard_and_held_out_ones_stay_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--only", *SOME, "--conditions", "clean", "--json", str(tmp_path / "now.json"), "--keep", str(tmp_path))
    assert run(monkeypatch, *words) == 0
    printed, told = capsys.readouterr().out, (tmp_path / "now.json").read_text()
    assert json.loads(told)["cells"]["tune/clean/livegan/f"] >= 0.5
    assert "sp_garzul" in printed
    for text in (printed, told):
        assert "sp_mika" not in text
        assert "held-out/clean/livegan/f" not in text  # a mean of one item is that item
