"""Edits of the routes of a scene that plays, and the answers to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

EditKind = Literal["add", "change", "delete"]


@dataclass(frozen=True, slots=True)
class RouteEdit:
    """One edit of the routes of a scene, from any thread: goes into `Router.route_edits`.

    It names the scene by its number and name, and the route by its number and by what it was: an edit that comes too
    late changes nothing.
    """

    time_s: float
    kind: EditKind
    scene: int  # its number, `Board.playing`
    name: str  # `Board.name`
    number: int = -1  # of the route, from 0; "add" puts it there, -1 puts it last
    source: str = ""  # of the route as it was
    target: str = ""
    fields: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))  # of RouteTable, those to set
    hand: str = "panel"  # who sent it


@dataclass(frozen=True, slots=True)
class RouteAnswer:
    """What became of an edit: nothing changed where there are mistakes, one line each, "FIELD: what is wrong"."""

    edit: RouteEdit
    mistakes: tuple[str, ...] = ()
