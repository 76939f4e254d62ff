"""Negative examples, without a beat, written to a store: noises and unmetred sounds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from livegan.errors import DatasetError
from livegan.networks.hearing_bands import power_bands
from livegan.studio.hearing.dirt import phoned, rough
from livegan.studio.hearing.formants import Mono
from livegan.studio.hearing.noises import NOISES
from livegan.studio.hearing.unmetred import UNMETRED
from livegan.training.hearing.store import Example, Kind, write_example

SAMPLE_RATE = 44100
SPOILT = 0.3  # share of the examples that went through a phone or a crowded room
QUIET_DBFS, LOUD_DBFS = -45.0, -3.0  # of peaks
LENGTHS_S = (20.0, 32.0)
QUANTILE = 0.9995  # of the samples: what counts as the peak; what is above is bent

Events = Mapping[str, Sequence[float] | NDArray[np.floating]]  # activation -> moments [s]


def levelled(sound: Mono, peak_dbfs: float) -> NDArray[np.float32]:
    """The sound (n,) within a peak of `peak_dbfs`.

    Its QUANTILE comes to two thirds of that (3.5 dB below); the few samples above are bent towards the peak by tanh.
    """
    peak = float(np.quantile(np.abs(sound), QUANTILE)) if len(sound) else 0.0
    relative = sound / max(peak, 1e-9)
    over = np.abs(relative) > 1
    relative[over] = np.sign(relative[over]) * (1 + 0.5 * np.tanh(np.abs(relative[over]) - 1))
    return np.asarray(relative * (10 ** (peak_dbfs / 20) / 1.5), np.float32)


def example(name: str, kind: Kind, style: str, sound: Mono, sample_rate: int, seed: int, events: Events) -> Example:
    """An example of a sound (n,), at some level, SPOILT of them through a phone or a room; `events` [s]."""
    rng = np.random.default_rng([seed, 11])
    heard = levelled(np.asarray(sound, np.float64), rng.uniform(QUIET_DBFS, LOUD_DBFS))
    if rng.random() < SPOILT:
        heard = (phoned if kind == "noise" or rng.random() < 0.6 else rough)(heard, sample_rate, seed)
        heard *= np.float32(10 ** (-rng.uniform(0, 20) / 20))
    known = {activation: np.asarray(moments, np.float32) for activation, moments in events.items()}
    return Example(name, kind, style, 1.0, power_bands(heard, sample_rate), known)


def write_unmetred(folder: Path, kind: str, seed: int) -> None:
    """Write an example KIND-SEED.npz of a kind of NOISES or UNMETRED, unless it is there; DatasetError for another."""
    if kind not in NOISES and kind not in UNMETRED:
        raise DatasetError(f"no sound called '{kind}'; there are: {', '.join((*NOISES, *UNMETRED))}")
    path = folder / f"{kind}-{seed}.npz"
    if path.exists():
        return
    own = crc32(path.stem.encode())
    rng = np.random.default_rng(own)
    length = float(rng.uniform(*LENGTHS_S))
    if kind in NOISES:
        made = example(path.stem, "noise", kind, NOISES[kind](length, SAMPLE_RATE, rng), SAMPLE_RATE, own, {})
    else:
        sound, events = UNMETRED[kind](length, SAMPLE_RATE, rng)
        made = example(path.stem, "nobeat", kind, sound, SAMPLE_RATE, own, events)
    write_example(path, made)
