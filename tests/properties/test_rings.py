"""The rings under a racing writer: no torn row, order kept, peaks held, what was missed is counted."""

import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.rings import FeatureRing, Reader, SampleRing
from livegan.core.types import Layout

CHANNELS = 16
READS = 4000


@pytest.fixture(autouse=True)
def _racing() -> Iterator[None]:
    """Let threads change places as often as Python can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def numbered(start: int, count: int) -> np.ndarray:
    """Rows that carry their own number (exact in float32) on every channel."""
    numbers = (np.arange(start, start + count) % (1 << 20)).astype(np.float32)
    return np.repeat(numbers[:, None], CHANNELS, axis=1)


@pytest.mark.parametrize("block", [1, 7, 64, 300])
def test_a_racing_writer_tears_no_sample(block: int) -> None:
    ring = SampleRing(CHANNELS, 256, seconds=1.0)
    done = threading.Event()

    def write() -> None:
        at = 0
        while not done.is_set():
            ring.write(numbered(at, block), (at + block) / 256)
            at += block

    writer = threading.Thread(target=write)
    writer.start()
    try:
        read = 0
        while read < READS:
            end = ring.written
            first, rows = ring.read(end - 250, end)
            if not len(rows):
                continue
            read += 1
            assert first + len(rows) == end
            assert np.array_equal(rows, numbered(first, len(rows)))
    finally:
        done.set()
        writer.join()


def test_a_racing_reader_of_features_sees_every_hop_once_and_in_order() -> None:
    ring = FeatureRing(Layout(("number", "peak"), (False, True)), capacity=64)
    hops = 20_000
    row = np.zeros(2, np.float32)

    def write() -> None:
        for number in range(hops):
            row[0], row[1] = number, number % 97
            ring.write(float(number), row)

    writer = threading.Thread(target=write)
    writer.start()
    mark = seen = missed = 0
    while mark < hops:
        heard = ring.since(mark)
        if heard is None:
            continue
        first = heard.mark - heard.hops
        assert first == mark + heard.missed
        assert heard.frame.time_s == heard.mark - 1 == heard.frame["number"]
        assert heard.frame["peak"] == max(number % 97 for number in range(first, heard.mark))
        seen += heard.hops
        missed += heard.missed
        mark = heard.mark
    writer.join()
    assert seen + missed == hops
    assert ring.since(mark) is None


@given(st.lists(st.integers(0, 90), min_size=1, max_size=30), st.integers(1, 40), st.integers(0, 80))
@settings(max_examples=200, deadline=None)
def test_a_ring_remembers_exactly_its_newest_rows(sizes: list[int], capacity: int, ask: int) -> None:
    ring = SampleRing(1, capacity, seconds=1.0)
    story = np.zeros((0, 1), np.float32)
    for size in sizes:
        block = numbered(len(story), size)[:, :1]
        ring.write(block, len(story) + size)
        story = np.concatenate((story, block))
        first, rows = ring.read(len(story) - ask, len(story))
        assert first == max(0, len(story) - min(ask, capacity))
        assert np.array_equal(rows, story[first:])
    assert ring.written == len(story)
    first, rows = ring.read(len(story) + 5, len(story) + 10)
    assert not len(rows)


@given(st.lists(st.integers(1, 90), min_size=1, max_size=80), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_the_time_of_a_sample_is_that_of_its_block(sizes: list[int], where: float) -> None:
    ring = SampleRing(1, 1000)
    assert ring.time_at(0) == 0.0
    for size in sizes:
        ring.write(np.zeros((size, 1), np.float32), 5.0 + (ring.written + size) / 1000)
    sample = int(where * ring.written)
    assert ring.time_at(sample) == pytest.approx(5.0 + sample / 1000, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=60))
@settings(max_examples=200, deadline=None)
def test_peaks_are_held_and_levels_are_the_newest(story: list[tuple[int, bool]]) -> None:
    ring = FeatureRing(Layout(("level", "onset"), (False, True)), capacity=8)
    mark, since = 0, []
    for number, (value, ask) in enumerate(story):
        ring.write(number, np.array([value, value], np.float32))
        since.append(value)
        if ask:
            heard = ring.since(mark)
            assert heard is not None
            assert heard.missed == max(0, len(since) - 8)
            assert heard.hops == min(len(since), 8)
            assert heard.frame["level"] == value
            assert heard.frame["onset"] == max(since[-8:])
            mark, since = heard.mark, []
            assert ring.since(mark) is None


@given(st.integers(0, 700), st.integers(1, 400), st.integers(1, CHANNELS), st.integers(1, 90))
@settings(max_examples=80, deadline=None)
def test_reading_into_an_array_is_reading(start: int, count: int, width: int, block: int) -> None:
    ring = SampleRing(CHANNELS, 256, seconds=1.0)
    for at in range(0, 600, block):
        ring.write(numbered(at, block), 0.0)
    out = np.full((count, width), -1.0, np.float32)
    got = ring.read_into(out, start)
    first, rows = ring.read(start, start + count)
    assert got == (len(rows) if first == start else 0)
    assert np.array_equal(out[:got], rows[:got, :width])
    assert (out[got:] == -1.0).all()


def test_a_racing_writer_tears_no_sample_that_is_read_into_an_array() -> None:
    ring = SampleRing(CHANNELS, 256, seconds=1.0)
    done = threading.Event()

    def write() -> None:
        at = 0
        while not done.is_set():
            ring.write(numbered(at, 64), 0.0)
            at += 64

    writer = threading.Thread(target=write)
    writer.start()
    try:
        out, read = np.zeros((200, CHANNELS), np.float32), 0
        while read < READS:
            start = max(0, ring.written - 250)
            count = ring.read_into(out, start)
            read += 1
            assert np.array_equal(out[:count], numbered(start, count))
    finally:
        done.set()
        writer.join()


@given(st.lists(st.integers(0, 40), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_a_reader_gets_every_hop_once_and_counts_what_it_missed(writes: list[int]) -> None:
    ring = FeatureRing(Layout(("level",), (True,)), capacity=30)
    reader, other = Reader(ring), Reader(ring)
    hops = missed = 0
    for count in writes:
        for _ in range(count):
            ring.write(float(ring.written), np.array([float(ring.written)], np.float32))
        batch = reader.read()
        if batch is not None:
            hops, missed = hops + batch.hops, missed + batch.missed
            assert batch.frame.time_s == ring.written - 1
        assert reader.read() is None
    assert hops + missed == ring.written
    batch = other.read()  # another one has a mark of its own
    assert (batch.hops if batch else 0) == min(ring.written, 30)
