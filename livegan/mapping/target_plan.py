"""Dream targets in a frame plan: classes, latents, parameters and colours, pulled towards a target.

The scene's own classes and motion go on below a target, so that the picture answers the music as before.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from livegan.core.parameters import MOTIONS, motion_parameter
from livegan.core.target import CLASSES, LATENTS
from livegan.core.types import Vector
from livegan.mapping.target_follower import Pull

HELD = 0.65  # share of a latent's own motion that a target takes away; the rest goes on around it
PACE = 3.0  # octaves of pace between motion 0 and 1
MIDDLE = 0.5  # of a target's number: neither more nor less than the scene has

PATTERN_LATENTS = (len(LATENTS), len(LATENTS) + 2)  # z_dim of networks whose z begins with the latents of the motifs


def pulled_classes(own: Vector, names: Sequence[str], pull: Pull, amount: float) -> Vector:
    """Class vector (c_dim,): a network's own pulled towards the target's; its largest weight is the largest there."""
    share = amount * pull.class_share
    wanted = np.array([pull.classes.get(name, 0.0) for name in names], np.float32)
    if share <= 0 or len(wanted) != len(own) or not wanted.any():
        return own
    wanted *= max(float(own.max()), 1.0) / wanted.max()
    return np.asarray(own + (wanted - own) * np.float32(share), np.float32)


def latent_pull(z_dim: int, names: Sequence[str], pull: Pull, amount: float) -> tuple[Vector, Vector] | None:
    """What a latent z (z_dim,) is multiplied by, and what is added then; None where its numbers have no names."""
    if not pull.latents or z_dim not in PATTERN_LATENTS or set(names).isdisjoint(CLASSES):
        return None
    gain, offset = np.ones(z_dim, np.float32), np.zeros(z_dim, np.float32)
    for name, (value, present) in pull.latents.items():
        at = LATENTS.index(name)
        gain[at] -= HELD * amount * present
        offset[at] = value * amount * present
    return gain, offset


def _gradient(pull: Pull) -> Iterator[tuple[str, float]]:
    """Parameters of the effect "gradient" for the colours of a pull."""
    for stop, colour in zip(("dark", "middle", "light"), pull.colours, strict=True):
        for part, value in zip(("red", "green", "blue"), colour, strict=True):
            yield f"effect.gradient.{stop}_{part}", value
    yield "effect.gradient.place", pull.middle


def parameter_pushes(now: Mapping[str, float], pull: Pull, amount: float) -> dict[str, float]:
    """How far a target pushes parameters whose values are `now`, by name."""
    off = {name: amount * present * 2 * (value - MIDDLE) for name, (value, present) in pull.numbers.items()}  # -1..1
    pushes: dict[str, float] = {}
    if energy := off.get("energy", 0.0):
        pushes |= {"truncation": 0.2 * energy if energy > 0 else 0.05 * energy, "react": 0.4 * energy}
    if motion := off.get("motion", 0.0):
        faster = 2 ** (PACE / 2 * motion)
        for k in range(1, MOTIONS + 1):
            speed, beats = (motion_parameter(f"motion.{name}", k) for name in ("speed", "beats"))
            if speed in now:
                pushes[speed] = now[speed] * (faster - 1)
            if beats in now:
                pushes[beats] = now[beats] * (1 / faster - 1)
    if brightness := off.get("brightness", 0.0):
        if brightness < 0:
            pushes["effect.dim"] = -0.35 * brightness
        elif now["effect.gamma.power"] < 1:
            pushes["effect.gamma"] = 0.7 * brightness
    if (contrast := off.get("contrast", 0.0)) > 0:
        pushes["effect.contrast"] = 0.5 * contrast
    if sharpness := off.get("sharpness", 0.0):
        pushes["effect.glow"] = -0.5 * sharpness if sharpness < 0 else -now["effect.glow"] * sharpness
    if share := amount * pull.colour_share:
        own = now["effect.gradient"]
        pushes["effect.gradient"] = (1 - own) * share
        for name, value in _gradient(pull):
            pushes[name] = (value - now[name]) * (share / (share + own * (1 - share)))
    return pushes
