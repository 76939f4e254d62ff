"""Procedural motifs as a network to search in: w is their eight latents and a share of each motif, at any size."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from livegan.motifs.draw import LAYOUTS, NAMES, draw
from livegan.motifs.field import LATENT_NAMES
from livegan.networks.info import NetworkInfo
from livegan.rendering.patterns import DARK_WEIGHT, MIN_SHARE, checked_motifs
from livegan.studio.projector_network import SMALL_PX, ProjectorNetwork

KIND = "patterns"  # of networks that are motifs
FINER = 2  # supersampling of finished pictures
REACH = 0.7  # of random latents: the middle of a motif's range is its best


class MotifNetwork(ProjectorNetwork):
    """Motifs with the interface of a projector's network; their layouts come from a seed."""

    def __init__(self, info: NetworkInfo, size: tuple[int, int], seed: int, device: str = "cpu") -> None:
        """`size`: width and height of whole pictures [px]; `info`: of the kind `KIND`, NetworkError if it is broken."""
        names, layouts, _ = checked_motifs(info)
        self.net = _Mapping(info.z_dim, len(names)).to(device)  # type: ignore[assignment]
        self.device, self.rows, self.dim = device, 1, len(LATENT_NAMES) + len(names)
        self.resolution = (size[1], size[0])
        self.has_noise = False
        self._names = names
        self._layouts = layouts if "layouts" in info.shape else seeded_layouts(names, seed)

    def draw(self, ws: Tensor, noise: list[Tensor] | None = None, levels: int | None = None) -> Tensor:
        """ws (n, 1, dim) to RGB (n, 3, h, w), -1..1; `levels`: the shorter side [px], None: whole pictures."""
        height, width = self.resolution
        scale = 1.0 if levels is None else min(1.0, levels / min(height, width))
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        latents, shares = ws[:, 0, : len(LATENT_NAMES)], ws[:, 0, len(LATENT_NAMES) :].clamp(min=0)
        shares = shares / shares.sum(dim=1, keepdim=True).clamp(min=1e-6)
        total = ws.new_zeros(len(ws), 3, *size)
        weights = ws.new_full((len(ws), 1, *size), 1e-6)
        for index, name in enumerate(self._names):
            rows = (shares[:, index] > MIN_SHARE).nonzero()[:, 0]
            if not len(rows):
                continue
            light = draw(name, latents[rows], size, (self._layouts[index],), finer=FINER if levels is None else 1)
            weight = (shares[rows, index] - MIN_SHARE)[:, None, None, None]
            weight = weight * (light.amax(1, keepdim=True).square() + DARK_WEIGHT)
            total = total.index_add(0, rows, light * weight)
            weights = weights.index_add(0, rows, weight)
        return total / weights * 2 - 1

    def levels_of(self, shorter_px: int) -> int | None:
        """Pictures have any size: that shorter side [px]."""
        return shorter_px if shorter_px < min(self.resolution) else None

    @property
    def small_levels(self) -> int | None:
        """The shorter side of candidates [px]."""
        return self.levels_of(SMALL_PX)


class _Mapping(nn.Module):
    """z and classes to w: of the classes the one that leads; two motifs in one still are a double exposure."""

    def __init__(self, z_dim: int, c_dim: int) -> None:
        super().__init__()
        self.z_dim, self.c_dim, self.span = z_dim, c_dim, (-1.0, 1.0)

    def map(self, z: Tensor, classes: Tensor) -> Tensor:
        leading = nn.functional.one_hot(classes.argmax(dim=1), self.c_dim).to(z)
        return torch.cat((z[:, : len(LATENT_NAMES)] * REACH, leading), dim=1)


def seeded_layouts(names: Sequence[str], seed: int) -> tuple[int, ...]:
    """A layout of each motif, one of those that show it well."""
    return tuple(LAYOUTS[NAMES.index(name)][seed % len(LAYOUTS[0])] for name in names)
