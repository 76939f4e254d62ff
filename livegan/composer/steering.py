"""Steering: how the next bar is to be written. Neutral by default; values may move at any time."""

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LATENTS = 64  # numbers of a phrase's latent
Z = NDArray[np.float32]  # (LATENTS,), N(0, 1) each


@dataclass(frozen=True, slots=True, eq=False)
class Steering:
    """How a bar is to be written. Values outside their ranges are clipped."""

    density: float = 0.5  # 0 long notes, .5 as Bach, 1 running eighths and 16ths
    register: float = 0.0  # higher or lower than Bach's voices [semitones, -12..12]
    tension: float = 0.5  # 0 plain chords of the key, .5 as Bach, 1 dissonances and foreign notes
    follow: float = 0.5  # how closely the contour is followed: 0 not at all, .3 loosely, .5 well, 1 nearly to the note
    mode: Literal["major", "minor"] | None = None  # of first and last chords; None: the seed chooses
    z: Z | None = None  # place in the space of phrases; None: endless music walks by itself

    def clipped(self) -> "Steering":
        """The same within the ranges; a number that is none is neutral."""
        limits = {"density": (0.0, 1.0), "register": (-12.0, 12.0), "tension": (0.0, 1.0), "follow": (0.0, 1.0)}
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, (low, high) in limits.items():
            value = float(values[name])
            values[name] = min(max(value, low), high) if np.isfinite(value) else getattr(NEUTRAL, name)
        if self.z is not None:
            z = np.zeros(LATENTS, np.float32)
            given = np.nan_to_num(np.asarray(self.z, np.float32).ravel()[:LATENTS], posinf=0.0, neginf=0.0)
            z[: len(given)] = np.clip(given, -4, 4)
            values["z"] = z
        return Steering(**values)


NEUTRAL = Steering()
