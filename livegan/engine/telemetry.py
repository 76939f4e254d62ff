"""Telemetry: rolling duration meters, sound warnings, and the snapshot of the engine that HUD and reports read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import FeatureFrame, Pixels

SOUND_WARNINGS = {  # feature: value from which it is a warning, and the line the HUD shows
    "input.clip": (0.5, "the input clips: turn it down"),
    "input.hum": (0.5, "mains hum: check cables and ground"),
    "input.dc": (0.5, "the input is off centre (DC)"),
    "input.talk": (0.6, "somebody is talking"),
}


class Percentiles(TypedDict):
    """Percentiles of durations [ms]."""

    p50: float
    p95: float
    p99: float
    max: float


class Meter:
    """Rolling meter of the newest `size` durations.

    Single writer; a concurrent reader may see one sample from the next window.
    """

    def __init__(self, size: int = 1024) -> None:
        """Room for `size` durations [s]."""
        self._values: NDArray[np.float64] = np.zeros(size)
        self.count = 0
        self.longest_s = 0.0
        self.total_s = 0.0

    def add(self, seconds: float) -> None:
        self._values[self.count % len(self._values)] = seconds
        self.count += 1
        self.longest_s = max(self.longest_s, seconds)
        self.total_s += seconds

    def rate(self) -> float:
        """Durations per second since the start, to three places: frames per second of a meter of intervals."""
        return round(self.count / self.total_s, 3) if self.count else 0.0

    def values(self) -> NDArray[np.float64]:
        """The remembered durations [s], in no order."""
        return self._values[: min(self.count, len(self._values))]

    def percentiles(self) -> Percentiles:
        """Of the remembered durations [ms]; `max` is of all since the start. Zeros before the first."""
        if not self.count:
            return {"p50": 0.0, "p95": 0.0, "p99": 0.0, "max": 0.0}
        ordered, places = np.sort(self.values()) * 1e3, np.array((0.50, 0.95, 0.99))
        # What np.percentile gives, which takes four times as long for so few: this is asked ten times a second.
        p50, p95, p99 = map(float, np.interp(places * (len(ordered) - 1), np.arange(len(ordered)), ordered))
        return {"p50": p50, "p95": p95, "p99": p99, "max": self.longest_s * 1e3}


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Frozen snapshot of the engine, made a few times a second."""

    time_s: float
    fps: float  # frames published per second, over the last second
    renders: Meter  # planning to pixels; it goes on, so its percentiles cost only those who ask
    scene: str
    network: str
    device: str  # "cpu, bf16, 1 thread"
    source: str  # "Scarlett 2i2, 48 kHz" or "demo track"
    level: float  # 0..1
    onset: float  # 0..1, held since the last snapshot
    overruns: int
    dropped: int
    faults: int
    knobs: tuple[tuple[str, float], ...] = ()  # (what it turns, 0..1)
    turns: Mapping[str, int] = field(
        default_factory=dict
    )  # those that wait for their knob: turn it up (1) or down (-1)
    notices: tuple[str, ...] = ()  # short lines: "sound card lost, looking for it"
    bank: str = ""  # "networks 5 of 8 ready, 212 of 6000 MB"
    bpm: float = 0.0  # tempo of the beat, 0 while there is none
    clock: str = ""  # where the beat comes from: "heard", "heard within 70-180", "Link, 3 peers", "no Link: heard"
    beats_per_bar: int = 4  # of that clock
    missed_hops: int = 0  # too old when the engine read them
    flashes: tuple[float, float] | None = (
        None  # asked for in the last second, 4 or more as 4: all, red; None: no limiter
    )
    flash_area: float = 0.0  # share of the picture that would have flashed more than three times in that second
    limiting: bool = False  # the strobe limiter holds pictures back
    still: Pixels | None = field(default=None, compare=False, repr=False)  # of the safe scene
    quality: str = ""  # what is traded for the frame rate, "light · 30 fps"; "" while nothing is
    connections: tuple[tuple[str, bool], ...] = ()  # of MIDI, OSC ...: a line each, and whether nothing is wrong
    cued: str = ""  # title of the scene at the other end of the crossfader
    prompt: tuple[str, str] = ("", "")  # words that the picture follows, "" of music, and what was understood of them


def sound_warnings(features: FeatureFrame) -> list[str]:
    """A line for each thing that is wrong with the input sound now."""
    known = features.layout.index
    return [text for name, (least, text) in SOUND_WARNINGS.items() if name in known and features[name] >= least]
