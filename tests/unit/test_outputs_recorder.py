"""The recorder: never waits, counts what it drops, ends in time."""

import threading

import numpy as np

from livegan.core.types import Frame, FramePlan, Samples
from livegan.errors import MediaError
from livegan.outputs.memory import Memory
from livegan.outputs.recorder import Recorder

EMPTY = np.zeros(0, np.float32)


def frame(index: int) -> Frame:
    return Frame(np.zeros((2, 2, 3), np.uint8), FramePlan(index, 0.0, 0.0, EMPTY, EMPTY), 0.0, 0.0)


class Hearing(Memory):
    """A memory for sound too."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Samples] = []

    def send_audio(self, samples: Samples, sample_rate: int, start_s: float | None = None) -> None:
        self.blocks.append(samples)


class Stuck(Memory):
    """An output whose disk hangs until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()

    def send(self, frame: Frame) -> None:
        self.asked.set()
        self.go.wait()
        super().send(frame)


def work(recorder: Recorder, over: threading.Event) -> None:
    """The engine's thread."""
    while not over.is_set():
        recorder.work(0.01)


class Full(Memory):
    """An output whose disk is full."""

    def send(self, frame: Frame) -> None:
        raise MediaError("the disk is full")


def test_what_does_not_fit_is_dropped_and_counted() -> None:
    memory = Memory()
    recorder = Recorder(memory, capacity=4)
    for index in range(10):
        recorder.send(frame(index))
    assert recorder.dropped == 6
    assert recorder.work(0) == 4
    assert [kept.plan.index for kept in memory.frames] == [0, 1, 2, 3]
    assert recorder.work(0) == 0


def test_closing_writes_what_waits_and_closes_the_output() -> None:
    memory = Memory()
    recorder = Recorder(memory)
    recorder.send(frame(0))
    recorder.close()
    recorder.send(frame(1))
    assert len(memory.frames) == recorder.written == 1
    assert memory.closed


def test_a_thread_hands_on_what_comes_and_closing_does_the_rest() -> None:
    memory = Memory()
    recorder = Recorder(memory, capacity=1000)
    over = threading.Event()
    thread = threading.Thread(target=work, args=(recorder, over), name="livegan-recorder")
    thread.start()
    for index in range(500):
        recorder.send(frame(index))
    over.set()
    thread.join()
    recorder.close()
    recorder.close()
    assert [kept.plan.index for kept in memory.frames] == list(range(500))
    assert memory.closed
    assert not recorder.dropped


def test_a_stuck_output_holds_up_neither_the_show_nor_its_end() -> None:
    stuck = Stuck()
    recorder = Recorder(stuck, capacity=2)
    over = threading.Event()
    thread = threading.Thread(target=work, args=(recorder, over))
    thread.start()
    recorder.send(frame(0))
    stuck.asked.wait()
    over.set()
    for index in range(1, 10):
        recorder.send(frame(index))
    assert recorder.dropped == 7
    recorder.close(limit_s=0.0)
    assert "not finished in time" in recorder.notice
    assert not stuck.closed
    stuck.go.set()
    thread.join()
    assert len(stuck.frames) == 1  # the rest is missing, as was said
    recorder.close()
    assert stuck.closed
    assert len(stuck.frames) == 1


def test_an_output_that_fails_is_given_up_with_a_notice() -> None:
    full = Full()
    recorder = Recorder(full)
    recorder.send(frame(0))
    recorder.send(frame(1))
    recorder.work(0)
    recorder.close()
    assert recorder.notice == "the disk is full"
    assert recorder.written == 0
    assert full.closed


def test_sound_goes_to_outputs_that_hear() -> None:
    hearing, deaf = Hearing(), Memory()
    for output in (hearing, deaf):
        recorder = Recorder(output)
        recorder.send_audio(np.zeros((8, 2), np.float32), 48000)
        recorder.send(frame(0))
        recorder.close()
        assert len(output.frames) == 1
    assert len(hearing.blocks) == 1
