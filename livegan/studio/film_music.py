"""Music of a film that livegan plays itself: drawn frame by frame, so that the scene steers it, and kept as a WAV."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from math import inf
from pathlib import Path

import soundfile

from livegan.audio.song import SongStream
from livegan.core.files import reason_of
from livegan.core.text import printable
from livegan.core.types import Samples
from livegan.engine.music import Composition, PlayedMusic, open_music
from livegan.errors import MediaError

BLOCK = 256  # samples drawn at a time: later ones follow what the scene asks for meanwhile


class MusicTracks(SongStream):
    """Stream of music, on the clock of a film; what was drawn is in a WAV file too."""

    def __init__(self, music: PlayedMusic, wav: Path, start_s: float, duration_s: float) -> None:
        """From `start_s` on for `duration_s`. `begin` comes before the first read."""
        self.music, self.own_channels = music, 2
        self.groups: dict[str, tuple[int, ...]] = {}
        self._start_s, rate = start_s, music.ring.sample_rate
        self._wav_path = wav
        try:
            self._wav = soundfile.SoundFile(wav, "w", rate, 2, "PCM_24", format="RF64")  # WAV ends at 4 GiB
        except (OSError, soundfile.LibsndfileError) as error:
            music.close()
            raise self._unkept(error) from error
        super().__init__(self._drawn(round((start_s + duration_s) * rate) if duration_s < inf else None), rate, 2)
        self.expected_s = duration_s if duration_s < inf else music.length_s

    def begin(self, values: Mapping[str, float]) -> None:
        """Begin the music, steered by the scene's own values; MediaError if it does not sound so long."""
        self.music.controls.put(values)
        self.music.start(0.0)
        skipped = round(self._start_s * self.sample_rate)
        while self.position < skipped and self.more():
            self.read(min(self.sample_rate, skipped - self.position))
        if self.position < skipped or not self.more():
            raise MediaError(f"{self.music.name} is not so long; --start {self._start_s:g} is after its end")
        self.position = 0
        self.music.timeline.origin_s = -self._start_s

    @property
    def notices(self) -> tuple[str, ...]:
        return (self.music.remark,) if self.music.remark else ()

    def finish(self) -> None:
        """End the WAV file, and free the instrument. Idempotent. MediaError if the file cannot be ended."""
        self.music.close()
        try:
            self._wav.close()
        except (OSError, soundfile.LibsndfileError) as error:
            raise self._unkept(error) from error

    def _unkept(self, error: Exception) -> MediaError:
        reason = reason_of(error) if isinstance(error, OSError) else printable(error)
        return MediaError(
            f"the music of the film cannot be kept in {self._wav_path.parent} ({reason}); an hour of it takes 1 GB: "
            "make room there, or name a folder that has it in the environment variable TMPDIR (Windows: TEMP)"
        )

    def _drawn(self, count: int | None) -> Iterator[Samples]:
        at = 0
        while count is None or at < count:
            block = self.music.draw(at, BLOCK if count is None else min(BLOCK, count - at))
            if not len(block):
                return
            try:
                self._wav.write(block)
            except (OSError, soundfile.LibsndfileError) as error:
                with suppress(OSError, soundfile.LibsndfileError):
                    self._wav.close()
                raise self._unkept(error) from error
            at += len(block)
            yield block


def open_film_music(
    name: str, wav: Path, sample_rate: int, start_s: float = 0.0, duration_s: float = inf
) -> MusicTracks:
    """The music of an input's name for a film. MediaError where no length is said of what has no end."""
    if Composition.named(name) is not None and duration_s == inf:
        raise MediaError(f"composed music has no end; say how long the film is to be: {name} --duration 60")
    return MusicTracks(open_music(name, sample_rate, loop=False), wav, start_s, duration_s)
