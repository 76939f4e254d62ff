"""Sound writer of a live recording: blocks are placed at the time they were heard."""

from fractions import Fraction

import numpy as np

from livegan.core.types import Samples
from livegan.errors import MediaError
from livegan.outputs.sound import SoundEncoder

SLACK_S = 0.05  # a block this far from its place still counts as the next one (clock jitter)
MISSING_S = 1  # sound that comes later than its picture by so much is silence
WAITING_BLOCKS = 256  # blocks kept before the first frame
MAX_LIVE_CHANNELS = 2  # of more, left and right are made


def stereo(samples: Samples) -> Samples:
    """(n, channels) with three or more channels to (n, 2): left the mean of channels 1, 3, 5 ..., right of 2, 4 ..."""
    return np.stack([samples[:, side::2].mean(axis=1) for side in (0, 1)], axis=1)


class LiveSoundWriter:
    """Live sound encoder; gaps are filled with silence; sound before the first frame, or too late, is left out."""

    def __init__(self, out: SoundEncoder, channels: int) -> None:
        """Nothing is written before `begin`. Blocks have `channels`; `out` as many, at most two."""
        self._out = out
        self._channels = channels
        self._zero_s: float | None = None
        self._waiting: list[tuple[Samples, float | None]] = []

    @property
    def sample_rate(self) -> int:
        return self._out.rate

    def begin(self, time_s: float) -> None:
        """The moment of the first frame [s on the show's clock]: sound starts here."""
        if self._zero_s is None:
            self._zero_s = time_s
            for samples, start_s in self._waiting:
                self.add(samples, start_s)
            self._waiting = []

    def add(self, samples: Samples, start_s: float | None) -> None:
        """The next block (n, channels); `start_s` is when its first sample was heard, None right after the last."""
        if samples.ndim != 2 or samples.shape[1] != self._channels:
            raise MediaError(f"live sound of shape {samples.shape} given, (n, {self._channels}) expected")
        if self._zero_s is None:
            self._waiting = [*self._waiting, (samples, start_s)][-WAITING_BLOCKS:]
            return
        if start_s is not None:
            place = round((start_s - self._zero_s) * self._out.rate)
            off = place - self._out.written
            if abs(off) > SLACK_S * self._out.rate or self._out.written == 0:
                samples = samples[max(0, -off) :]
                self._silence(off)
        clean = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0).clip(-1, 1)
        self._out.write(clean if self._out.channels == self._channels else stereo(clean))

    def _silence(self, length: int) -> None:
        second = self._out.rate
        for done in range(0, length, second):
            self._out.write(np.zeros((min(second, length - done), self._out.channels), np.float32))

    def advance(self, end_s: Fraction) -> None:
        """Write silence for sound that has not come, a sound card that is away, or the picture would not be written."""
        missing = int((end_s - MISSING_S) * self._out.rate) - self._out.written
        if missing > 0:
            self._silence(missing)

    def finish(self) -> None:
        self._out.flush()
