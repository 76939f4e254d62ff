"""Flash counter: luminance flashes and saturated-red flashes of a sequence of pictures (WCAG 2.3.1, ITU-R BT.1702-2).

A transition is a change of a tenth of full white, against the direction of the one before, whose darker end is below
0.8; of reds, one of 20 in (R - G - B) x 320 with R / (R + G + B) of 0.8 or more at either end. Two opposing ones are a
flash. More than three flashes in one second over more than a quarter of the picture are too many, whether at the same
places (cells are counted one by one) or at changing ones (transitions of many cells at once are counted as well).
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector

MOST_FLASHES = 3  # in a second
MOST_TRANSITIONS = 2 * MOST_FLASHES + 1  # the next one completes a flash too many
WINDOW_S = 1.06  # a second, and a frame or two: a change may count a little earlier here than for others
MOST_AREA = 0.24  # share of the picture; 0.25 in BT.1702, less what a grid of cells may miss
LEAST_CHANGE = 0.095  # of relative luminance; 0.1 in WCAG, less the rounding of pictures
DARK = 0.805  # the darker end of a transition lies below; 0.8 in WCAG
LEAST_RED_CHANGE = 19 / 320  # of R - G - B; 20 / 320 in WCAG
SATURATED = 0.79  # least R / (R + G + B) of a red; 0.8 in WCAG
SPREAD_S = 0.034  # transitions within so long are at once
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)

Cells = NDArray[np.float32]  # (3, n) linear R, G, B of each cell, 0..1
Mask = NDArray[np.bool_]  # (n,)

ARRAYS = ("_direction", "_extreme", "_extreme_counts", "_new", "_low", "_low_counts", "_times")
NO_CELLS = np.zeros(0, np.intp)


class Signal(NamedTuple):
    """What a counter looks at in one picture: a value of each cell, and whether that end makes a change count."""

    values: Vector  # (n,) float32
    counts: Mask


def luminance(cells: Cells) -> Signal:
    """Relative luminance, 0..1; changes count where an end is dark."""
    values = LUMA @ cells
    return Signal(values, values < DARK)


def redness(cells: Cells) -> Signal:
    """R - G - B, 0..1; changes count where an end is a saturated red."""
    red, rest = cells[0], cells[1] + cells[2]
    return Signal(np.maximum(red - rest, 0.0), (red >= SATURATED * (red + rest)) & (red > 0))


@dataclass(frozen=True, slots=True)
class Trial:
    """What a picture would do to a counter."""

    time_s: float
    signal: Signal
    lead: Vector  # (n,) how far each cell is back from the farthest it went; below 0: it went farther
    turned: NDArray[np.intp]  # cells that make a transition
    risen: NDArray[np.intp]  # those of them for which it is the first, and upwards
    events: tuple[tuple[float, int], ...]  # of the whole picture: time, direction
    recent: tuple[tuple[float, float, float], ...]  # transitions that are part of no event yet: time, shares up, down
    exceeds: bool  # there would be more than three flashes in a second


class TransitionCounter:
    """Counter of the transitions of one kind in the last second, cell by cell and of the picture as a whole."""

    def __init__(self, cells: int, least_change: float, most_area: float = MOST_AREA) -> None:
        self._least = np.float32(least_change)
        self._most_area = most_area
        self._direction = np.ones(cells, np.float32)  # of each cell's newest transition
        self._extreme: Vector = np.zeros(0, np.float32)  # the farthest it went since then
        self._extreme_counts: Mask = np.zeros(0, np.bool_)
        self._new = np.ones(cells, np.bool_)  # cells without a transition so far
        self._any_new = True
        self._low: Vector = np.zeros(0, np.float32)  # how low each of them has been
        self._low_counts: Mask = np.zeros(0, np.bool_)
        self._times = np.full((MOST_TRANSITIONS + 1, cells), -np.inf)  # newest last [s]
        self._events: deque[tuple[float, int]] = deque(maxlen=MOST_TRANSITIONS + 1)  # of the whole picture
        self._recent: tuple[tuple[float, float, float], ...] = ()  # time, shares of the picture that went up, down

    def copy(self) -> "TransitionCounter":
        """One that goes on from here by itself."""
        twin = TransitionCounter(len(self._direction), float(self._least), self._most_area)
        twin._direction, twin._times = self._direction.copy(), self._times.copy()
        twin._extreme, twin._extreme_counts = self._extreme.copy(), self._extreme_counts.copy()
        twin._new, twin._any_new = self._new.copy(), self._any_new
        twin._low, twin._low_counts = self._low.copy(), self._low_counts.copy()
        twin._events, twin._recent = self._events.copy(), self._recent
        return twin

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What it has seen, by name; `set_arrays` of it in another counter goes on from here."""
        own = {name: np.array(getattr(self, name)) for name in ARRAYS}
        events = np.array(list(self._events), np.float64).reshape(-1, 2)
        return {**own, "events": events, "recent": np.array(self._recent, np.float64).reshape(-1, 3)}

    def set_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what another counter has seen."""
        for name in ARRAYS:
            setattr(self, name, np.array(arrays[name]))
        self._any_new = bool(self._new.any())
        self._events.extend((float(time_s), int(direction)) for time_s, direction in arrays["events"])
        self._recent = tuple((float(a), float(b), float(c)) for a, b, c in arrays["recent"])

    def trial(self, time_s: float, signal: Signal) -> Trial:
        """What would happen if the picture were shown; nothing is changed."""
        values, counts = signal
        if not len(self._extreme):
            self._extreme, self._extreme_counts = values.copy(), counts.copy()
            self._low, self._low_counts = values.copy(), counts.copy()
        lead = (self._extreme - values) * self._direction
        turns = (lead >= self._least) & (self._extreme_counts | counts)
        turned = risen = NO_CELLS
        if self._any_new:
            rises = (values - self._low >= self._least) & self._new & (self._low_counts | counts) & ~turns
            risen = np.flatnonzero(rises)
            turns |= rises
        if turns.any():
            turned = np.flatnonzero(turns)
        recent = tuple(row for row in self._recent if time_s - row[0] < SPREAD_S)
        if not len(turned):
            return Trial(time_s, signal, lead, turned, risen, (), recent, exceeds=False)
        share = len(turned) / len(self._direction)
        upwards = (np.count_nonzero(self._direction[turned] < 0) + len(risen)) / len(self._direction)
        recent = (*recent, (time_s, upwards, share - upwards))
        events, newest = [], self._events[-1][1] if self._events else 0
        for direction in (-newest or 1, newest or -1):
            column = 1 if direction > 0 else 2
            if direction != newest and sum(row[column] for row in recent) > self._most_area:
                events.append((time_s, direction))
                newest = direction
                recent = tuple((t, 0.0, down) if direction > 0 else (t, up, 0.0) for t, up, down in recent)
        since = time_s - WINDOW_S
        past = sum(1 for event in self._events if event[0] > since)
        full = self._times[0] > since
        before = np.count_nonzero(full)
        full[turned] = self._times[1, turned] > since
        many = np.count_nonzero(full) > self._most_area * len(full) and (
            before <= self._most_area * len(full) or full[turned].any()
        )
        exceeds = bool(many) or (bool(events) and past + len(events) > MOST_TRANSITIONS)
        return Trial(time_s, signal, lead, turned, risen, tuple(events), recent, exceeds)

    def take(self, trial: Trial) -> None:
        """The picture of the trial is shown."""
        values, counts = trial.signal
        farther = trial.lead <= 0
        np.copyto(self._extreme, values, where=farther)
        np.copyto(self._extreme_counts, counts, where=farther)
        turned = trial.turned
        if len(turned):
            self._direction[trial.risen] = -1
            self._direction[turned] *= -1
            self._extreme[turned], self._extreme_counts[turned] = values[turned], counts[turned]
            self._times[:-1, turned] = self._times[1:, turned]
            self._times[-1, turned] = trial.time_s
            self._events.extend(trial.events)
        self._recent = trial.recent
        if self._any_new:
            self._follow_new(trial)

    def spent(self, time_s: float) -> bool:
        """Whether one transition more could be too many."""
        since = time_s - WINDOW_S
        last = np.count_nonzero(self._times[1] > since) > self._most_area * self._times.shape[1]
        return bool(last) or sum(1 for event in self._events if event[0] > since) >= MOST_TRANSITIONS

    def too_many(self, time_s: float) -> bool:
        """Whether there were more than three flashes in the last second."""
        since = time_s - WINDOW_S
        over = np.count_nonzero(self._times[0] > since) > self._most_area * self._times.shape[1]
        return bool(over) or sum(1 for event in self._events if event[0] > since) > MOST_TRANSITIONS

    def flashes(self, time_s: float) -> float:
        """Flashes of the last second over the area that counts, up to 4: a transition is half a one."""
        since, least = time_s - 1.0, int(self._most_area * self._times.shape[1])
        of_cells = 0  # most transitions that more than this share of the cells made
        while of_cells <= MOST_TRANSITIONS and np.count_nonzero(self._times[-1 - of_cells] > since) > least:
            of_cells += 1
        return max(of_cells, sum(1 for event in self._events if event[0] > since)) / 2

    def area(self, time_s: float) -> float:
        """Share of the picture that flashed more than three times in the last second."""
        return float(np.count_nonzero(self._times[0] > time_s - 1.0)) / self._times.shape[1]

    def _follow_new(self, trial: Trial) -> None:
        """Cells without a transition may make their first one either way."""
        values, counts = trial.signal
        np.copyto(self._low_counts, counts, where=values <= self._low)
        np.minimum(values, self._low, out=self._low)
        if len(trial.turned):
            self._new[trial.turned] = False
            self._any_new = bool(self._new.any())


class FlashCounter:
    """Counter of luminance flashes and red flashes of a sequence of pictures, given as cells."""

    def __init__(self, cells: int, most_area: float = MOST_AREA) -> None:
        """`most_area`: flashes over no more than this share of the picture are not counted."""
        self.general = TransitionCounter(cells, LEAST_CHANGE, most_area)
        self.red = TransitionCounter(cells, LEAST_RED_CHANGE, most_area)

    def copy(self) -> "FlashCounter":
        twin = FlashCounter(0)
        twin.general, twin.red = self.general.copy(), self.red.copy()
        return twin

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What it has seen, by name."""
        kinds = {"general": self.general, "red": self.red}
        return {f"{kind}/{name}": array for kind, own in kinds.items() for name, array in own.arrays().items()}

    def set_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what another counter has seen."""
        for kind, own in (("general", self.general), ("red", self.red)):
            prefix = f"{kind}/"
            mine = {name: array for name, array in arrays.items() if name.startswith(prefix)}
            own.set_arrays({name.removeprefix(prefix): array for name, array in mine.items()})

    def trial(self, time_s: float, cells: Cells) -> tuple[Trial, Trial]:
        """What would happen if the picture were shown: its luminance, its reds."""
        return self.general.trial(time_s, luminance(cells)), self.red.trial(time_s, redness(cells))

    def take(self, trials: tuple[Trial, Trial]) -> None:
        """The picture of the trial is shown."""
        self.general.take(trials[0])
        self.red.take(trials[1])

    def spent(self, time_s: float) -> bool:
        """Whether one transition more could be too many."""
        return self.general.spent(time_s) or self.red.spent(time_s)

    def too_many(self, time_s: float) -> bool:
        """Whether there were more than three flashes in the last second."""
        return self.general.too_many(time_s) or self.red.too_many(time_s)
