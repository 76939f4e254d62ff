"""WsBuilder: ws of a style-based network from a frame plan: mapping, mixes, styles, directions, pushes, truncation."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from livegan.core.latents import latent_of_seed
from livegan.core.parameters import GENERATOR_DEFAULTS, GROUPS
from livegan.core.types import FramePlan, Vector
from livegan.errors import NetworkError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.latents.truncation import truncated

DIRECTION_PARAMETERS = tuple(name for name in GENERATOR_DEFAULTS if name.startswith("direction."))
STYLE_MIXING = tuple(f"style.{group}" for group in GROUPS)
ALL_ROWS = GENERATOR_DEFAULTS["truncation.cutoff"]  # from here on all rows, in networks with more rows too
DIRECTIONS_KEPT = 64  # seeded ones, of one network
_STREAM = 31
NO_WEIGHT = 1e-6  # what a mix leaves of z or w when it leaves nothing


class WsBuilder:
    """Builder of ws (num_ws, w_dim) for one network."""

    def __init__(self, net: StyleNet, name: str, directions: Tensor | None = None) -> None:
        """`name` is for messages; `directions` (8, w_dim) are those of `analyse`, None: they do nothing."""
        self.net, self.name, self.directions = net, name, directions
        self._mixed: tuple[int, bytes, Tensor] | None = None  # seed, classes and w of the last style mixed in
        self._seeded: dict[tuple[int, int], Tensor] = {}  # seed, number -> direction (w_dim,)

    def build(self, plan: FramePlan) -> Tensor:
        """(num_ws, w_dim) float32 on the CPU: the plan's w or mapped z; mix, styles, directions, pushes, truncation.

        NetworkError if the plan is not for this network.
        """
        net = self.net
        w = self._latent(plan)  # (1 or num_ws, w_dim)
        if plan.parameters:
            w = self._directed(self._with_style(w, plan), plan)
        if plan.pushes:
            w = self._pushed(w, plan)
        cutoff, psi = plan.parameter("truncation.cutoff"), float(plan.truncation)
        average = net.averages(self._classes(plan)[None])[0]
        if cutoff < ALL_ROWS or len(average) > 1:
            w = w.expand(net.num_ws, -1)
        w = truncated(w, average, psi, round(cutoff) if cutoff < ALL_ROWS else None)
        return w.expand(net.num_ws, -1).contiguous()

    def weights_changed(self) -> None:
        """Call after overwriting the network's weights."""
        self._mixed = None
        self._seeded.clear()

    def _latent(self, plan: FramePlan) -> Tensor:
        """The w that is given, or z mapped; of a mix, the weighted sum of w."""
        if not plan.mix:
            return self._base(plan)
        weights, latents = zip(*plan.mix, strict=True)
        rest = 1 - sum(weights)
        w = torch.tensor(weights, dtype=torch.float32) @ self._mapped(plan, latents)
        return w[None] if abs(rest) <= NO_WEIGHT else w + rest * self._base(plan)

    def _base(self, plan: FramePlan) -> Tensor:
        return self._mapped(plan, [plan.z]) if plan.w is None else self._given(plan.w)

    def _mapped(self, plan: FramePlan, latents: Sequence[Vector]) -> Tensor:
        """(n, w_dim) of latents (z_dim,), with the plan's classes."""
        if any(z.shape != (self.net.z_dim,) for z in latents):
            raise self._refusal(plan)
        return self.net.map(
            torch.from_numpy(np.array(latents, np.float32)), self._classes(plan).expand(len(latents), -1)
        )

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
        """Style mixing: each row interpolated towards the w of another latent, by the share of its group.

        Karras et al. 2019 (1812.04948), section 3.1.
        """
        shares = [plan.parameter(name) for name in STYLE_MIXING]
        if not any(shares):
            return w
        classes, seed = self._classes(plan), abs(round(plan.parameter("style.seed")))
        key = (seed, classes.numpy().tobytes())
        if self._mixed is None or self._mixed[:2] != key:
            z = latent_of_seed(seed, self.net.z_dim)
            self._mixed = (*key, self.net.map(torch.from_numpy(z)[None], classes[None]))
        share = torch.tensor([shares[group] for group in self.net.row_groups], dtype=torch.float32)[:, None]
        return torch.lerp(w.expand(self.net.num_ws, -1), self._mixed[2].expand(self.net.num_ws, -1), share)

    def _directed(self, w: Tensor, plan: FramePlan) -> Tensor:
        amounts = [plan.parameter(name) for name in DIRECTION_PARAMETERS]
        if self.directions is None or not any(amounts):
            return w
        return w + torch.tensor(amounts, dtype=torch.float32) @ self.directions

    def _pushed(self, w: Tensor, plan: FramePlan) -> Tensor:
        """Some rows moved along seeded directions: what a network has no rows for is left out."""
        rows = w.expand(self.net.num_ws, -1).clone()
        for push in plan.pushes:
            rows[push.first : push.stop] += push.amount * self._seeded_direction(push.seed, push.direction)
        return rows

    def _seeded_direction(self, seed: int, number: int) -> Tensor:
        """Direction (w_dim,) from the w of one seeded latent to that of another, all classes alike.

        Of two independent w the mean square distance is twice their variance: divided by the root of 2 it is as long
        as w is spread in this network, whatever its scale.
        """
        if len(self._seeded) >= DIRECTIONS_KEPT:
            self._seeded.clear()
        if (seed, number) not in self._seeded:
            z = np.random.default_rng([seed, _STREAM, number]).standard_normal((2, self.net.z_dim), np.float32)
            w = self.net.map(torch.from_numpy(z), torch.ones(2, self.net.c_dim))
            self._seeded[seed, number] = (w[1] - w[0]) / 2**0.5
        return self._seeded[seed, number]
