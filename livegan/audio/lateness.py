"""Detection of an input delay that grows: PulseAudio buffers what was not fetched in time and sets no overflow flag."""

LATE_S = 0.25  # older than the freshest sound of the stream: late
PATIENCE_S = 1.0  # late for so long: the stream is opened again, which throws away what waits
AGAIN_S = 10.0  # but not again within so long, where that did not help


class Lateness:
    """Watch of the age of what a stream delivers, compared with the least since it was opened."""

    def __init__(self) -> None:
        self._least_s = float("inf")
        self._late_since_s: float | None = None
        self._reopened_s = float("-inf")

    def restart(self) -> None:
        """Another stream."""
        self._least_s, self._late_since_s = float("inf"), None

    def step(self, now_s: float, age_s: float | None) -> bool:
        """Whether the stream must be opened again; `age_s` of its newest sound, None before any."""
        if age_s is None:
            return False
        self._least_s = min(self._least_s, age_s)
        if age_s - self._least_s < LATE_S:
            self._late_since_s = None
            return False
        if self._late_since_s is None:
            self._late_since_s = now_s
        if now_s - self._late_since_s < PATIENCE_S or now_s - self._reopened_s < AGAIN_S:
            return False
        self._reopened_s = now_s
        return True
