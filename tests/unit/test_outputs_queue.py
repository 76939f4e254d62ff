"""The output queue: never waits, counts what it drops, ends in time."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from livegan.core.rings import SampleRing
from livegan.core.types import Frame, FramePlan, Samples
from livegan.errors import MediaError
from livegan.outputs.memory import Memory
from livegan.outputs.queue import SAID_S, OutputQueue
from livegan.outputs.registry import Output

EMPTY = np.zeros(0, np.float32)


def frame(index: int, time_s: float = 0.0) -> Frame:
    return Frame(np.zeros((2, 2, 3), np.uint8), FramePlan(index, time_s, 0.0, EMPTY, EMPTY), 0.0, 0.0)


class Hearing(Memory):
    """A memory for sound too."""

    takes_sound = True

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[tuple[Samples, int, float | None]] = []

    def send_audio(self, samples: Samples, sample_rate: int, start_s: float | None = None) -> None:
        self.blocks.append((samples, sample_rate, start_s))


class Stuck(Memory):
    """An output whose disk hangs until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()

    def send(self, frame: Frame) -> None:
        self.asked.set()
        self.go.wait()
        super().send(frame)


class Full(Memory):
    """An output whose disk is full."""

    def send(self, frame: Frame) -> None:
        raise MediaError("the disk is full")


def opened(output: Output, **options: Any) -> OutputQueue:
    queue = OutputQueue("test", lambda: output, **options)
    queue.open()
    return queue


def poll_until(queue: OutputQueue, over: threading.Event) -> None:
    """The output's thread."""
    while not over.is_set():
        queue.poll(0.0)


def test_what_does_not_fit_is_dropped_and_counted() -> None:
    memory = Memory()
    queue = opened(memory, capacity=4)
    for index in range(10):
        queue.send(frame(index))
    assert queue.dropped == 6
    queue.poll(0.0)
    assert queue.written == 4
    assert [kept.plan.index for kept in memory.frames] == [0, 1, 2, 3]


def test_that_frames_were_dropped_is_said_at_once_for_a_while_and_at_the_end() -> None:
    queue = opened(Memory(), capacity=1)  # nobody polls: its thread is stuck
    for _ in range(3):
        queue.send(frame(0, 10.0))
    assert queue.notice.startswith("test: 2 frames are missing")
    queue.poll(10.0)
    assert queue.notice.startswith("test: 2 frames are missing")
    queue.send(frame(1, 10.0 + SAID_S))
    assert not queue.notice
    queue.close()
    assert queue.notice.startswith("test: 2 frames are missing")


def test_closing_writes_what_waits_and_closes_the_output() -> None:
    memory = Memory()
    queue = opened(memory)
    queue.send(frame(0))
    queue.close()
    queue.send(frame(1))
    assert len(memory.frames) == queue.written == 1
    assert memory.closed


def test_an_output_that_was_never_opened_closes_too() -> None:
    queue = OutputQueue("test", Memory)
    queue.send(frame(0))
    queue.close()
    assert queue.output is None
    assert not queue.written


def test_a_thread_writes_what_comes_and_closing_does_the_rest() -> None:
    memory = Memory()
    queue, over = opened(memory, capacity=1000), threading.Event()
    thread = threading.Thread(target=poll_until, args=(queue, over), name="livegan-output-test")
    thread.start()
    for index in range(500):
        queue.send(frame(index))
    over.set()
    thread.join()
    queue.close()
    queue.close()
    assert [kept.plan.index for kept in memory.frames] == list(range(500))
    assert memory.closed
    assert not queue.dropped


def test_a_stuck_output_holds_up_neither_the_show_nor_its_end() -> None:
    stuck = Stuck()
    queue, over = opened(stuck, capacity=2), threading.Event()
    thread = threading.Thread(target=poll_until, args=(queue, over))
    thread.start()
    queue.send(frame(0))
    stuck.asked.wait()
    over.set()
    for index in range(1, 10):
        queue.send(frame(index))
    assert queue.dropped == 7
    queue.close(limit_s=0.0)
    assert "not finished in time" in queue.notice
    assert not stuck.closed
    stuck.go.set()
    thread.join()
    assert len(stuck.frames) == 1  # the rest is missing, as was said
    queue.close()
    assert stuck.closed
    assert len(stuck.frames) == 1


def test_an_output_that_fails_is_given_up_with_a_notice() -> None:
    full = Full()
    queue = opened(full)
    queue.send(frame(0))
    queue.send(frame(1))
    queue.poll(0.0)
    queue.close()
    assert queue.notice == "the disk is full"
    assert queue.written == 0
    assert full.closed


@pytest.mark.parametrize("method", ["send", "close"])
def test_whatever_else_it_raises_goes_through_the_guard(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[str] = []

    def guard(name: str, work: Callable[[], Any], fallback: Any) -> Any:
        try:
            return work()
        except ZeroDivisionError:
            faults.append(name)
            return fallback

    memory = Memory()
    monkeypatch.setattr(memory, method, lambda *_: 1 / 0)
    queue = opened(memory, guard=guard)
    queue.send(frame(0))
    queue.poll(0.0)
    queue.close()
    assert faults == ["output test"]


def test_sound_goes_to_outputs_that_take_it_and_begins_where_the_queue_was_opened() -> None:
    hearing, deaf = Hearing(), Memory()
    ring = SampleRing(2, 48000)
    ring.write(np.ones((8, 2), np.float32), 1.0)
    for output in (hearing, deaf):
        queue = opened(output, sound=ring)
        ring.write(np.full((16, 2), 0.5, np.float32), 1.0 + 16 / 48000)
        queue.send(frame(0))
        queue.close()
        assert len(output.frames) == 1
    ((samples, sample_rate, start_s),) = hearing.blocks
    assert samples.shape == (16, 2)
    assert (samples == 0.5).all()
    assert sample_rate == 48000
    assert start_s == pytest.approx(1.0)


RATE, SOUND = 48000, 1600  # samples a second, and heard with each frame


class Slower(Hearing):
    """An output for which two more frames, and their sound, are waiting each time that it has written one."""

    def __init__(self, ring: SampleRing, frames: int) -> None:
        super().__init__()
        self.ring, self.queue = ring, OutputQueue("test", lambda: self, sound=ring, capacity=4)
        self.frames_to_come = frames
        self.queue.open()

    def hear(self) -> None:
        self.ring.write(np.full((SOUND, 2), 0.5, np.float32), (self.ring.written + SOUND) / RATE)

    def show(self) -> None:
        self.hear()
        self.queue.send(frame(0, self.ring.written / RATE))
        self.frames_to_come -= 1

    def send(self, frame: Frame) -> None:
        super().send(frame)
        for _ in range(min(2, self.frames_to_come)):
            self.show()


def test_an_output_that_is_slower_than_the_show_misses_frames_and_no_sound() -> None:
    ring = SampleRing(2, RATE)
    slower = Slower(ring, 3 * ring.capacity // SOUND)
    slower.show()
    slower.queue.poll(0.0)
    slower.queue.close()
    assert slower.queue.dropped > 100
    assert sum(len(samples) for samples, _, _ in slower.blocks) == ring.written == 3 * ring.capacity
    ends = np.cumsum([len(samples) for samples, _, _ in slower.blocks]) / RATE
    assert [start_s for _, _, start_s in slower.blocks] == pytest.approx([0.0, *ends[:-1]])


def test_what_is_heard_while_the_last_frames_are_written_is_no_part_of_the_show() -> None:
    slower = Slower(SampleRing(2, RATE), 4)
    for _ in range(4):
        slower.show()
    monitor = slower.send

    def late(frame: Frame) -> None:
        slower.hear()
        monitor(frame)

    slower.send = late  # type: ignore[method-assign]
    slower.queue.close()
    assert len(slower.frames) == 4
    assert sum(len(samples) for samples, _, _ in slower.blocks) == 4 * SOUND
