"""Examples without a beat, written to a store: noises, unmetred sounds and recorded talkers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from livegan.errors import DatasetError
from livegan.networks.hearing_bands import power_bands
from livegan.studio.hearing.crowds import put, unit
from livegan.studio.hearing.dirt import phoned, rough
from livegan.studio.hearing.formants import Mono
from livegan.studio.hearing.noises import NOISES
from livegan.studio.hearing.unmetred import UNMETRED
from livegan.training.hearing.store import Example, Kind, write_example

SAMPLE_RATE = 44100
SPOILT = 0.3  # share of the examples that went through a phone or a crowded room
QUIET_DBFS, LOUD_DBFS = -45.0, -3.0  # of peaks
LENGTHS_S = (20.0, 32.0)
PAUSES_S = (0.15, 0.4, 0.9)  # of recorded talkers, in the mean
QUANTILE = 0.9995  # of the samples: what counts as the peak; what is above is bent

Events = Mapping[str, Sequence[float] | NDArray[np.floating]]  # activation -> moments [s]


def levelled(sound: Mono, peak_dbfs: float) -> NDArray[np.float32]:
    """The sound (n,) with its peaks at a level; the few that are higher are bent towards 1.5 times as much."""
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


def in_turn(
    talkers: Sequence[Sequence[Path]], seconds: float, sample_rate: int, rng: np.random.Generator, pause_s: float = 0.5
) -> Mono:
    """Recorded talkers in turn, (n,), RMS about 1: some phrases of one, pauses of 0.1 s and more, then another.

    `talkers`: for each the files of phrases; those that cannot be read are left out. Silence if there are none.
    """
    sound = np.zeros(round(seconds * sample_rate))
    at, missed = float(rng.uniform(0, 0.5)), 0
    while at < seconds and missed < 100 and any(talkers):
        files = talkers[int(rng.integers(len(talkers)))]
        first = int(rng.integers(max(1, len(files))))
        for file in files[first : first + int(rng.integers(2, 9))]:
            phrase = recorded(file, sample_rate)
            if not len(phrase):
                missed += 1
                continue
            put(sound, phrase, at, sample_rate)
            at += len(phrase) / sample_rate + 0.1 + float(rng.exponential(pause_s))
            if at > seconds:
                break
        at += float(rng.exponential(pause_s)) - (0.6 if rng.random() < 0.2 else 0.0)
        missed += 1
    return unit(sound)


def recorded(path: Path, sample_rate: int, most_s: float = 60.0) -> Mono:
    """A recording as mono, (n,), at a rate, RMS 1, without the silence around it; empty if it cannot be read."""
    try:
        with soundfile.SoundFile(path) as file:
            sound, rate = file.read(round(most_s * file.samplerate), always_2d=True).mean(axis=1), file.samplerate
    except (OSError, soundfile.LibsndfileError):
        return np.zeros(0)
    loud = np.flatnonzero(np.abs(sound) > 0.01 * max(float(np.abs(sound).max(initial=0.0)), 1e-6))
    if len(loud) < rate // 50:
        return np.zeros(0)
    cut = sound[loud[0] : loud[-1] + 1]
    return unit(np.asarray(soxr.resample(cut, rate, sample_rate)) if rate != sample_rate else cut)


def write_unmetred(
    folder: Path,
    pieces: int,
    seed: int = 0,
    kinds: Sequence[str] = (*NOISES, *UNMETRED),
    talkers: Sequence[Sequence[Path]] = (),
    seconds: tuple[float, float] = LENGTHS_S,
) -> int:
    """Write `pieces` examples of each kind of NOISES and UNMETRED, and as many of recorded talkers; how many are new.

    What is there already is not made again. `talkers`: files of phrases of each. DatasetError for an unknown kind.
    """
    unknown = [kind for kind in kinds if kind not in NOISES and kind not in UNMETRED]
    if unknown:
        raise DatasetError(f"no sound called '{unknown[0]}'; there are: {', '.join((*NOISES, *UNMETRED))}")
    wanted = [(number, kind) for number in range(pieces) for kind in (*kinds, *(("recorded",) if talkers else ()))]
    made = 0
    for number, kind in wanted:
        path = folder / f"{kind}-{seed}-{number}.npz"
        if path.exists():
            continue
        own = crc32(path.stem.encode())
        rng = np.random.default_rng(own)
        length = float(rng.uniform(*seconds))
        events: Events = {}
        if kind in NOISES:
            sound = NOISES[kind](length, SAMPLE_RATE, rng)
        elif kind in UNMETRED:
            sound, events = UNMETRED[kind](length, SAMPLE_RATE, rng)
        else:
            sound = in_turn(talkers, length, SAMPLE_RATE, rng, float(rng.choice(PAUSES_S)))
        group: Kind = "noise" if kind in NOISES else "nobeat"
        write_example(path, example(path.stem, group, kind, sound, SAMPLE_RATE, own, events))
        made += 1
    return made
