"""Sentences about a scene or a setlist that is not found by its name: what there is instead, and what to type."""

from collections.abc import Iterable
from pathlib import Path

from livegan.core.file_kind import EMPTY_LOG, FOLDER, SCENE, SETLIST, USES, file_kind, instead
from livegan.core.files import is_file
from livegan.core.registry import nearest, unknown
from livegan.core.text import printable, quoted

LISTS = {SCENE: "livegan scenes", SETLIST: "livegan sets"}
MOST_FILES = 100  # of a folder that are looked at


def absent_file(wanted: str, name: str) -> str:
    """One sentence for a path, ending in .toml, that is no file; `wanted` is SCENE or SETLIST."""
    if other := _other_file(wanted, name):
        return other
    close = nearest(Path(name).name, [path.name for path in _toml_files(Path(name).parent)])
    meant = f"did you mean {printable(quoted(Path(name).with_name(close)))}? To see what there is, " if close else ""
    return f"there is no file {printable(name)}; {meant}type: {LISTS[wanted]}"


def absent_name(wanted: str, name: str, known: Iterable[str], others: Iterable[str]) -> str:
    """One sentence for a name that is not `known`; `others` are the names of scenes where a setlist is wanted, etc."""
    if name in others:
        return instead(Path(name), SETLIST if wanted == SCENE else SCENE, wanted)
    if is_file(Path(f"{name}.toml")):
        return f"no {_word(wanted)} called '{printable(name)}'; there is a file: type {printable(quoted(name))}.toml"
    return _other_file(wanted, name) or f"{unknown(_word(wanted), name, known)} (type: {LISTS[wanted]})"


def _word(wanted: str) -> str:
    return wanted.partition(" ")[2]


def _other_file(wanted: str, name: str) -> str:
    """What is at that path though it is not wanted; "" if nothing is."""
    path = Path(name)
    try:
        if not name or not path.exists():
            return ""
    except (OSError, ValueError):  # a name that no file can have
        return ""
    kind = file_kind(path)
    if kind == FOLDER:
        return f"{printable(name)} is a folder, not {wanted}; {_in_folder(wanted, path)}"
    if kind in USES:
        return instead(path, kind, wanted)
    what = kind if kind == EMPTY_LOG else "not a .toml file"
    but = f", not {wanted}" if kind == EMPTY_LOG else f", as {wanted} is"
    return f"{printable(name)} is {what}{but}; to see what there is, type: {LISTS[wanted]}"


def _in_folder(wanted: str, folder: Path) -> str:
    """Which file of a folder was meant."""
    meant = next((path for path in _toml_files(folder) if file_kind(path) == wanted), None)
    if meant is None:
        return f"there is no {_word(wanted)} in it; to see what there is, type: {LISTS[wanted]}"
    return f"name a file in it: {printable(quoted(meant))}"


def _toml_files(folder: Path) -> list[Path]:
    """The first files of a folder, in order of name, that can be scenes or setlists."""
    try:
        return sorted(folder.glob("*.toml"))[:MOST_FILES]
    except (OSError, ValueError):  # a name that no folder can have
        return []
