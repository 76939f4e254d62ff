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
        self._before: tuple[float, float] | None = None  # where it was, and when [s]

    @property
    def position_s(self) -> float:
        """Where in the song what was written last is [s]."""
        return self._song.position / self.ring.sample_rate

    def go_on(self, position_s: float, time_s: float) -> None:
        """Begin where a song that was at `position_s` at `time_s` of the clock would be by then. Before the start."""
        self._before = position_s, time_s

    def start(self, now_s: float) -> None:
        super().start(now_s)
        if self._before is not None:
            (at_s, time_s), self._before = self._before, None
            at_s += max(now_s - time_s, 0.0)
            if self.loop and self._song.expected_s:
                at_s %= self._song.expected_s
            song = open_song(self.path, self.ring.sample_rate, start_s=at_s)
            if song.more():  # else it has ended meanwhile, and begins anew
                self._song = song

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
