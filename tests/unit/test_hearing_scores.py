"""Scores of the hearing benchmark: cases counted by hand, laws, and mir_eval where it is installed."""

from math import inf, isnan, nan
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from livegan.errors import MediaError
from tests.benchmarks.hearing_compare import falls
from tests.benchmarks.hearing_items import HELD_OUT, Item, read_items
from tests.benchmarks.hearing_peers import FeatureBatch
from tests.benchmarks.hearing_rows import Row, score
from tests.benchmarks.hearing_scores import (
    any_level,
    continuity,
    error_ms,
    f_measure,
    levels,
    lock_s,
    matches,
    misheard,
    reliability,
    rightness,
    tempo_of,
    tempo_right,
)
from tests.benchmarks.hearing_tables import calibration, cells, lone, tables

BEATS = np.arange(40) * 0.5 + 0.25  # 120 BPM, 20 s
moments = st.lists(st.integers(0, 3000), max_size=40).map(lambda ms: np.unique(np.array(ms, float)) / 100)
LIMITS = {"share": 0.01, "ms": 1.0, "seconds": 0.1, "cost": 0.01, "count": 0.0, "a_minute": 2.0}


def test_f_of_the_truth_of_half_of_it_of_twice_of_it_and_beside_it() -> None:
    assert f_measure(BEATS, BEATS + 0.069) == 1.0
    assert f_measure(BEATS, BEATS + 0.071) == 0.0
    assert f_measure(BEATS, BEATS[::2]) == pytest.approx(2 / 3)  # all right, half of them missing
    assert f_measure(BEATS, np.sort(np.r_[BEATS, BEATS + 0.25])) == pytest.approx(2 / 3)  # half of them wrong
    assert f_measure(BEATS, np.zeros(0)) == 0.0


def test_one_moment_is_right_for_one_beat_only() -> None:
    assert matches(np.array([1.0]), np.array([0.95, 1.0, 1.05]), 0.07) == [(0, 0)]
    assert rightness(np.array([1.0]), np.array([0.95, 1.0, 1.05])).tolist() == [True, False, False]
    # nearest first would pair (1.06, 1.05) and leave one alone
    assert len(matches(np.array([1.0, 1.06]), np.array([1.05, 1.12]), 0.07)) == 2


@pytest.mark.parametrize(
    ("told", "level"),
    [
        (BEATS + 0.03, "right"),
        (BEATS + 0.25, "half a beat off"),
        (BEATS[::2], "half"),
        (BEATS[1::2], "half"),
        (np.arange(80) * 0.25 + 0.25, "double"),
        (np.arange(30) * 0.66, ""),
        (np.zeros(0), ""),
    ],
)
def test_what_the_beat_was_taken_for(told: np.ndarray, level: str) -> None:
    assert misheard(BEATS, told) == level
    assert (any_level(BEATS, told) > 0.95) == (level != "")
    assert (continuity(BEATS, told) > 0.95) == (level == "right")


def test_the_lock_is_where_two_right_seconds_begin() -> None:
    wrong = BEATS + np.where(BEATS < 5, 0.2, 0.01)
    assert lock_s(BEATS, wrong, 20.0) == 5.25
    assert lock_s(BEATS, BEATS, 20.0) == 0.25
    assert lock_s(BEATS, BEATS[::2], 20.0) == inf  # every second beat is missing
    assert lock_s(BEATS, np.sort(np.r_[BEATS, BEATS + 0.25]), 20.0) == inf  # or one too many
    assert lock_s(BEATS, BEATS + 0.25, 20.0) == inf
    assert lock_s(BEATS, np.r_[BEATS[:1], BEATS[-3:]], 20.0) == inf  # right for the last 1.5 s: too short


def test_tempo_and_error() -> None:
    assert tempo_of(BEATS) == pytest.approx(120.0)
    assert tempo_of(BEATS[:2]) == 0.0
    assert tempo_right(120, 124.7)
    assert not tempo_right(120, 125)
    assert not tempo_right(120, 60)
    assert tempo_right(120, 60, (1, 2, 0.5))
    assert error_ms(BEATS, BEATS + 0.012) == pytest.approx(12.0)
    assert isnan(error_ms(BEATS, BEATS + 0.25))  # none is right


@given(moments, moments)
def test_f_is_a_share_and_the_same_from_either_side(one: np.ndarray, other: np.ndarray) -> None:
    assert 0.0 <= f_measure(one, other) <= 1.0
    assert f_measure(one, other) == pytest.approx(f_measure(other, one))
    assert f_measure(one, one) == 1.0


@given(moments, moments)
def test_continuity_is_a_share_below_that_of_any_level(true: np.ndarray, told: np.ndarray) -> None:
    assert 0.0 <= continuity(true, told) <= any_level(true, told) <= 1.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=50))
def test_every_beat_is_in_one_bin_of_confidence(told: list[tuple[float, bool]]) -> None:
    found = reliability(np.array([one for one, _ in told]), np.array([right for _, right in told], bool))
    assert sum(found.counts) == len(told)
    assert isnan(found.error) if not told else 0.0 <= found.error <= 1.0


def test_calibration_error_is_how_far_confidence_is_from_the_share_of_right_beats() -> None:
    right = np.arange(100) < 80
    assert reliability(np.full(100, 0.8), right).error == pytest.approx(0.0)
    assert reliability(np.full(100, 1.0), right).error == pytest.approx(0.2)
    halves = np.where(np.arange(100) < 50, 0.95, 0.05)  # sure of 50 right ones; of the others 30 are right
    assert reliability(halves, right).error == pytest.approx(0.5 * 0.05 + 0.5 * 0.55)


def test_mir_eval_says_the_same() -> None:
    beat = pytest.importorskip("mir_eval.beat")
    rng = np.random.default_rng(0)
    for number in range(200):
        true = np.cumsum(rng.uniform(0.3, 0.7, rng.integers(4, 30)))
        way = [true, true[::2], true + 0.25, np.sort(np.r_[true, true[:-1] + 0.25])][number % 4]
        told = np.sort(way + rng.normal(0, 0.04, len(way)))[rng.random(len(way)) < 0.9]
        if len(told) > 1:
            _, cmlt, _, amlt = beat.continuity(true, told)
            assert (continuity(true, told), any_level(true, told)) == pytest.approx((cmlt, amlt))
            assert f_measure(true, told) == pytest.approx(beat.f_measure(true, told))


def item(name: str = "song", beats: np.ndarray | None = BEATS, **facts: object) -> Item:
    given_ = {"downbeats": None, "onsets": None, "onset_kind": "all", "bpm": 120.0, "phase_known": True, **facts}
    return Item(name, Path(name), beats, **given_)  # type: ignore[arg-type]


def batch(beats: np.ndarray, confidence: float | None = None, tempo: float = 0.0) -> FeatureBatch:
    sure = None if confidence is None else np.full(len(beats), confidence)
    return FeatureBatch(np.zeros(0), None, beats, tempo, beats, None, 0, None if sure is None else beats, sure)


def test_beats_before_six_seconds_count_for_the_lock_alone() -> None:
    heard = np.r_[[0.1, 0.6, 3.4], BEATS[BEATS > 5]]
    row = score(item(), "clean", "livegan", batch(heard, 0.9), 20.0, 2.0)
    assert (row.f, row.cmlt, row.tempo, row.level) == (1.0, 1.0, 1.0, "right")
    assert row.lock_s == 5.25
    assert row.cost_s == pytest.approx(0.1)
    assert sum(row.right) == len(heard) - 3


def test_where_the_phase_is_doubtful_the_tempo_alone_counts() -> None:
    row = score(item(phase_known=False), "clean", "aubio", batch(BEATS + 0.25), 20.0, 1.0)
    assert isnan(row.f)
    assert row.tempo == 1.0


def test_where_there_is_no_beat_those_told_with_confidence_are_counted_and_all_are_wrong() -> None:
    silent = item(beats=None, bpm=0.0)
    assert score(silent, "clean", "livegan", batch(BEATS, 0.4), 20.0, 1.0).beats_a_minute == 0.0
    assert score(silent, "clean", "livegan", batch(BEATS, 0.6), 20.0, 1.0).beats_a_minute == 120.0
    assert score(silent, "clean", "aubio", batch(BEATS), 20.0, 1.0).beats_a_minute == 120.0
    assert not any(score(silent, "clean", "livegan", batch(BEATS, 0.6), 20.0, 1.0).right)


def test_held_out_items_are_told_as_means_of_several_only() -> None:
    rows = [Row(name, "held-out", "clean", "livegan", 120.0, f=0.5) for name in ("a", "b")]
    rows.append(Row("c", "held-out", "clean", "livegan", 0.0, beats_a_minute=7.0))
    assert lone(rows, "beats_a_minute")
    assert not lone(rows, "f")
    named = cells({"held-out": rows}, reveal=False)
    assert named["held-out/clean/livegan/f"] == 0.5
    assert "held-out/clean/livegan/beats_a_minute" not in named
    assert cells({"held-out": rows}, reveal=True)["held-out/clean/livegan/beats_a_minute"] == 7.0
    assert "(one item)" in "\n".join(tables("held-out", rows, reveal=False))


def test_calibration_takes_the_beats_of_all_rows() -> None:
    rows = [Row("a", "tune", "clean", "livegan", 120.0, confidence=[0.9, 0.1], right=[True, False])]
    rows.append(Row("b", "tune", "clean", "livegan", 0.0, confidence=[0.9], right=[False]))
    assert calibration(rows).counts == (0, 1, 0, 0, 0, 0, 0, 0, 0, 2)
    assert calibration([Row("a", "tune", "clean", "aubio", 120.0, f=nan)]).counts == (0,) * 10


def test_what_fell_is_told_by_its_kind() -> None:
    before = {"a/f": 0.9, "a/delay_ms": 9.0, "a/off_count": 0.0, "rest/onsets_a_minute": 1.5, "a/gone": 1.0}
    now = {"a/f": 0.891, "a/delay_ms": 9.9, "a/off_count": 0.0, "rest/onsets_a_minute": 3.4}
    assert [str(fall) for fall in falls(before, now, LIMITS)] == ["a/gone: 1 -> gone"]
    now = {"a/f": 0.85, "a/delay_ms": 10.5, "a/off_count": 1.0, "rest/onsets_a_minute": 9.0, "a/gone": 1.0}
    assert {fall.cell for fall in falls(before, now, LIMITS)} == set(before) - {"a/gone"}
    assert not falls(now, {**now, "a/f": 1.0, "a/delay_ms": 1.0, "a/off_count": 0.0}, LIMITS)  # better is no fall


def test_own_songs_are_read_with_their_beats(tmp_path: Path) -> None:
    for name in ("counted", "plain", "talk", "ignored"):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros((800, 2)), 8000)
    (tmp_path / "counted.beats").write_text("0.5 1\n1.0\t2\n1.5 3  # the third\n\n2.0 1\n")
    (tmp_path / "plain.beats").write_text("0.5\n1.25\n")
    (tmp_path / "talk.beats").write_text("")
    counted, plain, talk = read_items(tmp_path)
    assert counted.beats is not None
    assert counted.beats.tolist() == [0.5, 1.0, 1.5, 2.0]
    assert counted.downbeats is not None
    assert counted.downbeats.tolist() == [0.5, 2.0]
    assert counted.bpm == 120.0
    assert plain.downbeats is None
    assert talk.beats is None
    assert counted.sound().shape == (4800,)  # mono, 48 kHz
    assert {one.group for one in (counted, plain, talk)} == {"tune"}
    assert not HELD_OUT & {one.name for one in (counted, plain, talk)}


def test_a_wrong_line_and_an_empty_folder_say_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"put NAME\.beats"):
        read_items(tmp_path)
    with pytest.raises(MediaError, match=r"no sound with its truth in '.*nowhere'"):
        read_items(tmp_path / "nowhere")
    soundfile.write(tmp_path / "song.wav", np.zeros(800), 8000)
    (tmp_path / "song.beats").write_text("0.5\nhalf past\n")
    with pytest.raises(MediaError, match=r"line 2: 'half past' is no beat"):
        read_items(tmp_path)


def test_levels_have_their_phases() -> None:
    assert [len(ways) for ways in levels(BEATS).values()] == [1, 1, 1, 2]
