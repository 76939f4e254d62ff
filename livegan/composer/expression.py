"""Expressive performance of written notes: velocities by metre, phrase and line, a tempo map that breathes, a fermata.

Rules as in Friberg, Bresin & Sundberg, "Overview of the KTH rule system for musical performance" (2006): phrase arch,
higher is louder, longer is louder, final ritardando. Nothing is random: the same notes are played the same way.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import pi, sin

from livegan.composer.song import Note, Song, Track
from livegan.composer.styles import Style

BAR_BEATS = 4
LONG_BEATS = 1.5  # a chord that nobody moves for so long ends a phrase
SHORTEST_PHRASE, LONGEST_PHRASE = 6, 20  # [beats]
VOICES = (5, -4, -4, 1)  # velocity of soprano, alto, tenor, bass beside the style's
ARCH, WHOLE_ARCH = 14.0, 6.0  # velocity from the edges of a phrase, and of the piece, to the middle
LIFT = 0.6  # velocity per semitone above the middle of the voice
LONG = 1.2  # velocity per beat of length beyond the first, up to four
PUSH, BREATH = 0.035, 0.08  # tempo: more in the middle of a phrase, less on its last beat
RITARDANDO_BEATS, RITARDANDO_END, RITARDANDO_CURVE = 6, 0.62, 3.0  # Friberg & Sundberg (1999), equation 2
FERMATA = 0.5  # tempo of the last chord


def phrase_edges(song: Song) -> list[int]:
    """Steps at which phrases begin, and the end of the song; a chord held by all voices ends a phrase."""
    beat = song.steps_per_beat
    onsets = sorted({note.start for track in song.tracks for note in track.notes} | {song.length})
    edges = [0]
    for onset, following in pairwise(onsets):
        while following - edges[-1] > LONGEST_PHRASE * beat:
            edges.append(edges[-1] + BAR_BEATS * BAR_BEATS * beat)
        if following - onset >= LONG_BEATS * beat and following - edges[-1] >= SHORTEST_PHRASE * beat:
            edges.append(following)
    if edges[-1] != song.length:
        edges = [edge for edge in edges if song.length - edge >= SHORTEST_PHRASE * beat or edge == 0]
        edges.append(song.length)
    return edges


def performed(song: Song, style: Style, bpm: float) -> Song:
    """The song as a style plays it: velocities, and tempos around `bpm`; the notes stay."""
    edges = phrase_edges(song)
    tracks = tuple(_played(track, song, style, edges, VOICES[min(i, 3)]) for i, track in enumerate(song.tracks))
    return replace(song, tracks=tracks, tempos=_tempos(song, edges, style.rubato, bpm))


def velocities(song: Song, style: Style) -> Song:
    """The song with a style's velocities only."""
    return replace(performed(song, style, 100.0), tempos=song.tempos)


def _place(edges: Sequence[int], step: float) -> float:
    """Place in the phrase, 0..1."""
    index = max(0, bisect_right(edges, step) - 1)
    start, end = edges[index], edges[min(index + 1, len(edges) - 1)]
    return (step - start) / (end - start) if end > start else 1.0


def _played(track: Track, song: Song, style: Style, edges: Sequence[int], voice: int) -> Track:
    beat = song.steps_per_beat
    middle = sum(note.pitch for note in track.notes) / max(1, len(track.notes))

    def velocity(note: Note) -> int:
        in_bar = note.start % (BAR_BEATS * beat)
        metre = 6 if in_bar == 0 else 3 if in_bar == 2 * beat else 0 if in_bar % beat == 0 else -5
        arch = ARCH * (sin(pi * _place(edges, note.start)) - 0.5)
        whole = WHOLE_ARCH * (sin(pi * (note.start / max(1, song.length)) ** 1.4) - 0.5)
        line = LIFT * (note.pitch - middle) + LONG * min(note.length / beat - 1, 3)
        return min(max(round(style.velocity + voice + style.accent * (metre + arch + whole + line)), 20), 122)

    return replace(track, notes=tuple(replace(note, velocity=velocity(note)) for note in track.notes))


def _tempos(song: Song, edges: Sequence[int], rubato: float, bpm: float) -> tuple[tuple[int, float], ...]:
    """A tempo for each beat."""
    beat = song.steps_per_beat
    last = max((note.start for track in song.tracks for note in track.notes), default=0)
    tempos = []
    for step in sorted({*range(0, song.length, beat), last}):
        factor = 1 + rubato * PUSH * (sin(pi * _place(edges, step)) - 0.5)
        if bisect_right(edges, step + beat) > bisect_right(edges, step):  # the last beat of a phrase
            factor -= rubato * BREATH
        to_go = (last - step) / beat  # beats to the last chord
        if to_go < RITARDANDO_BEATS:
            done = 1 - max(to_go, 0) / RITARDANDO_BEATS
            slow = (1 + (RITARDANDO_END**RITARDANDO_CURVE - 1) * done) ** (1 / RITARDANDO_CURVE)
            factor *= 1 - min(1.0, 0.5 + rubato / 2) * (1 - slow)
        if step >= last:
            factor = FERMATA
        tempos.append((step, round(bpm * factor, 3)))
    return tuple(tempos)
