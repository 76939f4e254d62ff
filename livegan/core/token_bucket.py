"""Token bucket: a rate limiter whose time is an argument."""


class TokenBucket:
    """Rate limiter: `rate` a second, and up to `burst` at once after a rest."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at_s = burst, float("-inf")

    def take(self, now_s: float) -> bool:
        """Whether one more may pass at `now_s`; time that goes back gives nothing."""
        self._tokens = min(self._burst, self._tokens + max(now_s - self._at_s, 0.0) * self._rate)
        self._at_s = now_s
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
