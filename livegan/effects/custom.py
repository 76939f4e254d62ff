"""Custom effects: Python functions of the user with the contract of lucid-sonic-dreams, run as they are.

A function is called with the keyword arguments ``array`` (uint8 (height, width, 3), the function's own to change),
``strength`` and ``amplitude`` (0..1, how much is heard now), and returns a picture: a NumPy array or a PIL image.
Floats are taken as 0..1, or as 0..255 from the first picture on in which one is larger than FLOAT_LIMIT.
"""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from livegan.core.guard import Guard, unguarded
from livegan.core.types import Picture, Pixels
from livegan.core.user_code import import_from, importable, user_code_errors
from livegan.effects.memory import Memory, memory_of, restore_into, under, within
from livegan.errors import VenueError

if TYPE_CHECKING:
    import torch

ARGUMENTS = ("array", "strength", "amplitude")
REMEMBERED = ("floats_are_bytes",)
FLOAT_LIMIT = 1.5  # pictures of floats in 0..1 may overshoot so far
EXAMPLE = "write for example: def swirl(array, strength, amplitude)"

Function = Callable[..., Any]


class CustomEffect:
    """One function, and what range its floats have."""

    def __init__(self, name: str, folder: Path, function: Function | None = None) -> None:
        """Imports "module:function", searched in `folder` first; VenueError if it is not there or takes other names.

        `function`: used in its place.
        """
        self.name = name
        self._function = find_effect(name, folder) if function is None else checked_effect(name, function)
        self.floats_are_bytes = False

    def __call__(self, pixels: Pixels, strength: float, amplitude: float) -> Pixels:
        """The picture it makes of `pixels`, uint8 of the same shape; ValueError if it returns something else."""
        result = self._function(array=pixels.copy(), strength=strength, amplitude=amplitude)
        return self._pixels(result, pixels.shape)

    def _pixels(self, result: Any, shape: tuple[int, ...]) -> Pixels:
        if hasattr(result, "convert"):  # a PIL image
            result = result.convert("RGB")
        picture = np.asarray(result)
        if picture.ndim == 2:
            picture = picture[:, :, None]
        if picture.ndim != 3 or picture.shape[:2] != shape[:2] or picture.shape[2] not in (1, 3, 4):
            raise ValueError(f"it returned {picture.dtype} {picture.shape}; it must return a picture {shape}")
        picture = np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture[:, :, :3]
        if np.issubdtype(picture.dtype, np.floating):
            values = np.nan_to_num(picture.astype(np.float64), nan=0.0, posinf=1.0, neginf=0.0)
            self.floats_are_bytes = self.floats_are_bytes or bool(values.max(initial=0.0) > FLOAT_LIMIT)
            picture = values if self.floats_are_bytes else values * 255.0
            picture = np.rint(picture)
        elif picture.dtype == np.bool_:
            picture = picture * 255
        return np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8))


class CustomEffects:
    """The custom effects of a show in their order, before those of its scenes, as in lucid-sonic-dreams.

    One that raises is bypassed if `guard` survives it.
    """

    def __init__(
        self,
        names: Sequence[str],
        folder: Path,
        guard: Guard = unguarded,
        given: Mapping[str, Function] = MappingProxyType({}),
    ) -> None:
        """`names`: "module:function" of each; those of `given` are not imported. VenueError if one cannot be called."""
        with ExitStack() as stack:
            stack.enter_context(importable(folder))
            self._effects = [CustomEffect(name, folder, given.get(name)) for name in names]
            self._import_path = stack.pop_all()
        self._guard = guard

    def step(self, picture: Picture, plan: Mapping[str, float]) -> Picture:
        """One frame, a torch tensor; `plan` is `FramePlan.effects`: "custom.1" -> strength, "custom.1.amplitude" ..."""
        for number, effect in enumerate(self._effects, 1):
            strength = plan.get(f"custom.{number}", 0.0)
            if strength > 0 and math.isfinite(strength):
                amplitude = plan.get(f"custom.{number}.amplitude", 0.0)
                work = partial(_applied, effect, cast("torch.Tensor", picture), strength, amplitude)
                picture = self._guard(f"effect {effect.name}", work, picture)
        return picture

    def memory(self) -> Memory:
        """What range the floats of each have; the functions themselves must remember nothing."""
        memory: Memory = {}
        for number, effect in enumerate(self._effects, 1):
            memory |= under(f"custom.{number}", memory_of(effect, REMEMBERED))
        return memory

    def restore(self, memory: Memory) -> None:
        """Remember what the same effects did in another process."""
        for number, effect in enumerate(self._effects, 1):
            restore_into(effect, REMEMBERED, within(memory, f"custom.{number}"))

    def close(self) -> None:
        """Take the folder off the import path. Idempotent."""
        self._import_path.close()


def _applied(effect: CustomEffect, picture: "torch.Tensor", strength: float, amplitude: float) -> Picture:
    import torch

    pixels = effect(picture.cpu().numpy(), strength, amplitude)
    return cast("Picture", torch.from_numpy(pixels).to(picture.device))


def find_effect(name: str, folder: Path) -> Function:
    """The function "module:function"; VenueError if it is not there, or does not take ARGUMENTS."""
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute.isidentifier():
        raise VenueError(f"'{name}' is not MODULE:FUNCTION; type for example: --effect my_fx:swirl")
    module = import_from(module_name, folder, VenueError)
    if not hasattr(module, attribute):
        names = sorted(word for word, value in vars(module).items() if callable(value) and not word.startswith("_"))
        raise VenueError(f"{module_name} has no '{attribute}'; there are: {', '.join(names) or 'none'}")
    return checked_effect(name, getattr(module, attribute))


def checked_effect(name: str, function: object) -> Function:
    """The function; VenueError if it cannot be called, or does not take ARGUMENTS."""
    if not callable(function):
        raise VenueError(f"{name} cannot be called; {EXAMPLE}")
    with user_code_errors(name, "be looked at", VenueError):
        parameters = list(inspect.signature(function).parameters)
    if not set(ARGUMENTS) <= set(parameters):
        raise VenueError(
            f"{name} must have parameters called array, strength and amplitude, it has ({', '.join(parameters)}); "
            f"{EXAMPLE}"
        )
    return cast("Function", function)
