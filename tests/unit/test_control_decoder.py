from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.control.decoder import MOST_CONTROLS, Decoder
from livegan.control.encoders import TICK
from livegan.core.controller import GENERIC, Controller
from livegan.core.types import ControlEvent

BOX = Controller(
    name="box",
    match=("box",),
    knobs={16: "knob.1", 41: "blackout"},
    pads={36: "pad.1", 37: "scene.2", 38: "beat.tap"},
    controls={
        "cc14 1": "fader.1",
        "nrpn 1200": "fader.2",
        "cc 16 channel 3": "knob.9",
        "note 36 channel 10": "pad.9",
        "bend channel 2": "fader.3",
        "aftertouch 36": "knob.7",
    },
    encoders={"cc 20": "twos-complement", "cc 21": "binary-offset", "cc 22 channel 2": "sign-magnitude"},
)


def translate(message: list[int], time_s: float, controller: Controller = GENERIC) -> ControlEvent | None:
    return Decoder(controller).decode(message, time_s)


def values(decoder: Decoder, *messages: tuple[int, ...], step_s: float = 0.001, from_s: float = 0.0) -> list[float]:
    """Values of the events of messages that follow each other."""
    events = (decoder.decode(message, from_s + number * step_s) for number, message in enumerate(messages))
    return [event.value for event in events if event is not None]


@given(st.lists(st.integers(-5, 300), max_size=6))
def test_any_bytes_are_an_event_in_range_or_nothing(message: list[int]) -> None:
    event = translate(message, 1.5, BOX)
    assert event is None or (0.0 <= event.value <= 1.0 and event.name and event.time_s == 1.5)


@given(
    st.integers(0, 15), st.integers(0, 127).filter(lambda number: number not in (98, 99, 100, 101)), st.integers(0, 126)
)
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
        ([0xA0, 60, 127], "aftertouch.60", 1.0),
        ([0xA5, 36, 0], "knob.7", 0.0),
        ([0xB2, 16, 127], "knob.9", 1.0),  # of channel 3 alone
        ([0x99, 36, 127], "pad.9", 1.0),
        ([0xE1, 127, 127], "fader.3", 1.0),
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


def test_events_name_their_controller_as_their_source() -> None:
    event = translate([0xB0, 16, 1], 0.0, BOX)
    assert event is not None
    assert event.source == "box"


def halves(value: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return (0xB0, 1, value >> 7), (0xB0, 33, value & 127)


@given(st.lists(st.integers(0, 16383), min_size=2, max_size=30), st.booleans())
def test_a_pair_of_control_changes_is_one_value_in_either_order(whole: list[int], fine_first: bool) -> None:
    decoder = Decoder(BOX)
    values(decoder, (0xB0, 1, 0), (0xB0, 33, 0)) if not fine_first else values(decoder, (0xB0, 33, 0), (0xB0, 1, 0))
    messages = [half for value in whole for half in (halves(value)[::-1] if fine_first else halves(value))]
    assert values(decoder, *messages, from_s=1.0) == pytest.approx([value / 16383 for value in whole])


def test_a_fine_half_alone_moves_a_little_and_no_jump_is_seen_on_the_way_across_a_coarse_step() -> None:
    decoder = Decoder(BOX)
    messages = [half for value in range(1270, 1300) for half in halves(value)]  # across 10 * 128
    seen = values(decoder, *messages)
    assert all(0 < later - earlier <= 1.01 / 16383 for earlier, later in pairwise(seen))
    assert values(decoder, (0xB0, 33, 21), from_s=1.0) == [pytest.approx((10 * 128 + 21) / 16383)]


def test_a_pair_that_was_heard_from_its_middle_on_is_right_after_a_pause() -> None:
    decoder = Decoder(BOX)
    messages = [half for value in (5000, 5001, 5002) for half in halves(value)]
    values(decoder, *messages[1:])
    assert values(decoder, *halves(9000), from_s=1.0) == [pytest.approx(9000 / 16383)]


def test_a_control_that_sends_no_fine_halves_counts_as_seven_bits() -> None:
    coarse = [(0xB0, 1, value) for value in (10, 20, 127)]
    assert values(Decoder(BOX), *coarse, step_s=0.5) == pytest.approx([20 / 127, 1.0])


def nrpn(number: int, value: int) -> list[tuple[int, ...]]:
    halves = ((99, number >> 7), (98, number & 127), (6, value >> 7), (38, value & 127))
    return [(0xB0, control, half) for control, half in halves]


def test_an_nrpn_is_one_value_by_its_name_or_its_number() -> None:
    decoder = Decoder(BOX)
    events = [decoder.decode(message, 0.0) for message in (*nrpn(1200, 16383), *nrpn(5, 0))]
    assert [(event.name, event.value) for event in events if event] == [("fader.2", 1.0), ("nrpn.5", 0.0)]
    again = [decoder.decode((0xB0, 6, 64), 10.0), decoder.decode((0xB0, 38, 0), 10.001)]
    assert [event and event.name for event in again] == [None, "nrpn.5"], "what was selected stays so"
    up, down = decoder.decode((0xB0, 96, 0), 10.1), decoder.decode((0xB0, 97, 0), 10.1)
    assert [(event.kind, event.value) for event in (up, down) if event] == [("turn", TICK), ("turn", -TICK)]
    decoder.decode((0xB0, 99, 127), 11.0)
    decoder.decode((0xB0, 98, 127), 11.0)
    plain = decoder.decode((0xB0, 6, 127), 11.0)
    assert plain is not None
    assert plain.name == "cc.6", "number 16383 selects nothing"


def test_knob_six_of_a_controller_is_no_data_entry_long_after_a_parameter_was_selected() -> None:
    decoder = Decoder(Controller(name="mini", match=("mini",), knobs={6: "knob.6"}))
    for message in ((0xB0, 101, 0), (0xB0, 100, 0), (0xB0, 6, 2), (0xB0, 38, 0)):  # pitch bend range, by a driver
        decoder.decode(message, 0.0)
    event = decoder.decode((0xB0, 6, 127), 5.0)
    assert event == ControlEvent(5.0, "knob.6", 1.0, source="mini")


@pytest.mark.parametrize(
    ("messages", "ticks"),
    [
        ([(0xB0, 20, 1), (0xB0, 20, 127), (0xB0, 20, 3)], [1, -1, 3]),
        ([(0xB4, 21, 65), (0xB4, 21, 63)], [1, -1]),
        ([(0xB1, 22, 2), (0xB1, 22, 66)], [2, -2]),
        ([(0xB4, 21, 64)], []),  # no step
    ],
)
def test_an_encoder_of_the_file_sends_steps(messages: list[tuple[int, ...]], ticks: list[int]) -> None:
    decoder = Decoder(BOX)
    events = [event for message in messages if (event := decoder.decode(message, 0.0))]
    assert [event.value for event in events] == pytest.approx([tick * TICK for tick in ticks])
    assert all(event.kind == "turn" for event in events)


def test_an_encoder_that_no_file_knows_is_found_by_what_it_sends() -> None:
    decoder = Decoder()
    turned = [*[1] * 20, *[127] * 20, *[1] * 5]
    events = [decoder.decode((0xB2, 74, value), number * 0.01) for number, value in enumerate(turned)]
    assert [event.kind for event in events if event][:3] == ["move"] * 3
    last = decoder.decode((0xB2, 74, 2), 1.0)
    assert last == ControlEvent(1.0, "cc.74", 2 * TICK, kind="turn", source="any controller")


def test_what_sends_every_number_there_is_costs_no_memory() -> None:
    decoder = Decoder(BOX)
    for number in range(2 * MOST_CONTROLS):
        for message in ((0xB0, 99, number >> 7 & 127), (0xB0, 98, number & 127), (0xB0, 6, 1)):
            decoder.decode(message, 0.0)
    assert len(decoder._controls) <= MOST_CONTROLS
    assert values(decoder, (0x90, 36, 127)) == [1.0]
