"""Sound is never late: what is older than 0.2 s is skipped and counted, and what comes after it is heard at once."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pytest

from livegan.audio.source import ScheduledSource
from livegan.audio.test_signals import Clicks
from livegan.core.clock import ManualClock
from livegan.core.rings import FeatureRing, Reader
from livegan.core.types import Layout
from livegan.engine.report import report
from livegan.features import Listening
from livegan.features.listening import HOPS_AT_ONCE, MAX_LAG_S
from tests.deadline import until
from tests.shows import plain_show

RATE = 48000
HOGS = 4
HOG = "while True: sum(i * i for i in range(10000))"


def a_show(source: ScheduledSource | None = None) -> tuple[ManualClock, ScheduledSource, Listening]:
    """A clock that counts, a source that has begun, and a listening that asks for the least."""
    source = source or Clicks(channels=1, sample_rate=RATE)
    source.start(0.0)
    return ManualClock(), source, Listening(RATE, 1, asked=["onset", "level"], everything=False)


def newest_s(listening: Listening) -> float:
    return float(listening.ring.history(1)[0][0])


def hop_by_hop(clock: ManualClock, source: ScheduledSource, listening: Listening, until_s: float) -> None:
    while clock.now() < until_s:
        clock.wait_until(clock.now() + listening.setup.hop_s)
        source.poll(clock.now())
        listening.follow(source.ring, MAX_LAG_S)


@pytest.mark.parametrize("jump_s", [0.15, 0.3, 3.0, 20.0])
def test_a_clock_that_jumps_makes_a_gap_and_nothing_late(jump_s: float) -> None:
    clock, source, listening = a_show()
    hop_by_hop(clock, source, listening, 1.0)
    before = newest_s(listening)
    clock.wait_until(clock.now() + jump_s)
    source.poll(clock.now())
    heard = listening.follow(source.ring, MAX_LAG_S)
    assert clock.now() - newest_s(listening) <= listening.setup.hop_s
    jumped = jump_s > MAX_LAG_S
    assert listening.gaps == jumped
    assert (listening.missed > 0) == jumped
    times_s = listening.ring.history(heard)[0]
    assert times_s[0] - before > jump_s / 4 if jumped else len(times_s) >= jump_s / listening.setup.hop_s - 1


@pytest.mark.parametrize(("burst_s", "gaps"), [(0.05, 0), (0.15, 0), (0.5, 8)])
def test_a_source_that_delivers_late_and_much_at_once(burst_s: float, gaps: int) -> None:
    clock, source, listening = a_show()
    hops = 0
    while clock.now() < 4.0 - 1e-9:
        clock.wait_until(clock.now() + burst_s)
        source.poll(clock.now())
        hops += listening.follow(source.ring, MAX_LAG_S)
        assert clock.now() - newest_s(listening) <= listening.setup.hop_s
    assert listening.gaps == gaps
    if not gaps:
        assert hops == source.ring.written // listening.setup.hop
        assert listening.missed == 0
    assert hops * listening.setup.hop + listening.missed <= source.ring.written


@pytest.mark.parametrize("slowness", [0.5, 2.0, 6.0])
def test_a_listening_that_is_too_slow_for_the_sound_is_never_later_than_the_limit(
    slowness: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every hop takes `slowness` times its own length, while the source goes on."""
    clock, source, listening = a_show()
    write, hop_s, lags_s = listening.ring.write, listening.setup.hop_s, []

    def slow(time_s: float, values: np.ndarray, sound: object = None) -> None:
        clock.wait_until(clock.now() + slowness * hop_s)
        source.poll(clock.now())
        write(time_s, values)
        lags_s.append(clock.now() - time_s)

    monkeypatch.setattr(listening.ring, "write", slow)
    while clock.now() < 6.0:
        clock.wait_until(clock.now() + hop_s / 2)
        source.poll(clock.now())
        listening.follow(source.ring, MAX_LAG_S)
    assert max(lags_s) <= MAX_LAG_S + (HOPS_AT_ONCE * slowness + 1) * hop_s
    assert (listening.gaps > 0) == (listening.missed > 0) == (slowness > 1)


def test_a_hit_after_a_gap_is_heard_when_it_falls() -> None:
    clock, source, listening = a_show(Clicks(bpm=60.0, channels=1, sample_rate=RATE))
    hop_by_hop(clock, source, listening, 3.5)
    clock.wait_until(7.8)  # three clicks fall into the gap, the next one comes at 8
    source.poll(clock.now())
    listening.follow(source.ring, MAX_LAG_S)
    hop_by_hop(clock, source, listening, 9.5)
    assert listening.gaps == 1
    times_s = [event.time_s for event in listening.events if event.name == "onset"]
    assert [round(time_s) for time_s in times_s if time_s > 3.5] == [8, 9]
    assert np.abs(np.array(times_s) - np.round(times_s)).max() < 0.02


@pytest.fixture
def ring() -> FeatureRing:
    """Ten hops, 0.1 s apart; the peak of hop n is 1 - n / 10."""
    ring = FeatureRing(Layout(("level", "onset"), (False, True)))
    for number in range(10):
        ring.write(number / 10, np.array([number, 1 - number / 10], np.float32))
    return ring


@pytest.mark.parametrize(("oldest_s", "hops"), [(-1.0, 10), (0.0, 10), (0.65, 3), (0.7, 3), (0.9, 1), (5.0, 1)])
def test_the_engine_holds_no_peak_that_is_too_old_and_counts_it(ring: FeatureRing, oldest_s: float, hops: int) -> None:
    reader = Reader(ring)
    batch = reader.read(oldest_s)
    assert batch is not None
    assert (batch.hops, batch.missed, batch.mark) == (hops, 10 - hops, 10)
    assert batch.frame["level"] == 9  # the newest there is, however old
    assert batch.frame["onset"] == pytest.approx(1 - (10 - hops) / 10)
    assert reader.read(oldest_s) is None


def test_what_the_engine_reads_is_at_most_so_old() -> None:
    with plain_show() as running:
        ring, asked = running._listening.ring, []
        since = ring.since
        ring.since = lambda mark, oldest_s: asked.append(running.clock.now() - oldest_s) or since(mark, oldest_s)  # type: ignore[method-assign,func-returns-value]
        until(lambda: len(asked) > 3, "frames")
    assert min(asked) >= MAX_LAG_S


@pytest.fixture
def hogs() -> Iterator[None]:
    """Other programs that take every core."""
    with ExitStack() as running:
        for _ in range(HOGS):
            hog = subprocess.Popen([sys.executable, "-c", HOG])
            running.callback(hog.wait)
            running.callback(hog.kill)
        yield


@pytest.mark.usefixtures("hogs")
def test_beside_busy_programs_the_newest_sound_is_heard() -> None:
    """However little the machine leaves: no piece of sound is taken that was too old, and hits are seen."""
    running = plain_show(Clicks(240.0))
    listening, sound, rate = running._listening, running.source.ring, running.source.ring.sample_rate
    oldest, read = max(MAX_LAG_S * rate, listening._groups[""].past.samples.size + listening.setup.hop), sound.read
    ages: list[float] = []

    def watched(start: int, end: int) -> tuple[int, np.ndarray]:
        if end - start > HOPS_AT_ONCE * listening.setup.hop:  # a gap: it looks at what was written until now
            ages.append(end - start)
        return read(start, end)

    sound.read = watched  # type: ignore[method-assign]
    with running:
        until(lambda: running.latencies.count > 60, "sound beside busy programs", 120)
        until(lambda: (told := running.telemetry.peek()) is not None and told.onset > 0.5, "a hit", 120)
    assert all(age <= oldest + HOPS_AT_ONCE * listening.setup.hop for age in ages)
    assert report(running)["faults"] == 0
    assert (report(running)["skipped_s"] > 0) == (listening.gaps > 0)
