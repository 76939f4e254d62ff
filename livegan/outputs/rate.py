"""Frame rates as exact fractions."""

import re
from fractions import Fraction

from livegan.errors import MediaError

MIN_FPS, MAX_FPS = 1, 240  # frames per second
MAX_TERM = 2**31 - 1  # largest numerator and denominator a film can hold
BROADCAST_RATES = [Fraction(whole * 1000, 1001) for whole in (24, 30, 60, 120)]  # SMPTE ST 12-1


def frame_rate(fps: str | Fraction | int | float) -> Fraction:
    """Exact frames per second of 60, "59.94", "30000/1001" ...; MediaError for anything that is no rate in 1..240.

    Within 0.005 of 23.976, 29.97, 59.94 and 119.88 it is the NTSC rate 24000/1001, 30000/1001 ...
    """
    rate = _exact(str(fps))
    if not MIN_FPS <= rate <= MAX_FPS:
        raise MediaError(f"'{fps}' is not a frame rate in {MIN_FPS}..{MAX_FPS}; type for example: --fps 60")
    for broadcast in BROADCAST_RATES:
        if abs(rate - broadcast) < Fraction(5, 1000):
            return broadcast
    return rate if max(rate.as_integer_ratio()) <= MAX_TERM else rate.limit_denominator(MAX_TERM // (MAX_FPS + 1))


def _exact(text: str) -> Fraction:
    """The number as written; 0 if it is none."""
    try:
        return Fraction(text) if re.fullmatch(r"\s*[\d.]+(/\d+)?\s*", text) else Fraction(0)
    except (ValueError, ZeroDivisionError):
        return Fraction(0)
