"""Readers of untrusted messages: MIDI, OSC, the phone page, the forms of the studio page."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from livegan.config.load import load_controllers
from livegan.control.midi import MidiInput
from livegan.control.midi_clock import MidiClock
from livegan.control.osc_packet import packet
from livegan.core.types import ControlEvent
from livegan.engine.router import Router
from livegan.errors import StudioError
from livegan.web.remote.messages import json_bytes, json_object
from livegan.web.remote.phones import Phone, Phones
from livegan.web.remote.touches import Touches
from livegan.web.studio import orders
from tests.mutations import Reader, Rng, mutated_json, mutated_value
from tests.osc_shows import Hands, board

FROM = ("192.0.2.7", 9)  # sender of a datagram, which is never answered: no port is open
controllers = cache(load_controllers)


def midi_streams(_: Path) -> list[bytes]:
    rng = np.random.default_rng(3)
    notes = b"".join(bytes((0x90 | k % 16, k, k % 128, 0x80 | k % 16, k, 0)) for k in range(120))
    knobs = b"".join(bytes((0xB0, k % 128, v)) for k, v in enumerate(rng.integers(128, size=300).tolist()))
    numbers = bytes((0xB0, 99, 1, 0xB0, 98, 2, 0xB0, 6, 3, 0xB0, 38, 4, 0xB0, 96, 1, 0xE0, 0, 64, 0xD0, 7)) * 9
    clock = b"\xfa" + b"\xf8" * 96 + b"\xf2\x10\x00\xfb" + b"\xf8" * 24 + b"\xfc"
    return [notes, knobs, numbers, clock]


def messages_in(data: bytes) -> list[bytes]:
    """A stream as a driver hands it over: from status byte to status byte, and nothing else checked."""
    starts = [at for at, byte in enumerate(data) if byte & 0x80] + [len(data)]
    return [data[: starts[0]], *(data[a:b] for a, b in pairwise(starts))]


class OnePort:
    """Ports of a machine with one controller."""

    def names(self) -> list[str]:
        return ["nanoKONTROL2 20:0"]

    def open(self, name: str, receive: Callable[[Sequence[int]], None]) -> "OnePort":
        self.receive = receive
        return self

    def close(self) -> None:
        pass


def play_midi(path: Path) -> object:
    ports, clock, events = OnePort(), MidiClock(), list[ControlEvent]()
    given = MidiInput(events.append, controllers(), ports=ports, clock=clock, now=lambda: len(events) * 0.01)  # type: ignore[arg-type]
    given.start(0.0)
    for message in messages_in(path.read_bytes()):
        ports.receive(list(message))
        clock.line(len(events) * 0.01)
    given.stop()
    check_events(events)
    return events


def check_events(events: Sequence[ControlEvent]) -> None:
    for event in events:
        assert np.isfinite(event.value), event
        assert np.isfinite(event.time_s), event
        assert event.name.isprintable(), event
        assert len(event.name) <= 128, event


def datagrams(_: Path) -> list[bytes]:
    whole = [
        packet("/motion/pulse", [0.5]),
        packet("/scene", ["tide"]),
        packet("/prompt", ["violet smoke"]),
        packet("/knob/1", [1]),
        packet("/{motion,layer}/*", [0.25]),
        packet("/w/4:10/1", [True]),
        packet("/beat/tap", []),
        packet("/*", []),
    ]
    size = [len(each).to_bytes(4, "big") for each in whole]
    bundle = b"#bundle\0" + bytes(8) + b"".join(a + b for a, b in zip(size, whole, strict=True))
    return [*whole, bundle, b"#bundle\0" + bytes(8) + len(bundle).to_bytes(4, "big") + bundle]


def receive_osc(path: Path) -> object:
    hands = Hands()
    server, data = hands.server(), path.read_bytes()
    server.receive_all([(data, FROM), (data[:1000], FROM)], hands.now_s)
    server.flush()
    check_events(hands.events)
    assert all(len(each.words) <= 4096 for each in hands.words)
    return hands


def phone_messages(_: Path) -> list[bytes]:
    touches = [
        ["set", "motion.pulse", 0.5],
        ["set", "master", 1],
        ["release", "motion.pulse"],
        ["press", "scene.2"],
        ["switch", "blackout", 1],
        ["words", "violet smoke"],
    ]
    return [
        json.dumps(each).encode()
        for each in ({"t": 123.5, "do": touches}, {"see": True}, {"t": 1e9, "do": touches[:2]})
    ]


def hear_phone(path: Path) -> object:
    """On the page's server, over the pipe, and into the router of the show."""
    told: list[dict[str, Any]] = []
    phones = Phones(told.append, lambda: 50.0)
    phones._passing = object()  # type: ignore[assignment]  # nothing is passed on by itself: there is no loop here
    text = path.read_bytes().decode("utf-8", "replace")
    phones._heard(Phone(None, None, 0.0), text[:4096])  # type: ignore[arg-type]
    phones._pass_sets()
    router, events = Router(), list[ControlEvent]()
    router.subscribe(events.append)
    for what in (*map(json_object, map(json_bytes, told)), json_object(text)):
        if isinstance(what.get("do"), list):
            Touches(router).put(what["do"], 50.0, board())
    check_events([*events, *router.window_events.drain(), *router.take_engine_events()])
    assert all(len(each.words) <= 200 and each.words.isprintable() for each in router.prompt_events.drain())
    return told


# ---- the studio page


def forms(_: Path) -> list[bytes]:
    made = [
        ("film", ["a.wav", "tide", "1280x720", 0, 30]),
        ("picture", ["a.wav", "blue", "512x512", 80, "7", "b.png", 1.0, "auto", "patterns"]),
        ("dream_film", ["a.wav", "", "a.lrc", "448x256", 15, 24, "beats", 1.01, "", "", 1.0, "clip", "patterns"]),
        ("projection", ["a.png", "plain", True, 200]),
        ("training", [["a.png", "b.jpg"], 64, 20]),
        ("composition", ["piano", 16, "C", "", 0.9, True]),
    ]
    return [json.dumps(each).encode() for each in made]


def mutated_form(rng: Rng, data: bytes, other: bytes) -> bytes:
    """Values of a form; each stays a text, a number, a flag or a list of texts, as the page sees to that."""
    kind, values = json.loads(data)
    strange = mutated_value(rng, values)
    values = [
        new if type(new) is type(old) or {type(new), type(old)} <= {int, float} else old
        for old, new in zip(
            values, [*strange, *values[len(strange) :]] if isinstance(strange, list) else values, strict=False
        )
    ]
    values = [[str(each) for each in value] if isinstance(value, list) else value for value in values]
    return json.dumps([kind, values]).encode()


def order(path: Path) -> object:
    kind, values = json.loads(path.read_bytes())
    if kind == "film":
        values.insert(2, {"tide": "Tide"})
    if kind == "composition":
        values[1:1], values[4:4] = [["piano", "jazz"]], [["C", "D"]]
        values = [*values[:3], values[3], values[4], *values[5:]]
    made = getattr(orders, kind)(*values)
    for command in (*made.commands, *made.again):
        assert all(isinstance(word, str) and "\0" not in word and "\n" not in word for word in command), command
    assert orders.Order.read(json.loads(json.dumps(made.table()))) == made
    return made


MESSAGES: dict[str, Reader] = {
    "MIDI messages": Reader(midi_streams, play_midi, refuses=(), kept=1.0),
    "OSC datagrams": Reader(datagrams, receive_osc, refuses=(), kept=1.0),
    "phone messages": Reader(phone_messages, hear_phone, mutate=mutated_json, refuses=(), kept=1.0),
    "forms of the studio page": Reader(forms, order, mutate=mutated_form, refuses=(StudioError,)),
}
