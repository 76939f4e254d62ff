"""Style of made songs: what is played, how fast, how exactly; the table of all of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layer:
    """One pitched player of a style.

    `patterns` are a bar each (of several one is chosen), one sign a step, in the notation of the role:

    - bass: ``r`` root, ``5`` fifth, ``l`` fifth below, ``3`` third, ``7`` seventh, ``8`` octave, ``a`` leads to the
      next root, ``s`` any note of the scale; ``.`` nothing, ``-`` the note goes on
    - chords: ``X`` loud, ``x``, ``c`` soft, ``u`` upwards; ``.`` nothing, ``-`` goes on
    - arp: ``1``..``8`` tones of the chord, upwards from the lowest
    - lead, pad: what `song_players` calls by name: ``@melody``, ``@pad`` and so on; every role may use those
    """

    role: str
    sound: str  # families of instruments, one of which plays: "piano|organ"
    patterns: tuple[str, ...]
    level_db: float = 0.0
    low: int = 48
    high: int = 72
    probability: float = 1.0  # of there being this player in a song
    gate: float = 0.9  # share of the time to the next note that a note sounds
    slur: bool = False
    solo: bool = False  # plays on where the others rest


@dataclass(frozen=True, slots=True)
class Style:
    """One style of made songs."""

    name: str
    family: str  # styles of a family are kept aside together or not at all
    bpm: tuple[float, float]
    grooves: tuple[str, ...] = ()  # see `song_grooves`; lines of one groove are bars that follow each other
    layers: tuple[Layer, ...] = ()
    chords: str = "pop"
    metre: int = 4  # beats in a bar
    swing: tuple[float, float] = (0.0, 0.0)  # 0: even, 1: triplets
    swing_unit: float = 0.5  # length of the pairs' halves [beats]
    loose_ms: tuple[float, float] = (3.0, 10.0)  # standard deviation of a stroke's time
    drift: float = 0.012  # standard deviation of the tempo of a band
    rubato: tuple[float, float] = (0.0, 0.0)
    kit: str = "acoustic"
    loop: float = 0.1  # probability that a few bars are repeated exactly
    fills: float = 0.7  # probability of one at the end of a phrase
    drops: float = 0.35  # probability that a song has sections without drums
    no_kick: float = 0.08
    no_drums: float = 0.05
    drum_db: float = 0.0
    fill_pieces: tuple[str, ...] = ("S", "T", "M", "L")
    phrase: int = 4  # bars
    pickup: float = 0.5  # probability that the sound begins within a bar


STYLES: dict[str, Style] = {}


def add(*styles: Style) -> None:
    """Put styles into the table; ValueError for a name that is taken."""
    for style in styles:
        if style.name in STYLES:
            raise ValueError(f"there are two styles called '{style.name}'; name one of them otherwise")
        STYLES[style.name] = style
