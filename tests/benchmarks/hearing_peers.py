"""Who else listens: aubio, madmom and BeatNet, causal as we are, and librosa, which hears the whole song first.

In an environment of their own: ``pip install librosa aubio mir_eval mido``. Each plays with its own defaults, but for
librosa's onsets: they are looked for at 48 kHz, in steps of 11 ms instead of 23 ms, which it does better with.
docs/hearing.md says how madmom 0.16.1 and BeatNet 1.1.3 are built for a Python of today. madmom's models are CC
BY-NC-SA 4.0, BeatNet's CC BY 4.0; here both only listen.
"""

import importlib
import sys
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from livegan.features import Listening
from livegan.studio.listen_events import MIN_TEMPO_CONFIDENCE, Transcript, hear_song
from tests.benchmarks.hearing_songs import RATE

WINDOW, HOP = 1024, 256  # of aubio
ASKED = ("gate", "beat", "beat.bpm", "beat.confidence", "onset", "onset.bass", "onset.mid", "onset.treble")
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
    every: Moments | None = None  # each beat of the clock, told or not ...
    confidence: Moments | None = None  # ... and its confidence, 0..1; None: there is no such thing


def ours(sound: Sound) -> FeatureBatch:
    """The listening stage, causal, as `livegan listen` runs it, without features other than beat and onset."""
    listening = Listening(RATE, sound.shape[1], everything=False, asked=ASKED)
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
    every = np.array([beat.time_s for beat in notes.beats])
    confidence = np.array([beat.confidence for beat in notes.beats])
    beats = np.array(table["beats"], float)
    return FeatureBatch(onsets, told, beats, table["tempo"] or 0.0, sure, down, jumps, every, confidence)


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


def madmom(sound: Sound) -> FeatureBatch:
    """madmom, online: RNNBeatProcessor with DBNBeatTrackingProcessor, RNNOnsetProcessor with its peak picking."""
    from madmom.audio.signal import Signal
    from madmom.features.beats import DBNBeatTrackingProcessor, RNNBeatProcessor
    from madmom.features.onsets import OnsetPeakPickingProcessor, RNNOnsetProcessor

    signal = Signal(_mono(sound, 44100), 44100)
    beats = DBNBeatTrackingProcessor(fps=100, online=True)(RNNBeatProcessor(online=True)(signal))
    onsets = OnsetPeakPickingProcessor(fps=100, online=True)(RNNOnsetProcessor(online=True)(signal))
    return FeatureBatch(np.asarray(onsets, float), None, np.asarray(beats, float), 0.0, np.asarray(beats, float))


def beatnet(sound: Sound) -> FeatureBatch:
    """BeatNet, online: its CRNN (model 1) under its particle filter, whose seed is fixed."""
    if not hasattr(np, "in1d"):
        np.in1d = np.isin  # what it calls is gone from NumPy 2.4
    sys.modules.setdefault("pyaudio", types.ModuleType("pyaudio"))  # it would only be asked for a microphone
    from BeatNet.BeatNet import BeatNet

    np.random.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        heard = BeatNet(1, mode="online", inference_model="PF").process(_mono(sound, 22050))
    rows = np.asarray(heard, float).reshape(-1, 2)  # time [s], 1: first of the bar
    none = np.zeros(0)
    return FeatureBatch(none, None, rows[:, 0], 0.0, rows[:, 0], rows[rows[:, 1] == 1, 0])


def _mono(sound: Sound, rate: int) -> NDArray[np.float32]:
    common = int(np.gcd(rate, RATE))
    mono = scipy.signal.resample_poly(sound.mean(axis=1), rate // common, RATE // common)
    return np.ascontiguousarray(mono, np.float32)


LISTENERS: dict[str, Callable[[Sound], FeatureBatch]] = {"livegan": ours, "aubio": aubio, "librosa": librosa}
ONLINE: dict[str, Callable[[Sound], FeatureBatch]] = {"madmom": madmom, "BeatNet": beatnet}
"""Networks that hear beats, for `bench_hearing_real`."""


def missing(name: str) -> str:
    """Why a listener cannot be asked; "" if it can."""
    if name == "livegan":
        return ""
    needed = {"BeatNet": ("madmom", "torch", "librosa", "BeatNet.model")}.get(name, (name,))
    for module in needed:
        try:
            importlib.import_module(module)
        except Exception as error:  # noqa: BLE001  a package built for another NumPy raises anything
            return f"{module}: {error}"
    return ""
