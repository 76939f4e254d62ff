"""How much light reaches the screen: blackout, master fader, and the held picture. No Qt: it works on numbers."""

FADE_S = 0.1  # full light to black: quick enough for a cut, slow enough not to click in the eye


class OutputDimmer:
    """Stands between the picture and the stage. It lives in the window, so it moves while the engine hangs."""

    def __init__(self, fade_s: float = FADE_S) -> None:
        """Open, at full light, and nothing held."""
        self.fade_s = fade_s
        self.blackout = False
        self.frozen = False
        self.master = 1.0  # where the fader stands, 0..1
        self._light = 1.0
        self._at_s = 0.0

    def set_blackout(self, dark: bool, now_s: float) -> None:
        """Close (or open) from `now_s` on; black `fade_s` later at the latest."""
        self.light(now_s)
        self.blackout = dark

    def set_master(self, value: float, now_s: float) -> None:
        """Move the master fader to `value` (held inside 0..1); the light follows within `fade_s`."""
        self.light(now_s)
        self.master = min(max(value, 0.0), 1.0)

    def light(self, now_s: float) -> float:
        """The gain of the picture at `now_s`, 0..1: it walks to its goal in a straight line."""
        step = max(now_s - self._at_s, 0.0) / self.fade_s
        self._at_s = max(now_s, self._at_s)
        goal = self.goal
        self._light = min(self._light + step, goal) if self._light < goal else max(self._light - step, goal)
        return self._light

    @property
    def goal(self) -> float:
        """Where the light is going."""
        return 0.0 if self.blackout else self.master

    @property
    def moving(self) -> bool:
        """Is it still on its way, so that it must be drawn again?"""
        return self._light != self.goal
