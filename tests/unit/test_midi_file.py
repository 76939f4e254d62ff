"""MIDI files: what is written is read again, and what other programs and broken disks make of them."""

import struct
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.composer.midi_file import midi_bytes, parse_midi, read_midi, write_midi
from livegan.composer.song import Note, Song, Track


def number(value: int) -> bytes:
    """A number of variable length, as the file has it."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def chunk(*events: bytes, identifier: bytes = b"MTrk") -> bytes:
    body = b"".join(events)
    return identifier + struct.pack(">L", len(body)) + body


def midi(*chunks: bytes, kind: int = 1, division: int = 480) -> bytes:
    return b"MThd" + struct.pack(">LHHH", 6, kind, len(chunks), division & 0xFFFF) + b"".join(chunks)


def on(delta: int, pitch: int, velocity: int = 80, channel: int = 0) -> bytes:
    return number(delta) + bytes([0x90 | channel, pitch, velocity])


def off(delta: int, pitch: int, channel: int = 0) -> bytes:
    return number(delta) + bytes([0x80 | channel, pitch, 0])


def program(value: int, channel: int = 0, delta: int = 0) -> bytes:
    return number(delta) + bytes([0xC0 | channel, value])


def meta(kind: int, payload: bytes, delta: int = 0) -> bytes:
    return number(delta) + bytes([0xFF, kind]) + number(len(payload)) + payload


END = meta(0x2F, b"")


def notes_of(data: bytes) -> list[list[Note]]:
    return [list(track.notes) for track in parse_midi(data).song.tracks]


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """A track with notes; those of one pitch do not overlap."""
    free: dict[int, int] = {}
    notes = []
    for pitch, gap, length, velocity in draw(
        st.lists(
            st.tuples(st.integers(0, 127), st.integers(0, 40), st.integers(1, 40), st.integers(1, 127)),
            min_size=1,
            max_size=12,
        )
    ):
        start = free.get(pitch, 0) + gap
        free[pitch] = start + length
        notes.append(Note(start, pitch, length, velocity))
    name = draw(st.text(max_size=12).map(lambda text: "".join(c for c in text if c.isprintable()).strip()))
    return Track(tuple(sorted(notes)), draw(st.integers(0, 127)), draw(st.booleans()), name)


@st.composite
def songs(draw: st.DrawFn, max_tracks: int = 20) -> Song:
    parts = tuple(draw(st.lists(tracks(), max_size=max_tracks)))
    end = max((note.start + note.length for track in parts for note in track.notes), default=0)
    length = end + draw(st.integers(0, 100))
    steps = st.integers(0, length)
    tempos = {0: 120.0} | draw(st.dictionaries(steps, st.integers(40, 3000).map(lambda value: value / 10), max_size=4))
    metre = st.tuples(st.integers(1, 99), st.sampled_from([1, 2, 4, 8, 16, 32]))
    metres = {0: (4, 4)} | draw(st.dictionaries(steps, metre, max_size=4))
    return Song(
        parts,
        length,
        draw(st.sampled_from([1, 2, 3, 4, 5, 7, 12, 24, 96])),
        tuple(sorted(tempos.items())),
        tuple((step, *value) for step, value in sorted(metres.items())),
        draw(st.sampled_from(["", "Fuge", "Präludium und Fuge, 1. Satz"])),
    )


@settings(max_examples=60, deadline=None)
@given(songs())
def test_a_song_written_is_the_song_read(song: Song) -> None:
    reading = parse_midi(midi_bytes(song), steps_per_beat=song.steps_per_beat)
    assert reading.song == song
    assert reading.song.name == song.name
    assert (reading.moved_attacks, reading.moved_ends, reading.merged, reading.damage) == (0, 0, 0, "")


def test_a_file_is_written_whole_and_the_same_each_time(tmp_path: Path) -> None:
    song = Song((Track((Note(0, 60, 4), Note(4, 64, 4, 100)), 19, name="Orgel"),), 16, name="Test")
    path = tmp_path / "new" / "a.mid"
    write_midi(song, path)
    first = path.read_bytes()
    write_midi(song, path)
    assert path.read_bytes() == first
    assert read_midi(path) == song
    assert [entry.name for entry in path.parent.iterdir()] == ["a.mid"]
