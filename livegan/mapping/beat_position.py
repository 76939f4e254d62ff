"""Beat position: how many beats have passed, with fractions, from the features of the beat clock."""

from math import exp

from livegan.core.types import FeatureFrame

LOCK_S = 0.1  # time constant in which an error of phase is made good: a corrected beat moves, it does not jump
USUAL_BPM = 120.0  # until a tempo is known


class BeatPosition:
    """Beats passed, phase-locked to `beat.phase` and `beat.bpm`; without them at 120 beats a minute."""

    def __init__(self) -> None:
        self._phase: float | None = None  # of the last step
        self._bpm = USUAL_BPM

    def step(self, heard: FeatureFrame, dt_s: float) -> float:
        """Advance by `dt_s`; returns the beats that passed, in the first step since the beat nearest to its start."""
        index, values = heard.layout.index, heard.values
        bpm = float(values[index["beat.bpm"]]) if "beat.bpm" in index else 0.0
        locked = bpm > 0 and "beat.phase" in index
        self._bpm = bpm if bpm > 0 else self._bpm
        passed = self._bpm / 60 * dt_s
        target = float(values[index["beat.phase"]]) % 1.0 if locked else None
        if self._phase is None:
            self._phase = passed if target is None else (target - passed + 0.5) % 1.0 - 0.5 + passed
            passed = self._phase
        elif target is not None:
            error = (target - self._phase - passed + 0.5) % 1.0 - 0.5
            passed += error * (1 - exp(-dt_s / LOCK_S))
            self._phase += passed
        else:
            self._phase += passed
        self._phase %= 1.0
        return passed
