"""General MIDI families: the few tracks into which the instruments of any song are merged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from livegan.composer.song import Song, Track, without_overlaps


@dataclass(frozen=True, slots=True)
class Family:
    """Instruments that become one track."""

    name: str
    programs: frozenset[int]  # General MIDI numbers from 0
    program: int = 0  # of the track where the song has none
    drums: bool = False

    def plays(self, track: Track) -> bool:
        """Whether a track belongs to it."""
        return track.drums if self.drums else not track.drums and track.program in self.programs


FAMILIES = (  # of MuseGAN (Dong et al. 2018) in its order, with its programs; organs are pianos
    Family("drums", frozenset(), 0, drums=True),
    Family("piano", frozenset((*range(8), *range(16, 24))), 0),
    Family("guitar", frozenset(range(24, 32)), 25),
    Family("bass", frozenset(range(32, 40)), 33),
    Family("strings", frozenset(range(40, 52)), 48),
)
OTHERS = Family("others", frozenset(range(128)).difference(*(family.programs for family in FAMILIES)), 80)
ALL_FAMILIES = (*FAMILIES, OTHERS)


def by_family(song: Song, families: Sequence[Family] = ALL_FAMILIES) -> Song:
    """The song with a track per family, in their order, empty where nobody plays; tracks of no family are left out.

    A family's program is the one that plays most notes in it. Where two of a family play one pitch at once, the newer
    attack ends the older note.
    """
    return replace(song, tracks=tuple(_merged(song, family) for family in families))


def _merged(song: Song, family: Family) -> Track:
    tracks = [track for track in song.tracks if family.plays(track)]
    notes = without_overlaps(note for track in tracks for note in track.notes)
    counts: dict[int, int] = {}
    for track in tracks:
        counts[track.program] = counts.get(track.program, 0) + len(track.notes)
    program = max(counts, key=lambda number: counts[number]) if counts else family.program
    return Track(notes, program, family.drums, family.name)
