"""Patch bay: the routes of a scene, bound to features, and what they push in each frame."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from math import exp
from typing import Literal

from livegan.config.scene import RouteTable, Scene
from livegan.core.types import Layout, Vector
from livegan.mapping.beat_lead import NAMES, BeatLead
from livegan.mapping.event_gate import EventGate
from livegan.mapping.expression import Evaluate, ExpressionError, parse
from livegan.mapping.route import Route

Lead = Literal["auto"] | float

GLIDE_S = 0.1  # time constant of a push that is changed by hand
NOTHING = 1e-6  # of a push, in any unit


@dataclass(frozen=True, slots=True)
class RouteMeter:
    """A route, what it read last and how far it pushes."""

    table: RouteTable
    source: float  # where the source is in its range, 0..1
    push: float  # in the target's unit
    muted: bool = False


def features_read(route: RouteTable) -> tuple[str, ...]:
    """The names of features in a route, right or wrong; none of a source that cannot be parsed but itself."""
    names = [route.source]
    with suppress(ExpressionError):
        names += parse(route.source).names
    return (*dict.fromkeys(names), *((route.count,) if route.is_gated else ()))


def source_mistakes(source: str, features: Mapping[str, object]) -> tuple[str, ...]:
    """Every mistake in the source of a route, one line each, with its place and the nearest right name."""
    try:
        return tuple(parse(source, features).mistakes(features))
    except ExpressionError as error:
        return error.mistakes


def lead_mistakes(route: RouteTable) -> list[str]:
    """A lead of a route that reads no beat."""
    if not route.lead or set(NAMES) & set(features_read(route)):
        return []
    return [f"only a beat is known before it sounds; read one of {', '.join(NAMES)}, or take the lead away"]


class _Wire:
    """One route: where it reads, when it takes part, and what it pushes."""

    def __init__(self, number: int, table: RouteTable, seed: int, index: Mapping[str, int]) -> None:
        """`number` is its own among all that its patch bay ever had, and names its random stream."""
        self.number, self.table = number, table
        self.target, self.muted, self.lead = table.target, table.mute, table.lead
        self.pushed = 0.0  # in the newest frame, or would be if it were not muted
        low, high = table.range
        self._read: Evaluate = parse(table.source, index).bind(index)
        self._route = Route(
            table.amount,
            table.curve,
            table.attack_s,
            table.release_s,
            low=low,
            high=high,
            threshold=table.threshold,
            hysteresis=table.hysteresis,
            hold_s=table.hold_s,
            polarity=table.polarity,
        )
        self._gate = EventGate(table.every, table.probability, (seed, number)) if table.is_gated else None
        self._counted = index[table.count] if table.is_gated else 0
        self._downbeat = index.get("downbeat") if table.count == "beat" else None

    @property
    def level(self) -> float:
        """The source within its range, 0..1, in the newest frame."""
        return self._route.level

    def push(self, values: Sequence[float], dt_s: float) -> float:
        gate = True
        if self._gate is not None:
            downbeat = 0.0 if self._downbeat is None else values[self._downbeat]
            gate = self._gate.step(values[self._counted], downbeat)
        self.pushed = self._route.push(self._read(values), dt_s, gate)
        return self.pushed

    @property
    def meter(self) -> RouteMeter:
        """What it did in the newest frame."""
        return RouteMeter(self.table, self._route.level, self.pushed, self.muted)

    def go_on_from(self, other: "_Wire") -> None:
        """Take over from the same route as it was before it was changed."""
        self._route.go_on_from(other._route)
        self.pushed = other.pushed
        if _counting(self.table) == _counting(other.table):
            self._gate = other._gate


def _counting(table: RouteTable) -> tuple[object, ...]:
    return table.every, table.probability, table.count, table.lead


class PatchBay:
    """The routes of one scene, in order, with their memories. Another one can take over while it plays.

    What is pushed never jumps then: the difference fades with the time constant GLIDE_S.
    """

    def __init__(self, scene: Scene, layout: Layout) -> None:
        """A scene without mistakes (`validation.mistakes`)."""
        self._index, self._seed = layout.index, scene.seed
        self._leads: dict[Lead, BeatLead] = {}  # what each reads lies behind the features, for routes that have it
        self._wires = [self._wire(i, table) for i, table in enumerate(scene.routes)]
        self._new: list[_Wire] = []  # those that have not pushed yet since they took over
        self._glides: dict[str, float] = {}  # target -> what is left of what was pushed there before
        self.targets = frozenset(wire.target for wire in self._wires)

    @property
    def meters(self) -> tuple[RouteMeter, ...]:
        """Every route, and what it did in the newest frame."""
        return tuple(wire.meter for wire in self._wires)

    def _wire(self, number: int, table: RouteTable) -> _Wire:
        if not table.lead:
            return _Wire(number, table, self._seed, self._index)
        if table.lead not in self._leads:
            self._leads[table.lead] = BeatLead(self._index)
        start = len(self._index)
        return _Wire(number, table, self._seed, {**self._index, **{name: start + i for i, name in enumerate(NAMES)}})

    @property
    def routes(self) -> tuple[RouteTable, ...]:
        """The routes as they are."""
        return tuple(wire.table for wire in self._wires)

    def with_routes(self, routes: Sequence[tuple[int | None, RouteTable]]) -> "PatchBay":
        """Another patch bay of these routes; each with its place in this one, None if it is new.

        Those that are as they were are shared: any thread may make it, `begin_after` hands it over.
        """
        other = copy(self)
        other._leads, other._new, other._glides = dict(self._leads), [], {}
        free = max((wire.number for wire in self._wires), default=-1) + 1
        other._wires = []
        for place, table in routes:
            old = self._wires[place] if place is not None else None
            if old is not None and old.table == table:
                other._wires.append(old)
            else:
                other._wires.append(other._wire(free if old is None else old.number, table))
                free += old is None
        used = {wire.lead for wire in other._wires}
        other._leads = {lead: beat for lead, beat in other._leads.items() if lead in used}
        other.targets = frozenset(wire.target for wire in other._wires)
        return other

    def begin_after(self, before: "PatchBay") -> None:
        """Take over from another patch bay of the same scene, between two frames."""
        theirs = {wire.number: wire for wire in before._wires}
        kept, silent = set(map(id, before._wires)), set(map(id, before._new))  # silent: it never came to push
        self._new = [wire for wire in self._wires if id(wire) not in kept or id(wire) in silent]
        for wire in self._new:
            if id(wire) not in kept and wire.number in theirs:
                wire.go_on_from(theirs[wire.number])
        mine = set(map(id, self._wires))
        self._glides = dict(before._glides)
        for wire in before._wires:
            if not wire.muted and id(wire) not in mine | silent:
                self._glides[wire.target] = self._glides.get(wire.target, 0.0) + wire.pushed
        self.targets = frozenset([*(wire.target for wire in self._wires), *self._glides])

    def pushes(self, features: Vector, dt_s: float, latency_s: float = 0.0) -> Iterator[tuple[str, float]]:
        """Each route's target and how far it is pushed after `dt_s` more seconds, at these values of all features.

        `latency_s`: from the newest sound in them to the light of this frame. A lead "auto" is that, and half a frame
        more: so a beat lights the frame nearest to it, not the one after it.
        """
        if not self._wires and not self._glides:
            return
        values = features.tolist()
        led = {
            lead: [*values, *beat.step(values, latency_s + dt_s / 2 if lead == "auto" else lead, dt_s)]
            for lead, beat in self._leads.items()
        }
        for wire in self._wires:
            push = wire.push(led[wire.lead] if wire.lead else values, dt_s)
            if not wire.muted:
                yield wire.target, push
        if self._glides or self._new:
            yield from self._glide(dt_s)

    def _glide(self, dt_s: float) -> Iterator[tuple[str, float]]:
        """What is left of pushes before the newest change."""
        for wire in self._new:
            if not wire.muted:
                self._glides[wire.target] = self._glides.get(wire.target, 0.0) - wire.pushed
        self._new = []
        keep = exp(-dt_s / GLIDE_S)
        glides = {target: left * keep for target, left in self._glides.items()}
        self._glides = {target: left for target, left in glides.items() if abs(left) > NOTHING}
        yield from glides.items()
