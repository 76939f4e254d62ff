"""What time is it in beats? One question, and whoever can answer it: the tracker, a free clock, later MIDI and Link."""

from typing import Protocol


class BeatClock(Protocol):
    """Counts beats. Time is an argument: seconds of the stage's own time, never going back."""

    @property
    def bpm(self) -> float:
        """Beats per minute, more than 0."""
        ...

    @property
    def confidence(self) -> float:
        """0: a guess, nobody plays or nothing is known; 1: certain, as a cable from a sequencer is."""
        ...

    def beats_at(self, time_s: float) -> float:
        """How many beats have passed at `time_s`; a whole number is a beat. May be asked a little ahead."""
        ...


class FreeClock:
    """Runs on at the last tempo it was told, without a jump when that changes."""

    confidence = 0.0

    def __init__(self, bpm: float = 120.0) -> None:
        """Beat 0 at 0 s."""
        self._bpm = bpm
        self._time_s = 0.0
        self._beats = 0.0

    @property
    def bpm(self) -> float:
        """Beats per minute."""
        return self._bpm

    def beats_at(self, time_s: float) -> float:
        """A straight line through the last correction."""
        return self._beats + (time_s - self._time_s) * self._bpm / 60.0

    def set(self, time_s: float, bpm: float, shift: float = 0.0) -> None:
        """From `time_s` on go at `bpm`, and `shift` beats further."""
        self._beats = self.beats_at(time_s) + shift
        self._time_s = time_s
        self._bpm = bpm
