"""Songs: sound files decoded forward on demand, at any sample rate."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, log10
from pathlib import Path

import numpy as np

from livegan.core.media import DEMO_HINT, SoundFile, to_float
from livegan.core.text import printable, quoted
from livegan.core.types import Samples
from livegan.errors import MediaError

RESAMPLED_AT_ONCE = 8192  # samples
MAX_IN_MEMORY_S = 3600.0  # an hour of stereo at 48 kHz takes 1.4 GB


@dataclass(frozen=True, slots=True)
class Song:
    """Decoded song in memory."""

    samples: Samples  # (n, channels), finite, n > 0
    sample_rate: int  # [Hz]
    notices: tuple[str, ...] = ()  # sentences about what is wrong with the file

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate

    def at_rate(self, sample_rate: int) -> "Song":
        """The same song at another sample rate (soxr, high quality)."""
        if sample_rate == self.sample_rate:
            return self
        import soxr  # late: only songs at another rate need it

        samples = soxr.resample(self.samples, self.sample_rate, sample_rate)
        return Song(np.asarray(samples, np.float32), sample_rate, self.notices)


class SongStream:
    """Song decoded forward on demand: nothing is kept, nothing beyond what was read is decoded."""

    def __init__(
        self, blocks: Iterator[Samples], sample_rate: int, channels: int, file: SoundFile | None = None
    ) -> None:
        """`blocks` (n, channels) float32, finite; `file`: where they come from."""
        self.sample_rate = sample_rate  # [Hz]
        self.channels = channels
        self.file = file
        self.position = 0  # samples read
        self.expected_s: float | None = file.expected_s if file else None  # what the header says; for progress only
        self._blocks = blocks
        self._waiting: list[Samples] = []
        self._count = 0

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences about what is wrong with the file, as far as it was read."""
        return self.file.notices if self.file else ()

    def more(self, count: int = 1) -> bool:
        """True if there are at least `count` more samples; decodes as far as that."""
        while self._count < count:
            block = next(self._blocks, None)
            if block is None:
                return False
            self._waiting.append(block)
            self._count += len(block)
        return True

    def read(self, count: int) -> Samples:
        """The next `count` samples (n, channels); fewer only at the end of the song."""
        self.more(count)
        taken: list[Samples] = []
        missing = min(count, self._count)
        self._count -= missing
        self.position += missing
        while missing > 0:
            block = self._waiting.pop(0)
            if len(block) > missing:
                self._waiting.insert(0, block[missing:])
                block = block[:missing]
            taken.append(block)
            missing -= len(block)
        if len(taken) == 1:
            return taken[0]
        return np.concatenate(taken) if taken else np.zeros((0, self.channels), np.float32)


def open_song(
    path: str | Path, sample_rate: int | None = None, limit_s: float = inf, start_s: float = 0.0
) -> SongStream:
    """Open a sound file or the sound of a film, at its own sample rate or at `sample_rate`, up to `limit_s`.

    From `start_s` on, to a packet (about 0.05 s); what lies before is not decoded. A song that is shorter is empty.
    MediaError, one sentence, for anything that cannot be played.
    """
    file = SoundFile(path)
    rate = sample_rate or file.sample_rate
    blocks = _finite(file, start_s)
    if rate != file.sample_rate:
        blocks = _resampled(blocks, file.sample_rate, rate, file.channels)
    if limit_s < inf:
        blocks = _first(blocks, max(1, round(limit_s * rate)))
    song = SongStream(blocks, rate, file.channels, file)
    if song.expected_s is not None:
        song.expected_s = min(song.expected_s, limit_s)
    song.position = round(start_s * rate)
    if not song.more(1) and not start_s:
        raise MediaError(f"'{file.name}' holds no sound; export it again - or {DEMO_HINT}")
    return song


def blocks(song: SongStream, count: int) -> Iterator[Samples]:
    """What is left of a song, `count` samples at a time; fewer only in the last block."""
    while len(block := song.read(count)):
        yield block


def read_song(path: str | Path, limit_s: float = inf) -> Song:
    """Decode a sound file, or the sound of a film, into memory, up to `limit_s`. MediaError if it cannot be played."""
    stream = open_song(path, limit_s=limit_s)
    blocks: list[Samples] = []
    while stream.more():
        if stream.position > MAX_IN_MEMORY_S * stream.sample_rate:
            raise MediaError(
                f"'{printable(path)}' is more than {MAX_IN_MEMORY_S / 60:.0f} minutes long and would fill the memory; "
                f"cut it with: ffmpeg -i {printable(quoted(path))} -t {MAX_IN_MEMORY_S:.0f} part.flac"
            )
        blocks.append(stream.read(1 << 16))
    return Song(np.ascontiguousarray(np.concatenate(blocks)), stream.sample_rate, stream.notices)


def _finite(file: SoundFile, start_s: float = 0.0) -> Iterator[Samples]:
    """Blocks of `file` from `start_s` on as finite float32; its notices say what was changed, or will be clipped."""
    loudest, bad = 0.0, 0
    for pcm in file.blocks(start_s):
        block = to_float(pcm)
        if pcm.dtype.kind == "f":
            peak = max(float(block.max()), -float(block.min()))
            if not np.isfinite(peak):
                finite = np.isfinite(block)
                bad += len(block) - int(finite.all(axis=1).sum())
                block = np.where(finite, block, np.float32(0.0))
                peak = float(np.abs(block).max())
            loudest = max(loudest, peak)
        yield block
    if bad:
        file.note(f"'{file.name}' holds {bad} samples that are not numbers (NaN or infinite): they are silent")
    if loudest > 1.0 and file.codec.startswith("pcm_"):
        over_db = 20.0 * log10(loudest)
        file.note(
            f"'{file.name}' goes {over_db:.1f} dB above full scale: it is clipped wherever it is played or written; "
            f"export it {over_db:.1f} dB quieter"
        )


def _resampled(blocks: Iterator[Samples], source_hz: int, target_hz: int, channels: int) -> Iterator[Samples]:
    import soxr  # late: only songs at another rate need it

    stream = soxr.ResampleStream(source_hz, target_hz, channels, dtype="float32")
    waiting: list[Samples] = []
    for block in blocks:
        waiting.append(block)
        if sum(map(len, waiting)) >= RESAMPLED_AT_ONCE:
            part = stream.resample_chunk(np.concatenate(waiting))
            waiting = []
            if len(part):
                yield part
    rest = np.concatenate(waiting) if waiting else np.zeros((0, channels), np.float32)
    part = stream.resample_chunk(rest, last=True)
    if len(part):
        yield part


def _first(blocks: Iterator[Samples], count: int) -> Iterator[Samples]:
    """The first `count` samples of `blocks`; no block beyond them is decoded."""
    for block in blocks:
        yield block[:count]
        count -= len(block)
        if count <= 0:
            return
