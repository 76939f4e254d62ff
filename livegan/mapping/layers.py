"""Layer planner: where the layers of a scene are, how far they have moved on, and whether their gates are open."""

from collections.abc import Mapping
from dataclasses import replace

from livegan.core.layers import Layer
from livegan.core.parameters import DRAWING, PLACING
from livegan.mapping.gate import MusicGate

TRAVEL = 0.12  # of the way from afar to the viewer, per second at speed 1
_OWN = ("amount", "threshold", "speed", "spin")  # read here
_NAMES = tuple(p.name for p in (*PLACING, *DRAWING) if p.name not in _OWN)


class Phases:
    """What has been added up of a speed and a spin: places on a circle of length 1, and seconds."""

    def __init__(self) -> None:
        self.travel, self.turn, self.time_s = 0.0, 0.0, 0.0

    def step(self, speed: float, spin: float, dt_s: float) -> None:
        """Move on by `dt_s`."""
        self.travel = (self.travel + speed * TRAVEL * dt_s) % 1.0
        self.turn = (self.turn + spin * dt_s) % 1.0
        self.time_s += speed * dt_s


class PlannedLayer:
    """One layer of a scene that plays."""

    def __init__(self, number: int, layer: Layer, gate: MusicGate | None = None) -> None:
        """`layer`: what does not change. `number` is that of its parameters, 1 .. LAYERS."""
        self._layer, self._gate = layer, gate
        self._prefix = f"layer.{number}."
        self._names = [(name, self._prefix + name) for name in _NAMES]
        self._phases = Phases()

    def step(self, now: Mapping[str, float], gate_value: float, dt_s: float) -> Layer | None:
        """The layer of the next frame, None while nothing of it is seen; `now` holds all parameters by name.

        `gate_value` is the feature of its gate.
        """
        speed, spin = now[self._prefix + "speed"], now[self._prefix + "spin"]
        speed = max(speed, 0.0) if self._layer.kind == "video" else speed  # videos play forwards
        self._phases.step(speed, spin, dt_s)
        amount = now[self._prefix + "amount"]
        if self._gate is not None:
            amount *= self._gate.step(gate_value, now[self._prefix + "threshold"], dt_s)
        if amount <= 0:
            return None
        values = {**self._layer.values, **{name: now[key] for name, key in self._names}}
        values["travel"], values["turn"], values["streak"] = self._phases.travel, self._phases.turn, abs(speed)
        if self._layer.kind == "video":
            values["time"] = self._phases.time_s
        return replace(self._layer, amount=amount, values=values)
