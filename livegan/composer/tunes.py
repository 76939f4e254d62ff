"""Tunes: which pieces of a corpus are settings of one tune, or have music in common, and which tunes are held out."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from livegan.composer.harmony import Pitches
from livegan.composer.novelty import run_hashes

TUNE_INTERVALS = 10  # of the highest voice: as many are equal, it is one tune
SHARED_STEPS = 48  # as long a run of all voices in common (three bars of 4/4), and it is the same music ...
SHARED_CHORDS = 10  # ... if it has as many chords: held ones and silence are anybody's


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells whether two pieces belong together. Equal whatever the key."""

    music: str  # equal for the same music under two names
    marks: frozenset[str]  # pieces with one in common belong together


def fingerprint(pitches: Pitches, group: str = "") -> Fingerprint:
    """Fingerprint of a piece: pitches (steps, voices), highest first; `group` names the work it is a part of."""
    line = [int(pitch) for pitch in pitches[:, :1].ravel() if pitch >= 0]
    struck = [line[0], *(b for a, b in itertools.pairwise(line) if a != b)] if line else []
    intervals = [b - a for a, b in itertools.pairwise(struck)]
    runs = run_hashes(pitches, SHARED_STEPS)
    changes = np.concatenate([[0], np.cumsum((pitches[1:] != pitches[:-1]).any(1))])
    eventful = changes[SHARED_STEPS - 1 :][: len(runs)] - changes[: len(runs)] >= SHARED_CHORDS
    marks = {f"run {value}" for value in runs[eventful].tolist()}
    if len(intervals) >= TUNE_INTERVALS:
        marks.add("tune " + " ".join(map(str, intervals[:TUNE_INTERVALS])))
    if group:
        marks.add(f"group {group}")
    whole = run_hashes(pitches, len(pitches))
    return Fingerprint(sha256(whole.tobytes() + bytes(str(pitches.shape), "ascii")).hexdigest(), frozenset(marks))


def tunes(fingerprints: Mapping[str, Fingerprint]) -> dict[str, str]:
    """The tune of every piece: the name of the first piece that is like it, or like one like it, and so on."""
    parents = {name: name for name in fingerprints}

    def root(name: str) -> str:
        while parents[name] != name:
            parents[name] = name = parents[parents[name]]
        return name

    first: dict[str, str] = {}
    for name, like in fingerprints.items():
        for mark in like.marks:
            parents[root(name)] = root(first.setdefault(mark, name))
    members: dict[str, str] = {}
    return {name: members.setdefault(root(name), name) for name in fingerprints}


def held_out(tune_of: Mapping[str, str], share: float) -> frozenset[str]:
    """Pieces held out: whole tunes, in an order by hash, until they are `share` of all. Not a tune too large for it."""
    groups: dict[str, list[str]] = {}
    for name, tune in tune_of.items():
        groups.setdefault(tune, []).append(name)
    order: Sequence[str] = sorted(groups, key=lambda tune: sha256(tune.encode("utf-8", "replace")).hexdigest())
    wanted, held = share * len(tune_of), set[str]()
    for tune in order:
        if len(held) >= wanted:
            break
        if len(held) + len(groups[tune]) <= max(1, 1.25 * wanted) and len(groups) > 1:
            held.update(groups[tune])
    return frozenset(held)
