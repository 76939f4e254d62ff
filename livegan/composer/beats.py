"""Beats of music without moments: made of bars of four-voice tokens as they are composed, or of a song on its grid."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from livegan.composer.conductor import Bar, Beat, BeatEvent
from livegan.composer.song import Song
from livegan.composer.voices import LOWEST, PITCHES, REST, STEPS_PER_BAR, VOICES, Tokens
from livegan.core.types import Vector

STEPS_PER_BEAT = 4
END = 1.0 - 1e-6  # place in a beat of what ends with the music
SHORTEST = 0.5  # [quarter notes] of a bar, whatever a file says: it could say 1/128 for nine hours
FASTEST_WRITTEN = 10_000.0  # quarter notes a minute that are played as written; a file can say 60 million


class TokenBars:
    """Bars of four voices from tokens, one after the other: it knows what sounds on from the bar before."""

    def __init__(self, velocity: int = 84, accent: float = 1.0, transpose: int = 0) -> None:
        """`velocity` of an ordinary note, `accent`: how far the metre moves it; `transpose` [semitones]."""
        self._velocity, self._accent, self._transpose = velocity, accent, transpose
        self._sounding: list[int | None] = [None] * VOICES

    def bar(self, tokens: Tokens, z: Vector | None = None, next_z: Vector | None = None) -> Bar:
        """The bar of tokens (16, 4); with the places of the walk at its beginning and its end."""
        events: list[list[BeatEvent]] = [[] for _ in range(STEPS_PER_BAR // STEPS_PER_BEAT)]
        for step, row in enumerate(np.asarray(tokens, int).tolist()):
            beat, place = events[step // STEPS_PER_BEAT], step % STEPS_PER_BEAT / STEPS_PER_BEAT
            for voice, token in enumerate(row):
                before = self._sounding[voice]
                if token >= PITCHES and token != REST:  # held
                    continue
                if before is not None:
                    beat.append(BeatEvent(place, False, voice, before))
                self._sounding[voice] = pitch = None if token == REST else min(token + LOWEST + self._transpose, 127)
                if pitch is not None:
                    beat.append(BeatEvent(place, True, voice, pitch, self._loudness(step, voice)))
        return Bar(tuple(Beat(tuple(sorted(each))) for each in events), z, next_z)

    def _loudness(self, step: int, voice: int) -> int:
        """Velocity by the place in the bar: the first beat, then the third, then beats; outer voices a little more."""
        metre = 8 if step == 0 else 4 if step == 8 else 0 if step % 4 == 0 else -6
        outer = 6 if voice == 0 else 2 if voice == VOICES - 1 else -2
        return int(min(max(self._velocity + round(self._accent * metre) + outer, 1), 127))


def bars_of_song(song: Song) -> list[Bar]:
    """The bars of a song, metres and tempi as written. A beat is a quarter note; the last of a bar may be shorter."""
    per = song.steps_per_beat
    starts = list(_bar_starts(song))
    edges = [  # first step of each beat, and of what follows the last one
        [*range(start, stop, per), stop] for start, stop in pairwise(starts)
    ]
    beats = [(one, two) for bar in edges for one, two in pairwise(bar)]
    first = [one for one, _ in beats]
    events: defaultdict[int, list[BeatEvent]] = defaultdict(list)
    for voice, track in enumerate(song.tracks):
        for note in track.notes:
            at = bisect_right(first, note.start) - 1
            events[at].append(BeatEvent(_place(note.start, beats[at]), True, voice, note.pitch, note.velocity))
            end = note.start + note.length
            at = min(bisect_right(first, end) - 1, len(beats) - 1)
            events[at].append(BeatEvent(min(_place(end, beats[at]), END), False, voice, note.pitch))
    seconds = _seconds(song, starts[-1])
    made, bars = 0, []
    for bar in edges:
        own = []
        for one, two in pairwise(bar):
            quarters = (two - one) / per
            own.append(
                Beat(tuple(sorted(events[made])), 60.0 * quarters / float(seconds[two] - seconds[one]), quarters)
            )
            made += 1
        bars.append(Bar(tuple(own)))
    return bars


def _seconds(song: Song, steps: int) -> NDArray[np.float64]:
    """Moment of each step [s], and of the end of the last one."""
    lengths = np.full(steps, 60.0 / song.steps_per_beat)
    for (start, bpm), stop in zip(song.tempos, [*(step for step, _ in song.tempos[1:]), len(lengths)], strict=True):
        lengths[start:stop] /= min(bpm, FASTEST_WRITTEN)
    return np.concatenate([[0.0], np.cumsum(lengths)])


def _place(step: int, beat: tuple[int, int]) -> float:
    start, stop = beat
    return (step - start) / (stop - start)


def _bar_starts(song: Song) -> Iterator[int]:
    """First step of each bar, and of what follows the last one: at least one bar, to the end of the last note."""
    step, at, shortest = 0, 0, max(1, round(SHORTEST * song.steps_per_beat))
    while True:
        yield step
        if step >= max(song.length, 1):
            return
        while at + 1 < len(song.metres) and song.metres[at + 1][0] <= step:
            at += 1
        _, numerator, denominator = song.metres[at]
        stop = step + round(numerator * 4 * song.steps_per_beat / denominator)
        if at + 1 < len(song.metres):
            stop = min(stop, song.metres[at + 1][0])
        step = max(stop, step + shortest)
