"""Placing of the output and the panel on the screens there are. No Qt here."""

from collections.abc import Sequence
from dataclasses import dataclass

from livegan.config.venue import WindowTable
from livegan.core.letterbox import size_within

Area = tuple[int, int, int, int]  # left, top, width, height [px]
PANEL_SHARE = 2 / 3  # of one screen's width, where the output is beside it
LEAST = 1024  # width of a panel [px], if the screen has it


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which screen each window goes to, by its number."""

    output: int
    panel: int
    fullscreen: bool  # the output
    opens: bool  # the panel, from the start

    @property
    def side_by_side(self) -> bool:
        """Whether the two windows share one screen, and neither covers it."""
        return self.opens and not self.fullscreen and self.output == self.panel


def arrange(count: int, main: int, table: WindowTable, named: int | None = None) -> Arrangement:
    """The arrangement on `count` screens, of which number `main` is the laptop's; `named`: the venue's, if it says one.

    A panel that is asked for with two screens puts the output full screen on the other one; "auto" opens it where the
    output is full screen and there is a screen left for it.
    """
    asked = table.panel is True
    opens = asked or (table.panel == "auto" and table.fullscreen and count > 1)
    others = [number for number in range(count) if number != main]
    output = named if named is not None else others[0] if opens and others else main
    left = [number for number in (main, *others) if number != output]
    return Arrangement(output, left[0] if left else main, table.fullscreen or (asked and count > 1), opens)


def beside(screen: Area, output: tuple[int, int]) -> tuple[Area, Area]:
    """Where the panel and an output of (width, height) go on one screen: the panel left, the output right of it."""
    left, top, width, height = screen
    panel = min(max(round(width * PANEL_SHARE), LEAST), round(width * 0.8))
    wide, high = size_within((width - panel, height), output)
    return (left, top, panel, height), (left + panel, top + (height - high) // 2, wide, high)


def shelter(area: Area, screens: Sequence[Area], home: int) -> Area | None:
    """Where a window goes whose screen was unplugged: screen number `home`; None if it is seen where it is."""
    left, top, width, height = area
    for x, y, wide, high in screens:
        seen_wide = min(left + width, x + wide) - max(left, x)
        seen_high = min(top + height, y + high) - max(top, y)
        if seen_wide > width // 3 and seen_high > height // 3:
            return None
    x, y, wide, high = screens[home]
    width, height = min(width, wide), min(height, high)
    return x + (wide - width) // 2, y + (high - height) // 2, width, height
