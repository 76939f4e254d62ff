"""Input faults: clipping, DC offset, mains hum; and speech detection."""

from math import exp, log10

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector
from livegan.core.window import asymmetric_window
from livegan.features.hop import Hop
from livegan.features.mel import slices
from livegan.features.registry import FEATURES, Feature, Setup
from livegan.features.spectrum import Spectrum


@FEATURES("input.clip")
class Clip(Feature):
    """1 when three samples in a row stand at full scale in any channel, falling to 0 in a second."""

    peak = True
    source = "runs of full-scale samples, AES-6id-2006, section 3.12 (overs)"
    full, hold_s = 0.9995, 1.0

    def __init__(self, setup: Setup) -> None:
        self.names = ("input.clip",)
        self._fall = setup.hop_s / self.hold_s
        self._value = 0.0

    def compute(self, hop: Hop, out: Vector) -> None:
        """Looks closer only where there is anything as loud."""
        self._value = max(0.0, self._value - self._fall)
        if hop.peak >= self.full:
            full = np.abs(hop.raw) >= self.full
            if (full[2:] & full[1:-1] & full[:-2]).any():
                self._value = 1.0
        out[0] = self._value


@FEATURES("input.dc")
class Dc(Feature):
    """Mean of the samples of the last second or so, of the worst channel; 1 is full scale, 0 is -60 dB of that."""

    delay_s = 0.1
    source = "running mean, time constant 1 s"
    mean_s, look_s, least = 1.0, 0.043, 1e-3

    def __init__(self, setup: Setup) -> None:
        self.names = ("input.dc",)
        self._every = max(1, round(self.look_s / setup.hop_s))
        self._take = 1.0 - exp(-self._every * setup.hop_s / self.mean_s)
        self._ones = np.full(setup.hop, 1.0 / setup.hop / self._every, np.float32)
        self._sum: Vector | None = None
        self._mean: Vector | None = None
        self._value = 0.0

    def compute(self, hop: Hop, out: Vector) -> None:
        """Sums every hop, looks every eighth; whatever its sign."""
        if self._sum is None or self._mean is None:
            self._sum, self._mean = np.zeros((2, hop.raw.shape[1]), np.float32)
        if hop.raw.size:
            self._sum += self._ones @ hop.raw
            if hop.number % self._every == self._every - 1:
                self._mean += np.float32(self._take) * (self._sum - self._mean)
                self._sum[:] = 0.0
                worst = float(np.abs(self._mean).max())
                self._value = min(1.0, worst) if worst > self.least else 0.0
        out[0] = self._value


@FEATURES("input.hum")
class Hum(Feature):
    """Mains hum as a share of the sound, 0..1: 0 below -40 dB of it, 0.5 at -20 dB, 1 nothing else.

    Tones that stand at whole multiples of 50 or 60 Hz, to 1 Hz, without a pause for four seconds.
    """

    delay_s = 0.1
    source = "comb of instantaneous frequencies, least of the last 4 s; our own"
    mains_hz, count, near_hz = (50.0, 60.0), 6, 1.0
    past_s, step_s, faintest_db = 4.0, 0.1, -90.0

    def __init__(self, setup: Setup) -> None:
        self.names = ("input.hum",)
        self._every = max(1, round(self.step_s / setup.hop_s))
        window = setup.window * 4
        width = setup.sample_rate / window
        self._spectrum = Spectrum(asymmetric_window(window, 0.5))
        tones = np.outer(self.mains_hz, np.arange(1, self.count + 1))
        self._bins = np.rint(tones / width).astype(int)  # (2, count)
        self._around = self._bins + np.array([-1, 0, 1])[:, None, None]  # (3, 2, count)
        self._tones_hz = tones
        self._width = width
        self._lows: NDArray[np.float64] = np.zeros((max(2, round(self.past_s / self.step_s)), 2))
        self._loud: NDArray[np.float64] = np.zeros(len(self._lows))
        self._at = 0
        self._value = 0.0

    def compute(self, hop: Hop, out: Vector) -> None:
        """Ten times a second; in between what it was."""
        if hop.number % self._every == 1 % self._every:
            self._value = self._look(hop.past)
        out[0] = self._value

    def _look(self, past: Vector) -> float:
        """Power of the two combs, and its least of late."""
        bins, _ = self._spectrum.step(past)
        power = np.square(bins.real) + np.square(bins.imag)
        power *= self._spectrum.density
        around = power[self._around]  # (3, 2, count)
        left, middle, right = np.log(around + np.float32(1e-30))
        # a Hann window's peak is a parabola in the logarithm, nearly: its top is the tone
        bend = left + right - 2.0 * middle
        shift = np.where(bend < -1e-6, 0.5 * (left - right) / np.minimum(bend, -1e-6), 9.0)
        found_hz = (self._bins + shift) * self._width
        here = np.abs(found_hz - self._tones_hz) < self.near_hz
        combs = (around.sum(axis=0) * here).sum(axis=1)
        at = self._at % len(self._lows)
        self._lows[at], self._loud[at] = combs, power[1:].sum()
        self._at += 1
        if self._at < len(self._lows):
            return 0.0
        hum, loud = float(self._lows.min(axis=0).max()), float(self._loud.mean())
        if 10.0 * log10(max(hum, 1e-12)) < self.faintest_db:
            return 0.0
        return min(1.0, max(0.0, 1.0 + 10.0 * log10(hum / loud) / 40.0))


@FEATURES("input.talk")
class Talk(Feature):
    """Speech: 0..1, within about two seconds.

    Syllables: the envelope of 200-4000 Hz swings by 3-8 Hz, deeply and not in a steady beat, and hardly anything
    sounds below 85 Hz or above 8 kHz.
    """

    delay_s = 1.0
    source = "Scheirer & Slaney 1997 (4 Hz modulation); steadiness of the modulation: our own"
    past_s, step_s = 4.0, 0.032

    def __init__(self, setup: Setup) -> None:
        self.names = ("input.talk",)
        self._every = max(1, round(self.step_s / setup.hop_s))
        count = round(self.past_s / (self._every * setup.hop_s))
        self._weights = slices([(200.0, 4000.0), (20.0, 85.0), (8000.0, 20000.0)], setup.window, setup.sample_rate)
        self._rows: NDArray[np.float64] = np.zeros((count, 3))
        hz = np.fft.rfftfreq(count, self._every * setup.hop_s)
        self._syllables, self._swings = (hz >= 2.8) & (hz <= 8.0), (hz >= 0.4) & (hz <= 14.0)
        self._window = np.hanning(count)
        self._value = 0.0
        self._ease = 1.0 - exp(-self._every * setup.hop_s * 4 / 0.7)

    def compute(self, hop: Hop, out: Vector) -> None:
        """Remembers every sixth hop, looks every fourth of those."""
        if hop.number % self._every == 2 % self._every:
            self._rows[:-1] = self._rows[1:]
            self._rows[-1] = self._weights @ hop.power
            if (hop.number // self._every) % 4 == 0:
                self._value += self._ease * ((self._look() if hop.recently_open else 0.0) - self._value)
                self._value = self._value if self._value > 1e-3 else 0.0
        out[0] = self._value

    def _look(self) -> float:
        """How much the last four seconds are like speech."""
        voice, low, high = self._rows.mean(axis=0)
        total = voice + low + high
        if total < 1e-12:
            return 0.0
        in_band = float(np.clip((voice / total - 0.6) / 0.25, 0.0, 1.0))
        envelope = np.sqrt(self._rows[:, 0])
        mean = envelope.mean()
        swing = np.abs(np.fft.rfft((envelope - mean) * self._window)) ** 2
        swings = swing[self._swings].sum()
        if swings <= 0.0 or mean <= 0.0:
            return 0.0
        depth = float(np.clip((envelope.std() / mean - 0.25) / 0.3, 0.0, 1.0))
        share = float(np.clip((swing[self._syllables].sum() / swings - 0.35) / 0.2, 0.0, 1.0))
        lines = np.sort(swing[self._swings])[::-1]
        steady = float(lines[:6].sum() / swings)  # a beat is two or three lines, speech is a hill
        loose = float(np.clip((0.8 - steady) / 0.2, 0.0, 1.0))
        return in_band * depth * share * loose
