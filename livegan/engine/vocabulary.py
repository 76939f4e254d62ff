"""Vocabulary: every parameter and feature that a scene may name on this machine. Needs no torch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from livegan.config.scene import Scene
from livegan.core.binding import Binding, parse_binding
from livegan.core.parameters import PARAMETERS, Parameter, motion_parameter, table, w_parameter
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

    def of_scene(self, scene: Scene, knobs: Mapping[str, Binding | str] | None = None) -> "Vocabulary":
        """Add what only this scene has: parameters of its second and further motion models, its slices of w.

        `knobs` are those of the venue, which may name such slices too.
        """
        further = {
            motion_parameter(parameter.name, k): replace(parameter, name=motion_parameter(parameter.name, k))
            for k, motion in enumerate(scene.motion[1:], 2)
            if motion.model in MOTIONS
            for parameter in MOTIONS[motion.model].parameters
        }
        bound = [parse_binding(to).to for to in (*scene.knobs.values(), *(knobs or {}).values())]
        further |= w_parameters([*scene.parameters, *(route.target for route in scene.routes), *bound])
        return Vocabulary(self.layout, {**self.parameters, **further}) if further else self


def w_parameters(names: Iterable[str]) -> dict[str, Parameter]:
    """The slices of w among these names."""
    return {name: parameter for name in names if (parameter := w_parameter(name)) is not None}


def parameter_table() -> Mapping[str, Parameter]:
    """Every parameter by name: of the motion models, of mapping and generators, of the effects; plugins' too."""
    motions = (parameter for name in MOTIONS for parameter in MOTIONS[name].parameters)
    return table([*motions, *PARAMETERS, *effect_parameters().values()])


def effect_names(parameters: Iterable[str]) -> list[str]:
    """The effects among parameters, in the order of the table: "glow" of `effect.glow`, `effect.glow.radius` ..."""
    names = (name.removeprefix(PREFIX) for name in parameters if name.startswith(PREFIX))
    return [name for name in names if "." not in name]
