"""Music source: music that is known before it sounds, conducted and made audible block by block, when it is due."""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from livegan.audio.instrument import Instrument
from livegan.audio.source import ScheduledSource
from livegan.composer.conductor import Conductor
from livegan.core.timeline import NoteEvent
from livegan.core.types import Samples

FLUID_GRID = 64  # samples: FluidSynth begins notes at multiples of them
TAIL_S = 3.0  # that the last notes may die away in
GLIDE_S = 0.03  # time constant of the volume


class MusicSource(ScheduledSource):
    """Source of a conductor's music, played by an instrument; each note at its sample."""

    def __init__(
        self,
        name: str,
        conductor: Conductor,
        instrument: Instrument,
        voices: Sequence[int],
        sample_rate: int = 48000,
        *,
        grid: int = 1,
        volume: Callable[[], float] = lambda: 1.0,
        notice: str = "",
    ) -> None:
        """`voices`: the channel of the instrument for each voice. `grid`: samples between two at which it can begin."""
        super().__init__(name, 2, sample_rate)
        self.conductor, self.instrument, self.notice = conductor, instrument, notice
        self.timeline = conductor.timeline
        self.worst_s = 0.0  # the furthest that a note was from its moment
        self._voices, self._grid, self._volume = tuple(voices), grid, volume
        self._gain = volume()
        self._mark_s = 0.0
        self._closed = False
        self._due: deque[tuple[int, NoteEvent]] = deque()  # read from the timeline and still to be played
        self._last: int | None = None  # sample after which all is silent, once the music has ended

    def start(self, now_s: float) -> None:
        super().start(now_s)
        assert self._start_s is not None
        self.timeline.origin_s = self._start_s
        self.conductor.advance(self.ring.written / self.ring.sample_rate)

    def stop(self) -> None:
        super().stop()
        if not self._closed:
            self.instrument.all_off()

    def close(self) -> None:
        """Stop for good, and free the instrument, which nobody plays any more. Idempotent."""
        self.stop()
        self._closed = True
        self.instrument.close()

    def draw(self, start: int, count: int) -> Samples:
        rate, end = self.ring.sample_rate, start + count
        self.conductor.advance(end / rate)
        self._read((end - 0.5 + self._grid / 2) / rate)
        if self._last is not None:
            end = min(end, max(self._last, start))
        parts, at = [], start
        while self._due and self._due[0][0] < end:
            sample, event = self._due.popleft()
            sample = max(sample, at)
            if sample > at:
                parts.append(self.instrument.render(sample - at))
                at = sample
            self._play(event, sample)
        parts.append(self.instrument.render(end - at))
        return self._louder(np.concatenate(parts) if len(parts) > 1 else parts[0])

    def _read(self, until_s: float) -> None:
        """Take what begins and ends before `until_s` from the timeline."""
        now = self.timeline.now
        until_s = min(until_s, now.end_s)
        if until_s > self._mark_s:
            events = now.events(self._mark_s, until_s)
            rate = self.ring.sample_rate
            self._due.extend((self._grid * round(event.time_s * rate / self._grid), event) for event in events)
            self._mark_s = until_s
        if self.conductor.ended and self._last is None:
            self._last = round((now.end_s + TAIL_S) * self.ring.sample_rate)

    def _play(self, event: NoteEvent, sample: int) -> None:
        channel = self._voices[event.voice % len(self._voices)]
        self.worst_s = max(self.worst_s, abs(sample / self.ring.sample_rate - event.time_s))
        if event.on:
            self.instrument.note_on(channel, event.pitch, event.velocity)
        else:
            self.instrument.note_off(channel, event.pitch)

    def _louder(self, samples: Samples) -> Samples:
        """At the volume of now, which glides."""
        wanted = self._volume()
        if abs(wanted - self._gain) < 1e-4:
            self._gain = wanted
            return samples if wanted == 1.0 else samples * np.float32(wanted)
        fall = np.exp(-np.arange(1, len(samples) + 1) / (GLIDE_S * self.ring.sample_rate))
        gains = wanted + (self._gain - wanted) * fall
        self._gain = float(gains[-1]) if len(gains) else self._gain
        return np.asarray(samples * gains[:, None], np.float32)
