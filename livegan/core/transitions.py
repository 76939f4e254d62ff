"""Names of transitions: how a scene comes in over the one before it."""

CUT, FADE, MORPH = "cut", "fade", "morph"
WIPES = (
    "wipe-left",
    "wipe-right",
    "wipe-up",
    "wipe-down",
    "diagonal",
    "iris",
    "clock",
    "spiral",
    "blinds",
    "bars",
    "tiles",
    "dissolve",
)
"""A mask moves over the picture (`rendering.wipes`)."""

KINDS = (CUT, FADE, MORPH, *WIPES)

STARTS = ("now", "beat", "bar", "4 bars")
"""What the beginning of a transition waits for."""
