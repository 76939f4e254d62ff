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
    Parameter("noise", 0, 1, 1, "gain of the network's noise inputs: fine grain"),
    Parameter("network.position", 0, 63, 0, "place along the scene's networks; the nearest whole number plays"),
    *(
        Parameter(f"latent.{i}", -3, 3, 0, f"pushes the latent along fixed direction {i} (seeded by the scene)")
        for i in range(DIRECTIONS)
    ),
)


def parameters(effects: Iterable[str] = ()) -> Mapping[str, Parameter]:
    """All parameters by name: the mapping's own, and one amount ``effect.NAME`` per effect."""
    amounts = (Parameter(f"effect.{name}", 0, 1, 0, f"amount of the effect {name}; 0 is off") for name in effects)
    return {parameter.name: parameter for parameter in (*_OWN, *amounts)}
