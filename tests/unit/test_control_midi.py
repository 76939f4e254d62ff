from collections.abc import Callable

import pytest

from livegan.control.midi import MidiInput
from livegan.control.ports import FakePorts, numbered
from livegan.control.source import ControlSource, EchoSource, SendEvent
from livegan.core.channels import Inbox
from livegan.core.controller import Controller
from livegan.core.types import ControlEvent

BOX = Controller(name="box", match=("knobbox",), knobs={16: "knob.1", 41: "blackout"}, pads={36: "pad.1"})


def names(inbox: Inbox[ControlEvent]) -> list[tuple[str, float]]:
    return [(event.name, event.value) for event in inbox.drain()]


def test_every_port_is_listened_to_and_each_has_its_own_names() -> None:
    inbox: Inbox[ControlEvent] = Inbox()
    ports = FakePorts("KnobBox 1", "Pedal")
    midi = MidiInput(inbox.put, [BOX], now=lambda: 7.0, ports=ports)
    midi.start(0.0)
    assert midi.open_ports == ("KnobBox 1", "Pedal")
    ports.play("KnobBox 1", 0xB0, 16, 127)
    ports.play("Pedal", 0xB0, 16, 127)
    events = inbox.drain()
    assert [(event.name, event.value, event.time_s) for event in events] == [("knob.1", 1.0, 7.0), ("cc.16", 1.0, 7.0)]
    midi.stop()
    midi.stop()
    assert ports.play("Pedal", 0xB0, 16, 127) == 0


def test_a_named_port_is_the_only_one_and_its_absence_is_reported_with_the_nearest() -> None:
    ports = FakePorts("nanoKONTROL2", "Pedal")
    midi = MidiInput(Inbox().put, port="nanokontrol", ports=ports)
    midi.start(0.0)
    assert midi.open_ports == ("nanoKONTROL2",)
    assert midi.notice == ""
    lost = MidiInput(Inbox().put, port="nanoKONTROL 2", ports=ports)
    lost.start(0.0)
    assert lost.open_ports == ()
    assert "did you mean 'nanoKONTROL2'?" in lost.notice


def test_several_parts_of_names_are_listened_to_and_the_missing_one_is_named() -> None:
    ports = FakePorts("nanoKONTROL2", "APC mini mk2", "Keystation")
    midi = MidiInput(Inbox().put, port=["nanokontrol2", "apc"], ports=ports)
    midi.start(0.0)
    assert midi.open_ports == ("nanoKONTROL2", "APC mini mk2")
    assert midi.notice == ""
    partly = MidiInput(Inbox().put, port=["nanokontrol2", "launchpad"], ports=ports)
    partly.start(0.0)
    assert partly.open_ports == ("nanoKONTROL2",)
    assert "'launchpad'" in partly.notice


@pytest.mark.parametrize("port", ["", "nanokontrol2"])
def test_a_port_that_another_program_has_is_told_and_taken_when_it_is_free(port: str) -> None:
    ports = FakePorts("nanoKONTROL2", "Pedal")
    ports.taken.add("nanoKONTROL2")
    midi = MidiInput(Inbox().put, port=port, ports=ports)
    midi.start(0.0)
    assert midi.notice == "MIDI: 'nanoKONTROL2' is there, but another program has it; close it in that one"
    ports.taken.clear()
    midi.poll(1.0)
    assert "nanoKONTROL2" in midi.open_ports
    assert midi.notice == ""
    ports.pull("nanoKONTROL2")
    midi.poll(2.0)
    ports.plug("nanoKONTROL2")
    ports.taken.add("nanoKONTROL2")
    midi.poll(3.0)
    assert "another program" in midi.notice


def test_two_of_a_kind_are_one_controller_and_each_remembers_its_own_halves() -> None:
    inbox: Inbox[ControlEvent] = Inbox()
    assert numbered(["KnobBox", "Pedal", "KnobBox"]) == ["KnobBox (1 of 2)", "Pedal", "KnobBox (2 of 2)"]
    ports = FakePorts("KnobBox (1 of 2)", "KnobBox (2 of 2)")
    fine = Controller(name="box", match=("knobbox",), controls={"cc14 1": "fader.1"})
    midi = MidiInput(inbox.put, [fine], ports=ports)
    midi.start(0.0)
    for port in midi.open_ports:
        ports.play(port, 0xB0, 1, 127)
    for port in midi.open_ports:
        ports.play(port, 0xB0, 33, 127)
    assert [(event.name, event.value, event.source) for event in inbox.drain()] == [("fader.1", 1.0, "box")] * 2
    assert all(each is fine for each in midi.controllers.values())


def test_other_definitions_are_used_from_the_next_look_on() -> None:
    inbox: Inbox[ControlEvent] = Inbox()
    ports = FakePorts("KnobBox")
    midi = MidiInput(inbox.put, [BOX], ports=ports)
    midi.start(0.0)
    midi.use([Controller(name="box", match=("knobbox",), knobs={16: "fader.7"})])
    midi.poll(0.5)
    ports.play("KnobBox", 0xB0, 16, 127)
    assert names(inbox) == [("fader.7", 1.0)]


def test_a_pulled_plug_is_noticed_lets_go_of_its_pads_and_is_found_again() -> None:
    inbox: Inbox[ControlEvent] = Inbox()
    ports = FakePorts("KnobBox")
    midi = MidiInput(inbox.put, [BOX], ports=ports)
    midi.start(0.0)
    ports.play("KnobBox", 0x90, 36, 100)
    inbox.drain()
    ports.pull("KnobBox")
    assert midi.poll(0.2) == pytest.approx(0.3), "not yet: ports are looked for twice a second"
    assert midi.open_ports == ("KnobBox",)
    midi.poll(1.0)
    assert midi.open_ports == ()
    assert "KnobBox" in midi.notice
    assert names(inbox) == [("pad.1", 0.0)]
    ports.plug("KnobBox")
    midi.poll(2.0)
    assert midi.notice == ""
    assert ports.play("KnobBox", 0xB0, 16, 127) == 1
    assert names(inbox) == [("knob.1", 1.0)]


def test_a_machine_without_midi_is_calm_and_may_get_some() -> None:
    ports = FakePorts(present=False)
    midi = MidiInput(Inbox().put, ports=ports)
    midi.start(0.0)
    assert (midi.status, midi.notice) == ("MIDI: none on this machine", "")
    ports.present = True
    midi.poll(1.0)
    assert midi.status == "MIDI: nothing plugged in"
    ports.plug("Pedal")
    midi.poll(2.0)
    assert midi.status == "MIDI: Pedal"


Play = Callable[[str, float], None]


def echo_source(send: SendEvent) -> tuple[ControlSource, Play]:
    source = EchoSource(send)
    return source, source.play


def midi_source(send: SendEvent) -> tuple[ControlSource, Play]:
    ports = FakePorts("KnobBox")
    sent = {"knob.1": (0xB0, 16), "pad.1": (0x90, 36)}

    def play(name: str, value: float) -> None:
        ports.play("KnobBox", *sent[name], round(value * 127))

    return MidiInput(send, [BOX], now=lambda: 2.0, ports=ports), play


@pytest.mark.parametrize("make", [echo_source, midi_source])
def test_every_source_keeps_the_contract(make: Callable[[SendEvent], tuple[ControlSource, Play]]) -> None:
    inbox: Inbox[ControlEvent] = Inbox()
    source, play = make(inbox.put)
    assert source.status
    source.start(0.0)
    assert source.notice == ""
    play("knob.1", 1.0)
    play("pad.1", 0.0)
    assert source.poll(2.0) > 0.0
    assert names(inbox) == [("knob.1", 1.0), ("pad.1", 0.0)]
    source.poll(2.0)
    assert inbox.drain() == [], "each event is sent once"
    source.stop()
    source.stop()
    play("knob.1", 1.0)
    assert source.notice == ""
    assert source.status
    assert inbox.drain() == [], "a stopped source sends nothing"


def test_a_pad_that_is_held_while_its_controller_is_defined_is_let_go_as_it_was_pressed() -> None:
    inbox: Inbox[ControlEvent] = Inbox()
    ports = FakePorts("Pedal")
    midi = MidiInput(inbox.put, [], ports=ports)
    midi.start(0.0)
    ports.play("Pedal", 0x90, 36, 127)
    midi.use([Controller(name="mine", match=("pedal",))])
    midi.poll(1.0)
    ports.play("Pedal", 0x80, 36, 0)
    ports.play("Pedal", 0x90, 36, 127)
    pressed, released, again = inbox.drain()
    assert (released.name, released.value, released.source) == ("note.36", 0.0, pressed.source)
    assert again.source == "mine"
