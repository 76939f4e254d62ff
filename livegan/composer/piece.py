"""Pieces for four voices: written from a seed, around a tune, or on the way from one piece to another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from livegan.composer.contour import Contour
from livegan.composer.expression import performed, velocities
from livegan.composer.four_voices import NAMES, song_of, tokens_of, voice_tokens
from livegan.composer.guide import CENTRES
from livegan.composer.key_analysis import RELATIVE_MINOR, Key, find_key, parse_tonic
from livegan.composer.melody import cut, melody_track, skyline
from livegan.composer.song import STEPS_PER_BEAT, Note, Song, Track
from livegan.composer.styles import Style
from livegan.composer.voice import Voice
from livegan.composer.voices import HIGHEST, LOWEST, STEPS_PER_BAR, VOICES, Tokens
from livegan.errors import ComposeError

VoiceName = Literal["soprano", "alto", "tenor", "bass"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for beside the notes."""

    style: Style
    bars: int = 16
    key: Key | None = None  # None: C major or A minor, as the seed has it; of a tune or a file: its own
    bpm: float | None = None  # None: the style's
    temperature: float | None = None  # None: the style's

    @property
    def heat(self) -> float:
        """Temperature of sampling."""
        return self.style.temperature if self.temperature is None else self.temperature


def parse_key(text: str) -> Key:
    """Key from a name: C, "F# minor", Bbm, or a small letter for minor, as d. ComposeError."""
    word = text.strip()
    name, mode = word, ""
    for ending, of in ((" major", "major"), (" minor", "minor"), ("maj", "major"), ("min", "minor"), ("m", "minor")):
        if word.lower().endswith(ending) and len(word) > len(ending):
            name, mode = word[: -len(ending)].strip(), of
            break
    tonic = parse_tonic(name)
    if tonic is None:
        raise ComposeError(f"--key '{text}' is no key; type for example: --key D, --key \"F# minor\", --key Bbm")
    minor = mode == "minor" or (not mode and name[:1].islower())
    return Key(tonic, "minor" if minor else "major")


def key_of_seed(seed: int) -> Key:
    """C major or A minor: the keys in which networks write."""
    return Key(RELATIVE_MINOR, "minor") if np.random.default_rng([seed, 1]).random() < 0.5 else Key(0, "major")


def write_piece(voice: Voice, seed: int, wish: Wish, name: str = "") -> Song:
    """A piece from a seed, in the key of the wish or that of the seed."""
    key = wish.key or key_of_seed(seed)
    tokens = voice.write(wish.bars, seed, steering=wish.style.steering(key.mode), temperature=wish.heat)
    return song_of_style(tokens, wish, key, name)


def song_of_style(tokens: Tokens, wish: Wish, key: Key, name: str) -> Song:
    """Tokens, moved from C major or A minor to a key, as a style plays them."""
    style, bpm = wish.style, wish.bpm or wish.style.bpm
    song = song_of(tokens, bpm, style.programs, semitones=12 * style.octave - key.shift_to(0), name=name)
    return performed(song, style, bpm)


def between(voice: Voice, first: Song, last: Song, seed: int, wish: Wish, steps: int = 0, name: str = "") -> Song:
    """A piece that begins like `first` and ends like `last`; in the key of `first`, if none is asked for.

    `steps`: how many places there are on the way, the two ends included; 0: one a bar.
    """
    key = wish.key or find_key(first) or key_of_seed(seed)
    lines = _contour(first), _contour(last)
    count = wish.bars if steps == 0 else min(steps, wish.bars)
    parts = []
    for bar in range(wish.bars):
        amount = (bar * count // wish.bars) / max(1, count - 1)
        parts.append(_bar(lines[0], bar).mix(_bar(lines[1], bar - wish.bars), amount))
    contour = Contour(np.concatenate([part.pitch for part in parts]), np.concatenate([part.attack for part in parts]))
    tokens = voice.write(wish.bars, seed, contour, wish.style.steering(key.mode), wish.heat)
    return song_of_style(tokens, wish, key, name)


def _bar(contour: Contour, index: int) -> Contour:
    """A bar of a contour, counted from its end if negative, around if there are not so many."""
    bars = max(1, len(contour) // STEPS_PER_BAR)
    return contour.bar(index % bars)


def _contour(song: Song) -> Contour:
    """Contour of a song in C major or A minor; of one without four voices, that of its melody."""
    key = find_key(song)
    if key is None:
        raise ComposeError(f"{song.name or 'a file'} has no notes; give --between two MIDI files with notes, or seeds")
    shift = key.shift_to(0)
    try:
        moved = replace(song, tracks=tuple(_moved(track, shift) for track in song.tracks if not track.drums))
        contour = Contour.of(tokens_of(moved))
    except ComposeError:
        column, _ = _tune_tokens(skyline(melody_track(song)), song.steps_per_beat, shift, 0)
        tokens = np.full((len(column), VOICES), -1, np.int8)
        tokens[:, 0] = column
        line = Contour.of(tokens[:, :1])
        contour = Contour.free(len(column))
        contour.pitch[:, :1], contour.attack[:, :1] = line.pitch, line.attack
    whole = -(-len(contour) // STEPS_PER_BAR) * STEPS_PER_BAR
    padded = Contour.free(whole)
    padded.pitch[: len(contour)], padded.attack[: len(contour)] = contour.pitch, contour.attack
    return padded


def transposed(song: Song, semitones: int) -> Song:
    """The song so many semitones higher; its drums stay."""
    tracks = (track if track.drums else _moved(track, semitones) for track in song.tracks)
    return replace(song, tracks=tuple(tracks))


def _moved(track: Track, semitones: int) -> Track:
    return replace(track, notes=tuple(replace(note, pitch=note.pitch + semitones) for note in track.notes))


def harmonise(
    voice: Voice, tune: Song, seed: int, wish: Wish, as_voice: VoiceName = "soprano", track: str = "", name: str = ""
) -> Song:
    """Three voices to the highest line of a song's track; that line stays as it is. ComposeError if there is none.

    `wish.key` is the key of the tune, if it should not be looked for.
    """
    line = skyline(melody_track(tune, track))
    key = wish.key or find_key(tune) or key_of_seed(seed)
    shift = key.shift_to(0)
    index = NAMES.index(as_voice)
    column, octaves = _tune_tokens(line, tune.steps_per_beat, shift, index)
    given = np.full((len(column), VOICES), -1, np.int8)
    given[:, index] = column
    steering = wish.style.steering(key.mode)
    written = voice.harmonise(given, seed, None, steering, wish.heat, bar_steps(tune))
    down = min(max(octaves, 0), 1)  # a low tune is accompanied an octave lower
    style = wish.style
    song = song_of(written, 100.0, style.programs, semitones=-shift - 12 * down, name=name)
    scale = tune.steps_per_beat // STEPS_PER_BEAT
    others = velocities(song, style).tracks
    tracks = [_on_grid(other, scale) for other in others]
    tracks[index] = replace(line, program=line.program or style.programs[index], name=line.name or NAMES[index])
    length = max(tune.length, *(note.start + note.length for each in tracks for note in each.notes))
    tempos = ((0, wish.bpm),) if wish.bpm else tune.tempos
    return Song(tuple(tracks), length, tune.steps_per_beat, tempos, tune.metres, name)


def bar_steps(song: Song) -> int:
    """Sixteenths in a bar of a song in one metre, if a bar of the network has room for them; else 16."""
    sizes = {STEPS_PER_BAR * numerator / denominator for _, numerator, denominator in song.metres}
    size = sizes.pop()
    return int(size) if not sizes and size == int(size) and 4 <= size <= STEPS_PER_BAR else STEPS_PER_BAR


def _tune_tokens(line: Track, steps_per_beat: int, shift: int, voice: int) -> tuple[Tokens, int]:
    """Tokens of a line as a voice, (steps,), whole bars; by how many octaves it was moved for that."""
    notes = cut(line).notes
    mean = sum(note.pitch * note.length for note in notes) / sum(note.length for note in notes) + shift
    octaves = round((CENTRES[voice] - mean) / 12)
    inside = tuple(replace(note, pitch=_folded(note.pitch + shift + 12 * octaves)) for note in notes)
    scale = STEPS_PER_BEAT / steps_per_beat
    end = max(note.start + note.length for note in notes) * scale
    steps = -(-round(end + 0.49) // STEPS_PER_BAR) * STEPS_PER_BAR
    return voice_tokens(replace(line, notes=inside), steps, scale), octaves


def _folded(pitch: int) -> int:
    """The pitch, by octaves into the range of the tokens."""
    while pitch < LOWEST:
        pitch += 12
    while pitch > HIGHEST:
        pitch -= 12
    return pitch


def _on_grid(track: Track, scale: int) -> Track:
    notes: Sequence[Note] = [replace(n, start=n.start * scale, length=n.length * scale) for n in track.notes]
    return replace(track, notes=tuple(notes))
