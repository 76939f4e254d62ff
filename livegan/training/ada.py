"""Adaptive augmentation probability (ADA; Karras et al. 2020, 2006.06676, section 3)."""

from typing import Any

INTERVAL = 4  # steps between two adjustments of p


class Ada:
    """Controller of the augmentation probability p: raised while the mean of sign(D(real)) is above a target."""

    def __init__(self, target: float, kimg: float, p: float = 0.0) -> None:
        """`target` of the mean sign, -1..1; p can go from 0 to 1 in `kimg` thousand pictures."""
        self.target, self.kimg, self.p = target, kimg, p
        self.signs = 0.0  # sum of mean signs since p last changed
        self.steps = 0
        self.pictures = 0

    def update(self, sign: float, pictures: int) -> None:
        """Add one step's mean of sign(D(real)) over all processes, and how many pictures that was."""
        self.signs += sign
        self.steps += 1
        self.pictures += pictures
        if self.steps == INTERVAL:
            mean = self.signs / self.steps
            direction = (mean > self.target) - (mean < self.target)
            self.p = min(max(self.p + direction * self.pictures / (1000 * self.kimg), 0.0), 1.0)
            self.signs, self.steps, self.pictures = 0.0, 0, 0

    def state(self) -> dict[str, Any]:
        return {"p": self.p, "signs": self.signs, "steps": self.steps, "pictures": self.pictures}

    def restore(self, state: dict[str, Any]) -> None:
        self.p, self.signs = float(state["p"]), float(state["signs"])
        self.steps, self.pictures = int(state["steps"]), int(state["pictures"])
