"""Bend operations: names, descriptions, and the layers each acts on. No torch here; `bending` applies them."""

from collections.abc import Sequence

from livegan.core.parameters import GROUPS
from livegan.core.types import Bend
from livegan.networks.synthesis_options import group_of

BENDS_TEXT = {
    "scale": "zoom in about the centre, up to twice as large",
    "rotate": "turn about the centre, up to half a turn",
    "shift-x": "move to the right, up to half the width",
    "shift-y": "move down, up to half the height",
    "flip-x": "lay the mirror image over it, left for right, until only that is left",
    "flip-y": "lay the mirror image over it, top for bottom, until only that is left",
    "threshold": "harden to two levels: above and below the channel's mean",
    "invert": "fold the highest values down, further and further, until high is low",
    "dilate": "let what is bright grow, up to an eighth of the width",
    "erode": "let what is dark grow, up to an eighth of the width",
    "ablate": "fade out",
    "clamp": "cut the peaks, the rest made stronger for it",
}
"""Every operation with a one-line description."""

BEND_NAMES = tuple(BENDS_TEXT)
MOVES = ("scale", "rotate", "shift-x", "shift-y", "flip-x", "flip-y")
CLUSTERS = 4  # clusters of similar channels in a layer, called 1..4


def begins(sides: Sequence[int], groups: Sequence[int] | None = None) -> tuple[frozenset[str], ...]:
    """For each convolution of a network, with `sides` [px] in order: the names of the layers that begin there.

    A bend acts where the layer it names begins: in both convolutions of one side it would rotate a picture twice.
    `groups`: index into GROUPS of each convolution, where the side does not determine it.
    """
    known: set[str] = set()
    begun = []
    for side, group in zip(sides, groups or map(group_of, sides), strict=True):
        begun.append(_names(side, group) - known)
        known |= begun[-1]
    return tuple(begun)


def acts(bend: Bend, side: int, begun: frozenset[str] | None = None) -> bool:
    """Whether `bend` acts on a convolution of `side` px where the layers `begun` begin; None: on each of its layer.

    With layer "all", a move acts on the first convolution only (the rest follow), other operations once per side.
    """
    if begun is None:
        return bend.layer in _names(side, group_of(side))
    if bend.layer == "all" and bend.operation not in MOVES:
        return bool(begun)
    return bend.layer in begun


def _names(side: int, group: int) -> frozenset[str]:
    return frozenset({"all", GROUPS[group], str(side)})
