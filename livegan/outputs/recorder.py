"""Recorder: a bounded queue in front of an output, so that a slow disk never holds up the show."""

import threading
from typing import Protocol, runtime_checkable

from livegan.core.channels import Inbox
from livegan.core.types import Frame, Samples
from livegan.errors import MediaError
from livegan.outputs.output import Output


@runtime_checkable
class Hearing(Protocol):
    """An output that takes sound too."""

    def send_audio(self, samples: Samples, sample_rate: int, start_s: float | None = None) -> None:
        """One block (n, channels)."""
        ...


class Recorder:
    """Takes frames without ever waiting; a thread that calls `work` again and again hands them on.

    What does not fit is counted. An output that fails is given up: `notice` says why, the show goes on.
    """

    def __init__(self, output: Output, capacity: int = 32) -> None:
        """Room for `capacity` frames and sixteen times as many blocks of sound."""
        self._output = output
        self._frames: Inbox[Frame] = Inbox(capacity)
        self._sound: Inbox[tuple[Samples, int, float | None]] = Inbox(16 * capacity)
        self._bell = threading.Event()
        self._turn = threading.Lock()  # held by whoever touches the output
        self._closing = self._closed = False
        self.written = 0
        self.notice = ""

    @property
    def dropped(self) -> int:
        """Frames that found no room."""
        return self._frames.dropped

    @property
    def missed_blocks(self) -> int:
        """Blocks of sound that found no room."""
        return self._sound.dropped

    def send(self, frame: Frame) -> None:
        """Leave a frame; returns at once."""
        if not self._closing:
            self._frames.put(frame)
            self._bell.set()

    def send_audio(self, samples: Samples, sample_rate: int, start_s: float | None = None) -> None:
        """Leave a block of sound; returns at once. Outputs that take none never see it."""
        if not self._closing and isinstance(self._output, Hearing):
            self._sound.put((samples, sample_rate, start_s))
            self._bell.set()

    def work(self, timeout_s: float | None = None) -> int:
        """Wait for something to do, at most `timeout_s`, and do all of it; returns how many frames were written."""
        self._bell.wait(timeout_s)
        self._bell.clear()
        with self._turn:
            return self._hand_on()

    def _hand_on(self) -> int:
        before = self.written
        try:
            while not (self._closed or self.notice):
                blocks, frame = self._sound.drain(), self._frames.take()
                if isinstance(self._output, Hearing):
                    for block in blocks:
                        self._output.send_audio(*block)
                if frame is None:
                    break
                self._output.send(frame)
                self.written += 1
        except MediaError as error:
            self.notice = str(error)
        return self.written - before

    def close(self, limit_s: float = 10.0) -> None:
        """Write what waits and close the output. Twice is fine.

        If the thread that works is stuck in the output for longer than `limit_s` (a disk that hangs), the output is
        left as it is and `notice` says so.
        """
        self._closing = True
        self._bell.set()
        if not self._turn.acquire(timeout=limit_s):
            self.notice = self.notice or "the recording was not finished in time; its end is missing"
            return
        try:
            self._finish()
        finally:
            self._turn.release()

    def _finish(self) -> None:
        if self._closed:
            return
        self._hand_on()
        self._closed = True
        try:
            self._output.close()
        except MediaError as error:
            self.notice = self.notice or str(error)
