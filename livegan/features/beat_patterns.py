"""Rhythm patterns over four beats, as tablature, and their log-likelihood spectra for the beat tracker."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PER_BEAT = 12  # places per beat: sixteenths, triplets and a swung sixteenth all have one
BEATS = 4  # of a cycle
HARMONICS = 61  # of the cycle, with the constant
WIDTH_S = 0.025  # standard deviation of a hit, seen through the activation and human hands [s]
NOISE = (0.1, 0.25, 0.5, 0.75, 0.9)  # share of the activation that has nothing to do with the rhythm, weakest first
WEIGHTS = (0.7, 0.8, 1.0, 0.8)  # of the bands


@dataclass(frozen=True, slots=True)
class Pattern:
    """Rhythm pattern: onset strength 0..9 by position in four beats, one line per band, and its usual tempo."""

    name: str
    bass: str
    low: str
    mid: str
    high: str
    bpm: float
    octaves: float  # width of the usual tempi
    bar: int = 4  # beats

    @property
    def shares(self) -> NDArray[np.float64]:
        """(4 bands, 48 places), 0..9."""
        return np.array([[float(c) for c in line.replace(" ", "")] for line in self.lines])

    @property
    def lines(self) -> tuple[str, str, str, str]:
        return self.bass, self.low, self.mid, self.high


PATTERNS = (
    Pattern(
        "backbeat",
        "910100040000 110000430000 920000430000 110000050000",
        "852111141111 911111131111 872111341111 911111141111",
        "630000100000 910000100000 630000200000 910000200000",
        "900000400000 910000400000 900000400000 910000400000",
        124,
        0.6,
    ),
    Pattern(
        "breakbeat",
        "920000000010 000000100000 000100820000 000000000100",
        "410000100210 820000000210 210100510000 820000000210",
        "410000200100 910000100100 310000500000 910000100100",
        "610000510000 910000410000 610000510000 910000410000",
        168,
        0.35,
    ),
    Pattern(
        "driving eighths",
        "900000400000 300000500000 900000400000 300000400000",
        "600000300000 900000300000 600000300000 900000300000",
        "400000300000 900000300000 400000300000 900000300000",
        "900000800000 900000800000 900000800000 900000800000",
        172,
        0.35,
    ),
    Pattern(
        "four on the floor",
        "930100510000 930100510000 930100510000 930100510000",
        "510000510000 910000510000 510000510000 910000510000",
        "400000300000 920000300000 400000300000 920000300000",
        "410100510100 910000510100 410100510100 910000510100",
        124,
        0.35,
    ),
    Pattern(
        "off-beat bass",
        "420000910000 420000910000 420000910000 420000910000",
        "510000610000 910000510000 510000610000 910000510000",
        "610000410000 910000410000 610000410000 910000410000",
        "410200610100 910100610100 410200610100 910100610100",
        124,
        0.35,
    ),
    Pattern(
        "disco",
        "910000510000 910000510000 910000510000 910000510000",
        "510000610000 910000610000 510000610000 910000610000",
        "510000510000 910000510000 510000510000 910000510000",
        "410000910000 710000910000 410000910000 710000910000",
        118,
        0.3,
    ),
    Pattern(
        "sixteenths",
        "910100200300 100100200200 300200600200 100300200200",
        "500200400200 900200300200 400300500300 900200300200",
        "300200300200 900200200200 300200300200 900200200200",
        "800500500500 900500500500 800500500500 900500500500",
        92,
        0.35,
    ),
    Pattern(
        "shuffle",
        "910000003000 300000005000 910000003000 300000005000",
        "610000004000 900000004000 610000004000 900000004000",
        "510000003000 900000003000 510000003000 900000003000",
        "800000006000 900000006000 800000006000 900000006000",
        118,
        0.35,
    ),
    Pattern(
        "swing",
        "910000000020 100000000050 000040510000 100000000000",
        "810000400030 900000100040 400040610050 900000100000",
        "400010300030 910000200030 400030400020 910010200010",
        "810010700030 910010700030 810020700020 910020700020",
        90,
        0.4,
    ),
    Pattern(
        "six-eight",
        "910000000000 510000001000 910000000000 510000001000",
        "500020002000 900020003000 500020002000 900020003000",
        "600030003000 900030004000 600030003000 900030004000",
        "800060006000 900060006000 800060006000 900060006000",
        70,
        0.3,
        bar=2,
    ),
    Pattern(
        "quarters",
        "910000000000 200000000000 710000000000 200000000000",
        "920000000000 600000100000 810000200000 600000100000",
        "910000100000 600000100000 710000300000 600000100000",
        "910000000000 600000100000 810000300000 600000000000",
        72,
        0.35,
    ),
    Pattern(
        "eighths",
        "920000300000 510000410000 610000410000 510000410000",
        "910000400000 610000400000 710000500000 610000400000",
        "910000400000 610000400000 710000500000 610000400000",
        "910000400000 610000400000 710000500000 610000400000",
        98,
        0.3,
    ),
)


def spectra(bpm: NDArray[np.float64]) -> NDArray[np.complex64]:
    """Harmonics of the logarithm of every pattern's density (noise, patterns, 4 bands, tempi, 61), complex.

    The density of a band over the cycle is a sum of bumps as wide in seconds as a hit is heard, whatever the tempo,
    over an even floor: log((1 - noise) q + noise), relative to an even density. The inner product of an activation
    folded at that tempo with it is the log-likelihood of the pattern per unit of activation (nats).
    """
    points = 512
    at = np.arange(points) / points * BEATS
    away = (at[:, None] - np.arange(PER_BEAT * BEATS) / PER_BEAT + BEATS / 2) % BEATS - BEATS / 2  # (512, 48) [beats]
    shares = np.array([pattern.shares for pattern in PATTERNS])  # (patterns, 4, 48)
    floor = np.array(NOISE)[:, None, None, None]
    weights = np.array(WEIGHTS)[:, None]
    out = np.empty((len(NOISE), len(PATTERNS), 4, len(bpm), HARMONICS), np.complex64)
    for i, tempo in enumerate(bpm):
        bumps = np.exp(-0.5 * (away / (WIDTH_S * tempo / 60.0)) ** 2)
        density = shares @ bumps.T  # (patterns, 4, 512)
        density /= density.mean(axis=-1, keepdims=True)
        logs = np.log((1.0 - floor) * density + floor) * weights
        out[..., i, :] = np.fft.rfft(logs, axis=-1)[..., :HARMONICS] / points
    return out


def usual(bpm: NDArray[np.float64]) -> NDArray[np.float32]:
    """How usual each tempo is for each pattern: 0 at the centre, falling with the square of the octaves."""
    rows = [-0.5 * (np.log2(bpm / pattern.bpm) / pattern.octaves) ** 2 for pattern in PATTERNS]
    return np.array(rows, np.float32)
