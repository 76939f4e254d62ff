"""Everything a scene, a route or a knob can turn: name, range, default, unit, meaning."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that can be turned; values outside low..high are clipped."""

    name: str
    low: float
    high: float
    default: float
    about: str
    unit: str = ""

    def clip(self, value: float) -> float:
        """The nearest allowed value."""
        return min(max(value, self.low), self.high)


DIRECTIONS = 8  # latent.0 .. latent.7
OWN_DIRECTIONS = 8  # direction.1 .. direction.8
BENDS = 8  # bend.1 .. bend.8
_LAYERS = {"coarse": "layers of 4 to 8 px", "middle": "layers of 16 to 32 px", "fine": "layers from 64 px up"}

_OWN = (
    Parameter("react", 0, 2, 1, "how strongly everything follows the music: multiplies routes, pulse and drift"),
    Parameter("motion.speed", 0, 120, 12, "how often the walk reaches a new picture", "1/min"),
    Parameter("motion.pulse", 0, 2, 0.5, "how far a beat throws the picture for a moment"),
    Parameter("motion.drift", 0, 2, 0.5, "how far sustained sound carries the picture away"),
    Parameter("motion.randomness", 0, 1, 0.5, "how unlike the dimensions of the latent move"),
    Parameter("class.react", 0, 2, 0.5, "how quickly the notes being played choose the class"),
    Parameter("class.smooth", 0, 10, 1, "time constant of that choice at react 1", "s"),
    Parameter("class.mix", 0, 1, 1, "1: all notes mix their classes; 0: the strongest note alone"),
    Parameter("class.shift", 0, 12, 0, "turns the note -> class table; 12 is a full turn"),
    Parameter("truncation", 0, 1.5, 0.9, "psi: 0 is the average picture, 1 as trained, above is wilder"),
    Parameter("truncation.cutoff", 0, 18, 18, "psi acts on so many rows of w, from the coarsest on", "rows"),
    Parameter("noise", 0, 1, 1, "gain of the network's noise inputs: fine grain"),
    *(Parameter(f"noise.{group}", 0, 2, 1, f"gain of the noise of {layers}") for group, layers in _LAYERS.items()),
    Parameter("noise.seed", 0, 99, 0, "which grain: 0 is the network's own, any other number another"),
    Parameter("noise.change", 0, 30, 0, "how often the grain becomes another; 0 keeps it", "1/s"),
    Parameter("style.seed", 0, 99, 1, "the picture whose style is mixed in"),
    *(
        Parameter(f"style.{group}", 0, 1, 0, f"how much of that style {layers} take")
        for group, layers in _LAYERS.items()
    ),
    *(
        Parameter(f"direction.{i}", -4, 4, 0, f"along direction {i} that was found in the network itself", "std")
        for i in range(1, OWN_DIRECTIONS + 1)
    ),
    Parameter("transform.rotate", -180, 180, 0, "turns the input of a StyleGAN3", "degrees"),
    Parameter("transform.x", -1, 1, 0, "moves it to the right", "pictures"),
    Parameter("transform.y", -1, 1, 0, "moves it down", "pictures"),
    Parameter("transform.zoom", 0.25, 4, 1, "enlarges it"),
    *(Parameter(f"bend.{i}", 0, 1, 0, f"amount of the scene's bend number {i}; 0 is off") for i in range(1, BENDS + 1)),
    Parameter("network.position", 0, 63, 0, "place along the scene's networks; knobs end at the last one"),
    *(
        Parameter(f"latent.{i}", -3, 3, 0, f"pushes the latent along fixed direction {i} (seeded by the scene)")
        for i in range(DIRECTIONS)
    ),
)


def parameters(effects: Iterable[str] = ()) -> Mapping[str, Parameter]:
    """All parameters by name: the mapping's own, and one amount ``effect.NAME`` per effect."""
    amounts = (Parameter(f"effect.{name}", 0, 1, 0, f"amount of the effect {name}; 0 is off") for name in effects)
    return {parameter.name: parameter for parameter in (*_OWN, *amounts)}
