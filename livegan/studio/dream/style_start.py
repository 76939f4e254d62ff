"""Candidates in w: seeds of a network, and the one whose picture is nearest to what is asked for.

An optimiser hardly leaves the class that it starts in, nor finds another arrangement of shapes: so some hundred seeds
are drawn small and compared first.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from livegan.core.target import Target
from livegan.motifs.draw import NAMES, Z_DIM
from livegan.motifs.field import LATENT_NAMES
from livegan.networks.info import NetworkInfo
from livegan.studio.projector_network import ProjectorNetwork

SEEDS, SEEDS_IN_FULL = 128, 24  # the latter where a network draws no lower resolutions
BATCH = 16
CLASS_POWER = 2.0  # shares of classes to this power: one of them leads
LEAST_SHARE = 0.2
SPREAD = 0.7  # of latents that a target says nothing of, around its own


def class_rows(info: NetworkInfo, target: Target, count: int, rng: np.random.Generator) -> Tensor:
    """Class vectors (count, c_dim): as the target says where the names are the network's, else one of each in turn."""
    rows = np.zeros((count, info.c_dim), np.float32)
    if not info.c_dim:
        return torch.from_numpy(rows)
    shares = class_shares({name: share for name, share in target.classes.items() if name in info.classes})
    if shares:
        for name, share in shares.items():
            rows[:, info.classes.index(name)] = share
    else:
        first = int(rng.integers(info.c_dim))
        rows[np.arange(count), (first + np.arange(count)) % info.c_dim] = 1
    return torch.from_numpy(rows)


def class_shares(classes: Mapping[str, float]) -> dict[str, float]:
    """Shares with the largest in the lead; small ones, which would only blur the picture, left out."""
    powers = {name: share**CLASS_POWER for name, share in classes.items() if share > 0}
    total = sum(powers.values())
    kept = {name: power / total for name, power in powers.items() if power / total >= LEAST_SHARE}
    return {name: share / sum(kept.values()) for name, share in kept.items()}


def has_words(info: NetworkInfo) -> bool:
    """Whether a network has classes and latents that livegan has words for: those of the motifs."""
    return info.classes == NAMES and info.z_dim in (len(LATENT_NAMES), Z_DIM)


def candidates(network: ProjectorNetwork, info: NetworkInfo, target: Target, seed: int) -> Tensor:
    """w (n, dim) of seeded latents in the classes of a target; with its latents where the network knows them."""
    rng = np.random.default_rng([seed, 15])
    count = SEEDS if network.small_levels else SEEDS_IN_FULL
    z = rng.standard_normal((count, info.z_dim)).astype(np.float32)
    if has_words(info) and target.latents:
        z[:, : len(LATENT_NAMES)] *= SPREAD
        for index, name in enumerate(LATENT_NAMES):
            if name in target.latents:
                z[:, index] = target.latents[name] + 0.3 * z[:, index]
    with torch.no_grad():
        classes = class_rows(info, target, count, rng)
        return network.net.map(torch.from_numpy(z).to(network.device), classes.to(network.device))


def losses_of(network: ProjectorNetwork, ws: Tensor, loss: Callable[[Tensor], Tensor], levels: int | None) -> Tensor:
    """The loss (n,) of the picture of each w (n, dim), of so many levels."""
    with torch.no_grad():
        parts = [
            loss(network.draw(part[:, None].expand(-1, network.rows, -1), levels=levels).clamp(-1, 1))
            for part in torch.split(ws, BATCH)
        ]
    return torch.cat(parts)
