"""Corpora: made of folders, of music21's scores and of **kern; keys, doubles, tunes, phrases."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from livegan.cli import app
from livegan.composer import corpus_sources, musicxml
from livegan.composer.corpus import open_corpus
from livegan.composer.corpus_make import CorpusOptions, make_corpus
from livegan.composer.families import FAMILIES
from livegan.composer.four_voices import song_of, tokens_of
from livegan.composer.kern import parse_kern
from livegan.composer.key_analysis import Key, find_key, parse_tonic
from livegan.composer.midi_file import read_midi, write_midi
from livegan.composer.phrases import four_voice_phrases, song_phrases, track_phrases
from livegan.composer.song import Note, Song, Track
from livegan.composer.source_piece import moved
from livegan.composer.tunes import held_out
from livegan.composer.voices import HOLD, LOWEST, REST, sounding
from livegan.errors import ComposeError, MidiError

SCALE = np.array([0, 2, 4, 5, 7, 9, 11])


def chorale(seed: int, bars: int = 6, tonic: int = 0) -> Song:
    """Four voices in a major key, a chord a beat, a tune of its own."""
    rng = np.random.default_rng(seed)
    degrees = rng.choice([0, 0, 3, 4, 4, 1, 5], (bars * 4, 1)) + np.array([[14, 9, 4, 0]])
    degrees[:, 0] += rng.choice([0, 2, 4], bars * 4) - 2
    degrees[-1] = [14, 11, 9, 7]
    pitches = 48 + 12 * (degrees // 7) + SCALE[degrees % 7] - 3 + 3 + tonic
    tokens = np.full((bars * 16, 4), HOLD, np.int8)
    tokens[::4] = np.clip(pitches, 36, 83) - LOWEST
    return song_of(tokens)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight pieces; one again in another key; one in 3/4; one that is no MIDI."""
    for seed in range(8):
        write_midi(chorale(seed, tonic=seed % 3), tmp_path / "songs" / f"piece {seed}.mid")
    write_midi(moved(chorale(3), 2), tmp_path / "songs" / "sub" / "again.midi")
    write_midi(replace(chorale(20), metres=((0, 3, 4),)), tmp_path / "songs" / "waltz.mid")
    (tmp_path / "songs" / "broken.mid").write_bytes(b"MThd no")
    (tmp_path / "songs" / "notes.txt").write_text("none of it")
    return tmp_path / "songs"


def test_a_corpus_of_a_folder_is_in_one_key_without_doubles_divided_by_tune(folder, tmp_path):
    seen = []
    report = make_corpus(str(folder), tmp_path / "corpus", CorpusOptions(held_out=0.25), seen.append)
    corpus = open_corpus(tmp_path / "corpus")
    assert seen == list(range(1, 12)), "progress"
    assert corpus.file == report.file
    assert len(corpus.pieces) == 8
    left = dict(corpus.file.left_out)
    assert left["sub/again.midi"] == "the same music as piece 3.mid"
    assert left["waltz.mid"] == "its metre is 3/4"
    assert "broken.mid" in left
    assert sum(piece.split == "held-out" for piece in corpus.pieces) == 2
    assert sorted(path.name for path in corpus.folder.rglob("*.mid")) == [piece.file for piece in corpus.pieces]
    for piece, song in zip(corpus.pieces, corpus.songs(), strict=True):
        source = read_midi(folder / piece.source)
        assert [t.notes for t in song.tracks] == [t.notes for t in moved(source, piece.shift).tracks], "lossless"
        assert find_key(song).shift_to(0) == 0
        assert -7 <= piece.shift <= 7


def test_copies_are_of_training_pieces_only_and_stay_in_the_range(folder, tmp_path):
    make_corpus(str(folder), tmp_path / "corpus", CorpusOptions(augment=True, held_out=0.25, lowest=40, highest=83))
    corpus = open_corpus(tmp_path / "corpus")
    copies = [piece for piece in corpus.pieces if piece.copy_of]
    own = {piece.file: piece for piece in corpus.pieces if not piece.copy_of}
    assert copies
    for copy in copies:
        original = own[copy.copy_of]
        assert copy.split == original.split == "train"
        song, source = read_midi(corpus.folder / copy.file), read_midi(corpus.folder / original.file)
        assert song.tracks == moved(source, copy.shift - original.shift).tracks
        assert all(40 <= note.pitch <= 83 for track in song.tracks for note in track.notes)
    assert {copy.shift - own[copy.copy_of].shift for copy in copies} <= set(range(-5, 6)) - {0}


def test_interrupted_work_goes_on_and_ends_the_same(folder, tmp_path):
    whole = make_corpus(str(folder), tmp_path / "whole", CorpusOptions()).file

    def interrupt(done: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_corpus(str(folder), tmp_path / "parts", CorpusOptions(), interrupt)
    assert len(open_corpus(tmp_path / "parts").pieces) == 4, "one of the five is broken"
    write_midi(chorale(30), tmp_path / "parts" / "mine.mid")
    kept = (tmp_path / "parts" / "piece_0.mid").stat().st_mtime_ns
    again = make_corpus(str(folder), tmp_path / "parts", CorpusOptions())
    assert again.read == 6
    assert again.file == whole
    assert (tmp_path / "parts" / "piece_0.mid").stat().st_mtime_ns == kept
    assert make_corpus(str(folder), tmp_path / "parts", CorpusOptions()).read == 0, "complete"
    assert (tmp_path / "parts" / "mine.mid").is_file(), "somebody else's"
    with pytest.raises(ComposeError, match="other options; choose another folder"):
        make_corpus(str(folder), tmp_path / "parts", CorpusOptions(key="D"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (CorpusOptions(key="H"), "--key H is no key"),
        (CorpusOptions(metres=("four",)), "--metre four is no metre"),
        (CorpusOptions(lowest=80, highest=70), "a range of 80..70 is none"),
        (CorpusOptions(lowest=90, highest=100), "no piece of .* is left"),
        (CorpusOptions(fewest_notes=10_000), "a track has only 24 notes"),
    ],
)
def test_impossible_options_are_one_sentence(folder, tmp_path, options, reason):
    with pytest.raises(ComposeError, match=reason):
        make_corpus(str(folder), tmp_path / "corpus", options)


def test_folders_that_hold_something_else_are_left_alone(folder, tmp_path):
    for output in (folder, folder / "notes.txt", tmp_path):
        with pytest.raises(ComposeError, match="choose another folder"):
            make_corpus(str(folder), output, CorpusOptions())
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ComposeError, match=r"has no \.mid"):
        make_corpus(str(empty), tmp_path / "corpus", CorpusOptions())
    with pytest.raises(ComposeError, match="give bach, palestrina, or a folder"):
        make_corpus("bahc", tmp_path / "corpus", CorpusOptions())
    with pytest.raises(ComposeError, match="there are no MIDI files"):
        open_corpus(empty)
    with pytest.raises(ComposeError, match="livegan compose corpus bach"):
        open_corpus(tmp_path / "nowhere")


def test_any_folder_of_midi_is_a_corpus(folder):
    corpus = open_corpus(folder)
    assert len(corpus.pieces) == 11
    splits = {piece.file: piece.split for piece in corpus.pieces}
    assert 0 < sum(split == "held-out" for split in splits.values()) < 11
    assert {piece.file: piece.split for piece in open_corpus(folder).pieces} == splits
    broken = []
    assert len(list(corpus.songs(broken=broken))) == 10
    assert [name for name, _ in broken] == ["broken.mid"]
    with pytest.raises(MidiError):
        list(corpus.songs())


@pytest.mark.parametrize("file", ["../out.mid", "/etc/passwd.mid", "a\\b.mid", "x.txt"])
def test_a_corpus_file_from_a_stranger_stays_in_its_folder(tmp_path, file):
    (tmp_path / "corpus.json").write_text(json.dumps({"format": "livegan-corpus-1", "pieces": [{"file": file}]}))
    with pytest.raises(ComposeError, match="no MIDI file in the folder"):
        open_corpus(tmp_path)
    (tmp_path / "corpus.json").write_bytes(b"\xff{")
    with pytest.raises(ComposeError, match="make it again"):
        open_corpus(tmp_path)


@settings(max_examples=20, deadline=None)
@given(st.integers(-11, 11), st.integers(0, 50), st.sampled_from(["C", "Eb", "f#"]))
def test_keys_move_with_the_music_and_shifts_end_in_the_key(semitones, seed, goal):
    song = chorale(seed)
    key, other = find_key(song), find_key(moved(song, semitones))
    assert (other.tonic - key.tonic) % 12 == semitones % 12
    assert other.mode == key.mode
    shift = other.shift_to(parse_tonic(goal))
    arrived = find_key(moved(moved(song, semitones), shift))
    assert -6 <= shift <= 5
    assert arrived.shift_to(parse_tonic(goal)) == 0


def test_scales_have_their_keys():
    def scale(*pitches: int) -> Song:
        return Song((Track(tuple(Note(4 * n, p, 4) for n, p in enumerate(pitches))),), 4 * len(pitches))

    assert str(find_key(scale(60, 62, 64, 65, 67, 69, 71, 72, 60, 67))) == "C major"
    assert str(find_key(scale(69, 71, 72, 74, 76, 77, 68, 69, 69, 76))) == "A minor"
    assert find_key(Song((Track((Note(0, 36, 1),), drums=True),), 1)) is None
    assert Key(7, "major").shift_to(0) == 5
    assert Key(4, "minor").shift_to(0) == 5
    assert parse_tonic("H") is None


def test_a_tune_is_held_out_whole_and_never_all_of_them():
    tune_of = {f"{number}.mid": f"tune {number // 3}" for number in range(60)}
    held = held_out(tune_of, 0.1)
    assert held == held_out(dict(reversed(tune_of.items())), 0.1)
    assert len(held) == 6
    assert len({tune_of[name] for name in held}) == 2
    assert held_out({"a.mid": "a"}, 0.5) == frozenset()


def test_phrases_are_cut_at_bars_strike_what_sounds_on_and_come_once(tmp_path):
    tokens = tokens_of(chorale(1, bars=6))
    tokens[:12] = REST  # an upbeat
    tokens[16] = HOLD  # the chord of the upbeat sounds on
    write_midi(song_of(tokens), tmp_path / "a.mid")
    write_midi(song_of(tokens[: 5 * 16 + 7]), tmp_path / "b.mid")
    corpus = open_corpus(tmp_path)
    phrases = four_voice_phrases(corpus, None)
    assert phrases.shape == (2, 64, 4), "bars 2 and 3; the second piece has none of its own"
    assert (sounding(phrases[0]) == sounding(tokens)[16:80]).all()
    assert (phrases[0, 0] < HOLD).all()
    assert (phrases[1] == tokens[32:96]).all()
    assert len(four_voice_phrases(corpus, None, bars=2, hop=2)) == 2
    rests = tokens.copy()
    rests[:, 1:3] = REST
    assert not list(song_phrases(song_of(rests)))


def test_phrases_with_a_pitch_that_has_no_token_are_left_out():
    song = chorale(2, bars=10)
    bass = replace(song.tracks[3], notes=(replace(song.tracks[3].notes[0], pitch=30), *song.tracks[3].notes[1:]))
    low = replace(song, tracks=(*song.tracks[:3], bass))
    assert len(list(song_phrases(low))) == len(list(song_phrases(song))) - 1
    assert not list(song_phrases(replace(song, metres=((0, 3, 4),))))
    assert not list(song_phrases(replace(song, tracks=song.tracks[:3])))


def test_tracks_of_families_and_of_voices(tmp_path):
    song = chorale(4, bars=4)
    drums = Track(tuple(Note(step, 36, 1, 100) for step in range(0, 64, 4)), drums=True)
    bass = replace(song.tracks[3], program=33)
    write_midi(replace(song, tracks=(drums, *song.tracks[:3], bass)), tmp_path / "a.mid")
    write_midi(chorale(5), tmp_path / "b.mid")
    corpus = open_corpus(tmp_path)
    rolls = track_phrases(corpus, None, FAMILIES)
    assert rolls.shape == (1, 5, 64, 84)
    assert rolls.dtype == np.uint8
    assert (rolls[0, 0, ::4, 36 - 24] == 100).all()
    assert (rolls[0, 1].astype(bool).sum(1) == 3).all(), "three pianos are one"
    assert not rolls[0, 2].any()
    voices = track_phrases(corpus, None)
    assert voices.shape == (4, 4, 64, 84)
    assert (voices.astype(bool).sum(-1) == 1).all()
    assert track_phrases(corpus, None, FAMILIES, fewest_tracks=5).shape == (0, 5, 64, 84)


KERN = """!!!COM: Nobody
!!!OPR: Missa
!!!YEC: Copyright 1999
**kern\t**kern\t**dynam
!Bassus\t!Cantus\t!
*M4/2\t*M4/2\t*
=1-\t=1-\t=1-
[1C\t1.cc\tp
=2\t=2\t=2
2C]\t.\t.
2r\t4ee-\tf
.\tqff
.\t4ff#\t.
=3\t=3\t=3
0G\t0g c\t.
==\t==\t==
*-\t*-\t*-
"""


def test_kern_is_read_with_ties_chords_rests_and_halved_values():
    piece = parse_kern(KERN.replace(".\tqff\n", ""), diminution=2)
    cantus, bassus = piece.song.tracks
    assert (cantus.name, bassus.name) == ("Cantus", "Bassus")
    assert bassus.notes == (Note(0, 48, 12), Note(16, 55, 16))
    assert cantus.notes == (
        Note(0, 72, 12),
        Note(12, 75, 2),
        Note(14, 78, 2),
        Note(16, 60, 16),
        Note(16, 67, 16),
    )
    assert piece.song.metres == ((0, 4, 4),)
    assert piece.song.length == 32
    assert (piece.group, piece.rights) == ("Missa", "Copyright 1999")
    upbeat = parse_kern("**kern\n*M4/4\n4c\n=1\n1d\n*-\n")
    assert upbeat.upbeat == 4
    assert upbeat.song.tracks[0].notes[0].start == 12


@pytest.mark.parametrize(
    "text",
    [
        KERN,
        "",
        "**text\nla\n",
        "**kern\n4c\t4d\n",
        "**kern\n*^\n",
        "**kern\nxyz\n",
        "**kern\n4r\n",
        f"**kern\n{'0' * 20}c\n",
        "**kern\n9973c\n9967c\n9949c\n",
        "*-",
    ],
)
def test_what_is_no_kern_is_a_reason(text):
    with pytest.raises(ValueError, match=r"\w"):
        parse_kern(text)


def test_scores_of_music21_are_read_quietly_and_leave_nothing_behind(tmp_path, capfd, monkeypatch):
    bach = musicxml.music21_folder() / "corpus" / "bach"
    scores = tmp_path / "scores"
    scores.mkdir()
    for name in ("bwv253.mxl", "bwv1.6.mxl", "bwv277.krn"):
        shutil.copy(bach / name, scores)
    (scores / "broken.musicxml").write_text("<score-partwise><part>")
    (scores / "other.xml").write_text("<html/>")
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(home))
    report = make_corpus(str(scores), tmp_path / "corpus", CorpusOptions(held_out=0))
    assert capfd.readouterr() == ("", "")
    assert not list(home.iterdir())
    pieces = {piece.source: piece for piece in report.file.pieces}
    assert set(pieces) == {"bwv1.6.mxl", "bwv253.mxl", "bwv277.krn"}
    assert set(dict(report.file.left_out)) == {"broken.musicxml", "other.xml"}
    assert (pieces["bwv253.mxl"].key, pieces["bwv253.mxl"].shift, pieces["bwv253.mxl"].upbeat) == ("A major", 3, 4)
    assert "Copyright 1994" in pieces["bwv277.krn"].rights
    corpus = open_corpus(tmp_path / "corpus")
    names = [[track.name.split()[0] for track in song.tracks] for song in corpus.songs() if song.tracks[0].name]
    assert names == [["Soprano", "Alto", "Tenor", "Bass"]] * 2, "without the horn of bwv1.6"
    phrases = four_voice_phrases(corpus, "train")
    assert len(phrases) > 20


def test_hostile_scores_are_a_reason(tmp_path):
    bomb = '<!DOCTYPE x [<!ENTITY a "' + "b" * 1000 + '">'
    bomb += "".join(f'<!ENTITY {c} "{f"&{p};" * 100}">' for p, c in zip("abcde", "bcdef", strict=True))
    (tmp_path / "bomb.xml").write_text(f"{bomb}]><score-partwise>&f;</score-partwise>")
    with ZipFile(tmp_path / "bomb.mxl", "w", ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", b" " * (33 << 20))
    for name, reason in (("bomb.xml", "no score"), ("bomb.mxl", "larger than 32 MiB"), ("none.mxl", "No such file")):
        with pytest.raises(ComposeError, match=reason):
            musicxml.read_musicxml(tmp_path / name)


def test_without_music21_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(musicxml, "find_spec", lambda name: None)
    for source in ("bach", "palestrina"):
        done = CliRunner().invoke(app, ["compose", "corpus", source, "-o", str(tmp_path / "corpus")])
        assert isinstance(done.exception, ComposeError)
        assert "pip install 'livegan[compose]'" in str(done.exception)
    (tmp_path / "a.musicxml").write_text("<a/>")
    with pytest.raises(ComposeError, match="pip install"):
        corpus_sources.open_source(str(tmp_path))
    assert not (tmp_path / "corpus").exists()


def test_the_command_names_what_it_left_out_and_what_comes_next(folder, tmp_path):
    words = ["compose", "corpus", str(folder), "-o", str(tmp_path / "corpus"), "--metre", "any", "--voices", "any"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.exception
    assert "the same music as piece 3.mid: sub/again.midi" in done.stderr
    assert "livegan compose train" in done.stderr
    assert "9 pieces" in done.stderr


def test_bach_and_palestrina_are_where_they_say():
    assert len(corpus_sources.open_source("bach").files) == 413
    palestrina = corpus_sources.open_source("palestrina")
    assert len(palestrina.files) == 1318
    piece = palestrina.read("Kyrie_00.krn", 4)
    assert piece.song.metres == ((0, 4, 4),)
    assert len(piece.song.tracks) == 4
    assert "John Miller" in piece.rights
    assert "John Miller" in palestrina.notice


def test_measuring_puts_files_beside_what_is_held_out_and_the_control(folder, tmp_path):
    write_midi(chorale(0), tmp_path / "copied.mid")
    words = ["compose", "measure", str(tmp_path / "copied.mid"), str(folder / "sub"), "--corpus", str(tmp_path / "c")]
    make_corpus(str(folder), tmp_path / "c", CorpusOptions(held_out=0.25))
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.exception
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert list(rows) == ["held out", "control: voices mixed", "copied.mid", "sub"]
    control, held = rows["control: voices mixed"], rows["held out"]
    assert (control["pitches"], control["in_scale"]) == (held["pitches"], held["in_scale"])
    assert control["chord_beats"] < held["chord_beats"]
    assert rows["copied.mid"]["drum_pattern"] is None
    table = CliRunner().invoke(app, words).stdout.splitlines()
    assert table[0].split()[:3] == ["n", "EB", "UP"]
    assert len({len(line) for line in table}) == 1


def test_a_network_is_measured_by_its_phrases_and_a_wrong_name_is_one_sentence(tmp_path):
    done = CliRunner().invoke(app, ["compose", "measure", "chorales", "--phrases", "1", "--json"])
    (row,) = json.loads(done.stdout)
    assert (row["count"], row["parallels"], row["copied"]) == (1, 0, None)
    for word, reason in (("chorale", "there is no chorale"), (str(tmp_path), "neither MIDI files nor networks")):
        assert reason in str(CliRunner().invoke(app, ["compose", "measure", word]).exception)
