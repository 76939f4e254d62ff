"""Beats of whole recordings: the best path through an activation, and the rigid grid under it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.studio.hearing.attacks import attack_strength, attack_times
from livegan.studio.hearing.beat_grid import Grid, laid_grids, lay_on, rigid_grids
from livegan.studio.hearing.offline_beats import decode_beats
from livegan.studio.hearing.teacher_spectrum import SAMPLE_RATE
from livegan.studio.hearing.trust import f_measure


def activation(beats, seconds, rng, floor=0.08):
    """Noise with a bump of three frames at every beat."""
    value = rng.random(int(seconds * 100)) * floor
    for at in np.round(np.asarray(beats) * 100).astype(int):
        value[at - 1 : at + 2] = np.maximum(value[at - 1 : at + 2], (0.4, 0.8, 0.4))
    return value.astype(np.float32)


@settings(max_examples=8, deadline=None)
@given(st.floats(55.0, 205.0), st.floats(0.3, 1.0), st.integers(0, 99))
def test_the_best_path_is_the_grid_whatever_its_tempo_and_phase(bpm, first, seed):
    beats = np.arange(first, 19.5, 60.0 / bpm)
    found = decode_beats(activation(beats, 20.0, np.random.default_rng(seed)))
    inside = found[(found > beats[0] - 0.1) & (found < beats[-1] + 0.1)]
    assert len(inside) == len(beats)
    assert np.abs(inside - beats).max() <= 0.011


def test_beats_that_are_not_heard_are_filled_in():
    beats = np.arange(0.5, 29.5, 0.5)
    heard = np.delete(beats, [7, 20, 21, 22, 40])
    found = decode_beats(activation(heard, 30.0, np.random.default_rng(1)))
    assert f_measure(found, beats) > 0.97


def test_a_tempo_that_drifts_is_followed():
    beats = 0.5 + np.cumsum(np.linspace(0.6, 0.45, 55))
    found = decode_beats(activation(beats, beats[-1] + 0.5, np.random.default_rng(2)))
    assert f_measure(found, beats) > 0.95


def test_a_sound_too_short_for_two_beats_has_none():
    assert len(decode_beats(np.zeros(200, np.float32))) == 0


def test_a_grid_is_found_again_under_beats_that_scatter():
    true = Grid(0.7, 60.0 / 127.0, 80)
    (grid,) = rigid_grids(true.beats + np.random.default_rng(3).normal(0.0, 0.008, 80))
    assert grid.count == 80
    assert grid.bpm == pytest.approx(127.0, abs=0.1)
    assert abs(grid.first_s - 0.7) < 0.008


def test_two_tempi_are_two_grids():
    slow = Grid(0.5, 0.6, 40)
    fast = Grid(0.5 + 40 * 0.6, 0.42, 50)
    grids = rigid_grids(np.concatenate((slow.beats, fast.beats)))
    assert [round(grid.bpm) for grid in grids] == [100, 143]


def test_a_grid_of_frames_is_laid_onto_the_attacks_of_the_sound():
    true = Grid(0.5033, 60.0 / 125.3, 60)
    rng = np.random.default_rng(4)
    sound = rng.normal(0.0, 0.001, int(SAMPLE_RATE * 31)).astype(np.float32)
    for at in np.round(true.beats * SAMPLE_RATE).astype(int):
        sound[at : at + 2000] += np.sin(np.arange(2000) * 0.3) * np.exp(-np.arange(2000) / 300.0)
    decoded = np.round(true.beats * 50) / 50 + 0.02  # frames of 20 ms, told one late
    ((grid, scatter),) = laid_grids(decoded, *attack_times(attack_strength(sound)[0]))
    assert np.abs(grid.beats - true.beats).max() < 0.003
    assert scatter < 0.002


def test_a_grid_without_attacks_stays_and_is_told_to_scatter():
    grid = Grid(0.5, 0.5, 40)
    same, scatter = lay_on(grid, np.array([0.5, 9.0]), np.array([1.0, 1.0]))
    assert same == grid
    assert scatter >= 0.03


def test_the_same_grid_found_in_two_parts_is_one():
    beats = Grid(0.5, 0.5, 80).beats
    decoded = beats.copy()
    decoded[40:] += 0.03  # as where a decoder slips by a frame or two
    ((grid, _),) = laid_grids(decoded, beats, np.ones(80))
    assert grid.count == 80
    assert np.abs(grid.beats - beats).max() < 0.001


@pytest.mark.parametrize(("shift", "f"), [(0.0, 1.0), (0.03, 1.0), (0.25, 0.0)])
def test_f_measure_of_beats(shift, f):
    beats = np.arange(1.0, 20.0, 0.5)
    assert f_measure(beats + shift, beats) == pytest.approx(f)


def test_f_measure_of_half_the_tempo_is_two_thirds():
    beats = np.arange(1.0, 21.0, 0.5)
    assert f_measure(beats[::2], beats) == pytest.approx(2 / 3, abs=0.02)
    assert f_measure(np.zeros(0), beats) == 0.0
