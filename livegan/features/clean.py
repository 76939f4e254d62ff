"""Whatever a sound card may hand over becomes finite mono sound."""

import numpy as np

from livegan.core.types import Samples, Vector

LOUDEST = 16.0  # +24 dBFS: nothing honest is louder, and its square still fits float32
QUIETEST = 1e-9  # -180 dBFS: below the last bit of any converter, and denormals are slow


def mono(sound: Samples, out: Vector) -> None:
    """Mean of the channels of `sound` (n, channels) into `out` (n,).

    A sample that is not a number counts as 0, one beyond ±16 is cut there, whispers below -180 dBFS and zero channels
    are silence. So every number made from `out` is finite.
    """
    if not sound.shape[1]:
        out[:] = 0.0
        return
    peak = max(float(sound.max()), -float(sound.min()))  # NaN stays NaN and fails both comparisons
    if peak < QUIETEST:
        out[:] = 0.0
        return
    if not peak <= LOUDEST:
        sound = np.clip(np.where(np.isfinite(sound), sound, np.float32(0.0)), -LOUDEST, LOUDEST)
    np.add.reduce(sound, axis=1, out=out)
    out *= np.float32(1.0 / sound.shape[1])
