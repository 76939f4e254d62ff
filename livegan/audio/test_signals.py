"""Test signals: silence, sine and metronome as audio sources, without a device."""

import numpy as np

from livegan.audio.source import ScheduledSource
from livegan.core.types import Samples


class Silence(ScheduledSource):
    """Source of digital silence, without end."""

    def __init__(self, channels: int = 2, sample_rate: int = 48000) -> None:
        super().__init__("silence", channels, sample_rate)

    def draw(self, start: int, count: int) -> Samples:
        return np.zeros((count, self.ring.channels), np.float32)


class Tone(ScheduledSource):
    """Source of a sine, without end, the same on every channel."""

    def __init__(self, hz: float = 440.0, amplitude: float = 0.5, channels: int = 2, sample_rate: int = 48000) -> None:
        """`hz`: frequency; `amplitude`: 1 is full scale."""
        super().__init__(f"tone {hz:g} Hz", channels, sample_rate)
        self._hz, self._amplitude = hz, amplitude

    def draw(self, start: int, count: int) -> Samples:
        """A sine that starts at 0 with sample 0."""
        turns = np.arange(start, start + count) * (self._hz / self.ring.sample_rate)
        wave = self._amplitude * np.sin(2 * np.pi * (turns % 1.0))
        return np.repeat(wave.astype(np.float32)[:, None], self.ring.channels, axis=1)


class Clicks(ScheduledSource):
    """Metronome source: 5 ms of a decaying 1 kHz tick on every beat, silence between."""

    def __init__(self, bpm: float = 120.0, amplitude: float = 0.8, channels: int = 2, sample_rate: int = 48000) -> None:
        """`bpm`: beats per minute, the first at sample 0."""
        super().__init__(f"clicks {bpm:g} BPM", channels, sample_rate)
        self._period = 60.0 * sample_rate / bpm
        time_s = np.arange(round(0.005 * sample_rate)) / sample_rate
        self._tick = (amplitude * np.cos(2 * np.pi * 1000.0 * time_s) * np.exp(-time_s / 0.001)).astype(np.float32)

    def beat(self, number: int) -> int:
        """The sample at which click `number` (from 0) begins."""
        return round(number * self._period)

    def draw(self, start: int, count: int) -> Samples:
        """The clicks, or parts of clicks, within start..start+count."""
        wave = np.zeros(count, np.float32)
        number = max(0, int((start - len(self._tick)) / self._period))
        while (at := self.beat(number) - start) < count:
            first, last = max(at, 0), min(at + len(self._tick), count)
            if last > first:
                wave[first:last] += self._tick[first - at : last - at]
            number += 1
        return np.repeat(wave[:, None], self.ring.channels, axis=1)
