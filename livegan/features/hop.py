"""Hop: one analysis step of an input group, computed once and read by every feature."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Samples, Vector
from livegan.features.beat_clock import BeatState
from livegan.features.pitch_classes import Chroma
from livegan.features.played_notes import NoteState
from livegan.features.spectrum import Bins


@dataclass(slots=True)
class Hop:
    """One analysis step. It and its arrays are lent until the next one."""

    number: int  # hops before this one: slow features work every so many of them
    raw: Samples  # (hop, channels) the group's own channels, clean
    peak: float  # the greatest magnitude among them
    sound: Vector  # (hop,) their mean, inverted channels turned back
    past: Vector  # (at least 4 windows,) the newest samples of that
    bins: Bins  # (window // 2 + 1,) spectrum of the window that ends with this hop
    power: Vector  # (window // 2 + 1,) mean square per bin, without DC; sums to the mean square of the sound
    bands: Vector  # (bands,) mean square per mel band
    level_db: float  # loudness of the window [dBFS], -120 or more
    normalised: Vector  # (4 + bands,) levels of the whole, the broad and the mel bands in their rolling ranges, 0..1
    loud_db: float  # ceiling of the range of the whole [dBFS]: how loud the set has been lately
    gate: float  # 0 silence .. 1 music
    open: bool  # the gate is open
    recently_open: bool  # ... or was within the last 1.5 s: then ranges keep adapting
    flux: float  # how much sound appeared, mean over all bands [decades]
    onsets: NDArray[np.float64]  # (4,) strengths as in onset_detection.ONSET_KINDS, before the gate
    chroma: Chroma | None  # which notes sound; None if no feature of this group asks
    beat: BeatState | None  # where the beat is; None if no feature of this group asks
    notes: NoteState | None = None  # of music that is known before it sounds; None of any other sound
