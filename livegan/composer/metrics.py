"""Metrics of composed music: MuseGAN's (Dong et al. 2018, section 6) and those of four-part writing.

Every metric is a ratio of two sums over phrases or songs, so any number of them give one figure. Not a number where
there was nothing to measure (no drums, no four voices).
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from math import nan

import numpy as np
from numpy.typing import NDArray

from livegan.composer.harmony import Pitches, chord_beats, chords, crossed_steps, parallels, voice_pitches
from livegan.composer.song import STEPS_PER_BEAT, Song, Track
from livegan.composer.tonal_distance import tonal_distances
from livegan.composer.voices import HOLD, LOWEST, PITCHES, STEPS_PER_BAR, Tokens, sounding

SCALE = (0, 2, 4, 5, 7, 9, 11)  # C major, a natural minor
POLYPHONIC = 2  # more pitches than this at once
MOST_VOICES = 8  # of part writing
DRUM_TOLERANCE = 0.1  # weight of a drum note one step off the pattern of eighths


@dataclass(frozen=True, slots=True)
class Measures:
    """Metrics of a set of phrases or songs, in the order of the tables."""

    empty_bars: float  # EB: bars of a track without a note [%]
    pitches: float  # UP: pitches used in a bar of a track that is not empty, drums apart
    pitch_classes: float  # UPC: pitch classes, likewise
    polyphonic: float  # PR: steps with more than two pitches at once [%]
    in_scale: float  # ISR: notes in C major (a natural minor) [%]
    qualified: float  # QN: notes of an eighth or longer [%]
    drum_pattern: float  # DP: drum notes on eighths; one step beside them counts .1 [%]
    tonal_distance: float  # TD: of every two tracks in every beat, 0 for equal ones (Harte et al. 2006)
    parallels: float  # par: parallel fifths, octaves and unisons per 100 chords
    crossings: float  # X: steps with crossed voices [%]
    chord_beats: float  # ch: beats whose pitch classes fit one triad or seventh chord [%]
    changes: float  # ch/bar: chords per bar
    notes: float  # notes per bar, drums apart


LABELS = ("EB", "UP", "UPC", "PR", "ISR", "QN", "DP", "TD", "par", "X", "ch", "ch/bar", "notes")
DECIMALS = (1, 2, 2, 0, 0, 0, 0, 2, 2, 1, 0, 1, 1)
_SCALES = np.array((100, 1, 1, 100, 100, 100, 100, 1, 100, 100, 100, 1, 1), float)
_INDEX = {field.name: number for number, field in enumerate(fields(Measures))}

Sums = NDArray[np.float64]  # (metrics, 2): what was counted, of how much
Part = NDArray[np.int_]  # (notes, 3): start [steps], MIDI pitch, length [steps]
_NO_NOTES: Part = np.empty((0, 3), int)


def measure(phrases: NDArray[np.int8]) -> Measures:
    """Metrics of four-voice phrases: Tokens (phrases, steps, voices), highest voice first, 16 steps a bar."""
    return measures_of(sums_of_tokens(phrase) for phrase in phrases)


def measure_song(song: Song) -> Measures:
    """Metrics of one song."""
    return measure_songs((song,))


def measure_songs(songs: Iterable[Song]) -> Measures:
    """Metrics of songs. Parallels and crossings need two to eight tracks that each play one note at a time."""
    return measures_of(sums_of_song(song) for song in songs)


def measures_of(sums: Iterable[Sums]) -> Measures:
    """Metrics of many sums together."""
    total = sum(sums, np.zeros((len(_INDEX), 2)))
    return Measures(
        *(float(scale * part / whole) if whole else nan for scale, (part, whole) in zip(_SCALES, total, strict=True))
    )


def sums_of_tokens(phrase: Tokens) -> Sums:
    """What `measures_of` adds up, of one phrase (steps, voices)."""
    parts = [_part_of_tokens(column) for column in phrase.T]
    sums = _part_sums(parts, len(phrase), STEPS_PER_BAR, STEPS_PER_BEAT)
    return sums + _voice_sums(sounding(phrase))


def sums_of_song(song: Song) -> Sums:
    """What `measures_of` adds up, of one song. Its first metre says how long a bar is."""
    beat = song.steps_per_beat
    _, numerator, denominator = song.metres[0]
    bar = max(1, round(4 * beat * numerator / denominator))
    parts = [_part_of_track(track) for track in song.tracks if not track.drums] or [_NO_NOTES]
    drums = [_part_of_track(track) for track in song.tracks if track.drums and track.notes]
    sums = _part_sums(parts, song.length, bar, beat) + _drum_sums(drums, beat)
    if 2 <= sum(len(part) > 0 for part in parts) <= MOST_VOICES and all(map(_is_one_voice, parts)):
        sums += _voice_sums(voice_pitches(song))
    return sums


def _part_of_tokens(column: Tokens) -> Part:
    starts = np.flatnonzero(column < PITCHES)
    stops = np.append(np.flatnonzero(column != HOLD), len(column))
    ends = stops[np.searchsorted(stops, starts, side="right")]
    return np.stack([starts, column[starts].astype(int) + LOWEST, ends - starts], axis=1)


def _part_of_track(track: Track) -> Part:
    return np.array([(note.start, note.pitch, note.length) for note in track.notes], int).reshape(-1, 3)


def _is_one_voice(part: Part) -> bool:
    return bool((part[:-1, 0] + part[:-1, 2] <= part[1:, 0]).all())


def _roll(part: Part, steps: int) -> NDArray[np.bool_]:
    """Which pitches sound: (steps, 128)."""
    roll = np.zeros((steps, 128), bool)
    for start, pitch, length in part:
        roll[start : start + length, pitch] = True
    return roll


def _part_sums(parts: list[Part], steps: int, bar: int, beat: int) -> Sums:
    """MuseGAN's metrics of the tracks that are no drums."""
    sums = np.zeros((len(_INDEX), 2))
    if not steps:
        return sums
    rolls = np.stack([_roll(part, steps) for part in parts])  # (tracks, steps, 128)
    used = np.logical_or.reduceat(rolls, np.arange(0, steps, bar), axis=1)  # (tracks, bars, 128)
    counts = used.sum(-1)
    filled = int((counts > 0).sum())
    sums[_INDEX["empty_bars"]] = counts.size - filled, counts.size
    sums[_INDEX["pitches"]] = counts.sum(), filled
    sums[_INDEX["pitch_classes"]] = _chroma(used).any(-2).sum(), filled
    together: NDArray[np.bool_] = np.logical_or.reduce(rolls, axis=0)
    sums[_INDEX["polyphonic"]] = (together.sum(-1) > POLYPHONIC).sum(), steps
    notes = np.concatenate(parts)
    sums[_INDEX["in_scale"]] = np.isin(notes[:, 1] % 12, SCALE).sum(), len(notes)
    sums[_INDEX["qualified"]] = (notes[:, 2] * 2 >= beat).sum(), len(notes)
    chroma = np.add.reduceat(_chroma(rolls).sum(-2), np.arange(0, steps, beat), axis=1)
    distances = tonal_distances(chroma.astype(float))
    sums[_INDEX["tonal_distance"]] = distances.sum(), distances.size
    sums[_INDEX["chord_beats"]] = chord_beats(np.logical_or.reduce(_chroma(together[::beat]), axis=1))
    changed = np.ones(steps, bool)
    changed[1:] = (rolls[:, 1:] != rolls[:, :-1]).any((0, 2))
    sums[_INDEX["changes"]] = (changed & rolls.any((0, 2))).sum(), steps / bar
    sums[_INDEX["notes"]] = len(notes), steps / bar
    return sums


def _chroma(rolls: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Octaves and pitch classes of the last axis: (..., 128) to (..., 11, 12)."""
    padded = np.concatenate([rolls, np.zeros((*rolls.shape[:-1], 4), bool)], axis=-1)
    return padded.reshape(*rolls.shape[:-1], 11, 12)


def _drum_sums(drums: list[Part], beat: int) -> Sums:
    sums = np.zeros((len(_INDEX), 2))
    if drums:
        starts = np.concatenate(drums)[:, 0]
        beside = np.minimum(starts * 2 % beat, -starts * 2 % beat)  # from the nearest eighth [half steps]
        weights = np.where(beside == 0, 1.0, np.where(beside <= 2, DRUM_TOLERANCE, 0.0))
        sums[_INDEX["drum_pattern"]] = weights.sum(), len(starts)
    return sums


def _voice_sums(pitches: Pitches) -> Sums:
    """Metrics of voice leading: pitches (steps, voices) from the highest voice down."""
    sums = np.zeros((len(_INDEX), 2))
    sums[_INDEX["parallels"]] = parallels(pitches), len(chords(pitches))
    sums[_INDEX["crossings"]] = crossed_steps(pitches), len(pitches)
    return sums
