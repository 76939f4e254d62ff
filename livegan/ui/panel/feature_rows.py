"""Rows of the patch bay's left side: every feature that is heard in this show, in groups, and its level. No Qt here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from livegan.core.types import FeatureFrame
from livegan.engine.patch_bay import RouteMeter, features_read
from livegan.features.names import SETUP, feature_of_name, split
from livegan.features.registry import FEATURES

USED = "In this scene"  # the group of those that its routes read
GROUPS: Mapping[str, tuple[str, ...]] = {  # group -> first words of the features in it
    "Rhythm": ("beat", "downbeat", "bar", "onset", "section"),
    "Loudness": ("level", "bass", "mid", "treble", "gate", "amplitude"),
    "Harmony": ("chroma", "chord", "key", "tuning", "pitch"),
    "Sound colour": ("brightness", "spread", "flatness", "rolloff", "flux", "complexity"),
    "Notes": ("note", "voice"),
    "Meaning": ("mood", "tag"),
    "Bands": ("band", "mel", "spectrum"),
    "Input": ("input",),
}
OTHERS = "More"
CLOSED = ("Bands", "Input", "Notes", "Harmony", "Meaning", "Sound colour", OTHERS)  # at first


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of a list of the patch bay."""

    name: str
    group: str
    label: str


def group_of(name: str) -> str:
    """The heading that a feature stands below; of a group of inputs, or a separated part, that."""
    group, feature = split(name)
    if group:
        return group
    first = feature.split(".")[0]
    return next((title for title, words in GROUPS.items() if first in words), OTHERS)


def feature_rows(names: Sequence[str], routes: Iterable[RouteMeter], words: str = "") -> list[ListRow]:
    """Those that routes read, then all of them by group; `words` are all found in each."""
    read = {name for meter in routes for name in features_read(meter.table)}
    wanted = words.lower().split()
    found = [name for name in names if all(word in name.lower() for word in wanted)]
    groups = [*GROUPS, *dict.fromkeys(group_of(name) for name in names)]
    others = sorted(found, key=lambda name: groups.index(group_of(name)))
    used = [ListRow(name, USED, name) for name in found if name in read]
    return used + [ListRow(name, group_of(name), split(name)[1]) for name in others]


@lru_cache(maxsize=1)
def _ranges() -> Mapping[str, tuple[float, float]]:
    return {name: (FEATURES[feature].low, FEATURES[feature].high) for name, feature in feature_of_name(SETUP).items()}


def range_of(name: str) -> tuple[float, float]:
    """The range of a feature in its own unit."""
    return _ranges().get(split(name)[1], (0.0, 1.0))


def level_of(features: FeatureFrame, name: str) -> float:
    """A feature within its own range, 0..1; 0 of one that is not there."""
    at = features.layout.index.get(name)
    if at is None:
        return 0.0
    low, high = range_of(name)
    return min(max((float(features.values[at]) - low) / (high - low), 0.0), 1.0) if high > low else 0.0
