"""Contour: per voice and step a wanted pitch and attack strength; the one way in which music being written is led."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.composer.voices import STEPS_PER_BAR, VOICES, Tokens, attacks, sounding

Line = NDArray[np.float32]  # (steps, VOICES)


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """Wish, not order: how closely the notes follow it is `Steering.follow`."""

    pitch: Line  # wanted MIDI pitch, need not be whole; NaN where a voice is free
    attack: Line  # 0: hold the note, .5: no wish, 1: begin a note

    @classmethod
    def free(cls, steps: int) -> "Contour":
        """No wish at all."""
        return cls(np.full((steps, VOICES), np.nan, np.float32), np.full((steps, VOICES), 0.5, np.float32))

    @classmethod
    def of(cls, tokens: Tokens) -> "Contour":
        """What `tokens` play; a voice is free where it is silent."""
        pitches = sounding(tokens)
        pitch = np.where(pitches < 0, np.nan, pitches).astype(np.float32)
        return cls(pitch, np.where(pitches < 0, 0.5, attacks(tokens)).astype(np.float32))

    def __len__(self) -> int:
        return len(self.pitch)

    def mix(self, other: "Contour", amount: float) -> "Contour":
        """The line between two contours of one length: 0 is self, 1 is other. Where one is free the other leads."""
        mine: Line = np.where(np.isnan(self.pitch), other.pitch, self.pitch)
        theirs: Line = np.where(np.isnan(other.pitch), self.pitch, other.pitch)
        share = np.float32(amount)
        return Contour(mine + (theirs - mine) * share, self.attack + (other.attack - self.attack) * share)

    def moved(self, semitones: float) -> "Contour":
        """The same line, higher or lower."""
        return Contour(self.pitch + np.float32(semitones), self.attack)

    def bar(self, index: int) -> "Contour":
        """One bar of it; past its end it begins again."""
        return self.part(index * STEPS_PER_BAR, STEPS_PER_BAR)

    def part(self, start: int, steps: int) -> "Contour":
        """So many steps of it; past its end it begins again."""
        places = np.arange(start, start + steps) % max(1, len(self))
        return Contour(self.pitch[places], self.attack[places]) if len(self) else Contour.free(steps)
