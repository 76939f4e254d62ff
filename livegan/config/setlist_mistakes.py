"""Every mistake in a setlist at once, and what of it can be looked at further: its entries' scenes."""

from typing import Any

from pydantic import ValidationError

from livegan.config.load import ON_KEYS, LoadedSetlist, find_setlist, other_kind
from livegan.config.setlist import CHECKED_TOGETHER, SetlistTable
from livegan.core.file_kind import SETLIST
from livegan.core.toml import mistakes_in, read_toml
from livegan.errors import SceneError

MOST_ROUNDS = 3  # what an entry lacks, what does not agree, and nothing
STAND_IN = {"scene": ON_KEYS[0]}  # an entry that says nothing that can be read


def valid_setlist(name: str) -> tuple[LoadedSetlist | None, tuple[str, ...]]:
    """A setlist by name or path without what is wrong, each entry in its place, and every mistake; None: not readable.

    An entry without a scene has a bundled one instead.
    """
    try:
        path = find_setlist(name)
        raw = read_toml(path, SetlistTable, SceneError)
    except SceneError as error:
        return None, tuple(str(error).splitlines())
    mistakes: list[str] = []
    taken: set[Any] = set()  # keys that were wrong
    for _ in range(MOST_ROUNDS):
        try:
            return LoadedSetlist(name, SetlistTable.model_validate(raw), path), tuple(mistakes)
        except ValidationError as error:
            if other := other_kind(path, raw, SETLIST):
                return None, (other,)
            if not taken & CHECKED_TOGETHER:  # else what does not agree may only do so without them
                mistakes += [f"{path}: {line}" for line in mistakes_in(error, SetlistTable)]
            for mistake in error.errors():
                taken |= set(mistake["loc"])
                _take_away(raw, mistake["loc"])
    return None, tuple(mistakes)


def _take_away(raw: dict[str, Any], place: tuple[int | str, ...]) -> None:
    """Take a wrong value out of a setlist; for what must be there, put something right."""
    entries = raw.get("entries")
    if not place:
        for table in (raw, *raw["entries"]):
            for key in CHECKED_TOGETHER:
                table.pop(key, None)
    elif place[0] == "entries" and len(place) > 1 and isinstance(entries, list) and isinstance(place[1], int):
        entry = entries[place[1]]
        if len(place) == 2 or not isinstance(entry, dict):
            entries[place[1]] = dict(STAND_IN)
        elif len(place) > 3 and isinstance(entry.get(str(place[2])), dict):
            entry[str(place[2])].pop(place[3], None)
        else:
            entry.pop(place[2], None)
            entries[place[1]] = STAND_IN | entry
    else:
        raw.pop(str(place[0]), None)
        raw.update({"title": "?", "entries": [dict(STAND_IN)]} | raw)
