"""Control for metrics: phrases that put together voices of different phrases, good lines that have no harmony."""

import numpy as np
from numpy.typing import NDArray


def mixed_voices(phrases: NDArray[np.int8], seed: int = 0) -> NDArray[np.int8]:
    """Phrases (n, steps, voices) in which every voice is of another phrase, if there are enough of them."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(phrases))
    place = {int(phrase): number for number, phrase in enumerate(order)}
    mixed = np.empty_like(phrases)
    for phrase in range(len(phrases)):
        for voice in range(phrases.shape[2]):
            mixed[phrase, :, voice] = phrases[order[(place[phrase] + voice) % len(phrases)], :, voice]
    return mixed
