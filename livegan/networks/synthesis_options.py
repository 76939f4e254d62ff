"""Synthesis options: everything the synthesis network takes besides w, read from a frame plan. No torch here."""

from dataclasses import dataclass

from livegan.core.parameters import GENERATOR_DEFAULTS, GROUPS
from livegan.core.types import Bend, FramePlan

Groups = tuple[float, float, float]  # coarse, middle, fine

_NOISE: Groups = tuple(GENERATOR_DEFAULTS[f"noise.{group}"] for group in GROUPS)  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class SynthesisOptions:
    """Noise, input transform and bends of one picture."""

    noise: Groups = _NOISE  # gain of the noise inputs
    noise_seed: int = round(GENERATOR_DEFAULTS["noise.seed"])  # 0: the planes of the network, else of that seed
    rotate: float = GENERATOR_DEFAULTS["transform.rotate"]  # of networks with an input transform: degrees
    x: float = GENERATOR_DEFAULTS["transform.x"]  # of those: pictures to the right
    y: float = GENERATOR_DEFAULTS["transform.y"]  # of those: pictures down
    zoom: float = GENERATOR_DEFAULTS["transform.zoom"]  # of those
    bends: tuple[Bend, ...] = ()

    @classmethod
    def of(cls, plan: FramePlan) -> "SynthesisOptions":
        """Read from `plan`; bends of amount 0 are left out."""
        coarse, middle, fine = (plan.noise * plan.parameter(f"noise.{group}") for group in GROUPS)
        return cls(
            noise=(coarse, middle, fine),
            noise_seed=round(plan.parameter("noise.seed")),
            rotate=plan.parameter("transform.rotate"),
            x=plan.parameter("transform.x"),
            y=plan.parameter("transform.y"),
            zoom=plan.parameter("transform.zoom"),
            bends=tuple(bend for bend in plan.bends if bend.amount != 0),
        )


def group_of(side: int) -> int:
    """Which of the GROUPS a layer of `side` px belongs to: 0 coarse, 1 middle, 2 fine."""
    return 0 if side <= 8 else 1 if side <= 32 else 2
