"""Transition from one scene to the next: how it mixes two plans, how long it takes, and what its start waits for."""

from dataclasses import dataclass

from livegan.config.transition import TransitionTable
from livegan.core.transitions import CUT, FADE, MORPH
from livegan.core.types import FramePlan, Wipe
from livegan.engine.beat_grid import BeatGrid

BARS = {"bar": 1, "4 bars": 4}
LATEST = 2.0  # times the longest wait for its beat, and then its patience: it begins all the same


@dataclass(frozen=True, slots=True)
class Transition:
    """A transition that begins at `start_s` and takes `length_s` seconds; 0 is a cut."""

    start_s: float
    length_s: float
    kind: str = MORPH  # of `core.transitions`
    softness: float = 0.1
    seed: int = 0

    @classmethod
    def begun(cls, table: TransitionTable, fade_s: float, time_s: float, beats: BeatGrid) -> "Transition":
        """Begin one at `time_s`; `fade_s` is its length where the table says none."""
        length_s = fade_s if table.seconds is None else table.seconds
        if table.beats is not None and beats.known:
            length_s = table.beats * beats.beat_s
        elif table.beats is not None and table.seconds is None:
            length_s = table.beats * beats.FALLBACK_BEAT_S
        return cls(time_s, 0.0 if table.kind == CUT else length_s, table.kind, table.softness, table.seed)

    def amount(self, time_s: float) -> float:
        """Smoothstep: 0 before, 1 after."""
        if self.length_s <= 0:
            return 1.0
        x = min(max((time_s - self.start_s) / self.length_s, 0.0), 1.0)
        return x * x * (3 - 2 * x)

    def mix(self, below: FramePlan, above: FramePlan, time_s: float) -> FramePlan:
        """The plan at `time_s`: `below` before, `above` after."""
        return mixed(below, above, self.amount(time_s), self.kind, self.softness, self.seed)


def mixed(
    below: FramePlan, above: FramePlan, amount: float, kind: str, softness: float = 0.1, seed: int = 0
) -> FramePlan:
    """The plan `amount` of the way from one to another, 0..1, by a transition of that kind."""
    if kind == MORPH:
        return below.blend(above, amount)
    wipe = None if kind in (CUT, FADE) else Wipe(kind, softness, seed)
    return below.fade(above, amount, wipe)


class Start:
    """Start of a chosen transition: now, or with the next beat, bar or four bars, if a beat is heard."""

    def __init__(self, table: TransitionTable, time_s: float, beats: BeatGrid) -> None:
        """Chosen at `time_s`."""
        self._table, self._chosen_s = table, time_s
        self._beats, self._bars = beats.beats, beats.bars

    @property
    def waits_for(self) -> str:
        """What it waits for, "beat", "bar" or "4 bars"; "": nothing."""
        return "" if self._table.begin == "now" else self._table.begin

    def due(self, time_s: float, beats: BeatGrid) -> bool:
        """Whether it begins at `time_s`."""
        if self._table.begin == "now" or time_s - max(self._chosen_s, beats.known_s) >= self._table.patience_s:
            return True
        beats_awaited = 4 * BARS.get(self._table.begin, 0.25)
        if time_s - self._chosen_s >= LATEST * beats_awaited * beats.beat_s + self._table.patience_s:
            return True  # pictures so rare that a beat falls between them
        if not beats.known:
            return False
        if self._table.begin == "beat":
            return beats.beats > self._beats
        every = BARS[self._table.begin]
        return beats.bars // every > self._bars // every
