"""Demo track: a minute that shows drums, bass, chords, a breakdown, silence and a drop, and then loops.

Written by `python -m tools.make_demo_track`: A minor, 120 beats a minute, a chord every bar of two seconds.
"""

from dataclasses import dataclass
from pathlib import Path

TEMPO_BPM = 120.0
BEAT_S = 60.0 / TEMPO_BPM
BAR_S = 4 * BEAT_S
LENGTH_S = 64.0


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the track, and what plays in it."""

    name: str
    start_s: float
    end_s: float
    parts: frozenset[str] = frozenset()


SECTIONS = (
    Section("intro", 0.0, 8.0, frozenset({"pad"})),
    Section("drums", 8.0, 16.0, frozenset({"kick", "snare", "hats"})),
    Section("bass", 16.0, 24.0, frozenset({"kick", "snare", "hats", "bass", "stabs"})),
    Section("groove", 24.0, 40.0, frozenset({"kick", "snare", "hats", "bass", "stabs", "arp", "melody"})),
    Section("breakdown", 40.0, 46.25, frozenset({"pad", "arp", "riser"})),
    Section("silence", 46.25, 48.0),
    Section("drop", 48.0, 60.0, frozenset({"kick", "snare", "hats", "bass", "stabs", "arp", "melody", "pad"})),
    Section("outro", 60.0, 64.0, frozenset({"pad", "arp"})),
)

AM, F, C, G, DM, E = "A3 C4 E4 G4", "F3 A3 C4 E4", "G3 C4 E4 B4", "G3 B3 D4 A4", "A3 D4 F4 C5", "G#3 B3 E4 D5"
CHORDS = (
    *(AM, F, C, G),  # intro
    *(AM, AM, AM, AM),  # drums: no chord
    *(AM, F, C, G),  # bass
    *(AM, F, C, G, DM, AM, F, E),  # groove
    *(F, C, DM, E),  # breakdown and silence
    *(AM, F, C, G, DM, E),  # drop
    *(F, G),  # outro, and back to A minor
)
ROOTS = {AM: "A1", F: "F1", C: "C2", G: "G1", DM: "D2", E: "E1"}


def demo_track() -> Path:
    """Where the demo track lies: OGG Vorbis, stereo, 48 kHz, 64 s, a seamless loop."""
    return Path(__file__).with_name("demo.ogg")
