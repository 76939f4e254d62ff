"""Music tags to a dream target: classes, colours and numbers that music asks of a picture."""

from collections.abc import Mapping
from functools import cache
from math import dist

import numpy as np
from numpy.typing import NDArray

from livegan.core.oklab import oklab_to_srgb, parse_hex, srgb_to_oklab
from livegan.core.registry import unknown
from livegan.core.target import Rgb, Target
from livegan.networks.music_mood import Levels, Numbers, evidence, mood_by_name
from livegan.networks.music_tags import TAG_NAMES
from livegan.networks.tag_table import MOTIFS, tag_table

PURITY = 1.2  # above 1: the classes that most tags agree on win
FEWEST = 0.05  # of all classes: a smaller share is left out
ALIKE = 0.12  # colours closer than this in OKLab are one
PLACE = 0.6  # of a colour, beside the one before it in its line
COLOURS, CLASSES = 4, 4  # at most
SURE = 0.7  # evidence of the four clearest tags that makes confidence 0.63


def target_of_tags(tags: Mapping[str, float], usual: Levels | None = None) -> Target:
    """What music with these tags asks of a picture.

    `tags`: probabilities by name, "techno", or by network, "mtt.techno"; those left out are at their usual level.
    KeyError, with the nearest right name, for others. `usual`: what they are compared with; None: all music.
    """
    return target_of(in_order(tags), usual)


def target_of(tags: NDArray[np.floating], usual: Levels | None = None) -> Target:
    """The same of probabilities in the order of TAG_NAMES, (92,), NaN: the usual level."""
    counts, lines = evidence(tags, usual), tag_table().lines
    if not counts.any():
        return Target(confidence=0.0)
    best = [int(i) for i in np.argsort(-counts)[:4] if counts[i] > 0]
    mood = mood_by_name(counts)
    return Target(
        classes=_classes(counts),
        colours=_colours(counts),
        brightness=mood["brightness"],
        sharpness=mood["sharpness"],
        energy=mood["energy"],
        motion=mood["motion"],
        warmth=mood["warmth"],
        confidence=round(float(1 - np.exp(-counts[best].sum() / SURE)), 4),
        understood=tuple(f"{TAG_NAMES[i]}: {' '.join(list(lines[i].classes)[:2])}".rstrip(": ") for i in best),
    )


def mood_of_tags(tags: Mapping[str, float], usual: Levels | None = None) -> dict[str, float]:
    """The numbers `tag_table.MOODS` of music with these tags, 0..1; about 0.5 where nothing speaks for either side."""
    return mood_by_name(evidence(in_order(tags), usual))


def in_order(tags: Mapping[str, float]) -> Numbers:
    """Probabilities in the order of TAG_NAMES, (92,), NaN where there is none; KeyError for other names."""
    found: dict[str, list[float]] = {}
    for name, probability in tags.items():
        plain = name.partition(".")[2] or name
        if plain not in TAG_NAMES:
            raise KeyError(unknown("tag", name, TAG_NAMES))
        found.setdefault(plain, []).append(probability)
    return np.array([np.mean(found[name]) if name in found else np.nan for name in TAG_NAMES])


def _classes(counts: Numbers) -> dict[str, float]:
    """The motifs that most evidence is for; the sum is 1. Empty without any."""
    shares = (counts @ tag_table().classes) ** PURITY
    order = [int(i) for i in np.argsort(-shares)[:CLASSES] if shares[i] > FEWEST * shares.sum()]
    total = shares[order].sum()
    return {MOTIFS[i]: round(float(shares[i] / total), 4) for i in order}


def _colours(counts: Numbers) -> tuple[tuple[float, Rgb], ...]:
    """The colours that most evidence is for, those alike mixed; the largest first, the sum is 1."""
    heaps: list[tuple[float, tuple[float, ...]]] = []  # weight, OKLab
    for i in np.argsort(-counts):
        for place, colour in enumerate(tag_table().lines[i].colours if counts[i] > 0 else ()):
            weight, lab = float(counts[i]) * PLACE**place, _lab(colour)
            near = next((k for k, (_, other) in enumerate(heaps) if dist(lab, other) < ALIKE), None)
            if near is None:
                heaps.append((weight, lab))
                continue
            heavy, other = heaps[near]
            mixed = tuple((b * heavy + a * weight) / (heavy + weight) for a, b in zip(lab, other, strict=True))
            heaps[near] = (heavy + weight, mixed)
    heaps = sorted(heaps, key=lambda heap: -heap[0])[:COLOURS]
    total = sum(weight for weight, _ in heaps)
    return tuple((round(weight / total, 4), _rgb(np.array(lab))) for weight, lab in heaps)


@cache
def _lab(colour: str) -> tuple[float, ...]:
    return tuple(srgb_to_oklab(parse_hex(colour)).tolist())


def _rgb(lab: Numbers) -> Rgb:
    red, green, blue = oklab_to_srgb(lab).round(4).tolist()
    return red, green, blue
