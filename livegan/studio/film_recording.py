"""Recording of a render: frames into segments and image files, segments into a film."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from livegan.core.progress import progress_bar
from livegan.core.types import Frame
from livegan.effects.memory import Memory
from livegan.errors import LiveganError, MediaError
from livegan.outputs.film import Film
from livegan.outputs.formats import CODECS, codec_named
from livegan.outputs.images import ImageSequence, image_name, image_pattern, write_gif
from livegan.outputs.join import join, named, segment_ending
from livegan.outputs.soundtrack import AudioTrack
from livegan.studio.film_job import RenderJob
from livegan.studio.film_parts import FilmParts, changed_facts, digest_of, other_parts

SEGMENT_S = 4.0
MANY = 10  # segments whose joining takes a while


def frames_each(fps: Fraction) -> int:
    """Frames of a segment."""
    return max(1, round(SEGMENT_S * fps))


class Recording:
    """Recording of one render, in `parts`. `send` and `end_segment` may be called on a thread of their own."""

    def __init__(self, job: RenderJob, parts: FilmParts) -> None:
        self.job, self.parts = job, parts
        self.each = frames_each(job.fps)
        self.frames = parts.whole * self.each  # recorded
        self._pattern = image_pattern(job.output)
        self._film: Film | None = None
        self._failed = False
        self._images = [
            ImageSequence(pattern, job.size, transparent=job.transparent, first=self.frames)
            for pattern in (self._pattern, job.frames_pattern)
            if pattern is not None
        ]

    @staticmethod
    def ending(job: RenderJob) -> str:
        """Ending of the segments' files; "" where there are none, of an image sequence."""
        return "" if image_pattern(job.output) else segment_ending(encoder_of(job)[0])

    def send(self, frame: Frame) -> None:
        """Record one frame; MediaError if the disk is full, say: then nothing after it is recorded either."""
        if self._failed:
            return
        self._failed = True
        self._record(frame)
        self._failed = False

    def _record(self, frame: Frame) -> None:
        if self._pattern is None and self._film is None:
            self.parts.check()
            encoder, quality = encoder_of(self.job)
            self._film = Film(
                self.parts.partial,
                self.job.size,
                self.job.fps,
                codec=encoder,
                quality=quality,
                overwrite=True,
                transparent=self.job.transparent,
            )
        for sink in (self._film, *self._images):
            if sink is not None:
                sink.send(frame)
        self.frames += 1

    def end_segment(self, memory: Memory) -> None:
        """The segment is whole; `memory` is what the performer remembers now."""
        if self._failed:
            return
        self._failed = True
        self._close_film()
        for images in self._images:
            images.wait_for_disk()
        self.parts.keep(memory)
        self._failed = False

    def _close_film(self) -> None:
        film, self._film = self._film, None
        if film is not None:
            film.close()

    def finish(self, audio: AudioTrack | None, *, stopped: bool) -> tuple[Path, str]:
        """Make the film of what was recorded: its path, and a notice. MediaError if that cannot be; the parts stay."""
        self._close_film()
        path, notice = self.job.output, ""
        if self.frames and self._pattern is None:
            path, notice = self._joined(audio)
        if not stopped or not self.frames or not self.job.resumes:
            self.parts.remove()
        else:
            self.parts.partial.unlink(missing_ok=True)
            self.parts.note_film(path)
            self.parts.close()
        return path, notice

    def _joined(self, audio: AudioTrack | None) -> tuple[Path, str]:
        job, segments = self.job, self.parts.segments(self.each)
        target = self.parts.folder / f"film{job.output.suffix}"
        if job.output.suffix.lower() == ".gif":
            write_gif([segment.path for segment in segments], target, job.fps)
        elif len(segments) < MANY:
            join(segments, target, job.fps, audio)
        else:
            with progress_bar(f"{job.output.name}, with its sound", self.frames, "frames") as report_progress:
                join(segments, target, job.fps, audio, report_progress)
        try:
            return named(target, job.output, job.overwrite or self.parts.is_own(job.output))
        except OSError as error:
            raise MediaError(f"cannot write '{job.output}': {error}; the film is '{target}'") from error

    def abandon(self, *, worth_keeping: bool = False) -> None:
        """Give up after an error: what is whole stays; `worth_keeping`: the folder also where no segment is whole."""
        with suppress(MediaError):
            self._close_film()
        with suppress(OSError):
            self.parts.partial.unlink(missing_ok=True)
        if (self.parts.whole or worth_keeping) and self.job.resumes:
            self.parts.close()
        else:
            self.parts.remove()

    def missing_images(self) -> bool:
        """Whether image files of whole segments are gone."""
        return any(
            not image_name(sink.pattern, number).is_file() for sink in self._images for number in range(self.frames)
        )


def encoder_of(job: RenderJob) -> tuple[str, float]:
    """Encoder and CRF of a job's film; a GIF is made of what loses nothing."""
    if job.output.suffix.lower() == ".gif" and not job.transparent:
        return CODECS["ffv1"].encoder, 0.0
    codec = codec_named(job.codec, job.output, job.transparent)
    if job.quality is not None and codec.quality is None:
        raise MediaError(f"{job.codec} has no --quality; leave it out")
    return codec.encoder, codec.quality or 0.0 if job.quality is None else job.quality


def begin_recording(job: RenderJob, facts: Mapping[str, str], echo: Callable[[str], None]) -> Recording:
    """The recording of a job, begun or where it was stopped."""
    digest = digest_of(facts)
    others = other_parts(job.output, digest)
    parts = FilmParts(job.output, facts, job.command, Recording.ending(job))
    recording = Recording(job, parts)
    if parts.whole and recording.missing_images():
        parts.whole = 0
        recording = Recording(job, parts)
        echo("Some of the image files are gone: it begins anew.")
    images = [image_name(each, 0) for each in (image_pattern(job.output), job.frames_pattern) if each is not None]
    there = next((path for path in images if parts.fresh and path.exists()), None)
    if there is not None and not job.overwrite:
        recording.abandon()
        raise is_there(there)
    if job.output.exists() and not (job.overwrite or parts.is_own(job.output)):
        recording.abandon()
        raise is_there(job.output)
    if parts.whole:
        echo(f"Going on at {_moment(recording.frames / job.fps)} with what is in {parts.folder}.")
    elif others:
        changed = ", ".join(changed_facts(others[-1], facts)) or "something"
        echo(f"It begins anew: {changed} changed since {others[-1]} was begun, which you may remove.")
    return recording


def _moment(seconds: Fraction) -> str:
    return f"{int(seconds) // 60}:{float(seconds % 60):04.1f}"


def to_go_on(error: LiveganError, recording: Recording) -> LiveganError:
    """The error, and where what is done lies."""
    if not recording.parts.folder.is_dir():
        return error
    return type(error)(f"{error}. What is rendered stays in {recording.parts.folder}: type the same command to go on")


def is_there(path: Path) -> MediaError:
    """The error where a film is that was not asked to be replaced."""
    return MediaError(f"{path} is there already; type --overwrite, or give another name with -o")
