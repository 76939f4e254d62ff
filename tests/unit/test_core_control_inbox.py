"""Floods of control events: what waits is bounded, the newest value of each control wins, no press is lost or stuck."""

from hypothesis import given
from hypothesis import strategies as st

from livegan.control.midi import MidiInput
from livegan.control.ports import FakePorts
from livegan.core.binding import Binding
from livegan.core.control_inbox import ControlInbox
from livegan.core.controller import Controller
from livegan.core.types import ControlEvent
from livegan.engine.router import Router

BOX = Controller(name="box", match=("knobbox",), knobs={16: "knob.1", 17: "knob.2"}, pads={36: "pad.1"})
NAMES = ("knob.1", "motion.pulse", "pad.1", "pad.2", "scene.next", "cc.9")
EVENTS = st.builds(
    ControlEvent,
    st.just(0.0),
    st.sampled_from(NAMES),
    st.sampled_from([0.0, 0.25, 0.75, 1.0]),
    kind=st.sampled_from(["move", "turn"]),
    source=st.sampled_from(["a", "b"]),
)


@given(st.lists(EVENTS, max_size=200), st.integers(1, 8))
def test_the_newest_value_of_each_control_wins_however_little_room_there_is(
    events: list[ControlEvent], capacity: int
) -> None:
    inbox = ControlInbox(capacity)
    taken = [event for event in events if inbox.put(event)]
    seen = inbox.drain()
    assert all(sum(event.source == source for event in seen) <= 2 * capacity for source in "ab")
    assert inbox.dropped == len(events) - len(taken)
    for event in {(each.source, each.name): each for each in taken if each.kind == "move"}.values():
        mine = [each for each in seen if (each.source, each.name, each.kind) == (event.source, event.name, "move")]
        assert mine[-1] == event
    assert len(inbox) == 0
    assert inbox.take() is None


def test_presses_are_all_kept_and_values_only_once() -> None:
    inbox = ControlInbox()
    for number in range(50):
        inbox.put(ControlEvent(0.0, "knob.1", (number + 1) / 50))
        inbox.put(ControlEvent(0.0, "scene.next"))
        inbox.put(ControlEvent(0.0, "knob.2", 0.01, kind="turn"))
    seen = inbox.drain()
    assert [event.name for event in seen].count("scene.next") == 50
    values = {event.name: event.value for event in seen if event.name != "scene.next"}
    assert len(seen) == 52
    assert values["knob.1"] == 1.0
    assert abs(values["knob.2"] - 0.5) < 1e-9, "turns are added up"


def test_a_button_that_sends_control_changes_is_seen_pressed_between_two_frames() -> None:
    inbox = ControlInbox()
    for value in (1.0, 0.0):
        inbox.put(ControlEvent(0.0, "cc.41", value))
    assert [event.value for event in inbox.drain()] == [1.0, 0.0]


def test_a_flood_of_notes_leaves_no_pad_pressed_and_room_for_knobs() -> None:
    inbox = ControlInbox(16)
    for number in range(1000):
        inbox.put(ControlEvent(0.0, f"pad.{number % 3 + 1}", float(number // 3 % 2)))
    for number in (1, 2, 3):
        assert inbox.put(ControlEvent(0.0, f"pad.{number}", 0.0))
    assert inbox.put(ControlEvent(0.0, "knob.1", 0.5))
    last = {event.name: event.value for event in inbox.drain()}
    assert last == {"pad.1": 0.0, "pad.2": 0.0, "pad.3": 0.0, "knob.1": 0.5}


def test_a_flood_from_one_source_leaves_the_others_their_room() -> None:
    inbox = ControlInbox(4)
    for number in range(100):
        inbox.put(ControlEvent(0.0, "scene.next", source="osc"))
        inbox.put(ControlEvent(0.0, f"cc.{number}", 0.5, source="osc"))
    for number in (1, 2):
        assert inbox.put(ControlEvent(0.0, "pad.1", float(number % 2), source="box"))
    assert inbox.put(ControlEvent(0.0, "knob.1", 0.5, source="box"))
    assert [event.name for event in inbox.drain() if event.source == "box"] == ["pad.1", "pad.1", "knob.1"]
    assert inbox.put(ControlEvent(0.0, "scene.next", source="osc"))


def test_what_is_let_go_is_let_go_however_many_presses_wait() -> None:
    held = Binding("blackout", "momentary")
    for letting_go in (
        ControlEvent(0.0, "pad.1", 0.0),  # its press was read before
        ControlEvent(0.0, "blackout", 0.0, binding=held),
    ):
        inbox = ControlInbox(8)
        while inbox.put(ControlEvent(0.0, "scene.next")):
            pass
        assert inbox.put(letting_go)
        assert inbox.drain()[-1] == letting_go


def test_ten_thousand_messages_are_two_events_for_the_engine_and_two_lines_in_the_journal() -> None:
    router, ports = Router(), FakePorts("KnobBox")
    journal: list[ControlEvent] = []
    router.subscribe(journal.append)
    midi = MidiInput(router.put, [BOX], ports=ports)
    midi.start(0.0)
    for number in range(10_000):
        ports.play("KnobBox", 0xB0, 16 + number % 2, 1 + number % 127)
    ports.play("KnobBox", 0xB0, 16, 100)
    ports.play("KnobBox", 0xB0, 17, 7)
    seen = router.take_engine_events()
    assert [(event.name, event.value) for event in seen] == [("knob.1", 100 / 127), ("knob.2", 7 / 127)]
    assert journal == seen
    assert router.dropped == 0
    midi.stop()
