"""File source: a song as the input of the show, paced by the clock, looping."""

from math import inf
from pathlib import Path

import numpy as np

from livegan.audio.song import Song, read_song
from livegan.audio.source import ScheduledSource
from livegan.core.types import Samples

__all__ = ["FileSource", "Song", "read_song"]


class FileSource(ScheduledSource):
    """Plays a file into the ring as if it came from a sound card, at the clock's pace."""

    def __init__(self, path: str | Path, loop: bool = True, sample_rate: int = 48000) -> None:
        """Reads the whole song now, at `sample_rate`. MediaError for what is not a song."""
        song = read_song(path).at_rate(sample_rate)
        self.samples = song.samples  # (n, channels)
        self.loop = loop
        super().__init__(Path(path).name, song.samples.shape[1], sample_rate, inf if loop else len(song.samples))

    def draw(self, start: int, count: int) -> Samples:
        """The song from `start` on, from the beginning again after its last sample."""
        at = start % len(self.samples)
        if at + count <= len(self.samples):
            return self.samples[at : at + count]
        return np.take(self.samples, np.arange(at, at + count), axis=0, mode="wrap")
