"""Choice of pictures for a training set: filters by measures, near-duplicates, then GANce's priority or quality."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from livegan.datasets.filters import COLOURS_BYTES, MAX_HAMMING, alike_colours
from livegan.datasets.identities import persons
from livegan.datasets.measure import Measured

By = Literal["faces", "quality"]
Hand = Literal["keep", "reject"]
NEIGHBOURS = 2  # pictures before and after one with a face, in the order they were taken in
BURST_S = 2.0  # pictures taken so soon after another ...
BURST_HAMMING = 10  # ... are alike with so many bits of difference


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of a choice; the defaults leave out what is broken or a near-duplicate, nothing else."""

    count: int | None = None  # at most so many; None: all that pass
    by: By = "faces"  # which come first
    min_sharpness: float = 0.0
    min_exposure: float = 0.0
    min_face: float = 0.0  # size of the largest face, of the shorter side; above 0 a face is needed
    faces: int | None = None  # exactly so many faces in a picture
    duplicates: bool = False  # keep near-duplicates
    per_person: int | None = None  # at most so many pictures of each person
    seed: int = 1234  # of what is drawn by lot


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture that can be chosen: measured, of which folder, and what was decided by hand."""

    picture: Measured
    folder: int  # number of the folder in which it lies
    secondary: bool = False
    hand: Hand | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of a picture."""

    kept: bool
    why: str  # a word or two, for tables
    like: int | None = None  # the number of the picture that it is a near-duplicate of
    person: int = 0  # of its largest face, 1 for the one seen most often; 0: unknown


@dataclass(slots=True)
class _State:
    """A choice in the making: for every picture the reason why it is out, if it is."""

    out: dict[int, str] = field(default_factory=dict)
    like: dict[int, int] = field(default_factory=dict)


def choose(entries: Sequence[Entry], rules: Rules) -> list[Choice]:
    """What becomes of each picture. Decisions by hand stand above every rule, and count towards `count`."""
    state = _State()
    for place, entry in enumerate(entries):
        reason = _fails(entry, rules)
        if reason:
            state.out[place] = reason
    if not rules.duplicates:
        _drop_duplicates(entries, state)
    people = _persons(entries)
    if rules.per_person is not None:
        _limit_persons(entries, people, rules.per_person, state)
    order = _order(entries, rules)
    kept: dict[int, str] = {
        place: "by hand" for place, entry in enumerate(entries) if entry.hand == "keep" and place not in state.out
    }
    for place, why in order:
        if rules.count is not None and len(kept) >= rules.count:
            break
        if place not in state.out and place not in kept:
            kept[place] = why
    return [
        Choice(
            place in kept,
            kept.get(place) or state.out.get(place, "over the count"),
            None if place in kept else state.like.get(place),
            people[place],
        )
        for place in range(len(entries))
    ]


def _fails(entry: Entry, rules: Rules) -> str:
    """Why a picture is left out whatever the others are; empty: it is not."""
    measures = entry.picture.measures
    if measures.error:
        return "broken"
    if entry.hand:
        return "" if entry.hand == "keep" else "by hand"
    if rules.faces is not None and len(measures.faces) != rules.faces:
        return f"{len(measures.faces) or 'no'} {'face' if len(measures.faces) < 2 else 'faces'}"
    if rules.min_face > 0 and not measures.faces:
        return "no face"
    if measures.face_size < rules.min_face:
        return "small face"
    if measures.sharpness < rules.min_sharpness:
        return "blurred"
    return "badly exposed" if measures.exposure < rules.min_exposure else ""


def _ranked(entries: Sequence[Entry], state: _State) -> list[int]:
    """Those still in, the best first; what was kept by hand before all others."""
    inside = (place for place in range(len(entries)) if place not in state.out)
    return sorted(inside, key=lambda place: (entries[place].hand != "keep", *_by_quality(entries[place])))


def _by_quality(entry: Entry) -> tuple[float, float, Path]:
    return -entry.picture.measures.quality, entry.picture.taken_s, entry.picture.path


def _drop_duplicates(entries: Sequence[Entry], state: _State) -> None:
    """Of pictures that look alike only the best stays: non-maximum suppression over hashes and colours."""
    ranked = _ranked(entries, state)
    hashes, times = np.zeros(len(ranked), np.uint64), np.zeros(len(ranked))
    colours = np.zeros((len(ranked), COLOURS_BYTES), np.uint8)
    stay: list[int] = []
    for place in ranked:
        picture, count = entries[place].picture, len(stay)
        bits = np.bitwise_count(hashes[:count] ^ np.uint64(picture.measures.hash))
        soon = np.abs(times[:count] - picture.taken_s) <= BURST_S
        alike = bits <= np.where(soon, BURST_HAMMING, MAX_HAMMING)
        near = np.flatnonzero(alike)
        alike[near] = alike_colours(colours[near], picture.measures.colours)
        if alike.any() and entries[place].hand != "keep":
            state.like[place] = stay[int(np.where(alike, bits, 65).argmin())]
            state.out[place] = "near-duplicate"
            continue
        hashes[count], times[count] = picture.measures.hash, picture.taken_s
        colours[count] = np.frombuffer(picture.measures.colours, np.uint8)
        stay.append(place)


def _persons(entries: Sequence[Entry]) -> list[int]:
    """The person of each picture's largest face; 0 where that is unknown."""
    places = [place for place, entry in enumerate(entries) if entry.picture.measures.embeddings]
    numbers = persons([entries[place].picture.measures.embeddings[0] for place in places])
    of = dict(zip(places, numbers, strict=True))
    return [of.get(place, 0) for place in range(len(entries))]


def _limit_persons(entries: Sequence[Entry], people: Sequence[int], most: int, state: _State) -> None:
    """Of each person the best pictures stay."""
    seen: dict[int, int] = {}
    for place in _ranked(entries, state):
        person = people[place]
        seen[person] = seen.get(person, 0) + 1
        if person and seen[person] > most and entries[place].hand != "keep":
            state.out[place] = f"enough of person {person}"


def _order(entries: Sequence[Entry], rules: Rules) -> list[tuple[int, str]]:
    """All pictures in the order in which they are taken, each with why.

    By faces, as GANce: those with a face in primary folders, in secondary ones, what was taken up to NEIGHBOURS
    pictures before or after one with a face (the nearer ones first), the rest by lot. Within a group the best first.
    """
    ranked = sorted(range(len(entries)), key=lambda place: _by_quality(entries[place]))
    if rules.by == "quality":
        return [(place, "quality") for place in ranked]
    has_face = [bool(entry.picture.measures.faces) for entry in entries]
    near = _near_faces(entries, has_face)
    groups = (
        ("a face", [place for place in ranked if has_face[place] and not entries[place].secondary]),
        ("a face, secondary", [place for place in ranked if has_face[place] and entries[place].secondary]),
        ("beside a face", sorted((place for place in ranked if place in near), key=lambda place: near[place])),
    )
    taken = [(place, why) for why, places in groups for place in places]
    rest = sorted(set(range(len(entries))) - {place for place, _ in taken})
    lot = np.random.default_rng(rules.seed).permutation(len(rest))
    return taken + [(rest[int(place)], "by lot") for place in lot]


def _near_faces(entries: Sequence[Entry], has_face: Sequence[bool]) -> dict[int, int]:
    """Pictures without a face near one with a face in the order they were taken in, and how far apart they are."""
    near: dict[int, int] = {}
    for folder in sorted({entry.folder for entry in entries}):
        row = [
            place for place, entry in enumerate(entries) if entry.folder == folder and not entry.picture.measures.error
        ]
        row.sort(key=lambda place: (entries[place].picture.taken_s, entries[place].picture.path))
        for at, place in enumerate(row):
            if not has_face[place]:
                continue
            for apart in range(-NEIGHBOURS, NEIGHBOURS + 1):
                if 0 <= at + apart < len(row) and not has_face[row[at + apart]]:
                    other = row[at + apart]
                    near[other] = min(abs(apart), near.get(other, NEIGHBOURS))
    return near
