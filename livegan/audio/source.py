"""Audio source protocol, and the scheduled source that files and test signals share."""

from abc import ABC, abstractmethod
from math import floor
from typing import Protocol

from livegan.core.rings import SampleRing
from livegan.core.types import Samples

BLOCK_S = 256 / 48000  # poll interval of a scheduled source [s]


class Source(Protocol):
    """Audio source. The main thread starts and stops it, another one polls it; any thread may read the ring.

    `poll` may be stuck in a driver that hangs: `stop` returns all the same and leaves the polling thread behind.
    """

    name: str  # for display
    ring: SampleRing  # its sample_rate and channels are the source's
    overruns: int  # blocks the driver says were lost
    notice: str  # "" when all is well, else one short line for the user
    ended: bool  # nothing more will come

    def start(self, now_s: float) -> None:
        """Sound begins at `now_s`. DeviceError or MediaError if it cannot."""
        ...

    def poll(self, now_s: float) -> float:
        """Do what is due: write blocks, reopen a lost device. Returns the seconds until the next call is due.

        On a thread of its own: a hung driver keeps it for ever.
        """
        ...

    def stop(self) -> None:
        """Release the device, within seconds whatever the driver does. Idempotent."""
        ...


class ScheduledSource(ABC):
    """Source whose samples are known beforehand and written when they are due."""

    def __init__(self, name: str, channels: int, sample_rate: int) -> None:
        self.name = name
        self.ring = SampleRing(channels, sample_rate)
        self.overruns = 0
        self.notice = ""
        self.ended = False
        self._start_s: float | None = None

    @abstractmethod
    def draw(self, start: int, count: int) -> Samples:
        """Samples start..start+count, (count, channels), asked for in order; fewer are the last ones."""

    def start(self, now_s: float) -> None:
        """Sample 0 sounds at `now_s`; started again after a stop, it goes on where it stopped."""
        self._start_s = now_s - self.ring.written / self.ring.sample_rate
        self.ended = False

    def poll(self, now_s: float) -> float:
        """Write every sample due by `now_s`, each with its exact time."""
        if self._start_s is None or self.ended:
            return 0.25
        rate = self.ring.sample_rate
        due = floor((now_s - self._start_s) * rate + 1e-6)
        while self.ring.written < due and not self.ended:
            start = self.ring.written
            count = min(due - start, self.ring.capacity)
            block = self.draw(start, count)
            if len(block):
                self.ring.write(block, self._start_s + (start + len(block)) / rate)
            self.ended = len(block) < count
        return BLOCK_S

    def stop(self) -> None:
        """Write no more until started again."""
        self._start_s = None
