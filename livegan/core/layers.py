"""Layers of a frame plan: drawings, pictures, videos and text that are laid over the picture of a network."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from livegan.core.blend import lerp

LayerKind = Literal["oscilloscope", "spectrum", "starfield", "falling-notes", "roll", "image", "logo", "video", "text"]
BlendMode = Literal["add", "screen", "over", "multiply", "mask"]

SOUNDED: tuple[LayerKind, ...] = ("oscilloscope", "spectrum", "starfield")  # drawings of the sound
SCORED: tuple[LayerKind, ...] = ("falling-notes", "roll")  # drawings of the notes of a score
DRAWN = SOUNDED + SCORED  # the others are rasters
LAYER_KINDS: tuple[LayerKind, ...] = get_args(LayerKind)
BLEND_MODES: tuple[BlendMode, ...] = get_args(BlendMode)
PHASES = ("travel", "turn")  # values that run round a circle: 1 is 0 again


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a frame; at amount 0 it changes nothing."""

    kind: str  # one of LAYER_KINDS
    blend: str  # one of BLEND_MODES
    amount: float  # 0..1
    values: Mapping[str, float] = field(default_factory=dict)  # "x", "scale", "hue" ...; of a video "time" [s]
    options: Mapping[str, str] = field(default_factory=dict)  # "source", "text", "font", "mask", "fit" ...
    on_top: bool = False  # drawn after the effects, which leave it as it is

    def resembles(self, other: "Layer") -> bool:
        """Whether something lies between the two: the same thing, and of a video the same moment."""
        same = (self.kind, self.blend, self.options, self.on_top) == (
            other.kind,
            other.blend,
            other.options,
            other.on_top,
        )
        return same and self.values.get("time") == other.values.get("time")


def blend_layers(start: tuple[Layer, ...], end: tuple[Layer, ...], amount: float) -> tuple[Layer, ...]:
    """Like layers blend their values; of unlike ones the first fade out while the second fade in."""
    if amount <= 0 or amount >= 1:
        return start if amount <= 0 else end
    if len(start) == len(end) and all(a.resembles(b) for a, b in zip(start, end, strict=True)):
        return tuple(_between(a, b, amount) for a, b in zip(start, end, strict=True))
    fading = tuple(replace(layer, amount=layer.amount * (1 - amount)) for layer in start)
    return fading + tuple(replace(layer, amount=layer.amount * amount) for layer in end)


def circular(start: float, end: float, amount: float) -> float:
    """Linear interpolation of two places on a circle of length 1, the shorter way round; 0..1."""
    way = (end - start + 0.5) % 1.0 - 0.5
    return (start + way * amount) % 1.0


def _between(start: Layer, end: Layer, amount: float) -> Layer:
    values = {}
    for name, value in end.values.items():
        blend = circular if name in PHASES else lerp
        values[name] = blend(start.values.get(name, value), value, amount)
    return replace(end, amount=lerp(start.amount, end.amount, amount), values=values)
