"""Patch bay: the routes of a scene, bound to features, and what they push in each frame."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from livegan.config.scene import RouteTable, Scene
from livegan.core.types import Layout, Vector
from livegan.mapping.beat_lead import NAMES, BeatLead
from livegan.mapping.event_gate import EventGate
from livegan.mapping.expression import Evaluate, ExpressionError, parse
from livegan.mapping.route import Route

Lead = Literal["auto"] | float


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
        self.table, self.target = table, table.target
        self._seen = self._pushed = 0.0  # in the newest frame
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

    def push(self, values: Sequence[float], dt_s: float) -> float:
        gate = True
        if self._gate is not None:
            downbeat = 0.0 if self._downbeat is None else values[self._downbeat]
            gate = self._gate.step(values[self._counted], downbeat)
        self._seen = self._read(values)
        self._pushed = self._route.push(self._seen, dt_s, gate)
        return self._pushed

    @property
    def meter(self) -> RouteMeter:
        """What it did in the newest frame."""
        low, high = self.table.range
        source = min(max((self._seen - low) / (high - low), 0.0), 1.0)
        return RouteMeter(self.table, source, self._pushed)


class PatchBay:
    """The routes of one scene, in order, with their memories."""

    def __init__(self, scene: Scene, layout: Layout) -> None:
        """A scene without mistakes (`validation.mistakes`)."""
        self._leads: list[tuple[Lead, BeatLead]] = []  # what each reads lies behind the features, in this order
        self._wires = [
            _Wire(i, table, scene.seed, self._index(table.lead, layout.index)) for i, table in enumerate(scene.routes)
        ]
        self.targets = frozenset(wire.target for wire in self._wires)

    @property
    def meters(self) -> tuple[RouteMeter, ...]:
        """Every route, and what it did in the newest frame."""
        return tuple(wire.meter for wire in self._wires)

    def _index(self, lead: Lead, index: Mapping[str, int]) -> Mapping[str, int]:
        """Where a route with this lead finds the features."""
        if not lead:
            return index
        leads = [known for known, _ in self._leads]
        if lead not in leads:
            self._leads.append((lead, BeatLead(index)))
            leads.append(lead)
        start = len(index) + len(NAMES) * leads.index(lead)
        return {**index, **{name: start + i for i, name in enumerate(NAMES)}}

    def pushes(self, features: Vector, dt_s: float, latency_s: float = 0.0) -> Iterator[tuple[str, float]]:
        """Each route's target and how far it is pushed after `dt_s` more seconds, at these values of all features.

        `latency_s`: from the newest sound in them to the light of this frame. A lead "auto" is that, and half a frame
        more: so a beat lights the frame nearest to it, not the one after it.
        """
        if not self._wires:
            return
        values = features.tolist()
        for lead, beat in self._leads:
            values += beat.step(values, latency_s + dt_s / 2 if lead == "auto" else lead, dt_s)
        for wire in self._wires:
            yield wire.target, wire.push(values, dt_s)
