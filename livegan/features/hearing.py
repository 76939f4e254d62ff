"""Hearing stage: runs the hearing network over an input group's sound, a frame every 10 ms, whatever the hop."""

from collections.abc import Iterator

import numpy as np

from livegan.core.types import Vector
from livegan.networks.hearing_bands import FRAME_RATE, HearingBands, HearingInput
from livegan.networks.hearing_network import ACTIVATIONS, HearingNetwork, HearingWeights, bundled_hearing


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
        self.window = self._bands.window
        self.activations: Vector = np.zeros(len(ACTIVATIONS), np.float32)  # of the newest frame

    def step(self, past: Vector, hop: int) -> Iterator[Vector]:
        """Activations (7,) of every frame that ends in the newest `hop` samples of `past`; each lent until the next.

        `past` holds `window` + `hop` samples at the least, the newest last.
        """
        self._samples += hop
        while (end := (self._frames + 1) * self._rate // FRAME_RATE) <= self._samples:
            self._frames += 1
            last = len(past) - (self._samples - end)
            power = self._bands(past[last - self.window : last])
            self.activations[:] = self._network.step(self._input.step(power))
            yield self.activations
