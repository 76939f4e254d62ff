"""Sound of a frame: the newest samples, and the waveform and spectrum that drawings are made from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.core.blend import lerp

Floats = NDArray[np.float32]

POINTS = 1024  # of a waveform
BANDS = 128  # of a spectrum


@dataclass(frozen=True, slots=True, eq=False)
class SoundWindow:
    """The newest samples of the main input group, mixed to one channel."""

    samples: Floats  # (n,) full scale is -1..1, oldest first
    sample_rate: int  # [Hz]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SoundWindow):
            return NotImplemented
        return self.sample_rate == other.sample_rate and np.array_equal(self.samples, other.samples)


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Waveform and spectrum of the sound of one frame, as an AnalyserNode of the Web Audio API gives them."""

    waveform: Floats  # (POINTS,) -1..1, oldest first
    spectrum: Floats  # (BANDS,) 0 at the floor .. 1 at the ceiling, 30 Hz to 16 kHz in equal ratios

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sound):
            return NotImplemented
        same = np.array_equal(self.waveform, other.waveform)
        return same and np.array_equal(self.spectrum, other.spectrum)


SILENT = Sound(np.zeros(POINTS, np.float32), np.zeros(BANDS, np.float32))


def blend_sounds(start: Sound | None, end: Sound | None, amount: float) -> Sound | None:
    """Linear interpolation; where only one of them is there, that one, but at the ends what the end has."""
    if amount <= 0 or amount >= 1:
        return start if amount <= 0 else end
    if start is None or end is None:
        return start or end
    return Sound(lerp(start.waveform, end.waveform, amount), lerp(start.spectrum, end.spectrum, amount))
