"""IIR filter in state-space form, a block of samples at a time: matrix products, without importing scipy.signal.

That import takes longer than all others of the listening together. Block recursion: Burrus 1972, "Block realization of
digital filters".
"""

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Samples

Matrix = NDArray[np.float64]


class BlockFilter:
    """Cascade of second-order sections for sounds of one length; keeps its state from one to the next."""

    def __init__(self, sections: Matrix, length: int, channels: int) -> None:
        """`sections` (sections, 6): b0, b1, b2, 1, a1, a2 each; every sound is (length, channels)."""
        order = 2 * len(sections)
        sizes = [size for size in range(1, length + 1) if length % size == 0]
        block = min(sizes, key=lambda size: length * size + (order * length / size) ** 2)  # multiplications
        self._blocks = length // block
        # what one block sounds like, and the state after it, for each of its samples and of the state before it
        sound = np.concatenate([np.eye(block), np.zeros((block, order))], axis=1)
        state = np.concatenate([np.zeros((order, block)), np.eye(order)], axis=1)
        response = np.stack([_step(sections, sample, state) for sample in sound])  # (block, block + order)
        self._from_sound, self._from_state = response[:, :block].copy(), response[:, block:].copy()
        self._into, after = state[:, :block].copy(), state[:, block:]
        # the state before each block, and after the last, from what every block adds to it and the state at first
        powers = [np.eye(order)]
        for _ in range(self._blocks):
            powers.append(after @ powers[-1])
        self._states = np.zeros(((self._blocks + 1) * order, (self._blocks + 1) * order))
        for row in range(self._blocks + 1):
            for column in range(row + 1):
                at = np.s_[row * order : (row + 1) * order, column * order : (column + 1) * order]
                self._states[at] = powers[row - column]
        self._state = np.zeros((order, channels))

    def filtered(self, sound: Samples) -> Matrix:
        """The sound (length, channels), filtered."""
        order, channels = self._state.shape
        count = self._blocks * channels
        blocks = np.asarray(sound, np.float64).reshape(self._blocks, -1, channels)
        side_by_side = blocks.transpose(1, 0, 2).reshape(-1, count)  # (block, blocks * channels)
        added = np.empty((self._blocks + 1, order, channels))
        added[0] = self._state
        added[1:] = (self._into @ side_by_side).reshape(order, self._blocks, channels).transpose(1, 0, 2)
        states = (self._states @ added.reshape(-1, channels)).reshape(-1, order, channels)
        self._state = states[-1]
        if np.abs(self._state).max() < 1e-20:
            self._state = np.zeros_like(self._state)  # denormals are slow
        heard: Matrix = self._from_sound @ side_by_side
        heard += self._from_state @ states[:-1].transpose(1, 0, 2).reshape(order, count)
        return np.asarray(heard.reshape(-1, self._blocks, channels).transpose(1, 0, 2)).reshape(-1, channels)


def _step(sections: Matrix, sample: Matrix, state: Matrix) -> Matrix:
    """One sample through all sections (direct form II transposed); changes `state`, two rows for each section."""
    for index, (b0, b1, b2, _, a1, a2) in enumerate(sections):
        first, second = state[2 * index].copy(), state[2 * index + 1].copy()
        out = b0 * sample + first
        state[2 * index] = b1 * sample - a1 * out + second
        state[2 * index + 1] = b2 * sample - a2 * out
        sample = out
    return sample
