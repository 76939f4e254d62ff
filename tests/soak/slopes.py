"""Slopes of a long run: what a process grows by in an hour, and the limits that it is held to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SETTLING_S = 600.0  # caches fill, networks are tuned, the governor finds its rung: this does not count
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What a process had at one moment, and how its newest pictures went."""

    time_s: float  # since the show began
    rss_mb: float
    files: int  # file descriptors
    threads: int
    p99_ms: float = float("nan")  # of the newest 512 pictures; NaN: not told
    frames: int = 0  # due since the show began
    late: int = 0  # of these, dropped because they came too late


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure against its limit."""

    what: str
    value: float
    most: float
    unit: str

    @property
    def kept(self) -> bool:
        return bool(self.value <= self.most)  # NaN is not


def slope_an_hour(times_s: Sequence[float], values: Sequence[float]) -> float:
    """Growth in an hour: Theil-Sen, the median of the slopes between all pairs, which a moment's peak does not move.

    NaN of fewer than two moments.
    """
    times, heights = np.asarray(times_s, float), np.asarray(values, float)
    first, second = np.triu_indices(len(times), 1)
    spans = times[second] - times[first]
    rises = (heights[second] - heights[first])[spans > 0]
    return float(np.median(rises / spans[spans > 0])) * HOUR_S if len(rises) else float("nan")


def settled(samples: Sequence[Sample]) -> list[Sample]:
    """Those after the first ten minutes; of a run of less than half an hour, after its first third."""
    if not samples:
        return []
    begin_s = min(SETTLING_S, samples[-1].time_s / 3)
    return [sample for sample in samples if sample.time_s >= begin_s]


def rows(samples: Sequence[Sample], faults: int) -> list[Row]:
    """Every figure with its limit; the slope of p99 is told in ms an hour and may be a tenth of a 60 Hz frame."""
    kept = thinned(settled(samples))
    times = [sample.time_s for sample in kept]

    def slope(name: str) -> float:
        return slope_an_hour(times, [getattr(sample, name) for sample in kept])

    told = [sample for sample in kept if sample.p99_ms == sample.p99_ms]
    due = kept[-1].frames - kept[0].frames if kept else 0
    late = kept[-1].late - kept[0].late if kept else 0
    return [
        Row("memory", slope("rss_mb"), 1.0, "MB an hour"),
        Row("file descriptors", slope("files"), 0.0, "an hour"),
        Row("threads", slope("threads"), 0.0, "an hour"),
        Row("p99 of a picture", slope_an_hour([s.time_s for s in told], [s.p99_ms for s in told]), 1.7, "ms an hour"),
        Row("late pictures", 100 * late / due if due else float("nan"), 0.1, "%"),
        Row("faults", faults, 0, ""),
    ]


def thinned(samples: Sequence[Sample], most: int = 1000) -> list[Sample]:
    """Every so manieth, so that there are no more than `most`, and the last."""
    step = -(-len(samples) // most) or 1
    return [*samples[: len(samples) - 1 : step], *samples[-1:]]


def table(rows: Sequence[Row]) -> str:
    """The figures as a table of Markdown."""
    lines = ["| | measured | at most | |", "|---|---|---|---|"]
    for row in rows:
        unit = f" {row.unit}" if row.unit else ""
        lines.append(f"| {row.what} | {row.value:.3g}{unit} | {row.most:g}{unit} | {'ok' if row.kept else 'OVER'} |")
    return "\n".join(lines) + "\n"
