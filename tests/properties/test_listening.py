"""However the driver slices the sound, the features are the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.audio.test_signals import Clicks
from livegan.core.clock import ManualClock
from livegan.core.rings import SampleRing
from livegan.features import Listening
from livegan.features.beat import BeatTracker
from livegan.features.listening import MAX_LAG_S

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
    assert listening.process(SOUND, 1.0 + len(SOUND) / RATE) == len(SOUND) // 256
    return listening.ring.history(1000)


WHOLE = whole()


@given(cuts)
@settings(max_examples=20, deadline=None)
def test_heard_in_slices_or_in_one_piece(sizes: list[int]) -> None:
    listening = Listening(RATE, 2)
    hops = sum(listening.process(SOUND[start:end], 1.0 + end / RATE) for start, end in sliced(sizes))
    times, rows = listening.ring.history(1000)
    assert hops == listening.ring.written == len(WHOLE[1])
    assert np.array_equal(rows, WHOLE[1])
    assert np.allclose(times, WHOLE[0], atol=1e-9)


@given(cuts, st.integers(1, 5))
@settings(max_examples=20, deadline=None)
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
@settings(max_examples=20, deadline=None)
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


# --- groups ----------------------------------------------------------------------------------------------------------

BAND = (RNG.standard_normal((12_000, 4)) * np.abs(np.sin(np.arange(12_000) / 1200))[:, None] * 0.3).astype(np.float32)
BAND[5000, 2] = np.inf


def grouped(blocks: list[int], **more: object) -> tuple[Listening, np.ndarray]:
    asked = ["drums:onset.bass", "drums:level", "harmonic:chroma.C", "percussive:onset", "drums.low:level"]
    listening = Listening(RATE, 4, groups={"drums": [1, 2], "voice": [3]}, asked=asked, **more)  # type: ignore[arg-type]
    at = 0
    for block in [*blocks, len(BAND)]:
        part = BAND[at : at + block]
        at += len(part)
        listening.process(part, at / RATE)
    return listening, listening.ring.history(1000)[1]


@given(cuts)
@settings(max_examples=3, deadline=None)
def test_groups_too_are_the_same_however_they_are_sliced(sizes: list[int]) -> None:
    assert np.array_equal(grouped(sizes)[1], grouped([])[1])


def test_only_what_was_asked_of_a_group_is_there() -> None:
    listening, rows = grouped([])
    groups = {name.partition(":")[0] for name in listening.layout.names if ":" in name}
    assert groups == {"drums", "harmonic", "percussive", "drums.low"}
    assert {name for name in listening.layout.names if name.startswith("drums:")} == {
        "drums:level",
        *(f"drums:onset{kind}" for kind in ("", ".bass", ".mid", ".treble")),
    }
    assert np.isfinite(rows).all()
    assert set(listening.layout.names) < set(listening.names())
    assert "voice.percussive:beat.phase" in listening.names()


def test_a_group_hears_its_channels_and_no_others() -> None:
    sound = np.zeros((12_000, 4), np.float32)
    sound[:, 2] = BAND[:, 0]
    listening = Listening(RATE, 4, groups={"drums": [1, 2], "voice": [3]}, asked=["drums:level.db", "voice:level.db"])
    listening.process(sound, 0.25)
    last = listening.ring.history(1)[1][0]
    heard = {name: last[i] for name, i in listening.layout.index.items()}
    assert heard["drums:level.db"] == -120
    assert abs(heard["voice:level.db"] - heard["level.db"] - 20 * np.log10(4)) < 0.01


def test_a_group_alone_hears_what_the_main_group_would() -> None:
    alone = Listening(RATE, 2)
    alone.process(BAND[:, :2], 0.5)
    among = Listening(RATE, 4, groups={"drums": [1, 2]}, asked=[f"drums:{name}" for name in alone.layout.names])
    among.process(BAND, 0.5)
    rows, columns = among.ring.history(1000)[1], [among.layout.index[f"drums:{name}"] for name in alone.layout.names]
    assert np.array_equal(rows[:, columns], alone.ring.history(1000)[1])


def test_channels_that_are_not_open_are_silent() -> None:
    listening = Listening(RATE, 2, groups={"drums": [7, 8]}, asked=["drums:onset", "drums:level.lufs"])
    listening.process(BAND[:, :2], 0.5)
    assert listening.ring.history(1)[1][0, listening.layout.index["drums:level.lufs"]] == -120


@pytest.mark.parametrize("name", ["drms:level", "drums:levle", "harmonc:level", "drums.lo:level"])
def test_what_cannot_be_asked_is_refused_with_the_nearest_name(name: str) -> None:
    with pytest.raises(KeyError, match=r"did you mean '(drums|level|harmonic|drums\.low)'"):
        Listening(RATE, 2, groups={"drums": [1, 2]}, asked=[name])


def test_a_gap_is_a_gap_for_every_group() -> None:
    ring = SampleRing(4, RATE, seconds=0.2)
    listening = Listening(RATE, 4, groups={"drums": [1, 2]}, asked=["drums:onset", "low:level"])
    for _ in range(3):
        ring.write(BAND, 1.0)
        listening.follow(ring)
    assert listening.gaps == 2
    assert np.isfinite(listening.ring.history(1000)[1]).all()


@pytest.mark.parametrize("slowness", [0.2, 0.9, 1.5, 4.0])
def test_an_overloaded_machine_hears_less_but_never_late(slowness: float) -> None:
    """Listening takes `slowness` times as long as the sound lasts, on a clock that counts."""
    clock, source, listening = ManualClock(), Clicks(channels=1, sample_rate=RATE), Listening(RATE, 1)
    source.start(0.0)
    lags_s, hops = [], 0
    while clock.now() < 20.0:
        source.poll(clock.now())
        made = listening.follow(source.ring, MAX_LAG_S)
        clock.wait_until(clock.now() + max(made * listening.setup.hop_s * slowness, 0.003))
        hops += made
        if made:
            lags_s.append(clock.now() - listening.ring.history(1)[0][0])
    half = len(lags_s) // 2
    assert max(lags_s) < MAX_LAG_S * slowness + 0.05
    assert max(lags_s[half:]) <= max(lags_s[:half]) + 1e-6, "it does not grow"
    assert (listening.missed > 0) == (listening.gaps > 0) == (slowness > 1)
    assert hops * listening.setup.hop + listening.missed <= source.ring.written


def test_after_a_stall_the_newest_sound_is_heard_first() -> None:
    source, listening = Clicks(channels=1, sample_rate=RATE), Listening(RATE, 1)
    source.start(0.0)
    for step in range(100):
        source.poll(step * 0.01)
        listening.follow(source.ring, MAX_LAG_S)
    source.poll(3.0)
    listening.follow(source.ring, MAX_LAG_S)
    times_s, _ = listening.ring.history(listening.ring.written)
    assert times_s[-1] > 3.0 - 2 * listening.setup.hop_s
    assert np.diff(times_s).max() > 1.5  # what lay between was never heard,
    assert listening.missed > 1.5 * RATE  # and is counted
    assert listening.gaps == 1


def test_the_beat_runs_on_through_a_gap() -> None:
    source, listening = Clicks(bpm=120.0, amplitude=0.8, channels=1, sample_rate=RATE), Listening(RATE, 1)
    source.start(0.0)
    for step in range(1200):
        source.poll(step * 0.01)
        listening.follow(source.ring, MAX_LAG_S)
    clock = listening.beat_clock
    assert isinstance(clock, BeatTracker)
    before = clock.beats_at(clock.time_s)
    heard_s = listening.ring.history(1)[0][0]
    source.poll(13.37)
    listening.follow(source.ring, MAX_LAG_S)
    passed_s = listening.ring.history(1)[0][0] - heard_s
    after = clock.beats_at(clock.time_s)
    assert after - before == pytest.approx(passed_s * clock.bpm / 60.0, abs=0.05)
