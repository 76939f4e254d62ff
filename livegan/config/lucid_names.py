"""Aliases: parameter names of lucid-sonic-dreams (`hallucinate`), replaced by livegan's own as a scene is read.

They may stand in the scene itself, in [motion] or in [parameters]. A scene that has one is played by the original's
formulas and defaults where it does not say otherwise. What cannot be replaced stays and is a mistake like any other.
"""

from collections.abc import Mapping
from typing import Any

from livegan.core.parameters import motion_parameter

NUMBERS = {
    "speed_fpm": "motion.speed",
    "pulse_react": "motion.pulse",
    "motion_react": "motion.drift",
    "motion_randomness": "motion.randomness",
    "truncation": "motion.truncation",
    "truncation_psi": "truncation",  # of its PyTorch fork
    "class_pitch_react": "class.react",
    "class_smooth_seconds": "class.smooth",
    "class_complexity": "class.complexity",
    "class_shuffle_seconds": "class.shuffle",
    "class_shuffle_strength": "class.turn",
}
MOMENTS = "class_shuffle_seconds"  # a number: every so many; or a list: at these moments
FLAGS = {"dominant_classes_first": "class.dominant"}
KEYS = {"style": "network", "classes": "classes"}  # of the scene
AXES = {
    "pulse": ("pulse_from", "percussive"),
    "motion": ("drift_from", "harmonic"),
}  # key, and what is heard by default
EFFECTS = ("contrast", "flash")
PARTS = ("audio", "strength", "percussive", "harmonic")
NAMES = frozenset(
    {*NUMBERS, *FLAGS, *KEYS, "class_audio"}
    | {f"{axis}_{part}" for axis in AXES for part in ("audio", "percussive", "harmonic")}
    | {f"{effect}_{part}" for effect in EFFECTS for part in ("audio", "strength", "percussive")}
)
OWN = {"": {"classes"}, "parameters": {"truncation"}}  # names that mean livegan's own there
PSI = 1.0  # the original does not truncate in w


def with_own_names(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A scene file as parsed, with livegan's names for those of lucid-sonic-dreams."""
    scene = dict(raw)
    motions = scene.get("motion", {})
    tables = [dict(table) if isinstance(table, Mapping) else table for table in _listed(motions)] or [{}]
    lucid = [
        k for k, table in enumerate(tables, 1) if isinstance(table, dict) and table.get("model", "lucid") == "lucid"
    ]
    parameters = scene.get("parameters", {})
    if not lucid or not isinstance(parameters, Mapping):
        return scene
    parameters = dict(parameters)
    found: dict[int, dict[str, Any]] = {}
    for place, table, k in (("", scene, lucid[0]), ("parameters", parameters, lucid[0])):
        found[k] = found.get(k, {}) | _taken(table, OWN[place])
    for k in lucid:
        found[k] = found.get(k, {}) | _taken(tables[k - 1], set())
    if not any(found.values()):
        return scene
    for k, aliases in found.items():
        if aliases:
            _apply(aliases, k, scene, tables[k - 1], parameters)
    scene["motion"] = tables if isinstance(motions, list) else tables[0]
    scene["parameters"] = parameters
    return scene


def _listed(motions: Any) -> list[Any]:
    return list(motions) if isinstance(motions, list) else [motions]


def _taken(table: dict[str, Any], own: set[str]) -> dict[str, Any]:
    """The aliases of a table that can be replaced, taken out of it."""
    return {name: table.pop(name) for name in sorted(NAMES - own) if name in table and _fits(name, table[name])}


def _fits(name: str, value: Any) -> bool:
    if name == MOMENTS and isinstance(value, list):
        return all(_fits(name, moment) and not isinstance(moment, list) for moment in value)
    if name in NUMBERS or name.endswith("_strength"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if name in FLAGS or name.endswith(("_percussive", "_harmonic")):
        return isinstance(value, bool)
    return isinstance(value, list) if name == "classes" else isinstance(value, str)


def _apply(
    aliases: Mapping[str, Any], k: int, scene: dict[str, Any], motion: dict[str, Any], parameters: dict[str, Any]
) -> None:
    """Write what the aliases of the k-th motion model say, where the scene does not say it in livegan's own words."""
    for name, value in aliases.items():
        if name == MOMENTS and isinstance(value, list):
            motion.setdefault("shuffle_at", value)
        elif name in NUMBERS:
            own = NUMBERS[name]
            parameters.setdefault(motion_parameter(own, k) if own.startswith("motion.") else own, value)
        elif name in FLAGS:
            parameters.setdefault(FLAGS[name], float(value))
        elif name in KEYS:
            scene.setdefault(KEYS[name], value)
    motion.setdefault("original", True)
    parameters.setdefault("truncation", PSI)
    for axis, (key, usual) in AXES.items():
        motion.setdefault(key, _amplitude(aliases, axis, usual))
    if "class_audio" in aliases:
        motion.setdefault("chroma_of", aliases["class_audio"])
    for effect in EFFECTS:
        if any(f"{effect}_{part}" in aliases for part in PARTS):
            route = {
                "source": _amplitude(aliases, effect, "percussive"),
                "target": f"effect.{effect}",
                "amount": float(aliases.get(f"{effect}_strength", 0.5)),
                "attack_s": 0.0,
                "release_s": 0.0,
            }
            routes = scene.get("routes", [])
            scene["routes"] = [*routes, route] if isinstance(routes, list) else routes


def _amplitude(aliases: Mapping[str, Any], axis: str, usual: str) -> str:
    """The feature that drives an axis: of its own track, of one of the parts, or, if both or neither, of the mix."""
    if f"{axis}_audio" in aliases:
        return f"{aliases[f'{axis}_audio']}:amplitude"
    parts = {part: bool(aliases.get(f"{axis}_{part}", part == usual)) for part in ("percussive", "harmonic")}
    chosen = [part for part, wanted in parts.items() if wanted]
    return f"{chosen[0]}:amplitude" if len(chosen) == 1 else "amplitude"
