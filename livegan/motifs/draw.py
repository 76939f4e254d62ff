"""Motif renderer: twelve classes, eight latents, a layout seed, any size.

The bundled networks have two latents more, whose angle chooses one of three layouts (`layouts_at`).
"""

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.motifs import bodies, figures, flowing
from livegan.motifs.field import LATENT_NAMES, Canvas

Motif = Callable[[Canvas], Tensor]

MOTIFS: dict[str, Motif] = {  # in the order of the pitches, C first
    "silk": flowing.silk,
    "flow": flowing.flow,
    "glass": bodies.glass,
    "turing": bodies.turing,
    "julia": bodies.julia,
    "attractor": figures.attractor,
    "rings": figures.rings,
    "kaleidoscope": figures.kaleidoscope,
    "topo": flowing.topo,
    "neon": figures.neon,
    "marble": flowing.marble,
    "galaxy": bodies.galaxy,
}
NAMES = tuple(MOTIFS)
LAYOUTS = (  # per motif: three unlike layouts, the one that shows it best first
    (9, 8, 0),
    (3, 2, 8),
    (8, 3, 2),
    (9, 2, 12),
    (1, 5, 13),
    (8, 0, 10),
    (3, 9, 2),
    (0, 5, 11),
    (11, 6, 9),
    (1, 3, 0),
    (2, 3, 11),
    (1, 10, 11),
)
SHOWN = tuple(seeds[0] for seeds in LAYOUTS)
Z_DIM = len(LATENT_NAMES) + 2  # of a network that learns the motifs: their latents, and the place of the layout
SHOULDER = 0.7  # light above this bends softly towards 1


def draw(name: str, latents: Tensor, size: tuple[int, int], layouts: Sequence[int] = (0,), finer: int = 2) -> Tensor:
    """Pictures of one motif, (n, 3, height, width) float32 in 0..1, for latents (n, 8).

    `layouts` are seeds, one for all or n of them; `finer` is the factor of supersampling.
    """
    height, width = size
    canvas = Canvas(name, latents, layouts, (height * finer, width * finer))
    light = MOTIFS[name](canvas)
    if finer > 1:
        light = F.avg_pool2d(light, finer)
    over = SHOULDER + (1 - SHOULDER) * (1 - torch.exp(-(light - SHOULDER) / (1 - SHOULDER)))
    return torch.where(light > SHOULDER, over, light).clamp(0, 1)


def layouts_at(motif: int, place: Tensor) -> list[int]:
    """The layout seeds of a motif (its number) that two latents (n, 2) choose: a third of the circle each."""
    turn = torch.atan2(place[:, 1], place[:, 0]) / (2 * math.pi) % 1.0
    seeds = LAYOUTS[motif]
    return [seeds[min(int(share * len(seeds)), len(seeds) - 1)] for share in turn.tolist()]
