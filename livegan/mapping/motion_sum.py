"""Weighted sum of motion models: the latent of a scene with several tables [[motion]]."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import sqrt

import numpy as np

from livegan.core.parameters import motion_parameter
from livegan.core.types import FeatureFrame, Vector
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import Motion

Weighted = Sequence[tuple[float, Vector]]


class MotionSum:
    """Weighted sum of motion models, `motion.weight`, `motion.2.weight` ... being the weights.

    z are added and divided by the root of the sum of squared weights where that is above 1: latents that are not
    correlated keep the usual length of z, and no weight makes a jump. Where a model gives w or a mix, all are averaged
    in w, the sum of those that give z alone counting with the sum of their weights. Class weights are averaged. The
    target is that of the first model that has one.
    """

    def __init__(self, motions: Sequence[Motion], chroma_of: str = "") -> None:
        """At least one, in the order of the scene; `chroma_of`: whose notes choose the classes (`MotionSettings`)."""
        self.chroma_of = chroma_of
        self.models = tuple(motions)
        self._weights = [motion_parameter("motion.weight", k) for k in range(1, len(motions) + 1)]
        self._names = [  # of the k-th model: its own name of a parameter, and that in the scene
            [(each.name, motion_parameter(each.name, k)) for each in motion.parameters]
            for k, motion in enumerate(motions, 1)
        ]

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """Advance every model by `dt_s`; `values` holds every parameter of the scene."""
        parts: list[tuple[float, Latent]] = []
        for k, motion in enumerate(self.models):
            own = {name: values[numbered] for name, numbered in self._names[k]} if k else {}
            parts.append((values[self._weights[k]], motion.step(heard, {**values, **own} if own else values, dt_s)))
        z = _sum([(weight, latent.z) for weight, latent in parts if latent.z is not None])
        classes = [(weight, latent.classes) for weight, latent in parts if latent.classes is not None]
        known = _mean(classes) if classes else None
        target = next((latent.target for _, latent in parts if latent.target is not None), None)
        if all(latent.w is None and not latent.mix for _, latent in parts):
            return Latent(z=z, classes=known, target=target)
        return replace(_in_w(parts, z, known), target=target)


def _in_w(parts: Sequence[tuple[float, Latent]], z: Vector | None, classes: Vector | None) -> Latent:
    """Weighted mean in w."""
    shares = _shares([weight for weight, _ in parts])
    mix: list[tuple[float, Vector]] = []
    given: list[tuple[float, Vector]] = []
    plain: list[tuple[float, Vector]] = []
    share_of_z = 0.0
    for share, (weight, latent) in zip(shares, parts, strict=True):
        mix += [(share * each, point) for each, point in latent.mix]
        rest = share * (1 - sum(each for each, _ in latent.mix))
        if latent.w is not None:
            given.append((rest, latent.w))
        elif latent.mix and latent.z is not None:
            mix += [(rest, latent.z)] if abs(rest) > 1e-6 else []
        elif latent.z is not None:
            plain.append((weight, latent.z))
            share_of_z += rest
    added = _sum(plain)
    if added is not None:
        mix.append((share_of_z, added))
    return Latent(z=z, w=_mean(given) if given else None, mix=tuple(mix), classes=classes)


def _sum(parts: Weighted) -> Vector | None:
    """Weighted sum, no longer than one of them usually is; None of none."""
    if not parts:
        return None
    length = max(1.0, sqrt(sum(weight * weight for weight, _ in parts)))
    return np.asarray(sum(part * np.float32(weight / length) for weight, part in parts), np.float32)


def _shares(weights: Sequence[float]) -> list[float]:
    """The weights divided by their sum; equal if all are 0."""
    total = sum(weights)
    return [weight / total if total > 0 else 1 / len(weights) for weight in weights]


def _mean(parts: Weighted) -> Vector:
    """Weighted mean of one or more."""
    if len(parts) == 1:
        return parts[0][1]
    shares = _shares([weight for weight, _ in parts])
    return np.asarray(sum(part * np.float32(share) for share, (_, part) in zip(shares, parts, strict=True)), np.float32)
