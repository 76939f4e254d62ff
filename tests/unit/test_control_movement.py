"""Which control a hand moves: noise never is one, and the one that moves most is found."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from livegan.control.movement import HELD_S, PRESS_S, Moved, MovementDetector, encoding_of, is_relative
from livegan.core.midi_address import Address

Message = tuple[int, ...]


def found(messages: Iterable[Message], *, every_s: float = 0.01, then_s: float = 0.0) -> Moved | None:
    """What is found while these come, or when it has been quiet for `then_s` after them."""
    detector, now_s = MovementDetector(), 0.0
    for number, message in enumerate(messages):
        detector.hear("Foo 8", message, now_s)
        moved = detector.moved(now_s) if number < 20 or number % 8 == 0 else None
        if moved is not None:
            return moved
        now_s += every_s
    return detector.moved(now_s + then_s)


def test_a_knob_is_found_after_two_or_three_messages() -> None:
    assert found([(0xB0, 74, 20)], then_s=2.0) is None, "where it stands is no movement"
    assert found([(0xB0, 74, 20), (0xB0, 74, 40)]) == Moved("Foo 8", Address("cc", 74, 1), "knob")
    assert found([(0xB3, 74, value) for value in (20, 22, 24)]) == Moved("Foo 8", Address("cc", 74, 4), "knob")


def test_a_pad_is_found_at_once_and_a_button_when_it_is_let_go_or_held() -> None:
    pad = Moved("Foo 8", Address("note", 36, 10), "button")
    assert found([(0x99, 36, 90)], then_s=PRESS_S) == pad
    assert found([(0x99, 36, 90), (0x89, 36, 0)], then_s=PRESS_S) == pad
    button = Moved("Foo 8", Address("cc", 41, 1), "button")
    assert found([(0xB0, 41, 127), (0xB0, 41, 0)]) == button
    assert found([(0xB0, 41, 127)], then_s=HELD_S) == button, "one that keeps its state"


def test_a_knob_that_sends_a_note_when_it_is_touched_is_a_knob() -> None:
    messages = [(0x90, 4, 127), (0xB0, 74, 20), (0xB0, 74, 23), (0xB0, 74, 26)]
    moved = found(messages, every_s=0.03)
    assert moved is not None
    assert moved.address == Address("cc", 74, 1)


def test_wheels_nrpn_and_14_bit_have_their_own_addresses() -> None:
    bend = found([(0xE0, 0, 64), (0xE0, 0, 70), (0xE0, 0, 90)])
    assert bend == Moved("Foo 8", Address("bend", 0, 1), "knob")
    nrpn = [message for value in (10, 20, 30) for message in ((0xB0, 99, 9), (0xB0, 98, 48), (0xB0, 6, value))]
    assert found(nrpn) == Moved("Foo 8", Address("nrpn", 9 << 7 | 48, 1), "knob")
    pairs = [
        message for value in (2000, 2300, 2650, 3000) for message in ((0xB0, 16, value >> 7), (0xB0, 48, value & 127))
    ]
    assert found(pairs) == Moved("Foo 8", Address("cc14", 16, 1), "knob")


@pytest.mark.parametrize(
    ("numbers", "encoding"),
    [
        ([1, 1, 1, 127, 127], "twos-complement"),
        ([65, 65, 65, 63, 63], "binary-offset"),
        ([1, 1, 65, 65, 65], "sign-magnitude"),
        ([1, 1, 1, 1], None),
        ([2, 127, 127, 127], "twos-complement"),
    ],
)
def test_an_encoder_is_known_by_its_repeated_steps_and_its_encoding_by_both_ways(
    numbers: list[int], encoding: str | None
) -> None:
    assert is_relative(numbers)
    assert encoding_of(numbers) == encoding
    assert not is_relative([10, 11, 12, 13])
    assert not is_relative([62, 63, 64, 63])


class Noise:
    """Potentiometers that jitter by one step, active sensing, clock, and garbage."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.rest = {number: self.rng.randrange(1, 126) for number in range(20)}
        self.others: list[Message] = [(0xFE,), (0xF8,), (0xF0, 1, 2, 0xF7), (0xB0, 200, 1), (0xB0,), ()]

    def __call__(self, count: int) -> list[Message]:
        messages: list[Message] = []
        for _ in range(count):
            number = self.rng.randrange(20)
            self.rest[number] ^= 1
            messages += [(0xB0, number, self.rest[number]), self.rng.choice(self.others)]
        return messages


@settings(max_examples=15, deadline=None)
@example(2097152)  # a knob that jitters between 0 and 1
@given(st.integers(0, 1 << 30))
def test_noise_is_never_taken_for_a_hand(seed: int) -> None:
    assert found(Noise(seed)(200), every_s=0.004, then_s=0.6) is None


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 30), st.integers(40, 95), st.sampled_from([3, 5, 17, -4, -9]))
def test_one_knob_moved_among_jittering_ones_is_found(seed: int, number: int, step: int) -> None:
    noise, value, messages = Noise(seed), 64, list[Message]()
    for _ in range(7):
        messages += [*noise(15), (0xB2, number, min(max(value, 0), 127))]
        value += step
    moved = found(messages, every_s=0.002)
    assert moved is not None
    assert moved.address == Address("cc", number, 3)


def test_of_two_that_move_the_one_that_moves_much_more_is_taken_at_once_and_else_the_farther_one_later() -> None:
    detector = MovementDetector()
    for step in range(3):
        detector.hear("A", (0xB0, 1, 10 + 4 * step), 0.01 * step)
        detector.hear("B", (0xB0, 2, 10 + 5 * step), 0.01 * step)
    assert detector.moved(0.03) is None, "not clear"
    late = detector.moved(1.1)
    assert late is not None
    assert late.port == "B"
    detector.hear("A", (0xB0, 1, 100), 1.2)
    clear = detector.moved(1.2)
    assert clear is not None
    assert clear.port == "A"


def test_a_controller_that_sends_everything_costs_no_memory() -> None:
    detector = MovementDetector()
    for number in range(20000):
        detector.hear("A", (0xB0 | number % 16, number // 16 % 64, number % 128), number * 1e-4)
    assert len(detector._traces) <= 256
