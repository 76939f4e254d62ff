"""Checks of `livegan doors` on controls: MIDI ports, what their knobs do in each scene, OSC and the phone page."""

import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence

from livegan.config.learnt import controllers_folder, known_controllers
from livegan.config.load import load_controllers
from livegan.config.venue import Venue
from livegan.control.output_ports import list_midi_outputs
from livegan.control.ports import list_midi_inputs
from livegan.core.binding import Binding
from livegan.core.controller import Controller, controller_for, device_name
from livegan.core.events import find_control, is_bindable
from livegan.core.midi_address import Address
from livegan.core.text import printable
from livegan.engine.hands import NO_MIDI
from livegan.engine.own_controllers import controller_mistakes
from livegan.engine.patch import Patch
from livegan.studio.doctor import osc_findings
from livegan.studio.door_check import DoorCheck, from_finding

GROUP = "Controls"
NAMED = 4  # so many examples are named
Bindings = Mapping[str, Mapping[str, Binding]]  # of each scene, by its name: control -> what it moves


def control_checks(venue: Venue, patches: Sequence[Patch]) -> Iterator[DoorCheck]:
    """Every check on controls; `patches` are the scenes of the show."""
    ports = list_midi_inputs()
    known = known_controllers(controllers_folder(), load_controllers())
    yield from port_checks(venue, ports, list_midi_outputs())
    parts = (venue.hands.port,) if isinstance(venue.hands.port, str) else venue.hands.port
    open_ports = [port for port in ports if any(part.lower() in port.lower() for part in parts)]
    scenes = {patch.name: patch.controls.bindings for patch in patches}
    yield from map_checks([controller_for(known, port) for port in open_ports], scenes)
    for line in controller_mistakes({name for patch in patches for name in patch.parameters}):
        yield DoorCheck(GROUP, "controller file", "warn", line, "livegan check")
    for finding in osc_findings(venue):
        yield from_finding(GROUP, finding)
    yield from phone_checks(venue)


def port_checks(venue: Venue, inputs: Sequence[str], outputs: Sequence[str]) -> Iterator[DoorCheck]:
    """MIDI ports that the venue names, and those that are there."""
    table = venue.hands.port
    parts = (table,) if isinstance(table, str) else table
    named = [part for part in parts if part and part != NO_MIDI]
    missing = [part for part in named if not any(part.lower() in port.lower() for port in inputs)]
    there = ", ".join(printable(port) for port in inputs) or "none"
    for part in missing:
        detail = f"'{printable(part)}' of the venue is not plugged in; there are: {there}"
        yield DoorCheck(GROUP, "MIDI", "fail", detail, "plug it in; livegan devices")
    if table == NO_MIDI:
        yield DoorCheck(GROUP, "MIDI", "pass", "switched off by the venue")
    elif not missing:
        yield DoorCheck(GROUP, "MIDI", "pass", there if inputs else "no controller; keys and the panel do everything")
    for what, part in (("notes", venue.music.midi_out), ("clock", venue.time.midi_out)):
        if part and not any(part.lower() in port.lower() for port in outputs):
            detail = f"the output '{printable(part)}' for its {what} is not there"
            yield DoorCheck(GROUP, "MIDI out", "fail", detail, "plug it in; livegan devices")


def map_checks(controllers: Sequence[Controller], scenes: Bindings) -> Iterator[DoorCheck]:
    """What the controls of the controllers that are plugged in do in each scene: clashes, and those that do nothing."""
    for controller in controllers:
        what, wrong = printable(device_name(controller.name)), _double_addresses(controller)
        if wrong:
            yield DoorCheck(GROUP, what, "warn", f"one control has two names: {_some(wrong)}", "mend its file")
        named = {address: name for address, name in controller.names.items() if is_bindable(name)}
        names = set(named.values())
        idle, shared = [], []
        for scene, bindings in scenes.items():
            bound = _bound(controller, named, bindings)
            if names and not any(bound.values()):
                idle.append(scene)
            shared += [f"{' and '.join(both)} move {to} in {scene}" for to, both in _shared(bound)]
        if idle:
            detail = f"none of its {len(names)} knobs and pads does anything in: {_some(idle)}"
            yield DoorCheck(GROUP, what, "warn", detail, "teach it: livegan learn")
        if shared:
            yield DoorCheck(GROUP, what, "warn", f"two controls, one parameter: {_some(shared)}", "livegan learn")
        if not idle and not shared and not wrong:
            yield DoorCheck(GROUP, what, "pass", f"{len(names)} knobs and pads, bound in every scene")
    twice = [one.name for at, one in enumerate(controllers) if one.name in [each.name for each in controllers[:at]]]
    for name in dict.fromkeys(twice):
        detail = "two of them are plugged in: the same knobs of both move the same"
        yield DoorCheck(GROUP, printable(device_name(name)), "warn", detail, "unplug one, or name one in the venue")


def _bound(
    controller: Controller, named: Mapping[Address, str], bindings: Mapping[str, Binding]
) -> dict[str, Binding | None]:
    """What its controls are bound to in a scene, by what they are called there: by number where that is bound."""
    bound: dict[str, Binding | None] = {}
    for address, name in sorted(named.items(), key=lambda item: item[1]):
        number = address.control
        if address in controller.usual_addresses and (number in controller.bind or number in bindings):
            name = number
        bound[name] = controller.bind.get(name) or bindings.get(name)
    return bound


def _double_addresses(controller: Controller) -> list[str]:
    """Addresses to which the tables of a controller's file give different names."""
    tables = (
        {Address("cc", number): name for number, name in controller.knobs.items()},
        {Address("note", number): name for number, name in controller.pads.items()},
        {Address.parse(text): name for text, name in controller.controls.items()},
    )
    found: dict[Address, list[str]] = {}
    for table in tables:
        for address, name in table.items():
            found.setdefault(address, []).append(name)
    return [f"{address}: {', '.join(names)}" for address, names in found.items() if len(set(names)) > 1]


def _shared(bound: Mapping[str, Binding | None]) -> Iterator[tuple[str, list[str]]]:
    """Parameters that several knobs or faders move, with these."""
    movers: dict[str, list[str]] = {}
    for name, binding in bound.items():
        spec = find_control(name)
        if binding is not None and binding.to and not binding.mode and spec is not None and spec.kind == "value":
            movers.setdefault(binding.to, []).append(name)
    return ((to, names) for to, names in movers.items() if len(names) > 1)


def _some(texts: Iterable[str]) -> str:
    found = list(texts)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return "; ".join(found[:NAMED]) + more


def phone_checks(venue: Venue) -> Iterator[DoorCheck]:
    """Whether the phone page can be served where the venue says."""
    table = venue.remote
    if not table.enabled or not table.port:
        return
    if problem := tcp_problem(table.host, table.port):
        detail = f"port {table.port} is taken ({problem}): the page comes up at another"
        yield DoorCheck(GROUP, "phone page", "warn", detail, f"livegan play --remote-port {table.port % 65535 + 1}")
    else:
        yield DoorCheck(GROUP, "phone page", "pass", f"port {table.port} is free")


def tcp_problem(host: str, port: int) -> str:
    """Why nothing can be served there now; "" if it can."""
    with socket.socket() as probe:
        try:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""
