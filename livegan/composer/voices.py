"""Tokens of four-voice music: per voice and step a pitch, a hold or a rest.

A phrase is int8 (steps, 4): soprano, alto, tenor, bass; a step is a 16th of a whole note, 16 steps are a bar of 4/4.
"""

import numpy as np
from numpy.typing import NDArray

VOICES = 4
STEPS_PER_BAR = 16
LOWEST, HIGHEST = 36, 83  # MIDI pitches that have a token: token 0 is LOWEST, token 47 is HIGHEST
PITCHES = HIGHEST - LOWEST + 1
HOLD = PITCHES  # the voice's note sounds on; after a rest, or at the first step, silence goes on
REST = PITCHES + 1
TOKENS = PITCHES + 2

Tokens = NDArray[np.int8]  # (steps, VOICES), 0..TOKENS-1


def sounding(tokens: Tokens) -> NDArray[np.int16]:
    """MIDI pitch that sounds in each voice at each step, -1 where none does: (steps, voices)."""
    pitches = np.full(tokens.shape, -1, np.int16)
    now = np.full(tokens.shape[1], -1, np.int16)
    for step, row in enumerate(tokens):
        now = np.where(row == HOLD, now, np.where(row == REST, -1, row.astype(np.int16) + LOWEST))
        pitches[step] = now
    return pitches


def attacks(tokens: Tokens) -> NDArray[np.bool_]:
    """Where a note begins: (steps, voices)."""
    return tokens < PITCHES
