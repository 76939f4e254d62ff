"""Registries: tables you can print, filled by a decorator with an explicit name."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

Member = TypeVar("Member")


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The known name most like `name`, or None if none is alike."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return close[0] if close else None


def unknown(kind: str, name: str, names: Iterable[str]) -> str:
    """One sentence: there is no such `kind`; the nearest right name, or all of them."""
    known = sorted(names)
    close = nearest(name, known)
    hint = f"did you mean '{close}'?" if close else f"there are: {', '.join(known) or 'none'}"
    return f"no {kind} called '{name}'; {hint}"


class Registry(Generic[Member]):
    """Named members of one kind, e.g. ``EFFECTS``. A duplicate name fails at import."""

    def __init__(self, kind: str) -> None:
        """`kind` is the word used in messages, e.g. "effect"."""
        self.kind = kind
        self._members: dict[str, Member] = {}

    def __call__(self, name: str) -> Callable[[Member], Member]:
        """``@EFFECTS("fade")`` above a class or function puts it in the table."""

        def add(member: Member) -> Member:
            if name in self._members:
                raise ValueError(f"two {self.kind}s are called '{name}'")
            self._members[name] = member
            return member

        return add

    def __getitem__(self, name: str) -> Member:
        """The member, or a KeyError whose text offers the nearest right name."""
        if name not in self._members:
            raise KeyError(unknown(self.kind, name, self._members))
        return self._members[name]

    def __contains__(self, name: object) -> bool:
        """Is there one so called?"""
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        """Names in the order they were added."""
        return iter(self._members)

    def names(self) -> list[str]:
        """Names in the order they were added."""
        return list(self._members)
