"""Reading scenes, venues and controllers: strict TOML, all mistakes at once, with the nearest right name."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from livegan.config.scene import Scene
from livegan.config.venue import ControllerTable, Venue
from livegan.core.registry import unknown
from livegan.core.resources import bundled
from livegan.core.toml import mistakes_in, read_table, read_toml
from livegan.errors import SceneError, VenueError


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
        raw = read_toml(path, Scene, SceneError)
    except SceneError as error:
        return None, str(error).splitlines()
    try:
        return Scene.model_validate(raw), []
    except ValidationError as error:
        lines = [f"{path}: {line}" for line in mistakes_in(error, Scene)]
        rest = _without(raw, error)
    try:
        return Scene.model_validate(rest), lines
    except ValidationError:
        return None, lines


def scene_folders() -> list[Path]:
    """Where scenes are looked for: ours, then the player's own."""
    import platformdirs

    return [bundled("presets") / "scenes", Path(platformdirs.user_config_dir("livegan")) / "scenes"]


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
    path = path or bundled("configs") / "default.toml"
    return read_table(path, Venue, VenueError)


def load_controllers() -> list[ControllerTable]:
    """Every controller file we ship, in order of name."""
    paths = sorted((bundled("configs") / "controllers").glob("*.toml"))
    return [read_table(path, ControllerTable, VenueError) for path in paths]
