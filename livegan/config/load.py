"""Loading scenes, venues and controllers: strict TOML, all mistakes at once, with the nearest right name."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from livegan.config.lucid_names import with_own_names
from livegan.config.mistaken import absent_file, absent_name
from livegan.config.scene import NO_CODE, Scene
from livegan.config.setlist import SetlistTable
from livegan.config.venue import Venue, is_group_name
from livegan.core.controller import Controller
from livegan.core.file_kind import SCENE, SETLIST, VENUE, instead, table_kind
from livegan.core.files import is_file
from livegan.core.parameters import PARAMETERS, belongs_below
from livegan.core.resources import bundled
from livegan.core.toml import mistakes_in, read_table, read_toml
from livegan.errors import LiveganError, SceneError, VenueError
from livegan.networks.info import NetworkInfo

ON_KEYS = ("default", "heartbeat", "tide", "cathedral", "ink", "neon", "growth", "patterns", "tunnel")
"""Bundled scenes on keys 1-9 of a show that names none."""

Model = TypeVar("Model", bound=BaseModel)

_PARAMETERS = {parameter.name for parameter in PARAMETERS}
_FIRST_WORDS = {name.split(".")[0] for name in _PARAMETERS if "." in name} | {"effect"}


@dataclass(frozen=True, slots=True)
class LoadedScene:
    """Scene file as loaded: its valid part, and every mistake in it."""

    name: str  # as requested: a name or a path
    scene: Scene | None  # without what is wrong; None if nothing could be read
    path: Path | None = None  # None: there is no such file
    mistakes: tuple[str, ...] = ()  # one line each
    networks: tuple[NetworkInfo, ...] = ()  # that a program gives, in place of those that the scene names

    @property
    def folder(self) -> Path:
        """Where files that the scene names are looked for."""
        return self.path.parent if self.path else Path()


@dataclass(frozen=True, slots=True)
class LoadedSetlist:
    """Setlist file as loaded."""

    name: str  # as requested: a name or a path
    table: SetlistTable
    path: Path

    def scene_name(self, name: str) -> str:
        """A scene as its entry names it: a name, or a path from the setlist on."""
        beside = self.path.parent / name
        is_path = name.endswith(".toml") or (Path(name).suffix and is_file(beside))  # of another ending: a mistake
        return str(beside) if is_path else name


def load_scenes(names: Iterable[str]) -> tuple[LoadedScene, ...]:
    """Read scenes given by name or path, each once and in order; mistakes are returned, not raised."""
    paths = scene_paths()
    loaded: dict[str, LoadedScene] = {}
    order = list(names)
    for name in order:
        if name not in loaded:
            loaded[name] = _load(name, paths)
    return tuple(loaded[name] for name in order)


def _load(name: str, paths: dict[str, Path]) -> LoadedScene:
    path = None
    try:
        path = find_scene(name, paths)
        name = name if name.endswith(".toml") else path.stem  # one that was called by its title
        raw = with_own_names(read_toml(path, Scene, SceneError))
    except SceneError as error:
        return LoadedScene(name, None, path, tuple(str(error).splitlines()))
    try:
        return LoadedScene(name, Scene.model_validate(raw), path)
    except ValidationError as error:
        if other := other_kind(path, raw, SCENE):
            return LoadedScene(name, None, path, (other,))
        mistakes = tuple(f"{path}: {_explained(line)}" for line in mistakes_in(error, Scene))
        rest = _without_mistakes(raw, error)
    rest = {"title": "?"} | rest
    try:
        return LoadedScene(name, Scene.model_validate(rest), path, mistakes)
    except ValidationError:
        return LoadedScene(name, None, path, mistakes)


def _explained(mistake: str) -> str:
    """A mistake in a scene; of a number that a route could turn, where it belongs, and of code, who may name it."""
    where, _, what = mistake.partition(": ")
    if not what.startswith("unknown key"):
        return mistake
    if where == "effects":
        return f"effects: {NO_CODE}"
    layer = re.fullmatch(r"layers\.(\d+)\.(\w+)", where)
    name = f"layer.{int(layer[1]) + 1}.{layer[2]}" if layer else where
    if name in _PARAMETERS:
        return f"{where}: {belongs_below(name)}"
    if where in _FIRST_WORDS:
        return f"{where}: a parameter; write {where}.NAME = ... below [parameters]"
    if where == "safety":
        return "safety: no scene switches the limiter off, only a venue does: livegan play --venue FILE"
    return mistake


def _without_mistakes(raw: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    """A table without its wrong entries; a route that lacks something is dropped as a whole."""
    places = sorted({mistake["loc"][:2] for mistake in error.errors()}, key=_last_first, reverse=True)
    for key, *inner in places:
        table = raw.get(str(key))
        if inner and isinstance(table, dict) and not isinstance(inner[0], int):
            table.pop(inner[0], None)
        elif inner and isinstance(table, list) and isinstance(inner[0], int):
            del table[inner[0]]
            if not table:
                raw.pop(str(key))
        else:
            raw.pop(str(key), None)
    return raw


def other_kind(path: Path, raw: dict[str, Any], wanted: str) -> str:
    """One sentence, in place of every mistake, for a file of another kind than `wanted`; else nothing."""
    kind = table_kind(raw)
    return instead(path, kind, wanted) if kind not in ("", wanted) else ""


def _load_table(path: Path, model: type[Model], wanted: str, error: type[LiveganError]) -> Model:
    """Read a file into `model`; raises `error` with every mistake in it, or with the one that it is of another kind."""
    raw = read_toml(path, model, error)
    try:
        return model.model_validate(raw)
    except ValidationError as cause:
        other = other_kind(path, raw, wanted)
        raise error(other or "\n".join(f"{path}: {line}" for line in mistakes_in(cause, model))) from cause


def _last_first(place: tuple[int | str, ...]) -> list[tuple[int, str]]:
    """Key to sort places in a file by: entries of a list by their number, so that the last can be taken away first."""
    return [(step, "") if isinstance(step, int) else (-1, step) for step in place]


def user_folder() -> Path:
    """The user's own folder of settings: scenes and sets in it are found by name."""
    import platformdirs

    return Path(platformdirs.user_config_dir("livegan"))


def set_paths() -> dict[str, Path]:
    """Every setlist that can be named, in order of name; a user's own hides a bundled one of the same name."""
    folders = [bundled("presets") / "sets", user_folder() / "sets"]
    return dict(sorted({path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}.items()))


def load_setlist(name: str) -> LoadedSetlist:
    """Read one setlist given by name or path; SceneError with every mistake in it."""
    path = find_setlist(name)
    return LoadedSetlist(name, _load_table(path, SetlistTable, SETLIST, SceneError), path)


def find_setlist(name: str) -> Path:
    """The file of a setlist given by name or path; SceneError with the nearest right name."""
    paths = set_paths()
    path = Path(name) if name.endswith(".toml") else paths.get(name)
    if path is None:
        raise SceneError(absent_name(SETLIST, name, paths, scene_paths()))
    if not is_file(path):
        raise SceneError(absent_file(SETLIST, name))
    return path


def scene_folders() -> list[Path]:
    """Folders of scenes: the bundled one, then the user's own."""
    return [bundled("presets") / "scenes", user_folder() / "scenes"]


def scene_paths() -> dict[str, Path]:
    """Every scene that can be named, in order of name; a user's own hides a bundled one of the same name."""
    by_name = {path.stem: path for folder in scene_folders() for path in sorted(folder.glob("*.toml"))}
    return dict(sorted(by_name.items()))


def scenes_in_order() -> list[str]:
    """Names of all scenes in the order of a show that names none: those on keys 1-9, then the others by name."""
    names = list(scene_paths())
    return [*(name for name in ON_KEYS if name in names), *(name for name in names if name not in ON_KEYS)]


def find_scene(name: str, paths: dict[str, Path] | None = None) -> Path:
    """The file of a scene given by name, title (in any case) or path; SceneError with the nearest right name.

    `paths` are those of `scene_paths`, where they are known already.
    """
    if name.endswith(".toml"):
        if not is_file(Path(name)):
            raise SceneError(absent_file(SCENE, name))
        return Path(name)
    paths = scene_paths() if paths is None else paths
    if name not in paths:
        titled = _titled(name, paths)
        if titled is None:
            raise SceneError(absent_name(SCENE, name, paths, set_paths()))
        return titled
    return paths[name]


def _titled(title: str, paths: dict[str, Path]) -> Path | None:
    """The scene with that title or name, in any case."""
    wanted = title.strip().casefold()
    for name, path in paths.items():
        if name.casefold() == wanted:
            return path
    for path in paths.values():
        with suppress(SceneError):
            if str(read_toml(path, Scene, SceneError).get("title", "")).strip().casefold() == wanted:
                return path
    return None


def load_scene(name: str) -> Scene:
    """Read one scene given by name or path; SceneError with every mistake in it."""
    (loaded,) = load_scenes([name])
    if loaded.mistakes or loaded.scene is None:
        raise SceneError("\n".join(loaded.mistakes))
    return loaded.scene


def load_venue(path: Path | None = None) -> Venue:
    """Read a venue; without a path, configs/default.toml, whose knobs every other venue's are laid over."""
    usual = read_table(bundled("configs") / "default.toml", Venue, VenueError)
    return usual if path is None else _over_usual(_load_table(path, Venue, VENUE, VenueError), usual)


def _over_usual(venue: Venue, usual: Venue) -> Venue:
    """A venue with the knobs of the usual one below its own."""
    knobs = {name: to for name, to in {**usual.hands.knobs, **venue.hands.knobs}.items() if to.to}
    return venue.model_copy(update={"hands": venue.hands.model_copy(update={"knobs": knobs})})


def valid_venue(path: Path | None = None) -> tuple[Venue, tuple[str, ...]]:
    """What is right of a venue, and every mistake in it; VenueError where it is no venue at all.

    A group of inputs that is wrong stays, on the first channel: scenes may name it.
    """
    try:
        return load_venue(path), ()
    except VenueError as error:
        raw = read_toml(path, Venue, VenueError) if path is not None else {}
        if path is None or other_kind(path, raw, VENUE):
            raise
        mistakes = tuple(str(error).splitlines())
    named = raw.get("inputs")
    groups = {} if not isinstance(named, dict) else {name: {"channels": [1]} for name in named if is_group_name(name)}
    try:
        Venue.model_validate(raw)
    except ValidationError as error:
        raw = _without_mistakes(raw, error)
    try:
        venue = Venue.model_validate({**raw, "inputs": {**groups, **raw.get("inputs", {})}})
    except ValidationError:
        venue = Venue()
    return _over_usual(venue, load_venue()), mistakes


def load_controllers() -> list[Controller]:
    """Every bundled controller file, in order of name."""
    paths = sorted((bundled("configs") / "controllers").glob("*.toml"))
    return [read_table(path, Controller, VenueError) for path in paths]
