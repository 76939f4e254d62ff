"""The parameter table: name, range, default, unit and meaning of every value a scene, a route or a knob can set.

Defaults and ranges are stated here and nowhere else. Motion models and effects declare theirs with the same type in
their own files; `livegan.engine.vocabulary.parameter_table` joins them all.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

Reader = Literal["mapping", "motion", "generator", "effect", "composer"]

GROUPS = ("coarse", "middle", "fine")  # layers of 4-8, of 16-32, and of 64 px and more (1812.04948, section 3.1)
LATENT_DIRECTIONS = 8  # latent.0 .. latent.7
NETWORK_DIRECTIONS = 8  # direction.1 .. direction.8
BENDS = 8  # bend.1 .. bend.8
MOTIONS = 4  # motion models of one scene
LAYERS = 4  # layer.1 .. layer.4
CUSTOM_EFFECTS = 4  # custom.1 .. custom.4

_LAYERS = dict(zip(GROUPS, ("layers of 4 to 8 px", "layers of 16 to 32 px", "layers from 64 px up"), strict=True))


@dataclass(frozen=True, slots=True)
class Parameter:
    """Specification of one parameter; values outside low..high are clipped.

    `reader` says which stage uses the value: "mapping" (becomes a field of the frame plan), "motion" (a motion model),
    "generator" (handed on in `FramePlan.parameters`), "effect" (handed on in `FramePlan.effects`), "composer" (the
    music that livegan plays itself takes it up at its next beat or bar).
    """

    name: str
    low: float
    high: float
    default: float
    about: str
    unit: str = ""
    whole: bool = False  # only whole numbers have a meaning
    reader: Reader = "generator"

    def clip(self, value: float) -> float:
        """The nearest allowed value."""
        return min(max(value, self.low), self.high)


def _mapping(name: str, low: float, high: float, default: float, about: str, unit: str = "") -> Parameter:
    return Parameter(name, low, high, default, about, unit, reader="mapping")


def motion_parameter(name: str, k: int) -> str:
    """Name in a scene of a parameter of its k-th motion model: 'motion.speed' of the first, 'motion.2.speed' ..."""
    return name if k == 1 else f"motion.{k}.{name.removeprefix('motion.')}"


UNSPOKEN = frozenset(("effect", "motion", "class", "canvas", "compose"))
"""First words that a parameter's plain name leaves out: "Pulse" of the motion, but "Noise fine"."""


def plain_name(name: str, *, whole: bool = False) -> str:
    """A parameter's name in plain words: "Glow radius" of `effect.glow.radius`; `whole` with its first word always."""
    if name.startswith("w["):
        return f"Rows {name}"
    first, *rest = name.split(".")
    words = [first, *rest]
    if rest and not whole and first in UNSPOKEN:
        words = [*rest[1:], rest[0]] if rest[0].isdecimal() else rest  # "Pulse 2" of the second motion
    spoken = " ".join(words).replace("_", " ")
    return spoken[:1].upper() + spoken[1:]


DRAWING = (
    Parameter("hue", 0, 1, 0.55, "its colour round the wheel: 0 and 1 are red"),
    Parameter("colour", 0, 1, 1, "how much colour it has; 0 is white"),
    Parameter("spread", 0, 1, 0.25, "how far the hue turns across it"),
    Parameter("thickness", 0.1, 6, 0.7, "of its lines, stars and notes", "% of the height"),
    Parameter("glow", 0, 2, 0.6, "light around it"),
    Parameter(
        "symmetry", 1, 12, 1, "how often it is repeated around its middle, or mirrored along the line", whole=True
    ),
    Parameter(
        "form", 0, 3, 0, "which of the forms of a drawing, e.g. of a spectrum bars, mirror, ring, hills", whole=True
    ),
    Parameter("density", 0, 1, 0.5, "how many stars, bars, or sparks"),
    Parameter("speed", -4, 4, 1, "how fast stars fly, notes fall, or a video plays"),
    Parameter("spin", -2, 2, 0, "turns it, to the right", "1/s"),
    Parameter("octaves", 1, 9, 5, "how many octaves of a score are seen, around middle C"),
)
"""What drawings (oscilloscope, spectrum, roll ...) read: as a network ``canvas.NAME``, as a layer ``layer.K.NAME``."""

PLACING = (
    Parameter("amount", 0, 1, 1, "how much of it is seen; 0 is off"),
    Parameter("x", -2, 2, 0, "its middle: -1 is the left edge, 1 the right one"),
    Parameter("y", -2, 2, 0, "its middle: -1 is the upper edge, 1 the lower one"),
    Parameter("scale", 0.01, 8, 1, "its size; at 1 a picture or a video fills the picture"),
    Parameter("rotate", -180, 180, 0, "turns it to the right", "degrees"),
    Parameter("threshold", 0, 1, 0.5, "of its gate_from: above it, or below, the layer is seen"),
)
"""What every layer reads as well."""


def _layer(number: int) -> tuple[Parameter, ...]:
    """The parameters of one layer of a scene."""
    named = ((parameter, f"layer.{number}.{parameter.name}") for parameter in (*PLACING, *DRAWING))
    return tuple(
        replace(parameter, name=name, about=f"layer {number}: {parameter.about}", reader="mapping")
        for parameter, name in named
    )


def belongs_below(name: str) -> str:
    """What to say where a parameter stands where keys should."""
    return f"a parameter; write {name} = ... below [parameters]"


COMPOSE = (
    Parameter("compose.density", 0, 1, 0.5, "how many notes are composed; 0.5 as the style has it", reader="composer"),
    Parameter("compose.register", -12, 12, 0, "how high they are", "semitones", reader="composer"),
    Parameter("compose.tension", 0, 1, 0.5, "0: plain chords; 1: dissonances and foreign notes", reader="composer"),
    Parameter("compose.follow", 0, 1, 0.5, "how closely the notes follow the composer's walk", reader="composer"),
    Parameter("compose.tempo", 0.25, 4, 1, "times as fast as written", reader="composer"),
    Parameter("compose.volume", 0, 1, 1, "of the music that livegan plays itself", reader="composer"),
)
"""What music reads that livegan plays itself (`livegan play --input compose`, or a MIDI file)."""

COMPOSE_DEFAULTS: Mapping[str, float] = {parameter.name: parameter.default for parameter in COMPOSE}

W_SLICE = re.compile(r"w\[(-?\d{1,3})?:(-?\d{1,3})?\](?:\.([0-7]))?", re.ASCII)
W_SLICES = 8  # that one scene may push
W_SLICE_HINT = "write w[0:4], w[4:10] or w[10:], and for other directions w[0:4].1 .. w[0:4].7"


def w_slice(name: str) -> tuple[int, int | None, int] | None:
    """First row, the row to stop before (None: all that are there) and direction of a parameter like 'w[4:10].1'.

    Negative rows count from the last. None for another name, and for a slice that has no row in any network.
    """
    match = W_SLICE.fullmatch(name)
    if match is None:
        return None
    first, stop = int(match[1] or 0), None if match[2] is None else int(match[2])
    alike = stop is not None and (first < 0) == (stop < 0)
    if stop == 0 or (alike and stop is not None and stop <= first):
        return None
    return first, stop, int(match[3] or 0)


def w_parameter(name: str) -> Parameter | None:
    """The parameter of a slice of the rows of w; None for another name."""
    if w_slice(name) is None:
        return None
    return _mapping(name, -3, 3, 0, "pushes these rows of w along a seeded direction", "spreads")


PARAMETERS: tuple[Parameter, ...] = (
    _mapping("react", 0, 2, 1, "how strongly everything follows the music: multiplies routes, pulse and drift"),
    *(
        _mapping(motion_parameter("motion.weight", k), 0, 2, 1, f"weight of the scene's motion model number {k}")
        for k in range(1, MOTIONS + 1)
    ),
    _mapping("prompt.amount", 0, 1, 0.85, "how far words, or what music means, take the picture over"),
    _mapping("class.react", 0, 2, 0.5, "how quickly the notes being played choose the class"),
    _mapping("class.smooth", 0, 10, 1, "time constant of that choice at react 1", "s"),
    _mapping("class.mix", 0, 1, 1, "1: all notes mix their classes; 0: the strongest note alone"),
    _mapping("class.shift", 0, 12, 0, "rotates the note -> class table; 12 is a full turn"),
    _mapping("class.complexity", 0, 1, 1, "multiplies the class vector: 0 is no class at all, 1 as trained"),
    _mapping("class.shuffle", 0, 600, 0, "how often the note -> class table is turned; 0: never", "s"),
    _mapping("class.turn", 0, 1, 0.5, "how far it is turned then; 1 is a full turn"),
    Parameter(
        "class.dominant",
        0,
        1,
        0,
        "1: the first classes are for the strongest notes so far",
        whole=True,
        reader="mapping",
    ),
    Parameter(
        "class.count", 1, 12, 12, "so many classes only, for the strongest notes so far", whole=True, reader="mapping"
    ),
    _mapping("truncation", 0, 1.5, 0.9, "psi: 0 is the average picture, 1 as trained, above is wilder"),
    Parameter(
        "truncation.cutoff", 0, 18, 18, "psi acts on so many rows of w, from the coarsest on", "rows", whole=True
    ),
    _mapping("noise", 0, 1, 1, "gain of the network's noise inputs: fine grain"),
    *(Parameter(f"noise.{group}", 0, 2, 1, f"gain of the noise of {layers}") for group, layers in _LAYERS.items()),
    Parameter(
        "noise.seed", 0, 99, 0, "seed of the noise: 0 is the network's own, any other number another", whole=True
    ),
    _mapping("noise.change", 0, 30, 0, "how often the noise is replaced by another; 0 keeps it", "1/s"),
    Parameter("style.seed", 0, 99, 1, "seed of the picture whose style is mixed in", whole=True),
    *(
        Parameter(f"style.{group}", 0, 1, 0, f"how much of that style {layers} take")
        for group, layers in _LAYERS.items()
    ),
    *(
        Parameter(f"direction.{i}", -4, 4, 0, f"along direction {i} that was found in the network itself", "std")
        for i in range(1, NETWORK_DIRECTIONS + 1)
    ),
    Parameter("transform.rotate", -180, 180, 0, "rotates the input of a StyleGAN3", "degrees"),
    Parameter("transform.x", -1, 1, 0, "moves it to the right", "pictures"),
    Parameter("transform.y", -1, 1, 0, "moves it down", "pictures"),
    Parameter("transform.zoom", 0.25, 4, 1, "enlarges it"),
    *(_mapping(f"bend.{i}", 0, 1, 0, f"amount of the scene's bend number {i}; 0 is off") for i in range(1, BENDS + 1)),
    *(replace(parameter, name=f"canvas.{parameter.name}") for parameter in DRAWING),
    Parameter("canvas.zoom", 0.1, 8, 1, "enlarges a drawing"),
    Parameter("canvas.travel", 0, 1, 0, "where on their way stars are; canvas.speed moves it on, 1 is 0 again"),
    Parameter("canvas.turn", 0, 1, 0, "how far a drawing is turned; canvas.spin moves it on, 1 is 0 again", "turns"),
    _mapping("sound.size", 256, 8192, 2048, "FFT size of spectrum drawings at 48 kHz, a power of two", "samples"),
    _mapping("sound.smooth", 0, 2, 0.075, "their time constant; 0.075 is the 0.8 of a web page", "s"),
    _mapping("sound.floor", -120, -20, -100, "what they show as nothing", "dBFS"),
    _mapping("sound.ceiling", -90, 0, -30, "what they show as full", "dBFS"),
    _mapping("sound.tilt", 0, 6, 0, "lifts the treble of spectrum drawings", "dB/octave"),
    _mapping("sound.span", 0.002, 0.1, 0.0213, "how much sound an oscilloscope shows", "s"),
    _mapping("sound.gain", 0, 1, 1, "how far quiet sound is drawn as large as loud sound"),
    *(
        _mapping(f"custom.{i}", 0, 4, 0.5, f"strength of your own effect number {i} (livegan play --effect)")
        for i in range(1, CUSTOM_EFFECTS + 1)
    ),
    *(parameter for number in range(1, LAYERS + 1) for parameter in _layer(number)),
    *COMPOSE,
    _mapping("network.position", 0, 63, 0, "place along the scene's networks; knobs end at the last one"),
    *(
        _mapping(f"latent.{i}", -3, 3, 0, f"pushes the latent along fixed direction {i} (seeded by the scene)")
        for i in range(LATENT_DIRECTIONS)
    ),
)
"""What the mapping and the generators read. Motion models and effects declare their own."""

GENERATOR_PARAMETERS: Mapping[str, Parameter] = {p.name: p for p in PARAMETERS if p.reader == "generator"}
GENERATOR_DEFAULTS: dict[str, float] = {name: p.default for name, p in GENERATOR_PARAMETERS.items()}
"""What a generator uses where `FramePlan.parameters` does not say otherwise."""


def table(parameters: Iterable[Parameter]) -> Mapping[str, Parameter]:
    """The parameters by name; ValueError if one name is declared twice with different values."""
    by_name: dict[str, Parameter] = {}
    for parameter in parameters:
        if by_name.setdefault(parameter.name, parameter) != parameter:
            raise ValueError(f"two different parameters are called '{parameter.name}'")
    return by_name
