"""Controllers' files of the player: what was learnt, and files of others, in the user's folder of settings.

A file `controllers/NAME.toml` there has the schema of configs/controllers. It is laid over the bundled definition of
the same controller, so that it need hold no more than what differs: mostly `[bind]`.
"""

import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Item

from livegan.config.load import user_folder
from livegan.core.binding import Binding
from livegan.core.controller import GENERIC, MAX_ENTRIES, Controller, best_match
from livegan.core.files import read_text, reason_of, write_atomic
from livegan.core.text import printable
from livegan.core.toml import read_table
from livegan.core.toml_text import toml_text
from livegan.errors import LiveganError, VenueError

if sys.platform != "win32":
    import fcntl

NOTHING: Mapping[str, Mapping[str, str]] = MappingProxyType({})
LEARNT = "learnt on"  # how the comments begin that are ours
HEADER = """\
# What the controls of this controller do: livegan writes it when something is learnt (key L, or `livegan learn`), and
# reads it whenever a MIDI port of that name is plugged in. Change it, share it: it works in the folder `controllers`
# of anyone's settings (`livegan doctor` says where that is).

"""


@dataclass(frozen=True, slots=True)
class OwnController:
    """A file of the player's, and the controller that it makes."""

    path: Path
    controller: Controller  # as the file has it


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one file, which can be taken back."""

    path: Path
    before: str | None  # its text; None: there was no file
    after: str


def controllers_folder() -> Path:
    """Where the player's files are."""
    return user_folder() / "controllers"


def own_controllers(folder: Path) -> tuple[list[OwnController], list[str]]:
    """Every file there, in order of name, and a line for each that cannot be read: the show goes on without it."""
    found, problems = [], []
    for path in sorted(folder.glob("*.toml")):
        try:
            found.append(OwnController(path, read_table(path, Controller, VenueError)))
        except LiveganError as error:
            first, *more = str(error).splitlines()
            rest = f" (and {len(more)} more)" if more else ""
            problems.append(f"left out: {first}{rest}; mend it, or take it away")
    return found, problems


def known_controllers(folder: Path, bundled: Sequence[Controller]) -> tuple[Controller, ...]:
    """The player's definitions, each over the bundled one, then the bundled: of equals the first is taken."""
    own, _ = own_controllers(folder)
    return (*(laid_over(each.controller, bundled) for each in own), *bundled)


def laid_over(own: Controller, bundled: Sequence[Controller]) -> Controller:
    """A player's definition over the bundled one of the same controller: what it does not say stays as it is there."""
    bases = [(each.match_length(match), each) for match in own.match for each in [best_match(bundled, match)]]
    base = max(bases, key=lambda row: row[0], default=(0, GENERIC))[1]
    merged: dict[str, Any] = {}
    for name in own.model_fields_set:
        mine, theirs = getattr(own, name), getattr(base, name)
        merged[name] = {**theirs, **mine} if isinstance(mine, Mapping) else mine
    return base.model_copy(update=merged)


def write_binding(
    folder: Path,
    controller: Controller,
    control: str,
    binding: Binding | None,
    *,
    on: date,
    addresses: Mapping[str, Mapping[str, str]] = NOTHING,
) -> Edit:
    """Bind a control in the file of its controller, or, with None, forget its binding; comments and order are kept.

    `addresses` is added as well: the table ("controls", "encoders"), the address, and what it is there. VenueError if
    the file cannot be written, or read, in which case it is left as it is.
    """
    if binding is not None and control not in controller.bind and len(controller.bind) >= MAX_ENTRIES:
        first = next(iter(controller.bind))
        raise VenueError(
            f"nothing was learnt: {printable(controller.name)} has {MAX_ENTRIES} bindings already; "
            f"forget one: livegan learn --forget {first}"
        )
    try:
        with _alone(folder):
            path, before = _file_of(folder, controller)
            document = tomlkit.parse(before) if before is not None else _new_document(controller)
            for table, entries in addresses.items():
                for address, meaning in entries.items():
                    _table(document, table)[address] = meaning
            _set(_table(document, "bind"), control, binding, on)
            after = tomlkit.dumps(document)
            write_atomic(path, after)
            return Edit(path, before, after)
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "it is not UTF-8 text"
        place = printable(getattr(error, "filename", None) or folder)
        raise VenueError(f"nothing was learnt: {place} cannot be written ({reason})") from error
    except TOMLKitError as error:
        raise VenueError(f"nothing was learnt: {printable(error)}; mend the file in {folder}") from error


def take_back(edit: Edit) -> bool:
    """Put a file back to what it was before an edit; False if it has been changed since, and nothing is done."""
    with suppress(OSError, UnicodeDecodeError), _alone(edit.path.parent):
        if read_text(edit.path) != edit.after:
            return False
        if edit.before is None:
            edit.path.unlink()
        else:
            write_atomic(edit.path, edit.before)
        return True
    return False


def _file_of(folder: Path, controller: Controller) -> tuple[Path, str | None]:
    """The file of a controller and its text; a new one, with None, if it has none."""
    for path in sorted(folder.glob("*.toml")):
        with suppress(LiveganError):
            own = read_table(path, Controller, VenueError)
            if own.name == controller.name or set(own.match) & set(controller.match) - {""}:
                return path, read_text(path)
    stem = re.sub(r"[^a-z0-9]+", "-", controller.name.lower()).strip("-")[:40] or "controller"
    names = (f"{stem}.toml" if number == 1 else f"{stem}-{number}.toml" for number in count(1))
    return next(path for name in names if not (path := folder / name).exists()), None


def _new_document(controller: Controller) -> tomlkit.TOMLDocument:
    facts = {"name": printable(controller.name), "match": [printable(match) for match in controller.match]}
    return tomlkit.parse(HEADER + toml_text(facts))


def _table(document: tomlkit.TOMLDocument, name: str) -> MutableMapping[str, Any]:
    """A table of the file, made at its end if it is not there."""
    if name not in document:
        if not document.as_string().endswith("\n\n"):
            document.add(tomlkit.nl())
        document[name] = tomlkit.table()
    return cast(MutableMapping[str, Any], document[name])


def _set(table: MutableMapping[str, Any], control: str, binding: Binding | None, on: date) -> None:
    """Set, or take out, one entry; its comment stays where a person wrote it."""
    holder, key = table, control
    first, _, rest = control.partition(".")
    if control not in table and isinstance(table.get(first), MutableMapping) and rest in table[first]:
        holder, key = table[first], rest  # knob.3 = ... without quotation marks: a table in a table
    if binding is None:
        holder.pop(key, None)
        if holder is not table and not holder:
            del table[first]
        return
    comment = holder[key].trivia.comment.lstrip("# ") if key in holder and isinstance(holder[key], Item) else ""
    item = _item(binding)
    item.comment(comment if comment and not comment.startswith(LEARNT) else f"{LEARNT} {on.isoformat()}")
    holder[key] = item


def _item(binding: Binding) -> Item:
    written = binding.written()
    if isinstance(written, str):
        return tomlkit.item(written)
    table = tomlkit.inline_table()
    table.update(written)
    return table


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One writer at a time in this folder, of all processes; makes the folder. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        if sys.platform != "win32":
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
