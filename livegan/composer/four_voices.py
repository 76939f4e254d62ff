"""Four-voice tokens of a song, and a song of tokens."""

from collections.abc import Sequence

import numpy as np

from livegan.composer.song import STEPS_PER_BEAT, Note, Song, Track
from livegan.composer.voices import HIGHEST, HOLD, LOWEST, PITCHES, REST, VOICES, Tokens
from livegan.errors import ComposeError

NAMES = ("soprano", "alto", "tenor", "bass")
VELOCITIES = (88, 76, 76, 84)


def tokens_of(song: Song) -> Tokens:
    """Tokens of a song of four one-note voices, the highest on average first: (steps, VOICES).

    Silence is REST at each of its steps. A grid other than 16ths is rounded to it. ComposeError if there are not four
    tracks with notes (drums do not count), if one plays chords, or if a pitch lies outside 36..83.
    """
    tracks = [track for track in song.tracks if track.notes and not track.drums]
    if len(tracks) != VOICES:
        raise ComposeError(
            f"{song.name or 'the song'} has {len(tracks)} tracks with notes, and four voices are needed: "
            "one track each, one note at a time"
        )
    tracks.sort(key=lambda track: -sum(note.pitch for note in track.notes) / len(track.notes))
    scale = STEPS_PER_BEAT / song.steps_per_beat
    steps = round(song.length * scale)
    return np.stack([voice_tokens(track, steps, scale) for track in tracks], axis=1)


def voice_tokens(track: Track, steps: int, scale: float = 1.0) -> Tokens:
    """Tokens of a track that plays one note at a time: (steps,). ComposeError as in `tokens_of`."""
    tokens = np.full(steps, REST, np.int8)
    free = 0  # end of the last note [steps of the track]
    for note in track.notes:
        if note.start < free:
            raise ComposeError(
                f"the track '{track.name}' plays two notes at once (step {note.start}), "
                "and a voice is one note at a time: give each voice a track of its own"
            )
        if not LOWEST <= note.pitch <= HIGHEST:
            raise ComposeError(
                f"the track '{track.name}' has the MIDI pitch {note.pitch}, outside the voices' range "
                f"{LOWEST}..{HIGHEST}: move it by octaves"
            )
        free = note.start + note.length
        start, end = round(note.start * scale), max(round(free * scale), round(note.start * scale) + 1)
        tokens[start : start + 1] = note.pitch - LOWEST
        tokens[start + 1 : end] = HOLD
    return tokens


def song_of(
    tokens: Tokens,
    bpm: float = 84.0,
    programs: Sequence[int] = (0, 0, 0, 0),
    velocities: Sequence[int] = VELOCITIES,
    semitones: int = 0,
    name: str = "",
) -> Song:
    """Song of tokens: a track per voice, transposed by `semitones`. `programs`: General MIDI numbers from 0."""
    tracks = []
    for voice in range(tokens.shape[1]):
        notes = _notes(tokens[:, voice], semitones, velocities[voice])
        tracks.append(Track(notes, programs[voice], name=NAMES[voice]))
    return Song(tuple(tracks), len(tokens), STEPS_PER_BEAT, ((0, float(bpm)),), name=name)


def _notes(column: Tokens, semitones: int, velocity: int) -> tuple[Note, ...]:
    """Notes of one voice: (steps,) of tokens."""
    starts = np.flatnonzero(column < PITCHES)
    held = np.concatenate([column, [REST]]) == HOLD
    notes = []
    for start in starts:
        end = int(start) + 1
        while held[end]:
            end += 1
        pitch = int(column[start]) + LOWEST + semitones
        if 0 <= pitch <= 127:
            notes.append(Note(int(start), pitch, end - int(start), velocity))
    return tuple(notes)
