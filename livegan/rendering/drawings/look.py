"""Look of a drawing: its numbers, and where it stands in the picture."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import cos, pi, sin

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.parameters import DRAWING

Points = NDArray[np.float32]  # (n, 2) x to the right, y down; 1 is half the height of the picture
DEFAULTS = {parameter.name: parameter.default for parameter in DRAWING}


@dataclass(frozen=True, slots=True)
class Look:
    """Numbers of a drawing, each as in `core.parameters.DRAWING`, and its place."""

    hue: float = DEFAULTS["hue"]
    colour: float = DEFAULTS["colour"]
    spread: float = DEFAULTS["spread"]
    thickness: float = DEFAULTS["thickness"]
    glow: float = DEFAULTS["glow"]
    symmetry: int = 1
    form: int = 0
    density: float = DEFAULTS["density"]
    octaves: float = DEFAULTS["octaves"]
    travel: float = 0.0  # where stars are on their way, 0..1
    streak: float = 1.0  # speed of stars
    turn: float = 0.0  # of the whole, to the right [turns]
    scale: float = 1.0
    x: float = 0.0  # its middle; 1 is half the width
    y: float = 0.0  # ... half the height
    seed: int = 0


def look_of(values: Mapping[str, float], prefix: str = "", seed: int = 0) -> Look:
    """The look that a table of parameters says: ``canvas.hue`` with the prefix "canvas.", or a layer's ``hue``."""
    read = {
        name: values[prefix + name] for name in DEFAULTS if name not in ("speed", "spin") and prefix + name in values
    }
    read |= {name: round(read[name]) for name in ("symmetry", "form") if name in read}
    more = {name: values[prefix + name] for name in ("travel", "streak", "scale", "x", "y") if prefix + name in values}
    turn = values.get(prefix + "turn", 0.0) + values.get(prefix + "rotate", 0.0) / 360
    return replace(Look(**read, turn=turn, seed=seed), **more)  # type: ignore[arg-type]


def placed(points: Points, look: Look, size: tuple[int, int]) -> Points:
    """Points of a drawing where they lie in a picture [px], once for each repetition: (n * symmetry, 2)."""
    height, width = size
    half = height / 2
    copies = []
    for index in range(look.symmetry):
        angle = 2 * pi * (look.turn + index / look.symmetry)
        matrix = np.array([[cos(angle), sin(angle)], [-sin(angle), cos(angle)]], np.float32) * np.float32(look.scale)
        copies.append(points @ matrix)
    middle = np.array([width / 2 * (1 + look.x), half * (1 + look.y)], np.float32)
    return np.concatenate(copies) * np.float32(half) + middle


def grid(look: Look, size: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    """Places of the pixels within a drawing: x and y (height, width), the inverse of `placed` without repetitions."""
    height, width = size
    half = height / 2
    across = (torch.arange(width, device=device) + 0.5 - width / 2 * (1 + look.x)) / (half * look.scale)
    down = (torch.arange(height, device=device) + 0.5 - half * (1 + look.y)) / (half * look.scale)
    if look.turn % 1 == 0:
        return across.expand(height, width), down[:, None].expand(height, width)
    c, s = cos(2 * pi * look.turn), sin(2 * pi * look.turn)
    return across * c + down[:, None] * s, down[:, None] * c - across * s
