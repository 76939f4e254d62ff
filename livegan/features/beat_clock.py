"""Beat clocks: the interface, the per-hop beat state that features read, and a clock that runs free.

`BeatTracker` (from the sound) and `FreeClock` (tapped) are clocks; so are MIDI clock and Ableton Link.
"""

from dataclasses import dataclass
from math import floor
from typing import Protocol, runtime_checkable

from livegan.features.taps import Taps

MUSIC_BEGINS = 0.1  # beats: of music that is heard from its beginning, that is one too


class BeatClock(Protocol):
    """Beat clock interface. Time is an argument: seconds of the clock's own time, never going back."""

    @property
    def bpm(self) -> float:
        """Beats per minute, more than 0."""
        ...

    @property
    def confidence(self) -> float:
        """0: a guess, no music or nothing is known; 0.5: half the beats told so are right; 1: as a cable's are."""
        ...

    @property
    def beats_per_bar(self) -> int:
        """A bar begins where `beats_at` is a multiple of this."""
        ...

    def beats_at(self, time_s: float) -> float:
        """How many beats have passed at `time_s`; a whole number is a beat. `time_s` may be a little in the future."""
        ...


@runtime_checkable
class TappableClock(BeatClock, Protocol):
    """A beat clock that the controls of the beat (`core.events`) can set."""

    def tap(self, time_s: float) -> None:
        """A tap at `time_s`; the third one sets tempo and beat."""
        ...

    def halve(self) -> None: ...

    def double(self) -> None: ...

    def nudge(self, beats: float) -> None:
        """Let the beat fall so much earlier; a whole number moves the bar only."""
        ...

    def listen(self) -> None:
        """Forget what was tapped, where the clock has a tempo of its own."""
        ...


@runtime_checkable
class BarClock(BeatClock, Protocol):
    """A beat clock that knows where its bars begin, in music whose metre changes."""

    def in_bar_at(self, time_s: float) -> tuple[float, int]:
        """Beats since the beginning of the bar at `time_s`, and how many the bar has."""
        ...


@dataclass(frozen=True, slots=True)
class BeatState:
    """The beat in one hop, as features see it."""

    bpm: float
    confidence: float  # 0..1
    phase: float  # where in the beat: 0 on it, rising to 1
    bar_phase: float  # where in the bar: 0 on its first beat, rising to 1
    beat: bool  # a beat falls in this hop
    downbeat: bool  # the first of a bar does
    unheard: bool = False  # it counts where nothing is heard, too: it is tapped, or comes from outside


class BeatCounter:
    """Beat states hop by hop from any clock. Jumps of a beat or more renumber the beats and are none themselves."""

    def __init__(self, clock: BeatClock) -> None:
        self._clock = clock
        self._bars = clock if isinstance(clock, BarClock) else None
        self._beats: float | None = None
        self._number = 0

    def step(self, time_s: float) -> BeatState:
        """The state at `time_s`, the end of a hop."""
        clock = self._clock
        beats, bar = clock.beats_at(time_s), clock.beats_per_bar
        in_bar = beats % bar
        if self._bars is not None:
            in_bar, bar = self._bars.in_bar_at(time_s)
        number = floor(beats)
        if self._beats is None or abs(beats - self._beats) >= 1.0:
            begins = self._beats is None and self._bars is not None and 0 <= beats < MUSIC_BEGINS
            self._number = number - 1 if begins else number
        falls = number > self._number
        self._beats, self._number = beats, max(number, self._number)
        return BeatState(
            bpm=clock.bpm,
            confidence=clock.confidence,
            phase=beats - number,
            bar_phase=in_bar / bar,
            beat=falls,
            downbeat=falls and int(in_bar) == 0,
        )


class FreeClock:
    """Beat clock that runs on at the last tempo it was set or tapped to, without a jump when the tempo changes."""

    confidence = 0.0
    beats_per_bar = 4

    def __init__(self, bpm: float = 120.0) -> None:
        """Beat 0 at 0 s."""
        self.bpm = bpm
        self._time_s = 0.0
        self._beats = 0.0
        self._asked_s = 0.0
        self._taps = Taps()

    def beats_at(self, time_s: float) -> float:
        """A straight line through the last correction."""
        self._asked_s = max(self._asked_s, time_s)
        return self._beats + (time_s - self._time_s) * self.bpm / 60.0

    def set(self, time_s: float, bpm: float, shift: float = 0.0) -> None:
        """From `time_s` on go at `bpm`, and `shift` beats further."""
        self._beats = self.beats_at(time_s) + shift
        self._time_s = time_s
        self.bpm = bpm

    def tap(self, time_s: float) -> None:
        line = self._taps.add(time_s)
        if line is not None:
            period_s, first_s = line
            self.set(time_s, 60.0 / period_s)
            self._beats += ((time_s - first_s) / period_s - self._beats + 0.5) % 1.0 - 0.5

    def halve(self) -> None:
        self.set(self._asked_s, self.bpm / 2)

    def double(self) -> None:
        self.set(self._asked_s, self.bpm * 2)

    def nudge(self, beats: float) -> None:
        self._beats += beats

    def listen(self) -> None:
        """It has no tempo of its own."""
