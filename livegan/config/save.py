"""Saving a scene under a new name in the user's folder of scenes."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from livegan.config.load import scene_folders, scene_paths
from livegan.config.scene import Scene
from livegan.core.files import move_to_free_name, new_file_beside
from livegan.core.toml_text import toml_text
from livegan.errors import SceneError

_NUMBERED = re.compile(r"[- ]\d{1,4}$")


def scene_text(scene: Scene, folder: Path = Path()) -> str:
    """The file of a scene: every key that was set. Paths in it that are relative to `folder` become absolute."""
    table = scene.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return toml_text({key: _absolute(value, Path() if key == "network" else folder) for key, value in table.items()})


def save_scene(scene: Scene, name: str, folder: Path = Path(), into: Path | None = None) -> Path:
    """Write a scene called NAME-2, NAME-3 ... whichever is free; returns its file.

    `folder`: where the scene comes from; `into`: the user's scenes, where they are elsewhere. SceneError if it cannot
    be written.
    """
    into = into or scene_folders()[-1]
    stem, title = _NUMBERED.sub("", Path(name).stem), _NUMBERED.sub("", scene.title)
    taken = {*scene_paths(), *(path.stem for path in into.glob(f"{stem}-*.toml"))}
    number = next(number for number in range(2, len(taken) + 3) if f"{stem}-{number}" not in taken)
    path = into / f"{stem}-{number}.toml"
    try:
        part = new_file_beside(path)
        try:
            text = scene_text(scene.model_copy(update={"title": f"{title} {number}"}), folder)
            part.write_text(text, encoding="utf-8")
            return move_to_free_name(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise SceneError(f"{path} cannot be written ({error.strerror or error}); make room in {into}") from error


def _absolute(value: Any, folder: Path) -> Any:
    """The same value, with each string that names a file from `folder` on naming it from anywhere."""
    if isinstance(value, Mapping):
        return {key: _absolute(each, folder) for key, each in value.items()}
    if isinstance(value, list):
        return [_absolute(each, folder) for each in value]
    if not isinstance(value, str) or not re.search(r"[./\\]", value):
        return value
    kind, colon, rest = value.rpartition(":")
    try:
        there = (folder / rest).is_file() or ("/" in rest and (folder / rest).is_dir())
    except (OSError, ValueError):
        return value
    return f"{kind}{colon}{(folder / rest).resolve()}" if there and not Path(rest).is_absolute() else value
