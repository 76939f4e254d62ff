"""Bookmarks: frame plans that a player kept, NAME.json each, whose latents a path visits as "bookmarks:all"."""

import re
from pathlib import Path

import platformdirs

from livegan.core.files import read_text, write_atomic
from livegan.core.plan_json import from_json, to_json
from livegan.core.registry import unknown
from livegan.core.text import printable
from livegan.core.types import FramePlan
from livegan.errors import MediaError

ENDING = ".json"


def bookmark_folder() -> Path:
    """The folder of the player's bookmarks; may not exist yet."""
    return platformdirs.user_data_path("livegan") / "bookmarks"


def list_bookmarks(folder: Path | None = None) -> list[Path]:
    """Every bookmark, by name; numbers in names count as numbers."""
    folder = folder or bookmark_folder()
    try:
        return sorted((path for path in folder.glob(f"*{ENDING}") if path.is_file()), key=_in_order)
    except OSError:
        return []


def find_bookmarks(names: str, folder: Path | None = None) -> list[Path]:
    """The bookmarks "all", or "NAME,NAME" in that order.

    MediaError, with the nearest right name, if one is not there.
    """
    kept = {path.stem: path for path in list_bookmarks(folder)}
    if not kept:
        raise MediaError(f"bookmarks:{printable(names)}: there are no bookmarks yet; press M while a show plays")
    if names.strip() == "all":
        return list(kept.values())
    asked = [name.strip() for name in names.split(",")]
    for name in asked:
        if name not in kept:
            raise MediaError(f"bookmarks:{printable(names)}: {unknown('bookmark', printable(name), kept)}")
    return [kept[name] for name in asked]


def write_bookmark(plan: FramePlan, name: str, folder: Path | None = None) -> Path:
    """Keep what is seen now; MediaError if it cannot be written. A name that is taken gets a number."""
    folder = folder or bookmark_folder()
    path, number = folder / f"{name}{ENDING}", 2
    while path.exists():
        path, number = folder / f"{name}-{number}{ENDING}", number + 1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(path, to_json(plan) + "\n")
    except (OSError, ValueError) as error:
        raise MediaError(f"{path}: cannot be written ({error}); choose another name or folder") from error
    return path


def read_bookmark(path: Path) -> FramePlan:
    """The plan that `write_bookmark` kept; MediaError if it is none."""
    try:
        return from_json(read_text(path))
    except (OSError, ValueError) as error:
        raise MediaError(f"{path}: is no bookmark ({printable(str(error))}); press M again") from error


def _in_order(path: Path) -> list[tuple[bool, int, str]]:
    parts = re.split(r"([0-9]+)", path.stem)
    return [(index % 2 == 0, int(part) if index % 2 else 0, part) for index, part in enumerate(parts)]
