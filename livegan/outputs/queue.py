"""Output queue: a bounded queue in front of an output, so that a slow disk or device never holds up the show."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from livegan.core.channels import Inbox
from livegan.core.guard import Guard, unguarded
from livegan.core.rings import SampleRing
from livegan.core.types import Frame
from livegan.errors import MediaError
from livegan.outputs.registry import Output
from livegan.outputs.window_light import WindowLight

WAIT_S = 0.1  # for a frame, before the thread looks whether the show has ended
CAPACITY = 64  # frames
LIVE_CAPACITY = 2  # frames of a live output: what is older is late
REPEAT_S = 0.5  # without a new frame, before a live output gets the last one again: receivers take silence for an end
SAID_S = 5.0  # how long it is said that frames were dropped; at the end again


class NewestFrames(Inbox[Frame]):
    """Inbox of frames that are seen at once: when it is full the oldest is dropped and counted."""

    def _add(self, value: Frame) -> bool:
        if len(self._values) >= self._capacity:
            self._values.popleft()
            self.dropped += 1
        return super()._add(value)


class OutputQueue(Output):
    """Queue of frames that never blocks its sender; the thread that calls `poll` passes frames and sound to the output.

    Frames that do not fit are dropped and counted. An output that raises MediaError is given up and `notice` says why;
    any other exception goes through `guard`. The show goes on.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Output],
        sound: SampleRing | None = None,
        guard: Guard = unguarded,
        capacity: int = CAPACITY,
        light: WindowLight | None = None,
    ) -> None:
        """`make` opens the output; it is called by `open`. `light`: of a live output."""
        self.name = name
        self.written = 0
        self._make, self._sound, self._guard = make, sound, guard
        self._output: Output | None = None
        self._frames: Inbox[Frame] = Inbox(capacity) if light is None else NewestFrames(LIVE_CAPACITY)
        self._light = light
        self._newest: Frame | None = None  # of a live output, before it is dimmed
        self._sent_s = float("-inf")
        self._mark = 0  # samples of the sound that were passed on
        self._sound_end: int | None = None  # where the sound ends, once it is closed
        self._waiting = threading.Event()
        self._lock = threading.Lock()  # held by the thread that uses the output
        self._closing = False
        self._reason = ""
        self._dropped_s, self._now_s = float("-inf"), 0.0  # when a frame was dropped, and now, by the show's clock

    @property
    def dropped(self) -> int:
        return self._frames.dropped

    @property
    def notice(self) -> str:
        notice = self._reason or (self._output.notice if self._output is not None else "")
        if not notice and self.dropped and (self._closing or self._now_s - self._dropped_s < SAID_S):
            return f"{self.name}: {self.dropped} frames are missing, the disk or this machine is too slow for them all"
        return notice

    @property
    def output(self) -> Output | None:
        """The output itself, once it is open."""
        return self._output

    def open(self) -> None:
        """Open the output; LiveganError if that cannot be."""
        self._output = self._make()
        if self._sound is not None:
            self._mark = self._sound.written

    def send(self, frame: Frame) -> None:
        """Take one frame, or drop and count it; returns at once."""
        if not self._closing:
            before, self._now_s = self.dropped, frame.plan.time_s
            self._frames.put(frame)
            if self.dropped > before:
                self._dropped_s = self._now_s
            self._waiting.set()

    def poll(self, now_s: float) -> float:
        """Wait for a frame, at most `WAIT_S`, and write everything there is; returns 0: call again at once."""
        self._waiting.wait(WAIT_S)
        self._waiting.clear()
        self._now_s = now_s
        with self._lock:
            self._write()
            self._repeat()
        return 0.0

    def close(self, limit_s: float = 10.0) -> None:
        """Write what waits and close the output. Idempotent.

        If the output's thread is stuck in one frame for longer than `limit_s` (a disk that hangs), the output is left
        as it is and `notice` says so.
        """
        if not self._closing and self._sound is not None:
            self._sound_end = self._sound.written  # what is heard while the rest is written is no part of it
        self._closing = True
        self._waiting.set()
        written = self.written
        while not self._lock.acquire(timeout=limit_s):
            if written == self.written:
                self._reason = self._reason or f"{self.name} was not finished in time; its end is missing"
                return
            written = self.written
        try:
            self._write()
            if self._output is not None:
                self._call(self._output.close)
        finally:
            self._lock.release()

    def _write(self) -> None:
        if self._output is None or self._reason:
            return
        while not self._reason:
            self._write_sound(self._output)  # before each frame: while the output is the slower they never run out
            if self._reason or (frame := self._frames.take()) is None:
                return
            self._send(self._output, frame)
            self.written += not self._reason

    def _send(self, output: Output, frame: Frame) -> None:
        if self._light is not None:
            self._newest, self._sent_s = frame, self._now_s
            frame = self._light.shown(frame, self._now_s)
        self._call(partial(output.send, frame))

    def _repeat(self) -> None:
        """Send the newest frame again where none came for a while, or none while the light changes."""
        if self._light is None or self._newest is None or self._output is None or self._reason or self._closing:
            return
        self._light.follow(self._now_s)
        silent_s = self._now_s - self._sent_s
        if silent_s >= REPEAT_S or (silent_s >= WAIT_S / 2 and self._light.moving):
            again = replace(self._newest, plan=replace(self._newest.plan, time_s=self._now_s))
            self._send(self._output, again)

    def _write_sound(self, output: Output) -> None:
        if self._sound is None or not output.takes_sound:
            return
        end = self._sound.written if self._sound_end is None else self._sound_end
        first, samples = self._sound.read(self._mark, end)
        if len(samples):
            self._mark = first + len(samples)
            self._call(partial(output.send_audio, samples, self._sound.sample_rate, self._sound.time_at(first)))

    def _call(self, work: Callable[[], None]) -> None:
        def attempt() -> None:
            try:
                work()
            except MediaError as error:
                self._reason = self._reason or str(error)

        self._guard(f"output {self.name}", attempt, None)
