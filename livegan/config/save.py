"""Saving a scene under a new name in the user's folder of scenes."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from livegan.config.load import scene_folders, scene_paths
from livegan.config.scene import MAX_TITLE, LayerTable, Scene
from livegan.core.files import move_to_free_name, new_file_beside, wait_for_disk
from livegan.core.layer_files import file_inside
from livegan.core.text import printable
from livegan.core.toml_text import toml_text
from livegan.errors import MediaError, SceneError

_NUMBERED = re.compile(r"[- ]\d{1,4}$")


def scene_text(scene: Scene, folder: Path = Path()) -> str:
    """The file of a scene: every key that was set. Paths in it that are relative to `folder` become absolute."""
    table = scene.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    folders = {"network": Path(), "motion": folder}
    return toml_text({key: _absolute(value, folders[key]) if key in folders else value for key, value in table.items()})


def save_scene(scene: Scene, name: str, folder: Path = Path(), into: Path | None = None) -> Path:
    """Write a scene called NAME-2, NAME-3 ... whichever is free; returns its file.

    `folder`: where the scene comes from; `into`: the user's scenes, where they are elsewhere. SceneError if it cannot
    be written.
    """
    into = into or scene_folders()[-1]
    into = into.absolute()
    stem, title = _NUMBERED.sub("", Path(name).stem), _NUMBERED.sub("", scene.title)[: MAX_TITLE - 5]
    taken = {*scene_paths(), *(path.stem for path in into.glob("*.toml"))}
    number = next(number for number in range(2, len(taken) + 3) if f"{stem}-{number}" not in taken)
    path = into / f"{stem}-{number}.toml"
    try:
        part = new_file_beside(path)
        try:
            layers = tuple(carried_layer(layer, folder, path.with_suffix("")) for layer in scene.layers)
            changes = {"title": f"{title} {number}"} | ({"layers": layers} if layers else {})
            text = scene_text(scene.model_copy(update=changes), folder)
            part.write_text(text, encoding="utf-8")
            wait_for_disk(part)
            return move_to_free_name(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise SceneError(f"{path} cannot be written ({error.strerror or error}); make room in {into}") from error
    except (UnicodeEncodeError, MediaError) as error:
        reason = "a folder's name is not UTF-8" if isinstance(error, UnicodeEncodeError) else error
        raise SceneError(f"{printable(path)} cannot be written ({reason}); move the scene elsewhere") from error


def carried_layer(layer: LayerTable, folder: Path, place: Path) -> LayerTable:
    """A layer whose files, as scenes may only read beside themselves, are in or below the folder of `place`.

    Those that are not are linked, or copied, into the folder `place`.
    """
    names = {}
    for key in ("source", "mask", "font"):
        name = getattr(layer, key)
        if not name:
            continue
        file = file_inside(folder, name)
        if not file.is_relative_to(place.parent.resolve()):
            place.mkdir(parents=True, exist_ok=True)
            kept = place / file.name
            if not kept.exists():
                try:
                    os.link(file, kept)
                except OSError:  # on another disk
                    shutil.copyfile(file, kept)
            file = kept.resolve()
        names[key] = file.relative_to(place.parent.resolve()).as_posix()
    return layer.model_copy(update=names)


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
