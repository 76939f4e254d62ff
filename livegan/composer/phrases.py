"""Phrases of a corpus: pieces of a few bars, cut at bar lines, with enough music in them, each one once."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from livegan.composer.corpus import Corpus, Split
from livegan.composer.families import Family
from livegan.composer.four_voices import tokens_of
from livegan.composer.song import STEPS_PER_BEAT, Song, Track
from livegan.composer.voices import HIGHEST, HOLD, LOWEST, REST, STEPS_PER_BAR, VOICES, Tokens, sounding
from livegan.errors import ComposeError

MOST_RESTS = 0.25  # of a phrase: share of steps and voices that are silent
FEWEST_NOTES = 4  # of a track in a phrase, if it has any


def four_voice_phrases(
    corpus: Corpus, split: Split | None, bars: int = 4, hop: int = 1, most_rests: float | None = None
) -> NDArray[np.int8]:
    """Phrases of the songs of four one-note voices: Tokens (phrases, bars * 16, 4), in the order of the corpus.

    One begins every `hop` bars, with a sound; a note that sounds on from before is struck anew. Left out are phrases
    with more rests (None: than the corpus was made for), with an unfinished bar (less than half), with notes outside
    36..83, and those that were there before; songs whose bars are not 16 sixteenths, or half or twice as many; songs
    that `tokens_of` refuses, and files that cannot be read.
    """
    if most_rests is None:
        chosen = corpus.file.options.get("most_rests")
        most_rests = float(chosen) if isinstance(chosen, int | float) else MOST_RESTS
    unique: dict[bytes, Tokens] = {}
    for song in corpus.songs(split, broken=[]):
        for phrase in song_phrases(song, bars, hop, most_rests):
            unique.setdefault(phrase.tobytes(), phrase)
    if not unique:
        return np.empty((0, bars * STEPS_PER_BAR, VOICES), np.int8)
    return np.stack(list(unique.values()))


def song_phrases(song: Song, bars: int = 4, hop: int = 1, most_rests: float = MOST_RESTS) -> Iterator[Tokens]:
    """Phrases of one song, as in `four_voice_phrases`; none where it cannot be used."""
    if not all(_fits(numerator, denominator) for _, numerator, denominator in song.metres):
        return
    inside, outside = _split_by_range(song)
    try:
        tokens = tokens_of(inside)
    except ComposeError:
        return
    pitches, size = sounding(tokens), bars * STEPS_PER_BAR
    scale = STEPS_PER_BEAT / song.steps_per_beat
    for start in _starts(len(tokens), STEPS_PER_BAR, bars, hop):
        end = start + size
        heard = pitches[start:end] >= 0
        silent = 1 - heard.sum() / (size * VOICES)
        if silent > most_rests or not heard[0].any() or any(start <= step * scale < end for step in outside):
            continue
        phrase = np.full((size, VOICES), REST, np.int8)
        phrase[: len(heard)] = tokens[start:end]
        phrase[0] = np.where((phrase[0] == HOLD) & heard[0], pitches[start] - LOWEST, phrase[0])
        yield phrase


def _split_by_range(song: Song) -> tuple[Song, tuple[int, ...]]:
    """The song without the notes that have no token, and at which steps those sound."""
    outside = tuple(
        step
        for track in song.tracks
        for note in track.notes
        if not (track.drums or LOWEST <= note.pitch <= HIGHEST)
        for step in range(note.start, note.start + note.length)
    )
    if not outside:
        return song, ()
    tracks = (
        track if track.drums else replace(track, notes=tuple(n for n in track.notes if LOWEST <= n.pitch <= HIGHEST))
        for track in song.tracks
    )
    return replace(song, tracks=tuple(tracks)), outside


def track_phrases(
    corpus: Corpus,
    split: Split | None,
    families: Sequence[Family] | None = None,
    bars: int = 4,
    hop: int = 1,
    steps_per_beat: int = STEPS_PER_BEAT,
    lowest: int = 24,
    pitches: int = 84,
    fewest_notes: int = FEWEST_NOTES,
    fewest_tracks: int = 2,
) -> NDArray[np.uint8]:
    """Piano rolls of phrases: velocity, 0 for silence, uint8 (phrases, tracks, steps, pitches).

    Tracks are `families` of instruments, or, for None, the four voices of songs that have four tracks, from the
    highest. Bars are those of the first song that can be used; songs in other metres are left out. Pitches are
    `lowest` and up; notes outside are moved by octaves (of drums: left out). A phrase needs `fewest_tracks` tracks
    with `fewest_notes` attacks each; without families all four. Phrases that were there before are left out.
    """
    unique: dict[bytes, NDArray[np.uint8]] = {}
    bar = 0
    for song in corpus.songs(split, steps_per_beat, broken=[]):
        groups = _groups(song, families)
        sizes = {round(4 * steps_per_beat * numerator / denominator) for _, numerator, denominator in song.metres}
        if not groups or len(sizes) != 1 or not (bar or sizes != {0}):
            continue
        bar = bar or sizes.pop()
        if sizes and sizes != {bar}:
            continue
        roll, attacks = _roll(groups, song.length, lowest, pitches)
        needed = fewest_tracks if families is not None else len(groups)
        for start in _starts(song.length, bar, bars, hop):
            end = start + bars * bar
            enough = attacks[:, start:end].sum(1) >= fewest_notes
            if enough.sum() >= needed and roll[:, start].any():
                phrase = np.zeros((len(groups), bars * bar, pitches), np.uint8)
                phrase[:, : song.length - start] = roll[:, start:end]
                unique.setdefault((phrase > 0).tobytes(), phrase)
    if not unique:
        return np.empty((0, len(families or range(VOICES)), bars * (bar or 4 * steps_per_beat), pitches), np.uint8)
    return np.stack(list(unique.values()))


def _starts(steps: int, bar: int, bars: int, hop: int) -> range:
    """Where phrases begin. The last bar counts if half of it is there."""
    whole = (steps + bar // 2) // bar
    return range(0, (whole - bars) * bar + 1, hop * bar)


def _fits(numerator: int, denominator: int) -> bool:
    bar = 4 * STEPS_PER_BEAT * numerator / denominator
    return bar % STEPS_PER_BAR == 0 or STEPS_PER_BAR % bar == 0


def _groups(song: Song, families: Sequence[Family] | None) -> list[list[Track]]:
    """The tracks of a song that make up each track of the phrases; none if they are not wanted."""
    if families is not None:
        groups = [[track for track in song.tracks if family.plays(track)] for family in families]
        return groups if any(groups) else []
    voices = [track for track in song.tracks if track.notes and not track.drums]
    voices.sort(key=lambda track: -sum(note.pitch for note in track.notes) / len(track.notes))
    return [[track] for track in voices] if len(voices) == VOICES else []


def _roll(
    groups: list[list[Track]], steps: int, lowest: int, pitches: int
) -> tuple[NDArray[np.uint8], NDArray[np.int_]]:
    """Velocities (tracks, steps, pitches), and how many notes begin (tracks, steps)."""
    roll = np.zeros((len(groups), steps, pitches), np.uint8)
    attacks = np.zeros((len(groups), steps), np.int_)
    for number, tracks in enumerate(groups):
        for track in tracks:
            for note in track.notes:
                pitch = note.pitch - lowest
                if not 0 <= pitch < pitches:
                    pitch = pitch % 12 if pitch < 0 else pitches - 12 + (pitch - pitches) % 12
                    if track.drums:
                        continue
                attacks[number, note.start] += 1
                place = roll[number, note.start : note.start + note.length, pitch]
                np.maximum(place, note.velocity, out=place)
    return roll, attacks
