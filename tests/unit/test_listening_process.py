"""The listening process: what it hears is what the stage itself hears, and a show survives its end."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from livegan.core.rings import SampleRing, SharedSampleRing
from livegan.core.shared_memory import SharedMemory, attach
from livegan.features import listening_process
from livegan.features.group import Group
from livegan.features.hop_record_rows import HopRecordRows, Skipped
from livegan.features.listening import MAX_LAG_S, Listening
from livegan.features.listening_process import ListeningProcess
from livegan.features.onset_detection import Onset
from livegan.features.registry import Setup

RATE = 48000
SETUP = Setup(RATE, 2048, 256, 40, -54.0)
BLOCK = 1024
PATIENCE_S = 20.0  # on whatever machine


def beat_music(seconds: float) -> np.ndarray:
    """Kicks at 120 beats a minute over a chord, hats in between; (n, 2)."""
    time_s = np.arange(int(seconds * RATE)) / RATE
    rng = np.random.default_rng(3)
    kick = np.sin(2 * np.pi * 55 * time_s) * np.exp(-(time_s % 0.5) * 18)
    hat = rng.standard_normal(len(time_s)) * np.exp(-((time_s + 0.25) % 0.5) * 60) * 0.3
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (220.0, 277.2, 329.6)) * 0.05
    return np.stack([kick + hat + chord, kick - hat + chord], axis=1).astype(np.float32) * 0.4


class Playing:
    """A ring that fills as fast as it is heard, and what was heard."""

    def __init__(self, listening: Listening, sound: np.ndarray) -> None:
        self.listening, self.sound = listening, sound
        self.ring, self.at = SampleRing(sound.shape[1], RATE), 0

    def play(self, seconds: float, block: int = BLOCK, patience_s: float = PATIENCE_S) -> int:
        """So much more sound, a block at a time; how many hops were heard of it."""
        end, hops = min(self.at + int(seconds * RATE), len(self.sound)), 0
        while self.at < end:
            self.ring.write(self.sound[self.at : min(self.at + block, end)], min(self.at + block, end) / RATE)
            self.at = min(self.at + block, end)
            hops += self.heard(patience_s)
        return hops

    def heard(self, patience_s: float = PATIENCE_S) -> int:
        """Hear what there is, to its end."""
        ring, hops, until_s = self.listening.ring, 0, time.monotonic() + patience_s
        while True:
            hops += self.listening.follow(self.ring, MAX_LAG_S)
            newest = ring.history(1)[0]
            if (len(newest) and newest[0] > (self.at - 256) / RATE) or time.monotonic() > until_s:
                return hops
            time.sleep(0.001)

    def apart(self) -> None:
        """Until the other process hears."""
        until_s = time.monotonic() + PATIENCE_S
        while not self.listening.apart and time.monotonic() < until_s:  # type: ignore[attr-defined]
            self.play(0.01)
            time.sleep(0.03)


@pytest.fixture
def listening() -> Iterator[ListeningProcess]:
    stage = ListeningProcess(RATE, 2, groups={"left": (1,)}, asked=["left:onset.bass", "harmonic:level"])
    stage.start()
    yield stage
    stage.close()


def test_it_hears_what_the_stage_itself_hears(listening: ListeningProcess) -> None:
    playing = Playing(listening, beat_music(9.0))
    playing.apart()
    assert listening.apart
    assert listening.process_id is not None
    first = len(listening.ring.history(2000)[0])
    playing.play(4.0)
    times, rows = listening.ring.history(2000)
    assert len(times) > first + 600  # the greater part was heard there
    itself = Listening(RATE, 2, groups={"left": (1,)}, asked=["left:onset.bass", "harmonic:level"])
    itself.process(playing.sound[: playing.at], playing.at / RATE)
    same_times, same_rows = itself.ring.history(len(times))
    np.testing.assert_allclose(times, same_times, atol=1e-9)
    np.testing.assert_array_equal(rows, same_rows)
    assert [(event.name, event.strength) for event in listening.events] == [
        (event.name, event.strength) for event in itself.events
    ]
    assert {"onset", "left:onset.bass"} <= {event.name for event in listening.events}
    assert abs(listening.beat_clock.bpm - 120) < 2  # type: ignore[union-attr]
    np.testing.assert_array_equal(
        listening.ring.since(listening.ring.written - 1).frame.sound.samples[-256:],  # type: ignore[union-attr]
        itself.ring.since(itself.ring.written - 1).frame.sound.samples[-256:],  # type: ignore[union-attr]
    )


def test_groups_that_nobody_reads_are_zero_until_they_are_wanted(listening: ListeningProcess) -> None:
    playing = Playing(listening, beat_music(8.0))
    playing.apart()
    place = listening.layout.index["left:onset.bass"]
    listening.wanted = frozenset({""})
    playing.play(0.5)
    playing.play(1.0)
    assert not listening.ring.history(150)[1][:, place].any()
    listening.wanted = frozenset({"", "left"})
    playing.play(1.5)
    assert listening.ring.history(150)[1][:, place].any()


def test_a_show_hears_by_itself_after_the_process_was_killed(
    listening: ListeningProcess, caplog: pytest.LogCaptureFixture
) -> None:
    playing = Playing(listening, beat_music(8.0))
    playing.apart()
    process = listening.process_id
    assert process is not None
    os.kill(process, signal.SIGKILL)
    playing.play(0.5)
    assert not listening.apart
    assert listening.process_id is None
    assert "hears by itself" in caplog.text
    before = listening.ring.written
    assert playing.play(1.0) == listening.ring.written - before >= 180
    assert not Path(f"/proc/{process}").exists()


def test_another_process_follows_one_that_ended_but_not_for_ever(listening: ListeningProcess) -> None:
    playing, now_s = Playing(listening, beat_music(30.0)), 0.0
    assert not listening.notice
    for ended in range(1, listening_process.MOST_ENDED + 1):
        playing.apart()
        assert listening.process_id is not None
        assert not listening.notice
        os.kill(listening.process_id, signal.SIGKILL)
        playing.play(0.5, patience_s=0.3)
        assert "hears by itself" in listening.notice
        listening.poll(now_s)
        assert listening.process_id is None, "not at once"
        listening.poll(now_s + listening_process.AGAIN_S - 0.1)
        assert listening.process_id is None
        now_s += listening_process.AGAIN_S
        listening.poll(now_s)
        assert (listening.process_id is None) == (ended == listening_process.MOST_ENDED)
    assert f"{listening_process.MOST_ENDED} times" in listening.notice


def test_a_process_that_hangs_is_ended(listening: ListeningProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening_process, "PATIENCE", 5)
    monkeypatch.setattr(listening_process, "SOON", 2)
    playing = Playing(listening, beat_music(8.0))
    playing.apart()
    assert listening.process_id is not None
    os.kill(listening.process_id, signal.SIGSTOP)
    playing.play(0.3, patience_s=0.0)
    assert listening.process_id is None
    before = listening.ring.written
    playing.play(0.5)
    assert listening.ring.written - before >= 80


def test_sound_that_is_too_old_is_left_out_and_counted(listening: ListeningProcess) -> None:
    playing = Playing(listening, beat_music(9.0))
    playing.apart()
    missed = listening.missed
    playing.play(1.5, block=int(1.5 * RATE))  # all at once
    assert listening.apart
    assert listening.gaps >= 1
    assert listening.missed - missed > RATE
    assert abs(listening.ring.history(1)[0][0] - playing.at / RATE) < 0.01


def test_without_a_start_or_where_it_cannot_be_it_is_the_stage_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    never = ListeningProcess(RATE, 2)
    assert Playing(never, beat_music(0.5)).play(0.4) > 70
    assert not never.apart
    never.close()
    monkeypatch.setattr(Group, "own_features", False, raising=False)
    monkeypatch.setattr(Group, "__setattr__", _all_but("own_features"))
    foreign = ListeningProcess(RATE, 2)
    foreign.start()
    assert foreign.process_id is None


def _all_but(left_out: str) -> Callable[[object, str, object], None]:
    def assign(self: object, name: str, value: object) -> None:
        if name != left_out:
            object.__setattr__(self, name, value)

    return assign


def test_a_process_that_cannot_begin_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening_process, "module_command", lambda module: ["/bin/false"])
    stage = ListeningProcess(RATE, 2)
    stage.start()
    playing = Playing(stage, beat_music(2.0))
    hops = 0
    until_s = time.monotonic() + PATIENCE_S
    while stage.process_id is not None and time.monotonic() < until_s:
        hops += playing.play(0.02)
        time.sleep(0.01)
    assert stage.process_id is None
    assert hops > 0
    assert stage.gaps == 0


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no memory as files here")
def test_without_memory_for_it_there_is_none_and_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = set(Path("/dev/shm").glob("livegan-*"))
    monkeypatch.setattr(os, "posix_fallocate", full)
    stage = ListeningProcess(RATE, 2)
    stage.start()
    monkeypatch.undo()
    monkeypatch.setattr(listening_process, "module_command", lambda module: ["/nowhere/python"])
    other = ListeningProcess(RATE, 2)
    other.start()
    assert stage.process_id is other.process_id is None
    assert set(Path("/dev/shm").glob("livegan-*")) <= before


def test_rows_bring_over_everything_that_a_group_heard() -> None:
    groups = {name: Group(SETUP, ["onset", "level", "beat"], half=True) for name in ("", "left")}
    rows = HopRecordRows(groups, SETUP.hop, SETUP.hop_s)
    sound = beat_music(0.1)
    for group in groups.values():
        group.step(sound[:256])
    onset, activations = Onset("mid", 0.04, 0.7), np.arange(7, dtype=np.float32) / 8
    groups["left"].onsets = [onset, Onset("", 0.04, 0.9)]
    groups["left"].activations = [(activations, 0.003)]
    out = np.zeros(rows.width)
    rows.pack(72000, Skipped(0.25, 12000, 2), {"left"}, out)
    assert rows.skipped(out) == (72000, Skipped(0.25, 12000, 2))
    records = rows.records(out)
    assert list(records) == ["left"]
    assert records["left"].onsets == [onset, Onset("", 0.04, 0.9)]
    np.testing.assert_array_equal(records["left"].activations[0][0], activations)
    assert records["left"].activations[0][1] == pytest.approx(0.003)
    np.testing.assert_array_equal(records["left"].sound, groups["left"].sound)
    np.testing.assert_array_equal(records["left"].values, groups["left"].row)


def test_two_processes_share_one_ring_whose_name_is_gone_at_once() -> None:
    memory = SharedMemory(SharedSampleRing.size(2, RATE))
    here = SharedSampleRing(2, RATE, memory.bytes)
    there = SharedSampleRing(2, RATE, attach(memory.name))
    assert not Path(memory.name).exists()
    here.write(np.full((300, 2), 0.25, np.float32), 2.0)
    assert there.written == 300
    first, samples = there.read(100, 300)
    assert (first, len(samples), float(samples[0, 1])) == (100, 200, 0.25)
    assert there.time_at(300) == 2.0
    for _ in range(60):
        here.write(np.zeros((8000, 2), np.float32), 3.0)
    first, samples = there.read(0, there.written)
    assert first == there.written - there.capacity
    memory.forget()


class Beside:
    """The stage itself beside the one with a process, on one ring; blocks may be stamped early or late."""

    def __init__(self, listening: ListeningProcess, sound: np.ndarray) -> None:
        self.listening, self.sound, self.at = listening, sound, 0
        self.itself = Listening(RATE, 2, groups={"left": (1,)}, asked=["left:onset.bass", "harmonic:level"])
        self.ring = SampleRing(2, RATE)

    def put(self, late_s: float = 0.0, block: int = 480) -> None:
        self.ring.write(self.sound[self.at : self.at + block], (self.at + block) / RATE + late_s)
        self.at += block
        self.itself.follow(self.ring)
        self.listening.follow(self.ring)

    def heard(self) -> None:
        """Until both have heard as much."""
        until_s = time.monotonic() + PATIENCE_S
        while self.listening.ring.written < self.itself.ring.written and time.monotonic() < until_s:
            self.listening.follow(self.ring)
            time.sleep(0.002)
        assert self.listening.ring.written == self.itself.ring.written

    def apart(self) -> None:
        until_s = time.monotonic() + PATIENCE_S
        while not self.listening.apart and time.monotonic() < until_s:
            self.put()
            time.sleep(0.02)
        assert self.listening.apart
        self.heard()


def test_whatever_the_times_of_blocks_not_a_hop_is_lost(listening: ListeningProcess) -> None:
    both = Beside(listening, beat_music(12.0))
    both.apart()
    for late_s in (0.008, 0.012, 0.03):
        for number in range(60):
            both.put(late_s if number % 2 else 0.0)
            if number % 5 == 0:
                both.heard()
    both.heard()
    for ours, theirs in zip(listening.ring.history(2000), both.itself.ring.history(2000), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert listening.missed == both.itself.missed == 0


def test_after_a_process_was_killed_the_clock_is_where_it_was(listening: ListeningProcess) -> None:
    both = Beside(listening, beat_music(12.0))
    both.apart()
    assert listening.process_id is not None
    os.kill(listening.process_id, signal.SIGKILL)
    for _ in range(60):
        both.put()
        time.sleep(0.002)
    both.heard()
    assert listening.notice
    assert listening.missed == 0
    assert listening._groups[""].tracker.time_s == both.itself._groups[""].tracker.time_s  # type: ignore[union-attr]


def test_a_slow_start_is_not_held_against_it(listening: ListeningProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening_process, "PATIENCE", 20)
    monkeypatch.setattr(listening_process, "SOON", 2)
    both = Beside(listening, beat_music(12.0))
    both.put(block=4800)
    until_s = time.monotonic() + PATIENCE_S
    while not listening.apart and time.monotonic() < until_s:
        listening.follow(both.ring)
        time.sleep(0.001)
    both.put()
    listening.follow(both.ring)
    assert listening.process_id is not None
    both.heard()
    assert not listening.notice


def test_one_that_takes_no_more_words_holds_nobody_up(listening: ListeningProcess) -> None:
    fcntl = pytest.importorskip("fcntl")
    worker = listening._worker
    assert worker is not None
    assert worker._process.stdin is not None
    os.kill(worker.process_id, signal.SIGSTOP)
    fcntl.fcntl(worker._process.stdin, 1031, 4096)  # F_SETPIPE_SZ
    both = Beside(listening, beat_music(12.0))

    def play() -> None:
        for number in range(6000):
            listening.wanted = frozenset({"", "left"} if number % 2 else {""})
            both.put(block=64)

    playing = threading.Thread(target=play, daemon=True)
    playing.start()
    playing.join(60)
    assert not playing.is_alive()
    assert listening.process_id is None


def test_one_that_is_started_while_the_show_ends_is_ended(
    listening: ListeningProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, made = Beside(listening, beat_music(12.0)), []
    both.apart()

    class Late(listening_process._Worker):
        def __init__(self, *words: Any) -> None:
            listening.close()
            super().__init__(*words)
            made.append(self)

    assert listening.process_id is not None
    os.kill(listening.process_id, signal.SIGKILL)
    for _ in range(60):
        both.put()
        time.sleep(0.002)
    monkeypatch.setattr(listening_process, "_Worker", Late)
    listening.poll(0.0)
    listening.poll(listening_process.AGAIN_S)
    assert len(made) == 1
    assert made[0]._process.poll() is not None
    assert listening.process_id is None
