"""Hue: rotation of the colour wheel."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.colour import LUMA, Rows, apply_matrix, between
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


def rotation(turns: float) -> Rows:
    """Rodrigues' rotation about the grey axis (1, 1, 1) of the RGB cube."""
    angle = 2 * math.pi * turns
    even = (1 - math.cos(angle)) / 3
    skew = math.sin(angle) / math.sqrt(3)
    stay, next_, last = even + math.cos(angle), even - skew, even + skew
    return [[stay, next_, last], [last, stay, next_], [next_, last, stay]]


def of_equal_luma(matrix: Rows) -> Rows:
    """The matrix with a grey added to what comes out, so that every colour keeps its luma."""
    change = [LUMA[i] - sum(LUMA[out] * matrix[out][i] for out in range(3)) for i in range(3)]
    return [[value + added for value, added in zip(row, change, strict=True)] for row in matrix]


@EFFECTS("hue", order=300)
class Hue(Effect):
    """Hue effect: rotates colours about the grey axis of the RGB cube (Rodrigues' rotation about (1, 1, 1))."""

    parameters = (AMOUNT, Parameter("luma", 0, 1, 0, "1: every colour stays as bright as it was"))
    planes = True

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """A whole turn at 1: red has become green at a third, blue at two thirds."""
        matrix = rotation(amounts["amount"])
        return apply_matrix(pixels, between(matrix, of_equal_luma(matrix), amounts["luma"]))
