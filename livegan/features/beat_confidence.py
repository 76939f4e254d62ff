"""Confidence of the beat: the probability that a beat told now is right within 70 ms, by logistic regression.

What it knows is how consistent the clock and the sound are: the probability of the told tempo and phase, how much of
the beat activation falls on told beats, and whether the sound has a beat at all. The weights are fitted on music and
other sound with known beats (Platt 1999), so that of the beats told with confidence c a share c is right.
"""

from math import exp, log

from livegan.features.bar_pointer import FRAME_S

BEATS = 3.0  # told beats that are remembered
PULSE_S = 0.6  # ... and for how long whether there is a beat at all
MASS_S = 0.3  # ... and the probability of the told tempo and phase
WINDOW_S = 0.035  # the activation of a beat is the greatest so near to it
CONSTANT, OF_MASS, OF_BEATS, OF_PULSE = -1.7, 0.33, 2.1, 2.5  # weights of the regression
FADE_AFTER_S, FADE_S = 0.6, 0.5  # of a silence: confidence fades from then on, so fast


class BeatConfidence:
    """Evidence for and against the told beat, remembered for seconds."""

    def __init__(self) -> None:
        """Nothing heard yet."""
        self.forget()

    def forget(self) -> None:
        """Nothing of what was heard counts any more."""
        self.on_beats = self.pulse = self.mass = 0.0  # 0..1, lately
        self._on_beat = self._on_downbeat = 0.0  # the greatest activations at this beat
        self._passed = False  # this beat

    @property
    def value(self) -> float:
        """Probability, 0..1, that a beat told now is right."""
        mass = min(max(self.mass, 1e-3), 0.999)
        log_odds = CONSTANT + OF_MASS * log(mass / (1.0 - mass)) + OF_BEATS * self.on_beats + OF_PULSE * self.pulse
        return 1.0 / (1.0 + exp(-log_odds)) if self.pulse > 0.0 else 0.0

    def step(
        self, beat: float, downbeat: float, pulse: float, *, mass: float, phase: float, beat_s: float
    ) -> float | None:
        """One frame later, in which the clock is `phase` (-0.5..0.5) from a beat of `beat_s`.

        Once a beat, when all of it was heard: the downbeat activation at it; None otherwise.
        """
        beat, downbeat, pulse = _known(beat), _known(downbeat), _known(pulse)
        self.pulse += FRAME_S / PULSE_S * (pulse - self.pulse)
        self.mass += FRAME_S / MASS_S * (mass - self.mass)
        if abs(phase) * beat_s <= WINDOW_S:
            self._on_beat = max(self._on_beat, beat)
            self._on_downbeat = max(self._on_downbeat, downbeat)
        elif phase < 0.0:
            self._passed = False
        elif not self._passed:
            self.on_beats += (self._on_beat - self.on_beats) / BEATS
            told, self._passed = self._on_downbeat, True
            self._on_beat = self._on_downbeat = 0.0
            return told
        return None


def faded(silent_s: float) -> float:
    """What confidence is multiplied by when nothing has been playing for so long, 0..1."""
    return exp(-max(silent_s - FADE_AFTER_S, 0.0) / FADE_S)


def _known(value: float) -> float:
    """0..1; 0 for what is not a number."""
    return min(max(value, 0.0), 1.0) if value == value else 0.0
