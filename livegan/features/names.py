"""Feature names: dotted, with an optional group before a colon: `onset.bass`, `drums:onset.bass`, `harmonic:level`."""

from collections.abc import Iterable, Mapping, Sequence

from livegan.core.registry import unknown
from livegan.core.types import SEPARATED_PARTS
from livegan.features.registry import FEATURES, Setup

SETUP = Setup(48000, 2048, 256, 40, -54.0)  # for what does not depend on it: names


def split(name: str) -> tuple[str, str]:
    """Group and feature of a name; the main group is ''."""
    group, colon, feature = name.rpartition(":")
    return (group, feature) if colon else ("", name)


def origin(group: str) -> tuple[str, str]:
    """Which group a group is made from and which part of it: 'drums.low' is ('drums', 'low'), 'low' is ('', 'low').

    A group of channels is no part: ('drums', '').
    """
    source, _, part = group.rpartition(".")
    return (source, part) if part in SEPARATED_PARTS else (group, "")


def groups_here(groups: Iterable[str]) -> list[str]:
    """All available groups, given those of the venue: each, and each part of each."""
    real = ["", *groups]
    return real + [f"{group}.{part}" if group else part for group in real for part in SEPARATED_PARTS]


def features_of(groups: Iterable[str], bands: int = 40) -> list[str]:
    """Every feature name available with these groups."""
    features = feature_of_name(Setup(48000, 2048, 256, bands, -54.0))
    return [f"{group}:{name}" if group else name for group in groups_here(groups) for name in features]


def feature_of_name(setup: Setup) -> dict[str, str]:
    """Feature of every name: 'onset.bass' to 'onset'."""
    return {name: feature for feature in FEATURES for name in FEATURES[feature](setup).names}


def features_by_group(
    asked: Iterable[str], groups: Mapping[str, Sequence[int]], setup: Setup, everything: bool = True
) -> dict[str, list[str]]:
    """Features to compute by group, in the order of the table; the main group has `everything`, a source may have none.

    Those `on_request` are computed only where they are asked for.
    What is not there is a KeyError that offers the nearest right name.
    """
    features, known = feature_of_name(setup), groups_here(groups)
    by_group: dict[str, set[str]] = {"": {name for name in FEATURES if everything and not FEATURES[name].on_request}}
    for name in asked:
        group, feature = split(name)
        if group not in known:
            raise KeyError(unknown("input group", group, filter(None, known)))
        if feature not in features:
            raise KeyError(unknown("feature", feature, features))
        source, part = origin(group)
        if part:
            by_group.setdefault(source, set())
        by_group.setdefault(group, set()).add(features[feature])
    return {
        group: [name for name in FEATURES if name in by_group[group]] for group in sorted(by_group, key=_sources_first)
    }


def on_request(names: Iterable[str]) -> frozenset[str]:
    """Those of the features behind `names` that are computed only on request, each as "GROUP:FEATURE"; ":mood".

    A name that is none but begins as theirs do stands for them too, so that the nearest right one is known.
    """
    parts = [split(name) for name in names]
    if not parts:
        return frozenset()
    costly = [feature for feature in FEATURES if FEATURES[feature].on_request]
    first = {name.split(".")[0]: feature for feature in costly for name in FEATURES[feature](SETUP).names}
    return frozenset(f"{group}:{first[name.split('.')[0]]}" for group, name in parts if name.split(".")[0] in first)


def names_on_request(asked: Iterable[str]) -> list[str]:
    """A number of each of the features that `on_request` returned: with it, all of that feature are computed."""
    parts = [split(name) for name in asked]
    return [f"{group}:{_first_name(feature)}" if group else _first_name(feature) for group, feature in parts]


def on_request_names() -> list[str]:
    """Every number that is computed only on request, of the main group."""
    return [name for feature in FEATURES if FEATURES[feature].on_request for name in FEATURES[feature](SETUP).names]


def _first_name(feature: str) -> str:
    return FEATURES[feature](SETUP).names[0]


def _sources_first(group: str) -> tuple[bool, str]:
    return origin(group)[1] != "", group
