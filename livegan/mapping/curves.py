"""Response curves: how a feature of 0..1 becomes a push of 0..1. All monotone; `invert` falls."""

from collections.abc import Callable
from math import sqrt

from livegan.core.registry import Registry

Curve = Callable[[float], float]
CURVES: Registry[Curve] = Registry("curve")


@CURVES("linear")
def linear(x: float) -> float:
    """y = x."""
    return x


@CURVES("square")
def square(x: float) -> float:
    """y = x²: quiet sound counts less."""
    return x * x


@CURVES("cube")
def cube(x: float) -> float:
    """y = x³: only loud sound counts."""
    return x * x * x


@CURVES("root")
def root(x: float) -> float:
    """y = √x: quiet sound counts more."""
    return sqrt(x)


@CURVES("smooth")
def smooth(x: float) -> float:
    """Smoothstep, 3x² - 2x³: soft at both ends."""
    return x * x * (3 - 2 * x)


@CURVES("gate")
def gate(x: float) -> float:
    """Step: 0 below a half, 1 from there."""
    return 1.0 if x >= 0.5 else 0.0


@CURVES("invert")
def invert(x: float) -> float:
    """y = 1 - x: silence pushes."""
    return 1 - x
