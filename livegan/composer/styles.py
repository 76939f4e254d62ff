"""Styles of four-voice music: instruments, tempo, density, tension, register and reverberation under one name."""

from dataclasses import dataclass
from typing import Literal

from livegan.composer.steering import Steering
from livegan.core.registry import unknown
from livegan.errors import ComposeError


@dataclass(frozen=True, slots=True)
class Style:
    """How four voices are written and played. What a network is asked for is relative to Bach's chorales."""

    about: str
    programs: tuple[int, int, int, int]  # General MIDI, from 0: soprano, alto, tenor, bass
    bpm: float  # quarter notes a minute
    density: float = 0.5  # attacks, 0..1; 0.5: as in the corpus
    tension: float = 0.5  # dissonance and movement, 0..1; 0.5: as in the corpus
    register: float = 0.0  # [semitones] where the network writes
    octave: int = 0  # [octaves] that the whole piece is moved afterwards
    temperature: float = 0.9
    velocity: int = 84  # of an ordinary note, 1..127
    accent: float = 1.0  # how far metre and phrase move the velocity; 0: not at all, as on an organ
    rubato: float = 1.0  # how far the tempo breathes; 0: like a clock
    room: float = 0.5  # size of the room, 0..1
    reverb: float = 0.5  # share of the room in the sound, 0..1
    chorus: float = 0.0  # 0..1

    def steering(self, mode: Literal["major", "minor"] | None = None) -> Steering:
        """What the network is asked for."""
        return Steering(self.density, self.register, self.tension, mode=mode)


DEFAULT = "chorale"
STYLES = {
    "chorale": Style("oboe, cor anglais, horn and bassoon: Bach's chorales by a wind band", (68, 69, 60, 70), 76.0),
    "organ": Style(
        "a church organ in a large stone church, slow", (19, 19, 19, 19), 66.0,
        density=0.4, accent=0.0, room=0.8, reverb=0.55,
    ),
    "choir": Style(
        "voices without words, slow and calm", (52, 52, 52, 52), 58.0,
        density=0.35, tension=0.4, temperature=0.85, velocity=78, room=0.85, reverb=0.7,
    ),
    "strings": Style(
        "a string orchestra, broad, with swells", (48, 48, 48, 48), 63.0,
        density=0.45, tension=0.55, velocity=80, accent=1.4, room=0.7, reverb=0.55,
    ),
    "brass": Style(
        "trumpet, horn, trombone and tuba, from a tower", (56, 60, 57, 58), 84.0,
        density=0.5, tension=0.25, velocity=88, room=0.6, reverb=0.45,
    ),
    "piano": Style(
        "a grand piano, flowing", (0, 0, 0, 0), 92.0,
        density=0.7, tension=0.55, accent=1.5, room=0.35, reverb=0.3,
    ),
    "harpsichord": Style(
        "a harpsichord, lively", (6, 6, 6, 6), 104.0,
        density=0.8, tension=0.6, accent=0.0, rubato=0.6, room=0.3, reverb=0.25,
    ),
    "guitar": Style(
        "a guitar with nylon strings, close and quiet", (24, 24, 24, 24), 80.0,
        density=0.5, tension=0.4, temperature=0.85, velocity=82, room=0.25, reverb=0.25,
    ),
    "music-box": Style(
        "a music box an octave up, quick and thin", (10, 10, 10, 8), 112.0,
        density=0.65, tension=0.3, register=2.0, octave=1, velocity=74, accent=0.5, rubato=0.5, room=0.4, reverb=0.35,
    ),
    "marimba": Style(
        "marimba and vibraphone, busy", (12, 12, 12, 11), 120.0,
        density=0.9, tension=0.5, accent=1.4, velocity=82, rubato=0.3, room=0.4, reverb=0.3,
    ),
    "synth": Style(
        "synthetic pads that breathe, very slow", (88, 89, 94, 89), 50.0,
        density=0.25, tension=0.58, register=-2.0, temperature=1.0, velocity=76, room=0.8, reverb=0.6, chorus=0.5,
    ),
}  # fmt: skip


def find_style(name: str) -> Style:
    """The style called `name`; ComposeError, with the nearest right name, where there is none."""
    if name not in STYLES:
        raise ComposeError(f"{unknown('style', name, STYLES)} - see them with: livegan compose styles")
    return STYLES[name]


def style_table() -> list[str]:
    """A line for each style."""
    width = max(map(len, STYLES))
    return [f"{name:{width}}  {style.bpm:5.0f} bpm  {style.about}" for name, style in STYLES.items()]
