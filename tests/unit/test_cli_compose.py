"""`livegan compose` as it is typed: what it writes, what it refuses, in one sentence."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from livegan.composer.midi_file import write_midi
from livegan.composer.song import Note, Song, Track
from livegan.composer.styles import STYLES
from tests.shell import Run, runner_here

TUNE = Song((Track((Note(0, 69, 4), Note(4, 72, 4)), 73),), 8)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    write_midi(TUNE, tmp_path / "tune.mid")
    return runner_here(tmp_path, monkeypatch, capsys)


def test_styles_are_listed(run: Run) -> None:
    typed = run("compose", "styles")
    assert typed.returncode == 0
    assert [line.split()[0] for line in typed.stdout.splitlines()] == list(STYLES)


@pytest.mark.parametrize("ending", [".wav", ".flac", ".ogg"])
def test_a_midi_file_becomes_sound_of_every_kind(run: Run, tmp_path: Path, ending: str) -> None:
    typed = run("compose", "wav", "tune.mid", "-o", f"tune{ending}")
    assert (typed.returncode, typed.stdout) == (0, "")
    samples, rate = soundfile.read(tmp_path / f"tune{ending}")
    assert rate == 48000
    assert samples.shape[1] == 2
    assert 1.0 < len(samples) / rate < 6.0
    assert 0.02 < np.abs(samples).max() < 1.0
    assert not list(tmp_path.glob(".*"))


def test_a_sound_file_is_never_replaced_unasked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tune.wav").write_text("mine")
    typed = run("compose", "wav", "tune.mid")
    assert typed.returncode == 2
    assert typed.stderr == "livegan: tune.wav is there already; type --overwrite, or give -o another name\n"
    assert (tmp_path / "tune.wav").read_text() == "mine"
    assert run("compose", "wav", "tune.mid", "--overwrite").returncode == 0
    assert soundfile.info(tmp_path / "tune.wav").samplerate == 48000


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["wav", "nothing.mid"], "nothing.mid is not there"),
        (["wav", "tune.mid", "-o", "tune.aiff"], "name ending in .wav, .flac, .ogg"),
        (["wav", "tune.mid", "-o", "no/folder/tune.wav"], "there is no folder no/folder"),
        (["wav", "tune.mid", "--soundfont", "none.sf2"], "--soundfont: there is no file 'none.sf2'"),
        (["wav", "tune.mid", "--soundfont", "tune.mid"], "is no SoundFont"),
        (["play", "tune.mid"], "the sound cannot be played"),
        (["play", "."], "is a folder"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(run: Run, words: list[str], sentence: str) -> None:
    typed = run("compose", *words)
    assert typed.returncode == 2
    last = typed.stderr.splitlines()[-1]
    assert last.startswith("livegan: ")
    assert sentence in last
