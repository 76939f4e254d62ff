"""Patch bay of a scene as a table: what each route reads, how it is shaped, what it pushes, which knobs turn that."""

from collections.abc import Mapping, Sequence
from typing import Any

from livegan.config.load import load_scenes
from livegan.config.scene import RouteTable, Scene
from livegan.config.venue import Venue
from livegan.core.parameters import Parameter
from livegan.engine.bind import check_scene, listen
from livegan.engine.validation import motion_settings
from livegan.engine.vocabulary import Vocabulary
from livegan.errors import SceneError
from livegan.mapping.motions.registry import MotionSettings

HEADINGS = ("source", "shape", "times", "when", "target", "push", "rests at", "knobs")


def route_figures(name: str, venue: Venue) -> dict[str, Any]:
    """The routes of a scene given by name or path, as JSON values; SceneError with every mistake in it."""
    (loaded,) = load_scenes([name])
    vocabulary = Vocabulary.of(listen(venue, 48000, 2, [loaded]).layout)
    mistakes, scene = check_scene(loaded, vocabulary).mistakes, loaded.scene
    if mistakes or scene is None:
        raise SceneError("\n".join(mistakes))
    bindings = {**venue.hands.knobs, **scene.knobs}
    parameters = vocabulary.of_scene(scene, bindings).parameters
    knobs = {control: binding.to for control, binding in bindings.items()}
    return {
        "scene": name,
        "title": scene.title,
        "motion": _motion_sources(scene),
        "routes": [_figures(route, scene, parameters[route.target], knobs) for route in scene.routes],
    }


def _motion_sources(scene: Scene) -> list[dict[str, Any]]:
    settings, _ = motion_settings(scene.motion)
    pairs = zip(scene.motion, settings, strict=True)
    return [{"model": motion.model, "reads": _reads(own)} for motion, own in pairs]


def _reads(settings: MotionSettings) -> dict[str, str]:
    """Features that a motion model reads, by key; without keys of other models that may stand in any scene."""
    return {key: name for key, name in settings.features().items() if key not in settings.not_read}


def _source(key: str, feature: str) -> str:
    """`bands_of = "harmonic"` as it is written in a scene: a group or part, none for all that is heard."""
    part = feature.rpartition(":")[0] if key.endswith("_of") else feature
    return f"{key} = {part}" if part else ""


def _figures(route: RouteTable, scene: Scene, parameter: Parameter, knobs: Mapping[str, str]) -> dict[str, Any]:
    return {
        **route.model_dump(mode="json"),
        "unit": parameter.unit,
        "low": parameter.low,
        "high": parameter.high,
        "rests_at": scene.parameters.get(parameter.name, parameter.default),
        "knobs": [control for control, target in knobs.items() if target == parameter.name],
    }


def route_lines(figures: Mapping[str, Any]) -> list[str]:
    """The lines to print: a heading, the motion's sources, and a row for each route."""
    lines = [f"{figures['title']} ({figures['scene']})"]
    for motion in figures["motion"]:
        reads = ", ".join(filter(None, (_source(key, name) for key, name in motion["reads"].items())))
        lines.append(f"  motion {motion['model']}" + (f": {reads}" if reads else ""))
    if not figures["routes"]:
        return [*lines, "  no routes; see docs/routes.md"]
    return [*lines, *(f"  {line}" for line in _columns([HEADINGS, *map(_cells, figures["routes"])]))]


def _cells(route: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = route["range"]
    shape = [
        f"{low:g}..{high:g}" if (low, high) != (0, 1) else "",
        f"above {route['threshold']:g}" if route["threshold"] else "",
        route["curve"] if route["curve"] != "linear" else "",
        "both ways" if route["polarity"] == "both" else "",
    ]
    held = f"hold {_time(route['hold_s'])}" if route["hold_s"] else ""
    times = [f"{_time(route['attack_s'])} up", held, f"{_time(route['release_s'])} down"]
    amount = -route["amount"] if route["polarity"] == "down" else route["amount"]
    sign = "±" if route["polarity"] == "both" else "+" if amount >= 0 else "-"
    push = f"{sign}{abs(amount):g} {route['unit']}".strip()
    rest = f"{route['rests_at']:g} of {route['low']:g}..{route['high']:g}"
    texts = (", ".join(filter(None, shape)) or "linear", ", ".join(filter(None, times)), _when(route))
    return (route["source"], *texts, route["target"], push, rest, ", ".join(route["knobs"]) or "-")


def _when(route: Mapping[str, Any]) -> str:
    every, count, lead = route["every"], route["count"], route["lead"]
    likely = f"{100 * route['probability']:g} %" if route["probability"] < 1 else ""
    taken = f"one {count} of {every}" if every > 1 else f"each {count}" if likely else ""
    early = f"{_time(lead)} early" if lead and lead != "auto" else "early by the latency" if lead else ""
    when = ", ".join(filter(None, (taken, likely, early))) or "always"
    return f"muted ({when})" if route["mute"] else when


def _time(seconds: float) -> str:
    return f"{1000 * seconds:g} ms" if 0 < seconds < 1 else f"{seconds:g} s"


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
