"""Properties of the governor: bounded changes under a constant load, whatever the noise, and always on the ladder."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.engine.governor import Governor, Work
from livegan.engine.ladder import ladder
from livegan.rendering.registry import QualityStep
from tests.machines import HOUSE, Machine, play

MOST_A_MINUTE = 24


@st.composite
def quality_steps(draw: st.DrawFn) -> tuple[QualityStep, ...]:
    """Steps of any number, whose costs fall."""
    costs = sorted(draw(st.sets(st.floats(0.02, 0.99), max_size=5)), reverse=True)
    return tuple(
        QualityStep("full" if at == 0 else f"step {at}", (256 >> at, 448 >> at), cost)
        for at, cost in enumerate([1.0, *costs])
    )


@settings(max_examples=25, deadline=None)
@given(
    steps=quality_steps(),
    full_s=st.floats(0.002, 0.6),
    effects_s=st.floats(0.0, 0.01),
    sigma=st.floats(0.0, 1.0),
    stalls=st.floats(0.0, 0.05),
    fps=st.sampled_from([24.0, 30.0, 60.0, 120.0]),
    seed=st.integers(0, 2**16),
)
def test_under_a_constant_load_it_changes_rarely_whatever_the_noise(
    steps: tuple[QualityStep, ...],
    full_s: float,
    effects_s: float,
    sigma: float,
    stalls: float,
    fps: float,
    seed: int,
) -> None:
    rng = random.Random(seed)

    def noise(index: int) -> float:
        return rng.lognormvariate(0, sigma) * (20.0 if rng.random() < stalls else 1.0)

    governor, rungs = Governor(fps, steps), ladder(steps, fps)
    for frame in play(Machine(full_s, effects_s, noise=noise), governor, 120.0, lambda t: steps):
        assert frame.rung in rungs
    times = [change.time_s for change in governor.changes]
    assert all(sum(start <= each < start + 60 for each in times) <= MOST_A_MINUTE for start in times)


@settings(max_examples=60, deadline=None)
@given(
    frames=st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1e4), st.integers(1, 4)),
        max_size=200,
    ),
    more=st.lists(quality_steps(), max_size=3),
)
def test_whatever_comes_the_rung_is_one_of_the_ladder(
    frames: list[tuple[float, float, float, float, int]], more: list[tuple[QualityStep, ...]]
) -> None:
    governor, steps = Governor(60.0, HOUSE), HOUSE
    for index, (now_s, network_s, effects_s, other_s, pictures) in enumerate(frames):
        if more and index % 40 == 39:
            steps = more[index // 40 % len(more)]
        governor.frame(now_s, Work(network_s, effects_s, other_s, pictures), steps)
        assert governor.rung in ladder(steps, 60.0)
