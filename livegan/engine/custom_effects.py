"""Custom effects of the player: those of the venue and of the shell, checked. A scene may name none."""

from collections.abc import Iterable, Sequence

from livegan.config.venue import EffectTable
from livegan.core.parameters import CUSTOM_EFFECTS
from livegan.core.registry import unknown
from livegan.errors import VenueError


def effect_mistakes(effects: Sequence[EffectTable], features: Iterable[str]) -> list[str]:
    """One line for each custom effect whose source is no feature here. Their code is not run."""
    known = list(features)
    return [
        f"effects.{i}.amplitude_from: {unknown('feature', table.amplitude_from, known)}"
        for i, table in enumerate(effects)
        if table.amplitude_from not in known
    ]


def effects_typed(functions: Sequence[str], source: str, strength: float) -> tuple[EffectTable, ...]:
    """Tables for ``--effect MODULE:FUNCTION``, each with the source and the strength that were typed."""
    if len(functions) > CUSTOM_EFFECTS:
        raise VenueError(f"--effect is there {len(functions)} times; at most {CUSTOM_EFFECTS} can be played")
    for name in functions:
        module, _, attribute = name.partition(":")
        if not attribute.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
            raise VenueError(f"--effect {name!r} is not MODULE:FUNCTION; type for example: --effect my_fx:swirl")
    return tuple(EffectTable(function=name, amplitude_from=source, strength=strength) for name in functions)
