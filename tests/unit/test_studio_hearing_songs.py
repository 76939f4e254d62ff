"""Songs to learn hearing from: their truth is inside, in order, and the same for the same seed."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from livegan.composer.song import PLAYED_STEPS, Note, Song, Track
from livegan.errors import DeviceError
from livegan.studio.hearing import song_accompanist, song_orchestra
from livegan.studio.hearing.song_accompanist import accompaniment, grooves, held_out
from livegan.studio.hearing.song_arrange import Arrangement, felt_beats
from livegan.studio.hearing.song_compose import compose
from livegan.studio.hearing.song_drum_synth import synthesized
from livegan.studio.hearing.song_grooves import PIECES, fill, parse_groove, strokes
from livegan.studio.hearing.song_harmony import PROGRESSIONS, SCALES, chord, voiced
from livegan.studio.hearing.song_instruments import FAMILIES, SUNG, SYNTHESIZED
from livegan.studio.hearing.song_score import ScoreNote, TimeMap, stepping
from livegan.studio.hearing.song_style import STYLES
from livegan.studio.hearing.song_styles import HELD_OUT
from livegan.studio.hearing.song_truth import RATE, audible, merged
from livegan.studio.hearing.songs import make_accompaniments, make_recordings, make_songs

STEPS = {
    2: (2, 6, 12),
    3: (3, 6, 12),
    4: (2, 4, 8, 12, 16, 24, 32),
    5: (5, 10, 20),
    7: (7, 14, 28),
}  # of a bar, by metre


@pytest.mark.parametrize("name", STYLES)
def test_every_style_has_a_song_with_truth(name: str) -> None:
    style, score = STYLES[name], compose(name, 5, 20.0)
    assert len(score.beats) > 12
    assert np.all(np.diff(score.beats) > 0.2)
    assert score.beats[0] >= 0
    assert score.beats[-1] < score.seconds <= 20.0
    assert set(score.downbeats) <= set(score.beats)
    assert len(score.beats) / style.metre - 1 <= len(score.downbeats) <= len(score.beats) / style.metre + 1
    assert style.bpm[0] * 0.99 - 0.5 <= score.bpm <= style.bpm[1] * 1.01 + 0.5
    assert all(part.notes for part in score.parts)
    assert max(note.start_s for part in score.parts for note in part.notes) < 20.1


@pytest.mark.parametrize("name", STYLES)
def test_every_player_has_an_instrument_and_every_row_a_piece(name: str) -> None:
    style = STYLES[name]
    assert style.chords in PROGRESSIONS
    for layer in style.layers:
        for sound in layer.sound.split("|"):
            assert sound in FAMILIES or sound in SYNTHESIZED or sound in SUNG, f"{name}: {sound}"
    for line in (line for groove in style.grooves for line in groove.split("\n")):
        for piece, signs in parse_groove(line):
            assert piece in PIECES
            assert len(signs) in STEPS[style.metre], f"{name}: {signs}"
    for pattern in (pattern for layer in style.layers for pattern in layer.patterns if not pattern.startswith("@")):
        assert len(pattern) in STEPS[style.metre], f"{name}: {pattern}"


def test_the_same_seed_makes_the_same_song_and_another_another() -> None:
    assert compose("funk", 3).parts == compose("funk", 3).parts
    assert compose("funk", 3).parts != compose("funk", 4).parts
    assert compose("funk", 3).bpm != compose("disco-soul", 3).bpm


def test_a_third_of_the_styles_is_held_out() -> None:
    assert set(HELD_OUT) <= set(STYLES)
    assert 0.25 < len(HELD_OUT) / len(STYLES) < 0.45


def test_a_song_need_not_begin_on_a_downbeat_nor_on_its_first_sample() -> None:
    scores = [compose("pop", seed, 15.0) for seed in range(12)]
    assert any(score.downbeats[0] > score.beats[0] for score in scores)
    assert any(score.beats[0] > 0.2 for score in scores)


def test_a_time_map_and_its_tempo_agree() -> None:
    time = TimeMap(120.0, 8)
    assert time.seconds(np.array([0.0, 1.0, 8.0, 10.0, -1.0])) == pytest.approx([0.0, 0.5, 4.0, 5.0, -0.5])
    factors = stepping(np.random.default_rng(1), 40)
    changed = TimeMap(100.0, 40, factors)
    assert np.ptp(np.diff(changed.seconds(np.arange(40.0)))) > 0.01


@pytest.mark.parametrize("text", ["K:X.q.", "K", "k:X...", "K:"])
def test_a_wrong_groove_says_how_one_is_written(text: str) -> None:
    with pytest.raises(ValueError, match=r"K:X\.\.\.x"):
        parse_groove(text)


def test_rolls_lie_within_their_step() -> None:
    rng = np.random.default_rng(0)
    assert [place for place, *_ in strokes("H:x.R.", 4, rng)] == pytest.approx([0.0, 2.0, 2 + 1 / 3, 2 + 2 / 3])


def test_a_fill_ends_the_bar() -> None:
    for seed in range(20):
        begin, played = fill(4.0, np.random.default_rng(seed))
        assert 0 <= begin < 4
        assert all(begin <= place < 4 for place, *_ in played)


def test_chords_are_read_and_voiced_around_their_centre() -> None:
    assert chord("bVII").root == 10
    assert chord("iim7").intervals == (0, 3, 7, 10)
    with pytest.raises(ValueError, match="bVII"):
        chord("H7")
    pitches = voiced(chord("IV"), 0, 60, 3)
    assert [pitch % 12 for pitch in sorted(pitches, key=lambda p: p % 12)] == [0, 5, 9]
    assert all(48 < pitch < 72 for pitch in pitches)
    assert all(name in SCALES for table in PROGRESSIONS.values() for name, _ in table)


def test_onsets_close_to_each_other_are_one() -> None:
    assert merged(np.array([1.02, 0.5, 1.0, 1.04])) == pytest.approx([0.5, 1.0, 1.04])


def test_a_note_far_below_the_mix_is_not_heard() -> None:
    rng = np.random.default_rng(2)
    part, mix = np.zeros(RATE, np.float32), np.zeros(RATE, np.float32)
    for at, level in ((0.2, 1.0), (0.6, 1e-3)):
        since = round(at * RATE)
        part[since : since + 4000] += (level * rng.standard_normal(4000)).astype(np.float32)
    mix += part + (0.1 * rng.standard_normal(RATE)).astype(np.float32)
    assert audible(part, mix, np.array([0.2, 0.6])).tolist() == [True, False]


def test_the_drum_machine_is_heard_at_once() -> None:
    for piece in PIECES:
        for sound in synthesized(piece, np.random.default_rng(3)):
            assert np.isfinite(sound).all()
            assert np.abs(sound[: RATE // 50]).max() > 0.1 * np.abs(sound).max(), piece


def test_without_soundfonts_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def none(_: object = None) -> Path:
        raise DeviceError("there is no SoundFont here")

    monkeypatch.setattr(song_orchestra, "folders", lambda: [tmp_path])
    monkeypatch.setattr(song_orchestra, "find_soundfont", none)
    with pytest.raises(DeviceError, match="apt-get install fluid-soundfont-gm"):
        make_songs(tmp_path / "songs", [0], ["funk"])


def test_songs_are_made_once(tmp_path: Path) -> None:
    _needs_sound()
    told: list[str] = []
    assert make_songs(tmp_path, [1], ["percussion"], lambda name, _: told.append(name)) == 1
    with np.load(tmp_path / "percussion-1.npz") as found:
        assert told == ["percussion-1"]
        end = len(found["power"]) / 100
        for word in ("beats", "downbeats", "onsets", "kick", "snare", "hat"):
            assert found[word].dtype == np.float32
            assert np.all((found[word] >= 0) & (found[word] < end + 0.02))
        assert len(found["onsets"]) > 10
        rise = np.maximum(np.diff(found["power"].astype(float), axis=0), 0).mean(axis=1)
        onsets = (found["onsets"] * 100).astype(int)
        near = [rise[max(0, at - 2) : at + 4].max() for at in onsets if 2 < at < len(rise) - 4]
        assert np.median(near) > 4 * np.median(rise)  # sound begins where the truth says
    assert make_songs(tmp_path, [1], ["percussion"]) == 0


def test_recordings_have_their_truth_beside_them(tmp_path: Path) -> None:
    _needs_sound()
    assert make_recordings(tmp_path, [0], ["music-box"]) == 1
    facts = json.loads((tmp_path / "music-box-0.json").read_text("utf-8"))
    assert facts["beats"] == sorted(facts["beats"])
    assert facts["dur"] > facts["beats"][-1]
    assert (tmp_path / "music-box-0.ogg").stat().st_size > 10_000


def test_a_score_note_is_ordered_by_time() -> None:
    early, late = ScoreNote(0.1, 60, 0.5, 0.2), ScoreNote(0.2, 50, 0.5, 0.2)
    assert sorted([late, early]) == [early, late]


def _needs_sound() -> None:
    pytest.importorskip("fluidsynth")
    try:
        song_orchestra.soundfonts()
        song_orchestra.Orchestra().close()
    except DeviceError as error:
        pytest.skip(str(error))


def test_a_song_on_a_grid_is_played_at_another_tempo_with_its_beats() -> None:
    drums = Track(tuple(Note(96 * beat, (36, 38)[beat % 2], 20, 100) for beat in range(64)), 0, True)
    bass = Track(tuple(Note(48 * step, 40, 40, 80) for step in range(128)), 33)
    song = Song((drums, bass), 96 * 64, PLAYED_STEPS, ((0, 120.0),), ((0, 4, 4),))
    score = Arrangement(song, "grid", 1, 20.0, np.random.default_rng(1)).score(100.0)
    assert 90 < score.bpm < 110
    assert len(score.beats) > 25
    assert {part.sound == "drums" for part in score.parts} == {True, False}
    kicks = np.array([note.start_s for part in score.parts for note in part.notes if note.piece == "K"])
    assert np.abs(kicks[:, None] - score.beats[None]).min(axis=1)[1:-1].max() < 0.08
    with pytest.raises(ValueError, match="only 8 beats"):
        Arrangement(replace(song, length=96 * 8), "short", 1, 20.0, np.random.default_rng(1))


@pytest.mark.parametrize(
    ("metre", "beats", "bars"), [((4, 4), 12, 3), ((6, 8), 8, 4), ((12, 8), 8, 2), ((2, 2), 6, 3), ((3, 4), 12, 4)]
)
def test_beats_are_felt_as_the_metre_says(metre: tuple[int, int], beats: int, bars: int) -> None:
    felt = felt_beats(Song((), 12 * 4, 4, metres=((0, *metre),)))  # of twelve quarter notes
    assert (len(felt), sum(down for _, down in felt)) == (beats, bars)


def test_grooves_of_mma_become_songs() -> None:
    try:
        files = grooves()
    except DeviceError as error:
        pytest.skip(str(error))
    shares = [held_out(file) for file in files]
    assert 0.2 < sum(shares) / len(shares) < 0.5
    told = {}
    for file in list(files)[:: len(files) // 7]:
        with suppress(ValueError):
            told[file] = accompaniment(file, 2)
    assert len(told) >= 4
    for file, score in told.items():
        assert score.parts == accompaniment(file, 2).parts
        assert np.all(np.diff(score.beats) > 0.25)
        notes = np.array([note.start_s for part in score.parts for note in part.notes])
        near = [np.abs(notes - beat).min() < 0.07 for beat in score.beats[1:-1]]
        assert np.mean(near) > 0.4, file


def test_without_mma_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(song_accompanist, "LIBRARY", tmp_path)
    grooves.cache_clear()
    with pytest.raises(DeviceError, match="apt-get install mma"):
        make_accompaniments(tmp_path, [0])
    grooves.cache_clear()
