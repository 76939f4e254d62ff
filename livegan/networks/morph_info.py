"""Morph: description of a network whose weights are interpolated between snapshots. No torch here.

`plan.position` is the place: 0 the first snapshot, 1 the second, 1.5 halfway from the second to the third. Weights of
one training, or of two that began alike, can be mixed like pictures, and the result is a network too (Wang et al.
2018, "Deep Network Interpolation", arXiv 1811.10515). `rendering.morph` does it.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.info import NetworkInfo, read_info

MORPHING = tuple(name for name, architecture in ARCHITECTURES.items() if architecture.can_morph)


def morph_info(infos: Sequence[NetworkInfo]) -> NetworkInfo:
    """The morph of these networks, in their order: one network of kind "morph".

    NetworkError, naming the two that differ, unless all are of one kind that can be mixed and of one shape.
    """
    if not infos:
        raise NetworkError("a morph needs at least one network; name some in the scene (network = [...])")
    first, last = infos[0], infos[-1]
    for info in infos:
        if info.kind not in MORPHING:
            raise NetworkError(
                f"{info.name} is of kind '{info.kind}', whose weights cannot be mixed; those of "
                f"{', '.join(MORPHING)} can "
                '(or set bank.mode = "fade" in the scene)'
            )
        difference = _difference(first, info)
        if difference:
            raise NetworkError(
                f"{first.name} and {info.name} cannot be mixed: {difference}; "
                'leave one out, or set bank.mode = "fade" in the scene'
            )
    numbers = {field.name: getattr(first, field.name) for field in fields(NetworkInfo)}
    numbers |= {
        "name": f"{first.name} ~ {last.name} ({len(infos)})",
        "kind": "morph",
        "title": f"{len(infos)} networks, from {first.title or first.name} to {last.title or last.name}",
        "shape": {"members": [str(info.path) for info in infos], "rows": first.num_ws},
    }
    return replace(first, **numbers)


def members_of(info: NetworkInfo) -> list[NetworkInfo]:
    """The networks of a morph, in order, read from disk; NetworkError if they are not there or cannot be mixed."""
    members = info.shape.get("members")
    if not (isinstance(members, list | tuple) and members and all(isinstance(member, str) for member in members)):
        raise NetworkError("a morph's 'shape.members' must list the .json files of its networks", info.path)
    infos = [read_info(Path(member)) for member in members]
    morph_info(infos)
    return infos


def _difference(first: NetworkInfo, other: NetworkInfo) -> str:
    """The first thing in which two networks differ, in words; "" if they are alike."""
    for key in ("kind", "resolution", "z_dim", "c_dim", "w_dim"):
        value, other_value = getattr(first, key), getattr(other, key)
        if value != other_value:
            return f"{key} is {_shown(value)} in the one and {_shown(other_value)} in the other"
    shapes = [{**ARCHITECTURES[first.kind].defaults, **info.shape} for info in (first, other)]
    for key in sorted(shapes[0].keys() | shapes[1].keys()):
        value, other_value = (shape.get(key) for shape in shapes)
        if value != other_value:
            return f"{key} is {_shown(value)} in the one and {_shown(other_value)} in the other"
    return ""


def _shown(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
