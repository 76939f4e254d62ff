"""Onset detection: novelty in eleven views of the sound, and online peak picking."""

from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector
from livegan.core.window import asymmetric_window
from livegan.features.dense_noise import DenseNoise
from livegan.features.flux import Flux, leakage
from livegan.features.mel import octaves
from livegan.features.onset_confirmation import KIND_CONFIRMED, OnsetConfirmation
from livegan.features.spectrum import Bins

ONSET_KINDS = ("", "bass", "mid", "treble")  # any; kick; snare; hat
NOISY = 1.5  # with a threshold raised so much the network must be sure
DELAY_S = 0.010  # median, from a note to the end of the hop in which it is found [s]
MAIN_HZ = ((30, 17000), (30, 150), (150, 400), (400, 1000), (1000, 2500), (2500, 6000), (6000, 17000))
SHORT_HZ = ((2000, 5040), (5040, 10080), (10080, 20200))
LONG_HZ = ((130, 2600),)
VIEWS = 11  # the first seven of the main spectrum, three of the short, one of the long
LEAKS = 2e-4  # of the loudest band, as magnitude (-74 dB): windows let that much in everywhere
LONG_EVERY = 2  # hops from one long spectrum to the next

# Novelty that each view needs beyond its mean for an onset [decades]: a row per kind, infinite where a view is unused
NEVER = np.inf
LEAST_NOVELTY = (
    (0.020, 0.60, 0.31, 0.202, 0.090, 0.055, 0.041, 0.41, 0.334, 0.195, 0.641),
    (NEVER, 0.137, *(NEVER,) * 9),
    (*(NEVER,) * 3, 0.067, 0.072, 1.04, NEVER, 0.59, *(NEVER,) * 3),
    (*(NEVER,) * 6, 0.78, NEVER, 4.8, 0.114, NEVER),
)
OVER_FAST = (1.833, 6.21, 1.27, 0.82)  # ... and so many times the mean of the last 0.1 s
OVER_SLOW = (0.774, 0.47, 2.80, 1.00)  # ... and so many times the mean of the last second
OVER_STRONG = (0.0, 0.23, 0.64, 0.10)  # share of the strongest lately: a hat is no snare
STRONG_S = (4.0, 0.37, 4.3, 3.7)  # ... and how long lately is
GAPS_S = (0.048, 0.048, 0.053, 0.043)  # two of a kind are at least so far apart
FAST_S, SLOW_S = 0.096, 1.0
CREST_S = 0.032  # an onset is the greatest novelty of so long
MAX_SCORE = 10.0  # no onset counts more than so many thresholds: music after silence
NORM = 4.0  # the views together: (sum s^4)^(1/4), between the sum and the greatest
GROW_S = 0.03  # after it is found its strength may still grow so long
FORGET_S = 4.0  # how slowly the strongest is forgotten
DECAY_S = 0.12  # time constant of the fall afterwards, so that a picture sees it


@dataclass(frozen=True, slots=True)
class Onset:
    """An onset: `ago_s` before the end of this hop a sound began."""

    kind: str  # "", "bass", "mid" or "treble"
    ago_s: float
    strength: float  # 0..1, 1 as strong as the strongest lately


class Novelty:
    """Eleven fluxes per hop from three spectra: a short one for hats, the main one, a long one for soft tones."""

    def __init__(self, sample_rate: int, window: int, hop_s: float) -> None:
        """`window`: of the main spectrum; the short one has a quarter of it, the long one twice as much."""
        main = octaves(24, window, sample_rate, 30, 17000)
        short = octaves(6, window // 4, sample_rate, 1890, 21000)
        long = octaves(36, window * 2, sample_rate, 130, 2600)

        def lag(seconds: float, step_s: float) -> int:
            return max(1, round(seconds / step_s))

        leak = leakage(asymmetric_window(window), main.middles_hz * window / sample_rate)
        self._main = Flux(main, MAIN_HZ, step_s=hop_s, lag=lag(0.016, hop_s), compression=100.0, floor=1e-3, leak=leak)
        self._short = Flux(short, SHORT_HZ, step_s=hop_s, lag=lag(0.0107, hop_s), compression=1e3, floor=1e-5)
        long_s = hop_s * LONG_EVERY
        self._long = Flux(long, LONG_HZ, step_s=long_s, lag=lag(0.043, long_s), compression=3.0, floor=1e-3)
        self.views: Vector = np.zeros(VIEWS, np.float32)

    def step(self, main: Vector, short: Bins, long: Bins | None) -> None:
        """Look at the newest spectra, of the main one at magnitudes; `long` only every `LONG_EVERY`-th hop."""
        self.views[:7] = self._main.step(main)
        leaks = LEAKS * self._main.loudest
        self.views[7:10] = self._short.step(np.square(short.real) + np.square(short.imag), leaks * leaks)
        if long is not None:
            self.views[10:] = self._long.step(np.abs(long), leaks)


class PeakPicker:
    """Online peak picking of the novelty: per kind of onset one strength that jumps and decays.

    Threshold from the mean of the last 0.1 s and the last second of every view (after Boeck, Krebs & Schedl 2012,
    section 3.3, without looking ahead), so what is always there, noise or a tremolo, is no onset. Amid dense noise
    these are raised (`DenseNoise`).
    """

    def __init__(self, hop_s: float, bin_hz: float) -> None:
        """`bin_hz`: from one bin of the power spectrum to the next."""
        kinds = len(ONSET_KINDS)
        self.values = np.zeros(kinds)
        self.onsets: list[Onset] = []  # those whose strength is known since this hop
        self.began = False  # is there one in this hop
        self._hop_s = hop_s
        self._noise = DenseNoise(hop_s, bin_hz, kinds)
        self._confirmation = OnsetConfirmation(hop_s, kinds)
        self._least = np.array(LEAST_NOVELTY)
        self._over = np.array([OVER_FAST, OVER_SLOW]).T  # (kinds, 2)
        self._fast: NDArray[np.float64] = np.zeros((max(1, round(FAST_S / hop_s)), VIEWS))
        self._sums = np.zeros((2, VIEWS))  # of the last 0.1 s; of the last second, running
        self._counts = np.zeros(2)  # hops in the one, weight of the other
        self._slow_keep = exp(-hop_s / SLOW_S)
        self._scores = np.zeros((max(1, round(CREST_S / hop_s)), kinds))
        self._hops = 0
        self._gaps = [max(1, round(gap_s / hop_s)) for gap_s in GAPS_S]
        self._grow = max(1, round(GROW_S / hop_s))
        self._decay, self._forget = exp(-hop_s / DECAY_S), exp(-hop_s / FORGET_S)
        self._fade = [exp(-hop_s / strong_s) for strong_s in STRONG_S]
        self._since = [10**6] * kinds
        self._admitted = 10**6  # hops since an onset was strong enough for the noise
        self._best = [0.0] * kinds  # score of the onset that still grows
        self._strong = [0.0] * kinds  # for the threshold
        self._strongest = [0.0] * kinds  # for the strength

    def step(self, views: Vector, power: Vector, audible: bool, activations: Vector | None = None) -> None:
        """Take one hop's novelty and `power` spectrum; unless `audible` there is no onset.

        `activations` (kinds,): of the hearing network's frames in this hop, 0 without any; None: nobody asks it.
        """
        scores = self._score(views)
        crest: list[float] = np.maximum.reduce(self._scores, axis=0).tolist()
        self._noise.step(scores, crest, power, audible)
        greatest, noisy = audible and scores[0] >= crest[0], self._noise.least[0] > NOISY
        waited = None
        if activations is not None:
            waited = self._confirmation.step(activations, scores[0], greatest, noisy)
        at_once = scores[0] >= 1.0 and self._noise.admits(scores)
        self._admitted = 0 if waited is not None or at_once else self._admitted + 1
        self._scores[self._hops % len(self._scores)] = scores
        self._hops += 1
        self.values *= self._decay
        self.began = False
        if self.onsets:
            self.onsets = []
        self._since = [since + 1 for since in self._since]
        self._strong = [strong * fade for strong, fade in zip(self._strong, self._fade, strict=True)]
        self._strongest = [strongest * self._forget for strongest in self._strongest]
        if self._since[0] <= self._gaps[0]:
            waited = None  # it was told before
        known = self._confirmation.greatest
        sounds = audible and self._admitted <= len(self._scores)  # no drum without an onset
        if sounds or min(self._since) <= self._grow:
            for kind, (score, past) in enumerate(zip(scores, crest, strict=True)):
                if waited is not None and (kind == 0 or (max(score, past) >= 1.0 and known[kind] >= KIND_CONFIRMED)):
                    self._pick(kind, max(score, past), True, waited)
                else:
                    enough = self._noise.passes(kind, score) if kind else at_once and score >= 1.0
                    strong = score >= OVER_STRONG[kind] * self._strong[kind]
                    self._pick(kind, score, sounds and enough and strong and score >= past)
        if max(scores) >= 1.0:
            pairs = zip(self._strong, scores, strict=True)
            self._strong = [max(strong, score) if score >= 1.0 else strong for strong, score in pairs]

    def _score(self, views: Vector) -> list[float]:
        """How far the views are over their thresholds, (kinds,); 1 is an onset."""
        sums, counts = self._sums, self._counts
        np.add.reduce(self._fast, axis=0, out=sums[0])
        usual = (self._over / np.maximum(counts, 1e-9)) @ sums
        usual += self._least
        self._fast[self._hops % len(self._fast)] = views
        counts[0] = min(self._hops + 1, len(self._fast))
        sums[1] *= self._slow_keep
        sums[1] += (1.0 - self._slow_keep) * views
        counts[1] += (1.0 - self._slow_keep) * (1.0 - counts[1])
        np.divide(views, usual, out=usual)
        np.square(usual, out=usual)
        np.square(usual, out=usual)
        norms: list[float] = np.add.reduce(usual, axis=1).tolist()
        return [min(norm ** (1.0 / NORM), MAX_SCORE) for norm in norms]

    def _pick(self, kind: int, score: float, begins: bool, late: int = 0) -> None:
        """One kind's state: found, `late` hops ago; growing, falling."""
        if begins and self._since[kind] > self._gaps[kind]:
            self._since[kind], self._best[kind] = late, 0.0
            self.began |= kind == 0
        if self._since[kind] <= self._grow:
            self._best[kind] = max(self._best[kind], score)
            self._strongest[kind] = max(self._strongest[kind], self._best[kind])
            strength = min(1.0, (self._best[kind] / max(self._strongest[kind], 1e-9)) ** 0.5)
            self.values[kind] = max(self.values[kind], strength)
            if self._since[kind] == self._grow:
                ago_s = self._grow * self._hop_s + DELAY_S
                self.onsets.append(Onset(ONSET_KINDS[kind], ago_s, strength))
