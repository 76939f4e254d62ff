"""L-BFGS: descent along the gradient and the curvature that the last steps have shown, one evaluation at a time.

Nocedal 1980 ("Updating quasi-Newton matrices with limited storage"), in the form of Nocedal and Wright 2006, algorithm
7.4, with a backtracking line search (their algorithm 3.1). Near a minimum it needs a fraction of the steps of Adam.
"""

from collections import deque

import torch
from torch import Tensor

HISTORY = 20  # steps remembered
DECREASE = 1e-4  # of what the slope promises, the least that is accepted
SHORTEST, LONGEST = 0.1, 0.5  # of a step that was too long, the next
TRIES = 6  # too long steps, after which the curvature is forgotten


class Descent:
    """Descent of one vector. In turn: evaluate the function at `place`, and `tell` what it gave."""

    def __init__(self, start: Tensor, first: float) -> None:
        """`start`: float, any shape; `first`: length of the first step [root mean square of its coordinates]."""
        self._accepted, self._first = start.detach().clone(), first
        self._value = float("inf")
        self._slope, self._direction = torch.zeros_like(start), torch.zeros_like(start)
        self._step, self._tries = 0.0, 0
        self._pairs: deque[tuple[Tensor, Tensor, float]] = deque(
            maxlen=HISTORY
        )  # step, change of the slope, 1 / product

    @property
    def place(self) -> Tensor:
        """Where to evaluate next."""
        return self._accepted + self._step * self._direction

    def tell(self, value: float, slope: Tensor) -> None:
        """The value and the gradient at `place`."""
        expected = self._step * float((self._slope * self._direction).sum())  # negative
        if value > self._value + DECREASE * expected:
            self._shorten(value, expected)
            return
        if self._step:
            self._remember(self._step * self._direction, slope - self._slope)
        self._accepted, self._value, self._slope, self._tries = self.place, value, slope.clone(), 0
        self._turn()

    def _shorten(self, value: float, expected: float) -> None:
        """Go back, to the minimum of the parabola through what is known, or forget and go down the slope."""
        self._tries += 1
        if self._tries >= TRIES:
            self._tries = 0
            self._pairs.clear()
            self._turn()
            return
        least = -expected / (2 * (value - self._value - expected))
        self._step *= min(max(least, SHORTEST), LONGEST)

    def _remember(self, step: Tensor, change: Tensor) -> None:
        product = float((step * change).sum())
        if product > 1e-10 * float(step.norm() * change.norm()):  # else the curvature is negative
            self._pairs.append((step, change, 1 / product))

    def _turn(self) -> None:
        """The next direction: the slope times the inverse of the curvature, by the two loops."""
        direction, shares = -self._slope, []
        for step, change, inverse in reversed(self._pairs):
            share = inverse * float((step * direction).sum())
            direction = direction - share * change
            shares.append(share)
        if self._pairs:
            _, change, inverse = self._pairs[-1]
            direction = direction / (inverse * float(change.square().sum()))
        for (step, change, inverse), share in zip(self._pairs, reversed(shares), strict=True):
            direction = direction + (share - inverse * float((change * direction).sum())) * step
        self._direction, self._step = direction, 1.0
        if not self._pairs:
            length = float(direction.square().mean().sqrt())
            self._step = self._first / length if length else 0.0
