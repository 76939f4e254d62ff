"""Confirmation of onsets by the hearing network: of soft ones, and of those that dense noise would hide."""

from livegan.core.types import Vector

WAIT_S = 0.026  # a moment is confirmed within so long, or not at all: the network tells of it 10 to 20 ms late
CONFIRMED, CONFIRMED_FIRMLY = 0.35, 0.45  # least activation; of a soft onset, and amid dense noise
SOFT = 0.5  # least strength of a soft onset [thresholds]
KIND_CONFIRMED = 0.4  # ... of kick, snare and hat


class OnsetConfirmation:
    """Onset confirmation: what is strong enough is told at once; what is not waits for the network's activation."""

    def __init__(self, hop_s: float, kinds: int) -> None:
        """`kinds`: any onset, then kick, snare, hat."""
        self.greatest = [0.0] * kinds  # activations since the moment that waits
        self._most = max(1, round(WAIT_S / hop_s))
        self._waiting: int | None = None  # hops since that moment
        self._score = 0.0
        self._told = False

    def step(self, activations: Vector, score: float, crest: bool, noisy: bool) -> int | None:
        """One hop: how many hops ago the moment was that is confirmed now; None: none is.

        `activations` (kinds,): of the frames that ended in this hop, 0 if none did; `score`: of any onset, in
        thresholds; `crest`: it is no less than all just before; `noisy`: amid dense noise.
        """
        if self._waiting is not None:
            self._waiting += 1
        elif crest and score >= SOFT:
            self._waiting, self._score, self._told = 0, score, False
            self.greatest = [0.0] * len(self.greatest)
        if self._waiting is None:
            return None
        self._score = max(self._score, score)
        self.greatest = [max(before, now) for before, now in zip(self.greatest, activations.tolist(), strict=True)]
        enough = CONFIRMED if self._score >= 1.0 and not noisy else CONFIRMED_FIRMLY
        waited = self._waiting if self.greatest[0] >= enough and not self._told else None
        self._told |= waited is not None
        if self._waiting >= self._most:
            self._waiting = None
        return waited
