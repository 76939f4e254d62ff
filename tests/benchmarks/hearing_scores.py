"""Scores of heard beats, tempo and onsets against the truth; NumPy alone, so that they need nothing to be installed.

Where mir_eval is installed, `tests/unit/test_hearing_scores.py` compares them with it. Sources: F measure within ±70 ms
as in Dixon, "Evaluation of the audio beat tracking system BeatRoot" (JNMR 36(1), 2007); continuity as in Hainsworth,
"Techniques for the automated analysis of musical audio" (Cambridge, 2004) and Klapuri, Eronen & Astola (IEEE TASLP
14(1), 2006), in the form of Davies, Degara & Plumbley, "Evaluation methods for musical audio beat tracking algorithms"
(QMUL C4DM-TR-09-06, 2009).
"""

from dataclasses import dataclass
from math import inf, nan

import numpy as np
from numpy.typing import NDArray

Moments = NDArray[np.float64]  # ascending [s]

BEAT_S, ONSET_S = 0.07, 0.05  # how far from the truth a beat, an onset may be
STEADY = 0.175  # of the interval: largest error of phase and of period in CMLt and AMLt
FIRM = 0.5  # CMLt from which on a level counts as the one that was heard
LOCK_S = 2.0  # so long all must be right
TEMPO = 0.04  # relative error of a right tempo
BINS = 10  # of confidence


def matches(true: Moments, told: Moments, window_s: float) -> list[tuple[int, int]]:
    """Indices (of `true`, of `told`) of the most pairs within ±`window_s`, each moment in one pair at most."""
    pairs, at = [], 0
    for index, moment in enumerate(told):
        while at < len(true) and true[at] < moment - window_s:
            at += 1
        if at < len(true) and true[at] <= moment + window_s:
            pairs.append((at, index))
            at += 1
    return pairs


def f_measure(true: Moments, told: Moments, window_s: float = BEAT_S) -> float:
    """Harmonic mean of precision and recall, 0..1; 0 where one side is empty, 1 where both are."""
    if not len(true) and not len(told):
        return 1.0
    return 2 * len(matches(true, told, window_s)) / (len(true) + len(told)) if len(true) and len(told) else 0.0


def precision_recall(true: Moments, told: Moments, window_s: float = ONSET_S) -> tuple[float, float]:
    """Share of the told that is true, share of the true that was told; NaN of nothing."""
    right = len(matches(true, told, window_s))
    return (right / len(told) if len(told) else nan), (right / len(true) if len(true) else nan)


def continuity(true: Moments, told: Moments) -> float:
    """Share of beats, 0..1, whose phase and period are right (±17.5 %) at exactly this metrical level: CMLt.

    Each true beat can be taken once; the share is of the longer of both lists. 0 if either has fewer than two beats.
    """
    if len(true) < 2 or len(told) < 2:
        return 0.0
    taken, right = np.zeros(len(true), bool), 0
    for index, moment in enumerate(told):
        nearest = int(np.abs(true - moment).argmin())
        ahead = index == 0 or nearest == 0
        wanted, found = _interval(true, nearest, ahead), _interval(told, index, ahead)
        near, steady = abs(moment - true[nearest]) < STEADY * wanted, abs(found - wanted) < STEADY * wanted
        if near and steady and not taken[nearest]:
            taken[nearest] = True
            right += 1
    return right / max(len(true), len(told))


def _interval(moments: Moments, index: int, ahead: bool) -> float:
    """From this moment to the next (`ahead`, if there is one), or from the one before."""
    at = index + 1 if ahead and index + 1 < len(moments) else index
    return float(moments[at] - moments[at - 1])


def levels(true: Moments) -> dict[str, list[Moments]]:
    """How true beats can be heard otherwise, by name: "right", "half a beat off", "double", "half" (two phases)."""
    between = (true[1:] + true[:-1]) / 2
    return {
        "right": [true],
        "half a beat off": [between],
        "double": [np.sort(np.concatenate((true, between)))],
        "half": [true[::2], true[1::2]],
    }


def misheard(true: Moments, told: Moments) -> str:
    """The level (of `levels`) at which at least half of the beats are continuous; "" if there is none."""
    shares = {name: max(continuity(one, told) for one in ways) for name, ways in levels(true).items()}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= FIRM else ""


def any_level(true: Moments, told: Moments) -> float:
    """AMLt: the best CMLt of all `levels`."""
    return max(continuity(one, told) for ways in levels(true).values() for one in ways)


def lock_s(true: Moments, told: Moments, until_s: float) -> float:
    """First true beat from which for 2 s all true beats were told and nothing else was [s]; inf: never.

    `until_s`: end of the sound; a stretch that it cuts short does not count.
    """
    for start in true[true <= until_s - LOCK_S]:
        wanted = true[(true >= start) & (true <= start + LOCK_S)]
        heard = told[(told >= start - BEAT_S) & (told <= start + LOCK_S + BEAT_S)]
        pairs = matches(wanted, heard, BEAT_S)
        wrong = np.delete(heard, [index for _, index in pairs])
        inside = (wrong > start + BEAT_S) & (wrong < start + LOCK_S - BEAT_S)
        if len(wanted) > 1 and len(pairs) == len(wanted) and not inside.any():
            return float(start)
    return inf


def error_ms(true: Moments, told: Moments) -> float:
    """Median distance of right beats from the true ones [ms]; NaN if none is right."""
    apart = [abs(told[ours] - true[theirs]) for theirs, ours in matches(true, told, BEAT_S)]
    return float(np.median(apart)) * 1e3 if apart else nan


def tempo_of(beats: Moments) -> float:
    """Tempo by the median interval [BPM]; 0 of fewer than three beats."""
    return 60.0 / float(np.median(np.diff(beats))) if len(beats) > 2 else 0.0


def tempo_right(true_bpm: float, bpm: float, factors: tuple[float, ...] = (1.0,)) -> bool:
    """Whether `bpm` is within 4 % of the true tempo times one of `factors`."""
    return any(abs(bpm / (true_bpm * factor) - 1) <= TEMPO for factor in factors)


@dataclass(frozen=True)
class Reliability:
    """How often beats told with a confidence were right: reliability diagram in `BINS` equal bins of confidence."""

    counts: tuple[int, ...]
    confidence: tuple[float, ...]  # mean of the bin, NaN if it is empty
    right: tuple[float, ...]  # share, NaN if it is empty

    @property
    def error(self) -> float:
        """Expected calibration error, 0..1 (Naeini, Cooper & Hauskrecht, AAAI 2015); NaN of no beats."""
        told = sum(self.counts)
        gaps = [n * abs(c - r) for n, c, r in zip(self.counts, self.confidence, self.right, strict=True) if n]
        return sum(gaps) / told if told else nan


def reliability(confidence: Moments, right: NDArray[np.bool_]) -> Reliability:
    """Bins of beats by confidence 0..1 (n,), and whether each was right (n,)."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    of = [bins == index for index in range(BINS)]
    return Reliability(
        tuple(int(one.sum()) for one in of),
        tuple(float(confidence[one].mean()) if one.any() else nan for one in of),
        tuple(float(right[one].mean()) if one.any() else nan for one in of),
    )


def rightness(true: Moments, told: Moments) -> NDArray[np.bool_]:
    """Whether each told beat (n,) is within ±70 ms of a true one that no earlier beat took."""
    right = np.zeros(len(told), bool)
    right[[index for _, index in matches(true, told, BEAT_S)]] = True
    return right
