"""Cadences: which endings are better, and that pieces get the better ones."""

import numpy as np
import pytest

from livegan.composer.cadence import cadence_scores, last_of_tune
from livegan.composer.steering import Steering
from livegan.composer.voice import Voice, load_voice
from livegan.composer.voices import HOLD, LOWEST, REST, STEPS_PER_BAR, Tokens, sounding

END = 8
TONIC, SPREAD = (72, 67, 64, 48), (76, 67, 60, 48)
DOMINANT, FIRST_INVERSION, SUBDOMINANT = (71, 67, 62, 43), (67, 62, 55, 47), (72, 69, 65, 53)


def bar(*chords: tuple[int, ...]) -> Tokens:
    """Chords, the last of them from END on."""
    tokens = np.full((STEPS_PER_BAR, 4), HOLD, np.int8)
    for chord, step in zip(chords, (0, 4, 8)[-len(chords) :], strict=True):
        tokens[step] = np.array(chord) - LOWEST
    return tokens


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (bar(SUBDOMINANT, DOMINANT, TONIC), bar(TONIC, SUBDOMINANT, TONIC)),
        (bar(TONIC, SUBDOMINANT, TONIC), bar(DOMINANT, TONIC, TONIC)),
        (bar(TONIC, DOMINANT, TONIC), bar(TONIC, FIRST_INVERSION, TONIC)),
        (bar(TONIC, DOMINANT, TONIC), bar(TONIC, DOMINANT, SPREAD)),
        (bar(TONIC, DOMINANT, TONIC), bar(TONIC, DOMINANT, (72, 64, 60, 60))),
        (bar(TONIC, DOMINANT, TONIC), bar(TONIC, DOMINANT, SUBDOMINANT)),
    ],
)
def test_a_better_cadence_has_more_points_in_every_key(better: Tokens, worse: Tokens) -> None:
    history = np.full((STEPS_PER_BAR, 4), REST, np.int8)
    for up in (0, -3, 2):
        moved = [np.where(tokens < HOLD, tokens + up, tokens).astype(np.int8) for tokens in (better, worse)]
        scores = cadence_scores(history, np.stack(moved), END, up % 12, 4)
        assert scores[0] > scores[1]


@pytest.fixture(scope="module")
def voice() -> Voice:
    return load_voice()


def test_pieces_close_with_the_dominant_and_the_tonic(voice: Voice) -> None:
    authentic = 0
    for seed in range(6):
        minor = seed % 2 == 1
        root = 9 if minor else 0
        pitches = sounding(voice.write(2, seed, steering=Steering(mode="minor" if minor else "major"))).astype(int)
        before, last = ((chord - root) % 12 for chord in (pitches[-9], pitches[-8]))
        assert last[3] == 0
        assert set(last) <= {0, 3 if minor else 4, 7}
        authentic += 11 in before and set(before) <= {7, 11, 2, 5}
    assert authentic >= 5


def test_a_tune_that_ends_on_the_tonic_is_closed_and_held_with_it(voice: Voice) -> None:
    given = np.full((20, 4), -1, np.int8)
    given[:, 0] = HOLD
    given[[0, 4, 8, 12], 0] = np.array([67, 69, 71, 72]) - LOWEST
    given[18:, 0] = REST
    written = voice.harmonise(given, 3, steering=Steering(mode="major"))
    assert np.array_equal(written[:, 0], given[:, 0])
    pitches = sounding(written).astype(int)
    assert set(pitches[12] % 12) <= {0, 4, 7}
    assert pitches[12, 3] % 12 == 0
    assert (pitches[12:18] == pitches[12]).all()
    assert (pitches[18:] == -1).all()


def test_only_a_lone_tune_that_ends_on_the_tonic_chord_has_a_last_chord() -> None:
    given = np.full((16, 4), -1, np.int8)
    assert last_of_tune(given.copy(), 0, 4) is None
    given[:, 0] = HOLD
    given[[0, 8], 0] = np.array([67, 64]) - LOWEST
    assert last_of_tune(given.copy(), 0, 4) == 8
    assert last_of_tune(given.copy(), 2, 4) is None
    given[3, 1] = HOLD
    assert last_of_tune(given.copy(), 0, 4) is None
    given[:, 0] = REST
    assert last_of_tune(given.copy(), 0, 4) is None
