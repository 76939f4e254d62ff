"""Everything in a scene that names something there is not, with the nearest right name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from livegan.config.scene import Scene
from livegan.core.parameters import Parameter
from livegan.core.registry import unknown
from livegan.core.types import GROUPS, Layout
from livegan.features.hands import BEAT_HANDS
from livegan.mapping.curves import CURVES
from livegan.networks.bend_names import BEND_NAMES
from livegan.networks.info import NetworkInfo

HAND = re.compile(r"(knob|fader|pad|cc|note)\.\d+|bend|pressure")  # what a controller's hands are called
GROUP_HINT = "groups of inputs are named in the venue: [inputs.drums] channels = [1, 2]; live parts: harmonic, low ..."
LAYERS = (*GROUPS, "all")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a scene may name on this machine."""

    layout: Layout  # features
    parameters: Mapping[str, Parameter]


def hand_mistake(name: str) -> str:
    """What to say of a hand that no controller has."""
    return f"no hand is called '{name}'; there are: knob.1, fader.1, pad.1, cc.74, note.36 ..., bend, pressure"


def mistakes(scene: Scene, names: Vocabulary, networks: Sequence[NetworkInfo]) -> list[str]:
    """One line per mistake; `networks` are those of the scene's bank that were found."""
    features, parameters = names.layout.index, names.parameters
    turnable = [*parameters, *BEAT_HANDS]
    wanted: list[tuple[str, str, str, Iterable[str]]] = [
        ("motion.pulse_from", "feature", scene.motion.pulse_from, features),
        ("motion.drift_from", "feature", scene.motion.drift_from, features),
        *((f"parameters.{name}", "parameter", name, parameters) for name in scene.parameters),
        *((f"knobs.{knob}", "parameter", name, turnable) for knob, name in scene.knobs.items()),
    ]
    for i, route in enumerate(scene.routes):
        wanted += [
            (f"routes.{i}.source", "feature", route.source, features),
            (f"routes.{i}.target", "parameter", route.target, parameters),
            (f"routes.{i}.curve", "curve", route.curve, CURVES),
        ]
    for i, bend in enumerate(scene.bends):
        wanted.append((f"bends.{i}.operation", "bend", bend.operation, BEND_NAMES))
        if not bend.layer.isdecimal():
            wanted.append((f"bends.{i}.layer", "layer", bend.layer, LAYERS))
    found = [f"{where}: {unknown(kind, name, known)}" for where, kind, name, known in wanted if name not in known]
    found += [f"{where}: {GROUP_HINT}" for where, kind, name, known in wanted if ":" in name and name not in known]
    for name, value in scene.parameters.items():
        if name in parameters and parameters[name].clip(value) != value:
            low, high = parameters[name].low, parameters[name].high
            found.append(f"parameters.{name}: {value:g} is outside {low:g}..{high:g}")
    found += [f"knobs.{knob}: {hand_mistake(knob)}" for knob in scene.knobs if not HAND.fullmatch(knob)]
    found += _class_mistakes(scene, networks)
    if not scene.networks:
        found.append("network: the list is empty; name at least one network")
    if scene.motion.model == "path" and not scene.motion.path:
        found.append('motion.path: the list is empty; name points to visit, for example: path = ["seeds:1-8"]')
    return found


def _class_mistakes(scene: Scene, networks: Sequence[NetworkInfo]) -> list[str]:
    """Classes that no network of the bank has. One that only some have is played by those."""
    if not networks:
        return []
    most = max(networks, key=lambda network: network.c_dim)
    there = f"it has 0..{most.c_dim - 1}" if most.c_dim else "it has none"
    return [f"classes: {most.name} has no class {i}; {there}" for i in scene.classes if not 0 <= i < most.c_dim]
