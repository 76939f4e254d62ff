"""Hearing network: from bands of sound to activations of beat, downbeat and onsets, causal, one frame at a time.

A temporal convolutional network (Bai, Kolter & Koltun 2018; for beats Davies & Boeck 2019, "Temporal convolutional
networks for musical audio beat tracking"): residual blocks of dilated convolutions over the past, here causal. It runs
in NumPy on the listening thread. Its file is made by `livegan train hearing`.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from livegan.errors import NetworkError
from livegan.networks.hearing_bands import INPUTS
from livegan.networks.info import HEARING_SUFFIX
from livegan.networks.library import BUNDLED

FORMAT = "livegan-hearing-1"
BUNDLED_FILE = BUNDLED / f"beats{HEARING_SUFFIX}"
ACTIVATIONS = ("beat", "downbeat", "onset", "kick", "snare", "hat", "pulse")
BEAT, DOWNBEAT, ONSET, KICK, SNARE, HAT, PULSE = range(len(ACTIVATIONS))
BEAT_DELAY, ONSET_DELAY = (
    3,
    1,
)  # frames from the sound to the activation that speaks of it: beat, downbeat, pulse; onsets
DELAYS = (BEAT_DELAY, BEAT_DELAY, ONSET_DELAY, ONSET_DELAY, ONSET_DELAY, ONSET_DELAY, BEAT_DELAY)
TAPS = 3  # of every dilated convolution
MOST_BLOCKS, MOST_CHANNELS = 12, 256  # the last block of 12 looks back 41 s

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HearingWeights:
    """Weights of a hearing network of L blocks with C channels; block i sees frames 2^i apart."""

    stem: Floats  # (C, TAPS * INPUTS), oldest frame first
    stem_bias: Floats  # (C,)
    dilated: Floats  # (L, C, TAPS * C), oldest first
    dilated_bias: Floats  # (L, C)
    mixing: Floats  # (L, C, C)
    mixing_bias: Floats  # (L, C)
    output: Floats  # (7, C)
    output_bias: Floats  # (7,)

    def __post_init__(self) -> None:
        """ValueError if the shapes do not fit each other, or a weight is not finite."""
        blocks, channels = self.dilated_bias.shape
        if not 1 <= blocks <= MOST_BLOCKS or not 1 <= channels <= MOST_CHANNELS:
            most = f"{MOST_BLOCKS} of {MOST_CHANNELS}"
            raise ValueError(f"{blocks} blocks of {channels} channels; at most {most} are heard with")
        wanted = {
            "stem": (channels, TAPS * INPUTS),
            "stem_bias": (channels,),
            "dilated": (blocks, channels, TAPS * channels),
            "mixing": (blocks, channels, channels),
            "mixing_bias": (blocks, channels),
            "output": (len(ACTIVATIONS), channels),
            "output_bias": (len(ACTIVATIONS),),
        }
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} is {getattr(self, name).shape}, not {shape}")
        for name in self.__slots__:
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"{name} has a weight that is not finite")


class HearingNetwork:
    """Hearing network in one stream of sound: remembers what its convolutions look back at."""

    def __init__(self, weights: HearingWeights) -> None:
        """Before the first frame there was nothing."""
        blocks, channels = weights.dilated_bias.shape
        self._weights = weights
        self._blocks = tuple(
            (weights.dilated[i], weights.dilated_bias[i], weights.mixing[i], weights.mixing_bias[i])
            for i in range(blocks)
        )
        self._inputs: Floats = np.zeros(TAPS * INPUTS, np.float32)
        self._past: list[Floats] = [np.zeros((2 * 2**i, channels), np.float32) for i in range(blocks)]  # rings
        self._seen: Floats = np.zeros(TAPS * channels, np.float32)
        self._frames = 0
        self.activations: Floats = np.zeros(len(ACTIVATIONS), np.float32)

    def step(self, values: Floats) -> Floats:
        """Activations (7,), each 0..1, after one more frame of `HearingInput` (INPUTS,); lent until the next step."""
        self._inputs[:-INPUTS] = self._inputs[INPUTS:]
        self._inputs[-INPUTS:] = values
        x = self._weights.stem @ self._inputs
        x += self._weights.stem_bias
        _elu(x)
        seen, channels, frame = self._seen, len(x), self._frames
        for (dilated, dilated_bias, mixing, mixing_bias), ring in zip(self._blocks, self._past, strict=True):
            length = len(ring)
            seen[:channels] = ring[frame % length]  # two dilations ago
            seen[channels : 2 * channels] = ring[(frame + length // 2) % length]  # one dilation ago
            seen[2 * channels :] = x
            ring[frame % length] = x
            y = dilated @ seen
            y += dilated_bias
            _elu(y)
            x = x + mixing @ y
            x += mixing_bias
        _elu(x)
        self._frames += 1
        logits = self._weights.output @ x
        logits += self._weights.output_bias
        np.divide(1.0, 1.0 + np.exp(-np.clip(logits, -30.0, 30.0)), out=self.activations)
        return self.activations


def _elu(x: Floats) -> None:
    """Exponential linear unit, in place (Clevert, Unterthiner & Hochreiter 2016)."""
    np.maximum(x, np.expm1(np.minimum(x, 0.0)), out=x)


def load_hearing(path: Path) -> HearingWeights:
    """Weights in a file; NetworkError if it is none of a hearing network."""
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise NetworkError(f"{path} is not a hearing network ({FORMAT})")
            tensors = {name: np.asarray(file.get_tensor(name), np.float32) for name in file.keys()}  # noqa: SIM118
        return HearingWeights(**tensors)
    except (OSError, SafetensorError, TypeError, ValueError) as error:
        raise NetworkError(f"{path} cannot be read as a hearing network ({error})") from error


@cache
def bundled_hearing() -> HearingWeights:
    """The weights that come with livegan."""
    return load_hearing(BUNDLED_FILE)
