"""MIDI files: what is written is read again, and other programs' habits are understood."""

import io
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings

from livegan.composer.midi_file import midi_bytes, parse_midi, read_midi, reading_of_midi, write_midi
from livegan.composer.song import Note, Song, Track
from livegan.errors import MidiError
from tests.midi_chunks import END, chunk, meta, midi, number, off, on, program
from tests.songs_drawn import songs


def notes_of(data: bytes, steps_per_beat: int = 4) -> list[list[Note]]:
    return [list(track.notes) for track in parse_midi(data, steps_per_beat=steps_per_beat).song.tracks]


@settings(max_examples=50, deadline=None)
@given(songs())
def test_a_song_written_is_the_song_read(song: Song) -> None:
    reading = parse_midi(midi_bytes(song), steps_per_beat=song.steps_per_beat)
    assert reading.song == song
    assert reading.song.name == song.name
    assert (reading.moved_attacks, reading.moved_ends, reading.merged, reading.damage) == (0, 0, 0, "")


@settings(max_examples=15, deadline=None)
@given(songs())
def test_mido_reads_what_is_written(song: Song) -> None:
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(song)), charset="utf-8")
    assert len(file.tracks) == len(song.tracks) + 1
    ticks = file.ticks_per_beat // song.steps_per_beat
    for track, written in zip(song.tracks, file.tracks[1:], strict=True):
        now, begun, found = 0, {}, []
        for message in written:
            now += message.time
            if message.type == "note_on":
                begun[message.note] = (now, message.velocity)
            elif message.type == "note_off":
                start, velocity = begun.pop(message.note)
                found.append(Note(start // ticks, message.note, (now - start) // ticks, velocity))
        assert sorted(found) == list(track.notes)
        assert {message.channel == 9 for message in written if not message.is_meta} == {track.drums}


def test_a_file_is_written_whole_and_the_same_each_time(tmp_path: Path) -> None:
    song = Song((Track((Note(0, 60, 4), Note(4, 64, 4, 100)), 19, name="Orgel"),), 16, name="Test")
    path = tmp_path / "new" / "a.mid"
    write_midi(song, path)
    first = path.read_bytes()
    write_midi(song, path)
    assert path.read_bytes() == first
    assert read_midi(path) == song
    assert [entry.name for entry in path.parent.iterdir()] == ["a.mid"]


def test_sixteen_instruments_have_channels_of_their_own_and_a_hundred_have_ports() -> None:
    def places(count: int, programs: int) -> set[tuple[int, int]]:
        tracks = tuple(Track((Note(0, 60, 1),), index % programs, index == 3) for index in range(count))
        song = Song(tracks, 4)
        assert parse_midi(midi_bytes(song)).song == song
        found = set()
        for track in mido.MidiFile(file=io.BytesIO(midi_bytes(song))).tracks[1:]:
            port = next((message.port for message in track if message.type == "midi_port"), 0)
            found |= {(port, message.channel) for message in track if message.type == "note_on"}
        return found

    assert places(16, 16) == {(0, channel) for channel in range(16)}
    assert len(places(100, 10)) == 11  # one a program, and drums
    assert len(places(100, 100)) == 100


def test_a_tempo_that_no_file_can_hold_is_said() -> None:
    with pytest.raises(MidiError, match="a tempo of 1 cannot be written"):
        midi_bytes(Song((), 4, tempos=((0, 1.0),)))


@pytest.mark.parametrize("ticks", [1, 2, 25, 96, 120, 480, 960, 1024, 32767])
def test_any_ticks_per_beat(ticks: int) -> None:
    data = midi(chunk(on(0, 60), off(ticks, 60), on(ticks, 62), off(2 * ticks, 62), END), division=ticks)
    reading = parse_midi(data)
    assert reading.song.tracks[0].notes == (Note(0, 60, 4), Note(8, 62, 8))
    assert (reading.moved_attacks, reading.moved_ends) == (0, 0)


def test_what_is_off_the_grid_goes_to_the_nearest_step_and_is_counted() -> None:
    data = midi(chunk(on(10, 60), off(100, 60), on(250, 62), off(5, 62), END))  # steps of 120 ticks
    reading = parse_midi(data)
    assert reading.song.tracks[0].notes == (Note(0, 60, 1), Note(3, 62, 1))
    assert (reading.moved_attacks, reading.moved_ends) == (1, 2)
    on_its_own = midi(chunk(on(6, 60), off(6, 60), END), division=25)  # a 16th of 25 ticks is 6.25: the file's rounding
    assert parse_midi(on_its_own).moved_attacks == 0


@pytest.mark.parametrize(("frames", "rate"), [(24, 24), (25, 25), (29, 30000 / 1001), (30, 30)])
def test_smpte_time_is_real_time(frames: int, rate: float) -> None:
    ticks_a_second = round(rate * 40)
    division = (256 - frames) << 8 | 40
    tempo = meta(0x51, (1_000_000).to_bytes(3, "big"))  # 60 quarter notes a minute
    data = midi(chunk(tempo, on(ticks_a_second, 60), off(2 * ticks_a_second, 60), END), division=division)
    song = parse_midi(data).song
    assert song.tempos == ((0, 60.0),)
    assert song.tracks[0].notes == (Note(4, 60, 8),)


def test_the_formats() -> None:
    def track(pitch: int) -> bytes:
        return chunk(on(0, pitch), off(700, pitch), END)

    assert notes_of(midi(track(60), track(62), kind=1)) == [[Note(0, 60, 6)], [Note(0, 62, 6)]]
    assert notes_of(midi(track(60), track(62), kind=2)) == [[Note(0, 60, 6)], [Note(8, 62, 6)]]  # one after another
    on_two_channels = chunk(on(0, 60), on(0, 40, channel=9), off(480, 60), off(0, 40, channel=9), END)
    song = parse_midi(midi(on_two_channels, kind=0)).song
    assert [(track.drums, track.notes) for track in song.tracks] == [
        (False, (Note(0, 60, 4),)),
        (True, (Note(0, 40, 4),)),
    ]


def test_running_status_and_note_on_with_velocity_0() -> None:
    data = midi(chunk(on(0, 60), b"\x78\x3c\x00", b"\x00\x3e\x50", b"\x78\x3e\x00", END))
    assert notes_of(data) == [[Note(0, 60, 1), Note(1, 62, 1)]]


def test_ends_of_notes() -> None:
    assert notes_of(midi(chunk(on(0, 60), off(0, 60), END))) == [[Note(0, 60, 1)]]  # no length: one step
    assert notes_of(midi(chunk(on(0, 60), on(480, 62), off(480, 62), END))) == [[Note(0, 60, 8), Note(4, 62, 4)]]
    overlapping = midi(chunk(on(0, 60), on(480, 60), off(480, 60), off(480, 60), END))
    assert notes_of(overlapping) == [[Note(0, 60, 4), Note(4, 60, 8)]]  # sounds as long as either was held
    missing = midi(chunk(on(0, 60), on(480, 60), off(480, 60), on(480, 60), on(480, 62), off(480, 62), END))
    assert notes_of(missing) == [[Note(0, 60, 4), Note(4, 60, 4), Note(12, 60, 8), Note(16, 62, 4)]]
    released_before = midi(
        chunk(off(0, 60), on(0, 60), on(480, 60), off(480, 60), off(480, 60), on(0, 60), on(480, 62), END)
    )
    assert [note.length for note in notes_of(released_before)[0]] == [1, 4, 1, 1]
    twice = midi(chunk(on(0, 60, 50), on(0, 60, 90), off(480, 60), off(480, 60), END))
    assert notes_of(twice) == [[Note(0, 60, 8, 90)]]
    assert parse_midi(twice).merged == 1


def test_programs_split_tracks_and_may_be_set_by_another_track() -> None:
    changing = chunk(
        program(5), on(0, 60), off(480, 60), program(9), on(0, 62), off(480, 62), program(5), on(0, 64), END
    )
    song = parse_midi(midi(changing)).song
    assert [(track.program, len(track.notes)) for track in song.tracks] == [(5, 2), (9, 1)]
    setup = chunk(program(33, channel=2), program(40, channel=2, delta=960), END)
    playing = chunk(on(480, 60, channel=2), off(480, 60, channel=2), on(480, 60, channel=2), END)
    song = parse_midi(midi(setup, playing)).song
    assert [track.program for track in song.tracks] == [33, 40]


def test_tempo_and_metre_maps_and_names() -> None:
    setup = chunk(
        meta(3, b"St\xfcck"),
        meta(0x51, (714_286).to_bytes(3, "big")),
        meta(0x58, bytes([3, 2, 24, 8])),
        meta(0x51, (0).to_bytes(3, "big"), delta=480),  # no tempo
        meta(0x51, (500_000).to_bytes(3, "big"), delta=480),
        meta(0x58, bytes([6, 3, 24, 8]), delta=480),
        END,
    )
    song = parse_midi(midi(setup, chunk(meta(4, b" Fl\x00te\n"), on(0, 60), off(480, 60), END))).song
    assert song.tempos == ((0, 84.0), (8, 120.0))
    assert song.metres == ((0, 3, 4), (12, 6, 8))
    assert (song.name, song.tracks[0].name, song.length) == ("Stück", "Fl te", 12)


def test_what_others_wrap_and_break() -> None:
    notes = [[Note(0, 60, 4)]]
    track = chunk(on(0, 60), off(480, 60), END)
    whole = midi(track)
    assert notes_of(b"RIFF\x00\x00\x00\x00RMIDdata\x00\x00\x00\x00" + whole) == notes
    assert notes_of(whole + b"\x00garbage, more of it") == notes
    assert notes_of(midi(chunk(b"whatever", identifier=b"XFIH"), track)) == notes
    assert notes_of(midi(chunk(on(0, 60), off(480, 60)))) == notes  # no end of track
    assert notes_of(whole.replace(b"\x00\x00\x00\x0d", b"\x00\x00\xff\x0d")) == notes  # size of the chunk
    assert notes_of(midi(chunk(on(0, 60), b"\x00\xf0\x02\x41\xf7", off(480, 60), END))) == notes  # exclusive
    broken = parse_midi(midi(chunk(on(0, 60), off(480, 60), on(0, 62)[:2]), track))
    assert broken.song.tracks[0].notes == (Note(0, 60, 4),)
    assert broken.damage == "track 1 breaks off at byte 9"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is no MIDI file"),
        (b"MThd\x00\x00", "is cut off: 6 bytes"),
        (midi(), "there is no track in it"),
        (midi(chunk(END), division=0), "0 ticks per beat"),
        (midi(chunk(END), division=0x8000), "SMPTE time of 128 frames a second and 0 ticks a frame"),
        (midi(chunk(b"\x00\x3c\x50")), "has no note that can be read"),
        (midi(chunk(on(0, 60), off(480 << 17, 60), END)), "131072 beats long, and livegan reads at most 65536"),
        (midi(*[chunk(on(0, 60), END)] * 1025), "1025 instruments, and livegan reads at most 1024"),
        (midi(*[chunk(END)] * 4097), "more than 4096 tracks"),
        (b"MThd" + bytes(5 << 20), "larger than 4 MiB"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(data)
    with pytest.raises(MidiError, match=words) as error:
        read_midi(path)
    assert str(path) in str(error.value)
    assert ";" in str(error.value)  # and what to do


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(MidiError, match="is a folder"):
        read_midi(tmp_path)
    with pytest.raises(MidiError, match="is not there"):
        read_midi(tmp_path / "b.mid")
    with pytest.raises(MidiError, match=r"a\?.mid is not there"):
        read_midi(Path("a\0.mid"))
    (tmp_path / "file").touch()
    with pytest.raises(MidiError, match="cannot be written"):
        write_midi(Song((), 4), tmp_path / "file" / "a.mid")


def test_silence_that_never_ends_is_left_out() -> None:
    assert parse_midi(midi(chunk(on(0, 60), off(480, 60), meta(0x2F, b"", delta=(1 << 28) - 1)))).song.length == 4
    assert number((1 << 28) - 1) == b"\xff\xff\xff\x7f"


def test_a_reading_tells_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi(chunk(on(30, 60), off(480, 60), END)))
    assert reading_of_midi(path).moved_attacks == 1
