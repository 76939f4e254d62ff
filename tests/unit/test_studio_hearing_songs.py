"""Songs to learn hearing from: their truth is inside, in order, and the same for the same seed."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from livegan.errors import DeviceError
from livegan.networks.hearing_bands import FRAME_RATE
from livegan.studio.hearing import song_orchestra
from livegan.studio.hearing.song_compose import SECONDS, compose
from livegan.studio.hearing.song_drum_synth import synthesized
from livegan.studio.hearing.song_grooves import PIECES, fill, parse_groove, strokes
from livegan.studio.hearing.song_harmony import PROGRESSIONS, SCALES, chord, voiced
from livegan.studio.hearing.song_instruments import FAMILIES, SUNG, SYNTHESIZED
from livegan.studio.hearing.song_kits import read
from livegan.studio.hearing.song_score import ScoreNote, TimeMap, stepping
from livegan.studio.hearing.song_style import STYLES
from livegan.studio.hearing.song_styles import HELD_OUT
from livegan.studio.hearing.song_truth import RATE, audible, merged
from livegan.studio.hearing.songs import make_songs
from livegan.training.hearing.store import EVENTS, read_example

STEPS = {
    2: (2, 6, 12),
    3: (3, 6, 12),
    4: (2, 4, 8, 12, 16, 24, 32),
    5: (5, 10, 20),
    7: (7, 14, 28),
}  # of a bar, by metre


@pytest.mark.parametrize("name", STYLES)
def test_every_style_has_a_song_with_truth(name: str) -> None:
    style, score = STYLES[name], compose(name, 5)
    assert len(score.beats) > 12
    assert np.all(np.diff(score.beats) > 0.2)
    assert score.beats[0] >= 0
    assert score.beats[-1] < score.seconds <= SECONDS[1]
    assert set(score.downbeats) <= set(score.beats)
    assert len(score.beats) / style.metre - 1 <= len(score.downbeats) <= len(score.beats) / style.metre + 1
    assert style.bpm[0] * 0.99 - 0.5 <= score.bpm <= style.bpm[1] * 1.01 + 0.5
    assert all(part.notes for part in score.parts)
    assert max(note.start_s for part in score.parts for note in part.notes) < score.seconds + 0.1


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


def test_samples_of_any_rate_keep_their_pitch(tmp_path: Path) -> None:
    for rate in (8000, 22255, 48000):
        path = tmp_path / f"{rate}.wav"
        soundfile.write(path, np.sin(2 * np.pi * 440 * np.arange(rate) / rate), rate)
        sound = read(path)
        assert len(sound) == pytest.approx(RATE, abs=2)
        assert np.abs(np.fft.rfft(sound[:RATE])).argmax() == pytest.approx(440, abs=1)


def test_a_song_need_not_begin_on_a_downbeat_nor_on_its_first_sample() -> None:
    scores = [compose("pop", seed) for seed in range(12)]
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
    assert make_songs(tmp_path, [1], ["percussion"], told.append) == 1
    assert told == ["percussion-1"]
    found = read_example(tmp_path / "percussion-1.npz")
    assert (found.kind, found.style, found.certain) == ("music", "percussion", 1.0)
    assert found.events.keys() == EVENTS.keys()
    for moments in found.events.values():
        assert np.all((moments >= 0) & (moments < found.frames / FRAME_RATE + 0.02))
    assert len(found.events["onset"]) > 10
    rise = np.maximum(np.diff(found.power.astype(float), axis=0), 0).mean(axis=1)
    onsets = (found.events["onset"] * FRAME_RATE).astype(int)
    near = [rise[max(0, at - 2) : at + 4].max() for at in onsets if 2 < at < len(rise) - 4]
    assert np.median(near) > 4 * np.median(rise)  # sound begins where the truth says
    assert make_songs(tmp_path, [1], ["percussion"]) == 0


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
