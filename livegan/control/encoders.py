"""Relative encoders: knobs without an end, which send steps and no position. Their encodings, and how to tell them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import get_args

from livegan.core.controller import Encoding

ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
TICK = 0.01  # of the whole range: 100 ticks from one end to the other
MOST_STEPS = 31  # in one message, of encoders that are found by what they send
MIN_EACH_WAY = 3  # times that the same step came twice in a row, up and down
MIN_TURNS = 2  # times that it went from up to down or back
KEPT, SAME_KEPT = 32, 5  # newest messages of a control that are looked at; of the same value in a row


def steps(value: int, encoding: Encoding) -> int:
    """Steps of one message, -64..63: more than one where the encoder was turned fast."""
    if encoding == "binary-offset":
        return value - 64
    if encoding == "sign-magnitude":
        return value if value < 64 else 64 - value
    return value if value < 64 else value - 128


def detect(values: Sequence[int]) -> Encoding | None:
    """The encoding of a stream of control changes, 0..127, oldest first; None while it may be a knob with a position.

    A position passes through what lies between two values and is sent when it changes; an encoder jumps from "one up"
    to "one down" and repeats both. All of that must have been seen, and no value that is no small step.
    """
    for encoding in ENCODINGS:
        moves = [steps(value, encoding) for value in values]
        if not all(0 < abs(move) <= MOST_STEPS for move in moves):
            continue
        pairs = list(pairwise(moves))
        again = [first for first, second in pairs if first == second]
        ways = (sum(move > 0 for move in again), sum(move < 0 for move in again))
        turns = sum((first > 0) != (second > 0) for first, second in pairs)
        if min(ways) >= MIN_EACH_WAY and turns >= MIN_TURNS:
            return encoding
    return None


_FITTING = tuple(
    sum(1 << bit for bit, each in enumerate(ENCODINGS) if 0 < abs(steps(value, each)) <= MOST_STEPS)
    for value in range(128)
)
"""For every value of a control change, the encodings (as bits) in which it is a small step."""


class EncoderWatch:
    """What one control has sent, until it is known to be an encoder, or a knob with a position."""

    def __init__(self) -> None:
        self._values: list[int] = []
        self._fitting = -1  # encodings, as bits, that everything fitted that it ever sent
        self.encoding: Encoding | None = None  # once it is found

    def see(self, value: int) -> bool:
        """Look at one value; False once it is decided, and there is no need to look on."""
        self._fitting &= _FITTING[value]
        if not self._fitting:
            return False
        if self._values[-SAME_KEPT:] == [value] * SAME_KEPT:
            return True
        self._values = [*self._values[1 - KEPT :], value]
        if self._values[-2:-1] == [value]:
            self.encoding = detect(self._values)
        return self.encoding is None
