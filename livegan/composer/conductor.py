"""Conductor: gives beats of music their moments, shortly before they sound; tempo and taps act from beat to beat.

Beats come from a composer, bar after bar, or from a MIDI file. Where the next bar is late the last one is played again:
music never stops.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from livegan.core.timeline import NoteEvent, TimedBeat, Timeline
from livegan.core.types import Vector

LEAD_S = 0.15  # how long before it sounds a beat is fixed
LED = 0.12  # share of its length by which a beat is made longer or shorter, to fall where it is tapped
SLOWEST, FASTEST = 20.0, 400.0  # quarter notes a minute that a player can lead music to; as written it goes beyond
MOST_SHIFT = 0.5  # beats that are still to be caught up, at most


@dataclass(frozen=True, slots=True, order=True)
class BeatEvent:
    """Beginning or end of a note in a beat; ends are before beginnings in order."""

    place: float  # in the beat, 0..1, below 1
    on: bool
    voice: int
    pitch: int
    velocity: int = 0


@dataclass(frozen=True, slots=True)
class Beat:
    """Beat of music without a moment."""

    events: tuple[BeatEvent, ...] = ()  # in order
    bpm: float = 0.0  # quarter notes a minute, as written; 0: as before
    quarters: float = 1.0  # its length; less of a short one at the end of a bar


@dataclass(frozen=True, slots=True)
class Bar:
    """Bar of music without moments."""

    beats: tuple[Beat, ...]
    z: Vector | None = None  # where the composer's walk is at its beginning
    next_z: Vector | None = None


NextBar = Callable[[], Bar | None]
"""The next bar; None: it is not there yet. After the end of the music, bars without beats."""


class Conductor:
    """Conductor of one timeline. One thread conducts."""

    def __init__(
        self, timeline: Timeline, next_bar: NextBar, bpm: float = 120.0, pace: Callable[[], float] = lambda: 1.0
    ) -> None:
        """`bpm`: the tempo where the music says none; `pace`: how much faster than that it goes now."""
        self.timeline = timeline
        self.bars = 0  # begun, without those played again
        self.repeated = 0  # bars played again, as the next one was late
        self.ended = False
        self._next_bar, self._pace = next_bar, pace
        self._bpm, self._tapped = bpm, 1.0  # as written; and times faster, as tapped
        self._bar = Bar(())
        self._following: Bar | None = None
        self._at = 0  # beat of the bar
        self._number = 0  # beats fixed
        self._end_s = 0.0
        self._shift = 0.0  # beats that the next ones should fall earlier
        self._sounding: dict[tuple[int, int], int] = {}  # voice and pitch: velocity
        self._held: dict[tuple[int, int], int] = {}  # those that sounded on from the bar before this one

    @property
    def bpm(self) -> float:
        """Quarter notes a minute now."""
        return self._tempo(self._bpm)

    @property
    def bar_s(self) -> float:
        """How long the bar that plays is at the tempo of now [s]; 0 before the first."""
        return sum(beat.quarters for beat in self._bar.beats) * 60.0 / self.bpm

    def advance(self, position_s: float) -> None:
        """Fix every beat that begins before `position_s` [s of the music] and LEAD_S."""
        fixed: list[TimedBeat] = []
        followed = self._following
        while not self.ended and self._end_s < position_s + LEAD_S:
            self._take_wishes()
            first = self._at >= len(self._bar.beats)
            if first and not self._begin_bar():
                if not self.ended:
                    break
                fixed.append(self._last())
            else:
                fixed.append(self._fix())
        if self._following is None and self._bar.beats and not self.ended:
            self._following = self._next_bar()
        if fixed or self._following is not followed:
            self.timeline.put(tuple(fixed), self._expected())

    def _begin_bar(self) -> bool:
        """Take the next bar, or the last one again; False before the first and at the end of the music."""
        coming = self._following or self._next_bar()
        self._following = None
        if coming is None:
            if not self._bar.beats:
                return False
            coming = self._again()
            self.repeated += 1
        elif coming.beats:
            self.bars += 1
            self._held = {**self._sounding}
        else:
            self.ended = True
            return False
        self._bar, self._at = coming, 0
        return True

    def _again(self) -> Bar:
        """The bar once more: what sounds is let go, what had sounded on into it is struck."""
        first, *others = self._bar.beats
        ends = [BeatEvent(0.0, False, *key) for key in self._sounding]
        own = [event for event in first.events if event.on or event.place > 0]
        let_go = {(event.voice, event.pitch) for event in first.events if not event.on and event.place == 0}
        struck = [BeatEvent(0.0, True, *key, velocity) for key, velocity in self._held.items() if key not in let_go]
        return Bar((replace(first, events=tuple(sorted([*ends, *struck, *own]))), *others), self._bar.next_z)

    def _fix(self) -> TimedBeat:
        beat = self._bar.beats[self._at]
        self._bpm = beat.bpm or self._bpm
        share = min(max(1.0 - self._shift, 1.0 - LED), 1.0 + LED)
        self._shift = 0.0 if abs(1.0 - self._shift - share) < 1e-9 else self._shift - (1.0 - share)
        length_s = share * beat.quarters * 60.0 / self.bpm
        timed = self._timed(self._bar, self._at, self._number, self._end_s, length_s)
        for event in timed.events:
            if event.on:
                self._sounding[event.voice, event.pitch] = event.velocity
            else:
                self._sounding.pop((event.voice, event.pitch), None)
        self._at, self._number, self._end_s = self._at + 1, self._number + 1, timed.end_s
        return timed

    def _timed(self, bar: Bar, at: int, number: int, start_s: float, length_s: float) -> TimedBeat:
        beat = bar.beats[at]
        return TimedBeat(
            start_s,
            length_s,
            number,
            in_bar=at,
            beats_per_bar=len(bar.beats),
            bpm=beat.quarters * 60.0 / length_s,
            events=tuple(
                NoteEvent(start_s + event.place * length_s, event.on, event.voice, event.pitch, event.velocity)
                for event in beat.events
            ),
            bar=self.bars + self.repeated - 1,
            z=bar.z,
            next_z=bar.next_z,
        )

    def _tempo(self, written: float) -> float:
        """What is played of a tempo: within limits, or as written beyond them."""
        return min(max(written * self._tapped * self._pace(), min(SLOWEST, written)), max(FASTEST, written))

    def _expected(self) -> tuple[TimedBeat, ...]:
        """What is known and not fixed, at the tempo of now."""
        bars = [(self._bar, at) for at in range(self._at, len(self._bar.beats))]
        if self._following is not None:
            bars += [(self._following, at) for at in range(len(self._following.beats))]
        expected, number, end_s, bpm = [], self._number, self._end_s, self._bpm
        for bar, at in bars:
            bpm = bar.beats[at].bpm or bpm
            length_s = bar.beats[at].quarters * 60.0 / self._tempo(bpm)
            expected.append(self._timed(bar, at, number, end_s, length_s))
            number, end_s = number + 1, expected[-1].end_s
        return tuple(expected)

    def _last(self) -> TimedBeat:
        """A silent beat after the end, in which everything ends that sounds."""
        ends = tuple(NoteEvent(self._end_s, False, *key) for key in self._sounding)
        bpm = max(self.bpm, SLOWEST)  # however slow the music was, it is over soon
        return TimedBeat(self._end_s, 60.0 / bpm, self._number, 0, 1, bpm, ends, self.bars + self.repeated)

    def _take_wishes(self) -> None:
        for wish in self.timeline.wishes.drain():
            if wish.bpm is not None or wish.factor != 1.0:
                self._tapped = (wish.bpm or self.bpm) * wish.factor / (self._bpm * self._pace())
                self._tapped = self.bpm / (self._bpm * self._pace())  # no further than it can be heard
            self._shift = min(max(self._shift + wish.shift, -MOST_SHIFT), MOST_SHIFT)
            if wish.beat_s is not None:
                late = (self._end_s - wish.beat_s) * self.bpm / 60.0
                self._shift = late - round(late)
