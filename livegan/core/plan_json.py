"""JSON serialisation of frame plans, exact to the last bit: for logs, replays and renders on another machine."""

import json
from base64 import b64decode, b64encode
from dataclasses import asdict, fields, replace
from math import isfinite
from typing import Any

import numpy as np

from livegan.core.layers import Layer
from livegan.core.score import COLUMNS, Score
from livegan.core.sound import Sound
from livegan.core.types import Bend, FramePlan, Push, Vector, Wipe

VERSION = 1
_ARRAYS = ("z", "classes", "w")
_NUMBERS = ("index", "time_s", "dt_s", "position", "truncation", "noise", "heard_s")


def to_json(plan: FramePlan) -> str:
    """The plan as one line of JSON; arrays as base64 of little-endian float32. ValueError if a number is not finite."""
    return json.dumps({"version": VERSION, **_table(plan)}, default=_plain, allow_nan=False)


def from_json(text: str) -> FramePlan:
    """The plan that `to_json` wrote, equal to it; ValueError for anything else."""
    try:
        table = json.loads(text)
        version = table.pop("version")
        if version != VERSION:
            raise ValueError(f"it is of version {version!r}; this livegan reads {VERSION}")
        return _plan(table)
    except (KeyError, TypeError, AttributeError, RecursionError, ArithmeticError, ValueError) as error:
        raise ValueError(f"this is no frame plan: {type(error).__name__}: {error}") from error


def _table(plan: FramePlan) -> dict[str, Any]:
    table = {field.name: getattr(plan, field.name) for field in fields(plan)}
    for name in _ARRAYS:
        table[name] = _encoded(table[name])
    return table | {
        "mix": [[weight, _encoded(z)] for weight, z in plan.mix],
        "parameters": dict(plan.parameters),
        "effects": dict(plan.effects),
        "bends": [asdict(bend) for bend in plan.bends],
        "pushes": [asdict(push) for push in plan.pushes],
        "over": [[share, _table(cover)] for share, cover in plan.over],
        "wipe": None if plan.wipe is None else asdict(plan.wipe),
        "layers": [{**_shallow(layer), "values": dict(layer.values)} for layer in plan.layers],
        "sound": {name: _encoded(array) for name, array in _shallow(plan.sound).items()} if plan.sound else None,
        "score": {**_shallow(plan.score), "notes": _encoded(plan.score.notes)} if plan.score else None,
    }


def _shallow(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _plan(table: dict[str, Any]) -> FramePlan:
    for name in _ARRAYS:
        table[name] = _decoded(table[name])
    if table["z"] is None or table["classes"] is None:
        raise TypeError("z and classes are missing")
    for name in _NUMBERS:
        _number(table[name])
    for values in (table["parameters"], table["effects"]):
        for value in values.values():
            _number(value)
    mix = tuple((_number(weight), _latent(z)) for weight, z in table.pop("mix", ()))  # there were none in older plans
    bends = tuple(Bend(**bend) for bend in table.pop("bends"))
    pushes = tuple(_push(**push) for push in table.pop("pushes", ()))  # logs of older versions have none
    over = tuple((_number(share), _plan(cover)) for share, cover in table.pop("over"))
    wipe = table.pop("wipe", None)  # logs of older versions have none
    made = None if wipe is None else _wipe(**wipe)
    layers = tuple(_layer(layer) for layer in table.pop("layers", ()))
    heard = table.pop("sound", None)
    sound = Sound(**{name: _present(_decoded(array)) for name, array in heard.items()}) if heard else None
    written = table.pop("score", None)
    score = _score(**written) if written else None
    plan = FramePlan(**table, mix=mix, bends=bends, pushes=pushes, over=over, wipe=made)
    return replace(plan, layers=layers, sound=sound, score=score)


def _push(amount: float, first: int, stop: int | None, direction: int, seed: int) -> Push:
    last = None if stop is None else round(_number(stop))
    return Push(_number(amount), round(_number(first)), last, round(_number(direction)), round(_number(seed)))


def _wipe(kind: str, softness: float, seed: int) -> Wipe:
    return Wipe(str(kind), _number(softness), round(_number(seed)))


def _layer(table: dict[str, Any]) -> Layer:
    for value in (table["amount"], *table["values"].values()):
        _number(value)
    if not all(isinstance(value, str) for value in (table["kind"], table["blend"], *table["options"].values())):
        raise TypeError("the kind, the blend and the options of a layer are words")
    return Layer(**table)


def _score(notes: dict[str, Any], bar_phase: float, bar_s: float, ahead_s: float) -> Score:
    array = _decoded(notes)
    if array is None or array.ndim != 2 or array.shape[1] != COLUMNS:
        raise TypeError("the notes of a score are a table of five columns")
    return Score(array, _number(bar_phase), _number(bar_s), _number(ahead_s))


def _present(array: Vector | None) -> Vector:
    if array is None or array.ndim != 1:
        raise TypeError("an array of a sound is missing")
    return array


def _encoded(array: Vector | None) -> dict[str, Any] | None:
    if array is None:
        return None
    return {"shape": array.shape, "float32": b64encode(np.asarray(array, "<f4").tobytes()).decode()}


def _decoded(table: dict[str, Any] | None) -> Vector | None:
    if table is None:
        return None
    values = np.frombuffer(b64decode(table["float32"], validate=True), "<f4")
    return values.reshape(table["shape"]).astype(np.float32)


def _latent(table: dict[str, Any]) -> Vector:
    z = _decoded(table)
    if z is None:
        raise TypeError("a latent is missing")
    return z


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    if not isfinite(value):  # OverflowError of an integer beyond all floats
        raise ValueError(f"{value!r} is not finite")
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} cannot be part of a frame plan")
