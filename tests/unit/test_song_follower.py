"""Following a rehearsed song: tempo, noise, pauses, cuts; and setlists whose entries stand at places of a song."""

from pathlib import Path

import numpy as np
import pytest

from livegan.config.load import load_setlist
from livegan.config.setlist import EntryTable, SetlistTable
from livegan.core.types import FeatureFrame, Layout
from livegan.engine.beat_grid import BeatGrid
from livegan.engine.program import Advancing, Program
from livegan.engine.rehearsed import SUFFIX, load_song, save_song
from livegan.errors import SceneError
from livegan.mapping.song_follower import BANDS, COLUMNS, NOTES, STEP_S, SongFollower, SongRows, folded

NAMES = (*(f"chroma.{i}" for i in range(NOTES)), *(f"band.{i}" for i in range(16)), "gate")
LAYOUT = Layout(NAMES, tuple(False for _ in NAMES))
DT = 1 / 30
SECONDS = 60.0


def values_at(time_s: float, noise: float = 0.0, seed: int = 3) -> np.ndarray:
    """What a song without repeats sounds like: notes and bands that glide to new places each half second."""
    at, share = int(time_s // 0.5), time_s % 0.5 / 0.5
    here, there = (np.random.default_rng([seed, at + k]).random(len(NAMES)) ** 2 for k in (0, 1))
    values = here * (1 - share) + there * share
    values += noise * np.random.default_rng([9, round(time_s * 1000)]).normal(size=len(NAMES))
    values[-1] = 1.0
    return np.asarray(np.clip(values, 0, 1), np.float32)


def song(seed: int = 3) -> SongRows:
    moments = (np.arange(round(SECONDS / STEP_S)) + 0.5) * STEP_S
    return SongRows(folded(np.stack([values_at(t, seed=seed)[:-1] for t in moments])))


def frame(values: np.ndarray, time_s: float = 0.0) -> FeatureFrame:
    return FeatureFrame(time_s, LAYOUT, values)


def follow(
    follower: SongFollower, start_s: float, seconds: float, tempo: float = 1.0, noise: float = 0.0
) -> list[float]:
    """How far the follower is from the truth, frame by frame [s]."""
    errors = []
    for i in range(round(seconds / DT)):
        time_s = start_s + (i + 1) * DT * tempo
        follower.step(frame(values_at(time_s, noise)), DT)
        errors.append(follower.position_s - time_s)
    return errors


@pytest.mark.parametrize(("tempo", "noise"), [(1.0, 0.0), (1.0, 0.3), (0.9, 0.1), (1.12, 0.1)])
def test_the_place_is_known_from_the_first_bar_in_any_near_tempo(tempo: float, noise: float) -> None:
    follower = SongFollower(song())
    errors = np.abs(follow(follower, 0.0, 40.0, tempo, noise))
    assert errors[round(2 / DT) :].max() < 0.5
    assert np.median(errors) < 0.15
    assert follower.confidence > 0.9


def test_what_was_said_before_the_song_does_not_count_and_a_pause_begins_it_anew() -> None:
    follower = SongFollower(song())
    silence = values_at(0.0)
    silence[-1] = 0.0
    for _ in range(300):
        follower.step(frame(silence), DT)
    assert not follower.begun
    assert follower.position_s == 0.0
    assert abs(follow(follower, 0.0, 20.0)[-1]) < 0.2
    for _ in range(round(4 / DT)):
        follower.step(frame(silence), DT)
    assert abs(follow(follower, 0.0, 10.0)[-1]) < 0.2, "played again"


def test_a_cut_to_another_place_is_found() -> None:
    follower = SongFollower(song())
    follow(follower, 0.0, 10.0)
    assert abs(follow(follower, 35.0, 10.0)[-1]) < 0.2


def test_another_song_is_not_believed_for_long() -> None:
    follower = SongFollower(song(seed=5))
    sure = []
    for i in range(round(40 / DT)):
        follower.step(frame(values_at(i * DT)), DT)
        sure.append(follower.confidence >= 0.9)
    assert np.mean(sure) < 0.5


def test_the_rows_are_notes_and_means_of_bands() -> None:
    values = np.concatenate((np.full(NOTES, 0.5), np.repeat(np.arange(BANDS) / BANDS, 2)))
    np.testing.assert_allclose(folded(values), np.concatenate((np.full(NOTES, 0.5), np.arange(BANDS) / BANDS)))


def test_entries_come_at_their_places_and_a_hand_keeps_its_choice_until_the_next() -> None:
    program = Program([Advancing("song", at_s=at) for at in (0.0, 15.0, 30.0)], song=SongFollower(song()))
    beats, changes, at = BeatGrid(), [], 0
    assert program.when == "when the song begins"
    for i in range(round(40 / DT)):
        time_s = (i + 1) * DT
        heard = frame(values_at(time_s), time_s)
        program.hear(heard, DT)
        if program.step(heard, beats, DT) == "song":
            changes.append((round(time_s), program.next))
            program.began(at := program.next)
        if i == round(20 / DT):
            assert program.when == "in 10 s"
            program.began(0)  # a key
    assert changes == [(15, 1), (30, 2)]
    assert at == 2
    assert program.when == ""


def test_a_rehearsed_song_is_a_file_that_is_checked(tmp_path: Path) -> None:
    path = tmp_path / f"one{SUFFIX}"
    save_song(path, song(), "One")
    assert load_song(path).seconds == pytest.approx(SECONDS)
    for broken in (b"", b"{}", path.read_bytes()[:200]):
        path.write_bytes(broken)
        with pytest.raises(SceneError, match=r"is no rehearsed song.*livegan rehearse"):
            load_song(path)
    with pytest.raises(ValueError, match=f"rows of {COLUMNS}"):
        SongFollower(SongRows(np.zeros((5, 3), np.float32)))
    save_song(path, SongRows(np.full((9, COLUMNS), np.nan, np.float32)), "none")
    with pytest.raises(SceneError, match="finite"):
        load_song(path)


def test_setlists_say_what_is_missing() -> None:
    entries = (EntryTable(scene="tide"), EntryTable(scene="ink", at=9.0))
    assert SetlistTable(title="T", advance="song", song="a.song.safetensors", entries=entries).advance == "song"
    with pytest.raises(ValueError, match=r"write song = \"NAME\.song\.safetensors\""):
        SetlistTable(title="T", advance="song", entries=entries)
    with pytest.raises(ValueError, match="goes back"):
        SetlistTable(title="T", advance="song", song="a", entries=(*entries[::-1], EntryTable(scene="ink", at=1.0)))


def test_a_setlist_without_its_song_says_where_it_looked(tmp_path: Path) -> None:
    from livegan.engine.bind import setlist_of

    path = tmp_path / "set.toml"
    path.write_text('title = "T"\nadvance = "song"\nsong = "gone.song.safetensors"\n[[entries]]\nscene = "tide"\n')
    with pytest.raises(SceneError, match=r"gone\.song\.safetensors is no rehearsed song"):
        setlist_of(load_setlist(str(path)))


def test_a_show_that_is_begun_in_mid_song_does_not_go_back_to_the_first_part() -> None:
    program = Program([Advancing("song", at_s=at) for at in (0.0, 15.0, 30.0)], song=SongFollower(song()))
    program.began(2)
    changes = []
    for i in range(round(12 / DT)):
        heard = frame(values_at(35.0 + i * DT))
        program.hear(heard, DT)
        if program.step(heard, BeatGrid(), DT) == "song":
            changes.append(program.next)
            program.began(program.next)
    assert changes == []
