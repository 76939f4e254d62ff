"""Memory of music tags: smoothed tags, what was usual of them lately, and the dream target that they ask for.

A target is replaced only by one that is clearly unlike it. While it stays, its classes take turns, by their shares: the
network draws one well, and a mix of unlike ones badly.
"""

from dataclasses import replace
from math import exp

import numpy as np
from numpy.typing import NDArray

from livegan.core.target import NUMBERS, Target
from livegan.core.types import FeatureFrame, Layout, Vector
from livegan.mapping.moods import target_of
from livegan.networks.music_mood import QUARTERS, Levels, Numbers, evidence, logits_of, usual_levels
from livegan.networks.music_tags import TAG_NAMES

SMOOTH_S = 2.0  # time constant of the evidence
RECENT_S = 90.0  # how slowly it is forgotten what was usual lately
OWN = 0.5  # share of that in what tags are compared with; the rest is what is usual of all music
LOOK_S = 1.0  # between two comparisons of the target with what is heard: as often as tags come
HOLD_S = 8.0  # a target stays at least so long
TURN_S = 16.0  # and a class leads for so long
LEADS = 0.85  # share of the class whose turn it is, together with its own
UNLIKE = 0.4  # share of the classes, or difference of a number, from which a target is another
SURE = 0.25  # confidence of a target from which it counts
HEARD = 0.5  # of the gate of tags, from which they are those of music


class TagMemory:
    """Evidence of the tags, smoothed, and the present target; many small steps end where one large step does."""

    def __init__(self) -> None:
        self._layout: Layout | None = None
        self._tags: NDArray[np.intp] | None = None  # where tags are among the features, and their gate; None: nowhere
        self._gate: NDArray[np.intp] | None = None
        self._recent = usual_levels().mean  # logits
        self._wanted: Numbers = np.zeros(len(TAG_NAMES))  # evidence of the newest look
        self._counts = self._wanted
        self._wait_s = 0.0  # until the next look
        self._asked: Target | None = None  # as the tags ask for it
        self._target: Target | None = None  # with the class that leads now
        self._held_s, self._led_s = 0.0, 0.0
        self._credit: dict[str, float] = {}  # by class: the highest leads next

    def step(self, heard: FeatureFrame, dt_s: float) -> tuple[Target | None, Numbers]:
        """Advance by `dt_s`; the target, and how much each of TAG_NAMES counts. Without tags, what was known."""
        while True:
            if self._wait_s <= 1e-9:
                self._look(heard)
                self._wait_s += LOOK_S
            part_s = min(dt_s, self._wait_s)
            if part_s > 0:
                self._counts = self._wanted + (self._counts - self._wanted) * exp(-part_s / SMOOTH_S)
            self._wait_s -= part_s
            dt_s -= part_s
            if dt_s <= 0:
                return self._target, self._counts

    def _read(self, heard: FeatureFrame) -> Vector | None:
        """Probabilities in the order of TAG_NAMES, (92,); None where no music is heard, or no tags are there."""
        if heard.layout is not self._layout:
            index, self._layout = heard.layout.index, heard.layout
            names, gates = ([f"tag.{name}" for name in TAG_NAMES], [f"mood.{name}" for name in QUARTERS])
            there = all(name in index for name in (*names, *gates))
            self._tags = np.array([index[name] for name in names]) if there else None
            self._gate = np.array([index[name] for name in gates]) if there else None  # their sum is 1 times it
        if self._tags is None:
            return None
        gate = float(heard.values[self._gate].sum())
        return heard.values[self._tags] / np.float32(gate) if gate >= HEARD else None

    def _look(self, heard: FeatureFrame) -> None:
        """Compare what is heard, once a LOOK_S, with what is usual and with the present target."""
        self._held_s += LOOK_S
        self._led_s += LOOK_S
        tags = self._read(heard)
        if tags is None:
            return
        usual = usual_levels()
        levels = Levels(usual.mean * (1 - OWN) + self._recent * OWN, usual.spread)
        self._recent = self._recent + (logits_of(tags) - self._recent) * (1 - exp(-LOOK_S / RECENT_S))
        self._wanted = evidence(tags, levels)
        self._choose(target_of(tags, levels))

    def _choose(self, heard: Target) -> None:
        """Take another target, clearly unlike the present one; else, if it is time, let another of its classes lead."""
        another = self._asked is None or (self._held_s >= HOLD_S and unlike(self._asked, heard) >= UNLIKE)
        if another and heard.confidence >= SURE:
            self._asked, self._held_s = heard, 0.0
        elif self._asked is None or self._led_s < TURN_S or len(self._asked.classes) < 2:
            return
        assert self._asked is not None
        self._target, self._led_s = self._led(self._asked), 0.0

    def _led(self, target: Target) -> Target:
        """The target with one of its classes before the others, each as often as its share says."""
        if len(target.classes) < 2:
            return target
        self._credit = {name: self._credit.get(name, 0.0) + share for name, share in target.classes.items()}
        first = max(self._credit, key=lambda name: self._credit[name])
        self._credit[first] -= 1.0
        rest = 1 - target.classes[first]
        shares = {name: share / rest * (1 - LEADS) for name, share in target.classes.items() if name != first}
        return replace(target, classes={first: LEADS, **shares})


def unlike(one: Target, other: Target) -> float:
    """How unlike two targets are, 0..1: in the share of their classes, or in the number that differs most."""
    names = {*one.classes, *other.classes}
    common = sum(min(one.classes.get(name, 0.0), other.classes.get(name, 0.0)) for name in names)
    pairs = [(getattr(one, name), getattr(other, name)) for name in NUMBERS]
    apart = max((abs(a - b) for a, b in pairs if a is not None and b is not None), default=0.0)
    return max(1 - common if names else 0.0, apart)
