"""Tracks: songs that follow each other and stems beside them, decoded as one stream on one clock."""

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from pathlib import Path

import numpy as np

from livegan.audio.song import SongStream, open_song
from livegan.core.text import printable
from livegan.core.types import Samples
from livegan.errors import MediaError

BLOCK = 8192  # samples


class Tracks(SongStream):
    """Stream of the songs' channels, and behind them those of each stem; the song's end is the end."""

    def __init__(self, songs: Sequence[SongStream], stems: Mapping[str, SongStream], start_s: float = 0.0) -> None:
        """All at the sample rate of the first song; the stems begin with it. MediaError if `start_s` is after the end.

        A stem that ends early is silent from there on; one that is longer is cut.
        """
        first = songs[0]
        self._songs, self._stems = tuple(songs), tuple(stems.values())
        self.groups: dict[str, tuple[int, ...]] = {}  # the channels of each stem, counted from 1
        at = self.own_channels = first.channels  # of the songs
        for name, stem in stems.items():
            self.groups[name] = tuple(range(at + 1, at + stem.channels + 1))
            at += stem.channels
        super().__init__(self._beside(), first.sample_rate, at)
        lengths = [song.expected_s for song in songs]
        known = [length for length in lengths if length is not None]
        self.expected_s = max(sum(known) - start_s, 0.0) if len(known) == len(lengths) else None
        skipped, needed = 0, round(start_s * first.sample_rate)
        while skipped < needed and (taken := len(self.read(min(BLOCK, needed - skipped)))):
            skipped += taken
        self.position = 0
        if not self.more():
            whole = f"only {skipped / first.sample_rate:.1f} s long" if start_s else "silent"
            raise MediaError(f"the song is {whole}; --start {start_s:g} is after its end")

    @property
    def notices(self) -> tuple[str, ...]:
        return tuple(line for part in (*self._songs, *self._stems) for line in part.notices)

    def _beside(self) -> Iterator[Samples]:
        for song in self._songs:
            while len(block := song.read(BLOCK)):
                yield np.concatenate([block, *(_padded(stem, len(block)) for stem in self._stems)], axis=1)


def _padded(stem: SongStream, count: int) -> Samples:
    """The next samples of a stem, silent after its end."""
    part = stem.read(count)
    if len(part) == count:
        return part
    return np.concatenate([part, np.zeros((count - len(part), stem.channels), np.float32)])


def open_tracks(
    songs: Sequence[Path],
    stems: Mapping[str, Path],
    sample_rate: int,
    least_rate: int,
    start_s: float = 0.0,
    duration_s: float = inf,
) -> Tracks:
    """Open songs that follow each other, and stems, from `start_s` on for `duration_s`; MediaError for any of them.

    At the first song's own sample rate, or at `sample_rate` where that is below `least_rate`. The songs must be alike
    in sample rate and channels.
    """
    until_s = start_s + duration_s
    opened = [open_song(songs[0], limit_s=until_s)]
    if opened[0].sample_rate < least_rate:
        opened[0] = open_song(songs[0], sample_rate, until_s)
    first = opened[0]
    for path in songs[1:]:
        song = open_song(path)
        if song.channels != first.channels or (song.file and first.file and song.sample_rate != first.file.sample_rate):
            rate = first.file.sample_rate if first.file else first.sample_rate
            raise MediaError(
                f"'{printable(path)}' has {song.channels} channels at {song.sample_rate} Hz, the first song "
                f"{first.channels} at {rate} Hz; make them alike with: "
                f"ffmpeg -i {printable(path)} -ac {first.channels} -ar {rate} other.wav"
            )
        opened.append(song if song.sample_rate == first.sample_rate else open_song(path, first.sample_rate))
    beside = {name: open_song(path, first.sample_rate) for name, path in stems.items()}
    if until_s < inf and len(opened) > 1:
        opened = [_Limited(opened, round(until_s * first.sample_rate))]
    return Tracks(opened, beside, start_s)


class _Limited(SongStream):
    """The beginning of songs that follow each other."""

    def __init__(self, songs: Sequence[SongStream], count: int) -> None:
        self._songs = tuple(songs)
        super().__init__(self._first(count), songs[0].sample_rate, songs[0].channels)
        self.expected_s = min(sum(song.expected_s or inf for song in songs), count / self.sample_rate)

    @property
    def notices(self) -> tuple[str, ...]:
        return tuple(line for song in self._songs for line in song.notices)

    def _first(self, count: int) -> Iterator[Samples]:
        for song in self._songs:
            while count > 0 and len(block := song.read(min(BLOCK, count))):
                count -= len(block)
                yield block
