"""JSON serialisation of a setlist with its scenes as they were read: for run files and show logs."""

from pathlib import Path
from typing import Any

from livegan.config.load import LoadedScene, LoadedSetlist
from livegan.config.scene import Scene
from livegan.config.setlist import SetlistTable
from livegan.engine.bind import Setlist


def setlist_to_json(show: Setlist) -> dict[str, Any]:
    """The scenes, the first to play, the safe one and the setlist's file, as values of JSON."""
    return {
        "scenes": [scene_to_json(loaded) for loaded in show.scenes],
        "start": show.start,
        "safe": scene_to_json(show.safe) if show.safe else None,
        "setlist": _file_to_json(show.file) if show.file else None,
    }


def setlist_from_json(table: dict[str, Any]) -> Setlist:
    """The setlist that `setlist_to_json` wrote; ValueError, KeyError or TypeError for anything else."""
    scenes = tuple(map(scene_from_json, table["scenes"]))
    start = int(table["start"])
    if not 0 <= start < len(scenes):
        raise ValueError(f"it begins with scene {start} of {len(scenes)}")
    return Setlist(
        scenes,
        start,
        safe=scene_from_json(table["safe"]) if table["safe"] else None,
        file=_file_from_json(table["setlist"]) if table["setlist"] else None,
    )


def scene_values(loaded: LoadedScene) -> dict[str, Any]:
    """A scene as values of JSON, with the parameters that a setlist gives it."""
    return loaded.scene.model_dump(mode="json") if loaded.scene is not None else {}


def scene_to_json(loaded: LoadedScene) -> dict[str, Any]:
    """A scene with its name and its path."""
    return {"name": loaded.name, "path": _absolute(loaded.path), "scene": scene_values(loaded)}


def scene_from_json(table: Any) -> LoadedScene:
    """The scene that `scene_to_json` wrote; ValueError, KeyError or TypeError for anything else."""
    path = Path(table["path"]) if table["path"] else None
    return LoadedScene(str(table["name"]), Scene.model_validate(as_tuples(table["scene"])), path)


def as_tuples(value: Any) -> Any:
    """Lists as tuples: fields of tables are strict."""
    if isinstance(value, dict):
        return {key: as_tuples(each) for key, each in value.items()}
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())


def _file_to_json(loaded: LoadedSetlist) -> dict[str, Any]:
    return {"name": loaded.name, "path": _absolute(loaded.path), "table": loaded.table.model_dump(mode="json")}


def _file_from_json(table: Any) -> LoadedSetlist:
    return LoadedSetlist(
        str(table["name"]), SetlistTable.model_validate(as_tuples(table["table"])), Path(table["path"])
    )
