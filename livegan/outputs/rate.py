"""Frame rates as exact fractions."""

from fractions import Fraction

from livegan.errors import MediaError

FASTEST = 1000


def frame_rate(fps: Fraction | int | float) -> Fraction:
    """Exact frames per second: 59.94 is 60000/1001 (SMPTE ST 12-1), whole numbers are themselves.

    MediaError for what is not a rate between 1/1000 and 1000.
    """
    if not 1 / FASTEST <= fps <= FASTEST:
        raise MediaError(f"{fps} frames per second cannot be written; give a rate up to {FASTEST}, e.g. --fps 60")
    whole = round(fps)
    if whole and abs(fps - whole * 1000 / 1001) < 0.005:
        return Fraction(whole * 1000, 1001)
    return Fraction(fps).limit_denominator(1001)
