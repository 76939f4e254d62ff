"""A folder of one's own songs becomes examples: written beats are the truth, and what was made is kept."""

import json

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st

from livegan.errors import LiveganError, MediaError, TrainingError
from livegan.networks.hearing_bands import BANDS
from livegan.studio.hearing.beats_file import read_beats
from livegan.studio.hearing.recordings import (
    beatless_pieces,
    check_recordings,
    make_recordings,
    songs_in,
    written_pieces,
)
from livegan.studio.hearing.teacher import FILES, BeatNetwork
from livegan.training.hearing.store import read_example, read_store

RATE = 16_000


def write_song(path, seconds=8.0, bpm=120.0, numbers=True, beats=True):
    moments = np.arange(0.25, seconds - 0.1, 60.0 / bpm)
    sound = np.zeros(int(seconds * RATE), np.float32)
    for at in (moments * RATE).astype(int):
        sound[at : at + 800] = np.sin(np.arange(800) * 0.2) * np.exp(-np.arange(800) / 200.0)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, RATE)
    if beats:
        lines = [f"{at:.4f}\t{number % 4 + 1}" if numbers else f"{at:.4f}" for number, at in enumerate(moments)]
        path.with_suffix(".beats").write_text("\n".join(lines))
    return moments


@pytest.fixture
def songs(tmp_path):
    write_song(tmp_path / "songs" / "one.wav")
    write_song(tmp_path / "songs" / "deeper" / "two, live.flac", bpm=90.0, numbers=False)
    return tmp_path / "songs"


def test_written_beats_become_examples(songs, tmp_path):
    told = []
    made = make_recordings(songs, tmp_path / "store", progress=lambda done, last: told.append((done, last.name)))
    assert [recording.pieces for recording in made] == [1, 1]
    assert told == [(1, "deeper/two, live.flac"), (2, "one.wav")]
    two, one = read_store(tmp_path / "store")
    assert (one.kind, one.certain) == ("music", 1.0)
    assert one.power.shape[1] == BANDS
    assert np.diff(one.events["beat"]) == pytest.approx(0.5, abs=1e-3)
    assert one.events["beat"][0] == pytest.approx(0.25, abs=0.001)  # from half a beat before the first
    assert one.events["downbeat"][:2] == pytest.approx([0.25, 2.25], abs=0.001)
    assert "downbeat" not in two.events
    assert one.frames == pytest.approx((one.events["beat"][-1] + 0.25) * 100, abs=2)


def test_what_was_made_is_not_made_again_until_it_changes(songs, tmp_path):
    store = tmp_path / "store"
    first = make_recordings(songs, store)
    before = {path: path.stat().st_mtime_ns for path in store.glob("*.npz")}
    assert make_recordings(songs, store) == first
    assert {path: path.stat().st_mtime_ns for path in store.glob("*.npz")} == before
    write_song(songs / "one.wav", seconds=10.0)
    again = make_recordings(songs, store)
    assert again[0] == first[0]
    assert again[1].seconds > first[1].seconds
    changed = [path.name for path in store.glob("*.npz") if path.stat().st_mtime_ns != before.get(path)]
    assert [name.startswith("one_wav-") for name in changed] == [True]


def test_songs_of_like_names_have_examples_of_their_own(songs, tmp_path):
    write_song(songs / "a b.wav", bpm=100.0)
    write_song(songs / "a_b.wav", bpm=150.0)
    make_recordings(songs, tmp_path / "store")
    assert len(read_store(tmp_path / "store")) == 4


def test_a_song_that_left_the_folder_is_not_learnt_from(songs, tmp_path):
    store = tmp_path / "store"
    make_recordings(songs, store)
    (songs / "one.wav").unlink()
    assert [recording.name for recording in make_recordings(songs, store)] == ["deeper/two, live.flac"]
    assert [example.name[:10] for example in read_store(store)] == ["deeper_two"]
    assert list(json.loads((store / "recordings.json").read_text())) == ["deeper/two, live.flac"]


def test_a_song_without_a_beat_is_learnt_from_as_such(songs, tmp_path):
    (songs / "one.beats").write_text("# no beat\n")
    made = make_recordings(songs, tmp_path / "store")
    one = read_store(tmp_path / "store")[1]
    assert (one.kind, one.frames, made[1].pieces, made[1].note) == ("nobeat", 800, 1, "")
    assert not len(one.events["beat"])
    assert "onset" not in one.events
    assert [round(piece.end_s) for piece in beatless_pieces(150.0)] == [50, 100, 150]


def test_what_stops_it_is_told_before_anything_is_made(songs, tmp_path, monkeypatch):
    check_recordings(songs, tmp_path / "store")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    write_song(songs / "three.wav", beats=False)
    with pytest.raises(LiveganError, match=r"\.beats file need a teacher"):
        check_recordings(songs, tmp_path / "store")
    (songs / "three.beats").write_text("beat")
    with pytest.raises(MediaError, match=r"three\.beats, line 1"):
        check_recordings(songs, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_long_song_is_cut_into_pieces_of_a_minute_at_most():
    beats = np.arange(1.0, 150.0, 0.5)
    pieces = written_pieces(beats, beats[::4], 155.0)
    assert [round(piece.end_s - piece.start_s, 1) for piece in pieces] == [49.7, 49.7, 49.7]
    assert np.concatenate([piece.beats for piece in pieces]).tolist() == beats.tolist()
    assert sum(len(piece.downbeats) for piece in pieces) == len(beats[::4])


def test_beats_beyond_the_end_of_the_sound_do_not_count():
    assert written_pieces(np.array([1.0, 2.0, 3.0, 9.0]), None, 4.0)[0].beats.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(MediaError, match=r"0\.5 s long, and only 0"):
        written_pieces(np.array([1.0, 2.0]), None, 0.5)


def test_a_song_without_beats_needs_the_teacher(songs, tmp_path, monkeypatch):
    write_song(songs / "three.wav", beats=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(LiveganError, match=r"\.beats file need a teacher"):
        make_recordings(songs, tmp_path / "store")


def test_a_teacher_that_is_not_sure_leaves_a_song_out(songs, tmp_path):
    write_song(songs / "three.wav", beats=False)
    torch.manual_seed(1)
    for number in (1, 2, 3):
        torch.save(BeatNetwork().state_dict(), tmp_path / FILES.format(number))
    made = make_recordings(songs, tmp_path / "store", weights=tmp_path)
    assert [recording.pieces for recording in made] == [1, 1, 0]
    assert "not sure of its beats" in made[2].note
    assert "write three.beats beside it" in made[2].note


def test_a_song_that_cannot_be_read_is_noted(songs, tmp_path):
    (songs / "one.wav").write_bytes(b"RIFF, and nothing else")
    made = make_recordings(songs, tmp_path / "store")
    assert made[1].pieces == 0
    assert "one.wav" in made[1].note
    assert read_example(next((tmp_path / "store").glob("*.npz"))).name.startswith("deeper_two")


def test_folders_without_songs_are_refused(tmp_path):
    with pytest.raises(MediaError, match="no folder"):
        songs_in(tmp_path / "nothing")
    with pytest.raises(MediaError, match="no songs in"):
        songs_in(tmp_path)


def test_a_broken_list_of_recordings_says_what_to_do(songs, tmp_path):
    (tmp_path / "recordings.json").write_text("[")
    with pytest.raises(TrainingError, match="delete it"):
        make_recordings(songs, tmp_path)
    (tmp_path / "recordings.json").write_text(json.dumps([1]))
    with pytest.raises(TrainingError, match="delete it"):
        make_recordings(songs, tmp_path)


@given(st.lists(st.floats(0.001, 2.0), min_size=2, max_size=60), st.booleans())
def test_written_beats_are_read_as_they_were_written(tmp_path_factory, steps, numbered):
    times = np.round(np.cumsum(steps), 4)
    path = tmp_path_factory.mktemp("beats") / "song.beats"
    lines = [f"  {at:.4f} {number % 3 + 1}  # beat" if numbered else f"{at:.4f}\n" for number, at in enumerate(times)]
    path.write_text("# by hand\n\n" + "\n".join(lines), encoding="utf-8-sig")
    read = read_beats(path)
    assert read.beats.tolist() == times.tolist()
    assert (read.downbeats is None) is not numbered
    if read.downbeats is not None:
        assert read.downbeats.tolist() == times[::3].tolist()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1.0\n2.0 1 5\n", r"line 2: '2.0 1 5' is no beat \(3 columns\)"),
        ("1.0\n\nbeat\n", r"line 3: 'beat' is no beat"),
        ("-1.0\n2.0\n", "line 1.*0 s or later"),
        ("nan\n2.0\n", "line 1.*0 s or later"),
        ("1.0 1\n2.0 0\n", "line 2.*whole one from 1 to 32"),
        ("1.0 1\n2.0 1.5\n", "line 2.*whole one from 1 to 32"),
        ("2.0\n1.0\n", r"line 2.*not later than the beat before it \(2 s\)"),
        ("1.0 1\n2.0\n3.0 3\n", "the beat at 2 s has no number"),
        ("# nothing\n1.0\n", "holds 1 beat,"),
    ],
)
def test_what_is_no_list_of_beats_is_told_by_file_and_line(tmp_path, text, told):
    path = tmp_path / "song.beats"
    path.write_text(text)
    with pytest.raises(MediaError, match=told) as caught:
        read_beats(path)
    assert "song.beats" in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n \n", "# no beat here\n"])
def test_a_file_without_a_line_says_that_there_is_no_beat(tmp_path, text):
    (tmp_path / "song.beats").write_text(text)
    read = read_beats(tmp_path / "song.beats")
    assert (len(read.beats), read.downbeats) == (0, None)


def test_beats_that_are_no_text_are_told(tmp_path):
    (tmp_path / "song.beats").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(MediaError, match="UTF-8"):
        read_beats(tmp_path / "song.beats")
