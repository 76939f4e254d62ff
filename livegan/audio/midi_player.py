"""Sequencer: the notes of a song through a synthesizer, block by block."""

from collections.abc import Iterator

import numpy as np

from livegan.audio.fluidsynth import CHANNELS, DRUMS, Synth, seats
from livegan.composer.song import Song
from livegan.composer.tempo_map import TempoMap
from livegan.core.types import Samples

BLOCK = 4096  # samples of the blocks of `blocks`
WINDOW = 12000  # samples of the tail that are looked at together
QUIET = 1e-4  # -80 dBFS: the tail is over
MAX_TAIL_S = 12.0
MELODIC = tuple(channel for channel in range(CHANNELS) if channel != DRUMS)


class MidiPlayer:
    """Song on a synthesizer, forward on demand. The same song gives the same samples, however it is cut.

    Each track has a channel of its own; beyond fifteen, tracks of one instrument share one.
    """

    def __init__(self, song: Song, synth: Synth) -> None:
        """Sets the instruments of the synthesizer."""
        self._synth = synth
        self.ended = False  # the last note has died away
        self.position = 0  # samples played
        tempo, rate = TempoMap(song), synth.sample_rate
        self.expected_s = tempo.seconds(song.length)  # without the tail
        events: list[tuple[int, int, int, int]] = []  # sample, velocity or 0 for an end, channel, pitch
        places = seats(len(song.tracks))
        for track, channel, place in zip(song.tracks, song_channels(song), places, strict=True):
            synth.program(channel, track.program)
            synth.pan(channel, place)
            for note in track.notes:
                start = round(tempo.seconds(note.start) * rate)
                end = round(tempo.seconds(note.start + note.length) * rate)
                events += [(start, note.velocity, channel, note.pitch), (end, 0, channel, note.pitch)]
        self._events = sorted(events)  # at one sample ends come before beginnings
        self._next = 0
        self._tail = 0  # samples since the last event
        self._loudest = 0.0  # in this window of the tail

    def draw(self, count: int) -> Samples:
        """The next `count` samples, (count, 2); fewer are the last ones."""
        parts: list[Samples] = []
        missing = count
        while missing and not self.ended:
            part = self._synth.render(min(missing, self._until_event()))
            self.position += len(part)
            missing -= len(part)
            parts.append(part)
            if self._next == len(self._events):
                self._hear_tail(part)
        return np.concatenate(parts) if parts else np.zeros((0, 2), np.float32)

    def blocks(self) -> Iterator[Samples]:
        """Everything that is still to come."""
        while not self.ended:
            yield self.draw(BLOCK)

    def _until_event(self) -> int:
        """Play the events that are due; samples until the next one."""
        while self._next < len(self._events):
            sample, velocity, channel, pitch = self._events[self._next]
            if sample > self.position:
                return sample - self.position
            self._next += 1
            if velocity:
                self._synth.note_on(channel, pitch, velocity)
            else:
                self._synth.note_off(channel, pitch)
        return WINDOW - self._tail % WINDOW

    def _hear_tail(self, part: Samples) -> None:
        self._tail += len(part)
        self._loudest = max(self._loudest, float(np.abs(part).max(initial=0.0)))
        if self._tail % WINDOW == 0:
            self.ended = self._loudest < QUIET or self._tail >= MAX_TAIL_S * self._synth.sample_rate
            self._loudest = 0.0


def song_channels(song: Song) -> list[int]:
    """A channel for each track."""
    melodic = [track.program for track in song.tracks if not track.drums]
    if len(melodic) <= len(MELODIC):
        own = iter(MELODIC)
        return [DRUMS if track.drums else next(own) for track in song.tracks]
    order = {program: index for index, program in enumerate(dict.fromkeys(melodic))}
    return [DRUMS if track.drums else MELODIC[order[track.program] % len(MELODIC)] for track in song.tracks]
