"""Bloom: light that bleeds from bright parts, near and far at once."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.glow import blur_matrix, screened, size_within
from livegan.effects.registry import AMOUNT, EFFECTS, Effect
from livegan.effects.resample import smaller

if TYPE_CHECKING:
    import torch

BASE_PX = 128  # longer side of the finest scale
LEVELS = 6  # 128, 64, 32, 16, 8, 4
STREAK = 0.12  # standard deviation of the streaks, in parts of the width


@EFFECTS("bloom", order=212)
class Bloom(Effect):
    """Bloom effect: halos of several sizes around bright parts, screened over the picture; streaks, if wanted."""

    parameters = (
        AMOUNT,
        Parameter("threshold", 0, 0.95, 0.5, "what is darker than this does not shine; white is 1"),
        Parameter("spread", 0, 1, 0.6, "0: a tight halo; 1: light far and wide"),
        Parameter("streak", 0, 1, 0, "how much of the light is drawn out sideways, as by an anamorphic lens"),
        Parameter("warm", -1, 1, 0, "colour of the light: above 0 redder, below 0 bluer"),
    )

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._sideways: torch.Tensor

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 white parts are surrounded by as much light again; never past white."""
        import torch

        height, width = size_within(pixels, BASE_PX)
        threshold, warm = 255 * amounts["threshold"], amounts["warm"]
        bright = smaller(pixels, height, width).sub_(threshold).clamp_(min=0)
        shades = torch.tensor([1 + 0.5 * warm, 1.0 - 0.2 * abs(warm), 1 - 0.6 * warm], device=pixels.device)
        bright.mul_((shades * (2.5 * amounts["amount"] * 255 / (255 - threshold)))[:, None, None])
        light = halos(bright, amounts["spread"])
        if amounts["streak"] > 0:
            if self._key != (width, pixels.device):
                self._sideways = blur_matrix(width, STREAK * width).T.contiguous().to(pixels.device)
                self._key = (width, pixels.device)
            light = light.lerp_(bright @ self._sideways * 2, amounts["streak"])
        return screened(pixels, light)


def halos(bright: "torch.Tensor", spread: float) -> "torch.Tensor":
    """The sum of light (3, h, w) blurred at six scales, coarse ones weighing more the larger the `spread` is."""
    import torch.nn.functional as F

    levels = [bright[None]]
    while len(levels) < LEVELS and min(levels[-1].shape[2:]) > 1:
        levels.append(F.avg_pool2d(levels[-1], 2, ceil_mode=True, count_include_pad=False))
    weights = [(0.25 + 0.9 * spread) ** level for level in range(len(levels))]
    light = levels[-1] * (weights[-1] / sum(weights))
    for level, weight in zip(levels[-2::-1], weights[-2::-1], strict=True):
        light = F.interpolate(light, level.shape[2:], mode="bilinear").add_(level, alpha=weight / sum(weights))
    return light[0]
