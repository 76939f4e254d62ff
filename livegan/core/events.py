"""Control names: the one table of what keys, controllers, scenes and venues may name, and where each event goes.

Toggles (blackout, freeze, HUD ...) follow one rule, `switched`: what is pressed changes them over, what shows their
state sets it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from livegan.core.registry import nearest

if TYPE_CHECKING:
    from livegan.core.types import ControlEvent

Kind = Literal["trigger", "toggle", "held", "value"]
Destination = Literal["window", "engine", "window and engine", "beat clock"]
HALF = 0.5  # from here on, a control that stands somewhere is on


@dataclass(frozen=True, slots=True)
class ControlSpec:
    """Specification of one control name, or of a numbered family ("pad.N").

    A trigger acts when pressed and a toggle changes over when pressed: their release (value 0) means nothing. A held
    control also reports its release. A value is a position, 0..1.
    """

    name: str  # "blackout", or with ".N" for any whole number: "scene.N"
    kind: Kind
    destination: Destination
    about: str
    bindable: bool = False  # a controller's own control, that scenes and venues bind to something under [knobs]
    phone: bool = False  # phones may do it, by the phone page
    kept: bool = False  # its state in the window outlives the process of a supervised show

    @property
    def acts_once(self) -> bool:
        """Whether only the press counts, so that its release is left out."""
        return self.kind in ("trigger", "toggle")


SPECS: Mapping[str, ControlSpec] = {
    spec.name: spec
    for spec in (
        ControlSpec("blackout", "toggle", "window", "blackout", phone=True, kept=True),
        ControlSpec("freeze", "toggle", "window", "freeze", phone=True),
        ControlSpec("master", "value", "window", "brightness of the window", phone=True, kept=True),
        ControlSpec("fade.out", "trigger", "window", "fade to black", phone=True),
        ControlSpec("fade.in", "trigger", "window", "fade back in", phone=True),
        ControlSpec("fade", "value", "window", "brightness that the light fades to", phone=True, kept=True),
        ControlSpec("master.up", "trigger", "window", "brighter"),
        ControlSpec("master.down", "trigger", "window", "darker"),
        ControlSpec("hud", "toggle", "window", "HUD", kept=True),
        ControlSpec("fullscreen", "toggle", "window", "full screen", kept=True),
        ControlSpec("panel", "toggle", "window", "panel", kept=True),
        ControlSpec("map", "toggle", "window", "map the corners of the windows"),
        ControlSpec("keys", "toggle", "window", "every key"),
        ControlSpec("remote", "toggle", "window", "code of the phone page"),
        ControlSpec("prompt.type", "trigger", "window", "type words"),
        ControlSpec("learn", "trigger", "window", "teach a knob or a pad"),
        ControlSpec("quit", "trigger", "window", "quit"),
        ControlSpec("screen.delay", "value", "engine", "seconds from a finished picture to its light, of the window"),
        ControlSpec("scene.N", "trigger", "engine", "scene", phone=True),
        ControlSpec("scene.next", "trigger", "engine", "next scene", phone=True),
        ControlSpec("scene.previous", "trigger", "engine", "previous scene", phone=True),
        ControlSpec("scene.safe", "trigger", "window and engine", "safe scene, at once", phone=True),
        ControlSpec("cue.N", "trigger", "engine", "scene at the other end of the crossfader", phone=True),
        ControlSpec("cue.next", "trigger", "engine", "cue the next scene", phone=True),
        ControlSpec("cue.previous", "trigger", "engine", "cue the one before", phone=True),
        ControlSpec(
            "crossfade", "value", "engine", "crossfader between the scene that plays and the cued one", phone=True
        ),
        ControlSpec("crossfade.forward", "trigger", "engine", "mix to the cued scene", phone=True),
        ControlSpec("crossfade.back", "trigger", "engine", "mix back", phone=True),
        ControlSpec(
            "panic", "trigger", "window and engine", "panic: controls and words as the scene was saved", phone=True
        ),
        ControlSpec("scene.save", "trigger", "engine", "save as a new scene"),
        ControlSpec("prompt.N", "trigger", "engine", "words of the scene", phone=True),
        ControlSpec("prompt.next", "trigger", "engine", "the scene's next words", phone=True),
        ControlSpec("prompt.previous", "trigger", "engine", "its words before", phone=True),
        ControlSpec("prompt.clear", "trigger", "engine", "no words", phone=True),
        ControlSpec("snapshot", "trigger", "engine", "snapshot: the picture as a PNG file", phone=True),
        ControlSpec("latent.bookmark", "trigger", "engine", "bookmark the latent"),
        ControlSpec("undo", "trigger", "engine", "undo", phone=True),
        ControlSpec("redo", "trigger", "engine", "redo", phone=True),
        ControlSpec("notes.off", "trigger", "engine", "let every MIDI note go"),
        ControlSpec("beat.tap", "trigger", "beat clock", "tap the tempo", phone=True),
        ControlSpec("beat.listen", "trigger", "beat clock", "let what is heard be the beat again", phone=True),
        ControlSpec("beat.halve", "trigger", "beat clock", "halve the tempo", phone=True),
        ControlSpec("beat.double", "trigger", "beat clock", "double the tempo", phone=True),
        ControlSpec("beat.earlier", "trigger", "beat clock", "beat a little earlier", phone=True),
        ControlSpec("beat.later", "trigger", "beat clock", "beat a little later", phone=True),
        ControlSpec("knob.N", "value", "engine", "knob of a controller", bindable=True),
        ControlSpec("fader.N", "value", "engine", "fader of a controller", bindable=True),
        ControlSpec("pad.N", "held", "engine", "pad of a controller", bindable=True),
        ControlSpec("cc.N", "value", "engine", "MIDI control change N without a name", bindable=True),
        ControlSpec("note.N", "held", "engine", "MIDI note N without a name", bindable=True),
        ControlSpec("nrpn.N", "value", "engine", "MIDI NRPN N without a name", bindable=True),
        ControlSpec("rpn.N", "value", "engine", "MIDI RPN N without a name", bindable=True),
        ControlSpec("aftertouch.N", "value", "engine", "pressure on MIDI note N", bindable=True),
        ControlSpec("bend", "value", "engine", "pitch bend wheel, 0.5 at rest", bindable=True),
        ControlSpec("pressure", "value", "engine", "channel pressure", bindable=True),
    )
}


@lru_cache(4096)  # asked several times for every event
def find_control(name: str) -> ControlSpec | None:
    """The spec of a control name, or of its family where it is numbered ("pad.3"); None if it is not in the table."""
    family, _, number = name.rpartition(".")
    if number.isascii() and number.isdigit():
        return SPECS.get(f"{family}.N")
    return SPECS.get(name) if number != "N" else None


LETTING_GO = frozenset(("notes.off", "panic"))
"""Controls that let every MIDI note go."""

SETTING = frozenset(("osc", "panel", "phone"))
"""Sources that show a state, and set it: from them 1 is on and 0 is off."""

PRESS = "osc press"
"""Source of a message without a value: it presses, and sets nothing."""


def stands_somewhere(source: str) -> bool:
    """Whether the knobs of a source stand where only a hand moves them, as those of a controller do.

    Keys, OSC, panel and phone say what a value shall be: they know where it stands, or mean just that.
    """
    return source not in ("", "keys", PRESS) and source not in SETTING


def switched(event: "ControlEvent", on: bool) -> bool:
    """The state of a toggle after an event; `on`: before it.

    From OSC, panel and phone the value is the state: on from 0.5. A key or a pad changes it over when it is pressed,
    and letting it go means nothing; one bound as "momentary" switches it on while it is held, as "radio" only on.
    """
    mode = event.binding.mode if event.binding is not None else ""
    if event.source in SETTING:
        return event.value >= HALF
    if mode == "momentary":
        return event.value > 0
    if event.value <= 0 or event.kind != "move":
        return on
    return mode == "radio" or not on


def controls_of(destination: Destination) -> Iterator[str]:
    """Names of the controls that go there, families as "scene.N"."""
    return (name for name, spec in SPECS.items() if spec.destination == destination)


MOST_NUMBERED = 32  # of each family, in lists of what a control may be bound to


def targets() -> list[str]:
    """Every control that one of a controller may be bound to, instead of a parameter."""
    found: list[str] = []
    for name, spec in SPECS.items():
        family = name.removesuffix("N")
        names = [name] if family == name else [f"{family}{number}" for number in range(1, MOST_NUMBERED + 1)]
        found += [] if spec.bindable else names
    return found


def is_bindable(name: str) -> bool:
    """Whether `name` is a control of a controller, which a scene or a venue may bind to a parameter."""
    spec = find_control(name)
    return spec is not None and spec.bindable


def unknown_control(name: str, specs: Iterable[ControlSpec] | None = None) -> str:
    """Error text for a wrong control name, with the nearest right one, or all of them; `specs` are those allowed."""
    known = [spec.name for spec in (SPECS.values() if specs is None else specs)]
    family, dot, number = name.rpartition(".")
    numbered = bool(dot) and number.isdigit()
    close = nearest(f"{family}.N" if numbered else name, known)
    suggestion = close.removesuffix("N") + number if close and numbered and close.endswith(".N") else close
    hint = f"did you mean '{suggestion}'?" if suggestion else f"there are: {', '.join(known)}"
    return f"no control is called '{name}'; {hint}"


def unbindable(name: str) -> str:
    """Error text for a name under [knobs] that is no control of a controller."""
    return unknown_control(name, (spec for spec in SPECS.values() if spec.bindable))
