"""Listening: every sample in, one row of features per hop out, however the driver slices the sound."""

from collections.abc import Callable
from math import log10

import numpy as np

from livegan.core.rings import FeatureRing, SampleRing
from livegan.core.types import Layout, Samples, Vector
from livegan.features.clean import mono
from livegan.features.gate import Gate
from livegan.features.hop import Hop
from livegan.features.mel import triangles
from livegan.features.range import Range
from livegan.features.registry import FEATURES, Setup
from livegan.features.spectrum import Spectrum


def cut_for(sample_rate: int, window: int, hop: int) -> tuple[int, int]:
    """`window` and `hop` as meant at 48 kHz, for another rate: the window the nearest power of two, the hop alike."""
    scaled = 2 ** round(np.log2(window * sample_rate / 48000))
    return scaled, max(1, round(hop * scaled / window))


class Listening:
    """The listening stage. One thread owns it; anyone may read its `ring`."""

    def __init__(
        self,
        sample_rate: int,
        channels: int,
        *,
        window: int = 2048,
        hop: int = 256,
        bands: int = 40,
        gate_db: float = -54.0,
    ) -> None:
        """`window` and `hop` in samples at 48 kHz, scaled for other rates; `gate_db`: quieter is silence [dBFS]."""
        if sample_rate < 8000 or window < 64 or not 1 <= hop <= window // 2 or not 4 <= bands <= 512:
            raise ValueError(f"cannot listen at {sample_rate} Hz with window {window}, hop {hop}, {bands} bands")
        window, hop = cut_for(sample_rate, window, hop)
        self.setup = Setup(sample_rate, window, hop, bands, gate_db)
        self.channels = channels
        self.missed = 0  # samples that were overwritten before they could be heard
        self.gaps = 0  # how often it fell so far behind
        self._features = [FEATURES[name](self.setup) for name in FEATURES]
        names = tuple(name for feature in self._features for name in feature.names)
        peaks = tuple(feature.peak for feature in self._features for _ in feature.names)
        self.layout = Layout(names, peaks)
        self.ring = FeatureRing(self.layout)
        self._row: Vector = np.zeros(len(names), np.float32)
        ends = np.cumsum([len(feature.names) for feature in self._features])
        self._parts = [
            self._row[end - len(feature.names) : end] for feature, end in zip(self._features, ends, strict=True)
        ]
        self._spectrum = Spectrum(window, hop)
        self._triangles = triangles(bands, window, sample_rate)
        self._level = Range(1, self.setup.hop_s, gate_db)
        self._gate = Gate(gate_db, self.setup.hop_s)
        self._power: Vector = np.zeros(window // 2 + 1, np.float32)
        self._mono: Vector = np.zeros(hop, np.float32)
        self._waiting: Samples = np.zeros((hop, channels), np.float32)
        self._filled = 0
        self._mark: int | None = None  # next sample of the followed ring
        self._time_s = float("-inf")

    def hear(self, samples: Samples, end_s: float) -> int:
        """Listen to `samples` (n, channels) whose last was heard at `end_s`; returns how many hops that completed."""
        rate, count = self.setup.sample_rate, len(samples)
        return self._take(samples, lambda sample: end_s - (count - sample) / rate)

    def follow(self, sound: SampleRing) -> int:
        """Listen to everything new in `sound`; returns how many hops that completed. Never waits.

        What was overwritten meanwhile is counted in `missed`, and how often that happened in `gaps`; listening goes on
        behind the gap as if it had always listened there, so that the gap itself is not heard as a beginning.
        """
        if self._mark is None:
            self._mark = max(0, sound.written - sound.capacity)
        first, samples = sound.read(self._mark, sound.written)
        if first > self._mark:
            self.missed += first - self._mark
            self.gaps += 1
            lead = min(len(samples), self.setup.window)
            cleaned = np.zeros(lead, np.float32)
            mono(samples[:lead], cleaned)
            self._spectrum.fill(cleaned)
            self._filled = 0
            first, samples = first + lead, samples[lead:]
        self._mark = first + len(samples)
        return self._take(samples, lambda sample: sound.time_at(first + sample))

    def _take(self, samples: Samples, time_of: Callable[[int], float]) -> int:
        """Cut `samples` into hops; `time_of(n)`: when the n-th of them had been heard."""
        hop, at, hops = self.setup.hop, 0, 0
        while at < len(samples):
            count = min(hop - self._filled, len(samples) - at)
            self._waiting[self._filled : self._filled + count] = samples[at : at + count]
            self._filled += count
            at += count
            if self._filled == hop:
                self._filled = 0
                self._time_s = max(self._time_s, time_of(at))
                self._step()
                hops += 1
        return hops

    def _step(self) -> None:
        """One whole hop waits: analyse it once, ask every feature, publish the row."""
        mono(self._waiting, self._mono)
        bins, previous = self._spectrum.step(self._mono)
        level_db = self._measure(bins)
        instant_db = 10.0 * log10(max(float(self._mono.var()), 1e-12))  # sees a click before the window has let it in
        gate = self._gate.step(max(level_db, instant_db))
        level = self._level.step(np.array([level_db], np.float32), self.setup.gate_db, self._gate.lately)
        loud_db = max(float(self._level.ceiling_db[0]), self.setup.gate_db)
        bands = self._triangles @ self._power
        hop = Hop(
            bins=bins,
            previous=previous,
            power=self._power,
            bands=bands,
            level_db=level_db,
            level=float(level[0]),
            loud_db=loud_db,
            gate=gate,
            open=self._gate.open,
            lately=self._gate.lately,
        )
        for feature, part in zip(self._features, self._parts, strict=True):
            feature.hear(hop, part)
        self.ring.write(self._time_s, self._row)

    def _measure(self, bins: np.ndarray[tuple[int], np.dtype[np.complex64]]) -> float:
        """Fill `_power` with mean squares per bin, DC taken out from under the window; returns their sum in dBFS."""
        power = self._power
        np.square(bins.real, out=power)
        power += np.square(bins.imag)
        power[0] = 0.0
        power[1] = abs(bins[1] + 0.5 * bins[0]) ** 2  # a Hann window spreads DC c over two bins as c, -c / 2
        power *= np.float32(2.0 / 1.5)  # both sides of the spectrum; noise bandwidth of Hann (Harris 1978, table 1)
        return 10.0 * log10(max(float(power.sum()), 1e-12))
