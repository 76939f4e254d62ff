"""Curves: how a feature's 0..1 becomes a push of 0..1. All monotone (invert: falling), 0..1 to 0..1."""

from collections.abc import Callable
from math import sqrt

from livegan.core.registry import Registry

Curve = Callable[[float], float]
CURVES: Registry[Curve] = Registry("curve")


@CURVES("linear")
def linear(x: float) -> float:
    """As it is."""
    return x


@CURVES("square")
def square(x: float) -> float:
    """Quiet things count less."""
    return x * x


@CURVES("cube")
def cube(x: float) -> float:
    """Only the loud counts."""
    return x * x * x


@CURVES("root")
def root(x: float) -> float:
    """Quiet things count more."""
    return sqrt(x)


@CURVES("smooth")
def smooth(x: float) -> float:
    """Soft at both ends: 3x² - 2x³."""
    return x * x * (3 - 2 * x)


@CURVES("gate")
def gate(x: float) -> float:
    """Nothing below a half, everything from there."""
    return 1.0 if x >= 0.5 else 0.0


@CURVES("invert")
def invert(x: float) -> float:
    """Silence pushes, sound relaxes."""
    return 1 - x
