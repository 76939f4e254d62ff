"""Dream target: what words or music ask of a picture, before any network is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from livegan.core.oklab import oklab_to_srgb, srgb_to_oklab
from livegan.core.types import Vector

Rgb = tuple[float, float, float]  # sRGB, 0..1

NUMBERS = ("brightness", "contrast", "sharpness", "energy", "motion", "warmth")
CLASSES = (  # `motifs.draw.NAMES`, which needs torch
    "silk",
    "flow",
    "glass",
    "turing",
    "julia",
    "attractor",
    "rings",
    "kaleidoscope",
    "topo",
    "neon",
    "marble",
    "galaxy",
)
LATENTS = ("hue", "accent", "light", "scale", "turn", "form", "fold", "drift")  # `motifs.field.LATENT_NAMES`


@dataclass(frozen=True, slots=True)
class Target:
    """Dream target. What is None, or empty, was not asked for, and the picture decides it."""

    classes: Mapping[str, float] = field(default_factory=dict)  # motif (`motifs.draw.NAMES`) -> share; the sum is 1
    colours: tuple[tuple[float, Rgb], ...] = ()  # share of the picture, sRGB: the largest first; the sum is 1
    latents: Mapping[str, float] = field(default_factory=dict)  # of `motifs.field.LATENT_NAMES`, standard normal
    brightness: float | None = None  # 0 a dark picture .. 1 a bright one
    contrast: float | None = None  # 0 even .. 1 hard
    sharpness: float | None = None  # 0 soft .. 1 crisp
    energy: float | None = None  # 0 calm .. 1 wild
    motion: float | None = None  # 0 still .. 1 fast
    warmth: float | None = None  # 0 cold colours .. 1 warm ones, where no colours are named
    confidence: float = 1.0  # 0..1: how surely it was understood
    understood: tuple[str, ...] = ()  # for people: "silk", "violet", "slow" ...

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.classes or self.colours or self.latents) and all(getattr(self, n) is None for n in NUMBERS)

    def blend(self, other: "Target", amount: float) -> "Target":
        """Target between two: 0 is self, 1 is other. What only one of them asks for counts whole on both sides."""
        if amount <= 0 or amount >= 1:
            return self if amount <= 0 else other
        numbers = {name: _between(getattr(self, name), getattr(other, name), amount) for name in NUMBERS}
        return replace(
            other if amount >= 0.5 else self,
            classes=_shares(self.classes, other.classes, amount),
            colours=_colours(self.colours, other.colours, amount),
            latents={
                name: value
                for name in {**self.latents, **other.latents}
                if (value := _between(self.latents.get(name), other.latents.get(name), amount)) is not None
            },
            confidence=self.confidence * (1 - amount) + other.confidence * amount,
            **numbers,  # type: ignore[arg-type]
        )


@dataclass(frozen=True, slots=True)
class Prompt:
    """Prompt: words, the target that they were understood as, and text vectors for networks that take those."""

    words: str
    target: Target
    vectors: Mapping[int, Vector] = field(default_factory=dict, compare=False)  # by width: (width,), of length 1


def _between(start: float | None, end: float | None, amount: float) -> float | None:
    if start is None or end is None:
        return end if start is None else start
    return start * (1 - amount) + end * amount


def _shares(start: Mapping[str, float], end: Mapping[str, float], amount: float) -> dict[str, float]:
    if not start or not end:
        return dict(start or end)
    return {name: start.get(name, 0.0) * (1 - amount) + end.get(name, 0.0) * amount for name in {**start, **end}}


def _colours(
    start: tuple[tuple[float, Rgb], ...], end: tuple[tuple[float, Rgb], ...], amount: float
) -> tuple[tuple[float, Rgb], ...]:
    """The largest towards the largest, and so on, in OKLab; what one side has more of grows or shrinks."""
    if not start or not end:
        return start or end
    longest = max(len(start), len(end))
    pairs = zip(_padded(start, longest), _padded(end, longest), strict=True)
    mixed = []
    for (share, colour), (other_share, other) in pairs:
        lab = srgb_to_oklab(colour) * (1 - amount) + srgb_to_oklab(other) * amount
        red, green, blue = np.round(oklab_to_srgb(lab), 6).tolist()
        mixed.append((share * (1 - amount) + other_share * amount, (red, green, blue)))
    return tuple(mixed)


def _padded(colours: tuple[tuple[float, Rgb], ...], count: int) -> tuple[tuple[float, Rgb], ...]:
    return colours + ((0.0, colours[-1][1]),) * (count - len(colours))
