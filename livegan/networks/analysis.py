"""Analysis on load, without training: GANSpace and SeFa directions, clusters of similar channels.

Directions 1..4 are the principal components of many w: Härkönen et al. 2020, "GANSpace" (arXiv 2004.02546, section
2.2). Directions 5..8 are what the styles answer to most strongly: Shen, Zhou 2021, "Closed-Form Factorization of Latent
Semantics in GANs", SeFa (arXiv 2007.06600, section 3.2), beyond the first four. Where w is z itself, w has no
principal components; the features of the first layer have, and being linear in z they give the directions of SeFa.
The channels of a layer are put together by what they show: after Broad et al. 2021 (arXiv 2005.12420, section 4.3),
without the network trained there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.bend_names import CLUSTERS
from livegan.networks.cache import recall_arrays, remember_arrays
from livegan.networks.synthesis_options import SynthesisOptions

CACHE_NAME = "study-1"  # another number when the analysis changes
SAMPLES = 10_000  # w for the principal components
BATCH = 1000
DIRECTIONS_EACH = 4  # of GANSpace, and of SeFa
PICTURES = 4  # drawn to compare channels
POOLED_PX = 8  # activation maps are compared at 8 x 8
MAX_ITERATIONS = 20  # of k-means


@dataclass(frozen=True, slots=True)
class NetworkAnalysis:
    """Directions in w, and clusters of channels."""

    directions: Tensor  # (8, w_dim) float32, each as long as one standard deviation of w along it
    clusters: dict[int, Tensor]  # number of a convolution from 0 -> (channels,) int64 in 1..4, 1 the strongest group


def analyse(net: StyleNet, key: str) -> NetworkAnalysis:
    """Analyse a network on the CPU, in about a second, or recall it; `key` is its weights' hash, "": no cache.

    Layers of more than 128 px (64 px where the picture has more than 512) are not drawn for it and get no clusters.
    """
    cached = recall_analysis(net, key)
    if cached is not None:
        return cached
    with torch.no_grad():
        analysis = NetworkAnalysis(_directions(net), _clusters(net))
    if key:
        arrays = {f"clusters.{index}": labels.numpy().astype(np.float32) for index, labels in analysis.clusters.items()}
        remember_arrays(key, CACHE_NAME, {"directions": analysis.directions.numpy(), **arrays})
    return analysis


def recall_analysis(net: StyleNet, key: str) -> NetworkAnalysis | None:
    """The analysis of an earlier run, or None."""
    return _recalled(recall_arrays(key, CACHE_NAME), net.w_dim) if key else None


def _recalled(arrays: Mapping[str, NDArray[np.float32]] | None, w_dim: int) -> NetworkAnalysis | None:
    if arrays is None or "directions" not in arrays or arrays["directions"].shape != (2 * DIRECTIONS_EACH, w_dim):
        return None
    labels = {name: array for name, array in arrays.items() if name.startswith("clusters.")}
    clusters = {int(name.partition(".")[2]): torch.from_numpy(array).long() for name, array in labels.items()}
    return NetworkAnalysis(torch.from_numpy(arrays["directions"]), clusters)


def _latents(net: StyleNet, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Seeded z (count, z_dim), and for each a random one-hot class (count, c_dim)."""
    rng = np.random.default_rng([seed])
    z = torch.from_numpy(rng.standard_normal((count, net.z_dim), np.float32))
    classes = torch.zeros(count, net.c_dim)
    if net.c_dim:
        classes[torch.arange(count), torch.from_numpy(rng.integers(0, net.c_dim, count))] = 1
    return z, classes


def _directions(net: StyleNet) -> Tensor:
    """(8, w_dim) at right angles to each other, as far as w_dim allows; the rest zeros."""
    z, classes = _latents(net, SAMPLES, seed=0)
    w = torch.cat([net.map(z[at : at + BATCH], classes[at : at + BATCH]) for at in range(0, SAMPLES, BATCH)])
    w = (w - w.mean(dim=0)).double()
    covariance = w.T @ w / len(w)
    styles = sum((weight.double().T @ weight.double() for _, weight in net.affines()), torch.zeros_like(covariance))
    axes = _strongest(styles if net.w_is_z else covariance)  # (n, w_dim)
    beyond = torch.eye(net.w_dim, dtype=torch.float64) - axes.T @ axes
    more = _strongest(beyond @ styles @ beyond) @ beyond
    more = more[more.norm(dim=1) > 0.5]  # where the styles answer to fewer than four more
    directions = torch.zeros(2 * DIRECTIONS_EACH, net.w_dim, dtype=torch.float64)
    for first, rows in ((0, axes), (DIRECTIONS_EACH, more)):
        spread = ((rows @ covariance) * rows).sum(dim=1).clamp(min=0).sqrt()
        directions[first : first + len(rows)] = rows * spread[:, None]
    return directions.float()


def _strongest(square: Tensor) -> Tensor:
    """The eigenvectors of the largest eigenvalues, at most 4, as rows; the largest number of each is positive."""
    vectors: Tensor = torch.linalg.eigh(square).eigenvectors.T.flip(0)[:DIRECTIONS_EACH]
    largest = vectors.gather(1, vectors.abs().argmax(dim=1, keepdim=True))
    return torch.where(largest < 0, -vectors, vectors)


def _clusters(net: StyleNet) -> dict[int, Tensor]:
    limit = 128 if max(net.resolution) <= 512 else 64
    small = list(takewhile(lambda convolution: convolution[0] <= limit, net.convolutions()))
    z, classes = _latents(net, PICTURES, seed=1)
    pictures = [_activations(net, [module for _, module in small], w) for w in net.map(z, classes)]
    layers = (torch.cat(layer, dim=1) for layer in zip(*pictures, strict=True))  # (channels, pictures * 64)
    return {index: _groups(layer) for index, layer in enumerate(layers)}


def _activations(net: StyleNet, modules: Sequence[nn.Module], w: Tensor) -> list[Tensor]:
    """The activations of `modules`, the network's first ones, under w (w_dim,): of each (channels, 64), pooled."""
    maps: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, x: Tensor) -> None:
        maps.append(F.adaptive_avg_pool2d(x[0].float(), POOLED_PX).flatten(1))

    hooks = [module.register_forward_hook(keep) for module in modules]
    try:
        for _ in net.synthesis_steps(w.expand(1, net.num_ws, -1), SynthesisOptions()):
            if len(maps) >= len(modules):  # what is finer is not drawn
                break
    finally:
        for hook in hooks:
            hook.remove()
    return maps


def _groups(maps: Tensor) -> Tensor:
    """k-means of the rows by their direction alone, (channels,) in 1..4; the group with the most energy is 1.

    Deterministic: it starts from the strongest row, then each time from the one least similar to those before.
    """
    rows = F.normalize(maps, dim=1)
    starts = [int(maps.square().sum(dim=1).argmax())]
    similarity = rows @ rows[starts[0]]
    for _ in range(1, min(CLUSTERS, len(rows))):
        starts.append(int(similarity.argmin()))
        similarity = torch.maximum(similarity, rows @ rows[starts[-1]])
    centres = rows[starts]
    labels = torch.full((len(rows),), -1)
    for _ in range(MAX_ITERATIONS):
        before, labels = labels, (rows @ centres.T).argmax(dim=1)
        if torch.equal(before, labels):
            break
        sums = torch.zeros_like(centres).index_add_(0, labels, rows)
        centres = torch.where(sums.norm(dim=1, keepdim=True) > 0, F.normalize(sums, dim=1), centres)
    energy = torch.zeros(CLUSTERS).index_add_(0, labels, maps.square().sum(dim=1))
    rank = torch.empty(CLUSTERS, dtype=torch.long)
    rank[energy.argsort(descending=True, stable=True)] = torch.arange(1, CLUSTERS + 1)
    return rank[labels]
