"""Reading scenes, venues and controllers: strict TOML, all mistakes at once, with the nearest right name."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from livegan.core.registry import nearest, unknown
from livegan.core.shipped import shipped
from livegan.errors import LiveganError, SceneError, VenueError
from livegan.scenes.schema import Scene
from livegan.scenes.venue import ControllerTable, Venue

MOST_BYTES = 1 << 18  # of a file: the longest of ours has a tenth of that
MOST_LINE = 8192  # characters
MOST_MISTAKES = 50  # that are told of one file
MOST_SHOWN = 200  # characters of what a file says

Table = TypeVar("Table", bound=BaseModel)


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names of a nested table: TOML reads ``motion.pulse = 1`` as a table in a table."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _keys_at(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """The keys allowed in the table that holds `place`."""
    fields = model.model_fields
    for step in place[:-1]:
        if isinstance(step, int):
            continue
        kinds = [fields[step].annotation, *getattr(fields[step].annotation, "__args__", ())] if step in fields else []
        tables = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not tables:
            return []
        fields = tables[0].model_fields
    return list(fields)


def _mistakes(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line per mistake."""
    lines = []
    mistakes = error.errors(include_url=False, include_context=False)
    for mistake in mistakes[:MOST_MISTAKES]:
        place = mistake["loc"]
        where = _shown(".".join(str(step) for step in place))
        if mistake["type"] == "extra_forbidden":
            close = nearest(str(place[-1]), _keys_at(model, place))
            lines.append(f"{where}: unknown key" + (f"; did you mean '{close}'?" if close else ""))
        else:
            got = "" if mistake["type"] == "missing" else f", got {_shown(repr(mistake['input']))}"
            lines.append(f"{where}: {mistake['msg'][0].lower()}{mistake['msg'][1:]}{got}")
    if len(mistakes) > MOST_MISTAKES:
        lines.append(f"and {len(mistakes) - MOST_MISTAKES} more mistakes")
    return lines


def _shown(text: str) -> str:
    """`text` on one line without control characters, cut where it is long."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[:MOST_SHOWN])
    return shown if len(text) <= MOST_SHOWN else f"{shown}..."


def _raw(path: Path, model: type[BaseModel], error: type[LiveganError]) -> dict[str, Any]:
    """The tables of a TOML file, dotted names joined; raises `error` if it is not one."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise error(f"{path} is larger than {MOST_BYTES} bytes: it is no file of livegan's")
        text = path.read_text(encoding="utf-8")
        if max(map(len, text.splitlines()), default=0) > MOST_LINE:  # 'a.a.a.a. ...' is costly to read
            raise error(f"{path} has a line of more than {MOST_LINE} characters; break it into several")
        raw = tomllib.loads(text)
        for dotted in ("parameters", "knobs"):
            if model is Scene and isinstance(raw.get(dotted), Mapping):
                raw[dotted] = dict(_flat(raw[dotted]))
        if model is Venue and isinstance(raw.get("hands"), Mapping) and isinstance(raw["hands"].get("knobs"), Mapping):
            raw["hands"]["knobs"] = dict(_flat(raw["hands"]["knobs"]))
        return raw
    except (OSError, UnicodeDecodeError) as cause:
        reason = getattr(cause, "strerror", None) or "it is not UTF-8 text"
        raise error(f"{path} cannot be read: {reason}") from cause
    except tomllib.TOMLDecodeError as cause:
        flag = "--venue " if model is Venue else ""
        raise error(f"{path} is not TOML: {cause}; mend that line and type: livegan check {flag}{path}") from cause
    except (ValueError, RecursionError) as cause:
        reason = "tables in tables in tables" if isinstance(cause, RecursionError) else "a number too long to be read"
        raise error(f"{path} cannot be read: it has {reason}") from cause


def read_table(path: Path, model: type[Table], error: type[LiveganError]) -> Table:
    """Read one TOML file into `model`; raises `error` with every mistake in it, one a line."""
    try:
        return model.model_validate(_raw(path, model, error))
    except ValidationError as cause:
        raise error("\n".join(f"{path}: {line}" for line in _mistakes(cause, model))) from cause


def _without(raw: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    """What is left of a table when everything wrong is taken out; a route that lacks something goes as a whole."""
    places = sorted({mistake["loc"][:2] for mistake in error.errors()}, key=str, reverse=True)
    for key, *inner in places:
        table = raw.get(str(key))
        if inner and isinstance(table, dict):
            table.pop(inner[0], None)
        elif inner and isinstance(table, list) and isinstance(inner[0], int):
            del table[inner[0]]
        else:
            raw.pop(str(key), None)
    return {"title": "?"} | raw


def read_scene_anyway(name: str) -> tuple[Scene | None, list[str]]:
    """What can be read of a scene, and every mistake in its file, one line each: so that `check` can go on looking."""
    try:
        path = find_scene(name)
        raw = _raw(path, Scene, SceneError)
    except SceneError as error:
        return None, str(error).splitlines()
    try:
        return Scene.model_validate(raw), []
    except ValidationError as error:
        lines = [f"{path}: {line}" for line in _mistakes(error, Scene)]
        rest = _without(raw, error)
    try:
        return Scene.model_validate(rest), lines
    except ValidationError:
        return None, lines


def scene_folders() -> list[Path]:
    """Where scenes are looked for: ours, then the player's own."""
    import platformdirs

    return [shipped("presets") / "scenes", Path(platformdirs.user_config_dir("livegan")) / "scenes"]


def scene_paths() -> dict[str, Path]:
    """Every scene that can be named, in order of name; a player's own hides ours of the same name."""
    found = {path.stem: path for folder in scene_folders() for path in sorted(folder.glob("*.toml"))}
    return dict(sorted(found.items()))


def find_scene(name: str) -> Path:
    """The file of a scene given by name or path; SceneError with the nearest right name."""
    if name.endswith(".toml"):
        if not Path(name).is_file():
            raise SceneError(f"there is no file {name}; type: livegan scenes")
        return Path(name)
    paths = scene_paths()
    if name not in paths:
        raise SceneError(f"{unknown('scene', name, paths)} (type: livegan scenes)")
    return paths[name]


def load_scene(name: str) -> Scene:
    """Read a scene given by name or path."""
    return read_table(find_scene(name), Scene, SceneError)


def load_venue(path: Path | None = None) -> Venue:
    """Read a venue; without a path, configs/default.toml."""
    path = path or shipped("configs") / "default.toml"
    return read_table(path, Venue, VenueError)


def load_controllers() -> list[ControllerTable]:
    """Every controller file we ship, in order of name."""
    paths = sorted((shipped("configs") / "controllers").glob("*.toml"))
    return [read_table(path, ControllerTable, VenueError) for path in paths]
