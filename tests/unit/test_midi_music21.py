"""MIDI files of a few chorales, written by music21: the notes of its own scores, there and back."""

from fractions import Fraction

import pytest

from livegan.composer.midi_file import midi_bytes, parse_midi
from livegan.composer.piano_roll import roll_of, song_of_roll
from livegan.composer.song import Note

music21 = pytest.importorskip("music21", reason="needs the extra `compose`")


def step(quarters: Fraction | float) -> int:
    """The nearest 16th."""
    return int((Fraction(quarters) * 8 + 1) // 2)


@pytest.mark.parametrize("piece", ["bwv66.6", "bwv253"])
def test_a_chorale_of_music21(piece: str) -> None:
    score = music21.corpus.parse(f"bach/{piece}")
    data = music21.midi.translate.streamToMidiFile(score).writestr()
    reading = parse_midi(data)
    for part, track in zip(score.expandRepeats().parts, reading.song.tracks, strict=True):
        notes = [
            Note(start := step(note.offset), pitch.midi, step(note.offset + note.quarterLength) - start, 90)
            for note in part.flatten().stripTies().notes
            for pitch in note.pitches
        ]
        assert sorted(notes) == list(track.notes)
        assert track.name == part.partName
    assert (reading.moved_attacks, reading.moved_ends, reading.merged, reading.damage) == (0, 0, 0, "")
    again = parse_midi(midi_bytes(song_of_roll(roll_of(reading.song)))).song
    assert again == reading.song
