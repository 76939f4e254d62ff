"""Fallback sound: silence, then the demo track, in the ring of a sound card that delivers nothing.

The beat of MIDI clock, Link or a hand goes on only while there are hops to count it in; so there is always sound, and
it does not depend on the thread that a driver may keep for ever.
"""

from collections.abc import Callable
from math import floor

import numpy as np

from livegan.audio.device import SoundCard
from livegan.audio.portaudio import DRIVER_HANGS, DRIVER_TIMEOUT_S
from livegan.audio.source import BLOCK_S, ScheduledSource
from livegan.core.types import Samples

IDLE_S = 0.1  # between two looks at a card that delivers
DEMO_S = 3.0  # away for so long: the demo track. Another device is tried before
MOST_S = 0.1  # of sound written at once; after a pause the rest is left out


class FallbackSound:
    """Writes into the card's ring while the card is away. `poll` is for one thread, another than the card's."""

    def __init__(self, card: SoundCard, demo: Callable[[], ScheduledSource] | None = None) -> None:
        """`demo` opens a track at the ring's sample rate, in the first poll: decoders load before they are needed.

        None: only silence.
        """
        self._card, self._make_demo = card, demo
        self._demo: ScheduledSource | None = None
        self._silence: Samples = np.zeros((round(MOST_S * card.ring.sample_rate), card.ring.channels), np.float32)
        self._columns = np.arange(card.ring.channels)
        self._written_s: float | None = None  # up to when it has written; None while the card delivers
        self._plays = self._hangs = False

    @property
    def notice(self) -> str:
        """What is heard instead, or that the driver hangs; "" while the card delivers."""
        if self._written_s is None:
            return ""
        heard = "the demo track moves the pictures" if self._plays else ""
        return ": ".join(filter(None, (DRIVER_HANGS if self._hangs else "", heard)))

    def poll(self, now_s: float) -> float:
        """Write what is due; seconds until more is."""
        make, self._make_demo = self._make_demo, None
        if make is not None:
            self._demo = make()
        card = self._card
        away_s, busy_s = card.away_s, card.busy_s
        self._hangs = busy_s is not None and now_s - busy_s > DRIVER_TIMEOUT_S
        if away_s is not None and not card.delivers:
            card.owner.lent = True
        if away_s is None or card.delivers:  # asked again: see `RingOwner`
            card.owner.lent = self._plays = False
            self._written_s = None
            return IDLE_S
        self._write(now_s, away_s)
        return BLOCK_S

    def _write(self, now_s: float, away_s: float) -> None:
        ring, most = self._card.ring, len(self._silence)
        if self._written_s is None:
            self._written_s = now_s
        count = floor((now_s - self._written_s) * ring.sample_rate)
        if count <= 0:
            return
        self._written_s = now_s if count > most else self._written_s + count / ring.sample_rate
        count = min(count, most)
        demo = self._demo if now_s - away_s >= DEMO_S else None
        self._plays = demo is not None
        ring.write(self._silence[:count] if demo is None else self._from(demo, count), self._written_s)

    def _from(self, demo: ScheduledSource, count: int) -> Samples:
        """The next samples of the track, (count, channels of the ring)."""
        samples = demo.draw(0, count)
        return samples[:, self._columns % samples.shape[1]]
