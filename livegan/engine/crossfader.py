"""Crossfader: mixes the scene that plays with the cued one by hand, as transitions do by time."""

from dataclasses import dataclass

from livegan.control.takeover import Takeover
from livegan.core.binding import Binding
from livegan.core.events import stands_somewhere
from livegan.core.transitions import CUT, FADE
from livegan.core.types import ControlEvent, FramePlan
from livegan.engine.patch import Patch
from livegan.engine.transition import mixed

STEP = 0.025  # of one press of a key
HELD_S = 0.6  # steps that follow each other so quickly are those of one key that is held
SWIFT_S = 0.15  # from one end to the other at the quickest: no picture jumps


@dataclass(frozen=True, slots=True)
class ManualTransition:
    """Transition that is as far as the crossfader is."""

    fader: "Crossfader"

    def amount(self, _time_s: float) -> float:
        """Share of the cued scene, 0..1."""
        return self.fader.amount

    def mix(self, below: FramePlan, above: FramePlan, _time_s: float) -> FramePlan:
        """The plan where the crossfader stands: in the way in which the cued scene comes in, a cut as a fade."""
        cued = self.fader.cued
        if cued is None:
            return below
        table = cued.transition
        kind = FADE if table.kind == CUT else table.kind
        return mixed(below, above, self.fader.amount, kind, table.softness, table.seed)


class Crossfader:
    """Crossfader of a show. Owned by the engine's thread.

    The scene that plays is at one `end`, 0 or 1, and the cued one at the other. Arrived there, that plays, and the one
    before lies ready at the end that was left, as on two decks.
    """

    def __init__(self, takeover: str = "scale") -> None:
        """`takeover`: of faders whose binding says none."""
        self.cued: Patch | None = None
        self.later: Patch | None = None  # cued while the fader was between two others
        self.value = 0.0  # where the picture is, 0..1
        self.end = 0.0  # the place of the scene that plays
        self._goal = 0.0  # where the hand is
        self._stepped_s = float("-inf")  # when a key moved it last
        self._takeover = takeover
        self._faders: dict[tuple[str, Binding | None], Takeover] = {}  # by source, and by what they are bound to

    @property
    def amount(self) -> float:
        """Share of the cued scene, 0..1."""
        return abs(self.value - self.end)

    @property
    def other_end(self) -> float:
        """The place of the cued scene."""
        return 1.0 - self.end

    @property
    def leaving(self) -> bool:
        """Whether the hand has left the end of the scene that plays."""
        return self._goal != self.end

    def title(self, below: Patch) -> str:
        """For the HUD: the scene that plays, the cued one, and how much of it is seen."""
        return f"{below.scene.title} \u25b8 {self.amount:.0%} {self.cued.scene.title if self.cued else ''}"

    def begin(self, cued: Patch | None, end: float) -> None:
        """Stand at `end`, 0 or 1, where the scene that plays is, with a scene cued at the other."""
        self.cued, self.end = cued, end
        self.value = self._goal = end

    def take(self, patch: Patch | None, *, mixing: bool) -> None:
        """Cue a scene; while two are mixed, for when the fader is at an end."""
        if mixing:
            self.later = patch
        else:
            self.cued = patch

    def handle(self, event: ControlEvent, time_s: float) -> None:
        """Move it: a key by a step, the fader of a controller by its share of the way, all else to where it says.

        A key that is still held when the fader arrives does not lead on to the next scene.
        """
        now, towards = self._goal, 1.0 if self.end == 0.0 else -1.0
        if event.name != "crossfade":
            held, self._stepped_s = time_s - self._stepped_s < HELD_S, time_s
            if held and self.value == now == self.end:
                return
            new: float | None = now + (towards if event.name.endswith("forward") else -towards) * STEP
        elif event.kind == "turn":
            new = now + event.value
        elif event.kind == "move":
            new = event.value if event.binding is None else event.binding.share(event.value)
            if stands_somewhere(event.source):
                mode = (event.binding.takeover if event.binding is not None else "") or self._takeover
                new = self._faders.setdefault((event.source, event.binding), Takeover(mode)).step(new, now)
        else:
            new = self.end
        if new is not None:
            self._goal = round(min(max(new, 0.0), 1.0), 6)

    def hold(self) -> None:
        """Stay at the end: the cued scene cannot come yet."""
        self._goal = self.end

    def step(self, dt_s: float) -> None:
        """Follow the hand for `dt_s` more seconds."""
        most = dt_s / SWIFT_S
        self.value += min(max(self._goal - self.value, -most), most)

    def arrive(self, before: Patch | None) -> None:
        """The cued scene plays now; the one before lies at the end that was left."""
        self.end = self.value = self.other_end
        self.cued, self.later = self.later or before, None

    def rest(self, plays: Patch) -> None:
        """A scene that was chosen otherwise plays alone: it is at the nearer end, and nothing is mixed."""
        self.end = self.value = self._goal = float(self.value >= 0.5)
        self.cued, self.later = self.later or self.cued, None
        if self.cued is plays:
            self.cued = None

    def come_back(self) -> None:
        """The fader is back at the end of the scene that plays."""
        self.value = self.end
        self.cued, self.later = self.later or self.cued, None
