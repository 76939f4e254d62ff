"""Vocabulary: every parameter and feature that a scene may name on this machine. Needs no torch."""

from collections.abc import Mapping
from dataclasses import dataclass

from livegan.core.parameters import PARAMETERS, Parameter, table
from livegan.core.types import Layout
from livegan.effects.registry import effect_parameters
from livegan.mapping.motions.registry import MOTIONS


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that scenes are checked against."""

    layout: Layout  # features
    parameters: Mapping[str, Parameter]

    @classmethod
    def of(cls, layout: Layout) -> "Vocabulary":
        """The features of `layout`, and every parameter there is."""
        return cls(layout, parameter_table())


def parameter_table() -> Mapping[str, Parameter]:
    """Every parameter by name: of the motion models, of mapping and generators, of the effects; plugins' too."""
    motions = (parameter for name in MOTIONS for parameter in MOTIONS[name].parameters)
    return table([*motions, *PARAMETERS, *effect_parameters().values()])
