"""Event transcript of a piece: onsets, beats, downbeats and tempo."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Samples
from livegan.features.listening import Event, Listening
from livegan.features.registry import FEATURES

ONSET_KEYS = {
    "onset": "onsets",
    "onset.bass": "onsets.bass",
    "onset.mid": "onsets.mid",
    "onset.treble": "onsets.treble",
}
BLOCK_HOPS = 32  # heard at a time
TAIL_S = 0.1  # heard beyond the end, so that onsets shortly before it are detected
MIN_CONFIDENCE = 0.1  # below it a beat is that of the free-running clock
MIN_TEMPO_CONFIDENCE = 0.3  # a tempo of less confidence is none

FeatureRows = NDArray[np.float64]  # (hops, features), in the order of the layout


@dataclass(frozen=True, slots=True)
class Beat:
    """Beat as the tracker reported it."""

    time_s: float
    bpm: float
    confidence: float  # 0..1
    first: bool  # of its bar


@dataclass(frozen=True, slots=True)
class Hops:
    """Consecutive hops with their features, events and beats, and the sound that came with them."""

    times_s: NDArray[np.float64]  # (n,) when each hop had been heard
    rows: FeatureRows  # (n, features)
    events: list[Event]
    beats: list[Beat]
    sound: Samples  # (samples, channels)
    end_s: float  # when its last sample was heard


def hear(listening: Listening, sound: Samples, end_s: float, start_s: float = 0.0) -> Hops:
    """Process `sound` (n, channels), at most 8 s, whose last sample was heard at `end_s`.

    All times are seconds after `start_s`.
    """
    rate, hop = listening.setup.sample_rate, listening.setup.hop
    beats, count = [], 0
    for at in range(0, len(sound), hop):
        part = sound[at : at + hop]
        if listening.process(part, end_s - (len(sound) - at - len(part)) / rate):  # one hop at the most
            count += 1
            clock = listening.beat
            if clock is not None and clock.beat:
                now_s = float(listening.ring.history(1)[0][0])
                ago_s = min(clock.phase * 60.0 / clock.bpm, hop / rate)  # within this hop
                beats.append(Beat(now_s - ago_s - start_s, clock.bpm, clock.confidence, clock.downbeat))
    times_s, rows = listening.ring.history(count)
    events = []
    while listening.events:
        event = listening.events.popleft()
        events.append(Event(event.name, event.time_s - start_s, event.strength))
    return Hops(times_s - start_s, rows, events, beats, sound, end_s - start_s)


def hear_song(listening: Listening, samples: Samples) -> Iterator[Hops]:
    """The hops of a whole song (n, channels), as a show hears them; the song's first sample is at 0 s.

    Only whole hops are returned. After the end its last tenth of a second is heard once more, backwards, so that the
    newest onsets are detected too; of that, only onsets before the end are returned.
    """
    rate, step = listening.setup.sample_rate, BLOCK_HOPS * listening.setup.hop
    whole = len(samples) // listening.setup.hop * listening.setup.hop
    for start in range(0, whole, step):
        sound = samples[start : min(start + step, whole)]
        yield hear(listening, sound, (start + len(sound)) / rate)
    tail = np.concatenate((samples[whole:], samples[-round(TAIL_S * rate) :][::-1]))
    end_s = len(samples) / rate
    late = [event for event in hear(listening, tail, (whole + len(tail)) / rate).events if event.time_s < end_s]
    none = np.zeros((0, len(listening.layout.names)))
    yield Hops(none[:, 0], none, late, [], samples[whole:], end_s)


class Transcript:
    """Collector of onsets, beats and tempo; only of all inputs together, not of groups."""

    def __init__(self) -> None:
        self.onsets: dict[str, list[Event]] = {name: [] for name in ONSET_KEYS}
        self.beats: list[Beat] = []

    def take(self, hops: Hops) -> None:
        self.beats += hops.beats
        for event in hops.events:
            if event.name in self.onsets:
                self.onsets[event.name].append(event)

    def tempo(self) -> float | None:
        """Median tempo over time [bpm]; None if no beat was confident."""
        sure = [beat.bpm for beat in self.beats if beat.confidence > MIN_TEMPO_CONFIDENCE]
        if not sure:
            return None
        tempi = np.sort(sure)
        lasted = np.cumsum(60.0 / tempi)
        return float(tempi[np.searchsorted(lasted, lasted[-1] / 2)])

    def table(self) -> dict[str, Any]:
        """Times in seconds, the delay of detection already subtracted; `tempo` may be null.

        `delay_s`: how much was taken off, which is how late the live stage reports them (median). Beats are predicted.
        """
        table: dict[str, Any] = {
            key: sorted(_rounded(event.time_s) for event in self.onsets[name]) for name, key in ONSET_KEYS.items()
        }
        beats = [beat for beat in self.beats if beat.confidence >= MIN_CONFIDENCE]
        table["beats"] = [_rounded(beat.time_s) for beat in beats]
        table["downbeats"] = [_rounded(beat.time_s) for beat in beats if beat.first]
        tempo, onset_s = self.tempo(), FEATURES["onset"].delay_s
        table["tempo"] = None if tempo is None else round(tempo, 2)
        table["delay_s"] = {**dict.fromkeys(ONSET_KEYS.values(), onset_s), "beats": 0.0, "downbeats": 0.0}
        return table


def _rounded(time_s: float) -> float:
    """Rounded to 0.1 ms, at least 0."""
    return round(max(0.0, time_s), 4)
