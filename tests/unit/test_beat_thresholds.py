"""What is done with a beat of which confidence: pictures, displays, lamps, and other machines."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.config.venue import TimeTable
from livegan.control.osc_feedback import BeatPulse
from livegan.control.osc_state import ShowView
from livegan.core.beat_line import BeatLine
from livegan.core.beat_thresholds import BELIEVED, GUESS, LEADS, MOVES
from livegan.core.clock import ManualClock
from livegan.core.types import FeatureFrame, Layout
from livegan.engine.beat_grid import BeatGrid
from livegan.engine.clocks import Clocks
from livegan.engine.runtime import _tempo
from livegan.features.beat_clock import BeatState
from livegan.features.beat_features import weight
from livegan.features.clock_choice import ChosenClock
from livegan.features.listening import Listening

RATE = 48000
NOISE = (0.1 * np.random.default_rng(0).standard_normal((2 * RATE, 1))).astype(np.float32)
NAMES = ("beat.phase", "bar.phase", "beat.bpm", "beat.confidence")
confidence_ = st.floats(0, 1)


def beat(confidence: float, *, unheard: bool = False) -> BeatState:
    return BeatState(120.0, confidence, 0.0, 0.0, beat=True, downbeat=True, unheard=unheard)


def heard(confidence: float, phase: float = 0.0, time_s: float = 0.0) -> FeatureFrame:
    return FeatureFrame(time_s, Layout(NAMES, (False,) * 4), np.array([phase, 0.0, 120.0, confidence], np.float32))


@settings(deadline=None)
@given(confidence_, confidence_)
def test_a_picture_moves_no_less_with_a_surer_beat(one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert 0 <= weight(beat(low)) <= weight(beat(high)) <= 1
    assert weight(beat(low, unheard=True)) == 1


def test_a_weak_beat_moves_pictures_in_full_and_a_guess_not_at_all() -> None:
    assert weight(beat(GUESS)) == weight(beat(0.0)) == 0
    assert 0 < weight(beat((GUESS + MOVES) / 2)) < 1
    assert weight(beat(MOVES)) == 1
    assert GUESS < MOVES < BELIEVED < LEADS < 1


@pytest.mark.parametrize(("confidence", "height"), [(0.02, 0.0), (0.15, 0.5), (0.25, 1.0), (0.9, 1.0)])
def test_the_pulse_of_a_beat_is_as_high_as_it_is_sure(confidence: float, height: float) -> None:
    clock = SimpleNamespace(bpm=90.0, confidence=confidence, beats_per_bar=3, beats_at=lambda s: s * 1.5)
    asked = ["beat", "downbeat", "beat.phase", "beat.confidence"]
    listening = Listening(RATE, 1, beat_clock=clock, asked=asked, everything=False)
    listening.process(NOISE, 12.0)
    rows = listening.ring.history(listening.ring.written)[1]
    column = {name: rows[40:, listening.layout.index[name]] for name in asked}
    assert column["beat"].max() == pytest.approx(height, abs=0.01)
    assert column["downbeat"].max() == pytest.approx(height, abs=0.01)
    assert column["beat.confidence"].max() == pytest.approx(confidence, abs=1e-6)
    assert column["beat.phase"].max() > 0.95  # that runs on whatever is heard


@settings(deadline=None)
@given(confidence_)
def test_a_beat_leads_other_machines_only_where_it_is_believed(confidence: float) -> None:
    clocks = Clocks(TimeTable(midi_out="Drum"), ManualClock())
    chosen = ChosenClock("listening", "heard", BeatLine(0.0, 0.0, 120.0), confidence)
    clocks.listen(cast("Listening", SimpleNamespace(chosen_clock=chosen)))
    assert (clocks._sent() is None) == (confidence < 0.5)
    assert (clocks._led() is None) == (confidence < 0.7)


@settings(deadline=None)
@given(confidence_)
def test_what_moves_pictures_is_shown_and_waited_for(confidence: float) -> None:
    grid, frame = BeatGrid(), heard(confidence)
    grid.step(frame, 1.0)
    moves = bool(frame["beat.confidence"] >= MOVES)
    assert grid.known == moves
    assert _tempo(frame) == (120.0 if moves else 0.0)


@pytest.mark.parametrize(("confidence", "told"), [(0.1, 0), (0.4, 8)])
def test_lamps_do_not_flash_to_a_guess(confidence: float, told: int) -> None:
    pulse = BeatPulse()
    shown = cast("ShowView", SimpleNamespace(features=heard(confidence)))
    count = 0
    for step in range(401):
        if step % 10 == 0:
            shown = cast("ShowView", SimpleNamespace(features=heard(confidence, step * 0.02 % 1.0, step * 0.01)))
        count += pulse.step(step * 0.01, shown)
    assert count == pytest.approx(told, abs=1)
