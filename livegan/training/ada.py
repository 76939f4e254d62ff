"""How much to augment: just so much that the training set is not learnt by heart (2006.06676, section 3)."""

from typing import Any

EVERY = 4  # steps between two changes of p


class Ada:
    """p follows the sign of the discriminator on real pictures: above the target p rises, below it falls."""

    def __init__(self, target: float, kimg: float, p: float = 0.0) -> None:
        """`target` of the mean sign, -1..1; p can go from 0 to 1 in `kimg` thousand pictures."""
        self.target, self.kimg, self.p = target, kimg, p
        self.signs = 0.0  # mean signs added up since p last changed
        self.steps = 0
        self.pictures = 0

    def hear(self, sign: float, pictures: int) -> None:
        """One step's mean of sign(D(real)) over all processes, and how many pictures that was."""
        self.signs += sign
        self.steps += 1
        self.pictures += pictures
        if self.steps == EVERY:
            mean = self.signs / self.steps
            towards = (mean > self.target) - (mean < self.target)
            self.p = min(max(self.p + towards * self.pictures / (1000 * self.kimg), 0.0), 1.0)
            self.signs, self.steps, self.pictures = 0.0, 0, 0

    def state(self) -> dict[str, Any]:
        """Everything that changes."""
        return {"p": self.p, "signs": self.signs, "steps": self.steps, "pictures": self.pictures}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.p, self.signs = float(state["p"]), float(state["signs"])
        self.steps, self.pictures = int(state["steps"]), int(state["pictures"])
