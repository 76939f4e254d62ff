"""Inputs of the voice network: what sounds, since when, and what is given; numpy, for training and writing alike."""

import numpy as np
from numpy.typing import NDArray

from livegan.composer.voices import HOLD, LOWEST, PITCHES, REST, Tokens

SILENT = PITCHES  # row of the pitch tables: the voice is silent
START = PITCHES + 1  # nothing came before
PITCH_ROWS = PITCHES + 2
UNKNOWN = START  # in the given stream: this voice is to be written

AGE_MOST = 15  # [steps] since the attack
AGE_SILENT, AGE_START = AGE_MOST + 1, AGE_MOST + 2
AGE_ROWS = AGE_MOST + 3

ATTACK, HELD, NO_NOTE = 0, 1, 2  # kinds of a token
KINDS = 3

Rows = NDArray[np.int64]


def pitch_rows(tokens: Tokens) -> Rows:
    """Row of the pitch tables of what sounds: (..., steps, voices), 0..SILENT. Holding silence is silence."""
    rows = np.full(tokens.shape, SILENT, np.int64)
    now = np.full((*tokens.shape[:-2], tokens.shape[-1]), SILENT, np.int64)
    for step in range(tokens.shape[-2]):
        row = tokens[..., step, :].astype(np.int64)
        now = np.where(row < PITCHES, row, np.where(row == HOLD, now, SILENT))
        rows[..., step, :] = now
    return rows


def age_rows(tokens: Tokens) -> Rows:
    """Steps since each sounding note began, at most AGE_MOST; AGE_SILENT: (..., steps, voices)."""
    rows = np.full(tokens.shape, AGE_SILENT, np.int64)
    now = np.full((*tokens.shape[:-2], tokens.shape[-1]), AGE_SILENT, np.int64)
    for step in range(tokens.shape[-2]):
        now = next_age(now, tokens[..., step, :])
        rows[..., step, :] = now
    return rows


def next_age(age: Rows, row: Tokens) -> Rows:
    """Ages after one more step."""
    older = np.where(age >= AGE_SILENT, AGE_SILENT, np.minimum(age + 1, AGE_MOST))
    return np.where(row < PITCHES, 0, np.where(row == HOLD, older, AGE_SILENT))


def kind_rows(tokens: Tokens) -> Rows:
    """ATTACK, HELD or NO_NOTE: (..., steps, voices)."""
    return np.where(tokens < PITCHES, ATTACK, np.where(pitch_rows(tokens) < SILENT, HELD, NO_NOTE)).astype(np.int64)


def canonical(tokens: Tokens) -> Tokens:
    """The same music with REST at each silent step, and struck again at the first step where a note sounds on."""
    return np.where(pitch_rows(tokens) == SILENT, REST, tokens).astype(np.int8)


def prompt(tokens: Tokens, steps: int) -> Tokens:
    """The last `steps` of (n, 4) tokens as a beginning: notes that sound on are struck at its first step."""
    last = canonical(tokens[max(0, len(tokens) - steps) :])
    if len(tokens) > len(last) > 0:
        before = pitch_rows(tokens)[-len(last)]
        last[0] = np.where(before == SILENT, REST, before)
    return last


def to_pitch(rows: Rows) -> Rows:
    """MIDI pitch of rows, -1 where silent."""
    return np.where(rows < PITCHES, rows + LOWEST, -1)
