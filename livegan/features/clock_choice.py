"""Choice of the beat clock: Link, MIDI clock, tapped or heard; what the beat is and why, hop by hop.

Owned by the listening thread. Clocks from outside publish beat lines, which are only read; what is chosen is published
in the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, floor, log
from types import MappingProxyType
from typing import Protocol

from livegan.core.beat_line import MAX_BPM, MIN_BPM, BeatLine
from livegan.core.beat_thresholds import BELIEVED
from livegan.features.beat import BeatTracker
from livegan.features.beat_clock import BarClock, BeatClock, BeatState
from livegan.features.beat_controls import change_of, handle
from livegan.features.taps import Taps

OUTSIDE = ("link", "midi")  # the first that plays is chosen
SOURCES = ("auto", *OUTSIDE, "tap", "listening")
NAMES = {"link": "Link", "midi": "MIDI clock", "tap": "tapped"}
HEARD = "heard"
PLAYED = "played"  # by livegan itself

STANDS = 0.25  # beats that a clock is set back by standing still; by more, it goes on at the same place of a later bar
LEAPS = 0.25  # ... and forward, from which it is another place and not a beat
LANDS = 0.1  # ... unless it lands so near behind one
APART = 0.5  # of a beat: none falls sooner after one of another clock
AGREES = 0.03  # ratio of tempi (logarithm) up to which a beat that is believed is the one that was tapped
AGREES_BEATS = 8.0  # ... for so long
LOST_SHOWN_S = 20.0  # the loss of a clock is told for so long


class OutsideClock(Protocol):
    """A beat clock from outside (`control.midi_clock`, `control.link`)."""

    def line(self, time_s: float) -> BeatLine | None:
        """The beat around `time_s`; None while there is none."""
        ...


@dataclass(frozen=True, slots=True)
class ChosenClock:
    """Snapshot of the choice. Any thread may read it."""

    kind: str  # "link", "midi", "tap", "listening"
    reason: str  # "Link, 3 peers", "tapped", "heard", "MIDI clock lost: heard"
    line: BeatLine
    confidence: float


@dataclass(frozen=True, slots=True)
class Correction:
    """Correction by hand of a clock that cannot be set: `factor` times as fast, `shift` beats earlier."""

    factor: float = 1.0
    shift: float = 0.0

    def of(self, line: BeatLine) -> BeatLine:
        """The line, corrected."""
        return line.adjusted(self.factor, self.shift)

    def scaled(self, by: float) -> "Correction":
        """The same, `by` times as fast; the first beat of the bar stays."""
        return Correction(self.factor * by, self.shift * by)

    def nudged(self, beats: float) -> "Correction":
        return Correction(self.factor, self.shift + beats)


class ClockChoice:
    """Chooser of the beat clock. `step` once each hop, after the tracker of the main group.

    Beats are counted once, whatever changes: none goes backwards, and none follows one of another clock within half a
    beat.
    """

    def __init__(self, source: str = "auto", outside: Mapping[str, OutsideClock] = MappingProxyType({})) -> None:
        """`source`: one of SOURCES; `outside`: the clocks there are, by their names in OUTSIDE."""
        if source not in SOURCES:
            raise ValueError(f"there is no clock '{source}'; there are: {', '.join(SOURCES)}")
        self.state = BeatState(120.0, 0.0, 0.0, 0.0, beat=False, downbeat=False)  # in the newest hop
        self.published: ChosenClock | None = None  # replaced whole
        self._source, self._outside = source, outside
        self._kind = "listening"
        self._kinds = [kind for kind in OUTSIDE if source in ("auto", kind) and kind in outside]
        self._corrections = {kind: Correction() for kind in self._kinds}
        self._taps = Taps()
        self._tapped: BeatLine | None = None
        self._agreed_beats = 0.0
        self._line: BeatLine | None = None  # chosen, corrected
        self._offset = 0.0  # whole bars, so that beats go on where the clock before was
        self._time_s: float | None = None
        self._beats = 0.0
        self._number = 0
        self._beat_s, self._beat_kind = float("-inf"), ""  # when the last one fell, and whose it was
        self._lost, self._lost_s = "", float("-inf")

    @property
    def listens(self) -> bool:
        """Whether the beat is the one that is heard."""
        return self._kind == "listening"

    def step(self, time_s: float, tracker: BeatTracker) -> BeatState:
        """The beat at `time_s`, the end of a hop that `tracker` has just heard."""
        dt_s = time_s - self._time_s if self._time_s is not None else 0.0
        self._agree(dt_s, tracker)
        kind, line = self._choose(time_s)
        changed = kind != self._kind
        if changed:
            self._lost = self._loss(time_s, kind)
            self._lost_s = time_s
            self._kind, self._offset = kind, 0.0
        self._line = line
        if line is None:
            heard = tracker.state
            falls = heard.beat and (self._beat_kind == kind or self._is_apart(time_s, heard.bpm))
            self._beats = tracker.beats_at(tracker.time_s)
            self.state = heard if falls == heard.beat else replace(heard, beat=False, downbeat=False)
        else:
            falls = self._count(time_s, dt_s, line, changed=changed)
        if falls:
            self._beat_s, self._beat_kind = time_s, kind
        self._time_s = time_s
        self._publish(time_s, tracker)
        return self.state

    def follow(self, _: float, tracker: BeatTracker) -> BeatState:
        """The beat of another group: its own while listening, else the one that is chosen."""
        return tracker.state if self.listens else self.state

    def handle(self, control: str, time_s: float, tracker: BeatTracker, tracker_s: float) -> None:
        """Apply a control of the beat clock pressed at `time_s`, which is `tracker_s` on the time of the tracker."""
        if control == "beat.listen":
            self._tapped = None
            self._corrections = dict.fromkeys(self._corrections, Correction())
        elif control == "beat.tap":
            self._tap(time_s, tracker)
        elif self._kind in self._corrections:
            self._correct(control)
            return
        elif self._tapped is not None:
            self._tapped = _changed(self._tapped, control)
        handle(tracker, control, tracker_s)

    def _choose(self, time_s: float) -> tuple[str, BeatLine | None]:
        for kind in self._kinds:
            line = self._outside[kind].line(time_s)
            if line is not None and line.playing:
                return kind, self._corrections[kind].of(line)
        return ("tap", self._tapped) if self._tapped is not None else ("listening", None)

    def _count(self, time_s: float, dt_s: float, line: BeatLine, *, changed: bool) -> bool:
        """Go on to where the line is at `time_s`: whether a beat falls."""
        bar, before = line.beats_per_bar, self._beats
        beats = line.beats_at(time_s) + self._offset
        if beats < before - STANDS or changed:
            bars = ceil((before - beats) / bar) * bar
            self._offset += bars
            beats += bars
        beats = max(beats, before)
        leaps = changed or beats - before - max(dt_s, 0.0) * line.bpm / 60.0 > LEAPS or beats - before >= 1.0
        number = floor(beats)
        passed = beats - number < LANDS if leaps else number > self._number
        falls = passed and self._is_apart(time_s, line.bpm)
        self._beats, self._number = beats, number
        in_bar = beats % bar
        downbeat = falls and int(in_bar) == 0
        self.state = BeatState(line.bpm, 1.0, beats - number, in_bar / bar, falls, downbeat, unheard=True)
        return falls

    def _is_apart(self, time_s: float, bpm: float) -> bool:
        return time_s - self._beat_s >= APART * 60.0 / bpm

    def _agree(self, dt_s: float, tracker: BeatTracker) -> None:
        """What was tapped is over once the tracker has heard it for a while."""
        if self._tapped is None or self._source == "tap":
            return
        agrees = tracker.confidence >= BELIEVED and abs(log(tracker.bpm / self._tapped.bpm)) < AGREES
        self._agreed_beats = self._agreed_beats + dt_s * tracker.bpm / 60.0 if agrees else 0.0
        if self._agreed_beats >= AGREES_BEATS:
            self._tapped = None

    def _tap(self, time_s: float, tracker: BeatTracker) -> None:
        """The third tap sets a tempo. Of the clocks from outside, only one that knows no bar is shifted to the taps."""
        series = self._taps.add(time_s)
        if series is None:
            return
        period_s, first_s = series
        tapped = (time_s - first_s) / period_s
        self._agreed_beats = 0.0
        if self._kind in self._corrections:
            line = self._line
            if line is not None and not line.knows_bar:
                correction = self._corrections[self._kind]
                self._corrections[self._kind] = correction.nudged(_nearest(tapped - line.beats_at(time_s)))
        elif self._source in ("auto", "tap"):
            bar = tracker.beats_per_bar if self._line is None else self._line.beats_per_bar
            here = self._beats + (time_s - (self._time_s if self._time_s is not None else time_s)) * self.state.bpm / 60
            beats = here + _nearest(tapped - here)
            bpm = min(max(60.0 / period_s, MIN_BPM), MAX_BPM)
            self._tapped = BeatLine(time_s, beats, bpm, NAMES["tap"], bar)
            self._offset = 0.0

    def _correct(self, control: str) -> None:
        factor, shift = change_of(control)
        if self._line is not None and _allows(self._line.bpm, factor):
            self._corrections[self._kind] = self._corrections[self._kind].scaled(factor).nudged(shift)

    def _loss(self, time_s: float, kind: str) -> str:
        """What to say when `kind` takes the place of a clock from outside that is no more; "" otherwise."""
        before = self._kind
        if before not in self._kinds or kind in self._kinds[: self._kinds.index(before)]:
            return ""
        there = self._outside[before].line(time_s)
        return f"{NAMES[before]} {'stopped' if there is not None else 'lost'}: "

    def _publish(self, time_s: float, tracker: BeatTracker) -> None:
        line, state = self._line, self.state
        if line is None:
            line = BeatLine(time_s, tracker.beats_at(tracker.time_s), state.bpm, HEARD, tracker.beats_per_bar)
        elif self._offset:
            line = replace(line, beats=line.beats + self._offset)
        self.published = ChosenClock(self._kind, self._prefix(time_s) + line.source, line, state.confidence)

    def _prefix(self, time_s: float) -> str:
        """Why it is not another clock: one that was lost, or the one that was asked for."""
        if self._source in OUTSIDE and self._kind != self._source:
            return self._lost or f"no {NAMES[self._source]}: "
        if self._source == "tap" and self.listens:
            return "nothing tapped: "
        return self._lost if time_s - self._lost_s < LOST_SHOWN_S else ""


def played(clock: BeatClock, time_s: float) -> ChosenClock:
    """The clock of music that livegan plays itself, as a choice that needs none."""
    beats, bar = clock.beats_at(time_s), clock.beats_per_bar
    if isinstance(clock, BarClock):
        in_bar, bar = clock.in_bar_at(time_s)
        beats = round((beats - in_bar) / bar) * bar + in_bar
    return ChosenClock("music", PLAYED, BeatLine(time_s, beats, clock.bpm, PLAYED, bar), clock.confidence)


def _nearest(beats: float) -> float:
    """The shortest way to a whole beat, -0.5..0.5."""
    return (beats + 0.5) % 1.0 - 0.5


def _changed(line: BeatLine, control: str) -> BeatLine:
    """A tapped clock, halved, doubled or nudged."""
    factor, shift = change_of(control)
    return line.adjusted(factor, shift) if _allows(line.bpm, factor) else line


def _allows(bpm: float, factor: float) -> bool:
    """Whether a tempo may become `factor` times as fast: it stays in its range, or comes nearer to it."""
    return min(bpm, MIN_BPM) <= bpm * factor <= max(bpm, MAX_BPM)
