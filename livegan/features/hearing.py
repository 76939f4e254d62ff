"""Hearing stage: runs the hearing network over an input group's sound, a frame every 10 ms, whatever the hop."""

from collections.abc import Iterator

import numpy as np

from livegan.core.types import Vector
from livegan.networks.hearing_bands import FRAME_RATE, LAG, HearingBands, HearingInput
from livegan.networks.hearing_network import ONSET, PULSE, HearingNetwork, HearingWeights, bundled_hearing


class Hearing:
    """Activations of beats and onsets in one stream of sound."""

    def __init__(self, sample_rate: int, weights: HearingWeights | None = None) -> None:
        """`weights`: those that come with livegan, if None. NetworkError if these cannot be read."""
        self._rate = sample_rate
        self._bands = HearingBands(sample_rate)
        self._input = HearingInput()
        self._network = HearingNetwork(weights if weights is not None else bundled_hearing())
        self._samples = 0  # heard
        self._frames = 0
        self.past = self._bands.window + LAG * sample_rate // FRAME_RATE  # samples that it looks back at
        self.onsets: Vector = np.zeros(PULSE - ONSET, np.float32)

    def fill(self, past: Vector) -> None:
        """There was a gap: what is in `past` now is not new."""
        for frames in range(LAG, -1, -1):
            last = len(past) - frames * self._rate // FRAME_RATE
            self._input.step(self._bands(past[last - self._bands.window : last]))

    def step(self, past: Vector, hop: int) -> Iterator[tuple[Vector, float]]:
        """Activations (7,) of every frame that ends in the newest `hop` samples of `past`, and how long ago [s].

        They are lent until the next; `onsets` (4,) has the greatest of onset, kick, snare and hat in the hop. `past`
        holds `self.past` + `hop` samples at the least, the newest last.
        """
        self._samples += hop
        self.onsets.fill(0.0)
        while (end := (self._frames + 1) * self._rate // FRAME_RATE) <= self._samples:
            self._frames += 1
            ago = self._samples - end
            last = len(past) - ago
            activations = self._network.step(self._input.step(self._bands(past[last - self._bands.window : last])))
            np.maximum(self.onsets, activations[ONSET:PULSE], out=self.onsets)
            yield activations, ago / self._rate
