"""EFFECTS: the table of effects in the order they are applied, and the base class of an effect."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from livegan.core.parameters import Parameter
from livegan.core.registry import Registry
from livegan.effects.memory import Memory, memory_of, restore_into

if TYPE_CHECKING:
    import torch

PREFIX = "effect."  # of an effect's parameters in scenes, routes and knobs
AMOUNT = Parameter("amount", 0, 1, 0, "amount of the effect; 0 is off")


class Effect(ABC):
    """Image effect: pixels in, pixels out. Made without arguments; what it remembers of earlier frames is its own.

    Laws: shape, type and device are kept; values stay within 0..255; the input is never written to, and what was
    returned is never written to again; near amount 0 the picture is nearly the input (at 0 the effect is not called);
    the same calls give the same pictures; time constants are in seconds. Import torch inside functions: listing effects
    must not load it.
    """

    parameters: ClassVar[tuple[Parameter, ...]] = (AMOUNT,)  # the first is the amount: its low and default are 0
    planes: ClassVar[bool] = False  # whether it is quicker where each colour is a plane of its own in memory
    moves_memory: ClassVar[bool] = False  # whether earlier frames are resampled: the oftener, the softer they are
    remembers: ClassVar[tuple[str, ...]] = ()  # attributes that later frames depend on: numbers, tensors (None: unset),
    # and what has such a `memory` and `restore` itself. Caches are none of them

    @abstractmethod
    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """One frame, float32 (h, w, 3) within 0..255, `dt_s` >= 0 seconds after the frame before.

        The chain converts the picture once, before the first effect, and rounds it once, after the last.

        `amounts` holds every one of `parameters` by name, within its range; the first is above 0.
        """

    def reset(self) -> None:  # noqa: B027 - most effects remember nothing
        """Forget earlier frames: the amount has become 0."""

    def memory(self) -> Memory:
        """What it remembers of earlier frames; a new effect that restores it goes on with the same pictures."""
        return memory_of(self, self.remembers)

    def restore(self, memory: Memory) -> None:
        """Remember what another effect of this class did."""
        restore_into(self, self.remembers, memory)


def check_effect(name: str, effect: object) -> None:
    """TypeError or ValueError for what cannot be a member of EFFECTS."""
    if not (isinstance(effect, type) and issubclass(effect, Effect)):
        raise TypeError(f"the effect '{name}' is not a subclass of livegan.effects.registry.Effect")
    names = [parameter.name for parameter in effect.parameters]
    if not names or effect.parameters[0].low != 0 or effect.parameters[0].default != 0:
        raise ValueError(f"the first parameter of the effect '{name}' must be an amount with low 0 and default 0")
    if len(set(names)) < len(names):
        raise ValueError(f"two parameters of the effect '{name}' have one name")
    if not effect.__module__.startswith("livegan."):
        effect()  # a plugin that cannot be made is left out here, not in the show


EFFECTS: Registry[type[Effect]] = Registry(
    "effect", package="livegan.effects", entry_point_group="livegan.effects", check=check_effect
)


def keys_of(name: str, effect: type[Effect]) -> list[str]:
    """Keys of an effect's parameters in `FramePlan.effects`: "glow" (the amount), "glow.radius" ..."""
    return [name, *(f"{name}.{parameter.name}" for parameter in effect.parameters[1:])]


def effect_parameters() -> dict[str, Parameter]:
    """Every parameter of every effect by the name that scenes use: ``effect.glow``, ``effect.glow.radius`` ..."""
    table = {}
    for name in EFFECTS:
        first, *others = EFFECTS[name].parameters
        table[PREFIX + name] = replace(
            first, name=PREFIX + name, about=f"amount of the effect {name}; 0 is off", reader="effect"
        )
        for other in others:
            key = f"{PREFIX}{name}.{other.name}"
            table[key] = replace(other, name=key, reader="effect")
    return table
