"""Dense noise: applause, crowd, rain and crackle, whose many hits come at random: they do not count as onsets."""

from collections.abc import Sequence
from math import exp

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector
from livegan.features.regularity import Regularity

LEVELS = (1.0, 1.5, 2.2, 3.2, 4.5, 6.5)  # strengths whose events are looked at apart [thresholds]
RANDOM = 1.2  # regularity below which events come at random; songs have 1.5 and more
REGULAR, REGULAR_KIND = 1.3, 1.2  # ... and above which they keep time, beyond three times its doubt
SURE = 0.06  # greatest doubt with which events are called random
RATE_HZ, LEVEL_RATE_HZ, KIND_RATE_HZ = 1.5, 0.7, 0.3  # least rates of events: at random, of a level, of a kind
AMID_MUSIC = 2.0  # greatest threshold where kick or snare keep time in the noise
TONAL, FLAT = -3.2, -2.6  # sum of the flatness of two ranges [nepers]: with less it is no noise; with more it is
RANGES_HZ = ((300.0, 1500.0), (1500.0, 4000.0))
FLATNESS_S, FLATNESS_EVERY_S = 1.5, 0.043
MEASURE_EVERY_S = 0.2
GLIDE_S = 0.5  # hysteresis: a threshold follows in so long
QUIET_S = 1.0  # so long without any event, and the noise is over
GAP_S = 0.032  # two events of a kind are farther apart
NEVER = 1e9


class DenseNoise:
    """Thresholds of onsets amid dense noise: per kind the least strength whose events keep time.

    Noise is what has a flat spectrum and begins at random: its intervals are those of a Poisson process, at whatever
    rate and strength. Music has regular ones, or tones. Where the events of a kind come at random, the threshold
    climbs to the level above which they do not, or over them all; and kicks that keep time are let through by
    themselves. All that changes only by what was heard in seconds, so that no single hit is judged by it.
    """

    def __init__(self, hop_s: float, bin_hz: float, kinds: int) -> None:
        """`bin_hz`: from one bin of the power spectrum to the next; `kinds`: any onset, then kick, snare, hat."""
        self.least = [1.0] * kinds  # thresholds, 1 or more, in usual thresholds
        self.regular = [NEVER] * kinds  # strength above which hits of a kind keep time for sure
        self._hop_s = hop_s
        self._levels = np.array(LEVELS)
        self._regularity = Regularity(kinds * len(LEVELS))
        self._newest = [-(10**6)] * kinds  # hop of the newest event
        self._gap = max(1, round(GAP_S / hop_s))
        self._quiet = round(QUIET_S / hop_s)
        self._hops = 0
        self._events = False  # any since the last measurement
        self._measure_every = max(1, round(MEASURE_EVERY_S / hop_s))
        self._flat_every = max(1, round(FLATNESS_EVERY_S / hop_s))
        self._flat_keep = exp(-self._flat_every * hop_s / FLATNESS_S)
        self._flatness, self._learnt = 0.0, 0.0
        self._bins = [slice(round(low / bin_hz), round(high / bin_hz)) for low, high in RANGES_HZ]
        self._glide = 1.0 - exp(-hop_s / GLIDE_S)
        self._usual = [1.0] * kinds
        self._wanted = [1.0] * kinds
        self._streams = np.zeros((kinds, len(LEVELS)), bool)

    @property
    def flatness(self) -> float:
        """Mean logarithm of power less the logarithm of its mean, of two ranges, lately: -1.2 in noise [nepers]."""
        return self._flatness / max(self._learnt, 1e-9)

    def step(self, scores: Sequence[float], crest: Sequence[float], power: Vector, audible: bool) -> None:
        """One hop: `scores` (kinds,) and their greatest just before, in usual thresholds; `power` spectrum (bins,)."""
        if self._hops % self._flat_every == 0:
            self._hear(power)
        self._hops += 1
        if audible and max(scores) >= 1.0:
            self._take(scores, crest)
        if self._hops % self._measure_every == 0:
            if self._events:
                self._events = False
                self._regularity.measure()
                self._judge()
            elif self._hops - self._newest[0] > self._quiet:
                self._wanted = [1.0] * len(self.least)
        if self._wanted != self._usual or self.least != self._usual:
            pairs = zip(self.least, self._wanted, strict=True)
            self.least = [max(1.0, least + (wanted - least) * self._glide - 1e-4) for least, wanted in pairs]

    def admits(self, scores: Sequence[float]) -> bool:
        """Whether there is an onset: strong enough, or a kick, snare or hat of those that keep time."""
        regular = zip(scores, self.regular, strict=True)
        return scores[0] >= self.least[0] or any(score >= least for score, least in regular)

    def passes(self, kind: int, score: float) -> bool:
        """Whether a hit of a kind is strong enough, or of those that keep time."""
        return score >= min(self.least[kind], self.regular[kind])

    def _hear(self, power: Vector) -> None:
        """Follow the flatness."""
        flatness = 0.0
        for bins in self._bins:
            heard = power[bins] + np.float32(1e-16)
            flatness += float(np.add.reduce(np.log(heard))) / len(heard) - float(
                np.log(np.add.reduce(heard) / len(heard))
            )
        self._flatness = self._flatness * self._flat_keep + flatness * (1.0 - self._flat_keep)
        self._learnt = self._learnt * self._flat_keep + 1.0 - self._flat_keep

    def _take(self, scores: Sequence[float], crest: Sequence[float]) -> None:
        """Events of every kind that is at a crest."""
        streams = self._streams
        for kind, (score, past) in enumerate(zip(scores, crest, strict=True)):
            begins = score >= 1.0 and score >= past and self._hops - self._newest[kind] > self._gap
            streams[kind] = begins & (score >= self._levels)
            if begins:
                self._newest[kind], self._events = self._hops, True
        if self._hops in self._newest:
            self._regularity.event(self._hops * self._hop_s, streams.ravel())

    def _judge(self) -> None:
        """New thresholds from the newest measurement."""
        shape = (len(self.least), len(LEVELS))
        index, doubt, rate = (
            of.reshape(shape) for of in (self._regularity.index, self._regularity.doubt, self._regularity.rate)
        )
        sure = index - 3.0 * np.minimum(doubt, NEVER)
        keeps = (sure > REGULAR_KIND) & (rate > KIND_RATE_HZ)
        self.regular = [NEVER, *(_first(of) for of in keeps[1:])]
        amid_music = min(self.regular[1:3]) < NEVER
        noise = min(1.0, max(0.0, (self.flatness - TONAL) / (FLAT - TONAL)))
        climbs = (sure > REGULAR) & (rate > LEVEL_RATE_HZ)
        at_random = (doubt[:, 0] < SURE) & (index[:, 0] + doubt[:, 0] < RANDOM) & (rate[:, 0] > RATE_HZ)
        for kind, (wild, levels) in enumerate(zip(at_random, climbs, strict=True)):
            wanted = min(_first(levels), AMID_MUSIC if amid_music else LEVELS[-1]) if wild else 1.0
            self._wanted[kind] = 1.0 + noise * (wanted - 1.0)


def _first(levels: Sequence[bool] | NDArray[np.bool_]) -> float:
    """Least level that is true; `NEVER` if none is."""
    return next((level for level, true in zip(LEVELS, levels, strict=True) if true), NEVER)
