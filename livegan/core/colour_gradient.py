"""Colours of a target as a gradient from dark to light, as the effect `gradient` takes it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.core.oklab import oklab_to_srgb, srgb_to_oklab
from livegan.core.target import Rgb, Target

Lab = NDArray[np.float64]  # (3,): lightness, a, b

DARK_BELOW, LIGHT_ABOVE = 0.38, 0.85  # lightness of a colour that is the dark, or the light end itself
NEUTRAL = 0.035  # chroma below which a colour counts as black, grey or white
DEEPEST = 0.34  # lightness of the middle, at the least, of what has a hue: it would not be seen in the dark
DARKEST_GREY = 0.2  # ... and of black
DARK_SHARE = 0.34  # of a picture, where no dark colour is named
DARKER = 0.6  # of the dark share, from brightness 1 to 0
MOST_CHROMA = 0.14  # of the light end: paler than the colour itself


DARK_TURN, LIGHT_TURN = np.radians(28.0), np.radians(24.0)  # shades turn towards blue, tints towards yellow
GREEN, BLUE, VIOLET, YELLOW = np.radians((125.0, 264.0, 285.0, 110.0))  # hues in OKLab
KNEE, REST = 0.35, 0.82  # colour where the dark share ends, from dark 0 to middle 1; share below which it is the middle


@dataclass(frozen=True, slots=True)
class ColourGradient:
    """Three colours in OKLab, and how much of the picture the dark one should get."""

    dark: Lab
    middle: Lab
    light: Lab
    dark_share: float  # 0..1

    @property
    def is_grey(self) -> bool:
        """Whether it is black, grey and white: any hue would be too much."""
        return max(_chroma(lab) for lab in (self.dark, self.middle, self.light)) < NEUTRAL

    @property
    def chroma(self) -> float:
        """How far the middle is from grey, 0..0.3."""
        return _chroma(self.middle)

    def colours(self) -> tuple[Rgb, Rgb, Rgb]:
        """Dark, middle and light in sRGB."""
        dark, middle, light = (tuple(oklab_to_srgb(lab).tolist()) for lab in (self.dark, self.middle, self.light))
        return dark, middle, light

    def quantiles(self, count: int) -> NDArray[np.float64]:
        """`count` colours (count, 3) of a picture that has them all, from the darkest on."""
        at = (np.arange(count) + 0.5) / count
        stops = np.stack([self.dark, self.dark + KNEE * (self.middle - self.dark), self.middle, self.light])
        places = (0.0, self.dark_share, max(REST, self.dark_share + 0.05), 1.0)
        return np.stack([np.interp(at, places, stops[:, part]) for part in range(3)], axis=1)


def gradient_of(target: Target) -> ColourGradient | None:
    """The gradient for the colours of a target; None where it names none.

    A single colour is the middle, its shade and its tint are the ends, a little cooler and a little warmer. Of several,
    the darkest and the lightest are the ends where they are dark or light enough.
    """
    colours = [(share, srgb_to_oklab(colour)) for share, colour in target.colours if share > 0]
    if not colours:
        return None
    bright = 0.5 if target.brightness is None else float(np.clip(target.brightness, 0, 1))
    colours.sort(key=lambda each: each[1][0])
    total = sum(share for share, _ in colours)
    dark = light = None
    dark_share = DARK_SHARE
    if len(colours) > 1 and colours[0][1][0] < DARK_BELOW:
        share, dark = colours.pop(0)
        dark_share = float(np.clip(share / total, 0.15, 0.8))
    if len(colours) > 1 and colours[-1][1][0] > LIGHT_ABOVE:
        light = colours.pop()[1]
    middle = max(colours, key=lambda each: each[0])[1] if len(colours) != 2 else colours[0][1]
    top = colours[-1][1]
    if dark is None:
        dark = _shade(colours[0][1], bright)
    if light is None:
        light = _tint(top, len(colours) > 1)
    middle = _shifted(middle, bright)
    dark_share = float(np.clip(dark_share + DARKER * (0.5 - bright), 0.15, 0.85))
    return ColourGradient(dark, middle, light, dark_share)


def _chroma(lab: Lab) -> float:
    return float(np.hypot(lab[1], lab[2]))


def _with(lab: Lab, lightness: float, chroma: float, turn: float) -> Lab:
    """The hue of `lab`, turned, with another lightness and chroma."""
    hue = np.arctan2(lab[2], lab[1]) + turn
    return np.array([lightness, chroma * np.cos(hue), chroma * np.sin(hue)])


def _cooler(lab: Lab) -> float:
    """The turn that makes a shade of this colour: green goes by teal to blue, all others by red and violet."""
    hue = np.arctan2(lab[2], lab[1]) % (2 * np.pi)
    way = BLUE - hue if GREEN <= hue <= BLUE else -((hue - BLUE) % (2 * np.pi))
    return float(np.clip(way, -DARK_TURN, DARK_TURN))


def _warmer(lab: Lab) -> float:
    """The turn that makes a tint of this colour: blue goes by cyan to yellow, violet and red by pink and orange."""
    hue = np.arctan2(lab[2], lab[1]) % (2 * np.pi)
    way = YELLOW - hue if YELLOW <= hue <= VIOLET else (YELLOW - hue) % (2 * np.pi)
    return float(np.clip(way, -LIGHT_TURN, LIGHT_TURN))


def _shade(lab: Lab, bright: float) -> Lab:
    """The dark end below a colour: black below what is dark or grey, a deep shade of it below what is light."""
    lightness = lab[0] * (0.12 + 0.30 * bright)
    if lab[0] > LIGHT_ABOVE:
        lightness = 0.22 + 0.30 * bright
    chroma = 0.65 * _chroma(lab) * min(1.0, lightness / 0.4 + 0.35)
    return _with(lab, min(lightness, lab[0]), chroma, _cooler(lab))


def _tint(lab: Lab, other: bool) -> Lab:
    """The light end above a colour; `other`: of another colour than the middle, so it stays nearer to itself."""
    lift = 0.3 if other else 0.62
    lightness = lab[0] + lift * (0.985 - lab[0])
    chroma = min(_chroma(lab) * (0.85 if other else 0.6), 0.25 if other else MOST_CHROMA)
    return _with(lab, lightness, chroma, 0.0 if other else _warmer(lab))


def _shifted(lab: Lab, bright: float) -> Lab:
    """The middle, a little lighter or darker as the target says, and never so dark that its hue is not seen."""
    lightness = lab[0] + 0.16 * (bright - 0.5)
    lightness = max(lightness, DEEPEST if _chroma(lab) > NEUTRAL else DARKEST_GREY)
    return np.array([min(lightness, 0.97), lab[1], lab[2]])
