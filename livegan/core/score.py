"""Score of a frame: the notes that sounded a moment ago, sound now and are about to sound."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from livegan.core.blend import lerp

COLUMNS = 5  # start_s, length_s, pitch, voice, velocity
NOTES_AT_MOST = 256  # the newest are kept
AHEAD_S = 4.0  # how far a feed of scores looks ahead, if nothing else is said

Notes = NDArray[np.float32]
"""(n, COLUMNS), ordered by start: start [s from the frame's moment, negative: earlier], length [s], MIDI pitch 0..127,
voice (0 is the highest voice or the first track), velocity 0..1."""


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """Notes around one frame, for drawings of them."""

    notes: Notes
    bar_phase: float = 0.0  # place in the bar, 0..1
    bar_s: float = 2.0  # length of a bar [s]
    ahead_s: float = AHEAD_S  # how far ahead its notes are known [s]; 0: they are only heard

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Score):
            return NotImplemented
        own, others = ((each.bar_phase, each.bar_s, each.ahead_s) for each in (self, other))
        return own == others and np.array_equal(self.notes, other.notes)


EMPTY = Score(np.zeros((0, COLUMNS), np.float32))


class ScoreFeed(Protocol):
    """Where scores come from while music plays that is known before it sounds; `core.timeline.Timeline` is one."""

    def window(self, time_s: float) -> Score:
        """The notes from 4 s before to 4 s behind `time_s` [s on the show's clock], as far as they are known."""
        ...


def blend_scores(start: Score | None, end: Score | None, amount: float) -> Score | None:
    """Notes of both, each as loud as its share; where only one is there, that one, but at the ends what the end has."""
    if amount <= 0 or amount >= 1:
        return start if amount <= 0 else end
    if start is None or end is None or start == end:
        return start or end
    parts = []
    for score, share in ((start, 1 - amount), (end, amount)):
        parts.append(score.notes * np.array([1, 1, 1, 1, share], np.float32))
    notes = np.concatenate(parts)
    notes = notes[np.argsort(notes[:, 0], kind="stable")][-NOTES_AT_MOST:]
    nearer = start if amount < 0.5 else end
    way = (end.bar_phase - start.bar_phase + 0.5) % 1.0 - 0.5  # the shorter way round
    phase = (start.bar_phase + way * amount) % 1.0
    return replace(nearer, notes=notes, bar_phase=phase, bar_s=lerp(start.bar_s, end.bar_s, amount))
