"""Confidence of the beat: the probability that a beat told now is right within 70 ms, by logistic regression.

What it knows is how consistent the clock and the sound are: the probability of the told tempo and phase, how much of
the beat activation falls on told beats, and whether the sound has a beat at all. The weights are fitted on music with
known beats (Platt 1999), so that of the beats told with confidence c a share c is right.
"""

from math import exp, log

BEATS = 5.0  # told beats that are remembered
TIME_S = 2.0  # ... and activation between them
PULSE_S = 0.8  # ... and whether there is a beat at all
MASS_S = 0.3
WINDOW_S = 0.035  # the activation of a beat is the greatest so near to it
SILENT_S = 0.8  # confidence falls so fast in silence, after as long
FEATURES = ("one", "mass", "on", "half", "rest", "pulse")
WEIGHTS = (-3.0, 0.35, 4.0, -0.5, -2.0, 1.0)


class BeatConfidence:
    """Evidence for and against the told beat, remembered for seconds."""

    def __init__(self, frame_s: float) -> None:
        """Nothing heard yet."""
        self._frame_s = frame_s
        self.forget()

    def forget(self) -> None:
        """Nothing of what was heard counts any more."""
        self.on = self.half = self.rest = self.pulse = self.mass = 0.0
        self._on = self._half = self._downbeat = 0.0
        self.value = 0.0

    def step(
        self, beat: float, downbeat: float, pulse: float, mass: float, phase: float, beat_s: float
    ) -> float | None:
        """One frame later, in which the clock is `phase` (-0.5..0.5) from a beat of `beat_s`.

        Once a beat, when all of it was heard: the downbeat activation at it; None otherwise.
        """
        beat, downbeat, pulse = (_known(value) for value in (beat, downbeat, pulse))
        self.rest += self._frame_s / TIME_S * (beat - self.rest)
        self.pulse += self._frame_s / PULSE_S * (pulse - self.pulse)
        self.mass += self._frame_s / MASS_S * (mass - self.mass)
        from_beat = abs(phase) * beat_s
        told: float | None = None
        if from_beat <= WINDOW_S:
            self._on = max(self._on, beat)
            self._downbeat = max(self._downbeat, downbeat)
        elif phase > 0.0 and self._on >= 0.0:
            self.on += (self._on - self.on) / BEATS
            told, self._on, self._downbeat = self._downbeat, -1.0, 0.0
        elif phase < 0.0 and self._on < 0.0:
            self.half += (self._half - self.half) / BEATS
            self._half = self._on = 0.0
        if (0.5 - abs(phase)) * beat_s <= WINDOW_S:
            self._half = max(self._half, beat)
        self.value = logistic(sum(w * x for w, x in zip(WEIGHTS, self.features, strict=True)))
        return told

    def silence(self, silent_s: float, step_s: float) -> None:
        """Nothing has been playing for `silent_s`, `step_s` longer than before."""
        if silent_s > SILENT_S:
            self.value *= exp(-step_s / SILENT_S)

    @property
    def features(self) -> tuple[float, ...]:
        """Input of the regression, as in FEATURES."""
        mass = min(max(self.mass, 1e-3), 0.999)
        return 1.0, log(mass / (1.0 - mass)), self.on, self.half, self.rest, self.pulse


def logistic(x: float) -> float:
    """0..1."""
    return 1.0 / (1.0 + exp(-min(max(x, -30.0), 30.0)))


def _known(value: float) -> float:
    """0..1; 0 for what is not a number."""
    return min(max(value, 0.0), 1.0) if value == value else 0.0
