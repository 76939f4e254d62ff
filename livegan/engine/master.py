"""Master section: what controls change without the frame loop, in the window or in a show that has none."""

from dataclasses import asdict, dataclass

from livegan.control.takeover import Takeover
from livegan.core.dimmer import OutputDimmer
from livegan.core.events import stands_somewhere, switched
from livegan.core.types import ControlEvent

STEP = 0.05  # of one press of Up or Down


class MasterSection:
    """Blackout, freeze, master fader, timed fades, HUD and list of keys; one thread only."""

    def __init__(self, dimmer: OutputDimmer, *, hud: bool = False, takeover: str = "scale") -> None:
        """`hud`: whether it is shown; `takeover`: of faders whose binding says none."""
        self.dimmer = dimmer
        self.hud_on, self.keys_on, self.remote_on = hud, False, False
        self._takeover = takeover
        self._faders: dict[tuple[str, str], Takeover] = {}  # of the master, by source and mode

    def handle(self, event: ControlEvent, now_s: float) -> list[ControlEvent]:
        """Do what a control event asks; the states that it leaves, none if nothing here is called so.

        ``scene.safe`` and ``panic`` end a freeze, ``panic`` brings a faded light back; both leave blackout and master
        as they are.
        """
        dimmer, name = self.dimmer, event.name
        before = self._states()
        match name:
            case "blackout":
                dimmer.set_blackout(switched(event, dimmer.blackout), now_s)
            case "freeze":
                dimmer.frozen = switched(event, dimmer.frozen)
            case "hud":
                self.hud_on = switched(event, self.hud_on)
            case "keys":
                self.keys_on = switched(event, self.keys_on)
            case "remote":
                self.remote_on = switched(event, self.remote_on)
            case "master":
                self._move_master(event, now_s)
            case "fade":
                dimmer.set_fade(_value(event, dimmer.fade), now_s)
            case "master.up" | "master.down" | "fade.in" | "fade.out" | "scene.safe" | "panic":
                if event.value <= 0:
                    return []
                self._press(name, now_s)
            case _:
                return []
        states = self._states()
        family = name.partition(".")[0]
        own = family if family in states else name
        changed = [state for state in states if states[state] != before[state] and state != own]
        return [ControlEvent(now_s, each, states.get(each, 1.0)) for each in (*changed, own)]

    def _press(self, name: str, now_s: float) -> None:
        dimmer = self.dimmer
        if name.startswith("master"):
            dimmer.set_master(round(dimmer.master + (STEP if name == "master.up" else -STEP), 4), now_s)
        elif name.startswith("fade"):
            dimmer.set_fade(float(name == "fade.in"), now_s)
        else:
            dimmer.frozen = False
        if name == "panic":
            self.keys_on = self.remote_on = False
            dimmer.end_fade(now_s)

    def _move_master(self, event: ControlEvent, now_s: float) -> None:
        """Move the master fader; by the fader of a controller as its takeover allows."""
        master = self.dimmer.master
        new: float | None = _value(event, master)
        if event.kind == "move" and stands_somewhere(event.source):
            mode = (event.binding.takeover if event.binding is not None else "") or self._takeover
            fader = self._faders.setdefault((event.source, mode), Takeover(mode))
            new = fader.step(_value(event, master), master)
        if new is not None:
            self.dimmer.set_master(round(new, 4), now_s)

    def _states(self) -> dict[str, float]:
        dimmer = self.dimmer
        shown = self.hud_on, self.keys_on, self.remote_on
        states = _States(dimmer.blackout, dimmer.frozen, *shown, dimmer.master, dimmer.fade)
        return {name: float(value) for name, value in asdict(states).items()}


@dataclass(frozen=True, slots=True)
class _States:
    """What is on, and where the light is set to; the fields are called as the controls are."""

    blackout: bool
    freeze: bool
    hud: bool
    keys: bool
    remote: bool
    master: float
    fade: float


def _value(event: ControlEvent, now: float) -> float:
    """Where an event moves a value that stands at `now`."""
    if event.kind == "move":
        return event.value if event.binding is None else event.binding.share(event.value)
    return now + event.value if event.kind == "turn" else 1.0
