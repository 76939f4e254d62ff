"""Mood of music: from the tags of a tagger to what they ask of a picture, by a table that artists edit.

The table is presets/tags.toml. Probabilities of tags are low and unlike in size, so each is compared with what is usual
for it (`Levels`), in logits, and only what is above that counts.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, RootModel, field_validator, model_validator

from livegan.core.oklab import oklab_to_srgb, parse_hex, srgb_to_oklab
from livegan.core.registry import unknown
from livegan.core.resources import bundled
from livegan.core.target import Rgb, Target
from livegan.core.toml import StrictModel, read_table
from livegan.errors import SceneError
from livegan.networks.music_tags import TAG_NAMES

Numbers = NDArray[np.float64]

MOODS = ("energy", "valence", "warmth", "brightness", "motion", "sharpness")  # numbers of a tag, and of a mood
MOTIFS = (
    *("silk", "flow", "glass", "turing", "julia", "attractor"),
    *("rings", "kaleidoscope", "topo", "neon", "marble", "galaxy"),
)
FILE = "tags.toml"
RARE, COMMON = 1e-5, 1 - 1e-5  # probabilities are kept within
LEAST_SPREAD = 0.4  # [logits] of a tag
NEUTRAL = 0.15  # evidence for 0.5 that the tags must outweigh
STRETCH = 1.4  # means of many tags lie near the middle
PURITY = 1.8  # above 1: the classes that most tags agree on win
ALIKE = 0.12  # colours closer than this in OKLab are one
COLOURS, CLASSES = 4, 4  # at most, of a target
FEWEST = 0.05  # of all classes: a smaller share is left out

Share = Annotated[float, Field(ge=0, le=1)]


class TagLine(StrictModel):
    """What one tag asks of a picture."""

    why: str = Field(description="the reason")
    weight: float = Field(1.0, ge=0, le=10, description="how much it counts")
    energy: Share | None = Field(None, description="0 calm .. 1 wild")
    valence: Share | None = Field(None, description="0 sad .. 1 glad")
    warmth: Share | None = Field(None, description="0 cold .. 1 warm colours")
    brightness: Share | None = Field(None, description="0 dark .. 1 bright")
    motion: Share | None = Field(None, description="0 still .. 1 fast")
    sharpness: Share | None = Field(None, description="0 soft .. 1 crisp")
    colours: list[str] = Field([], max_length=COLOURS, description="sRGB, as 8a2be2, the most important first")
    classes: dict[str, Annotated[float, Field(ge=0)]] = Field({}, description="motif and its share")

    @field_validator("colours")
    @classmethod
    def _are_colours(cls, colours: list[str]) -> list[str]:
        for colour in colours:
            try:
                parse_hex(colour)
            except ValueError:
                raise ValueError(f"'{colour}' is no colour; write six hexadecimal digits, as 8a2be2") from None
        return colours

    @field_validator("classes")
    @classmethod
    def _are_motifs(cls, classes: dict[str, float]) -> dict[str, float]:
        wrong = [unknown("motif", name, MOTIFS) for name in classes if name not in MOTIFS]
        if wrong:
            raise ValueError("; ".join(wrong))
        return classes


class TagTable(RootModel[dict[str, TagLine]]):
    """The file presets/tags.toml."""

    @model_validator(mode="after")
    def _has_every_tag(self) -> "TagTable":
        wrong = [unknown("tag", name, TAG_NAMES) for name in self.root if name not in TAG_NAMES]
        missing = [name for name in TAG_NAMES if name not in self.root]
        wrong += [f"no line for {', '.join(missing)}"] if missing else []
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """What is usual of each tag: mean and spread of its logit, (92,) each."""

    mean: Numbers
    spread: Numbers

    @classmethod
    def of(cls, tags: NDArray[np.floating]) -> "Levels":
        """Of tags by name over time, (n, 92)."""
        logits = _logits(tags)
        return cls(logits.mean(axis=0), logits.std(axis=0))

    def blend(self, other: "Levels", amount: float) -> "Levels":
        """0 is self, 1 is other."""
        return Levels(
            self.mean * (1 - amount) + other.mean * amount, self.spread * (1 - amount) + other.spread * amount
        )


@cache
def usual_levels() -> Levels:
    """Of our own songs in all styles, and noise; measured by tools/measure_tag_levels.py."""
    table = json.loads(Path(__file__).with_name("tag_levels.json").read_text(encoding="utf-8"))
    rows = np.array([table[name] for name in TAG_NAMES])
    return Levels(rows[:, 0], rows[:, 1])


def target_of_tags(tags: Mapping[str, float], usual: Levels | None = None) -> Target:
    """What music with these tags asks of a picture.

    `tags`: probabilities by name, "techno", or by network, "mtt.techno"; those left out are at their usual level.
    KeyError, with the nearest right name, for others. `usual`: what they are compared with; None: all music.
    """
    return target_of(_in_order(tags), usual)


def target_of(tags: NDArray[np.floating], usual: Levels | None = None) -> Target:
    """The same of probabilities in the order of TAG_NAMES, (92,), NaN: the usual level."""
    table = _table()
    counts = evidence(tags, usual)
    best = [int(i) for i in np.argsort(-counts)[:4] if counts[i] > 0]
    mood = _mood(counts)
    return Target(
        classes=_classes(counts),
        colours=_colours(counts),
        brightness=mood["brightness"],
        sharpness=mood["sharpness"],
        energy=mood["energy"],
        motion=mood["motion"],
        warmth=mood["warmth"],
        confidence=round(float(1 - np.exp(-np.sort(counts)[-4:].sum() / 1.5)), 4),
        understood=tuple(f"{TAG_NAMES[i]}: {' '.join(list(table.lines[i].classes)[:2])}".rstrip(": ") for i in best),
    )


def mood_of_tags(tags: Mapping[str, float], usual: Levels | None = None) -> dict[str, float]:
    """The numbers MOODS of music with these tags, 0..1, 0.5 where nothing speaks for either side."""
    return _mood(evidence(_in_order(tags), usual))


def evidence(tags: NDArray[np.floating], usual: Levels | None = None) -> Numbers:
    """How much each tag counts, (92,), 0 or more: above its usual level, likelier ones and those of weight more."""
    usual = usual or usual_levels()
    probability = np.asarray(tags, np.float64)
    above = (_logits(probability) - usual.mean) / np.maximum(usual.spread, LEAST_SPREAD)
    return np.nan_to_num(_table().weight * np.maximum(above, 0.0) * np.sqrt(np.clip(probability, 0, 1)))


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """The file, as arrays."""

    lines: tuple[TagLine, ...]
    weight: Numbers  # (92,)
    numbers: Numbers  # (92, 6) NaN: not asked for
    classes: Numbers  # (92, 12), rows sum to 1, or 0


@cache
def _table() -> _Table:
    import platformdirs

    own = Path(platformdirs.user_config_dir("livegan")) / FILE
    table = read_table(own if own.is_file() else bundled("presets") / FILE, TagTable, SceneError).root
    lines = tuple(table[name] for name in TAG_NAMES)
    classes = np.array([[line.classes.get(motif, 0.0) for motif in MOTIFS] for line in lines])
    return _Table(
        lines,
        np.array([line.weight for line in lines]),
        np.array([[getattr(line, name) for name in MOODS] for line in lines], np.float64),
        classes / np.maximum(classes.sum(axis=1, keepdims=True), 1e-9),
    )


def _logits(tags: NDArray[np.floating]) -> Numbers:
    probability = np.clip(np.asarray(tags, np.float64), RARE, COMMON)
    return np.asarray(np.log(probability / (1 - probability)))


def _in_order(tags: Mapping[str, float]) -> Numbers:
    found: dict[str, list[float]] = {}
    for name, probability in tags.items():
        plain = name.partition(".")[2] or name
        if plain not in TAG_NAMES:
            raise KeyError(unknown("tag", name, TAG_NAMES))
        found.setdefault(plain, []).append(probability)
    return np.array([np.mean(found[name]) if name in found else np.nan for name in TAG_NAMES])


def _mood(counts: Numbers) -> dict[str, float]:
    numbers = _table().numbers
    asked = ~np.isnan(numbers)
    total = (counts[:, None] * np.where(asked, numbers, 0.0)).sum(axis=0) + 0.5 * NEUTRAL
    mean = total / ((counts[:, None] * asked).sum(axis=0) + NEUTRAL)
    mood = np.clip(0.5 + STRETCH * (mean - 0.5), 0.0, 1.0)
    return dict(zip(MOODS, mood.round(4).tolist(), strict=True))


def _classes(counts: Numbers) -> dict[str, float]:
    """The motifs that most evidence is for; the sum is 1. Empty without any."""
    shares = (counts @ _table().classes) ** PURITY
    order = [int(i) for i in np.argsort(-shares)[:CLASSES] if shares[i] > FEWEST * shares.sum()]
    total = shares[order].sum()
    return {MOTIFS[i]: round(float(shares[i] / total), 4) for i in order}


def _colours(counts: Numbers) -> tuple[tuple[float, Rgb], ...]:
    """The colours that most evidence is for, those alike mixed; the largest first, the sum is 1."""
    heaps: list[tuple[float, Numbers]] = []  # weight, OKLab
    for i in np.argsort(-counts):
        for place, colour in enumerate(_table().lines[i].colours if counts[i] > 0 else ()):
            weight, lab = float(counts[i]) * 0.6**place, srgb_to_oklab(parse_hex(colour))
            near = [k for k, (_, other) in enumerate(heaps) if np.linalg.norm(lab - other) < ALIKE]
            if near:
                k = near[0]
                heavy, other = heaps[k]
                heaps[k] = (heavy + weight, (other * heavy + lab * weight) / (heavy + weight))
            else:
                heaps.append((weight, lab))
    heaps = sorted(heaps, key=lambda heap: -heap[0])[:COLOURS]
    total = sum(weight for weight, _ in heaps)
    return tuple((round(weight / total, 4), _rgb(lab)) for weight, lab in heaps)


def _rgb(lab: Numbers) -> Rgb:
    red, green, blue = oklab_to_srgb(lab).round(4).tolist()
    return red, green, blue
