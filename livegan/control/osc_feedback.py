"""OSC feedback: what changes in the show, sent to the addresses that the venue names (TouchOSC, other programs).

Only changes are sent, each address at most 25 times a second. What a message has just moved is sent back only when the
hand rests: a slider that is dragged would jump.
"""

from collections.abc import Callable, Mapping, Sequence

from livegan.control.osc_packet import Value, packet
from livegan.control.osc_space import NUMBERED
from livegan.control.osc_state import ShowView
from livegan.core.beat_thresholds import MOVES
from livegan.core.text import printable

STEP_S = 0.04  # between two steps
MOST_SENT = 64  # messages of one step: another scene changes hundreds of values
RESTS_S = 0.4  # so long after the last message to an address its hand rests
DIGITS = 4  # of numbers that are compared and sent

Send = Callable[[bytes, tuple[str, int]], object]


class OscFeedback:
    """Feedback to `targets`, hosts and ports. Owned by one thread."""

    def __init__(self, targets: Sequence[tuple[str, int]], send: Send) -> None:
        self.targets = tuple(targets)
        self._send = send
        self._told: dict[str, Value] = {}
        self._heard: dict[str, float] = {}  # address -> when a message last moved it
        self._due_s = float("-inf")
        self._beat = BeatPulse()

    def heard(self, address: str, now_s: float) -> None:
        """A message has moved the value of this address."""
        if self.targets:
            self._heard[address] = now_s

    def forget(self) -> None:
        """Send everything again: somebody has begun to listen."""
        self._told.clear()

    def step(self, now_s: float, board: ShowView, values: Mapping[str, Value]) -> float:
        """Send what has changed, if it is time; returns the seconds until it is time again."""
        if self._beat.step(now_s, board):
            self._tell("/beat", 1)
        if now_s >= self._due_s:
            self._due_s = now_s + STEP_S
            self._heard = {address: at_s for address, at_s in self._heard.items() if now_s - at_s < RESTS_S}
            self._changes({**values, **_lamps(board), **_names(board), "/beat/phase": self._beat.phase})
        return max(min(self._due_s - now_s, self._beat.wait_s), 0.001)

    def _changes(self, values: Mapping[str, Value]) -> None:
        sent = 0
        for address, value in values.items():
            shown = round(float(value), DIGITS) if isinstance(value, bool | float) else value
            if shown == self._told.get(address) or address in self._heard:
                continue
            if sent >= MOST_SENT:
                return
            self._told[address] = shown
            self._tell(address, shown)
            sent += 1

    def _tell(self, address: str, value: Value) -> None:
        data = packet(address, (value,))
        for target in self.targets if data else ():
            self._send(data, target)


def _lamps(board: ShowView) -> dict[str, Value]:
    """1 at the number of the scene that plays, 0 at all others: for buttons with a light."""
    return {f"/scene/{number}": float(number - 1 == board.playing) for number in range(1, len(board.scenes) + 1)}


def _names(board: ShowView) -> dict[str, Value]:
    """What scenes are called and what the scene binds knobs to: for labels."""
    names: dict[str, Value] = {
        f"/scene/{number}/name": printable(card.title) for number, card in enumerate(board.scenes, 1)
    }
    for number in range(1, NUMBERED + 1):
        binding = board.bindings.get(f"knob.{number}")
        names[f"/knob/{number}/name"] = binding.to if binding is not None else ""
    return names


class BeatPulse:
    """Beats between two snapshots of what is heard, foretold from tempo and phase."""

    def __init__(self) -> None:
        self.phase = 0.0  # 0..1
        self.wait_s = float("inf")  # until the next beat
        self._beat_s = float("-inf")

    def step(self, now_s: float, board: ShowView) -> bool:
        """Whether a beat has begun since the step before; never while the beat is a guess."""
        features = board.features
        names = features.layout.index
        is_guess = "beat.confidence" in names and features["beat.confidence"] < MOVES
        bpm = features["beat.bpm"] if "beat.bpm" in names and "beat.phase" in names else 0.0
        if bpm <= 0:
            self.phase, self.wait_s = 0.0, float("inf")
            return False
        before = self.phase
        self.phase = (features["beat.phase"] + max(now_s - features.time_s, 0.0) * bpm / 60) % 1.0
        self.wait_s = (1.0 - self.phase) * 60 / bpm
        corrected = self.phase >= before - 0.5 or now_s - self._beat_s < 30 / bpm  # less than half a beat ago
        if is_guess or corrected:
            return False
        self._beat_s = now_s
        return True
