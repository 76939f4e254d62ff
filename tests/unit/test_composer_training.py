"""`livegan compose train`: runs that are killed go on exactly, for every model; snapshots to hear and to see."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from livegan.cli import app
from livegan.composer.corpus import open_corpus
from livegan.composer.four_voices import song_of
from livegan.composer.load import load_composer
from livegan.composer.midi_file import read_midi, write_midi
from livegan.composer.network_file import read_network
from livegan.composer.phrase_sets import family_set, voice_set
from livegan.composer.song import Note, Song, Track
from livegan.composer.train_files import load_run
from livegan.composer.train_run import ComposeTrainOptions, command_of, train_composer
from livegan.composer.train_settings import resolved
from livegan.composer.voice_network import VoiceShape
from livegan.composer.voices import HOLD, STEPS_PER_BAR, Tokens
from livegan.errors import ComposeError, LiveganError, TrainingError

torch.set_num_threads(1)
SMALL = VoiceShape(width=16, blocks=1, heads=2, hidden=16, given_width=8, given_blocks=1, given_heads=2, head=16)
SIZES: Mapping[str, Mapping[str, Any]] = {
    "voices": {"batch": 2},
    "dcgan": {"batch": 2, "width": 1 / 128, "pictures": 4},
    "musegan": {"batch": 2, "width": 1 / 64, "d_steps": 2, "stochastic": True},
}


@pytest.fixture(autouse=True)
def _small_voices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegan.composer.voice_learner.VoiceShape", lambda: SMALL)


def chorale(bars: int, seed: int) -> Tokens:
    """Four voices that move every quarter note, none of them twice the same way."""
    rng = np.random.default_rng(seed)
    tokens = np.full((bars * STEPS_PER_BAR, 4), HOLD, np.int8)
    beats = bars * 4
    low = np.array([28, 20, 12, 4])
    tokens[::4] = low + rng.integers(0, 8, (beats, 4))
    return tokens


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for number in range(3):
        write_midi(song_of(chorale(40, number), programs=(52, 53, 54, 55)), folder / f"piece{number}.mid")
    return folder


def options(folder: Path, corpus: Path | None, model: str = "", **typed: Any) -> ComposeTrainOptions:
    sizes = SIZES.get(model, {})
    return ComposeTrainOptions(
        folder=folder,
        corpus=str(corpus) if corpus is not None else "",
        model=model,
        typed={**sizes, **typed},
        resume=not model,
        device="cpu",
        snapshots=(),
        checkpoint_s=0,
    )


def silent(line: str) -> None:
    pass


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


KILLED = """
import os, signal, sys, torch
from pathlib import Path
torch.set_num_threads(1)
from livegan.composer.learner import LearnerTrainer
from livegan.composer.train_run import ComposeTrainOptions, train_composer
sys.path.insert(0, sys.argv[3])
from livegan.composer import voice_learner
from tests.unit.test_composer_training import SIZES, SMALL, options, silent

voice_learner.VoiceShape = lambda: SMALL
step = LearnerTrainer.step

def killed(trainer):
    numbers = step(trainer)
    if trainer.shown == 3:
        os.kill(os.getpid(), signal.SIGKILL)  # after the step, before its checkpoint
    return numbers

LearnerTrainer.step = killed
torch.optim.SGD([torch.zeros(1, requires_grad=True)])  # loads what takes long to load, before the copies are made
for model in SIZES:
    child = os.fork()
    if not child:
        train_composer(options(Path(sys.argv[1]) / model, Path(sys.argv[2]), model, steps=4, seed=3), silent)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills copies of itself")
def test_runs_that_were_killed_go_on_as_if_nothing_had_been(tmp_path: Path, corpus: Path) -> None:
    root = str(Path(__file__).resolve().parents[2])
    words = [sys.executable, "-c", KILLED, str(tmp_path / "killed"), str(corpus), root]
    subprocess.run(words, check=True, timeout=120, cwd=root)
    for model in SIZES:
        killed, whole = tmp_path / "killed" / model, tmp_path / "whole" / model
        assert load_run(killed).state["steps"] == 2
        assert train_composer(options(killed, None), silent).stopped is False
        train_composer(options(whole, corpus, model, steps=4, seed=3), silent)
        one, other = load_run(killed), load_run(whole)
        assert one.state["steps"] == 4
        assert equal(one.state, other.state), model
        assert (one.settings, one.origins) == (other.settings, other.origins)
        steps = [json.loads(line)["step"] for line in (killed / "log.jsonl").read_text().splitlines()]
        assert steps == sorted(steps)


def test_other_seeds_give_other_networks(tmp_path: Path, corpus: Path) -> None:
    for seed in (1, 2):
        train_composer(options(tmp_path / str(seed), corpus, "musegan", steps=1, seed=seed), silent)
    one, other = (load_run(tmp_path / str(seed)).state["learner"]["g"] for seed in (1, 2))
    assert not equal(one, other)


def test_snapshots_can_be_heard_seen_and_asked_for_music(tmp_path: Path, corpus: Path) -> None:
    run = tmp_path / "run"
    words = ["compose", "train", str(corpus), "--model", "musegan", "-o", str(run), "--device", "cpu"]
    words += ["--steps", "4", "--snapshots", "2", "--batch", "2", "--width", "0.02", "--d-steps", "1", "--seed", "5"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    for name in ("000002", "000004"):
        place = run / "snapshots" / name
        with Image.open(place.with_suffix(".png")) as picture:
            assert picture.size[0] > 200
        song = read_midi(place.with_suffix(".mid"))
        assert (len(song.tracks), song.tracks[0].program) == (4, 52)
    composer = load_composer(run)
    assert composer.info == read_network(run / "snapshots" / "000004.composer").info
    assert (composer.info.kind, composer.info.steps, composer.info.seed) == ("musegan", 4, 5)
    assert "--seed 5" in composer.info.made_by
    assert str(corpus.parent) not in composer.info.made_by, "paths are private"
    entries = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    snapshot = next(entry for entry in entries if "snapshot" in entry)
    assert (snapshot["step"], snapshot["snapshot"]) == (2, "000002")
    assert {"EB", "ISR", "ch", "par"} <= set(snapshot)
    assert json.loads((run / "settings.json").read_text())["model"] == "musegan"
    again = CliRunner().invoke(app, ["compose", "train", "--resume", str(run)])
    assert f"livegan compose train --resume {run} --steps 8" in str(again.exception)


def test_a_voice_network_is_played_like_the_bundled_one(tmp_path: Path, corpus: Path) -> None:
    from livegan.composer.voice import Voice

    whole = options(tmp_path / "run", corpus, "voices", steps=1)
    train_composer(ComposeTrainOptions(folder=whole.folder, corpus=whole.corpus, typed=whole.typed), silent)
    voice = load_composer(tmp_path / "run")
    assert isinstance(voice, Voice)
    assert len(voice.write(1, seed=2)) == STEPS_PER_BAR


def test_a_network_that_accompanies_is_shown_with_a_tune_that_is_held_out(tmp_path: Path, corpus: Path) -> None:
    chosen = options(tmp_path / "run", corpus, "musegan", steps=1, given=0)
    train_composer(
        ComposeTrainOptions(folder=chosen.folder, corpus=chosen.corpus, model="musegan", typed=chosen.typed), silent
    )
    song = read_midi(tmp_path / "run" / "snapshots" / "000001.mid")
    tune = next(iter(open_corpus(corpus).songs("held-out"))).tracks[0]
    expected = [(note.start, note.pitch) for note in tune.notes if note.start < song.length]
    assert [(note.start, note.pitch) for note in song.tracks[0].notes] == expected


def test_minutes_become_steps(tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegan.composer.train_run.TIMED_S", 0.0)
    lines: list[str] = []
    chosen = options(tmp_path / "run", corpus, "musegan")
    timed = ComposeTrainOptions(**{name: getattr(chosen, name) for name in chosen.__slots__} | {"minutes": 1e-6})
    result = train_composer(timed, lines.append)
    assert not result.stopped
    assert lines[0].endswith("--steps 1")
    assert load_run(tmp_path / "run").settings.steps == 1


def test_phrases_of_voices_and_of_families(corpus: Path, tmp_path: Path) -> None:
    voices = voice_set(open_corpus(corpus), 4)
    assert voices.one_note
    assert voices.phrases.shape[1:] == (4, 64)
    assert (voices.phrases >= -1).all()
    assert voices.rolls(np.arange(2), torch.device("cpu")).shape == (2, 4, 64, 48)
    rng = np.random.default_rng(0)
    notes = tuple(Note(step, int(rng.integers(40, 60)), 2) for step in range(0, 128, 2))
    hits = tuple(Note(step, 36, 1) for step in range(0, 128, 4))
    song = Song((Track(notes, 33), Track(hits, drums=True), Track(notes, 0)), 128)
    for name in ("a", "b"):
        write_midi(song, tmp_path / f"{name}.mid")
    families = family_set(open_corpus(tmp_path), 2)
    assert families.programs == (-1, 0, 33)
    assert not families.one_note
    assert families.rolls(np.arange(1), torch.device("cpu")).shape == (1, 3, 32, 84)
    chosen = options(tmp_path / "run", tmp_path, "musegan", steps=2, tracks="families", bars=2)
    train_composer(chosen, silent)
    assert load_run(tmp_path / "run").state["steps"] == 2


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"given": 4}, "there are 4 tracks; type 0 to 3"),
        ({"bars": 60}, "no whole phrases"),
    ],
)
def test_what_does_not_fit_the_corpus_is_one_sentence(
    typed: Mapping[str, Any], sentence: str, tmp_path: Path, corpus: Path
) -> None:
    with pytest.raises(TrainingError, match=sentence):
        train_composer(options(tmp_path / "run", corpus, "musegan", steps=1, **typed), silent)
    assert not (tmp_path / "run").exists()


def test_what_cannot_change_is_refused_and_what_may_is_taken(tmp_path: Path, corpus: Path) -> None:
    run = tmp_path / "run"
    train_composer(options(run, corpus, "dcgan", steps=1), silent)
    with pytest.raises(TrainingError, match="there is a run in it"):
        train_composer(options(run, corpus, "dcgan", steps=1), silent)
    with pytest.raises(TrainingError, match="the run has --seed 0"):
        train_composer(options(run, None, seed=2), silent)
    with pytest.raises(TrainingError, match="is finished"):
        train_composer(options(run, None), silent)
    roll = run / "snapshots" / "000001.png"
    roll.unlink()  # as if stopped while the last snapshot was written
    train_composer(options(run, None), silent)
    assert roll.is_file()
    train_composer(options(run, None, steps=2, lr=1e-4), silent)
    assert load_run(run).settings.lr == 1e-4
    with pytest.raises(ComposeError, match="no corpus"):
        train_composer(options(tmp_path / "other", tmp_path / "nothing", "dcgan"), silent)
    with pytest.raises(TrainingError, match="no checkpoint"):
        train_composer(options(tmp_path / "other", None), silent)
    other = ["compose", "train", "--resume", str(run), "-o", "elsewhere"]
    assert "leave --output" in str(CliRunner().invoke(app, other).exception)
    (run / "checkpoint.pt").write_bytes(b"PK\x03\x04")
    with pytest.raises(LiveganError, match="not a whole checkpoint"):
        train_composer(options(run, None), silent)


def test_the_command_makes_such_a_network_again() -> None:
    settings = resolved("musegan", {"steps": 9, "given": 0, "stochastic": True}, True)
    assert command_of(settings, "my songs") == (
        "livegan compose train 'my songs' --model musegan --steps 9 --seed 0 --given 0 --stochastic"
    )
