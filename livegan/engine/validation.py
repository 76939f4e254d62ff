"""Validation of scenes: every name in one that does not exist, with the nearest right name. Needs no torch."""

from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from livegan.config.scene import NO_CODE, Motion, Scene
from livegan.core.events import is_bindable, unbindable
from livegan.core.events import targets as control_targets
from livegan.core.parameters import GROUPS, W_SLICE_HINT, W_SLICES, belongs_below
from livegan.core.registry import nearest, unknown
from livegan.core.toml import mistakes_in
from livegan.engine.patch_bay import features_read, lead_mistakes, source_mistakes
from livegan.engine.vocabulary import Vocabulary, effect_names, w_parameters
from livegan.features.names import on_request
from livegan.mapping.curves import CURVES
from livegan.mapping.motions.registry import MOTIONS, MotionSettings
from livegan.networks.bend_names import BEND_NAMES
from livegan.networks.info import NetworkInfo

GROUP_HINT = "groups of inputs are named in the venue: [inputs.drums] channels = [1, 2]; live parts: harmonic, low ..."
SLOW_HINT = "mood. and tag. are heard where a scene named one when the show began; end it and start it again"
LAYERS = (*GROUPS, "all")


def motion_settings(motions: Sequence[Motion]) -> tuple[list[MotionSettings], list[str]]:
    """The settings of a scene's motion models, without what is wrong, and every mistake in them, one line each."""
    read = [_settings(motion, _place(k)) for k, motion in enumerate(motions, 1)]
    return [settings for settings, _ in read], [problem for _, problems in read for problem in problems]


def _place(k: int) -> str:
    """How the k-th motion model of a scene is called in messages, as in the names of its parameters."""
    return "motion" if k == 1 else f"motion.{k}"


def _settings(motion: Motion, place: str) -> tuple[MotionSettings, list[str]]:
    if motion.model not in MOTIONS:
        return MotionSettings(), [f"{place}.model: {unknown('motion model', motion.model, MOTIONS)}"]
    model, keys = MOTIONS[motion.model].Settings, dict(motion.model_extra or {})
    try:
        return model.model_validate(keys), []
    except ValidationError as error:
        wrong = {mistake["loc"][0] for mistake in error.errors()}
        problems = [f"{place}.{line}" for line in mistakes_in(error, model)]
    try:
        return model.model_validate({key: value for key, value in keys.items() if key not in wrong}), problems
    except ValidationError:
        return MotionSettings(), problems


def _explained(problem: str, parameters: Iterable[str]) -> str:
    """A mistake in [motion]; of `speed = 8`, where it belongs."""
    place, _, what = problem.partition(": ")
    if what.startswith("unknown key") and place in parameters:
        return f"{place}: {belongs_below(place)}"
    close = what == "unknown key" and nearest(place.rpartition(".")[2], ("model",))
    return f"{problem}; did you mean '{close}'?" if close else problem


def mistakes(scene: Scene, vocabulary: Vocabulary, networks: Sequence[NetworkInfo]) -> list[str]:
    """One line per mistake; `networks` are those of the scene's bank that were found."""
    features, parameters = vocabulary.layout.index, vocabulary.parameters
    targets = [*parameters, *control_targets()]
    settings, problems = motion_settings(scene.motion)
    problems = [_explained(line, parameters) for line in problems]
    bound = [(control, binding.to) for control, binding in scene.knobs.items()]
    names: list[tuple[str, str, str, Iterable[str]]] = [
        *(
            (f"{_place(k)}.{key}", "feature", name, features)
            for k, table in enumerate(settings, 1)
            for key, name in table.features().items()
        ),
        *((f"parameters.{name}", "parameter", name, parameters) for name in scene.parameters),
        *((f"knobs.{control}", "parameter", name, targets) for control, name in bound),
    ]
    names += [(f"chain.{i}", "effect", name, effect_names(parameters)) for i, name in enumerate(scene.chain)]
    for i, route in enumerate(scene.routes):
        wrong = [f"routes.{i}.source: {line}" for line in source_mistakes(route.source, features)]
        problems += [*wrong, *(f"routes.{i}.source: {GROUP_HINT}" for _ in wrong[:1] if ":" in route.source)]
        names += [
            (f"routes.{i}.target", "parameter", route.target, parameters),
            (f"routes.{i}.curve", "curve", route.curve, CURVES),
        ]
        problems += [f"routes.{i}.lead: {line}" for line in lead_mistakes(route)]
        if not on_request(features_read(route)) <= on_request(features):
            problems.append(f"routes.{i}.source: {SLOW_HINT}")
        if route.is_gated:
            names.append((f"routes.{i}.count", "feature", route.count, features))
    for i, layer in enumerate(scene.layers):
        if layer.gate_from:
            names.append((f"layers.{i}.gate_from", "feature", layer.gate_from, features))
    for i, bend in enumerate(scene.bends):
        names.append((f"bends.{i}.operation", "bend", bend.operation, BEND_NAMES))
        if not bend.layer.isdecimal():
            names.append((f"bends.{i}.layer", "layer", bend.layer, LAYERS))
    problems += [f"{where}: {wrong_name(kind, name, known)}" for where, kind, name, known in names if name not in known]
    problems += [
        f"chain.{i}: '{name}' is there twice; an effect has one place in the chain"
        for i, name in enumerate(scene.chain)
        if name in scene.chain[:i]
    ]
    groups = [(where, name) for where, kind, name, known in names if kind == "feature" and name not in known]
    problems += [f"{where}: {GROUP_HINT}" for where, name in groups if ":" in name]
    slices = w_parameters(parameters)
    if len(slices) > W_SLICES:
        problems.append(f"{', '.join(slices)}: {len(slices)} slices of w, {W_SLICES} are allowed; leave some out")
    problems += [
        f"{where}: {NO_CODE}"
        for where, kind, name, known in names
        if (kind == "effect" or name.startswith("effect.")) and ":" in name and name not in known
    ]
    for name, value in scene.parameters.items():
        if name in parameters and parameters[name].clip(value) != value:
            low, high = parameters[name].low, parameters[name].high
            problems.append(f"parameters.{name}: {value:g} is outside {low:g}..{high:g}")
    problems += [f"knobs.{name}: {unbindable(name)}" for name in scene.knobs if not is_bindable(name)]
    problems += _class_mistakes(scene, networks)
    if not scene.networks:
        problems.append("network: the list is empty; name at least one network")
    return problems


def wrong_name(kind: str, name: str, known: Iterable[str]) -> str:
    """What is wrong with a name that is not known, and the nearest right one."""
    if kind == "parameter" and name.startswith("w["):
        return f"'{name}' are no rows of w; {W_SLICE_HINT}"
    return unknown(kind, name, known)


def _class_mistakes(scene: Scene, networks: Sequence[NetworkInfo]) -> list[str]:
    """Classes that no network of the bank has. One that only some have is played by those."""
    if not networks:
        return []
    richest = max(networks, key=lambda network: network.c_dim)
    there = f"it has 0..{richest.c_dim - 1}" if richest.c_dim else "it has none"
    return [f"classes: {richest.name} has no class {i}; {there}" for i in scene.classes if not 0 <= i < richest.c_dim]
