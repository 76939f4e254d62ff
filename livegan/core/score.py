"""Score of a frame: the notes that sounded a moment ago, sound now and are about to sound."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

COLUMNS = 5  # start_s, length_s, pitch, voice, velocity
NOTES_AT_MOST = 256  # the newest are kept

Notes = NDArray[np.float32]
"""(n, COLUMNS), ordered by start: start [s from the frame's moment, negative: earlier], length [s], MIDI pitch 0..127,
voice (0 is the highest voice or the first track), velocity 0..1."""


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """Notes around one frame, for drawings of them."""

    notes: Notes
    bar_phase: float = 0.0  # place in the bar, 0..1
    bar_s: float = 2.0  # length of a bar [s]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Score):
            return NotImplemented
        same = (self.bar_phase, self.bar_s) == (other.bar_phase, other.bar_s)
        return same and np.array_equal(self.notes, other.notes)


class ScoreFeed(Protocol):
    """Where scores come from while music plays that is known before it sounds; `core.timeline.Timeline` is one."""

    def window(self, time_s: float) -> Score:
        """The notes from 4 s before to 4 s behind `time_s` [s on the show's clock], as far as they are known."""
        ...
