"""Gradient map: dark, middle and light parts each get a colour, with OKLab between them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from livegan.core.oklab import oklab_to_srgb, srgb_to_oklab
from livegan.core.parameters import Parameter
from livegan.effects.colour import luma
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch

STEPS = 512
COLOURS = (("dark", (0.02, 0.0, 0.06)), ("middle", (0.45, 0.12, 0.7)), ("light", (1.0, 0.9, 0.85)))


def _colour(name: str, default: tuple[float, float, float]) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(f"{name}_{part}", 0, 1, value, f"{part} of the colour of {name} parts")
        for part, value in zip(("red", "green", "blue"), default, strict=True)
    )


def ramp(dark: tuple[float, ...], middle: tuple[float, ...], light: tuple[float, ...], place: float) -> np.ndarray:
    """Colours (STEPS, 3), 0..255, for brightness 0..1: even steps in OKLab, `middle` at brightness `place`."""
    stops = srgb_to_oklab([dark, middle, light])
    at = np.linspace(0, 1, STEPS)
    lab = np.stack([np.interp(at, (0, place, 1), stops[:, part]) for part in range(3)], axis=1)
    return oklab_to_srgb(lab) * 255


@EFFECTS("gradient", order=326)
class Gradient(Effect):
    """Gradient map: each pixel's brightness chooses a colour between three; some of its own colour may stay."""

    parameters = (
        AMOUNT,
        *(parameter for name, default in COLOURS for parameter in _colour(name, default)),
        Parameter("place", 0.05, 0.95, 0.5, "how bright the parts are that get the colour of the middle"),
        Parameter("keep", 0, 1, 0.2, "how much of a pixel's own colour is added"),
    )
    planes = True

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._ramp: torch.Tensor

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 and keep 0 the three colours and those between them only."""
        import torch

        values = [amounts[parameter.name] for parameter in self.parameters[1:10]]
        key = (*values, amounts["place"], pixels.device)
        if self._key != key:
            colours = ramp(tuple(values[:3]), tuple(values[3:6]), tuple(values[6:]), amounts["place"])
            self._ramp = torch.from_numpy(colours.T.copy()).float().to(pixels.device)  # (3, STEPS)
            self._key = key
        brightness = luma(pixels)
        places = (brightness * ((STEPS - 1) / 255)).add_(0.5).to(torch.int32).clamp_(0, STEPS - 1).flatten()
        amount, keep = amounts["amount"], amounts["keep"]
        out = torch.empty_like(pixels)
        for plane, own, row in zip(out.unbind(-1), pixels.unbind(-1), self._ramp, strict=True):
            mapped = row.index_select(0, places).view(plane.shape)
            if keep:
                mapped.add_(own, alpha=keep).sub_(brightness, alpha=keep)
            torch.lerp(own, mapped, amount, out=plane)
        return out.clamp_(0, 255)
