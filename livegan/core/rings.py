"""Ring buffers of samples and features: bounded histories with one writer and any number of readers, no lock.

Two marks guard the numbers: one moves *before* they change, one *after*. A reader copies what lies behind the second
and throws away what the first has meanwhile overtaken, so it never sees a half-written row.
"""

from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from livegan.core.sound import SoundWindow
from livegan.core.types import FeatureFrame, Layout, Samples, Vector

Kind = TypeVar("Kind", np.float32, np.float64)
WINDOW_S = 0.25  # of sound that goes with the features of a frame
MARKS_BYTES = 64  # before the rows of a shared ring
STAMPS = 64  # blocks of a sample ring whose time is remembered


class _Rows(Generic[Kind]):
    """A ring of rows of numbers: one writer, many readers."""

    def __init__(self, capacity: int, width: int, kind: type[Kind]) -> None:
        self._rows: NDArray[Kind] = np.zeros((capacity, width), kind)
        self.capacity = capacity
        self._claimed = 0  # rows before this may be changing
        self.written = 0  # rows before this are whole

    def write(self, rows: NDArray[Kind]) -> None:
        """Append rows (n, width); of more than `capacity` only the newest stay."""
        kept = rows[-self.capacity :]
        start = self.written + len(rows) - len(kept)
        end = start + len(kept)
        self._claimed = end
        at = start % self.capacity
        head = min(len(kept), self.capacity - at)
        self._rows[at : at + head] = kept[:head]
        if head < len(kept):
            self._rows[: len(kept) - head] = kept[head:]
        self.written = end

    def read(self, start: int, end: int) -> tuple[int, NDArray[Kind]]:
        """Copy rows start..end; returns the number of the first row that was still whole, and the rows from there."""
        end = min(end, self.written)
        start = max(start, self._claimed - self.capacity, 0)
        if start >= end:
            return end, self._rows[:0].copy()
        at, stop = start % self.capacity, (end - 1) % self.capacity + 1
        copy = self._rows[at:stop].copy() if at < stop else np.concatenate((self._rows[at:], self._rows[:stop]))
        torn = min(max(self._claimed - self.capacity - start, 0), len(copy))
        return start + torn, copy[torn:]

    def read_into(self, out: NDArray[Kind], start: int) -> int:
        """Copy rows from `start` on into `out` (n, width or less) without allocating; how many of them were whole.

        0 if `start` was overwritten.
        """
        end = min(start + len(out), self.written)
        if start >= end or start < self._claimed - self.capacity or start < 0:
            return 0
        at, count, width = start % self.capacity, end - start, out.shape[1]
        head = min(count, self.capacity - at)
        out[:head] = self._rows[at : at + head, :width]
        out[head:count] = self._rows[: count - head, :width]
        return count if start >= self._claimed - self.capacity else 0  # overtaken while it was copied


class SharedRows(_Rows[Kind]):
    """Ring buffer in memory that another process sees too: one writer in either, readers in both.

    Marks and rows become visible in the order in which they are written on x86; elsewhere a reader may, for
    nanoseconds, see a mark before its rows, so what it reads should tell by itself how old it is.
    """

    def __init__(self, capacity: int, width: int, kind: type[Kind], memory: memoryview) -> None:
        """`memory`: at least `size` bytes, zeros before either has begun."""
        self.capacity = capacity
        self._marks = np.frombuffer(memory, np.int64, 2)
        self._rows = np.frombuffer(memory, kind, capacity * width, MARKS_BYTES).reshape(capacity, width)

    @staticmethod
    def size(capacity: int, width: int, kind: type[Kind]) -> int:
        """Bytes of such a ring, a multiple of 64."""
        return MARKS_BYTES + -(-capacity * width * np.dtype(kind).itemsize // 64) * 64

    @property
    def _claimed(self) -> int:
        return int(self._marks[0])

    @_claimed.setter
    def _claimed(self, row: int) -> None:
        self._marks[0] = row

    @property
    def written(self) -> int:
        """Rows before this are whole."""
        return int(self._marks[1])

    @written.setter
    def written(self, row: int) -> None:
        self._marks[1] = row


class SampleRing:
    """Ring buffer of the newest seconds of sound, (n, channels) float32, with the capture time of each block."""

    def __init__(self, channels: int, sample_rate: int, seconds: float = 4.0) -> None:
        """Room for `seconds` of sound."""
        self.channels = channels
        self.sample_rate = sample_rate
        self._samples: _Rows[np.float32] = _Rows(int(seconds * sample_rate), channels, np.float32)
        self._stamps: _Rows[np.float64] = _Rows(STAMPS, 2, np.float64)
        self._stamp = np.zeros((1, 2), np.float64)

    @property
    def written(self) -> int:
        """Samples written since the beginning."""
        return self._samples.written

    @property
    def capacity(self) -> int:
        """How many samples are remembered."""
        return self._samples.capacity

    def write(self, block: Samples, end_s: float) -> None:
        """Append one block (n, channels) whose last sample was heard at `end_s`. For the one writer only."""
        self._stamp[0, 0] = self._samples.written + len(block)
        self._stamp[0, 1] = end_s
        self._samples.write(block)
        self._stamps.write(self._stamp)

    def read(self, start: int, end: int) -> tuple[int, Samples]:
        """Samples start..end that are still remembered, and the number of the first of them."""
        return self._samples.read(start, end)

    def read_into(self, out: Samples, start: int) -> int:
        """Copy samples from `start` on into `out` (n, channels or fewer) without allocating; how many there were."""
        return self._samples.read_into(out, start)

    def time_at(self, sample: int) -> float:
        """When `sample` was heard [s], from the first stamp at or after it (else the newest); 0 before any."""
        newest = self._stamps.written
        _, stamps = self._stamps.read(newest - self._stamps.capacity, newest)
        if not len(stamps):
            return 0.0
        after = int(np.searchsorted(stamps[:, 0], sample))
        end, time_s = stamps[min(after, len(stamps) - 1)]
        return float(time_s - (end - sample) / self.sample_rate)


class SharedSampleRing(SampleRing):
    """Ring buffer of sound in memory that another process sees too."""

    def __init__(self, channels: int, sample_rate: int, memory: memoryview, seconds: float = 4.0) -> None:
        """`memory`: at least `size` bytes, zeros before either has begun."""
        self.channels, self.sample_rate = channels, sample_rate
        capacity = int(seconds * sample_rate)
        stamps_at = SharedRows.size(capacity, channels, np.float32)
        self._samples = SharedRows(capacity, channels, np.float32, memory)
        self._stamps = SharedRows(STAMPS, 2, np.float64, memory[stamps_at:])
        self._stamp = np.zeros((1, 2), np.float64)

    @staticmethod
    def size(channels: int, sample_rate: int, seconds: float = 4.0) -> int:
        """Bytes of such a ring."""
        samples = SharedRows.size(int(seconds * sample_rate), channels, np.float32)
        return samples + SharedRows.size(STAMPS, 2, np.float64)


@dataclass(frozen=True, slots=True)
class FeatureBatch:
    """Batch of hops read at once: a frame of peaks and newest levels, and the mark to read from next."""

    frame: FeatureFrame
    mark: int
    hops: int  # how many hops it covers
    missed: int = 0  # hops that were overwritten, or had become too old, before they were read


class FeatureRing:
    """Ring buffer of time-stamped hops: written by the listening thread, read by any thread."""

    def __init__(self, layout: Layout, capacity: int = 2048, sample_rate: int = 0) -> None:
        """Room for `capacity` hops of ``len(layout.names)`` numbers.

        With a `sample_rate` [Hz], the newest WINDOW_S of the sound behind them are remembered too.
        """
        self.layout = layout
        self._sample_rate, self._window = sample_rate, round(WINDOW_S * sample_rate)
        self._sound: _Rows[np.float32] = _Rows(4 * self._window, 1, np.float32)
        self._hop = 0  # samples in each hop
        self._rows: _Rows[np.float64] = _Rows(capacity, 1 + len(layout.names), np.float64)
        self._row = np.zeros((1, 1 + len(layout.names)), np.float64)
        self._peaks = np.flatnonzero(layout.peaks)

    @property
    def written(self) -> int:
        """Hops written since the beginning."""
        return self._rows.written

    def write(self, time_s: float, values: Vector, sound: Vector | None = None) -> None:
        """Append one hop heard at `time_s`, and its samples: as many in each hop. For the one writer only."""
        if sound is not None and self._window:
            self._hop = len(sound)
            self._sound.write(sound[:, None])
        self._row[0, 0] = time_s
        self._row[0, 1:] = values
        self._rows.write(self._row)

    def since(self, mark: int, oldest_s: float = -inf) -> FeatureBatch | None:
        """All hops from `mark` on as one frame (peaks held, levels newest); None if there is none.

        Those heard before `oldest_s` are left out and counted as missed, all but the newest.
        """
        first, rows = self._rows.read(mark, self._rows.written)
        if not len(rows):
            return None
        end = first + len(rows)
        rows = rows[min(int(np.searchsorted(rows[:, 0], oldest_s)), len(rows) - 1) :]
        values = rows[-1, 1:].astype(np.float32)
        values[self._peaks] = rows[:, 1 + self._peaks].max(axis=0)
        frame = FeatureFrame(float(rows[-1, 0]), self.layout, values, self._sound_until(end))
        return FeatureBatch(frame, end, len(rows), end - len(rows) - max(mark, 0))

    def _sound_until(self, end: int) -> SoundWindow | None:
        """The samples up to the end of hop number `end` - 1; None where there are none."""
        newest = end * self._hop
        _, samples = self._sound.read(newest - self._window, newest)
        return SoundWindow(samples[:, 0], self._sample_rate) if len(samples) else None

    def history(self, hops: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The newest `hops` hops: times (n,) [s] and values (n, features)."""
        _, rows = self._rows.read(self._rows.written - hops, self._rows.written)
        return rows[:, 0], rows[:, 1:]


class Reader:
    """Consumer of a FeatureRing: gets every hop once."""

    def __init__(self, ring: FeatureRing, mark: int = 0) -> None:
        """Begins with hop number `mark`."""
        self._ring = ring
        self._mark = mark

    def read(self, oldest_s: float = -inf) -> FeatureBatch | None:
        """All hops since the last call as one frame (peaks held, levels newest); None if there is none.

        Those heard before `oldest_s` are left out and counted as missed, all but the newest.
        """
        batch = self._ring.since(self._mark, oldest_s)
        if batch is not None:
            self._mark = batch.mark
        return batch
