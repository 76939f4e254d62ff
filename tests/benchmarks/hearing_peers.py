"""Who else listens: aubio, causal as we are, and librosa, which hears the whole song first.

In an environment of their own: ``pip install librosa aubio mir_eval mido``. Each plays with its own defaults, but for
librosa's onsets: they are looked for at 48 kHz, in steps of 11 ms instead of 23 ms, which it does better with.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.features import Listening
from livegan.studio.listen_events import MIN_TEMPO_CONFIDENCE, Transcript, hear_song
from tests.benchmarks.hearing_songs import RATE

WINDOW, HOP = 1024, 256  # of aubio
Moments = NDArray[np.float64]
Sound = NDArray[np.float32]  # (n, 2) at 48 kHz


@dataclass(frozen=True)
class FeatureBatch:
    """Onsets, beats and tempo that a tracker found in a song [s]."""

    onsets: Moments  # when they say that something began
    told: Moments | None  # ... and how much of the song they had heard when they said so; None: all of it
    beats: Moments
    tempo: float  # [bpm]; 0: none
    sure: Moments  # beats reported with confidence, where there is such a thing
    downbeats: Moments | None = None
    jumps: int = 0  # how often the tempo changed by more than 15 % from one hop to the next, after 8 s


def ours(sound: Sound) -> FeatureBatch:
    """The listening stage, causal, as `livegan listen` runs it."""
    listening = Listening(RATE, sound.shape[1])
    notes, tempi = Transcript(), []
    for hops in hear_song(listening, sound):
        notes.take(hops)
        tempi.append(hops.rows[:, listening.layout.index["beat.bpm"]])
    table = notes.table()
    onsets = np.array(table["onsets"])
    late = np.log(np.concatenate(tempi)[round(8 / listening.setup.hop_s) :])
    sure = np.array([beat.time_s for beat in notes.beats if beat.confidence > MIN_TEMPO_CONFIDENCE])
    jumps = int((np.abs(np.diff(late)) > 0.15).sum())
    down = np.array(table["downbeats"])
    told = onsets + table["delay_s"]["onsets"]
    return FeatureBatch(onsets, told, np.array(table["beats"]), table["tempo"] or 0.0, sure, down, jumps)


def aubio(sound: Sound) -> FeatureBatch:
    """Brossier's aubio: onset ("default": HFC) and tempo."""
    import aubio

    mono = np.ascontiguousarray(sound.mean(axis=1))
    onset, tempo = (make("default", WINDOW, HOP, RATE) for make in (aubio.onset, aubio.tempo))
    onsets, told, beats, tempi = [], [], [], []
    for start in range(0, len(mono) - HOP, HOP):
        hop = mono[start : start + HOP]
        if onset(hop):
            onsets.append(onset.get_last_s())
            told.append((start + HOP) / RATE)
        if tempo(hop):
            beats.append(tempo.get_last_s())
            tempi.append(tempo.get_bpm())
    bpm = float(np.median(tempi)) if tempi else 0.0
    return FeatureBatch(np.array(onsets), np.array(told), np.array(beats), bpm, np.array(beats))


def librosa(sound: Sound) -> FeatureBatch:
    """librosa: onset_detect and beat_track, offline."""
    import librosa

    mono = sound.mean(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        onsets = librosa.onset.onset_detect(y=mono, sr=RATE, units="time", hop_length=512)
        lower = librosa.resample(mono, orig_sr=RATE, target_sr=22050)
        tempo, beats = librosa.beat.beat_track(y=lower, sr=22050, units="time")
    return FeatureBatch(np.sort(onsets), None, beats, float(np.atleast_1d(tempo)[0]), beats)


LISTENERS: dict[str, Callable[[Sound], FeatureBatch]] = {"livegan": ours, "aubio": aubio, "librosa": librosa}
