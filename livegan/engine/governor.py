"""Quality governor: feedback control that holds the target frame rate by drawing cheaper, as a pure state machine.

Measured times go in with every frame, a rung of the ladder comes out. It predicts what another rung would cost from the
newest frames, goes down at once when frames take longer than there is time for, and up when there was room for a while;
a rise that fails doubles the wait before the next (exponential backoff), so it never swings. What frames may take
shrinks as long as frames are dropped, and comes back slowly (additive increase, multiplicative decrease): a load that
comes and goes is left more room than a steady one.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.engine.ladder import Rung, ladder
from livegan.engine.step_times import StepTimes
from livegan.rendering.registry import QualityStep

OVERLOAD = ((2, 6.0), (4, 2.0), (6, 1.3), (12, 1.1))
"""(frames, periods): too slow at once if the newest frames, without the longest, take that long in the mean."""
RATE_OVERLOAD = ((2, 6.0), (8, 2.0), (24, 1.2))
"""The same for a rung of a lower rate, which costs more frames than a short disturbance does."""

WINDOW_S, WINDOW_FRAMES = 1.0, 20  # the newest frames by which a rung is judged; both are needed
LONG_WINDOW_S = 6.0  # after failed rises, a rise is judged by up to so much
HIGH_P95, HIGH_MEAN = (
    1.7,
    0.97,
)  # parts of a period: a window above either is too slow; 1 late frame in 20 is hardly seen
FIT_P95, FIT_MEAN = 1.35, 0.92  # a rung below is good enough if it is predicted to stay below these
RATE_P95, RATE_MEAN = 2.0, 1.15  # where only a lower rate is left: late frames cost fewer than that, up to here
ROOM_P95, ROOM_MEAN = 1.2, 0.9  # a rung above is tried only if it is predicted to stay below these
DROP, LEAST_MARGIN = 0.9, 0.6  # part of the margin that a dropped frame leaves; no more is ever taken
ONCE_S, SELDOM_S = 5.0, 240.0  # drops that close are one; one that comes alone for so long takes nothing
FORGIVE_S = 1800.0  # in which the margin comes back from 0 to 1
STALL = 2.0  # periods: a frame that takes longer was held up by something that no other rung would have changed
STALL_FRAMES = 4  # after it, in which a drop is its fault
JUDGE_S = 0.2  # between two looks at the window
GAP_S = 1.0  # more time between two frames counts as this much: a suspended machine gives nobody a rest
QUIET_S, MAX_QUIET_S = 2.0, 120.0  # wait before a rise: at first, at most
MOST_BEGIN_QUIET_S = 30.0  # ... at most when another network begins to play
HOLD_S = 10.0  # a rise that holds so long has succeeded
FORGET_S = 120.0  # without a failed rise, the wait is halved
RELIEF = 0.75  # a load that fell to this part of that of the failed rise makes it worth trying at once
LEAST_GAIN = 0.95  # a rung whose load is not below this part of the current one is not worth a change
SMALL_EFFECTS = 0.15  # part of the effects' time that does not depend on the size of the picture
MAX_CHANGES = 1000  # remembered

Times = NDArray[np.float64]  # (frames, 3): seconds of network, effects and the rest


@dataclass(frozen=True, slots=True)
class Work:
    """Work of one frame: how long its parts took [s]."""

    network_s: float
    effects_s: float
    other_s: float  # waking up late, planning, publishing
    pictures: int = 1  # of networks: more in a crossfade

    @property
    def total_s(self) -> float:
        """From the moment the frame could have begun until it was published."""
        return self.network_s + self.effects_s + self.other_s


@dataclass(frozen=True, slots=True)
class Change:
    """Change of rung: when, between which rungs, in words, and why."""

    time_s: float
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rise:
    """A rise from a rung to another: when, by the governor's own time, and the load that was predicted for it."""

    at_s: float
    before: Rung
    after: Rung
    load: float


@dataclass(frozen=True, slots=True)
class Patience:
    """What a network's failed rises taught: the newest of them, and how long to wait after it."""

    failed: Rise
    quiet_s: float


class Governor:
    """Closed loop from the time that frames take to how they are drawn. Nothing here reads a clock."""

    def __init__(self, fps: float, steps: Sequence[QualityStep], *, first: int = 0, fixed: bool = False) -> None:
        """`first`: the first step to use; `fixed`: stay on the first rung whatever happens."""
        self.fps = fps
        self.times = StepTimes()
        self.changes: deque[Change] = deque(maxlen=MAX_CHANGES)
        self.changed = 0  # how many changes there were
        self.seconds: dict[str, float] = {}  # at each rung, by its text
        self._wish = ""  # the rung to begin at, once its step is ready
        self._held: dict[str, float] = {}  # seconds at each rung since the network began to play
        self._first, self._fixed = first, fixed
        self._steps = tuple(steps)
        self._rungs = ladder(self._steps, fps, first)
        self.rung = self._rungs[0]
        self.in_turn = not fixed  # one network a frame in a transition, also at full: there is no room for two
        self._window: deque[tuple[float, Work]] = deque()  # (own time, work) since the last change
        self._margin = 1.0  # part of the limits that frames may take
        self._behind_s, self._stalled = 0.0, 0  # how late the newest frame is; frames since the newest stall
        self._dropped_s = float("-inf")  # own time of the newest drop
        self._now_s: float | None = None
        self._own_s = 0.0  # own time: that of the frames, without jumps
        self._judge_s = 0.0
        self._quiet_s = QUIET_S
        self._rise_s = QUIET_S  # own time from which a rise may be tried
        self._risen: Rise | None = None  # the newest rise while it may still fail
        self._failed: Rise | None = None
        self._forget_s = FORGET_S
        self._new_steps = False

    @property
    def steps(self) -> tuple[QualityStep, ...]:
        """The steps of the network that is governed."""
        return self._steps

    @property
    def settled(self) -> str:
        """The rung to begin at the next time, by its text: that which held longest."""
        return self._wish or max(self._held, key=lambda text: self._held[text], default=self.rung.text(self.fps))

    @property
    def patience(self) -> Patience | None:
        """For `begin`, when the network that plays comes back; None: no rise of it has failed lately."""
        return None if self._failed is None else Patience(self._failed, self._quiet_s)

    def begin(
        self,
        now_s: float,
        steps: Sequence[QualityStep],
        times: StepTimes,
        settled: str = "",
        patience: Patience | None = None,
    ) -> None:
        """Another network plays: on the rung that is called `settled`, else on that which is like the current one.

        `patience`: what it left when it played before in this show.
        """
        self.times = times
        self._wish, self._held = settled, {}
        self._take_steps(now_s, steps)
        self._window.clear()
        self._risen = self._failed = None
        self._quiet_s = min(max(QUIET_S, self._quiet_s / 2), MOST_BEGIN_QUIET_S)  # the machine is the same
        self._rise_s = self._own_s + WINDOW_S  # that show may have been on a busy machine
        if patience is not None:
            self._remember_failure(patience)

    def _remember_failure(self, patience: Patience) -> None:
        """Wait on after a rise that failed when the network played before; half as long for each `FORGET_S` since."""
        since_s = self._own_s - patience.failed.at_s
        quiet_s = max(QUIET_S, patience.quiet_s / 2 ** int(since_s / FORGET_S))
        if quiet_s > QUIET_S:
            self._failed = patience.failed
            self._quiet_s = max(self._quiet_s, quiet_s)
            self._rise_s = max(self._rise_s, patience.failed.at_s + quiet_s)
            self._new_steps = False  # they are as they were

    def slow_down(self, now_s: float, share: float) -> None:
        """Go to a lower share of the target rate, as a network comes in that cannot hold this one."""
        if self._fixed or share >= self.rung.share:
            return
        alike = [rung for rung in self._rungs if rung.share <= share and rung.step == self.rung.step]
        if alike:
            self._change(now_s, alike[0], "the network that comes in played at this rate")
            self._rise_s = self._own_s + self._quiet_s

    def frame(self, now_s: float, work: Work, steps: Sequence[QualityStep]) -> Rung:
        """Take the times of the newest frame, drawn at `rung`, and say how to draw the next one."""
        gap_s = 0.0 if self._now_s is None else min(max(now_s - self._now_s, 0.0), GAP_S)
        self._now_s = now_s
        self._own_s += gap_s
        text = self.rung.text(self.fps)
        for seconds in (self.seconds, self._held):
            seconds[text] = seconds.get(text, 0.0) + gap_s
        if tuple(steps) != self._steps:
            self._take_steps(now_s, steps)
        if self._fixed:
            return self.rung
        self._count_drop(work, gap_s)
        self._window.append((self._own_s, work))
        while len(self._window) > WINDOW_FRAMES and self._own_s - self._window[1][0] > LONG_WINDOW_S:
            self._window.popleft()
        if not self._fall_at_once(now_s) and self._own_s >= self._judge_s:
            self._judge_s = self._own_s + JUDGE_S
            self._judge(now_s)
        return self.rung

    def _count_drop(self, work: Work, gap_s: float) -> None:
        """Take off margin for frames that are dropped as others took long; not if one was held up, or it is rare."""
        period_s = self._period_s(self.rung)
        self._stalled = 0 if work.total_s > STALL * period_s else self._stalled + 1
        self._behind_s = max(0.0, self._behind_s + work.total_s - period_s)
        self._margin = min(1.0, self._margin + gap_s / FORGIVE_S)
        if self._behind_s < period_s:
            return
        self._behind_s %= period_s
        if self._stalled > STALL_FRAMES:
            if ONCE_S < self._own_s - self._dropped_s < SELDOM_S:
                self._margin = max(LEAST_MARGIN, DROP * self._margin)
            self._dropped_s = self._own_s

    def _take_steps(self, now_s: float, steps: Sequence[QualityStep]) -> None:
        """Build the ladder of these steps, and stand on the rung that is like the old one, or nearest to it in cost."""
        old = self.rung
        self._new_steps = True
        self._steps = tuple(steps)
        self._rungs = ladder(steps, self.fps, self._first)
        if old not in self._rungs:
            alike = [rung for rung in self._rungs if (rung.half_effects, rung.share) == (old.half_effects, old.share)]
            same = [rung for rung in alike if rung.step.text == old.step.text]
            near = min(alike or self._rungs, key=lambda rung: abs(rung.step.cost - old.step.cost))
            self._change(now_s, same[0] if same else near, "other steps of the network are ready")
        wish = next((rung for rung in self._rungs if rung.text(self.fps) == self._wish), None)
        if wish is not None:
            self._wish = ""
            self._change(now_s, wish, "as it was played last on this machine")

    def _newest(self, seconds: float) -> Times:
        """Times of the frames of the newest `seconds`, at least `WINDOW_FRAMES`."""
        rows: list[tuple[float, float, float]] = []
        for at_s, work in reversed(self._window):
            if len(rows) >= WINDOW_FRAMES and self._own_s - at_s > seconds:
                break
            rows.append((work.network_s, work.effects_s, work.other_s))
        return np.array(rows)

    def _fall_at_once(self, now_s: float) -> bool:
        """Go down if the newest frames are clearly too slow; whether it did."""
        for overload, keeps_rate in ((OVERLOAD, True), (RATE_OVERLOAD, False)):
            times = self._overloaded(overload)
            if times is not None:
                taken = f"a frame takes {times.sum(axis=1).mean() * 1e3:.1f} ms"
                if self._fall(now_s, times, taken, keeps_rate=keeps_rate, must_hold=keeps_rate):
                    return True
        return False

    def _overloaded(self, overload: Sequence[tuple[int, float]]) -> Times | None:
        """Times of the newest frames, without the longest, if they are too slow by one of these limits."""
        period_s = self._period_s(self.rung)
        for count, periods in overload:
            if len(self._window) < count:
                return None
            newest = sorted((self._window[-i][1] for i in range(1, count + 1)), key=lambda work: work.total_s)[:-1]
            if sum(work.total_s for work in newest) > periods * period_s * len(newest):
                return np.array([(work.network_s, work.effects_s, work.other_s) for work in newest])
        return None

    def _judge(self, now_s: float) -> None:
        """Look at the newest second: go down if it was too slow, up if a rung above has room."""
        if len(self._window) < WINDOW_FRAMES or self._own_s - self._window[0][0] < 0.95 * WINDOW_S:
            return
        self._settle()
        times = self._newest(WINDOW_S)
        recent = [self._window[-i][1] for i in range(1, len(times) + 1)]
        self.times.measure(self.rung.step, [work.network_s for work in recent if work.pictures == 1], self._own_s)
        if all(work.pictures == 1 for work in recent):
            self.in_turn = not self._has_room_for_two(times)
        elif self.rung != self._rungs[0]:  # where they take turns; a rise that is predicted from that is one to that
            self.in_turn = True
        (p95,), (mean,) = self._loads(times, [self.rung])
        if p95 > HIGH_P95 * self._margin or mean > HIGH_MEAN * self._margin:
            (long_p95,), _ = self._loads(self._newest(LONG_WINDOW_S), [self.rung])
            taken = f"1 frame in 20 takes {p95 * self._period_s(self.rung) * 1e3:.1f} ms"
            self._fall(now_s, times, taken, keeps_rate=mean <= RATE_MEAN and long_p95 <= RATE_P95)
        elif self._own_s >= self._rise_s:
            self._rise(now_s, self._newest(min(self._quiet_s / 2, LONG_WINDOW_S)))
        elif self._new_steps or self._relieved(times):
            self._rise(now_s, times)
        self._new_steps = False

    def _settle(self) -> None:
        """Note a rise that has held, and forget old failures."""
        if self._risen is not None and self._own_s - self._risen.at_s >= HOLD_S:
            self._risen = None
            self._quiet_s = max(QUIET_S, self._quiet_s / 2)
        if self._own_s >= self._forget_s:
            self._forget_s = self._own_s + FORGET_S
            self._quiet_s = max(QUIET_S, self._quiet_s / 2)
        if self._quiet_s <= QUIET_S:
            self._failed = None

    def _fall(
        self, now_s: float, times: Times, taken: str, *, keeps_rate: bool = False, must_hold: bool = False
    ) -> bool:
        """Go to the first rung below that is predicted to hold, or to the lightest; whether there is one.

        `keeps_rate`: only to one of the same rate; `must_hold`: only to one that is predicted to.
        """
        if not self.in_turn and self._window[-1][1].pictures > 1:  # that costs least, and may be enough
            self.in_turn = True
            self._window.clear()
            return True
        below = self._rungs if self._new_steps else self._rungs[self._rungs.index(self.rung) + 1 :]
        if keeps_rate:
            below = tuple(rung for rung in below if rung.share >= self.rung.share)
        else:
            self._new_steps = False
        self._rise_s = max(self._rise_s, self._own_s + self._quiet_s)
        if not below:
            return False
        p95, mean = self._loads(times, [*below, self.rung])
        lighter = [at for at in range(len(below)) if mean[at] < LEAST_GAIN * mean[-1]]
        if not lighter:
            return False
        chosen = next((below[at] for at in lighter if p95[at] <= FIT_P95 and mean[at] <= FIT_MEAN), None)
        if chosen is None:
            if must_hold:
                return False
            chosen = below[min(lighter, key=lambda at: float(mean[at]))]
        if self._risen is not None:  # it has failed: back to where it came from, which held, but to no lower rate
            before = self._risen.before
            fits = any(below[at] == before and p95[at] <= HIGH_P95 and mean[at] <= HIGH_MEAN for at in lighter)
            if fits and before.share >= chosen.share:
                chosen = before
            self._quiet_s = min(2 * self._quiet_s, MAX_QUIET_S)
            self._failed, self._risen = self._risen, None
            self._forget_s = self._own_s + FORGET_S
        self._change(now_s, chosen, f"{taken}, there are {self._period_s(self.rung) * 1e3:.1f} ms")
        self._rise_s = self._own_s + self._quiet_s
        return True

    def _rise(self, now_s: float, times: Times) -> None:
        """Go up to the best rung that is predicted to fit with room."""
        above = self._rungs[: self._rungs.index(self.rung)]
        if not above:
            return
        p95, mean = self._loads(times, above)
        at = next((at for at in range(len(above)) if self._has_room(above[at], float(p95[at]), float(mean[at]))), None)
        if at is None:
            return
        rung, period_s = above[at], self._period_s(above[at])
        self._risen = Rise(self._own_s, self.rung, rung, float(p95[at]))
        needed = f"a frame needs about {mean[at] * period_s * 1e3:.1f} of {period_s * 1e3:.1f} ms"
        self._change(now_s, rung, f"there is room: {needed}")
        self._rise_s = self._own_s + self._quiet_s

    def _has_room(self, rung: Rung, p95: float, mean: float) -> bool:
        """Whether a rung above is worth a rise; a higher rate alone already where it would just hold."""
        if (rung.step, rung.half_effects) == (self.rung.step, self.rung.half_effects):
            return p95 <= FIT_P95 and mean <= FIT_MEAN
        return p95 <= ROOM_P95 * self._margin and mean <= ROOM_MEAN * self._margin

    def _has_room_for_two(self, times: Times) -> bool:
        """Whether two networks can be drawn in each frame at full quality; `times` are of frames of one network."""
        (p95,), (mean,) = self._loads(times * np.array([2.0, 1.0, 1.0]), self._rungs[:1])
        return bool(p95 <= ROOM_P95 * self._margin and mean <= ROOM_MEAN * self._margin)

    def _relieved(self, times: Times) -> bool:
        """Whether the load has clearly fallen since a rise failed."""
        if self._failed is None or self._own_s - self._failed.at_s < QUIET_S or self._failed.after not in self._rungs:
            return False
        (p95,), _ = self._loads(times, [self._failed.after])
        return bool(p95 <= RELIEF * self._failed.load)

    def _change(self, now_s: float, rung: Rung, reason: str) -> None:
        if rung == self.rung:
            return
        before, after = self.rung.text(self.fps), rung.text(self.fps)
        self.rung = rung
        self._window.clear()
        if before != after:
            self.changes.append(Change(now_s, before, after, reason))
            self.changed += 1

    def _period_s(self, rung: Rung) -> float:
        return 1 / (self.fps * rung.share)

    def _loads(self, times: Times, rungs: Sequence[Rung]) -> tuple[Times, Times]:
        """What frames, drawn at the current rung, would take at others: 95th percentile and mean [periods].

        The mean leaves out the longest frame in twenty: a single stall says nothing about a rung.
        """
        now = self.rung
        network = [self.times.ratio(now.step, rung.step, self._own_s) for rung in rungs]
        effects = [self._effects_time(rung) / self._effects_time(now) for rung in rungs]
        totals = np.sort(times @ np.array([network, effects, np.ones(len(rungs))]), axis=0)
        totals /= np.array([self._period_s(rung) for rung in rungs])
        high = int(0.95 * (len(totals) - 1) + 0.5)
        return totals[high], totals[: max(high, 1)].mean(axis=0)

    def _effects_time(self, rung: Rung) -> float:
        """Time of the effects at a rung in parts of that on whole pictures of full quality."""
        height, width = rung.step.size
        full_height, full_width = self._steps[0].size
        share = height * width / (full_height * full_width) * (0.25 if rung.half_effects else 1.0)
        return SMALL_EFFECTS + (1 - SMALL_EFFECTS) * share
