"""Rows of w: what a plan says about the latent of a style-based network, worked out."""

import numpy as np
import torch
from torch import Tensor

from livegan.core.latents import latent_of_seed
from livegan.core.parameters import GENERATOR_DEFAULTS, GROUPS
from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.synthesis_options import control

DIRECTIONS = tuple(name for name in GENERATOR_DEFAULTS if name.startswith("direction."))
MIXES = tuple(f"style.{group}" for group in GROUPS)
ALL_ROWS = GENERATOR_DEFAULTS["truncation.cutoff"]  # so many or more: every row, in networks with more rows too


def truncated(ws: Tensor, w_avg: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
    """ws (..., rows, w_dim) pulled towards the average w, in the first `cutoff` rows or in all.

    psi 1 leaves them, 0 gives the average (1812.04948, appendix B).
    """
    if psi == 1:
        return ws
    rows = ws.shape[-2] if cutoff is None else min(max(cutoff, 0), ws.shape[-2])
    near = w_avg + psi * (ws[..., :rows, :] - w_avg)
    return torch.cat([near, ws[..., rows:, :]], dim=-2)


class WsBuilder:
    """What a plan says about w, worked out: rows of w for one network."""

    def __init__(self, net: StyleNet, name: str, directions: Tensor | None = None) -> None:
        """`name` is told in messages; `directions` (8, w_dim) are those of `analyse`, without them they do nothing."""
        self.net, self.name, self.directions = net, name, directions
        self._mixed: tuple[int, bytes, Tensor] | None = None  # seed, classes and w of the style mixed in last

    def of(self, plan: FramePlan) -> Tensor:
        """(num_ws, w_dim) float32 on the CPU: of the plan's w or z; styles mixed in; directions; truncation.

        NetworkError if the plan is not for this network.
        """
        net = self.net
        w = self._mapped(plan) if plan.w is None else self._given(plan.w)  # (1 or num_ws, w_dim)
        if plan.parameters:
            w = self._directed(self._with_style(w, plan), plan)
        cutoff = control(plan, "truncation.cutoff")
        if cutoff < ALL_ROWS:
            w = truncated(w.expand(net.num_ws, -1), net.w_avg, float(plan.truncation), round(cutoff))
        else:
            w = truncated(w, net.w_avg, float(plan.truncation))
        return w.expand(net.num_ws, -1).contiguous()

    def forget(self) -> None:
        """The network's weights have changed."""
        self._mixed = None

    def _mapped(self, plan: FramePlan) -> Tensor:
        if plan.z.shape != (self.net.z_dim,):
            raise self._refusal(plan)
        z = torch.from_numpy(np.array(plan.z, np.float32))
        return self.net.map(z[None], self._classes(plan)[None])

    def _given(self, w: np.ndarray) -> Tensor:
        rows = torch.from_numpy(np.array(w, np.float32, ndmin=2))
        if rows.ndim != 2 or len(rows) not in (1, self.net.num_ws) or rows.shape[1] != self.net.w_dim:
            raise NetworkError(
                f"{self.name} wants w of 1 or {self.net.num_ws} rows of {self.net.w_dim}, the plan has {w.shape}; "
                "play latents that were made with this network"
            )
        return rows

    def _classes(self, plan: FramePlan) -> Tensor:
        """(c_dim,); a vector of zeros, or none, counts as all classes alike."""
        if not plan.classes.any():
            if len(plan.classes) not in (0, self.net.c_dim):
                raise self._refusal(plan)
            return torch.ones(self.net.c_dim)
        if plan.classes.shape != (self.net.c_dim,):
            raise self._refusal(plan)
        return torch.from_numpy(np.array(plan.classes, np.float32))

    def _refusal(self, plan: FramePlan) -> NetworkError:
        return NetworkError(
            f"{self.name} wants {self.net.z_dim} latents and {self.net.c_dim} classes, "
            f"the plan has {plan.z.shape} and {plan.classes.shape}"
        )

    def _with_style(self, w: Tensor, plan: FramePlan) -> Tensor:
        """Each row between `w` and the w of another latent, by the share of its group (1812.04948, section 3.1)."""
        shares = [control(plan, name) for name in MIXES]
        if not any(shares):
            return w
        classes, seed = self._classes(plan), abs(round(control(plan, "style.seed")))
        asked = (seed, classes.numpy().tobytes())
        if self._mixed is None or self._mixed[:2] != asked:
            z = latent_of_seed(seed, self.net.z_dim)
            self._mixed = (*asked, self.net.map(torch.from_numpy(z)[None], classes[None]))
        share = torch.tensor([shares[group] for group in self.net.row_groups], dtype=torch.float32)[:, None]
        return torch.lerp(w.expand(self.net.num_ws, -1), self._mixed[2].expand(self.net.num_ws, -1), share)

    def _directed(self, w: Tensor, plan: FramePlan) -> Tensor:
        amounts = [control(plan, name) for name in DIRECTIONS]
        if self.directions is None or not any(amounts):
            return w
        return w + torch.tensor(amounts, dtype=torch.float32) @ self.directions
