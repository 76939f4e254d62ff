"""Phase-locked loop of the beat: the tempo and position that are told, drawn smoothly to what is most probable."""

from math import exp, floor

from livegan.core.tempo_range import FASTEST_BPM, SLOWEST_BPM

FREE_BPM = 120.0  # before anything is heard
PULL_PHASE = 0.05  # share of a phase error corrected per frame
PULL_TEMPO = 0.01  # share of a tempo error (logarithms) corrected per frame
BEND = 0.004  # what a phase error adds to the logarithm of the tempo per frame and beat
SAME_BEAT = 0.4  # of a beat: none falls sooner after another


class PhaseLock:
    """Beat counter that runs on by itself: `position` in beats, of which a whole number is a beat."""

    def __init__(self) -> None:
        """Beat 0 is now."""
        self.bpm = FREE_BPM
        self._beats = 0.0
        self._offset = 0.0  # nudged
        self._last = 0  # number of the last beat
        self._since = 1.0  # beats passed since one was counted

    @property
    def position(self) -> float:
        """Beats, with what they were nudged by."""
        return self._beats + self._offset

    @property
    def heard(self) -> float:
        """Beats where they are heard: `position` before it was nudged."""
        return self._beats

    def advance(self, time_s: float) -> None:
        beats = self.bpm / 60.0 * time_s
        self._beats += beats
        self._since += beats

    def follow(self, beats: float, log_tempo: float, trust: float) -> None:
        """A frame later: errors in beats and in the logarithm of the tempo, of which a share is corrected."""
        self._beats += trust * PULL_PHASE * beats
        self.set_bpm(self.bpm * exp(trust * (PULL_TEMPO * log_tempo + BEND * beats)))

    def jump(self, beats: float) -> None:
        """The beat falls so much earlier (-0.5..0.5)."""
        self._beats += beats
        self._offset = 0.0
        self._last = min(self._last, floor(self.position))

    def set_bpm(self, bpm: float) -> None:
        """Another tempo from here on, within what can be told."""
        self.bpm = min(max(bpm, SLOWEST_BPM), FASTEST_BPM)

    def set_beat(self, beats: float) -> None:
        """The beat is where `beats` is a whole number now."""
        self._beats += (beats - self.position + 0.5) % 1.0 - 0.5
        self.recount()

    def nudge(self, beats: float) -> None:
        """Let the beat fall so much earlier."""
        self._offset += beats
        self.recount()

    def scale(self, by: float, bar: int) -> None:
        """`by` times as many beats; beat number `bar` stays one."""
        self.set_bpm(self.bpm * by)
        self._beats = bar + (self._beats - bar) * by
        self.recount()

    def count(self) -> int | None:
        """Number of the beat that has fallen since the last call; None if none has."""
        now = floor(self.position)
        falls = now > self._last and self._since >= SAME_BEAT
        if now > self._last:
            self._last = now
        if falls:
            self._since = self.position - now
            return now
        return None

    def recount(self) -> None:
        """Beats jumped over are not counted."""
        self._last = floor(self.position)
