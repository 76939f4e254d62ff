"""Pitch classes and tuning from the instantaneous frequencies of a long spectrum (phase vocoder)."""

from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector
from livegan.core.window import asymmetric_window
from livegan.features.spectrum import Spectrum

EVERY = 6  # hops from one long spectrum to the next
LONGER = 4  # its window, in windows of the main one
LOW_HZ, HIGH_HZ = 55.0, 2000.0
SMOOTH_S = 0.04  # of the notes
TUNING_S = 10.0  # how slowly the tuning is learnt


@dataclass(frozen=True, slots=True)
class Chroma:
    """Pitch classes in one hop, as features see them."""

    notes: NDArray[np.float64]  # (12,) C .. B, strength as magnitude; read-only, lent until the next hop
    tuning: float  # [semitones], -0.5..0.5
    change: float  # how much harmony appeared in the last 0.1 s or so, 0..1
    fresh: bool  # measured in this hop


class ChromaAnalysis:
    """Chroma analysis: strengths of the twelve pitch classes, tuning, and harmonic change.

    A bin is 6 Hz wide and a low semitone 3 Hz, so each bin is filed under its instantaneous frequency (Flanagan &
    Golden 1966), and a bin that turns with another bin's tone is left out. The tuning is the circular mean of all
    deviations from A4 = 440 Hz, after Ellis 2007.
    """

    def __init__(self, sample_rate: int, window: int, hop: int) -> None:
        """`window`, `hop`: of the main spectrum [samples]."""
        self.notes: NDArray[np.float64] = np.zeros(12)
        self._view = self.notes.view()
        self._view.flags.writeable = False
        self.tuning = 0.0
        self.change = 0.0
        self.fresh = False
        size = window * LONGER
        self._spectrum = Spectrum(asymmetric_window(size))
        self.width_hz = sample_rate / size
        first, last = int(LOW_HZ / self.width_hz), int(np.ceil(min(HIGH_HZ, 0.45 * sample_rate) / self.width_hz)) + 1
        self._cut = slice(first, last)
        self._bins = np.arange(first, last, dtype=np.float32)
        turn = 2 * np.pi * hop * EVERY / size  # phase advance of bin 1 from look to look [rad]
        self._back = np.exp(-1j * turn * np.arange(first, last)).astype(np.complex64)
        self._per_rad = np.float32(1.0 / turn)
        self._widest = np.float32(min(1.5, 0.95 * np.pi / turn))  # [bins]
        self._step_s = hop * EVERY / sample_rate
        self._keep = exp(-self._step_s / SMOOTH_S)
        self._slow_keep = exp(-self._step_s / 0.25)
        self._deviation = 0j
        self._slow: NDArray[np.float64] = np.zeros(12)

    @property
    def state(self) -> Chroma:
        return Chroma(self._view, self.tuning, self.change, self.fresh)

    def step(self, past: Vector, number: int, playing: bool) -> None:
        """Look at the newest samples, every `EVERY`-th hop; unless `playing` the notes die away."""
        self.fresh = number % EVERY == 0
        if not self.fresh:
            return
        bins, previous = self._spectrum.step(past)
        now = bins[self._cut]
        turned = np.conj(previous[self._cut])
        turned *= now
        turned *= self._back
        offset = np.arctan2(turned.imag, turned.real)
        offset *= self._per_rad  # [bins]
        tone_hz = np.maximum((self._bins + offset) * np.float32(self.width_hz), np.float32(1.0))
        own = (np.abs(offset) < self._widest) & (tone_hz >= LOW_HZ * 0.97) & (tone_hz <= HIGH_HZ)
        strength = np.abs(now) * own
        pitch = np.float32(12.0) * np.log2(tone_hz * np.float32(1.0 / 440.0)) + np.float32(9.0)  # [semitones above C]
        if playing:
            self._tune(pitch, strength)
        note = np.rint(pitch - np.float32(self.tuning)).astype(np.intp) % 12
        self._smooth(np.bincount(note, strength, 12).astype(np.float64) if playing else np.zeros(12))

    def _tune(self, pitch: Vector, strength: Vector) -> None:
        """Turn the tuning towards that of the strongest tones."""
        weight = np.square(strength)
        total = float(weight.sum())
        if total < 1e-14:
            return
        angle = np.float32(2 * np.pi) * pitch
        keep = exp(-self._step_s / TUNING_S)
        mean = complex(float((weight * np.cos(angle)).sum()), float((weight * np.sin(angle)).sum())) / total
        self._deviation = self._deviation * keep + (1 - keep) * mean
        if abs(self._deviation) > 0.05:  # a common tuning, not random
            self.tuning = float(np.angle(self._deviation)) / (2 * np.pi)

    def _smooth(self, strengths: NDArray[np.float64]) -> None:
        """Smooth, and compare with the smoother past."""
        self.notes *= self._keep
        self.notes += (1.0 - self._keep) * strengths
        total, before = self.notes.sum(), self._slow.sum()
        if total > 1e-7 and before > 1e-7:
            appeared = np.maximum(self.notes / total - self._slow / before, 0.0)
            self.change = min(1.0, float(appeared.sum()))
        else:
            self.change = 0.0
        self._slow *= self._slow_keep
        self._slow += (1.0 - self._slow_keep) * self.notes
