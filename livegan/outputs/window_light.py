"""Master section of live outputs: blackout, master fader, timed fades and freeze, as the window has them."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from livegan.core.dimmer import FADE_S, OutputDimmer
from livegan.core.types import Frame, Pixels


class WindowLight:
    """Mirror of the window's dimmer, for frames that do not pass through it.

    It works while the engine hangs, as the window's does: the newest frame can be dimmed again and again.
    """

    def __init__(self, states: Callable[[], Mapping[str, float]] = dict, fade_s: float = FADE_S) -> None:
        """`states` of the window (`Router.states`), none: full light. `fade_s`: as of `OutputDimmer`."""
        self._states = states
        self._dimmer = OutputDimmer(fade_s)
        self._held: Frame | None = None  # the newest frame before a freeze

    @property
    def moving(self) -> bool:
        """Whether the light still changes, so that the same frame looks different now."""
        return self._dimmer.moving

    def follow(self, now_s: float) -> None:
        """Take over what the window has done."""
        states, dimmer = self._states(), self._dimmer
        if (fade := states.get("fade", 1.0)) != dimmer.fade:
            dimmer.set_fade(fade, now_s)
        if (dark := states.get("blackout", 0.0) > 0) != dimmer.blackout:
            dimmer.set_blackout(dark, now_s)
        if (master := states.get("master", 1.0)) != dimmer.master:
            dimmer.set_master(master, now_s)
        dimmer.frozen = states.get("freeze", 0.0) > 0

    def shown(self, frame: Frame, now_s: float) -> Frame:
        """The frame as the window shows it at `now_s`: the same one at full light."""
        self.follow(now_s)
        if self._dimmer.frozen and self._held is not None:
            frame = replace(self._held, plan=frame.plan)
        self._held = frame
        light = self._dimmer.light(now_s)
        return frame if light >= 1 else replace(frame, pixels=dimmed(np.asarray(frame.pixels), light))


def dimmed(pixels: Pixels, light: float) -> Pixels:
    """sRGB values, uint8, times `light` (0..1), as the window's shader does it."""
    if light <= 0:
        return np.zeros_like(pixels)
    return ((pixels.astype(np.uint16) * np.uint16(round(256 * light))) >> 8).astype(np.uint8)
