"""Meaning of a song: tags over time, parts, silence, level, short sounds; `livegan listen --tags`."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from livegan.cli import app
from livegan.studio.dream.meaning import TAGS, Meaning, meaning_of, meaning_of_song
from livegan.studio.listen_tags import described

RECORD = np.load(Path(__file__).parents[1] / "golden" / "musicnn.npz")
TECHNO = RECORD["audio_techno"].astype(np.float32) / 32768  # 3 s
PIANO = RECORD["audio_piano_strings"].astype(np.float32) / 32768
SONG = np.concatenate((TECHNO, TECHNO, PIANO, PIANO))  # 12.1 s


@pytest.fixture(scope="module")
def meaning() -> Meaning:
    return meaning_of(SONG)


def test_it_has_a_row_a_second(meaning: Meaning) -> None:
    assert len(meaning.times_s) == 12
    assert meaning.times_s[:2].tolist() == [0.5, 1.5]
    assert meaning.tags.shape == (12, len(TAGS) == 100 and 100)
    assert meaning.embedding.shape == (12, 400)
    assert np.isfinite(meaning.tags).all()
    assert meaning.music.all()


def test_parts_are_told_apart(meaning: Meaning) -> None:
    assert meaning.top(1, 0, 5)[0][0] == "techno"
    assert "classical" in dict(meaning.top(4, 7, 12))
    beat, rest = meaning.target(0, 5), meaning.target(7, 12)
    assert next(iter(beat.classes)) == "neon"
    assert "neon" not in list(rest.classes)[:2]
    assert beat.energy is not None
    assert rest.energy is not None
    assert beat.energy > rest.energy + 0.2
    assert meaning.mood(0, 5)["motion"] > meaning.mood(7, 12)["motion"] + 0.2


def test_each_song_has_a_form_of_its_own_and_silence_has_none(meaning: Meaning) -> None:
    noise = meaning_of(np.random.default_rng(0).standard_normal(80_000).astype(np.float32) * 0.1)
    ours, others = (np.array(list(each.form().values())) for each in (meaning, noise))
    assert np.linalg.norm(ours - others) > 0.5
    assert meaning.form() == meaning.form()
    assert set(meaning_of(np.zeros(32_000, np.float32)).form().values()) == {0.0}


def test_a_part_of_no_length_is_its_nearest_second(meaning: Meaning) -> None:
    assert meaning.mean_tags(3.4, 3.41) == meaning.mean_tags(3.0, 4.0)


def test_level_hardly_matters() -> None:
    loud, quiet = meaning_of(TECHNO), meaning_of(0.1 * TECHNO)
    assert np.abs(loud.tags - quiet.tags).max() < 0.01


def test_silence_means_nothing_and_hides_nothing() -> None:
    silence = meaning_of(np.zeros(3 * 16000, np.float32))
    assert silence.target().is_empty
    assert silence.target().confidence == 0
    assert silence.mean_tags() == silence.mood() == {}
    assert described("x.wav", silence) == ["x.wav: 3.0 s, silence"]
    both = meaning_of(np.concatenate((TECHNO, np.zeros(5 * 16000, np.float32))))
    assert both.top(1)[0][0] == "techno"
    assert both.target(5, 8).is_empty


@pytest.mark.parametrize("count", [0, 1, 300, 8000, 20000])
def test_very_short_sounds_have_one_row(count: int) -> None:
    made = meaning_of(TECHNO[:count])
    assert len(made.times_s) == 1
    assert np.isfinite(made.tags).all()


def test_progress_rises_to_one() -> None:
    shares: list[float] = []
    meaning_of(SONG, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_any_sound_file_will_do(tmp_path: Path) -> None:
    stereo = np.repeat(np.repeat(TECHNO, 3)[:, None], 2, axis=1)
    soundfile.write(tmp_path / "x.flac", stereo, 48000)
    made = meaning_of_song(tmp_path / "x.flac")
    assert made.seconds == pytest.approx(len(TECHNO) / 16000)
    assert made.top(1)[0][0] == "techno"


def test_listen_tags_says_what_a_song_is(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", np.concatenate((SONG, SONG)), 16000)
    done = CliRunner().invoke(app, ["listen", str(tmp_path / "song.wav"), "--tags"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert any(line.startswith("  tags     ") and "techno" in line for line in lines)
    assert any(line.startswith("  mood     energy 0.") for line in lines)
    assert any(line.startswith("  picture  ") and "%" in line for line in lines)
    assert sum(" s  " in line for line in lines) == 2


def test_a_device_has_no_tags() -> None:
    done = CliRunner().invoke(app, ["listen", "Scarlett", "--tags"])
    assert done.exit_code == 1
    assert "give a sound file" in str(done.exception or done.output)
