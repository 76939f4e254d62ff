"""The figures of musicality are those of pictures whose answer to a sound is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from livegan.studio.musicality import Musicality, Score, judge, onset_strength

FPS, RATE = 60.0, 48000
CLICKS_S = tuple(0.5 + 0.47 * i for i in range(24))
SCORE = Score(CLICKS_S, CLICKS_S, CLICKS_S, (1.0, 11.5), (13.0, 14.0))


def clicks() -> NDArray[np.float32]:
    sound = np.zeros((14 * RATE, 2), np.float32)
    for click_s in CLICKS_S:
        at = round(click_s * RATE)
        sound[at : at + 480] = np.random.default_rng(at).uniform(-1, 1, (480, 2))
    return sound


def film(late_s: float, missed: int = 0, drift: float = 0.0) -> NDArray[np.float32]:
    """Brightness that jumps `late_s` after each click but every `missed`-th and decays; beside a steady drift."""
    times = np.arange(14 * round(FPS)) / FPS
    light = np.zeros(len(times))
    for i, click_s in enumerate(CLICKS_S):
        if not missed or i % missed:
            since = times - click_s - late_s
            light = np.maximum(light, np.where(since >= -1e-9, np.exp(-since / 0.15), 0))
    wave = drift * np.sin(2 * np.pi * 0.3 * times)
    cells = np.stack([0.4 + 0.4 * light, 0.5 + wave], axis=1)
    return cells.astype(np.float32)


def figures(brightness: NDArray[np.float32], delay_s: float = 0.0) -> Musicality:
    strength = onset_strength(clicks(), RATE, FPS)[: len(brightness)]
    return judge(strength, brightness, SCORE, FPS, delay_s)


@pytest.mark.parametrize("late_s", [0.0, 0.05, 0.2])
def test_the_lag_of_a_picture_is_found(late_s: float) -> None:
    found = figures(film(late_s))
    assert found.lag_ms == pytest.approx(late_s * 1e3 + 8, abs=12)
    assert found.correlation > 0.8


def test_an_answer_within_a_tenth_of_a_second_counts_and_a_later_one_does_not() -> None:
    assert figures(film(0.06)).answered == 1
    assert figures(film(0.15)).answered == 0
    assert figures(film(0.06, missed=2)).answered == pytest.approx(0.5, abs=0.05)


def test_a_picture_that_drifts_answers_nothing() -> None:
    drifting = figures(film(0.0, missed=1, drift=0.3))
    assert drifting.answered == drifting.anywhere == 0
    assert abs(drifting.correlation) < 0.3


def test_silence_is_compared_with_playing() -> None:
    assert figures(film(0.0)).silence < 0.01
    assert figures(film(0.0, drift=0.3)).silence > 0.2


def test_the_lag_at_beats_and_a_delay_of_the_screen() -> None:
    assert figures(film(0.05)).beat_lag_ms == pytest.approx(58, abs=9)
    assert figures(film(-0.04), delay_s=0.04).beat_lag_ms == pytest.approx(8, abs=9)
    assert figures(film(0.05), delay_s=0.03).answered == 1
    assert figures(film(0.05), delay_s=0.07).answered == 0


def test_a_picture_that_never_changes_has_figures_too() -> None:
    still = figures(np.full((840, 2), 0.5, np.float32))
    assert (still.answered, still.correlation, still.silence) == (0, 0, 0)
    assert all(np.isfinite(value) for value in still.facts().values())
