"""Synthesis options: everything the synthesis network takes besides w, read from a frame plan. No torch here."""

from dataclasses import dataclass

from livegan.core.parameters import GENERATOR_DEFAULTS, GROUPS
from livegan.core.types import Bend, FramePlan

Groups = tuple[float, float, float]  # coarse, middle, fine


@dataclass(frozen=True, slots=True)
class SynthesisOptions:
    """Noise, input transform and bends of one picture."""

    noise: Groups = (1.0, 1.0, 1.0)  # gain of the noise inputs
    noise_seed: int = 0  # 0: the network's own planes, any other: planes of that seed
    rotate: float = 0.0  # StyleGAN3 only: degrees
    x: float = 0.0  # StyleGAN3 only: pictures to the right
    y: float = 0.0  # StyleGAN3 only: pictures down
    zoom: float = 1.0  # StyleGAN3 only
    bends: tuple[Bend, ...] = ()

    @classmethod
    def of(cls, plan: FramePlan) -> "SynthesisOptions":
        """What `plan` asks for; bends of amount 0 are left out."""
        coarse, middle, fine = (plan.noise * control(plan, f"noise.{group}") for group in GROUPS)
        return cls(
            noise=(coarse, middle, fine),
            noise_seed=round(control(plan, "noise.seed")),
            rotate=control(plan, "transform.rotate"),
            x=control(plan, "transform.x"),
            y=control(plan, "transform.y"),
            zoom=control(plan, "transform.zoom"),
            bends=tuple(bend for bend in plan.bends if bend.amount != 0),
        )


def control(plan: FramePlan, name: str) -> float:
    """One generator parameter of the plan, or its default."""
    return plan.parameters.get(name, GENERATOR_DEFAULTS[name])


def group_of(side: int) -> int:
    """Which of the GROUPS a layer of `side` px belongs to: 0 coarse, 1 middle, 2 fine."""
    return 0 if side <= 8 else 1 if side <= 32 else 2
