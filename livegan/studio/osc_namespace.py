"""OSC namespace of a scene, before any show: as lines for people, as an OSCQuery tree, as a TouchOSC layout."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from livegan.config.venue import Venue
from livegan.control.osc_address import address_of
from livegan.control.osc_packet import Value
from livegan.control.osc_space import NUMBERED, AddressSpace, OscMethod
from livegan.control.osc_state import scene_words
from livegan.control.oscquery import tree
from livegan.control.touchosc import SCENES, SLIDERS, VIOLET, Button, Slider, layout
from livegan.core.binding import Binding
from livegan.core.parameters import Parameter
from livegan.engine.bind import check_scene, listen, setlist
from livegan.engine.usual import first_eight
from livegan.engine.vocabulary import Vocabulary
from livegan.errors import SceneError


@dataclass(frozen=True, slots=True)
class Namespace:
    """What one scene of a show answers to."""

    scene: str
    parameters: Mapping[str, Parameter]
    values: Mapping[str, float]  # of the scene
    bindings: Mapping[str, Binding]
    routed: tuple[str, ...]  # targets of its routes, in order
    scenes: tuple[str, ...]  # names of the show's scenes, in order
    titles: tuple[str, ...]

    @property
    def space(self) -> AddressSpace:
        """Its address space."""
        return AddressSpace(self.parameters, self.scenes)

    @property
    def targets(self) -> list[str]:
        """The eight parameters that come first, as on the phone page."""
        return first_eight(self.bindings, self.routed, self.parameters)


def namespace(venue: Venue, scene: str = "", set_: str = "") -> Namespace:
    """The namespace of a scene by name or path, or of the first of the show; SceneError with every mistake in it."""
    show = setlist(venue, scene, set_)
    loaded = show.scenes[show.start]
    vocabulary = Vocabulary.of(listen(venue, 48000, 2, [loaded]).layout)
    mistakes, found = check_scene(loaded, vocabulary).mistakes, loaded.scene
    if mistakes or found is None:
        raise SceneError("\n".join(mistakes))
    bindings = {**venue.hands.knobs, **found.knobs}
    parameters = vocabulary.of_scene(found, bindings).parameters
    values = {name: found.parameters.get(name, parameter.default) for name, parameter in parameters.items()}
    names = tuple(scene_words(each.name for each in show.scenes))
    titles = tuple(each.scene.title if each.scene is not None else each.name for each in show.scenes)
    routed = tuple(route.target for route in found.routes)
    return Namespace(names[show.start], parameters, values, bindings, routed, names, titles)


def lines(found: Namespace, venue: Venue) -> Iterator[str]:
    """The namespace for people."""
    table, space = venue.osc, found.space
    yield f"OSC comes in at {table.host}:{table.port} (UDP). OSCQuery describes it at http://{table.host}:{table.port}/"
    yield f"Parameters of the scene {found.scene}: with a number they are set, alone they answer their value"
    for method in space.methods.values():
        if method.kind == "parameter":
            yield f"  {method.address:30} {_range(method)}, here {found.values[method.name]:g}: {method.about}"
    yield "Controls: a trigger acts without an argument and with 1; on 1, off 0, over without an argument"
    for method in space.methods.values():
        if method.kind not in ("parameter", "report") and not method.name.rpartition(".")[2].isdecimal():
            yield f"  {method.address:30} {_takes(method)}: {method.about}"
    for family in ("knob", "fader", "pad"):
        yield f"  {f'/{family}/1 .. /{family}/{NUMBERED}':30} 0 .. 1: what the scene binds this control to"
    yield f"  /scene/1 .. /scene/{len(found.scenes)}: {', '.join(found.scenes)}"
    yield "  /reset/NAME: gives the parameter at /NAME its value in the scene back"
    yield "Reports: they answer, and are sent to the addresses in [osc] send"
    for method in space.methods.values():
        if method.kind == "report":
            yield f"  {method.address:30} {method.about}"
    yield "Patterns reach several at a time: /layer/*/amount, /style/{coarse,fine}, /bend/[1-4]"


def query_tree(found: Namespace) -> dict[str, Any]:
    """The namespace as OSCQuery describes it."""
    values: dict[str, Value] = {address_of(name): value for name, value in found.values.items() if address_of(name)}
    values["/scene"] = found.scene
    return tree(found.space, values)


def touchosc(found: Namespace, *, own: bool) -> bytes:
    """A TouchOSC layout: sliders of this scene's parameters (`own`), or of the knobs of whatever scene plays."""
    if own:
        sliders = [_slider(found, found.parameters[name]) for name in found.targets]
    else:
        sliders = [_knob(found, number) for number in range(1, SLIDERS + 1)]
    scenes = [
        Button(f"/scene/{number}", title, VIOLET, named_by=f"/scene/{number}/name")
        for number, title in enumerate(found.titles[:SCENES], 1)
    ]
    return layout(f"livegan {found.scene}" if own else "livegan", sliders, scenes)


def _slider(found: Namespace, parameter: Parameter, address: str = "", named_by: str = "") -> Slider:
    """A slider of a parameter in its own range; with another `address`, of the knob that turns it, in 0..1."""
    room = parameter.high - parameter.low
    stands = (found.values[parameter.name] - parameter.low) / room if room else 0.0
    low, high = (0.0, 1.0) if address else (parameter.low, parameter.high)
    return Slider(address or address_of(parameter.name), parameter.name, low, high, stands, named_by)


def _knob(found: Namespace, number: int) -> Slider:
    address, binding = f"/knob/{number}", found.bindings.get(f"knob.{number}")
    if binding is None or binding.to not in found.parameters:
        return Slider(address, f"knob {number}", named_by=f"{address}/name")
    return _slider(found, found.parameters[binding.to], address, f"{address}/name")


def _range(method: OscMethod) -> str:
    unit = f" {method.unit}" if method.unit else ""
    return f"{method.low:g} .. {method.high:g}{unit}"


def _takes(method: OscMethod) -> str:
    if method.kind in ("scene", "cue"):
        return "name or number"
    words = {"trigger": "trigger", "toggle": "on 1, off 0", "words": "words"}
    return words.get(method.kind, "0 .. 1")
