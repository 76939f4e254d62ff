"""Output dimmer: blackout, master fader, timed fades and freeze, as numbers without Qt."""

from collections.abc import Mapping

CUT_S = 0.1  # from full light to black at once: quick enough for a cut, slow enough not to flash
FADE_S = 3.0  # of a timed fade, unless the venue says otherwise


class OutputDimmer:
    """Gain of the picture on its way to the screen. It belongs to the window, so it works while the engine hangs.

    The gain is that of the master fader, which a blackout takes to 0, times that of the timed fade.
    """

    def __init__(self, fade_s: float = FADE_S) -> None:
        """Full light, no blackout, nothing frozen. `fade_s`: a timed fade from full light to black."""
        self.fade_s = max(fade_s, CUT_S)
        self.blackout = False
        self.frozen = False
        self.master = 1.0  # position of the master fader, 0..1
        self.fade = 1.0  # where the timed fade leads, 0..1; 1 is its place of rest
        self._light = 1.0  # of master and blackout
        self._faded = 1.0  # of the timed fade
        self._at_s = 0.0

    def begin(self, states: Mapping[str, float]) -> None:
        """Stand where a show before stood: its blackout, master and fade, at once. Before the first picture."""
        self.blackout = states.get("blackout", 0.0) > 0
        self.master = min(max(states.get("master", 1.0), 0.0), 1.0)
        self.fade = min(max(states.get("fade", 1.0), 0.0), 1.0)
        self._light, self._faded = 0.0 if self.blackout else self.master, self.fade

    def set_blackout(self, dark: bool, now_s: float) -> None:
        """Begin (or end) a blackout at `now_s`; the picture is black `CUT_S` later at the latest."""
        self.light(now_s)
        self.blackout = dark

    def set_master(self, value: float, now_s: float) -> None:
        """Move the master fader to `value` (clipped to 0..1); the light follows within `CUT_S`."""
        self.light(now_s)
        self.master = min(max(value, 0.0), 1.0)

    def set_fade(self, goal: float, now_s: float) -> None:
        """Begin a timed fade to `goal` (clipped to 0..1), from where the light is now.

        A fade to light ends a blackout: the light rises from black.
        """
        light = self.light(now_s)
        self.fade = min(max(goal, 0.0), 1.0)
        if self.blackout and self.fade > 0:
            self.blackout = False
            self._light = max(self.master, light)
            self._faded = light / self._light if self._light else 0.0

    def end_fade(self, now_s: float) -> None:
        """Fade back to where nothing is faded; a blackout stays."""
        self.light(now_s)
        self.fade = 1.0

    def light(self, now_s: float) -> float:
        """The gain of the picture at `now_s`, 0..1: two linear ramps."""
        passed_s = max(now_s - self._at_s, 0.0)
        self._at_s = max(now_s, self._at_s)
        self._light = _ramp(self._light, 0.0 if self.blackout else self.master, passed_s / CUT_S)
        self._faded = _ramp(self._faded, self.fade, passed_s / self.fade_s)
        return self._light * self._faded

    @property
    def goal(self) -> float:
        """The gain that the ramps lead to."""
        return 0.0 if self.blackout else self.master * self.fade

    @property
    def moving(self) -> bool:
        """Whether the gain still changes, so that the picture must be drawn again."""
        return self._light * self._faded != self.goal


def _ramp(value: float, goal: float, step: float) -> float:
    return min(value + step, goal) if value < goal else max(value - step, goal)
