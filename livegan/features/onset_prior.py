"""What the hearing network says of onsets: it confirms soft ones, and those that dense noise would hide."""

from livegan.core.types import Vector

WAIT_S = 0.026  # a moment is confirmed within so long, or not at all: the network tells of it 10 to 20 ms late
CONFIRMED, CONFIRMED_FIRMLY = 0.35, 0.45  # least activation; of a soft onset, and amid dense noise
SOFT = 0.5  # least strength of a soft onset [thresholds]
KIND_CONFIRMED = 0.4  # ... of kick, snare and hat


class OnsetPrior:
    """Confirmation of onsets by the network: what is strong enough is told at once, what is not may be confirmed."""

    def __init__(self, hop_s: float, kinds: int) -> None:
        """`kinds`: any onset, then kick, snare, hat."""
        self.seen = [0.0] * kinds  # greatest activations since the moment that waits began
        self._wait = max(1, round(WAIT_S / hop_s))
        self.waited = 0  # hops from the moment that is confirmed until now
        self._waiting = -1  # hops since the moment that waits began; -1: none does
        self._score = 0.0
        self._told = False

    def step(self, prior: Vector, score: float, greatest: bool, noisy: bool) -> bool:
        """One hop: whether what waited is confirmed now.

        `prior` (kinds,): newest activations; `score`: of any onset, in thresholds; `greatest`: it is no less than all
        just before; `noisy`: amid dense noise.
        """
        if self._waiting >= 0:
            self._waiting += 1
        elif greatest and score >= SOFT:
            self._waiting, self._score, self._told = 0, score, False
            self.seen = [0.0] * len(self.seen)
        if self._waiting < 0:
            return False
        self._score = max(self._score, score)
        self.seen = [max(seen, now) for seen, now in zip(self.seen, prior.tolist(), strict=True)]
        confirmed = self.seen[0] >= (CONFIRMED if self._score >= 1.0 and not noisy else CONFIRMED_FIRMLY)
        news = confirmed and not self._told
        self.waited = self._waiting
        self._told |= confirmed
        if self._waiting >= self._wait:
            self._waiting = -1
        return news
