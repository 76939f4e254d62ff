"""Step times: how long a network's quality steps take here when nothing disturbs them."""

from collections.abc import Mapping, Sequence

from livegan.rendering.registry import QualityStep

CALM = 1.3  # ratio of the 80th to the 20th percentile up to which pictures count as undisturbed
FORGET_S = 600.0  # a time this old counts no more: the machine or the scene may have changed
LEAST_PICTURES = 16
REASON = 2.0  # measured ratios of times are at most this many times those of the stated costs, and at least this part


class StepTimes:
    """Undisturbed time of a picture by quality step; where a step was not seen, its stated cost stands in."""

    def __init__(self, known: Mapping[str, float] | None = None) -> None:
        """`known`: times of an earlier show by the step's text [s]."""
        self._times: dict[str, tuple[float, float]] = {text: (time_s, 0.0) for text, time_s in (known or {}).items()}

    def measure(self, step: QualityStep, pictures_s: Sequence[float], now_s: float) -> None:
        """Take the times of one step's newest pictures [s]; those that vary much were disturbed and do not count."""
        if len(pictures_s) < LEAST_PICTURES:
            return
        ordered = sorted(pictures_s)
        low, high = ordered[len(ordered) // 5], ordered[len(ordered) * 4 // 5]
        if low <= 0 or high > CALM * low:
            return
        before = self._seen(step.text, now_s)
        self._times[step.text] = (low if before is None else min(low, before), now_s)

    def ratio(self, step: QualityStep, other: QualityStep, now_s: float) -> float:
        """Time of a picture at `other` in pictures at `step`: as measured, but within reason.

        A step that was seen under a steady load only looks dearer than it is; a dearer step is never quicker.
        """
        stated = other.cost / step.cost
        here, there = self._seen(step.text, now_s), self._seen(other.text, now_s)
        if here is None or there is None:
            return stated
        least, most = (max(1.0, stated / REASON), stated * REASON) if stated >= 1 else (stated / REASON, 1.0)
        return min(max(there / here, least), most)

    def known(self) -> dict[str, float]:
        """Every time that was measured, by the step's text [s]: for the next show."""
        return {text: time_s for text, (time_s, _) in self._times.items()}

    def _seen(self, text: str, now_s: float) -> float | None:
        time_s, at_s = self._times.get(text, (0.0, float("-inf")))
        return time_s if now_s - at_s < FORGET_S else None
