"""Hold: state machine of what a window shows while no frame comes: the last frames in slow motion, then an idle scene.

Three slots keep frames: the last one and two from shortly before it, of which the newer gives way to a frame that comes
in over a hold. Every change is a crossfade that begins at nothing, so that no picture jumps. No Qt and no OpenGL here.
"""

from dataclasses import dataclass
from math import cos, pi
from typing import Literal

HOLD_S = 0.2  # without a frame after which the hold begins: what is drawn then is seen within a quarter of a second
IDLE_AFTER_S = 2.0  # without a frame after which the idle scene comes
STILL_IDLE_S = 10.0  # the same after a still that the player asked for
EARLIER_S = 0.3  # least time between the last frame and the earlier one that the slow motion goes back to
SWING_S = 4.0  # from the last frame to the earlier one and back
RETURN_S = 0.4  # of the crossfade back to frames
IDLE_IN_S, IDLE_OUT_S = 1.5, 0.6  # of the idle scene's own fades
MOST_PASSED_S = 0.25  # between two looks: after a computer has slept no picture jumps
SLOTS = 3

State = Literal["live", "held", "idle"]


@dataclass(frozen=True, slots=True)
class HeldPicture:
    """What is drawn at one moment."""

    layers: tuple[tuple[int, float], ...]  # slots from below, each with its share over those before it, 0..1
    idle: float  # share of the idle scene over them, 0..1
    state: State


class Hold:
    """State machine of the hold. Times [s] are those of the show's clock; what the player froze does not pass."""

    def __init__(self) -> None:
        """Before the first frame: the idle scene."""
        self._at_s: float | None = None  # of the clock
        self._time_s = 0.0  # that has passed here
        self._last: int | None = None
        self._next: int | None = None  # becomes the earlier one
        self._earlier: int | None = None
        self._fresh: int | None = None  # comes in over a hold
        self._came_s = self._kept_s = 0.0  # when the newest frame came, and when the next one was kept
        self._held_from_s: float | None = None
        self._return = 0.0  # share of the fresh one
        self._idle, self._idle_after_s = 1.0, 0.0
        self._frozen = False

    @property
    def moving(self) -> bool:
        """Whether the picture changes though no frame comes, so that it must be drawn again."""
        return not self._frozen and (self._stalled or self._fresh is not None or self._idle > 0.0)

    @property
    def _stalled(self) -> bool:
        return self._last is None or self._time_s - self._came_s >= HOLD_S

    def frame(self, now_s: float) -> int:
        """A frame has come; the slot that it goes to."""
        self.step(now_s, frozen=False)
        if self._last is not None and (self._fresh is not None or self._stalled):
            if self._fresh is None:
                self._next = None
                self._fresh = self._free()
            slot = self._fresh
        else:
            if self._last is not None and self._time_s - self._kept_s >= EARLIER_S:
                self._earlier, self._next, self._kept_s = self._next, self._last, self._time_s
                self._last = self._free()
            self._last = slot = self._last or 0
        self._came_s, self._idle_after_s = self._time_s, IDLE_AFTER_S
        return slot

    def cut(self, now_s: float) -> int:
        """A still is shown at once, in the place of everything else; the slot that it goes to."""
        self.step(now_s, frozen=False)
        self._last, self._next, self._earlier, self._fresh, self._held_from_s = 0, None, None, None, None
        self._return = 0.0
        self._came_s, self._idle_after_s, self._idle = self._time_s, STILL_IDLE_S, 0.0
        return 0

    def step(self, now_s: float, *, frozen: bool) -> HeldPicture:
        """Let time pass until `now_s`; what is drawn then. Nothing passes while the player has `frozen` the picture."""
        passed_s = 0.0 if self._at_s is None or frozen else min(max(now_s - self._at_s, 0.0), MOST_PASSED_S)
        self._at_s, self._frozen = now_s, frozen
        self._time_s += passed_s
        if self._fresh is not None:
            self._return = min(self._return + passed_s / RETURN_S, 1.0)
            if self._return >= 1.0:
                self._arrive()
        if self._last is not None and self._stalled and self._held_from_s is None and self._fresh is None:
            self._held_from_s = self._time_s
        idle = self._last is None or (self._stalled and self._time_s - self._came_s >= self._idle_after_s)
        step = passed_s / IDLE_IN_S if idle else -passed_s / IDLE_OUT_S
        self._idle = min(max(self._idle + step, 0.0), 1.0)
        return self._picture()

    def _picture(self) -> HeldPicture:
        layers: list[tuple[int, float]] = []
        if self._last is not None:
            layers.append((self._last, 1.0))
        if self._earlier is not None and self._held_from_s is not None:
            turn = (self._time_s - self._held_from_s) / SWING_S
            layers.append((self._earlier, 0.5 - 0.5 * cos(2 * pi * turn)))
        if self._fresh is not None:
            layers.append((self._fresh, _eased(self._return)))
        idle = _eased(self._idle)
        state: State = "idle" if idle >= 0.5 else "held" if self._stalled or self._fresh is not None else "live"
        return HeldPicture(tuple(layer for layer in layers if layer[1] > 0.0), idle, state)

    def _arrive(self) -> None:
        """The fresh frame covers the held ones: it is the last one now."""
        self._earlier, self._last, self._fresh = self._last, self._fresh, None
        self._kept_s, self._return, self._held_from_s = self._time_s, 0.0, None

    def _free(self) -> int:
        return next(slot for slot in range(SLOTS) if slot not in (self._last, self._next, self._earlier))


def _eased(share: float) -> float:
    """Smoothstep: it begins and ends slowly."""
    return share * share * (3 - 2 * share)
