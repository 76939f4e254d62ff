"""Vocabulary: every parameter and feature that a scene may name on this machine. Needs no torch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from livegan.config.scene import Scene
from livegan.core.parameters import PARAMETERS, Parameter, motion_parameter, table
from livegan.core.types import Layout
from livegan.effects.registry import PREFIX, effect_parameters
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

    def of_scene(self, scene: Scene) -> "Vocabulary":
        """Add the parameters of the second and further motion models of a scene: motion.2.NAME ..."""
        further = {
            motion_parameter(parameter.name, k): replace(parameter, name=motion_parameter(parameter.name, k))
            for k, motion in enumerate(scene.motion[1:], 2)
            if motion.model in MOTIONS
            for parameter in MOTIONS[motion.model].parameters
        }
        return Vocabulary(self.layout, {**self.parameters, **further}) if further else self


def parameter_table() -> Mapping[str, Parameter]:
    """Every parameter by name: of the motion models, of mapping and generators, of the effects; plugins' too."""
    motions = (parameter for name in MOTIONS for parameter in MOTIONS[name].parameters)
    return table([*motions, *PARAMETERS, *effect_parameters().values()])


def effect_names(parameters: Iterable[str]) -> list[str]:
    """The effects among parameters, in the order of the table: "glow" of `effect.glow`, `effect.glow.radius` ..."""
    names = (name.removeprefix(PREFIX) for name in parameters if name.startswith(PREFIX))
    return [name for name in names if "." not in name]
