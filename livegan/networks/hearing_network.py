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
ZERO = np.float32(0.0)


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
        self._stem = _with_bias(weights.stem, weights.stem_bias)
        self._blocks = tuple(
            (
                _with_bias(weights.dilated[i], weights.dilated_bias[i]),
                _with_bias(weights.mixing[i], weights.mixing_bias[i]),
                np.zeros((2 * 2**i, channels), np.float32),  # its past, a ring
            )
            for i in range(blocks)
        )
        self._output = _with_bias(weights.output, weights.output_bias)
        self._inputs: Floats = np.zeros(TAPS * INPUTS + 1, np.float32)
        self._taps: Floats = np.zeros(TAPS * channels + 1, np.float32)  # two dilations ago, one ago, now
        self._earlier, self._before, self._now = (self._taps[k * channels : (k + 1) * channels] for k in range(TAPS))
        self._inner: Floats = np.zeros(channels + 1, np.float32)
        for factors in (self._inputs, self._taps, self._inner):
            factors[-1] = 1.0  # of the bias
        self._active = self._inner[:-1]
        self._spare: Floats = np.zeros(channels, np.float32)
        self._frames = 0
        self.activations: Floats = np.zeros(len(ACTIVATIONS), np.float32)

    def step(self, values: Floats) -> Floats:
        """Activations (7,), each 0..1, after one more frame of `HearingInput` (INPUTS,); lent until the next step."""
        inputs, active, now, spare, frame = self._inputs, self._active, self._now, self._spare, self._frames
        inputs[: -INPUTS - 1] = inputs[INPUTS:-1]
        inputs[-INPUTS - 1 : -1] = values
        np.dot(self._stem, inputs, out=now)
        _elu(now, spare)
        for dilated, mixing, ring in self._blocks:
            length = len(ring)
            oldest = ring[frame % length]
            self._earlier[:] = oldest
            self._before[:] = ring[(frame + length // 2) % length]
            oldest[:] = now
            np.dot(dilated, self._taps, out=active)
            _elu(active, spare)
            np.dot(mixing, self._inner, out=spare)
            now += spare
        active[:] = now
        _elu(active, spare)
        self._frames += 1
        logits = self._output @ self._inner
        np.divide(1.0, 1.0 + np.exp(-np.clip(logits, -30.0, 30.0)), out=self.activations)
        return self.activations


def _with_bias(weights: Floats, bias: Floats) -> Floats:
    return np.ascontiguousarray(np.column_stack((weights, bias)), np.float32)


def _elu(x: Floats, spare: Floats) -> None:
    """Exponential linear unit, in place (Clevert, Unterthiner & Hochreiter 2016)."""
    np.minimum(x, ZERO, out=spare)
    np.expm1(spare, out=spare)
    np.maximum(x, spare, out=x)


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
        reason = "no whole file of one" if isinstance(error, SafetensorError) else error
        raise NetworkError(f"{path} cannot be read as a hearing network ({reason})") from error


@cache
def bundled_hearing() -> HearingWeights:
    """The weights that come with livegan."""
    return load_hearing(BUNDLED_FILE)
