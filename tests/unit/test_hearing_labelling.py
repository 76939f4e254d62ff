"""Beats of a teacher: heard by its networks, believed where its voices agree, dropped where they do not."""

import numpy as np
import pytest
import torch

from livegan.errors import LiveganError
from livegan.studio.hearing.bars import opens_bar
from livegan.studio.hearing.beat_grid import Grid
from livegan.studio.hearing.labelling import Piece, TeacherBeats, believed_pieces, bridged, listen, of_one_octave
from livegan.studio.hearing.offline_beats import decode_beats
from livegan.studio.hearing.teacher import FILES, BeatNetwork, Teacher, teacher_folder
from livegan.studio.hearing.teacher_spectrum import SAMPLE_RATE, teacher_spectrum
from livegan.studio.hearing.trust import evidence

SECONDS = 42.0


def voice(beats, bar=4, height=0.9):
    """Activation (frames, 2) of a voice that is sure of those beats."""
    out = np.full((int(SECONDS * 100), 2), (0.03, 0.01), np.float32)
    for number, at in enumerate(np.round(np.asarray(beats) * 100).astype(int)):
        if 1 <= at < len(out) - 1:
            out[at - 1 : at + 2, 0] = (0.4, height, 0.4)
            out[at, 1] = height if number % bar == 0 else 0.05
    return out


def heard(voices, beats):
    voices = np.array(voices)
    votes = [decode_beats(one[:, 0]) for one in voices]
    together = decode_beats(voices.mean(axis=0)[:, 0])
    attacks = (np.asarray(beats), np.ones(len(beats)))
    return TeacherBeats(voices, votes, together, attacks, attacks, SECONDS)


@pytest.fixture
def beats():
    return np.arange(0.504, SECONDS - 0.5, 0.5)


def test_what_all_voices_hear_is_believed_with_its_bars(beats):
    (piece,) = believed_pieces(heard([voice(beats)] * 5, beats))
    assert piece.certain > 0.9
    assert np.abs(piece.beats - beats[: len(piece.beats)]).max() < 0.004
    assert piece.downbeats is not None
    assert np.abs(piece.downbeats - beats[: len(piece.beats) : 4]).max() < 0.004


@pytest.mark.parametrize("shift", [0.25, 0.17])
def test_a_song_whose_voices_disagree_about_the_phase_is_dropped(beats, shift):
    voices = [voice(beats)] * 3 + [voice(beats + shift)] * 2
    assert believed_pieces(heard(voices, beats)) == []


def test_a_song_whose_voices_disagree_about_the_octave_is_dropped(beats):
    voices = [voice(beats)] * 3 + [voice(beats[::2])] * 2
    assert believed_pieces(heard(voices, beats)) == []


def test_beats_half_way_that_are_as_clear_make_an_octave_doubtful(beats):
    between = voice(beats + 0.25)
    both = np.maximum(voice(beats), between)
    given = heard([voice(beats)] * 5, beats)
    assert (
        believed_pieces(
            TeacherBeats(np.array([both] * 5), given.votes, given.beats, given.attacks, given.kicks, SECONDS)
        )
        == []
    )


def test_bars_that_the_voices_disagree_about_are_not_told(beats):
    voices = [voice(beats)] * 3 + [voice(np.r_[0.004, beats])] * 2
    assert opens_bar(beats[:60], np.array(voices)) is None
    assert opens_bar(beats[:8], np.array(voices[:3])) is None  # too few to be sure


@pytest.mark.parametrize("metre", [3, 4])
def test_the_metre_is_told(beats, metre):
    first = opens_bar(beats, np.array([voice(beats, metre)] * 5))
    assert first is not None
    assert first.tolist() == [number % metre == 0 for number in range(len(beats))]


def test_a_break_between_certain_windows_is_believed_nearly_as_far():
    assert bridged([(0.0, 0.9), (10.0, 0.1), (20.0, 0.8)]) == [(0.0, 0.9), (10.0, pytest.approx(0.68)), (20.0, 0.8)]
    alone = [(0.0, 0.1), (10.0, 0.9), (20.0, 0.1), (30.0, 0.0)]
    assert bridged(alone) == alone
    assert bridged([]) == []


def test_evidence_against_a_beat_is_kick_half_way(beats):
    grid = Grid(beats[0], 0.5, len(beats))
    on = evidence(grid, 0.001, [beats] * 5, voice(beats)[:, 0], (beats, np.ones(len(beats))))
    off = evidence(grid, 0.001, [beats] * 5, voice(beats)[:, 0], (beats + 0.25, np.ones(len(beats))))
    assert min(known.certain for _, known in on) > 0.9
    assert max(known.certain for _, known in off) < 0.5


def test_a_piece_at_twice_the_tempo_of_the_rest_is_dropped():
    slow = Piece(0.0, 60.0, np.arange(0.5, 60, 0.75), None, 1.0)
    fast = Piece(60.0, 85.0, np.arange(60.0, 85, 0.375), None, 1.0)
    other = Piece(90.0, 115.0, np.arange(90.0, 115, 0.64), None, 1.0)
    assert of_one_octave([slow, fast, other]) == [slow, other]


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(1)
    for number in (1, 2, 3):
        torch.save(BeatNetwork().state_dict(), tmp_path / FILES.format(number))
    return tmp_path


def test_the_teacher_gives_a_chance_of_a_beat_every_10_ms(weights):
    sound = np.random.default_rng(0).normal(0.0, 0.1, 3 * SAMPLE_RATE).astype(np.float32)
    activations = Teacher(weights)(sound)
    assert activations.shape == (3, 300, 2)
    assert ((activations >= 0.0) & (activations <= 1.0)).all()
    assert (activations[:, :, 0] >= activations[:, :, 1]).all()  # any beat is likelier than a bar's first
    assert not np.allclose(activations[0], activations[1])


def test_five_voices_listen(weights):
    sound = np.random.default_rng(0).normal(0.0, 0.1, 4 * SAMPLE_RATE).astype(np.float32)
    given = listen(Teacher(weights), sound)
    assert given.voices.shape == (5, 400, 2)
    assert given.seconds == pytest.approx(4.0)


def test_a_missing_teacher_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(LiveganError, match="pip install --no-deps BeatNet"):
        teacher_folder()
    with pytest.raises(LiveganError, match="no weights of BeatNet"):
        Teacher(tmp_path)


def test_the_teachers_spectrum_shows_a_tone_and_its_rise():
    sound = np.zeros(SAMPLE_RATE, np.float32)
    sound[SAMPLE_RATE // 2 :] = np.sin(2 * np.pi * 440.0 * np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE)
    spectrum = teacher_spectrum(sound)
    assert spectrum.shape == (50, 272)
    assert (spectrum >= 0.0).all()
    loudest = spectrum[40, :136].argmax()
    assert spectrum[:20].max() < 0.01
    assert spectrum[23:27, 136 + loudest].max() > 0.5
    assert spectrum[30:45, 136 + loudest].max() < 0.01
