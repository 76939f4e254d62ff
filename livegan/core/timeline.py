"""Timeline of music that is known before it sounds: beats with the moments of their notes, read by any thread.

One thread, a conductor, appends beats shortly before they begin; sound, features, MIDI and pictures read them. What is
fixed never changes. Times are float64 seconds from the beginning of the music, so nothing accumulates in hours.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from livegan.core.channels import Inbox, Latest
from livegan.core.score import AHEAD_S, EMPTY, NOTES_AT_MOST, Score
from livegan.core.types import Vector

BACK_S = 4.0  # of a score before its moment
KEPT_S = 12.0  # of beats that have sounded; notes of older ones that sound on are carried


class NoteEvent(NamedTuple):
    """Beginning or end of a note."""

    time_s: float  # from the beginning of the music
    on: bool
    voice: int  # 0 is the highest voice, or the first track
    pitch: int  # MIDI number
    velocity: int = 0  # 1..127; 0 of an end


@dataclass(frozen=True, slots=True)
class TimedBeat:
    """Beat of a timeline. The last of a bar may be a short one, as in 7/8."""

    start_s: float
    length_s: float
    number: int  # beats before it
    in_bar: int  # ... in its bar
    beats_per_bar: int
    bpm: float  # quarter notes a minute
    events: tuple[NoteEvent, ...]  # in order of time; ends before beginnings
    bar: int = 0  # bars before its own
    z: Vector | None = None  # where the walk of the composer is at the beginning of its bar
    next_z: Vector | None = None  # ... and at the end of it

    @property
    def end_s(self) -> float:
        """Where the next one begins."""
        return self.start_s + self.length_s


@dataclass(frozen=True, slots=True)
class Passage:
    """What a timeline holds at one moment: beats that follow each other without a gap."""

    fixed: tuple[TimedBeat, ...] = ()
    expected: tuple[TimedBeat, ...] = ()  # composed and not fixed: tempo, and in the end notes, may change
    carried: tuple[NoteEvent, ...] = ()  # beginnings of notes that sound on into the first of the fixed beats

    @property
    def end_s(self) -> float:
        """Up to where it is fixed."""
        return self.fixed[-1].end_s if self.fixed else 0.0

    def beat_at(self, time_s: float) -> TimedBeat | None:
        """The fixed beat that sounds then; the nearest one before and behind them; None of an empty one."""
        at = bisect_right(self.fixed, time_s, key=_start) - 1
        return self.fixed[max(at, 0)] if self.fixed else None

    def events(self, start_s: float, end_s: float) -> Iterator[NoteEvent]:
        """What is fixed from `start_s` on, before `end_s`."""
        for beat in self.fixed[max(bisect_right(self.fixed, start_s, key=_start) - 1, 0) :]:
            if beat.start_s >= end_s:
                return
            yield from (event for event in beat.events if start_s <= event.time_s < end_s)

    def sounding(self, time_s: float) -> tuple[NoteEvent, ...]:
        """Beginnings, before `time_s`, of the notes that sound on then."""
        notes = {(event.voice, event.pitch): event for event in self.carried}
        for event in self.events(float("-inf"), time_s):
            notes.pop((event.voice, event.pitch), None)
            if event.on:
                notes[event.voice, event.pitch] = event
        return tuple(notes.values())


def _start(beat: TimedBeat) -> float:
    return beat.start_s


@dataclass(frozen=True, slots=True)
class Retime:
    """Wish for another tempo, from the next beat on that is not fixed yet."""

    bpm: float | None = None  # quarter notes a minute
    factor: float = 1.0  # times faster than now
    beat_s: float | None = None  # a beat should fall then [s of the music]; the beats are led there in a few
    shift: float = 0.0  # beats that they should fall earlier


class Timeline:
    """Timeline: the newest `Passage`, and when the music began. One thread writes, any reads."""

    def __init__(self) -> None:
        self.wishes: Inbox[Retime] = Inbox(64)  # for the conductor
        self._passages: Latest[Passage] = Latest()
        self.origin_s = 0.0  # when the music began, on the clock of the show; the source sets it
        self.drums: frozenset[int] = frozenset()  # voices whose pitches are instruments

    @property
    def now(self) -> Passage:
        """The newest passage."""
        return self._passages.peek() or Passage()

    def put(self, beats: tuple[TimedBeat, ...], expected: tuple[TimedBeat, ...] = ()) -> None:
        """Append beats that are fixed now, forget old ones, and say what is expected after them."""
        whole = Passage((*self.now.fixed, *beats), expected, self.now.carried)
        first = bisect_right(whole.fixed, whole.fixed[-1].start_s - KEPT_S, key=_start) - 1 if whole.fixed else 0
        if first > 0:
            carried = whole.sounding(whole.fixed[first].start_s)
            whole = Passage(whole.fixed[first:], expected, carried)
        self._passages.put(whole)

    def position_s(self, time_s: float) -> float:
        """A moment of the show as one of the music, negative before it began."""
        return time_s - self.origin_s

    def beats_at(self, position_s: float) -> float:
        """Beats passed at a moment of the music; on at the last tempo where nothing is fixed yet."""
        beat = self.now.beat_at(position_s)
        return 0.0 if beat is None else beat.number + (position_s - beat.start_s) / beat.length_s

    def walk_at(self, time_s: float) -> tuple[Vector, Vector, float] | None:
        """Where the composer's walk is at a moment of the show: latents of this bar and the next, share of the next."""
        position_s = self.position_s(time_s)
        beat = self.now.beat_at(position_s)
        if beat is None or beat.z is None or position_s < beat.start_s - beat.length_s:
            return None
        gone = beat.in_bar + (position_s - beat.start_s) / beat.length_s
        share = min(max(gone / beat.beats_per_bar, 0.0), 1.0)
        return beat.z, beat.z if beat.next_z is None else beat.next_z, share

    def window(self, time_s: float) -> Score:
        """The notes around a moment of the show."""
        now, at_s = self.now, self.position_s(time_s)
        rows: list[tuple[float, float, int, int, float]] = []
        sounding = {(event.voice, event.pitch): (event.time_s, event.velocity) for event in now.carried}
        known = (*now.fixed, *now.expected)
        for beat in known:
            for event in beat.events:
                key = (event.voice, event.pitch)
                if event.on:
                    sounding[key] = (event.time_s, event.velocity)
                elif key in sounding:
                    rows.append(_row(at_s, event.time_s, key, *sounding.pop(key)))
        end_s = known[-1].end_s if known else at_s
        rows += [_row(at_s, end_s, key, *note) for key, note in sounding.items()]
        seen = sorted(row for row in rows if row[0] + row[1] > -BACK_S and row[0] < AHEAD_S)[-NOTES_AT_MOST:]
        here = now.beat_at(at_s)
        if here is None:
            return EMPTY
        phase = (here.in_bar + (at_s - here.start_s) / here.length_s) / here.beats_per_bar
        ahead_s = min(max(end_s - at_s, 0.0), AHEAD_S)
        bar_s = here.beats_per_bar * here.length_s
        return Score(np.array(seen, np.float32).reshape(-1, 5), phase % 1.0, bar_s, ahead_s)


def _row(
    at_s: float, end_s: float, key: tuple[int, int], start_s: float, velocity: int
) -> tuple[float, float, int, int, float]:
    """A note of a score."""
    voice, pitch = key
    return start_s - at_s, end_s - start_s, pitch, voice, velocity / 127
