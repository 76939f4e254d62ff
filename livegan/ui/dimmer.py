"""Output dimmer: blackout, master fader and freeze, as numbers without Qt."""

FADE_S = 0.1  # from full light to black: quick enough for a cut, slow enough not to flash


class OutputDimmer:
    """Gain of the picture on its way to the screen. It belongs to the window, so it works while the engine hangs."""

    def __init__(self, fade_s: float = FADE_S) -> None:
        """Full light, no blackout, nothing frozen."""
        self.fade_s = fade_s
        self.blackout = False
        self.frozen = False
        self.master = 1.0  # position of the master fader, 0..1
        self._light = 1.0
        self._at_s = 0.0

    def set_blackout(self, dark: bool, now_s: float) -> None:
        """Begin (or end) a blackout at `now_s`; the picture is black `fade_s` later at the latest."""
        self.light(now_s)
        self.blackout = dark

    def set_master(self, value: float, now_s: float) -> None:
        """Move the master fader to `value` (clipped to 0..1); the light follows within `fade_s`."""
        self.light(now_s)
        self.master = min(max(value, 0.0), 1.0)

    def light(self, now_s: float) -> float:
        """The gain of the picture at `now_s`, 0..1: a linear ramp to `goal`."""
        step = max(now_s - self._at_s, 0.0) / self.fade_s
        self._at_s = max(now_s, self._at_s)
        goal = self.goal
        self._light = min(self._light + step, goal) if self._light < goal else max(self._light - step, goal)
        return self._light

    @property
    def goal(self) -> float:
        """The gain that the ramp leads to."""
        return 0.0 if self.blackout else self.master

    @property
    def moving(self) -> bool:
        """Whether the gain still changes, so that the picture must be drawn again."""
        return self._light != self.goal
