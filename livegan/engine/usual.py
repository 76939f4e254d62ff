"""The eight parameters of a scene that come first where there are eight sliders: phone, TouchOSC, suggestions."""

from collections.abc import Container, Iterable, Mapping

from livegan.core.binding import Binding
from livegan.engine.board import Board

SLIDERS = 8
USUAL = ("react", "motion.speed", "motion.pulse", "motion.drift", "truncation", "effect.hue", "effect.trails", "noise")
"""Where a scene says nothing."""

FAMILIES = ("knob", "fader")


def first_eight(bindings: Mapping[str, Binding], routed: Iterable[str], known: Container[str]) -> list[str]:
    """What a scene binds to knobs and faders 1 to 8, then what its routes push (`routed`), then the usual.

    `known`: the parameters of the scene; others are left out.
    """
    controls = [f"{family}.{number}" for family in FAMILIES for number in range(1, SLIDERS + 1)]
    bound = [bindings[control].to for control in controls if control in bindings]
    return [name for name in dict.fromkeys([*bound, *routed, *USUAL]) if name in known][:SLIDERS]


def eight_of(board: Board) -> list[str]:
    """Those of the scene that plays."""
    return first_eight(board.bindings, (meter.table.target for meter in board.routes), board.parameters)
