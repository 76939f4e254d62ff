"""Beat lead: the beat, downbeat and phases as they will be a moment later, for routes that make up for latency.

A beat clock predicts, so the beat may be read ahead of time: phase plus lead times tempo. Pulses are made anew from the
phase read ahead, each beat once; while the tracker is unsure, they are those that are heard.
"""

from collections.abc import Mapping, Sequence
from math import exp, floor

from livegan.core.beat_thresholds import MOVES

NAMES = ("beat", "downbeat", "beat.phase", "bar.phase")  # what can be read ahead
MAX_LEAD_S = 0.5
DECAY_S = 0.12  # time constant of the fall after a beat: that of the features

_NEEDED = (*NAMES, "beat.bpm", "beat.confidence")
_BEATS_PER_BAR = 4  # until bars have been heard


class BeatLead:
    """Reader of the beat features ahead of time, by a lead that may change from frame to frame."""

    def __init__(self, index: Mapping[str, int]) -> None:
        """`index` says where the features are in `values`; KeyError if there is no beat among them."""
        self._at = [index[name] for name in _NEEDED]
        self._phase: float | None = None  # read ahead, in the newest frame
        self._position = 0.0  # beats passed, read ahead; a whole number is a beat
        self._number = 0  # of the newest beat
        self._heard: tuple[float, float] | None = None  # phases as heard, in the newest frame
        self._bar = _BEATS_PER_BAR
        self._since_s = {"beat": float("inf"), "downbeat": float("inf")}

    def step(self, values: Sequence[float], lead_s: float, dt_s: float) -> tuple[float, float, float, float]:
        """The four NAMES as they will be `lead_s` from now; advances by `dt_s`. Without a lead they are as heard."""
        beat, downbeat, phase, bar_phase, bpm, confidence = (values[at] for at in self._at)
        ahead = min(max(lead_s, 0.0), MAX_LEAD_S) * bpm / 60.0
        if ahead <= 0:
            self._phase = self._heard = None
            return beat, downbeat, phase, bar_phase
        self._measure_bar(phase, bar_phase)
        in_bar = (bar_phase * self._bar + ahead) % self._bar
        led = (phase + ahead) % 1.0
        falls = self._falls(led, dt_s * bpm / 60.0)
        begins = falls and round(in_bar - led) % self._bar == 0
        ago_s = led * 60.0 / bpm
        pulses = (self._pulse("beat", falls, ago_s, dt_s), self._pulse("downbeat", begins, ago_s, dt_s))
        if confidence < MOVES:
            pulses = (beat, downbeat)
        return (*pulses, led, in_bar / self._bar)

    def _measure_bar(self, phase: float, bar_phase: float) -> None:
        """Beats in a bar: how much faster the one phase goes than the other."""
        if self._heard is not None:
            beats, bars = (phase - self._heard[0]) % 1.0, (bar_phase - self._heard[1]) % 1.0
            ratio = beats / bars if bars > 1e-4 else 0.0
            if 1.9 < ratio < 16.1 and abs(ratio - round(ratio)) < 0.05:
                self._bar = round(ratio)
        self._heard = (phase, bar_phase)

    def _falls(self, led: float, expected: float) -> bool:
        """Whether a beat has fallen since the last frame; `expected` beats should have passed. None falls twice."""
        if self._phase is None:
            self._position, self._number = led, 0
        else:
            moved = expected + (led - self._phase - expected + 0.5) % 1.0 - 0.5
            self._position = round(self._position + moved - led) + led
        self._phase = led
        number = floor(self._position)
        falls = number > self._number
        self._number = max(number, self._number)
        return falls

    def _pulse(self, name: str, falls: bool, ago_s: float, dt_s: float) -> float:
        """The peak of a pulse in this frame: 1 in that of the beat, falling afterwards."""
        since_s = self._since_s[name]
        self._since_s[name] = ago_s if falls else since_s + dt_s
        return 1.0 if falls else exp(-since_s / DECAY_S)
