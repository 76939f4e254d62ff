"""`livegan compose` as it is typed: what it writes, what it refuses, in one sentence."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from livegan.composer.midi_file import read_midi, write_midi
from livegan.composer.song import Note, Song, Track
from livegan.composer.styles import STYLES
from tests.shell import ROOT, Run, runner_here

TUNE = Song((Track((Note(0, 69, 4), Note(4, 72, 4)), 73),), 8)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    write_midi(TUNE, tmp_path / "tune.mid")
    return runner_here(tmp_path, monkeypatch, capsys)


def test_styles_are_listed(run: Run) -> None:
    typed = run("compose", "styles")
    assert typed.returncode == 0
    assert [line.split()[0] for line in typed.stdout.splitlines()] == list(STYLES)


def test_a_new_piece_is_written_heard_and_seen_and_is_the_same_again(run: Run, tmp_path: Path) -> None:
    words = ["compose", "new", "--bars", "2", "--seed", "7", "--style", "organ", "--key", "Dm"]
    typed = run(*words, "-o", "one.mid", "--wav", "one.flac", "--png", "one.png")
    assert (typed.returncode, typed.stdout) == (0, "")
    assert typed.stderr.splitlines()[-1].startswith("one.mid, one.png, one.flac: 2 bars, "), "after the progress bar"
    assert typed.stderr.endswith("D minor, 0:10; seed 7\n")
    assert run(*words).returncode == 0
    assert (tmp_path / "organ-7.mid").read_bytes() == (tmp_path / "one.mid").read_bytes()
    song = read_midi(tmp_path / "one.mid")
    assert [track.name for track in song.tracks] == ["soprano", "alto", "tenor", "bass"]
    assert {track.program for track in song.tracks} == {19}
    assert np.abs(soundfile.read(tmp_path / "one.flac")[0]).max() > 0.05
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.size[0] == 1600
    again = run(*words)
    assert again.returncode == 2
    assert again.stderr == "livegan: organ-7.mid is there already; type --overwrite, or give -o another name\n"


def test_many_pieces_are_named_by_their_seeds_and_none_is_written_if_one_is_there(run: Run, tmp_path: Path) -> None:
    words = ["compose", "new", "--bars", "1", "--seed", "3", "--count", "2", "-o", "many.mid"]
    (tmp_path / "many-4.mid").write_text("mine")
    assert run(*words).returncode == 2
    assert sorted(path.name for path in tmp_path.glob("many*")) == ["many-4.mid"]
    assert run(*words, "--overwrite").returncode == 0
    assert (tmp_path / "many-3.mid").read_bytes() != (tmp_path / "many-4.mid").read_bytes()
    nameless = run("compose", "new", "--bars", "1")
    assert nameless.returncode == 0
    assert re.fullmatch(r"chorale-(\d+)\.mid: .*; seed \1\n", nameless.stderr)


def test_a_tune_is_harmonised_and_two_pieces_are_joined(run: Run, tmp_path: Path) -> None:
    typed = run("compose", "new", "--harmonise", "tune.mid", "--seed", "1", "-o", "four.mid")
    assert typed.returncode == 0, typed.stderr
    song = read_midi(tmp_path / "four.mid")
    assert song.tracks[0].notes == TUNE.tracks[0].notes
    assert len(song.tracks) == 4
    typed = run("compose", "new", "--between", "four.mid", "2", "--bars", "2", "--seed", "1", "--bpm", "100")
    assert typed.returncode == 0, typed.stderr
    assert read_midi(tmp_path / "chorale-1.mid").length == 32


def test_the_page_on_new_music_can_be_typed_line_by_line(run: Run) -> None:
    page = (ROOT / "docs" / "composing.md").read_text(encoding="utf-8")
    lines = re.findall(
        r"^livegan compose .*$", page.partition("\n## New music\n")[2].partition("\n## ")[0], re.MULTILINE
    )
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line.partition(" #")[0])[1:]
        typed = run(*words, *(["--bars", "2"] if words[1] == "new" else []))  # the last one counts
        if words[1] == "play":
            assert "the sound cannot be played" in typed.stderr  # a bare machine: tests/conftest.py
        else:
            assert typed.returncode == 0, (line, typed.stderr)


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
        (["new", "--style", "orgn"], "no style called 'orgn'; did you mean 'organ'?"),
        (["new", "--key", "H"], "--key 'H' is no key"),
        (["new", "-o", "piece.wav"], "-o piece.mid"),
        (["new", "--png", "piece.jpg"], "--png piece.png"),
        (["new", "--wav", "piece.mp4"], "name ending in .wav"),
        (["new", "-o", "no/folder/piece.mid"], "there is no folder"),
        (["new", "--harmonise", "tune.mid", "-o", "tune.mid", "--overwrite"], "is an input of this command"),
        (["new", "--harmonise", "tune.mid", "--between", "1", "2"], "choose one of them"),
        (["new", "--steps", "4"], "add --between A B"),
        (["new", "--harmonise", "tune.mid", "--track", "viola"], "--track viola is no track"),
        (["new", "--harmonise", "nothing.mid"], "nothing.mid is not there"),
        (["new", "--between", "1", "nothing.mid"], "nothing.mid is not there"),
        (["new", "--network", "nothing"], "no network 'nothing'; there are: chorales"),
        (["new", "--network", "tune.mid"], "tune.mid: is no network that composes"),
        (["new", "--between", "²", "3"], "--between ² is no seed"),
        (["new", "--between", "3", "9" * 5000], "is no seed: they are 0 to 2147483647"),
        (["new", "--between", "5000000000", "3"], "is no seed"),
        (["new", "--harmonise", "tune.mid", "--track", "²"], "--track ² is no track"),
        (["new", "--harmonise", "tune.mid", "--track", "9" * 5000], "is no track"),
        (["train", ".", "--snapshots", "9" * 5000], "are not numbers of steps"),
        (["train", ".", "--snapshots", "5,²"], "--snapshots '5,²' are not numbers of steps"),
        (["new", "--play", "--soundfont", "none.sf2"], "--soundfont: there is no file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(run: Run, words: list[str], sentence: str) -> None:
    typed = run("compose", *words)
    assert typed.returncode == 2
    last = typed.stderr.splitlines()[-1]
    assert last.startswith("livegan: ")
    assert sentence in last
    assert [path.name for path in Path().iterdir() if path.name != "config"] == ["tune.mid"]
