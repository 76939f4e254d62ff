"""Batches of examples: crops at random places, tempi and distortions, by seed and step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from livegan.core.tempo_range import FASTEST_BPM, SLOWEST_BPM
from livegan.networks.hearing_bands import BANDS, FRAME_RATE, INPUTS, QUIETEST, condition
from livegan.networks.hearing_network import ACTIVATIONS, BEAT, DOWNBEAT, PULSE
from livegan.training.hearing.distort import distorted, stretched
from livegan.training.hearing.store import Example, targets

LEAD_FRAMES = 300  # at most so many of silence before a piece
STRETCH = (0.8, 1.25)
TEMPO_OCTAVES = 0.25  # tempi so near are alike

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs (n, INPUTS, frames), targets and their weights (n, 7, frames)."""

    inputs: Floats
    wanted: Floats
    weights: Floats


def tempo_of(example: Example) -> float:
    """Beats a minute, 0 where there are none."""
    beats = example.events.get("beat", ())
    return 60.0 / float(np.median(np.diff(beats))) if len(beats) > 2 else 0.0


def _chances(group: Sequence[Example]) -> NDArray[np.float64]:
    """How often each example is drawn: by its length, and the more the rarer its tempo is."""
    tempi = np.array([tempo_of(example) for example in group])
    places = np.rint(np.log2(np.maximum(tempi, 1.0)) / TEMPO_OCTAVES).astype(int)
    _, which, counts = np.unique(places, return_inverse=True, return_counts=True)
    chances = np.array([example.frames for example in group]) / np.sqrt(counts[which])
    return np.asarray(chances / chances.sum())


class Examples:
    """Examples to learn from. `shares`: how often each group of examples is drawn from."""

    def __init__(self, groups: Sequence[Sequence[Example]], shares: Sequence[float], frames: int) -> None:
        """`frames` of every crop; groups without examples are left out."""
        kept = [(list(group), share) for group, share in zip(groups, shares, strict=True) if group]
        self._groups = [group for group, _ in kept]
        total = sum(share for _, share in kept)
        self._shares = [share / total for _, share in kept]
        self._chances = [_chances(group) for group in self._groups]
        self._frames = frames
        self._noises = [example for group in self._groups for example in group if example.kind != "music"]
        self.frames = sum(example.frames for group in self._groups for example in group)

    def batch(self, count: int, rng: Generator, strength: float = 1.0) -> Batch:
        """`count` crops; `strength` 0..1: how often anything happens to them."""
        inputs = np.empty((count, INPUTS, self._frames), np.float32)
        wanted = np.empty((count, len(ACTIVATIONS), self._frames), np.float32)
        weights = np.empty_like(wanted)
        for i in range(count):
            group = int(rng.choice(len(self._groups), p=self._shares))
            chances = self._chances[group]
            example = self._groups[group][int(rng.choice(len(chances), p=chances))]
            power, wanted[i], weights[i] = self.crop(example, rng, strength)
            inputs[i] = condition(power).T
        return Batch(inputs, wanted, weights)

    def crop(self, example: Example, rng: Generator, strength: float) -> tuple[Floats, Floats, Floats]:
        """Log power (frames, BANDS), targets and weights (7, frames) of a random part of an example."""
        frames, stretch = self._frames, 1.0
        if rng.random() < 0.7 * strength:
            stretch = float(np.exp(rng.uniform(*np.log(STRETCH))))
            if bpm := tempo_of(example):
                stretch = min(max(stretch, min(1.0, SLOWEST_BPM / bpm)), max(1.0, FASTEST_BPM / bpm))
        spare = example.frames - frames * stretch
        first = float(np.floor(rng.uniform(-LEAD_FRAMES if spare <= 0 or rng.random() < 0.15 else 0, max(spare, 0.0))))
        power = stretched(example.power.astype(np.float32), stretch, frames, first)
        moments = {name: at - first / FRAME_RATE for name, at in example.events.items()}
        wanted, weights = targets(moments, example.kind, frames, stretch)
        known = np.arange(frames) * stretch + first  # beyond the piece nothing is known of beats; silence has none
        after = known >= example.frames
        if example.kind == "music":
            ended = int(after.argmax()) if after.any() else frames
            weights[[BEAT, DOWNBEAT, PULSE], ended : ended + 2 * FRAME_RATE] = 0.0
            weights[[BEAT, DOWNBEAT, PULSE]] *= example.certain
        return distorted(power, rng, self._noise, strength), wanted, weights

    def _noise(self, rng: Generator) -> Floats:
        if not self._noises:
            return np.full((self._frames, BANDS), QUIETEST, np.float32)
        example = self._noises[int(rng.integers(len(self._noises)))]
        first = int(rng.integers(example.frames))
        places = (first + np.arange(self._frames)) % example.frames
        return example.power[places].astype(np.float32)
