"""Inputs of a frame in a show log, as values of JSON: controls, words, other routes, scenes that were read again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np

from livegan.config.load import LoadedScene
from livegan.config.scene import RouteTable
from livegan.config.transition import TransitionTable
from livegan.core.binding import parse_binding
from livegan.core.target import Prompt, Target
from livegan.core.types import ControlEvent
from livegan.engine.bind import Binder
from livegan.engine.patch import Patch
from livegan.engine.patching import Repatch, make_repatch
from livegan.engine.program import Advancing, Program
from livegan.engine.reload import Reload, SceneReload, SetReload
from livegan.engine.setlist_json import as_tuples, scene_from_json, scene_to_json

Bind = Callable[[LoadedScene, TransitionTable], Patch]

MOST_ENTRIES = 10_000  # of a setlist


def event_to_json(event: ControlEvent) -> list[Any]:
    """A control event."""
    binding = event.binding.written() if event.binding is not None else None
    return [event.time_s, event.name, event.value, event.kind, event.source, binding]


def event_from_json(row: Sequence[Any]) -> ControlEvent:
    """The event that `event_to_json` wrote; ValueError or TypeError for anything else."""
    time_s, name, value, kind, source, binding = row
    if kind not in ("move", "turn", "release") or not isinstance(name, str) or not isinstance(source, str):
        raise ValueError("this is no control event")
    bound = None if binding is None else parse_binding(binding)
    return ControlEvent(number(time_s), name, number(value), kind, source, bound)


def prompt_to_json(prompt: Prompt | None) -> dict[str, Any] | None:
    """Words, and what they were understood as."""
    if prompt is None:
        return None
    vectors = {str(width): vector.tolist() for width, vector in prompt.vectors.items()}
    return {"words": prompt.words, "target": asdict(prompt.target), "vectors": vectors}


def prompt_from_json(table: Any, known: Callable[[str], Prompt | None]) -> Prompt | None:
    """The prompt; `known`: one of these words that a scene has, which is taken where it means the same."""
    if table is None:
        return None
    words, asked = str(table["words"]), dict(table["target"])
    colours = tuple((number(share), tuple(map(number, rgb))) for share, rgb in asked["colours"])
    understood = tuple(map(str, asked["understood"]))
    shares = {key: {str(k): number(v) for k, v in asked[key].items()} for key in ("classes", "latents")}
    rest = {
        key: None if value is None else number(value)
        for key, value in asked.items()
        if key not in ("colours", "understood", "classes", "latents")
    }
    target = Target(colours=colours, understood=understood, **shares, **rest)  # type: ignore[arg-type]
    vectors = {int(width): np.array(list(map(number, row)), np.float32) for width, row in table["vectors"].items()}
    prompt = Prompt(words, target, vectors)
    there = known(words)
    return there if there == prompt else prompt


def reload_to_json(reload: Reload) -> dict[str, Any]:
    """Scenes, or a setlist, that were read again."""
    if isinstance(reload, SceneReload):
        return {"scenes": [[place, _patch(patch)] for place, patch in reload.patches]}
    program, safe = reload.program, reload.safe
    return {
        "entries": [entry if isinstance(entry, int) else _patch(entry) for entry in reload.entries],
        "program": None if program is None else _program(program),
        "safe": None if safe is None else _patch(safe),
    }


def reload_from_json(table: Mapping[str, Any], bind: Bind) -> Reload:
    """The reload, its scenes bound anew; ValueError, KeyError or TypeError for what is none, SceneError for a scene."""
    if "scenes" in table:
        rows = ((None if place is None else int(place), _bound(scene, bind)) for place, scene in table["scenes"])
        return SceneReload(tuple(rows))
    entries = tuple(entry if isinstance(entry, int) else _bound(entry, bind) for entry in table["entries"])
    program, safe = table["program"], table["safe"]
    made = None if program is None else _program_from(program, len(entries))
    return SetReload(entries, made, None if safe is None else _bound(safe, bind))


def repatch_to_json(place: int, repatch: Repatch) -> dict[str, Any]:
    """Other routes of the scene at `place`, -1 being the safe one."""
    rows = [[old, route.model_dump(mode="json", exclude_unset=True)] for old, route in repatch.rows]
    return {"scene": place, "rows": rows, "text": repatch.text, "key": repatch.key}


def repatch_from_json(table: Mapping[str, Any], find: Callable[[int], Patch | None], binder: Binder) -> Repatch:
    """The change of routes, for the scene as it is now; ValueError, KeyError or TypeError for what is none."""
    patch = find(int(table["scene"]))
    if patch is None:
        raise ValueError("it changes routes of a scene that there is not")
    there = len(patch.bay.routes)
    rows = [
        (None if old is None else _place(old, there), RouteTable.model_validate(as_tuples(route)))
        for old, route in table["rows"]
    ]
    key = None if table["key"] is None else tuple(table["key"])
    return make_repatch(patch, patch.bay, rows, str(table["text"]), key, binder.vocabulary, binder.knobs)


def number(value: Any) -> float:
    """A finite number, as it is; TypeError or ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    if not isfinite(value):
        raise ValueError(f"{value!r} is not finite")
    return value


def _place(value: Any, count: int) -> int:
    if not 0 <= int(value) < count:
        raise ValueError(f"there is no route {value}")
    return int(value)


def _patch(patch: Patch) -> dict[str, Any]:
    loaded = LoadedScene(patch.name, patch.scene, patch.folder / "scene.toml")
    return {**scene_to_json(loaded), "transition": patch.transition.model_dump(mode="json")}


def _bound(table: Mapping[str, Any], bind: Bind) -> Patch:
    return bind(scene_from_json(table), TransitionTable.model_validate(as_tuples(table["transition"])))


def _program(program: Program) -> dict[str, Any]:
    entries = [
        [each.by, each.bars if isfinite(each.bars) else None, each.seconds, each.at_s] for each in program.entries
    ]
    return {"entries": entries, "seed": program.shuffle_seed, "loop": program.loop, "song": program.song is not None}


def _program_from(table: Mapping[str, Any], count: int) -> Program:
    if len(table["entries"]) != count or not 0 < count <= MOST_ENTRIES:
        raise ValueError("its setlist has other entries than scenes")
    rows = [
        Advancing(str(by), float("inf") if bars is None else number(bars), number(seconds), number(at_s))  # type: ignore[arg-type]
        for by, bars, seconds, at_s in table["entries"]
    ]
    if table["song"]:
        raise ValueError("a setlist that follows a song was read again")
    seed = table["seed"]
    return Program(rows, shuffle_seed=None if seed is None else int(seed), loop=bool(table["loop"]))
