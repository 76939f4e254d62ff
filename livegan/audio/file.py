"""File source: a song as the input of the show, paced by the clock, looping."""

from pathlib import Path

import numpy as np

from livegan.audio.song import open_song
from livegan.audio.source import ScheduledSource
from livegan.core.text import printable
from livegan.core.types import Samples
from livegan.errors import MediaError

__all__ = ["FileSource"]


class FileSource(ScheduledSource):
    """Source of a sound file, paced by the clock as if it came from a sound card; decoded as it is played."""

    def __init__(self, path: str | Path, loop: bool = True, sample_rate: int = 48000) -> None:
        """Opens the song now. MediaError for what is not a song."""
        self.loop = loop
        self.path = path
        self._song = open_song(path, sample_rate)
        super().__init__(printable(Path(path).name), self._song.channels, sample_rate)
        self.notice = " ".join(self._song.notices)

    def draw(self, start: int, count: int) -> Samples:
        """The next samples of the song, from the beginning again after its last one."""
        parts = [self._song.read(count)]
        missing = count - len(parts[0])
        if missing or not self._song.more():
            self.notice = " ".join(self._song.notices)
        while missing and self.loop and self._rewind():
            parts.append(self._song.read(missing))
            missing -= len(parts[-1])
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def _rewind(self) -> bool:
        try:
            again = open_song(self.path, self.ring.sample_rate)
        except MediaError as error:  # the file was removed: the show goes on in silence
            self.notice = str(error)
            return False
        if again.channels != self.ring.channels:
            return False
        self._song = again
        return True
