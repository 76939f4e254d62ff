"""Fallback of a generator that fails in a show: smaller steps first, then it is given up for another backend.

What fails: a backend that raises (out of memory, a driver that was reset, a kernel that does not run), and one that
draws one flat grey, which is what NaN and infinity look like in bytes. After a rest the full picture is tried again.
"""

from collections.abc import Sequence
from typing import Any

from livegan.core.types import FramePlan
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import Generator, LoadOptions, QualityStep

FAILURES = (RuntimeError, MemoryError, ArithmeticError, LookupError, TypeError, ValueError, OSError)  # of a backend
GIVEN_UP_AFTER = 3  # frames in a row that no step has drawn
RETRY_S, MOST_RETRY_S = 30.0, 480.0  # until larger steps are tried again; twice as long after each failure
GRID = 12  # pixels a side that are looked at


class FallbackGenerator:
    """Generator that another one draws, at a smaller step after one that failed. Owned by one thread at a time."""

    def __init__(self, inner: Generator, *, checks_numbers: bool = False) -> None:
        """`checks_numbers`: it raises itself where its numbers are not finite, and what it draws may be flat."""
        self._inner = inner
        self._floor = 0  # the largest step that is still drawn
        self._retry_s, self._due_s = RETRY_S, float("inf")  # how long larger ones rest, and until when
        self._failed_frames = 0  # in a row
        self._reason = ""
        self._may_be_flat = checks_numbers or inner.info.kind not in ARCHITECTURES

    @property
    def failed(self) -> bool:
        """Whether it is to be given up."""
        return self._failed_frames >= GIVEN_UP_AFTER

    @property
    def reason_given_up(self) -> str:
        """The newest failure in words."""
        return self._reason

    @property
    def info(self) -> NetworkInfo:
        return self._inner.info

    @property
    def device_text(self) -> str:
        return self._inner.device_text

    @property
    def megabytes(self) -> float:
        return self._inner.megabytes

    @property
    def reason(self) -> str:
        return self._inner.reason

    @property
    def steps(self) -> tuple[QualityStep, ...]:
        """Those that are still drawn."""
        steps = self._inner.steps
        return steps[_last(self._floor, steps) :]

    @property
    def notice(self) -> str:
        if self._floor and self._reason:
            return f"drawn as '{self.steps[0].text}', the larger picture failed: {self._reason}"
        return self._inner.notice

    def prepare_steps(self, options: LoadOptions) -> None:
        self._inner.prepare_steps(options)

    def tune(self) -> float | None:
        return self._inner.tune()

    def threads(self, plan: FramePlan, step: int = 0) -> int:
        return self._inner.threads(plan, step + self._floor)

    def render(self, plan: FramePlan, step: int = 0) -> Any:
        """The picture at that of its steps, or at the largest smaller one that works; raises what the last of them did.

        The plan's time is what says when larger steps are tried again.
        """
        if plan.time_s >= self._due_s:
            self._floor, self._due_s = 0, float("inf")
        while True:
            steps = self._inner.steps
            at = _last(step + self._floor, steps)
            try:
                picture = self._inner.render(plan, at)
                if not self._may_be_flat and not plan.bends and _is_flat(picture):
                    raise ArithmeticError("its picture is one flat grey, as NaN and infinity make it")
            except FAILURES as error:
                self._reason = f"{type(error).__name__}: {' '.join(str(error).split())[:90]}"
                if at >= len(steps) - 1:
                    self._failed_frames += 1
                    raise
                self._rest(at + 1 - step, plan.time_s)
                continue
            self._failed_frames = 0
            return picture

    def _rest(self, floor: int, time_s: float) -> None:
        """Draw no larger step for a while."""
        self._floor, self._due_s = floor, time_s + self._retry_s
        self._retry_s = min(2 * self._retry_s, MOST_RETRY_S)

    def close(self) -> None:
        self._inner.close()


def _last(at: int, steps: Sequence[QualityStep]) -> int:
    return min(at, len(steps) - 1)


def _is_flat(picture: Any) -> bool:
    """Whether all pixels of a grid are one grey."""
    height, width = picture.shape[:2]
    seen = picture[:: max(1, height // GRID), :: max(1, width // GRID)]
    return bool((seen == seen[0, 0, 0]).all())
