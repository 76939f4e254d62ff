"""However the driver slices the sound, the features are the same."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.rings import SampleRing
from livegan.features import Listening

RATE = 48000
RNG = np.random.default_rng(3)
SOUND = (RNG.standard_normal((9000, 2)) * np.abs(np.sin(np.arange(9000) / 900))[:, None] * 0.3).astype(np.float32)
SOUND[4000, 0] = np.nan

cuts = st.lists(st.integers(1, 1500), min_size=1, max_size=40)


def sliced(sizes: list[int]) -> list[tuple[int, int]]:
    edges, at = [], 0
    for size in sizes:
        edges.append((at, min(at + size, len(SOUND))))
        at = edges[-1][1]
    return [*edges, (at, len(SOUND))]


def whole() -> tuple[np.ndarray, np.ndarray]:
    listening = Listening(RATE, 2)
    assert listening.hear(SOUND, 1.0 + len(SOUND) / RATE) == len(SOUND) // 256
    return listening.ring.history(1000)


WHOLE = whole()


@given(cuts)
@settings(max_examples=60, deadline=None)
def test_heard_in_slices_or_in_one_piece(sizes: list[int]) -> None:
    listening = Listening(RATE, 2)
    hops = sum(listening.hear(SOUND[start:end], 1.0 + end / RATE) for start, end in sliced(sizes))
    times, rows = listening.ring.history(1000)
    assert hops == listening.ring.written == len(WHOLE[1])
    assert np.array_equal(rows, WHOLE[1])
    assert np.allclose(times, WHOLE[0], atol=1e-9)


@given(cuts, st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_followed_now_and_then_or_heard_in_one_piece(sizes: list[int], every: int) -> None:
    listening, ring = Listening(RATE, 2), SampleRing(2, RATE)
    hops = 0
    for number, (start, end) in enumerate(sliced(sizes)):
        ring.write(SOUND[start:end], 1.0 + end / RATE)
        if number % every == 0:
            hops += listening.follow(ring)
    hops += listening.follow(ring)
    times, rows = listening.ring.history(1000)
    assert hops == len(WHOLE[1])
    assert listening.missed == 0
    assert np.array_equal(rows, WHOLE[1])
    assert np.allclose(times, WHOLE[0], atol=1e-9)


@given(st.integers(0, 60_000), st.integers(1, 4000))
@settings(max_examples=40, deadline=None)
def test_who_falls_behind_skips_and_counts(late: int, block: int) -> None:
    ring = SampleRing(1, RATE, seconds=0.5)
    listening = Listening(RATE, 1)
    listening.follow(ring)
    written = 0
    while written < 10_000:
        ring.write(np.full((block, 1), 0.1, np.float32), written / RATE)
        written += block
    listening.follow(ring)
    for _ in range(late // block):
        ring.write(np.full((block, 1), 0.1, np.float32), written / RATE)
        written += block
    missed = listening.missed
    listening.follow(ring)
    gap = (late // block) * block - ring.capacity
    assert listening.missed - missed == max(0, gap)
    assert listening.follow(ring) == 0


def test_a_gap_is_not_heard_as_a_beginning() -> None:
    ring = SampleRing(1, RATE, seconds=0.5)
    sound = (0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE * 4) / RATE)).astype(np.float32)[:, None]
    listening = Listening(RATE, 1)
    for start in range(0, RATE, 480):
        ring.write(sound[start : start + 480], (start + 480) / RATE)
        listening.follow(ring)
    before = listening.ring.written
    for start in range(RATE, RATE * 3 + 117, 117):
        ring.write(sound[start : start + 117], (start + 117) / RATE)
    listening.follow(ring)
    rows = listening.ring.history(listening.ring.written - before)[1]
    assert listening.missed > RATE
    assert rows[:, listening.layout.index["onset"]].max() < 0.01


def test_times_never_run_backwards_though_stamps_may() -> None:
    ring, listening = SampleRing(1, RATE), Listening(RATE, 1)
    jitter = np.random.default_rng(0).normal(0, 0.004, 400)
    for number in range(400):
        ring.write(np.zeros((256, 1), np.float32), (number + 1) * 256 / RATE + jitter[number])
        listening.follow(ring)
    times, _ = listening.ring.history(1000)
    assert (np.diff(times) >= 0).all()
    assert np.abs(times - np.arange(1, 401) * 256 / RATE).max() < 0.02
