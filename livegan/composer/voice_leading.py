"""Voice leading: which tokens keep the voices from parallel fifths, octaves and unisons, and from crossing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from livegan.composer.voices import HOLD, PITCHES, REST, TOKENS

Rows = NDArray[np.int64]
PERFECT = (0, 7)  # unisons and octaves, fifths [semitones, modulo 12]
_PITCHES = np.arange(PITCHES)[None]


def allowed(
    before: Rows, now: Rows, decided: Sequence[int], voice: int, chord: Rows | None = None
) -> NDArray[np.bool_]:
    """Tokens that `voice` may take beside the voices already decided: (n, TOKENS).

    `before`, `now`: pitch rows of the last step and of this one, (n, voices); rows from PITCHES on are silent.
    Forbidden: an interval of PERFECT size kept while both voices move; a pitch beyond a decided voice, also one that
    is only held while that voice moves past it; holding silence. Rests are always allowed. `chord`: the last rows with
    a sound, if the last step was silent: parallels count across silence.
    """
    tokens = np.ones((len(before), TOKENS), bool)
    chord = before if chord is None else chord
    mine, held = chord[:, voice, None], before[:, voice, None]
    sounds = mine < PITCHES
    hold = held < PITCHES
    for other in decided:
        was, is_ = chord[:, other, None], now[:, other, None]
        heard = is_ < PITCHES
        high, low = (is_, _PITCHES) if other < voice else (_PITCHES, is_)
        crossed = heard & (low > high)
        moved = heard & sounds & (was < PITCHES) & (was != is_)
        interval = np.abs(mine - was) % 12
        perfect = (interval == PERFECT[0]) | (interval == PERFECT[1])
        parallel = moved & perfect & (mine != _PITCHES) & (np.abs(_PITCHES - is_) % 12 == interval)
        tokens[:, :PITCHES] &= ~(crossed | parallel)
        hold &= ~(heard & ((held > is_) if other < voice else (held < is_)))
    tokens[:, HOLD] = hold[:, 0]
    tokens[:, REST] = True
    return tokens
