"""Hostile and odd MIDI files, made by a seeded generator: each gives notes or one sentence."""

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.composer import midi_events
from livegan.composer.midi_file import midi_bytes, parse_midi
from livegan.composer.song import Note, Song
from livegan.errors import MidiError
from tests.midi_chunks import END, chunk, meta, midi, number, off, on, program

Rng = random.Random
FILES_OF_A_KIND = 15


def pitch(rng: Rng) -> int:
    return rng.randrange(128)


def delta(rng: Rng) -> int:
    return rng.choice([0, 0, 1, 30, 119, 120, 121, 480, 1000])


def events(rng: Rng) -> list[bytes]:
    """Some events of a track: paired and unpaired, overlapping, and those that make no note."""
    some: list[bytes] = []
    for _ in range(rng.randrange(1, 30)):
        key, channel = 60 + rng.randrange(4), rng.choice([0, 1, 9])
        some += rng.choice(
            [
                [on(delta(rng), key, rng.randrange(128), channel)],
                [off(delta(rng), key, channel)],
                [on(delta(rng), key, 80, channel), off(delta(rng), key, channel)],
                [on(0, key, 80, channel), off(0, key, channel)],
                [program(rng.randrange(128), channel, delta(rng))],
                [
                    meta(
                        rng.choice([1, 3, 4, 5, 0x20, 0x21, 0x51, 0x54, 0x58, 0x59, 0x7F]), rng.randbytes(5), delta(rng)
                    )
                ],
                [b"\x00\xb0\x40\x7f", b"\x00\xe0\x00\x40", b"\x00\xf0" + number(3) + rng.randbytes(3)],
            ]
        )
    return some


def whole(rng: Rng) -> bytes:
    tracks = [chunk(*events(rng), END) for _ in range(rng.randrange(1, 5))]
    return midi(*tracks, kind=rng.randrange(3), division=rng.choice([1, 24, 96, 480, 32767]))


def running_status(rng: Rng) -> bytes:
    pairs = [bytes([0, key, 80, 120, key, 0]) for key in (pitch(rng) for _ in range(20))]
    return midi(chunk(on(0, 60), meta(1, b"between"), *pairs, END))


def smpte(rng: Rng) -> bytes:
    division = (256 - rng.choice([24, 25, 29, 30, 23, 0, 128])) << 8 & 0xFF00 | rng.choice([0, 1, 4, 80, 255])
    return midi(chunk(*events(rng), END), division=division | 0x8000)


def long_times(rng: Rng) -> bytes:
    wait = rng.choice([65_535, (1 << 28) - 1, 1 << 21])
    pairs = [on(wait, 60) + off(rng.choice([0, wait]), 60) for _ in range(rng.choice([1, 5, 200]))]
    return midi(chunk(*pairs, END), division=rng.choice([1, 480, 32767]))


def no_ends(rng: Rng) -> bytes:
    return midi(
        *[chunk(*[on(delta(rng), pitch(rng)) for _ in range(20)]) for _ in range(rng.randrange(1, 20))],
        kind=rng.randrange(3),
    )


def wrong_sizes(rng: Rng) -> bytes:
    data = bytearray(midi(chunk(*events(rng), END), chunk(*events(rng), END)))
    data[18 + 3 + rng.randrange(4) if rng.random() < 0.7 else 7] = rng.randrange(256)
    return bytes(data)


def truncated(rng: Rng) -> bytes:
    data = whole(rng)
    return data[: rng.randrange(len(data))]


def mutated(rng: Rng) -> bytes:
    data = bytearray(whole(rng))
    for _ in range(rng.randrange(1, 20)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def garbage(rng: Rng) -> bytes:
    return rng.choice(
        [b"", b"MThd", b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0MTrk\x00\x00\x10\x00"]
    ) + rng.randbytes(400)


def garbage_between(rng: Rng) -> bytes:
    return midi(chunk(*events(rng), END), rng.randbytes(40), chunk(*events(rng), END)) + rng.randbytes(100)


def odd_headers(rng: Rng) -> bytes:
    data = bytearray(whole(rng))
    data[8:14] = rng.choice([rng.randbytes(6), bytes(6), b"\xff" * 6, b"\0\x03\0\0\x01\xe0", b"\0\0\xff\xff\x01\xe0"])
    return bytes(data)


def numbers_without_end(rng: Rng) -> bytes:
    return midi(chunk(on(0, 60), off(480, 60), b"\xff" * rng.randrange(1, 50), on(0, 60)))


def long_payloads(rng: Rng) -> bytes:
    kind = rng.choice([b"\xff\x03", b"\xf0", b"\xf7", b"\xff\x51", b"\xff\x58", b"\xff\x2f"])
    return midi(
        chunk(on(0, 60), b"\x00", kind, number(rng.choice([0, 1, 300, (1 << 28) - 1])), rng.randbytes(300), END)
    )


def system_messages(rng: Rng) -> bytes:
    return midi(chunk(on(0, 60), *[bytes([0, rng.randrange(0xF0, 0xFF), 1, 2]) for _ in range(4)], off(480, 60), END))


KINDS: list[Callable[[Rng], bytes]] = [
    whole,
    running_status,
    smpte,
    long_times,
    no_ends,
    wrong_sizes,
    truncated,
    mutated,
    garbage,
    garbage_between,
    odd_headers,
    numbers_without_end,
    long_payloads,
    system_messages,
]


def check(song: Song) -> None:
    """A song as its types promise it."""
    for track in song.tracks:
        assert track.notes
        assert list(track.notes) == sorted(track.notes)
        assert 0 <= track.program <= 127
        by_pitch: dict[int, list[Note]] = {}
        for note in track.notes:
            assert min(note.start, note.pitch, note.length - 1, note.velocity - 1) >= 0
            assert max(note.pitch, note.velocity) <= 127
            assert note.start + note.length <= song.length
            by_pitch.setdefault(note.pitch, []).append(note)
        for notes in by_pitch.values():
            assert all(older.start + older.length <= newer.start for older, newer in pairwise(notes))
    for changes in (song.tempos, song.metres):
        steps = [change[0] for change in changes]
        assert steps[0] == 0
        assert steps == sorted(set(steps))
    assert all(3.5 < bpm <= 60e6 for _, bpm in song.tempos)
    assert all(0 < metre[1] < 256 and metre[2] in (1, 2, 4, 8, 16, 32, 64, 128) for metre in song.metres)
    assert len(song.tracks) <= 1024
    assert song.length <= 65536 * song.steps_per_beat


def notes_or_sentence(data: bytes) -> Song | str:
    try:
        song = parse_midi(data, "odd.mid").song
    except MidiError as error:
        sentence = str(error)
        assert sentence.startswith("odd.mid ")
        assert ";" in sentence  # and what to do
        assert "\n" not in sentence
        return sentence
    check(song)
    return song


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_odd_files_give_notes_or_one_sentence(kind: Callable[[Rng], bytes]) -> None:
    answers = [notes_or_sentence(kind(random.Random(f"{kind.__name__} {seed}"))) for seed in range(FILES_OF_A_KIND)]
    if kind in (whole, running_status, no_ends, garbage_between, system_messages):
        assert not any(isinstance(answer, str) for answer in answers)
    if kind in (running_status, no_ends, system_messages):
        assert all(isinstance(answer, Song) and answer.tracks for answer in answers)
    for answer in answers:
        if isinstance(answer, Song) and answer.length < 100_000:
            again = parse_midi(midi_bytes(answer)).song
            assert (again.tracks, again.tempos[0]) == (answer.tracks, answer.tempos[0])


def test_there_are_two_hundred_of_them() -> None:
    assert len(KINDS) * FILES_OF_A_KIND >= 200


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_at_all(data: bytes) -> None:
    notes_or_sentence(data)
    notes_or_sentence(midi(chunk(data)))
    notes_or_sentence(midi(data))


def test_hostile_files_meet_a_limit_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi_events, "MAX_NOTES", 100)
    one = chunk(on(0, 60), bytes([0, 60, 80]) * 59, END)
    assert isinstance(notes_or_sentence(midi(one)), Song)
    assert notes_or_sentence(midi(one, one)) == "odd.mid has more than 100 notes, which is too many to read; divide it"
