"""Choice of the picture that windows show: the newest frame, a hold, the idle scene, or the safe scene's still."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from livegan.core.channels import Latest
from livegan.core.dimmer import OutputDimmer
from livegan.core.rings import FeatureRing
from livegan.core.types import Frame, Picture, Pixels
from livegan.ui.canvas import checked
from livegan.ui.hold import SLOTS, Hold, State
from livegan.ui.idle import QUIET, IdleMotion


@dataclass(frozen=True, slots=True)
class ChosenPicture:
    """Picture of one moment, for `ShowCanvas`."""

    slots: tuple[tuple[int, Picture] | None, ...]  # pixels by slot, with a number that is another one for others
    layers: tuple[tuple[int, float], ...]  # slots from below, each with its share over those before it, 0..1
    idle: Mapping[str, float]  # numbers of the idle scene, with its share
    frame: Frame | None  # the newest one that was taken; None: none, or what is shown is no frame
    state: State


class PictureChoice:
    """Choice for all windows of one channel of frames, so that they show the same; main thread only."""

    def __init__(
        self,
        frames: Latest[Frame],
        dimmer: OutputDimmer,
        heard: FeatureRing,
        still: Callable[[], Pixels | None] = lambda: None,
    ) -> None:
        """While `dimmer` is frozen nothing new is taken. `heard` moves the idle scene; `still` is the safe scene's."""
        self._frames, self._dimmer, self._still = frames, dimmer, still
        self._hold, self._idle = Hold(), IdleMotion(heard)
        self._idle_numbers: Mapping[str, float] = QUIET
        self._slots: list[tuple[int, Picture] | None] = [None] * SLOTS
        self._count = 0
        self._seen: Frame | None = None  # newest one that was tried
        self._taken: Frame | None = None  # and could be shown
        self._still_shown: object = None
        self._safe_since_s: float | None = None  # the safe scene was asked for, and no frame of it has come yet

    @property
    def moving(self) -> bool:
        """Whether the picture changes though no frame comes."""
        return self._hold.moving

    @property
    def waiting(self) -> bool:
        """Whether no frame has come yet."""
        return self._seen is None

    def ask_safe(self, now_s: float) -> None:
        """The safe scene is asked for: its still is shown until there is a frame made after `now_s`."""
        self._safe_since_s, self._still_shown = now_s, None

    def step(self, now_s: float) -> None:
        """Let time pass."""
        self._hold.step(now_s, frozen=self._dimmer.frozen)

    def choose(self, now_s: float) -> ChosenPicture:
        """What is shown at `now_s`; ValueError, once, for a frame that cannot be."""
        frozen = self._dimmer.frozen
        frame = self._safe_frame(self._frames.peek(), now_s)
        if frame is not None and frame is not self._seen and not frozen:
            self._seen = frame  # before it is looked at: one that cannot be shown is not tried again
            self._put(checked(frame.pixels), lambda: self._hold.frame(now_s))
            self._taken = frame
        held = self._hold.step(now_s, frozen=frozen)
        if held.idle > 0.0 and not frozen:
            self._idle_numbers = self._idle.step(now_s)
        shown = self._taken if self._safe_since_s is None else None
        return ChosenPicture(
            tuple(self._slots), held.layers, {"share": held.idle, **self._idle_numbers}, shown, held.state
        )

    def _put(self, pixels: Picture, slot: Callable[[], int]) -> None:
        self._count += 1
        self._slots[slot()] = self._count, pixels

    def _safe_frame(self, frame: Frame | None, now_s: float) -> Frame | None:
        """The newest frame; while the safe scene is waited for, nothing older, and its still meanwhile."""
        if self._safe_since_s is None or (frame is not None and frame.plan.time_s > self._safe_since_s):
            self._safe_since_s = None
            return frame
        still = self._still()
        if still is not None and self._still_shown is not still:
            self._still_shown = still
            self._put(checked(still), lambda: self._hold.cut(now_s))
        return None
