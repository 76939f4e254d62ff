"""Which of the twelve notes sound, whatever the octave."""

from math import exp

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
LOW_HZ, HIGH_HZ = 55.0, 2000.0
SMOOTH_S = 0.06


@FEATURES("chroma")
class Chroma(Feature):
    """`chroma.C` .. `chroma.B`: the strongest note is 1, the others in proportion; all 0 in silence.

    A bin is 23 Hz wide and a low semitone 3 Hz, so each bin is filed under the frequency its phase turns with
    (instantaneous frequency), tuned to A4 = 440 Hz, and a bin that turns with another bin's tone is left out.
    """

    delay_s = 0.06
    source = "Fujishima 1999 (pitch classes); Flanagan & Golden 1966 (phase vocoder); Ellis & Poliner 2007"

    def __init__(self, setup: Setup) -> None:
        """Twelve numbers."""
        self.names = tuple(f"chroma.{note}" for note in NOTES)
        width_hz = setup.sample_rate / setup.window
        first, last = int(LOW_HZ / width_hz), int(np.ceil(HIGH_HZ / width_hz)) + 1
        self._cut = slice(first, last)
        self._bins = np.arange(first, last, dtype=np.float32)
        turn = 2 * np.pi * setup.hop / setup.window  # phase advance of bin 1 from hop to hop [rad]
        self._back = np.exp(-1j * turn * np.arange(first, last)).astype(np.complex64)
        self._per_rad = np.float32(1.0 / turn)
        self._width_hz = width_hz
        self._keep = exp(-setup.hop_s / SMOOTH_S)
        self._notes: NDArray[np.float64] = np.zeros(12)

    def hear(self, hop: Hop, out: Vector) -> None:
        """Smoothed over 60 ms, then divided by the strongest."""
        now = hop.bins[self._cut]
        offset = np.angle(now * np.conj(hop.previous[self._cut]) * self._back) * self._per_rad  # [bins]
        tone_hz = np.maximum((self._bins + offset) * self._width_hz, 1.0)
        note = np.rint(12.0 * np.log2(tone_hz / 440.0)).astype(np.intp) + 9
        own = (np.abs(offset) < 1.5) & (tone_hz >= LOW_HZ * 0.97) & (tone_hz <= HIGH_HZ)
        strength = np.abs(now) * own
        self._notes *= self._keep
        if hop.open:
            self._notes += (1.0 - self._keep) * np.bincount(note % 12, strength, 12)
        strongest = self._notes.max()
        out[:] = self._notes * (hop.gate / strongest) if strongest > 1e-7 else 0.0
