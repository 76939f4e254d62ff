import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.control.messages import translate
from livegan.core.controller import Controller

BOX = Controller(
    name="box", match=("box",), knobs={16: "knob.1", 41: "blackout"}, pads={36: "pad.1", 37: "scene.2", 38: "beat.tap"}
)


@given(st.lists(st.integers(-5, 300), max_size=6))
def test_any_bytes_are_an_event_in_range_or_nothing(message: list[int]) -> None:
    event = translate(message, 1.5, BOX)
    assert event is None or (0.0 <= event.value <= 1.0 and event.name and event.time_s == 1.5)


@given(st.integers(0, 15), st.integers(0, 127), st.integers(0, 126))
def test_a_knob_turned_up_goes_up_on_every_channel(channel: int, number: int, value: int) -> None:
    low, high = (translate([0xB0 | channel, number, at], 0.0) for at in (value, value + 1))
    assert low is not None
    assert high is not None
    assert low.name == high.name == f"cc.{number}"
    assert low.value < high.value


@pytest.mark.parametrize(
    ("message", "name", "value"),
    [
        ([0xB0, 16, 127], "knob.1", 1.0),
        ([0xB5, 16, 0], "knob.1", 0.0),
        ([0x90, 36, 127], "pad.1", 1.0),
        ([0x90, 36, 0], "pad.1", 0.0),  # velocity 0 is a note off
        ([0x80, 36, 99], "pad.1", 0.0),
        ([0x91, 60, 127], "note.60", 1.0),
        ([0xC0, 0], "scene.1", 1.0),
        ([0xE0, 0, 64], "bend", 0.5),
        ([0xE0, 127, 127], "bend", 1.0),
        ([0xE0, 0, 0], "bend", 0.0),
        ([0xD0, 127], "pressure", 1.0),
    ],
)
def test_what_a_message_means(message: list[int], name: str, value: float) -> None:
    event = translate(message, 0.0, BOX)
    assert event is not None
    assert (event.name, event.value) == (name, value)


@pytest.mark.parametrize("message", [[0xB0, 41, 0], [0x80, 37, 0], [0x90, 37, 0], [0x80, 38, 0]])
def test_releasing_a_trigger_sends_nothing(message: list[int]) -> None:
    assert translate(message, 0.0, BOX) is None


@pytest.mark.parametrize("message", [[], [0xF8], [0xB0], [0xB0, 1], [0x90, 200, 3], [0xF0, 1, 2, 0xF7]])
def test_garbage_and_clocks_send_nothing(message: list[int]) -> None:
    assert translate(message, 0.0) is None
