"""Vignette: dark corners."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


def corner_distance(pixels: "torch.Tensor", size: float, soft: float) -> "torch.Tensor":
    """How far out each pixel is, laid out as `pixels` (h, w, 3): 0 in the middle, rising smoothly to 1 in the corners.

    It begins at `size` of the way to the corners and has risen after `soft` of the rest.
    """
    import torch

    height, width, _ = pixels.shape
    down = torch.linspace(-1, 1, height, device=pixels.device)[:, None]
    across = torch.linspace(-1, 1, width, device=pixels.device)[None, :]
    out = ((down**2 + across**2) / 2).sqrt()
    out = ((out - size) / ((1 - size) * soft)).clamp(0, 1)
    return torch.empty_like(pixels).copy_((out * out * (3 - 2 * out))[..., None])


@EFFECTS("vignette", order=410)
class Vignette(Effect):
    """Vignette effect: darkens towards the corners."""

    parameters = (
        AMOUNT,
        Parameter("size", 0, 0.9, 0.3, "where it begins: 0 in the middle, 1 in the corners"),
        Parameter("soft", 0.05, 1, 1, "how slowly it rises from there"),
    )

    def __init__(self) -> None:
        self._corners: torch.Tensor | None = None
        self._key: tuple[object, ...] = ()

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 the corners are black."""
        import torch

        key = pixels.shape, pixels.stride(), pixels.device, amounts["size"], amounts["soft"]
        if self._corners is None or self._key != key:
            self._corners, self._key = corner_distance(pixels, amounts["size"], amounts["soft"]), key
        return torch.addcmul(pixels, pixels, self._corners, value=-amounts["amount"])
