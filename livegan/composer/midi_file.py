"""MIDI files: read to a song on a grid, and written from one. Formats 0, 1 and 2; written as format 1."""

import os
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from mido import Message, MetaMessage, MidiFile, MidiTrack

from livegan.composer.midi_events import DRUM_CHANNEL, MAX_BYTES, TickFile, TickNote, TickTrack, parse_events
from livegan.composer.song import STEPS_PER_BEAT, Note, Song, Track, without_overlaps
from livegan.core.files import reason_of, write_atomic
from livegan.core.text import printable
from livegan.errors import MidiError

MAX_BEATS = 1 << 16  # nine hours at 120 quarter notes a minute
MAX_TRACKS = 1024
TICKS_PER_BEAT = 480  # of files written, where the grid divides it
DEFAULT_TEMPO = 500_000  # microseconds a quarter note
SMPTE_RATES = {24: (24, 1), 25: (25, 1), 29: (30_000, 1001), 30: (30, 1)}  # frames a second, as a ratio
MELODIC_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)


@dataclass(frozen=True, slots=True)
class MidiReading:
    """A song read from a MIDI file, and what of the file it could not keep."""

    song: Song
    moved_attacks: int = 0  # notes that did not begin on the grid
    moved_ends: int = 0  # notes that did not end on the grid; a note is at least one step long
    merged: int = 0  # notes that fell on the same step as another of their pitch
    damage: str = ""  # where the file is broken, if it is


def read_midi(path: Path, steps_per_beat: int = STEPS_PER_BEAT) -> Song:
    """The song in a MIDI file. Raises MidiError, for the user, for what is none or too long; see `reading_of_midi`."""
    return reading_of_midi(path, steps_per_beat).song


def reading_of_midi(path: Path, steps_per_beat: int = STEPS_PER_BEAT) -> MidiReading:
    """The song in a MIDI file, and what was changed to bring it onto the grid. Raises MidiError.

    - Attacks and ends go to the nearest step; a note without length becomes one step. Of two notes of one pitch on one
      step one is kept, as long as the longer; a new attack of a pitch ends the older note of it; a note that nothing
      ends lasts to the end of its track.
    - Each instrument is a track: a track of the file that plays on several channels, or changes its program, is split.
      Tracks without notes are dropped. Channel 10 is drums.
    - SMPTE time becomes beats of the file's first tempo (120 where it has none). The tracks of format 2 follow one
      another, each from a whole beat on.
    - Pedals, bends, controllers and lyrics are not read: the roll shows keys.
    """
    try:
        if not path.is_file():
            what = "a folder" if path.is_dir() else "no ordinary file" if path.exists() else "not there"
            raise MidiError(f"{printable(path)} is {what}; give the name of a MIDI file")
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise MidiError(
                    f"{printable(path)} is larger than {MAX_BYTES >> 20} MiB, too large for a MIDI file; divide it"
                )
            data = file.read(MAX_BYTES)
    except OSError as error:
        raise MidiError(f"{printable(path)} cannot be read ({reason_of(error)}); choose another file") from error
    return parse_midi(data, path, steps_per_beat)


def parse_midi(data: bytes, name: object = "the MIDI data", steps_per_beat: int = STEPS_PER_BEAT) -> MidiReading:
    """As `reading_of_midi`, of the bytes of a file; `name` is what an error calls it."""
    if not 1 <= steps_per_beat <= 96:
        raise ValueError(f"{steps_per_beat} steps per beat are not in 1..96")
    file = parse_events(data, printable(name))
    damage = "; ".join(
        f"track {index} breaks off at byte {track.broken_at}"
        for index, track in enumerate(file.tracks, 1)
        if track.broken_at is not None
    )
    if damage and not any(track.notes for track in file.tracks):
        raise MidiError(f"{printable(name)} is broken and has no note that can be read; choose another file")
    return _GridReader(file, printable(name), steps_per_beat).reading(printable(damage))


class _GridReader:
    """Brings the tracks of a file onto a grid."""

    def __init__(self, file: TickFile, name: str, steps_per_beat: int) -> None:
        self._file, self._name, self._steps_per_beat = file, name, steps_per_beat
        self._num, self._den = _steps_per_tick(file, name, steps_per_beat)
        self._moved_attacks = self._moved_ends = self._merged = 0
        self._offsets = [0] * len(file.tracks)  # [ticks]
        if file.format == 2:
            beat = 1 if file.division & 0x8000 else file.division
            for index, track in enumerate(file.tracks[:-1]):
                end = max((track.length, *(note.end for note in track.notes)))
                self._offsets[index + 1] = self._offsets[index] + -(-end // beat) * beat

    def reading(self, damage: str) -> MidiReading:
        """Raises MidiError for too many beats or tracks. Silence that makes a song too long is left out."""
        tracks = self._tracks()
        end = max((note.start + note.length for track in tracks for note in track.notes), default=0)
        limit = MAX_BEATS * self._steps_per_beat
        if end > limit:
            beats = f"{end // self._steps_per_beat} beats long, and livegan reads at most {MAX_BEATS}"
            raise MidiError(f"{self._name} is {beats}; divide it, or choose another file if it is broken")
        if len(tracks) > MAX_TRACKS:
            many = f"{len(tracks)} instruments, and livegan reads at most {MAX_TRACKS}"
            raise MidiError(f"{self._name} has {many}; divide it, or choose another file if it is broken")
        last = max((self._step(offset + track.length) for offset, track in self._all()), default=0)
        song = Song(
            tracks,
            max(end, last if last <= limit else 0),
            self._steps_per_beat,
            self._tempos(limit),
            self._metres(limit),
            self._file.tracks[0].name,
        )
        return MidiReading(song, self._moved_attacks, self._moved_ends, self._merged, damage)

    def _all(self) -> Iterable[tuple[int, TickTrack]]:
        return zip(self._offsets, self._file.tracks, strict=True)

    def _step(self, tick: int) -> int:
        """The nearest step."""
        return (2 * tick * self._num + self._den) // (2 * self._den)

    def _is_moved(self, tick: int, step: int) -> bool:
        """Whether a step lies further from a tick than the file's own rounding could explain."""
        return 2 * abs(tick * self._num - step * self._den) > self._num

    def _tempos(self, limit: int) -> tuple[tuple[int, float], ...]:
        if self._file.division & 0x8000:
            return ((0, _bpm(_first_tempo(self._file))),)
        tempos = {0: DEFAULT_TEMPO}
        events = [(offset + tick, tempo) for offset, track in self._all() for tick, tempo in track.tempos]
        tempos |= {self._step(tick): tempo for tick, tempo in sorted(events, key=lambda event: event[0])}
        return tuple((step, _bpm(tempo)) for step, tempo in sorted(tempos.items()) if step <= limit)

    def _metres(self, limit: int) -> tuple[tuple[int, int, int], ...]:
        metres = {0: (4, 4)}
        events = [(offset + metre[0], metre[1:]) for offset, track in self._all() for metre in track.metres]
        metres |= {self._step(tick): metre for tick, metre in sorted(events, key=lambda event: event[0])}
        return tuple((step, *metre) for step, metre in sorted(metres.items()) if step <= limit)

    def _tracks(self) -> tuple[Track, ...]:
        programs = _Programs(self._file)
        groups: dict[tuple[int, int, int, int], list[Note]] = defaultdict(list)  # track, port, channel, program
        for index, (offset, track) in enumerate(self._all()):
            for note in track.notes:
                program = note.program
                if program is None:
                    program = programs(note)
                groups[index, note.port, note.channel, program].append(self._note(note, offset))
        tracks = []
        for (index, port, channel, program), on_grid in groups.items():
            notes = without_overlaps(on_grid)
            self._merged += len(on_grid) - len(notes)
            place = (index, port, channel, notes[0].start, program)
            tracks.append((place, Track(notes, program, channel == DRUM_CHANNEL, self._file.tracks[index].name)))
        return tuple(track for _, track in sorted(tracks, key=lambda item: item[0]))

    def _note(self, note: TickNote, offset: int) -> Note:
        start, end = self._step(offset + note.start), self._step(offset + note.end)
        self._moved_attacks += self._is_moved(offset + note.start, start)
        self._moved_ends += end <= start or self._is_moved(offset + note.end, end)
        return Note(start, note.pitch, max(1, end - start), note.velocity)


def _steps_per_tick(file: TickFile, name: str, steps_per_beat: int) -> tuple[int, int]:
    """Steps a tick, as a ratio."""
    if not file.division & 0x8000:
        if not file.division:
            raise MidiError(f"{name} is broken: its header has 0 ticks per beat; choose another file")
        return steps_per_beat, file.division
    frames, ticks = 256 - (file.division >> 8), file.division & 0xFF
    if frames not in SMPTE_RATES or not ticks:
        what = f"{frames} frames a second and {ticks} ticks a frame"
        raise MidiError(f"{name} is broken: its header has SMPTE time of {what}; choose another file")
    rate, over = SMPTE_RATES[frames]
    return steps_per_beat * 1_000_000 * over, rate * ticks * _first_tempo(file)


def _first_tempo(file: TickFile) -> int:
    """First tempo of the file [microseconds a quarter note]."""
    return min((tempo for track in file.tracks for tempo in track.tempos), default=(0, DEFAULT_TEMPO))[1]


def _bpm(tempo: int) -> float:
    """Quarter notes a minute of a tempo [microseconds a quarter note]: the roundest number that is written as it."""
    return next(bpm for digits in range(12) if _tempo(bpm := round(60e6 / tempo, digits)) == tempo)


def _tempo(bpm: float) -> int:
    return round(60e6 / bpm) if bpm else 0


class _Programs:
    """Programs that any track of the file sets on a channel, for notes whose own track sets none."""

    def __init__(self, file: TickFile) -> None:
        self._changes: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)  # tick, program
        if file.format != 2:
            for tick, port, channel, program in sorted(change for track in file.tracks for change in track.programs):
                self._changes[port, channel].append((tick, program))

    def __call__(self, note: TickNote) -> int:
        """The program set last before the note, 0 if there is none."""
        changes = self._changes.get((note.port, note.channel), [])
        index = bisect_right(changes, (note.start, 128))
        return changes[index - 1][1] if index else 0


def write_midi(song: Song, path: Path) -> None:
    """Write a song as a MIDI file of format 1, whole or not at all. Raises MidiError.

    Each track has a channel of its own while there are enough (drums channel 10); beyond 15, tracks of one program
    share one, and beyond 15 programs the next MIDI port is used. Tempos are kept to a microsecond a quarter note.
    """
    data = midi_bytes(song)
    try:
        write_atomic(path, data)
    except OSError as error:
        raise MidiError(f"{printable(path)} cannot be written ({reason_of(error)}); choose another place") from error


def midi_bytes(song: Song) -> bytes:
    """The song as a MIDI file of format 1; see `write_midi`. The same song gives the same bytes."""
    ticks_per_beat = max(1, TICKS_PER_BEAT // song.steps_per_beat) * song.steps_per_beat
    ticks = ticks_per_beat // song.steps_per_beat
    file = MidiFile(type=1, ticks_per_beat=ticks_per_beat, charset="utf-8")
    events: list[tuple[int, int, Message | MetaMessage]] = []
    for step, bpm in song.tempos:
        tempo = _tempo(bpm)
        if not 0 < tempo < 1 << 24:
            raise MidiError(f"a tempo of {bpm:g} cannot be written to a MIDI file; choose one of 4 to 1000000")
        events.append((step, 0, MetaMessage("set_tempo", tempo=tempo)))
    events += [
        (step, 0, MetaMessage("time_signature", numerator=numerator, denominator=denominator))
        for step, numerator, denominator in song.metres
    ]
    file.tracks.append(_midi_track(song.name, events, ticks, song.length))
    for track, (port, channel) in zip(song.tracks, _channels(song.tracks), strict=True):
        events = [(0, 0, MetaMessage("midi_port", port=port))] if port else []
        events.append((0, 0, Message("program_change", channel=channel, program=track.program)))
        for note in track.notes:
            off = Message("note_off", channel=channel, note=note.pitch, velocity=64)
            on = Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
            events += [(note.start + note.length, 1, off), (note.start, 2, on)]
        file.tracks.append(_midi_track(track.name, events, ticks, song.length))
    written = BytesIO()
    file.save(file=written)
    return written.getvalue()


def _midi_track(name: str, events: list[tuple[int, int, Message | MetaMessage]], ticks: int, length: int) -> MidiTrack:
    """Track chunk of events at steps; at one step in their order, notes ending before others begin."""
    track = MidiTrack()
    if name:
        track.append(MetaMessage("track_name", name=name.encode("utf-8", "replace").decode("utf-8")))
    now = 0
    for step, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=(step - now) * ticks))
        now = step
    track.append(MetaMessage("end_of_track", time=max(0, length - now) * ticks))
    return track


def _channels(tracks: tuple[Track, ...]) -> list[tuple[int, int]]:
    """Port and channel of each track."""
    melodic = [track for track in tracks if not track.drums]
    if len(melodic) <= len(MELODIC_CHANNELS):
        own = iter(MELODIC_CHANNELS)
        return [(0, DRUM_CHANNEL if track.drums else next(own)) for track in tracks]
    programs = list(dict.fromkeys(track.program for track in melodic))
    places = {program: divmod(index, len(MELODIC_CHANNELS)) for index, program in enumerate(programs)}
    return [
        (0, DRUM_CHANNEL) if track.drums else (places[track.program][0], MELODIC_CHANNELS[places[track.program][1]])
        for track in tracks
    ]
