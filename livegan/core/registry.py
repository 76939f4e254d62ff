"""Registries: tables of named members, filled by a decorator, by a folder's modules and by entry points.

A member is one file with one decorator line. The table imports the files of its own folder, then the entry points of
other packages, when it is first read: importing livegan imports none of them.
"""

import difflib
import importlib
import pkgutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from livegan.core.text import printable
from livegan.errors import LiveganError

MOST_TOLD = 60  # names of a sentence
Member = TypeVar("Member")
OWN_PACKAGE = "livegan"
UNNAMED = "a program"  # where members come from that are neither livegan's nor an installed package's
DEFAULT_ORDER = 500


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The known name most like `name`, or None if none is alike."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return close[0] if close else None


def unknown(kind: str, name: str, names: Iterable[str]) -> str:
    """One sentence: there is no such `kind`; the nearest right name, or all of them, `MOST_TOLD` at most."""
    known = sorted(names)
    close = nearest(name, known)
    told = known if len(known) <= MOST_TOLD else [*known[:MOST_TOLD], f"and {len(known) - MOST_TOLD} more"]
    hint = (
        f"did you mean '{printable(close)}'?" if close else f"there are: {printable(', '.join(told), 5000) or 'none'}"
    )
    return f"no {kind} called '{printable(name)}'; {hint}"


def import_modules(package: str) -> None:
    """Import every module of a package's own folder, so that what they register is in the tables.

    LiveganError, with the file and the reason, if one cannot be imported.
    """
    folder = importlib.import_module(package).__path__
    for name in sorted(module.name for module in pkgutil.iter_modules(folder)):
        try:
            importlib.import_module(f"{package}.{name}")
        except Exception as error:
            path = f"{package}.{name}".replace(".", "/")
            reason = printable(f"{type(error).__name__}: {error}".rstrip(": "), 1000)
            raise LiveganError(f"{path}.py cannot be imported: {reason}; mend that file or take it away") from error


@dataclass(frozen=True, slots=True)
class _Entry(Generic[Member]):
    """One row of a table."""

    member: Member
    origin: str  # the package that it comes from
    place: tuple[int, bool, str, int]  # sorting key: order, is it a plugin, module, number within the table


class Registry(Generic[Member]):
    """Named members of one kind, e.g. ``EFFECTS``; a duplicate name is a ValueError where it is registered.

    A plugin (entry point) that raises while it is imported, or whose name is taken, is left out: `problems` says why.
    """

    def __init__(
        self,
        kind: str,
        *,
        package: str = "",
        entry_point_group: str = "",
        check: Callable[[str, Member], None] | None = None,
    ) -> None:
        """`kind` is the word used in messages, e.g. "effect"; `package` is the folder whose modules hold members.

        `check` is called with the name and the member that is registered and raises TypeError or ValueError for one
        that does not fit.
        """
        self.kind = kind
        self._package, self._group, self._check = package, entry_point_group, check
        self._entries: dict[str, _Entry[Member]] = {}
        self._problems: list[str] = []
        self._loaded, self._sorted = not (package or entry_point_group), False
        self._lock = threading.RLock()

    def __call__(self, name: str, order: int = DEFAULT_ORDER) -> Callable[[Member], Member]:
        """``@EFFECTS("fade")`` above a class or function puts it in the table.

        The table is sorted by `order`; within one order ours come before plugins, sorted by module, then as written.
        """

        def add(member: Member) -> Member:
            module = getattr(member, "__module__", "")
            origin = OWN_PACKAGE if module.split(".")[0] == OWN_PACKAGE else _plugin.origin
            other = self._entries.get(name)
            if other is not None and origin == OWN_PACKAGE != other.origin:  # a plugin was imported before our folder
                self._problems.append(self._left_out(name, other.origin, f"a {self.kind} of livegan is called so"))
            elif other is not None:
                where = getattr(other.member, "__module__", "") if other.origin == OWN_PACKAGE else other.origin
                raise ValueError(f"two {self.kind}s are called '{name}'; one is of {where}")
            if self._check is not None:
                self._check(name, member)
            place = (order, origin != OWN_PACKAGE, module, len(self._entries))
            self._entries[name] = _Entry(member, origin, place)
            self._sorted = False
            if origin != OWN_PACKAGE:
                _plugin.undo.append(partial(self._entries.pop, name))
            return member

        return add

    def __getitem__(self, name: str) -> Member:
        """The member, or a KeyError whose text offers the nearest right name."""
        table = self._table()
        if name not in table:
            raise KeyError(unknown(self.kind, name, table))
        return table[name].member

    def __contains__(self, name: object) -> bool:
        return name in self._table()

    def __iter__(self) -> Iterator[str]:
        """Names in the order of the table."""
        return iter(list(self._table()))

    def names(self) -> list[str]:
        """Names in the order of the table."""
        return list(self._table())

    def registered(self) -> dict[str, Member]:
        """The members so far, by name; imports no further ones, so that the check of a new one may ask."""
        return {name: entry.member for name, entry in self._entries.items()}

    def origin(self, name: str) -> str:
        """The package that registered this member: "livegan", or the distribution of a plugin."""
        self[name]
        return self._entries[name].origin

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for each plugin that was left out."""
        self._table()
        return tuple(self._problems)

    def _table(self) -> dict[str, _Entry[Member]]:
        with self._lock:
            if not self._loaded:
                self._loaded = True  # now: what is imported may read this table
                try:
                    if self._package:
                        import_modules(self._package)
                    points = entry_points(group=self._group)
                    for point in sorted(points, key=lambda point: (_origin(point), point.name)):
                        self._load(point)
                except BaseException:  # Ctrl-C too: the next who reads the table needs all of it
                    self._loaded = False
                    self._drop_unfinished()
                    raise
            if not self._sorted:
                self._sorted = True
                self._entries = dict(sorted(self._entries.items(), key=lambda row: row[1].place))
        return self._entries

    def _drop_unfinished(self) -> None:
        """Take out the members of modules whose import did not end: they come again with the next import."""
        for name, entry in list(self._entries.items()):
            module = entry.place[2]
            if module and module not in sys.modules:
                del self._entries[name]

    def _load(self, point: EntryPoint) -> None:
        """Import one plugin. Any exception becomes a one-sentence problem: a broken plugin must not end a show."""
        _plugin.origin, _plugin.undo = _origin(point), []
        try:
            point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the code of another package
            for undo in _plugin.undo:
                undo()
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            problem = self._left_out(point.name, _plugin.origin, reason)
            self._problems += [problem] if problem not in self._problems else []
        finally:
            _plugin.origin = UNNAMED

    def _left_out(self, name: str, origin: str, reason: str) -> str:
        return f"the {self.kind} '{name}' of the package {origin} is left out: {printable(reason)}"


class _Plugin(threading.local):
    """The plugin that this thread is importing: one module may register members of several kinds."""

    def __init__(self) -> None:
        self.origin = UNNAMED
        self.undo: list[Callable[[], object]] = []


_plugin = _Plugin()


def _origin(point: EntryPoint) -> str:
    """The distribution of an entry point, with its version."""
    return printable(f"{point.dist.name} {point.dist.version}") if point.dist is not None else printable(point.value)
