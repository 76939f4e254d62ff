"""Mood of music: six numbers, and Russell's four quarters, from the probabilities of tags. numpy only.

Probabilities of tags are low and unlike in size, so each is compared with what is usual for it, in logits; only what is
above that counts. Energy and valence are the axes of Russell 1980, "A circumplex model of affect".
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livegan.networks.music_tags import TAG_NAMES
from livegan.networks.tag_table import MOODS, tag_table

Numbers = NDArray[np.float64]

QUARTERS = ("happy", "tense", "sad", "calm")  # glad and wild, grim and wild, grim and calm, glad and calm
RARE, COMMON = 1e-5, 1 - 1e-5  # probabilities are kept within
LEAST_SPREAD = 0.4  # [logits] of a tag
RARE_SHARE = 0.35  # in place of the root of the probability, of tags that are never likely
LEADING = 1.5  # power of the evidence: what is clear counts more than many faint hints
NEUTRAL = 0.1  # evidence for the middle that the tags must outweigh
MIDDLE = np.array([0.5, 0.57, 0.52, 0.44, 0.5, 0.53])  # means of all music, by MOODS
STRETCH = np.array([1.45, 2.4, 1.6, 2.2, 1.45, 1.5])  # means of many tags lie near the middle


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """What is usual of each tag: mean and spread of its logit, (92,) each."""

    mean: Numbers
    spread: Numbers

    @classmethod
    def of(cls, tags: NDArray[np.floating]) -> "Levels":
        """Of tags by name over time, (n, 92)."""
        logits = logits_of(tags)
        return cls(logits.mean(axis=0), logits.std(axis=0))

    def towards(self, mean: Numbers, amount: float) -> "Levels":
        """The mean a share of the way to that of one song or set, so that what is steady in it counts less."""
        return Levels(self.mean * (1 - amount) + mean * amount, self.spread)


@cache
def usual_levels() -> Levels:
    """Of songs in all styles, and noise; measured by tools/measure_tag_levels.py."""
    table = json.loads(Path(__file__).with_name("tag_levels.json").read_text(encoding="utf-8"))
    rows = np.array([table[name] for name in TAG_NAMES])
    return Levels(rows[:, 0], rows[:, 1])


def logits_of(tags: NDArray[np.floating]) -> Numbers:
    """log(p / (1 - p)), finite."""
    probability = np.clip(np.asarray(tags, np.float64), RARE, COMMON)
    return np.asarray(np.log(probability / (1 - probability)))


def evidence(tags: NDArray[np.floating], usual: Levels | None = None) -> Numbers:
    """How much each tag counts, (92,), 0 or more: by how far it is above its usual level, how likely, of what weight.

    `tags`: probabilities in the order of TAG_NAMES, (92,); NaN: the usual level. `usual`: None: of all music.
    """
    usual, table = usual or usual_levels(), tag_table()
    above = (logits_of(tags) - usual.mean) / np.maximum(usual.spread, LEAST_SPREAD)
    likely = np.where(table.rare, RARE_SHARE, np.sqrt(np.clip(tags, 0, 1)))
    return np.asarray(np.nan_to_num(table.weight * np.maximum(above, 0.0) * likely) ** LEADING)


def mood(counts: Numbers) -> Numbers:
    """MOODS (6,) of this evidence, 0..1; the middle where nothing speaks for either side."""
    numbers = tag_table().numbers
    asked = ~np.isnan(numbers)
    total = (counts[:, None] * np.where(asked, numbers, 0.0)).sum(axis=0) + MIDDLE * NEUTRAL
    mean = total / ((counts[:, None] * asked).sum(axis=0) + NEUTRAL)
    return np.asarray(0.5 + 0.5 * np.tanh(2 * STRETCH * (mean - MIDDLE)))


def quarters(energy: float, valence: float) -> tuple[float, float, float, float]:
    """QUARTERS of the plane of energy and valence; the sum is 1."""
    return valence * energy, (1 - valence) * energy, (1 - valence) * (1 - energy), valence * (1 - energy)


def mood_by_name(counts: Numbers) -> dict[str, float]:
    """`mood` with its names."""
    return dict(zip(MOODS, mood(counts).round(4).tolist(), strict=True))
