"""Palette for lamps: the colours of a picture along its width, as DMX512 values of fixtures side by side.

Each lamp gets the strip of the picture before it. Hue is the mean in OKLab, weighted by chroma, so that a strip of
much black and some red is red and not brown; opposite hues meet in grey.
"""

from collections.abc import Callable, Mapping
from math import exp
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from livegan.core.oklab import oklab_to_srgb, srgb_to_oklab
from livegan.core.types import Pixels
from livegan.errors import MediaError
from livegan.outputs.registry import LiveOptions

SLOTS = 512  # of a universe (ANSI E1.11)
ACROSS, DOWN = 16, 24  # points that are looked at for each lamp
GOLDEN = (5**0.5 - 1) / 2
GREY = 0.01  # weight of what has no hue

Colours = NDArray[np.float64]  # (lamps, 3)


def _rgb(colours: Colours, light: NDArray[np.float64]) -> Colours:
    return colours


def _rgbw(colours: Colours, light: NDArray[np.float64]) -> Colours:
    white = colours.min(axis=1, keepdims=True)
    return np.hstack([colours - white, white])


def _drgb(colours: Colours, light: NDArray[np.float64]) -> Colours:
    brightest = colours.max(axis=1, keepdims=True)
    return np.hstack([brightest, colours / np.maximum(brightest, 1 / 255)])


def _dimmer(colours: Colours, light: NDArray[np.float64]) -> Colours:
    return light[:, None]


LAYOUTS: Mapping[str, Callable[[Colours, NDArray[np.float64]], Colours]] = {
    "rgb": _rgb,
    "rgbw": _rgbw,
    "drgb": _drgb,
    "dimmer": _dimmer,
}
CHANNELS = {"rgb": 3, "rgbw": 4, "drgb": 4, "dimmer": 1}


class LampOptions(LiveOptions):
    """Options of lamps, however they are reached."""

    start: int = Field(1, ge=1, le=SLOTS, description="DMX address of the first lamp")
    lamps: int = Field(8, ge=1, le=SLOTS, description="how many lamps, from the picture's left to its right")
    layout: Literal["rgb", "rgbw", "drgb", "dimmer"] = Field(
        "rgb", description="channels of a lamp: rgb, rgbw, drgb (dimmer first), dimmer"
    )
    spacing: int = Field(0, ge=0, le=SLOTS, description="channels from one lamp to the next; 0: as many as it has")
    smooth_s: float = Field(0.15, ge=0, le=10, description="time constant with which lamps follow the picture [s]")
    brightness: float = Field(1.0, ge=0, le=1, description="of the lamps at full light")
    gamma: float = Field(
        2.2,
        ge=1,
        le=3,
        description="2.2 for lamps whose light goes with the DMX value, 1 for those with a curve of their own",
    )
    rate: float = Field(40.0, ge=1, le=44, description="how often they are sent [Hz]")

    @property
    def each(self) -> int:
        """Channels from one lamp to the next."""
        return self.spacing or CHANNELS[self.layout]

    @property
    def last(self) -> int:
        """The last address that is used."""
        return self.start - 1 + (self.lamps - 1) * self.each + CHANNELS[self.layout]


def check_lamps(options: LampOptions) -> None:
    """MediaError for lamps that do not fit into a universe."""
    width = CHANNELS[options.layout]
    if options.spacing and options.spacing < width:
        raise MediaError(f"spacing = {options.spacing} is too little for {options.layout}: write {width} or more, or 0")
    if options.last > SLOTS:
        raise MediaError(
            f"{options.lamps} lamps of {options.each} channels from address {options.start} on end at {options.last}, "
            f"and a universe has {SLOTS}; name fewer, and the rest in another [[outputs]] with another universe"
        )


def strip_colours(pixels: Pixels, lamps: int) -> Colours:
    """OKLab (lamps, 3) of as many strips of a picture, uint8 (height, width, 3) sRGB, from left to right."""
    height, width = pixels.shape[:2]
    across = np.arange(lamps * ACROSS)
    rows = ((np.arange(DOWN)[:, None] + across * GOLDEN % 1) * height / DOWN).astype(int)  # stripes cannot hide
    columns = ((across + 0.5) * width / len(across)).astype(int)
    lab = srgb_to_oklab(pixels[rows, columns] / 255.0).reshape(DOWN, lamps, ACROSS, 3)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    weight = chroma + GREY
    total = weight.sum(axis=(0, 2))
    hue = (lab[..., 1:] * weight[..., None]).sum(axis=(0, 2)) / total[:, None]  # (lamps, 2)
    kept = np.sqrt((chroma * weight).sum(axis=(0, 2)) / total / np.maximum(np.hypot(hue[:, 0], hue[:, 1]), 1e-9))
    light = np.sqrt(np.square(lab[..., 0]).mean(axis=(0, 2)))
    return np.column_stack([light, hue * kept[:, None]])


class Lamps:
    """Lamps that follow the pictures with a time constant."""

    def __init__(self, options: LampOptions) -> None:
        self._options = options
        self._colours = np.zeros((options.lamps, 3))
        self._time_s: float | None = None

    def step(self, pixels: Pixels, time_s: float) -> bytes:
        """DMX values from address 1 on, of the lamps at `time_s`; addresses that are no lamp's are 0."""
        target = strip_colours(pixels, self._options.lamps)
        passed_s = 0.0 if self._time_s is None else max(time_s - self._time_s, 0.0)
        first, self._time_s = self._time_s is None, time_s
        keep = exp(-passed_s / self._options.smooth_s) if self._options.smooth_s and not first else 0.0
        self._colours = target + (self._colours - target) * keep
        return self._values()

    def black(self) -> bytes:
        """Values of lamps that are off."""
        return bytes(self._options.last)

    def _values(self) -> bytes:
        options = self._options
        grey = self._colours * (1, 0, 0)
        light = (oklab_to_srgb(grey)[:, 0] ** options.gamma) * options.brightness
        colours = (oklab_to_srgb(self._colours) ** options.gamma) * options.brightness
        levels = np.rint(255 * LAYOUTS[options.layout](colours, light)).clip(0, 255).astype(np.uint8)
        slots = np.zeros(options.last, np.uint8)
        first = options.start - 1 + np.arange(options.lamps)[:, None] * options.each
        slots[first + np.arange(levels.shape[1])] = levels
        return slots.tobytes()
