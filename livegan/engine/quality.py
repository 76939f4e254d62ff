"""Quality control of a show: the governor, and what it learned of each network, kept on disk between shows."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from livegan.config.venue import Quality
from livegan.engine.governor import Change, Governor, Patience, Work
from livegan.engine.ladder import Rung, ladder
from livegan.engine.step_times import StepTimes
from livegan.networks.cache import file_hash, recall, remember
from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import Generator

LEAST_S = 5.0  # a show must last so long to be remembered
HELD_S = 6.0  # so long without a change of rung, and with hardly a late frame, a show holds its rate
LATE = 1.2  # periods that a late frame takes
LATE_SHARE, LATE_FRAMES = 0.1, 30  # that share of about so many newest frames may be late


class QualityControl:
    """Quality control: governs the network that plays, and keeps what was learned of each. One thread at a time."""

    def __init__(self, fps: float, generator: Generator, quality: Quality = "auto", now_s: float = 0.0) -> None:
        """`quality`: "full" never trades anything, "light" begins at the second step."""
        self._fps, self._quality = fps, quality
        self._governor = Governor(fps, generator.steps, first=int(quality == "light"), fixed=quality == "full")
        self._network: NetworkInfo | None = None  # that is governed
        self._learned: dict[str, tuple[NetworkInfo, str, StepTimes]] = {}  # of the others, by name
        self._patience: dict[str, Patience | None] = {}  # of the others, by name; of this show only
        self._coming: Generator | None = None  # that is mixed in
        self._told = 0  # changes that were returned
        self._late, self._held_from_s = 0.0, now_s  # share of late frames; since when the rate is held
        self.holds = False  # whether the show holds its rate, on whatever rung: there is time for other work
        self._follow(generator, now_s)

    @property
    def rung(self) -> Rung:
        """How to draw the next frame."""
        return replace(self._governor.rung, in_turn=self._governor.in_turn)

    @property
    def text(self) -> str:
        """What is traded now, for people; "" if nothing is."""
        text = self.rung.text(self._fps)
        return "" if text == "full" else text

    @property
    def seconds(self) -> Mapping[str, float]:
        """How long the show was at each rung [s], by its text."""
        return self._governor.seconds

    @property
    def changes(self) -> list[Change]:
        """The newest changes of rung, oldest first."""
        return list(self._governor.changes)

    def frame(self, now_s: float, work: Work, generator: Generator, coming: Generator | None = None) -> list[Change]:
        """Take the times of the newest frame, drawn at `rung` by that generator; returns the changes it leads to.

        `coming`: the generator that is mixed in: a rate that it cannot hold is left before frames are late.
        """
        self._follow(generator, now_s)
        self._expect(coming, now_s)
        self._governor.frame(now_s, work, generator.steps)
        told, self._told = self._told, self._governor.changed
        late = work.total_s > LATE / (self._fps * self.rung.share)
        self._late += (late - self._late) / LATE_FRAMES
        if self._late > LATE_SHARE or self._told > told:
            self._held_from_s = now_s
        self.holds = now_s - self._held_from_s >= HELD_S
        return self.changes[-(self._told - told) :] if self._told > told else []

    def _follow(self, generator: Generator, now_s: float) -> None:
        """Begin anew if another network plays, unless its steps are those of the one before."""
        info, before = generator.info, self._network
        if before is not None and (info.name == before.name or generator.steps == self._governor.steps):
            return
        if before is not None:
            self._learned[before.name] = (before, self._governor.settled, self._governor.times)
            self._patience[before.name] = self._governor.patience
        self._network = info
        _, settled, times = self._learned.get(info.name) or (info, *self._recall(info))
        self._governor.begin(now_s, generator.steps, times, settled, self._patience.get(info.name))

    def _expect(self, coming: Generator | None, now_s: float) -> None:
        """Go to the rate at which a network that comes in played last, where that is lower; once for each coming."""
        before, self._coming = self._coming, coming
        if coming is None or (before is not None and before.info.name == coming.info.name):
            return
        _, settled, _ = self._learned.get(coming.info.name) or (coming.info, *self._recall(coming.info))
        rungs = ladder(coming.steps, self._fps)
        share = next((rung.share for rung in rungs if rung.text(self._fps) == settled), 1.0)
        self._governor.slow_down(now_s, share)

    def remember(self) -> None:
        """Keep what was learned for the next show on this machine, if this one lasted a while."""
        if self._network is None or self._quality == "full" or sum(self.seconds.values()) < LEAST_S:
            return
        self._learned[self._network.name] = (self._network, self._governor.settled, self._governor.times)
        for info, settled, times in self._learned.values():
            key = _key(info)
            if key:
                remember(key, self._file(), {"settled": settled, "seconds": times.known()})

    def _recall(self, info: NetworkInfo) -> tuple[str, StepTimes]:
        key = _key(info)
        known: Mapping[str, Any] = (recall(key, self._file()) if key else None) or {}
        seconds = known.get("seconds")
        pairs = seconds.items() if isinstance(seconds, dict) else ()
        times = {str(text): float(time_s) for text, time_s in pairs if isinstance(time_s, int | float) and time_s > 0}
        return str(known.get("settled", "")), StepTimes(times)

    def _file(self) -> str:
        from livegan.networks.device import machine  # late: it loads torch

        parts = f"{machine()}\n{self._fps:g}\n{self._quality}"
        return f"quality-{hashlib.sha256(parts.encode()).hexdigest()[:12]}"


def _key(info: NetworkInfo) -> str:
    """The cache key of a network's weights; "" where it has none."""
    try:
        return file_hash(info.weights)
    except OSError:
        return ""
