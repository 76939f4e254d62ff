"""Songs for property tests: any that a MIDI file and a piano roll can hold."""

from hypothesis import strategies as st

from livegan.composer.song import Note, Song, Track

NOTES = st.lists(
    st.tuples(st.integers(0, 127), st.integers(0, 40), st.integers(1, 40), st.integers(1, 127)), min_size=1, max_size=10
)
NAMES = st.text(max_size=8).map(lambda text: "".join(letter for letter in text if letter.isprintable()).strip())


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """A track with notes; those of one pitch do not overlap."""
    free: dict[int, int] = {}
    notes = []
    for pitch, gap, length, velocity in draw(NOTES):
        start = free.get(pitch, 0) + gap
        free[pitch] = start + length
        notes.append(Note(start, pitch, length, velocity))
    return Track(tuple(sorted(notes)), draw(st.integers(0, 127)), draw(st.booleans()), draw(NAMES))


@st.composite
def songs(draw: st.DrawFn) -> Song:
    """A song of some tracks, with maps of tempo and metre."""
    parts = tuple(draw(st.lists(tracks(), max_size=5)))
    end = max((note.start + note.length for track in parts for note in track.notes), default=0)
    length = end + draw(st.integers(0, 100))
    steps = st.integers(0, length)
    tempos = {0: 120.0} | draw(st.dictionaries(steps, st.integers(40, 3000).map(lambda value: value / 10), max_size=3))
    metre = st.tuples(st.integers(1, 99), st.sampled_from([1, 2, 4, 8, 16, 32]))
    metres = {0: (4, 4)} | draw(st.dictionaries(steps, metre, max_size=3))
    return Song(
        parts,
        length,
        draw(st.sampled_from([1, 2, 3, 4, 5, 7, 12, 24, 96])),
        tuple(sorted(tempos.items())),
        tuple((step, *value) for step, value in sorted(metres.items())),
        draw(st.sampled_from(["", "Fuge", "Präludium und Fuge, 1. Satz"])),
    )
