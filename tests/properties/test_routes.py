"""Laws of routes: time steps, thresholds, holds, events and seeded probability."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.config.scene import RouteTable, Scene
from livegan.core.types import Layout
from livegan.engine.patch_bay import PatchBay
from livegan.mapping.curves import CURVES
from livegan.mapping.event_gate import EventCounter, EventGate
from livegan.mapping.route import Route
from tests.building import VOCABULARY, heard, patch_of

UNIT = st.floats(0, 1)
TIMES = st.sampled_from([0.0, 0.01, 0.3, 2.0])


@given(
    st.lists(st.tuples(UNIT, st.floats(0.001, 1)), min_size=1, max_size=8),
    st.integers(2, 9),
    *(TIMES, TIMES, TIMES, UNIT),
    st.sampled_from(["up", "down", "both"]),
)
def test_many_small_steps_of_a_route_equal_one_large(
    heard: list[tuple[float, float]],
    parts: int,
    attack_s: float,
    release_s: float,
    hold_s: float,
    threshold: float,
    polarity: str,
) -> None:
    once, often = (
        Route(2.0, "square", attack_s, release_s, threshold=threshold, hold_s=hold_s, polarity=polarity)  # type: ignore[arg-type]
        for _ in range(2)
    )
    for value, dt_s in heard:
        large = once.push(value, dt_s)
        small = [often.push(value, dt_s / parts) for _ in range(parts)][-1]
        assert small == pytest.approx(large, abs=1e-6)
        assert -2 <= large <= 2


@given(st.floats(-10, 200), st.floats(-50, 50), st.floats(1, 100))
def test_the_input_range_becomes_nothing_to_full(source: float, low: float, width: float) -> None:
    forwards = Route(1.0, low=low, high=low + width).push(source, 0.1)
    backwards = Route(1.0, low=low + width, high=low).push(source, 0.1)
    assert forwards == pytest.approx(min(max((source - low) / width, 0), 1), abs=1e-9)
    assert backwards == pytest.approx(1 - forwards, abs=1e-9)


def test_polarity_pushes_up_down_or_to_both_sides() -> None:
    def pushed(polarity: str) -> list[float]:
        return [Route(3.0, polarity=polarity).push(x, 0.1) for x in (0.0, 0.5, 1.0)]  # type: ignore[arg-type]

    assert pushed("up") == [0, 1.5, 3]
    assert pushed("down") == [0, -1.5, -3]
    assert pushed("both") == [-3, 0, 3]
    assert Route(3.0, polarity="both").push(0.0, 0.1, gate=False) == 0


def test_a_threshold_opens_and_shuts_at_different_levels() -> None:
    route = Route(1.0, threshold=0.5, hysteresis=0.2)
    assert [route.push(x, 0.1) for x in (0.4, 0.49, 0.5, 0.31, 0.29, 0.4, 0.9)] == [0, 0, 0.5, 0.31, 0, 0, 0.9]


@given(st.floats(0, 1), st.floats(0.001, 1), st.lists(UNIT, min_size=1, max_size=50))
def test_a_trembling_feature_does_not_chatter_at_a_threshold(level: float, slack: float, tremble: list[float]) -> None:
    route = Route(1.0, threshold=0.5, hysteresis=slack)
    route.push(1.0, 0.1)
    pushed = [route.push(0.5 - slack + 1e-6 + slack * x, 0.1) for x in tremble if 0.5 - slack > 0]
    assert all(push > 0 for push in pushed)


@pytest.mark.parametrize("fps", [24, 30, 60, 144])
def test_a_hit_is_held_and_then_falls_at_any_frame_rate(fps: int) -> None:
    route = Route(1.0, hold_s=0.5)
    heard = [1.0 if i == 0 else 0.0 for i in range(fps)]
    pushed = [route.push(value, 1 / fps) for value in heard]
    lit_s = sum(push == 1 for push in pushed) / fps
    assert lit_s == pytest.approx(0.5, abs=1.5 / fps)
    assert set(pushed) == {0.0, 1.0}


def pulses(times_s: list[float], fps: int, seconds: float) -> list[float]:
    """A feature like `beat` as frames see it: the peak of a pulse, or the newest where none came."""
    hops = np.arange(0, seconds, 256 / 48000)
    row = np.zeros(len(hops))
    for time_s in times_s:
        row = np.maximum(row, np.where(hops >= time_s, np.exp(-(hops - time_s) / 0.12), 0))
    frames = (hops * fps).astype(int)
    seen = [0.0]
    for i in range(int(seconds * fps)):
        new = row[frames == i]
        seen.append(float(new.max()) if len(new) else seen[-1])
    return seen[1:]


@pytest.mark.parametrize("fps", [15, 24, 30, 60, 144, 240])
@pytest.mark.parametrize("bpm", [60, 128, 174, 220])
def test_every_beat_is_one_event_at_any_frame_rate(fps: int, bpm: int) -> None:
    times_s = list(np.arange(0.31, 9.9, 60 / bpm))
    counter = EventCounter()
    found = [i / fps for i, value in enumerate(pulses(times_s, fps, 10.0)) if counter.step(value)]
    assert counter.count == len(times_s)
    np.testing.assert_allclose(found, times_s, atol=1.1 / fps + 0.006)


def gated(every: int, probability: float, seed: tuple[int, ...], fps: int = 60) -> list[int]:
    """The beats (of 200, one every half second) at which the gate opened."""
    gate, was, opened = EventGate(every, probability, seed), False, []
    for i in range(100 * fps):
        is_open = gate.step(1.0 if i % (fps // 2) == 0 else 0.0)
        if is_open and i % (fps // 2) == 0:
            opened.append(2 * i // fps)
        was = was or is_open
    return opened


def test_every_nth_beat_opens_the_gate_until_the_next() -> None:
    assert gated(4, 1.0, (0,)) == list(range(0, 200, 4))
    gate = EventGate(every=2)
    assert [gate.step(x) for x in (0, 1, 0.2, 0, 0.9, 0.1, 1, 0)] == [
        *(False, True, True, True),
        *(False, False, True, True),
    ]


@pytest.mark.parametrize("every", [4, 8])
@pytest.mark.parametrize("upbeats", [0, 1, 2, 3])
def test_every_fourth_beat_is_the_first_of_a_bar_once_bars_are_known(every: int, upbeats: int) -> None:
    gate, opened = EventGate(every), []
    for beat in range(40):
        if gate.step(1.0, 1.0 if beat % 4 == upbeats else 0.1):
            opened.append(beat)
        gate.step(0.0)
    settled = [beat for beat in opened if beat >= upbeats + 4]
    assert [beat % 4 for beat in settled] == [upbeats] * len(settled)
    assert set(np.diff(settled)) == {every}


def test_other_counts_and_other_bars_are_not_moved() -> None:
    three, waltz = EventGate(3), EventGate(4)
    for beat in range(30):
        assert three.step(1.0, float(beat % 4 == 1)) == (beat % 3 == 0)
        assert waltz.step(1.0, float(beat % 3 == 1)) == (beat % 4 == 0)
        three.step(0.0)
        waltz.step(0.0)


def test_a_probability_is_kept_and_its_choices_are_those_of_the_seed() -> None:
    some = gated(1, 0.3, (7, 0))
    assert 40 < len(some) < 80
    assert gated(1, 0.3, (7, 0), fps=144) == some
    assert gated(1, 0.3, (7, 1)) != some
    assert gated(1, 0.3, (8, 0)) != some
    assert gated(1, 0.0, (7, 0)) == []
    assert set(gated(1, 0.3, (7, 0))) <= set(gated(1, 0.6, (7, 0))), "more likely adds beats, and takes none away"


LAYOUT = Layout(("beat", "bass"), (True, False))


def test_a_scene_plays_the_same_twice_and_another_seed_otherwise() -> None:
    def show(seed: int) -> list[float]:
        table = RouteTable(
            source="0.5 + 0.5*bass", target="noise", amount=1, attack_s=0, release_s=0, every=2, probability=0.5
        )
        bay = PatchBay(Scene(title="T", seed=seed, routes=(table, table)), LAYOUT)
        heard = [np.array([i % 30 == 0, 0.5], np.float32) for i in range(3000)]
        return [push for values in heard for _, push in bay.pushes(values, 1 / 60)]

    first = show(3)
    assert set(first) == {0.0, 0.75}
    assert first == show(3)
    assert first != show(4)
    assert first[::2] != first[1::2], "each route draws its own"


BOUNDED = st.floats(-1e6, 1e6)
TABLES = st.builds(
    RouteTable,
    source=st.sampled_from(["bass", "onset", "1/(bass - 0.5)", "1e6*bass*(onset - 0.5)", "sin(1e9*bass)"]),
    target=st.sampled_from(["effect.glow", "w[0:4]", "react", "network.position", "truncation"]),
    amount=BOUNDED,
    range=st.tuples(BOUNDED, BOUNDED).filter(lambda ends: abs(ends[0] - ends[1]) > 1e-5),
    threshold=UNIT,
    hysteresis=UNIT,
    curve=st.sampled_from(CURVES.names()),
    polarity=st.sampled_from(["up", "down", "both"]),
    attack_s=st.floats(0, 10),
    hold_s=st.floats(0, 30),
    release_s=st.floats(0, 30),
    every=st.integers(1, 9),
    count=st.just("onset"),
    probability=UNIT,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(TABLES, min_size=1, max_size=6), st.lists(st.tuples(UNIT, UNIT, st.floats(0, 1)), max_size=12))
def test_whatever_routes_push_every_parameter_stays_in_its_range(
    tables: list[RouteTable], sounds: list[tuple[float, float, float]]
) -> None:
    patch = patch_of(Scene(title="T", network="plain", routes=tuple(tables)))
    known = VOCABULARY.of_scene(patch.scene).parameters
    for bass, onset, dt_s in sounds:
        values = patch.values(heard(bass=bass, onset=onset).values, dt_s)
        assert all(known[name].low <= value <= known[name].high for name, value in values.items())
