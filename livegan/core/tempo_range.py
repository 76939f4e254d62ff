"""Tempo range: the tempi that a beat tracker looks for, slowest and fastest, in beats a minute."""

from math import ceil, floor, isfinite

TempoRange = tuple[float, float]  # slowest, fastest [bpm]

SLOWEST_BPM, FASTEST_BPM = 50.0, 215.0  # that are tracked at all
ANY_TEMPO: TempoRange = (SLOWEST_BPM, FASTEST_BPM)
NARROWEST_BPM = 8.0  # from the slowest to the fastest: a band is no metronome

EXAMPLE = "tempo = [70, 180]"


def parse_tempo_range(value: object) -> TempoRange:
    """The range that a list of two numbers says; ValueError, with what to write instead, for anything else."""
    pair = list(value) if isinstance(value, list | tuple) else []
    numbers = [each for each in pair if isinstance(each, int | float) and not isinstance(each, bool) and isfinite(each)]
    if len(pair) != 2 or len(numbers) != 2:
        raise ValueError(f"write the slowest and the fastest tempo to expect, {EXAMPLE}")
    slowest, fastest = (float(number) for number in numbers)
    low, high = _mended(min(slowest, fastest), max(slowest, fastest))
    instead = f"write tempo = [{low}, {high}]"
    if slowest > fastest:
        raise ValueError(f"the slower tempo comes first; {instead}")
    if slowest < SLOWEST_BPM or fastest > FASTEST_BPM:
        raise ValueError(f"tempi of {SLOWEST_BPM:g} to {FASTEST_BPM:g} beats a minute can be heard; {instead}")
    if fastest - slowest < NARROWEST_BPM:
        raise ValueError(f"leave {NARROWEST_BPM:g} beats a minute between the two; {instead}")
    return slowest, fastest


def _mended(slowest: float, fastest: float) -> tuple[int, int]:
    """The nearest range that can be written, in whole numbers."""
    low, high = floor(max(slowest, SLOWEST_BPM)), ceil(min(fastest, FASTEST_BPM))
    if high < SLOWEST_BPM or low > FASTEST_BPM:
        return round(SLOWEST_BPM), round(FASTEST_BPM)
    wider = max(ceil((NARROWEST_BPM - (high - low)) / 2), 0)
    low = min(max(low - wider, round(SLOWEST_BPM)), round(FASTEST_BPM - NARROWEST_BPM))
    return low, max(high + wider, low + round(NARROWEST_BPM)) if high + wider <= FASTEST_BPM else round(FASTEST_BPM)


def tempo_range_text(tempi: TempoRange) -> str:
    """As displays show it: "70-180"; "" of the whole range."""
    return "" if tuple(tempi) == ANY_TEMPO else f"{tempi[0]:g}-{tempi[1]:g}"
