"""Callback of one sound card stream: copies blocks into a ring, and resamples those of a card with another rate.

The callback runs on PortAudio's thread: it copies and counts. A card that has not the ring's sample rate fills a ring
of its own, from which `move`, on the polling thread, resamples into the other (soxr).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.rings import SampleRing
from livegan.core.types import Samples

MOVE_S = 0.005  # between two calls of `move`, where it is needed
STAGED_S = 1.0  # of sound that waits for `move` at most


class RingOwner:
    """Which of two threads may write a ring: that of the driver, or that of the fallback sound while it has `lent`.

    Without a lock: the driver's thread first says that it delivers and then looks here; the fallback first sets `lent`
    and then looks whether the driver delivers.
    """

    def __init__(self) -> None:
        self.lent = False


class Capture:
    """Capture callback: writes into the ring until it is `closed`, whatever the driver still delivers."""

    def __init__(
        self,
        ring: SampleRing,
        owner: RingOwner,
        channels: int,
        sample_rate: int,
        block: int,
        now: Callable[[], float],
        count_overrun: Callable[[], None],
    ) -> None:
        """`channels` and `sample_rate` [Hz] are the card's; missing channels are copies of those there are."""
        self.sample_rate = sample_rate
        self.heard_s: float | None = None  # when it was last called
        self.age_s = 0.0  # of the last sample, by the driver; 0 where it makes it up
        self.closed = False
        self._ring, self._owner, self._now, self._count_overrun = ring, owner, now, count_overrun
        self._in = ring if sample_rate == ring.sample_rate else SampleRing(ring.channels, sample_rate, STAGED_S)
        self._map: NDArray[np.intp] | None = None  # ring column -> device channel, where they differ in number
        if channels != ring.channels:
            self._map = np.arange(ring.channels) % channels
        self._mapped: Samples = np.zeros((block, ring.channels), np.float32)
        self._resampler: Any = None
        self._mark = 0  # samples of `_in` that were resampled

    @property
    def resamples(self) -> bool:
        """Whether `move` must be called."""
        return self._in is not self._ring

    def __call__(self, block: Samples, frames: int, times: Any, status: Any) -> None:
        """PortAudio calls this on its own thread: copy and count, nothing else."""
        now_s = self._now()
        if self.closed:
            return
        self.heard_s = now_s
        if status.input_overflow:
            self._count_overrun()
        age_s = times.currentTime - times.inputBufferAdcTime - frames / self.sample_rate  # of the last sample
        self.age_s = age_s if 0.0 < age_s < 60.0 else 0.0  # some drivers make it up
        if not self._owner.lent or self.resamples:
            self._write(block, frames, now_s - min(self.age_s, 1.0))

    def _write(self, block: Samples, frames: int, end_s: float) -> None:
        if self._map is None:
            self._in.write(block, end_s)
            return
        for start in range(0, frames, len(self._mapped)):  # once, unless the driver hands over more than was asked for
            part = block[start : start + len(self._mapped)]
            mapped = self._mapped[: len(part)]
            np.take(part, self._map, axis=1, out=mapped, mode="clip")  # "raise" would make a copy first
            self._in.write(mapped, end_s - (frames - start - len(part)) / self.sample_rate)

    def move(self) -> None:
        """Resample what came since the last call. Only on the polling thread, and only if it `resamples`."""
        if self._resampler is None:
            import soxr  # late: only a card that came back with another rate needs it

            self._resampler = soxr.ResampleStream(
                self.sample_rate, self._ring.sample_rate, self._ring.channels, dtype="float32", quality="MQ"
            )
        first, samples = self._in.read(self._mark, self._in.written)
        if not len(samples):
            return
        self._mark = first + len(samples)
        out = self._resampler.resample_chunk(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0))
        if len(out) and not self._owner.lent:
            self._ring.write(out, self._in.time_at(self._mark))
