"""Standard MIDI file parser: notes, programs, tempos and metres of each track, in ticks, as far as they can be read.

Source: Standard MIDI Files 1.0 (RP-001), MIDI Manufacturers Association. Own code, because mido's reader gives up the
whole file at the first byte out of place and has no limits: here a broken track keeps what comes before the break, and
a hostile file meets a limit before it fills the memory. mido writes our files, and is the oracle of the tests.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from livegan.errors import MidiError

MAX_BYTES = 4 << 20  # a long orchestral score takes less than one of these four MiB
MAX_NOTES = 500_000
MAX_CHUNKS = 4096
DRUM_CHANNEL = 9  # channel 10, counted from 0
DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}  # of channel messages, by upper half of status
SYSTEM_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # they do not belong into files, but are found there
NAME_BYTES = 800


@dataclass(frozen=True, slots=True)
class TickNote:
    """Note as it stands in the file."""

    start: int  # [ticks]
    end: int  # [ticks] equal to start for a note without length
    pitch: int
    velocity: int
    channel: int  # 0..15
    port: int
    program: int | None  # set on this channel by this track before the note, if it was


@dataclass(slots=True)
class TickTrack:
    """Track chunk of a file."""

    notes: list[TickNote] = field(default_factory=list)
    programs: list[tuple[int, int, int, int]] = field(default_factory=list)  # tick, port, channel, program
    tempos: list[tuple[int, int]] = field(default_factory=list)  # tick, microseconds a quarter note
    metres: list[tuple[int, int, int]] = field(default_factory=list)  # tick, numerator, denominator
    name: str = ""
    length: int = 0  # [ticks]
    broken_at: int | None = None  # byte of the chunk at which it could not be read on


@dataclass(frozen=True, slots=True)
class TickFile:
    """Header and tracks of a file."""

    format: int  # 0, 1 or 2
    division: int  # of the header, 16 bits: ticks a quarter note, or SMPTE time
    tracks: list[TickTrack]


class _BrokenTrackError(Exception):
    """What stands at this byte is no MIDI."""


def parse_events(data: bytes, name: object) -> TickFile:
    """Parse the bytes of a file; `name` is what an error calls it. Raises MidiError for what is no MIDI, or too much.

    A header inside another file (RIFF, MacBinary) is found; chunks that are no tracks are skipped; a track chunk that
    is longer than the file ends with it.
    """
    at = data.find(b"MThd", 0, 4096)
    if at < 0:
        raise MidiError(f"{name} is no MIDI file: it has no header; choose another file")
    if len(data) < at + 14:
        raise MidiError(f"{name} is cut off: {len(data) - at} bytes of it are left; copy it again")
    kind = int.from_bytes(data[at + 8 : at + 10], "big")
    division = int.from_bytes(data[at + 12 : at + 14], "big")
    tracks: list[TickTrack] = []
    notes_left = MAX_NOTES
    at += 8 + max(6, int.from_bytes(data[at + 4 : at + 8], "big"))
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            break
        identifier, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        if identifier == b"MTrk":
            track = _parse_track(data[at + 8 : at + 8 + size], notes_left, name)
            notes_left -= len(track.notes)
            tracks.append(track)
            at += 8 + size
        elif identifier.isalnum() and at + 8 + size <= len(data):  # somebody's own chunk
            at += 8 + size
        else:  # a track before was longer than it said, or garbage
            found = data.find(b"MTrk", at + 1)
            at = found if found >= 0 else len(data)
    else:
        raise MidiError(f"{name} has more than {MAX_CHUNKS} tracks, which livegan does not read; choose another file")
    if not tracks:
        raise MidiError(f"{name} is broken: there is no track in it; choose another file")
    return TickFile(kind if kind in (0, 2) else 1, division, tracks)


def _parse_track(data: bytes, notes_left: int, name: object) -> TickTrack:
    """Parse one track chunk up to its end, or to the first byte that is out of place."""
    track = TickTrack()
    events = _Events(data)
    keys: dict[tuple[int, int, int], _Key] = defaultdict(_Key)
    programs: dict[tuple[int, int], int] = {}
    tick = at = port = count = 0
    try:
        while events.at < len(data):
            at = events.at
            delta, status, first, second = events.following()
            tick += delta
            message, channel = status >> 4, status & 15
            if message == 0x9 and second > 0:
                count += 1
                if count > notes_left:
                    raise MidiError(f"{name} has more than {MAX_NOTES} notes, which is too many to read; divide it")
                keys[port, channel, first].press(tick, second, programs.get((port, channel)))
            elif message in (0x8, 0x9):
                keys[port, channel, first].release(tick)
            elif message == 0xC:
                programs[port, channel] = first
                track.programs.append((tick, port, channel, first))
            elif status == 0xFF:
                if first == 0x2F:  # end of track
                    break
                port = _meta(track, tick, port, first, events.payload)
    except _BrokenTrackError:
        track.broken_at = at
    track.length = tick
    for (port, channel, pitch), key in keys.items():
        for start, end, velocity, program in key.notes(tick):
            track.notes.append(TickNote(start, end, pitch, velocity, channel, port, program))
    return track


class _Key:
    """Presses and releases of one pitch on a channel, and the notes that they make."""

    __slots__ = ("_down", "_events", "_odd")

    def __init__(self) -> None:
        self._events: list[tuple[int, int, int | None]] = []  # tick, velocity (0: released), program
        self._down = 0
        self._odd = False  # whether the last event is a release without a press

    def press(self, tick: int, velocity: int, program: int | None) -> None:
        self._events.append((tick, velocity, program))
        self._down += 1
        self._odd = False

    def release(self, tick: int) -> None:
        if self._odd:
            self._events.pop()  # of releases without a press only the last one matters
        self._odd = not self._down
        self._down = max(0, self._down - 1)
        self._events.append((tick, 0, None))

    def notes(self, end: int) -> list[tuple[int, int, int, int | None]]:
        """Start, end, velocity and program of each note; `end` is that of the track.

        A release ends the oldest note that sounds. Where releases are missing a press ends the note before it, and the
        last note lasts to the end of the track; unless the release stands just before the press at one tick, as some
        programs write notes without length.
        """
        notes: list[tuple[int, int, int, int | None]] = []
        sounding: deque[tuple[int, int, int | None]] = deque()
        for event in self._events:
            if event[1]:
                sounding.append(event)
            elif sounding:
                start, velocity, program = sounding.popleft()
                notes.append((start, event[0], velocity, program))
        return self._without_all_releases(end) if sounding else notes

    def _without_all_releases(self, end: int) -> list[tuple[int, int, int, int | None]]:
        notes: list[tuple[int, int, int, int | None]] = []
        older: tuple[int, int, int | None] | None = None
        no_length, released = False, -1
        for tick, velocity, program in (*self._events, (end, 1, None)):
            if older is not None:
                notes.append((older[0], older[0] if no_length and velocity else tick, *older[1:]))
            elif not velocity:
                released = tick
            older = (tick, velocity, program) if velocity else None
            no_length = released == tick
        return notes


def _meta(track: TickTrack, tick: int, port: int, kind: int, payload: bytes) -> int:
    """Note what a meta event says that matters here; returns the port from now on."""
    if kind in (0x03, 0x04) and not track.name:  # name of the track, of the instrument
        track.name = _text(payload)
    elif kind == 0x21 and len(payload) == 1:
        return payload[0]
    elif kind == 0x51 and len(payload) == 3:
        if tempo := int.from_bytes(payload, "big"):
            track.tempos.append((tick, tempo))
    elif kind == 0x58 and len(payload) >= 2 and payload[0] and payload[1] <= 7:
        track.metres.append((tick, payload[0], 1 << payload[1]))
    return port


def _text(payload: bytes) -> str:
    """Text of a meta event, UTF-8 or Latin 1, on one line."""
    try:
        text = payload[:NAME_BYTES].decode("utf-8")
    except UnicodeDecodeError:
        text = payload[:NAME_BYTES].decode("latin-1")
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()[:200]


class _Events:
    """Cursor over the events of a track."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.payload = b""  # of the last meta or exclusive event
        self._running = 0  # status of the last channel message

    def following(self) -> tuple[int, int, int, int]:
        """Delta time [ticks], status and the first two data bytes of the next event. Raises _BrokenTrackError.

        Running status outlasts meta and exclusive events, as many files have it.
        """
        delta = self._number()
        status = self._byte()
        if status < 0x80:
            self.at -= 1
            status = self._running
            if not status:
                raise _BrokenTrackError
        if status < 0xF0:
            self._running = status
            first = self._data_byte()
            return delta, status, first, self._data_byte() if DATA_BYTES[status >> 4] == 2 else 0
        if status == 0xFF:
            kind = self._byte()
            self.payload = self._take(self._number())
            return delta, status, kind, 0
        if status in (0xF0, 0xF7):
            self.payload = self._take(self._number())
        else:
            self._take(SYSTEM_DATA_BYTES.get(status, 0))
        return delta, status, 0, 0

    def _byte(self) -> int:
        if self.at >= len(self.data):
            raise _BrokenTrackError
        self.at += 1
        return self.data[self.at - 1]

    def _data_byte(self) -> int:
        value = self._byte()
        if value > 127:
            raise _BrokenTrackError
        return value

    def _number(self) -> int:
        """Number of variable length: 7 bits a byte, four bytes at most."""
        value = 0
        for _ in range(4):
            byte = self._byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        raise _BrokenTrackError

    def _take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise _BrokenTrackError
        self.at += size
        return self.data[self.at - size : self.at]
