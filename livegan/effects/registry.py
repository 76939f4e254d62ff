"""EFFECTS: every effect by name, in the order they are applied."""

from typing import Protocol

import torch

from livegan.core.registry import Registry


class Effect(Protocol):
    """Pixels in, pixels out. Made without arguments; what it remembers of earlier frames is its own.

    Laws: amount 0 gives the same tensor back; shape, type and device are kept; the input is never written to, and what
    was handed out is never written to again; the same calls give the same pictures; time constants are in seconds.
    """

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """One frame, uint8 (h, w, 3): `amount` 0..1 of the effect, `dt_s` >= 0 seconds after the frame before."""
        ...


EFFECTS: Registry[type[Effect]] = Registry("effect")
