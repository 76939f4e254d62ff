"""Demo track: a minute that shows drums, bass, chords, a breakdown, silence and a drop, and then loops.

Written by `python -m tools.make_demo_track`: A minor, 120 beats a minute, a chord every bar of two seconds.
"""

from dataclasses import dataclass
from pathlib import Path

TEMPO_BPM = 120.0
BEAT_S = 60.0 / TEMPO_BPM
BAR_S = 4 * BEAT_S
LENGTH_S = 64.0
FILLS_FROM_S = 16.0  # sections end with a fill from here on


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


def kicks() -> list[float]:
    """When the kick is heard [s]: on every beat of the bars with drums."""
    return [bar_s + beat * BEAT_S for bar_s, _ in _drum_bars() for beat in range(4)]


def snares() -> list[float]:
    """When the snare is heard [s]: on two and four, and a fill of sixteenths before a new section."""
    times = {bar_s + beat * BEAT_S for bar_s, _ in _drum_bars() for beat in (1, 3)}
    times |= {bar_s + (3 + i / 4) * BEAT_S for bar_s, fill in _drum_bars() if fill for i in range(4)}
    return sorted(times)


def hats() -> list[float]:
    """When a hat is heard [s]: on every sixteenth, the open ones between the beats."""
    return [bar_s + sixteenth * BEAT_S / 4 for bar_s, _ in _drum_bars() for sixteenth in range(16)]


def _drum_bars() -> list[tuple[float, bool]]:
    """Where the bars with drums begin [s], and whether they end with a fill."""
    spans = [(s.start_s, s.end_s) for s in SECTIONS if "kick" in s.parts]
    bars = [(start_s + i * BAR_S, end_s) for start_s, end_s in spans for i in range(round((end_s - start_s) / BAR_S))]
    return [(bar_s, bar_s >= FILLS_FROM_S and bar_s + BAR_S >= end_s) for bar_s, end_s in bars]


def demo_track() -> Path:
    """Where the demo track lies: OGG Vorbis, stereo, 48 kHz, 64 s, a seamless loop."""
    return Path(__file__).with_name("demo.ogg")
