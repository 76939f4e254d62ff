"""Pace of a window's own scene: how often and how well it is drawn, so that the show keeps its rate. No clock here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaceLevel:
    """Level of effort."""

    light: bool  # drawn by the cheapest step of its network
    fps: float  # at most, and at most half the show's
    duty: float  # share of one core's time that it may take


LEVELS = (
    PaceLevel(light=False, fps=30.0, duty=0.8),
    PaceLevel(light=True, fps=30.0, duty=0.5),
    PaceLevel(light=True, fps=15.0, duty=0.25),
    PaceLevel(light=True, fps=8.0, duty=0.1),
)
FIRST = 2
RISE_S, MOST_RISE_S = 8.0, 240.0  # the show must have held its rate so long before a rise: at first, at most
SETTLE_S = 4.0  # a level is given so long before it is lowered again
LEAST_FPS = 0.5


class WindowPace:
    """Additive rise and quick fall: a level that cost the show its rate is tried again later and later."""

    def __init__(self, show_fps: float) -> None:
        self._show_fps = show_fps
        self._at = FIRST
        self._rise_s = RISE_S
        self._since_s: float | None = None  # when the level began
        self._risen = False  # to it, not fallen

    @property
    def level(self) -> PaceLevel:
        """The level now."""
        return LEVELS[self._at]

    def next_s(self, now_s: float, took_s: float, *, show_holds: bool) -> float:
        """A picture took `took_s`; seconds until the next one begins. `show_holds`: the show has held its rate."""
        if self._since_s is None:
            self._since_s = now_s
        lasted_s = now_s - self._since_s
        if not show_holds and lasted_s >= SETTLE_S and self._at < len(LEVELS) - 1:
            if self._risen:
                self._rise_s = min(2 * self._rise_s, MOST_RISE_S)
            self._change(now_s, 1)
        elif show_holds and lasted_s >= self._rise_s and self._at > 0:
            self._change(now_s, -1)
        level = self.level
        period_s = max(1 / min(level.fps, self._show_fps / 2), min(took_s / level.duty, 1 / LEAST_FPS))
        return max(period_s - took_s, 0.001)

    def _change(self, now_s: float, by: int) -> None:
        self._at, self._since_s, self._risen = self._at + by, now_s, by < 0
