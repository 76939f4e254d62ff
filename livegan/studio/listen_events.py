"""Event transcript of a piece: onsets; beats, downbeats and tempo with their confidence."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.beat_thresholds import BELIEVED, GUESS, MOVES
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
MIN_TEMPO_CONFIDENCE = BELIEVED  # from which a beat, or the tempo of a piece, is told as one
SAME_TEMPO = 0.04  # share by which the tempo of a beat may differ from that of the piece
FORMAT = 2  # of the table; 1 had no confidence, and left out beats with less than 0.1

FeatureRows = NDArray[np.float64]  # (hops, features), in the order of the layout


@dataclass(frozen=True, slots=True)
class Beat:
    """Beat as the tracker reported it."""

    time_s: float
    bpm: float
    confidence: float  # 0..1: of beats told with so much, that share is right
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

    All times are seconds after `start_s`. In silence, where the clock only runs on, there are no beats.
    """
    rate, hop = listening.setup.sample_rate, listening.setup.hop
    gate = listening.layout.index["gate"]
    beats, count = [], 0
    for at in range(0, len(sound), hop):
        part = sound[at : at + hop]
        if listening.process(part, end_s - (len(sound) - at - len(part)) / rate):  # one hop at the most
            count += 1
            clock = listening.beat
            if clock is not None and clock.beat:
                times_s, rows = listening.ring.history(1)
                if clock.confidence <= GUESS and rows[0, gate] <= 0:
                    continue
                now_s = float(times_s[0])
                ago_s = min(clock.phase * 60.0 / clock.bpm, hop / rate)  # within this hop
                beats.append(Beat(now_s - ago_s - start_s, clock.bpm, clock.confidence, clock.downbeat))
    times_s, rows = listening.ring.history(count)
    events = []
    while listening.events:
        event = listening.events.popleft()
        events.append(Event(event.name, event.time_s - start_s, event.strength))
    return Hops(times_s - start_s, rows, events, beats, sound, end_s - start_s)


def hear_song(listening: Listening, samples: Samples) -> Iterator[Hops]:
    """The hops of a whole song (n, channels), as a show hears them; the song's first sample is at 0 s."""
    step = BLOCK_HOPS * listening.setup.hop
    return hear_blocks(listening, (samples[at : at + step] for at in range(0, len(samples), step)))


def hear_blocks(listening: Listening, blocks: Iterable[Samples]) -> Iterator[Hops]:
    """The hops of a song that is decoded on the way: blocks (n, channels), all but the last of whole hops.

    Only whole hops are returned. After the end its last tenth of a second is heard once more, backwards, so that the
    newest onsets are detected too; of that, only onsets before the end are returned.
    """
    rate, hop = listening.setup.sample_rate, listening.setup.hop
    newest: Samples = np.zeros((0, listening.channels), np.float32)
    rest, heard = newest, 0
    for block in blocks:
        whole = len(block) // hop * hop
        sound, rest = block[:whole], block[whole:]
        newest = np.concatenate((newest, block))[-round(TAIL_S * rate) :]
        if whole:
            heard += whole
            yield hear(listening, sound, heard / rate)
    tail, end_s = np.concatenate((rest, newest[::-1])), (heard + len(rest)) / rate
    late = [event for event in hear(listening, tail, (heard + len(tail)) / rate).events if event.time_s < end_s]
    none = np.zeros((0, len(listening.layout.names)))
    yield Hops(none[:, 0], none, late, [], rest, end_s)


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
        """Tempo of the piece [bpm]: the median over time, by confidence; None if no music was heard."""
        tempi = np.array([beat.bpm for beat in self.beats])
        weights = np.array([beat.confidence for beat in self.beats]) / tempi
        if not weights.any():
            return None
        order = np.argsort(tempi)
        reached = np.cumsum(weights[order])
        return float(tempi[order][np.searchsorted(reached, reached[-1] / 2)])

    def tempo_confidence(self) -> float:
        """Mean confidence over time, 0..1; the surer a beat the more it counts, and in another tempo as wrong.

        So a soft beginning does not make the tempo of what follows unsure.
        """
        tempo = self.tempo()
        if tempo is None:
            return 0.0
        tempi, sure = (np.array([getattr(beat, name) for beat in self.beats]) for name in ("bpm", "confidence"))
        weights = sure / tempi
        return float((sure * weights)[np.abs(tempi / tempo - 1) <= SAME_TEMPO].sum() / weights.sum())

    def tempo_text(self) -> str:
        """What was heard of the beat, in words."""
        tempo, sure = self.tempo(), self.tempo_confidence()
        if tempo is None:
            return self.tempo_words()
        if sure < MOVES:
            return f"{self.tempo_words()} (likeliest {tempo:.1f} BPM, confidence {sure:.2f})"
        return f"{self.tempo_words()} (confidence {sure:.2f}), {len(self.beats)} beats"

    def tempo_words(self) -> str:
        """The tempo alone, and whether it is to be relied on."""
        tempo, sure = self.tempo(), self.tempo_confidence()
        if tempo is None:
            return "no beat"
        if sure < MOVES:
            return "no beat to rely on"
        return f"{'perhaps ' if sure < MIN_TEMPO_CONFIDENCE else ''}{tempo:.1f} BPM"

    def table(self) -> dict[str, Any]:
        """Times in seconds, the delay of detection already subtracted, and confidences 0..1; `tempo` may be null.

        Every beat is there, however unsure, with its confidence at the same place in `beat_confidences`.
        `delay_s`: how much was taken off, which is how late the live stage reports them (median). Beats are predicted.
        """
        table: dict[str, Any] = {"format": FORMAT}
        table |= {
            key: sorted(_rounded(event.time_s) for event in self.onsets[name]) for name, key in ONSET_KEYS.items()
        }
        for name, beats in (("beat", self.beats), ("downbeat", [beat for beat in self.beats if beat.first])):
            table[f"{name}s"] = [_rounded(beat.time_s) for beat in beats]
            table[f"{name}_confidences"] = [round(beat.confidence, 3) for beat in beats]
        tempo, onset_s = self.tempo(), FEATURES["onset"].delay_s
        table["tempo"] = None if tempo is None else round(tempo, 2)
        table["tempo_confidence"] = round(self.tempo_confidence(), 3)
        table["delay_s"] = {**dict.fromkeys(ONSET_KEYS.values(), onset_s), "beats": 0.0, "downbeats": 0.0}
        return table


def _rounded(time_s: float) -> float:
    """Rounded to 0.1 ms, at least 0."""
    return round(max(0.0, time_s), 4)
