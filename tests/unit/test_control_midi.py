import threading

from livegan.control.controllers import Controller
from livegan.control.midi import EchoHands, Hands, MidiHands
from livegan.control.ports import FakePorts
from livegan.core.channels import Inbox
from livegan.core.types import ControlEvent

BOX = Controller("box", ("knobbox",), {16: "knob.1", 41: "blackout"}, {36: "pad.1"})


def names(inbox: Inbox[ControlEvent]) -> list[tuple[str, float]]:
    return [(event.name, event.value) for event in inbox.drain()]


def test_every_port_is_listened_to_and_each_has_its_own_names() -> None:
    inbox: Inbox[ControlEvent] = Inbox()
    ports = FakePorts("KnobBox 1", "Pedal")
    hands = MidiHands(inbox, [BOX], now=lambda: 7.0, ports=ports)
    hands.start(0.0)
    assert hands.open_ports == ("KnobBox 1", "Pedal")
    ports.play("KnobBox 1", 0xB0, 16, 127)
    ports.play("Pedal", 0xB0, 16, 127)
    events = inbox.drain()
    assert [(event.name, event.value, event.time_s) for event in events] == [("knob.1", 1.0, 7.0), ("cc.16", 1.0, 7.0)]
    hands.stop()
    hands.stop()
    assert ports.play("Pedal", 0xB0, 16, 127) == 0


def test_a_named_port_is_the_only_one_and_its_absence_is_told_with_the_nearest() -> None:
    ports = FakePorts("nanoKONTROL2", "Pedal")
    hands = MidiHands(Inbox(), port="nanokontrol", ports=ports)
    hands.start(0.0)
    assert hands.open_ports == ("nanoKONTROL2",)
    assert hands.notice == ""
    lost = MidiHands(Inbox(), port="nanoKONTROL 2", ports=ports)
    lost.start(0.0)
    assert lost.open_ports == ()
    assert "did you mean 'nanoKONTROL2'?" in lost.notice


def test_a_pulled_plug_is_noticed_lets_go_of_its_pads_and_is_found_again() -> None:
    inbox: Inbox[ControlEvent] = Inbox()
    ports = FakePorts("KnobBox")
    hands = MidiHands(inbox, [BOX], ports=ports)
    hands.start(0.0)
    ports.play("KnobBox", 0x90, 36, 100)
    inbox.drain()
    ports.pull("KnobBox")
    assert hands.poll(0.5) == 0.5, "not yet: ports are looked for about once a second"
    assert hands.open_ports == ("KnobBox",)
    hands.poll(1.0)
    assert hands.open_ports == ()
    assert "KnobBox" in hands.notice
    assert names(inbox) == [("pad.1", 0.0)]
    ports.plug("KnobBox")
    hands.poll(2.0)
    assert hands.notice == ""
    assert ports.play("KnobBox", 0xB0, 16, 127) == 1
    assert names(inbox) == [("knob.1", 1.0)]


def test_a_machine_without_midi_is_calm_and_may_get_some() -> None:
    ports = FakePorts(present=False)
    hands = MidiHands(Inbox(), ports=ports)
    hands.start(0.0)
    assert (hands.status, hands.notice) == ("MIDI: none on this machine", "")
    ports.present = True
    hands.poll(1.0)
    assert hands.status == "MIDI: nothing plugged in"
    ports.plug("Pedal")
    hands.poll(2.0)
    assert hands.status == "MIDI: Pedal"


def test_a_flood_is_bounded_and_counted() -> None:
    inbox: Inbox[ControlEvent] = Inbox(capacity=100)
    ports = FakePorts("KnobBox")
    hands = MidiHands(inbox, [BOX], ports=ports)
    hands.start(0.0)

    def flood() -> None:
        for number in range(1000):
            ports.play("KnobBox", 0xB0, 16, number % 128)

    threads = [threading.Thread(target=flood) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(inbox) == 100
    assert inbox.dropped == 2900


def test_what_the_window_does_goes_to_its_desk() -> None:
    inbox: Inbox[ControlEvent] = Inbox()
    window_events: Inbox[ControlEvent] = Inbox()
    ports = FakePorts("KnobBox")
    hands = MidiHands(inbox, [BOX], ports=ports, window_events=window_events)
    hands.start(0.0)
    ports.play("KnobBox", 0xB0, 41, 127)
    ports.play("KnobBox", 0xB0, 16, 127)
    assert names(window_events) == [("blackout", 1.0)]
    assert names(inbox) == [("knob.1", 1.0)]


def test_the_fake_keeps_the_same_contract() -> None:
    inbox: Inbox[ControlEvent] = Inbox()
    echo = EchoHands(inbox)
    for hands in (echo, MidiHands(inbox, ports=FakePorts())):
        contract: Hands = hands
        contract.start(0.0)
        assert contract.poll(0.0) > 0.0
        assert isinstance(contract.notice, str)
        assert contract.status
    echo.play("knob.1", 0.5)
    echo.poll(2.0)
    assert inbox.drain() == [ControlEvent(2.0, "knob.1", 0.5)]
    echo.stop()
    echo.stop()
    echo.play("knob.1", 0.7)
    echo.poll(3.0)
    assert inbox.drain() == []
