"""Quality ladder: what a show may trade for its frame rate, rung by rung, the dearest picture first."""

from collections.abc import Sequence
from dataclasses import dataclass

from livegan.rendering.registry import QualityStep

SHARES = (1.0, 3 / 4, 1 / 2, 1 / 3, 1 / 4)  # of the target rate: 60, 45, 30, 20, 15
MIN_FPS = 15.0  # no rung is slower; what cannot hold even this drops frames


@dataclass(frozen=True, slots=True)
class Rung:
    """Rung of the quality ladder: how frames are drawn, and at what share of the target rate."""

    step: QualityStep
    half_effects: bool = False
    share: float = 1.0
    in_turn: bool = False  # networks that are mixed draw one a frame, which they do anyway where anything is traded

    def text(self, fps: float) -> str:
        """What is traded, for people, at a target of `fps`: "full", "light", "light · 30 fps"."""
        parts = [
            "" if self.step.text == "full" else self.step.text,
            "effects at half size" if self.half_effects else "",
            f"{fps * self.share:.3g} fps" if self.share < 1 else "",
        ]
        return " · ".join(part for part in parts if part) or "full"


def step_index(steps: Sequence[QualityStep], step: QualityStep) -> int:
    """Where a step is among a generator's; where it is not, the best that costs no more, or the last."""
    same = (at for at, each in enumerate(steps) if each.text == step.text)
    cheap = (at for at, each in enumerate(steps) if each.cost <= step.cost)
    return next(same, next(cheap, len(steps) - 1))


def ladder(steps: Sequence[QualityStep], fps: float, first: int = 0) -> tuple[Rung, ...]:
    """Every rung in the order of preference: the rate is kept before the effects, and those before the picture.

    `first` is the first step to use: those before it are never drawn.
    """
    usable = steps[min(first, len(steps) - 1) :]
    shares = [share for share in SHARES if share == 1 or share * fps >= MIN_FPS * 0.999]
    return tuple(
        rung
        for share in shares
        for rung in (*(Rung(step, False, share) for step in usable), Rung(usable[-1], True, share))
    )
