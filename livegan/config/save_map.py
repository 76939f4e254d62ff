"""Saving the mapping of windows in a venue file: only those keys are written, comments and order are kept."""

import tomllib
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from livegan.config.load import user_folder
from livegan.config.picture_view import MapTable
from livegan.core.files import read_text, reason_of, write_atomic
from livegan.errors import VenueError

DIGITS = 5  # of a share: a hundredth of a pixel
KEY = "map"
HEADER = "# Mapping of the windows, set with the mouse: livegan play --venue THIS FILE (docs/mapping.md)\n\n"


def mapping_file() -> Path:
    """Where the mapping of a show goes that was begun without a venue file."""
    return user_folder() / "mapping.toml"


def save_maps(path: Path, maps: Mapping[int, MapTable]) -> None:
    """Write how windows are mapped: number 0 is ``[window]``, the others ``[[windows]]`` in order. Atomic.

    VenueError if the file cannot be read or written, or has not so many windows; it is as it was then.
    """
    try:
        before = read_text(path) if path.exists() else HEADER
        document = tomlkit.parse(before)
        for number, table in maps.items():
            _set(_window(document, number), table)
        after = tomlkit.dumps(document)
        if _others(after) != _others(before):
            raise TOMLKitError("its layout is not kept")
        write_atomic(path, after, durable=False)  # windows stand still meanwhile
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise VenueError(f"the mapping is not saved: {path} cannot be written ({reason})") from error
    except (TOMLKitError, tomllib.TOMLDecodeError) as error:
        raise VenueError(f"the mapping is not saved: {path} has a mistake now; mend it, then map again") from error
    except LookupError as error:
        raise VenueError(f"the mapping is not saved: {path} has not so many windows any more") from error


def _others(text: str) -> dict[str, Any]:
    """What a venue says besides the mapping."""
    raw = tomllib.loads(text)
    for window in (raw.get("window", {}), *raw.get("windows", ())):
        window.pop(KEY, None)
    return {name: table for name, table in raw.items() if table or name != "window"}


def _window(document: tomlkit.TOMLDocument, number: int) -> MutableMapping[str, Any]:
    """The table of a window; that of the first is made if it is not there. IndexError for others."""
    if number == 0:
        if "window" not in document:
            document["window"] = tomlkit.table()
        return cast(MutableMapping[str, Any], document["window"])
    windows = cast(list[MutableMapping[str, Any]], document["windows"])
    return windows[number - 1]


def _set(window: MutableMapping[str, Any], table: MapTable) -> None:
    """Write what differs from nothing; a mapping that does nothing has no table."""
    if table.off and KEY not in window:
        return
    old = window.get(KEY)
    soft = {name: round(width, DIGITS) for name, width in table.soft_edges.model_dump().items() if width > 0}
    values: dict[str, Any] = {
        "corners": [[round(x, DIGITS), round(y, DIGITS)] for x, y in table.corners],
        "soft_edges": soft,
    }
    if table.gamma != MapTable().gamma:
        values["gamma"] = table.gamma
    inline = isinstance(old, InlineTable)
    written: MutableMapping[str, Any] = tomlkit.inline_table() if inline else tomlkit.table()
    target = written if old is None or inline else old
    for name, value in values.items():
        if value == {}:
            target.pop(name, None)
            continue
        item = tomlkit.item(value)
        if isinstance(value, dict):
            item = tomlkit.inline_table()
            item.update(value)
        target[name] = item
    if target is written:
        window[KEY] = written
