"""Bend operations: their names, descriptions, and the layers each acts in. No torch here; `bending` applies them."""

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
CLUSTERS = 4  # groups of like channels a layer is divided into, called 1..4


def begins(sides: Sequence[int], groups: Sequence[int] | None = None) -> tuple[frozenset[str], ...]:
    """For each convolution of a network, whose `sides` [px] are given in order: the names of the layers it begins.

    Two convolutions of one side would turn a picture twice: so a bend acts in the one where the layer it names begins.
    `groups`: which of the GROUPS each belongs to, where the side does not tell.
    """
    known: set[str] = set()
    found = []
    for side, group in zip(sides, groups or map(group_of, sides), strict=True):
        found.append(_names(side, group) - known)
        known |= found[-1]
    return tuple(found)


def acts(bend: Bend, side: int, begun: frozenset[str] | None = None) -> bool:
    """Whether `bend` acts in a convolution of `side` px that begins the layers `begun`; None: in each of its layer.

    Of "all" layers, a move acts in the very first alone (the rest follow), the others once at every side.
    """
    if begun is None:
        return bend.layer in _names(side, group_of(side))
    if bend.layer == "all" and bend.operation not in MOVES:
        return bool(begun)
    return bend.layer in begun


def _names(side: int, group: int) -> frozenset[str]:
    return frozenset({"all", GROUPS[group], str(side)})
