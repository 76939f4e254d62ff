"""Offline rendering of a film: the performer of a show on a counting clock; no frame is dropped or late."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from math import ceil, inf
from pathlib import Path

from livegan.audio.song import SongStream, open_song
from livegan.config.venue import Venue
from livegan.core.clock import ManualClock
from livegan.core.files import check_outputs
from livegan.core.progress import progress_bar
from livegan.core.rings import Reader
from livegan.core.signals import end_at_once
from livegan.core.types import Frame
from livegan.effects.custom import Function
from livegan.engine.assemble import assemble
from livegan.engine.bind import Setlist, listen, setlist
from livegan.engine.camera import camera_remark
from livegan.engine.guard import StrictGuard
from livegan.engine.performer import Performer
from livegan.errors import MediaError, NetworkError
from livegan.features.listening import MIN_SAMPLE_RATE, Listening
from livegan.outputs.film import Film
from livegan.outputs.formats import film_format, odd_size_text
from livegan.outputs.sound import check_channels
from livegan.outputs.soundtrack import AudioTrack

FRAMES_WAITING = 2  # drawn and not encoded yet
AUDIO_QUALITIES = ("original", "aac")


@dataclass(frozen=True, slots=True)
class RenderJob:
    """A film to be made of a song."""

    song: Path
    output: Path
    scene: str = ""
    fps: Fraction = Fraction(60)
    size: tuple[int, int] = (1024, 576)  # width, height [px]
    audio: str = "original"
    duration_s: float | None = None
    overwrite: bool = False  # replace an older film of that name
    set: str = ""  # setlist to play, which advances by itself; "": one scene
    scenes: Setlist | None = None  # made by a program, played in place of `scene` and `set`
    functions: Mapping[str, Function] = field(
        default_factory=dict
    )  # custom effects of a program, by their names in the venue


@dataclass(frozen=True, slots=True)
class RenderResult:
    """The film that was made."""

    path: Path  # another than the job's if a second program has taken that name meanwhile
    frames: int
    seconds: float
    stopped: bool  # by Ctrl-C, before the end


def frames(
    performer: Performer, listening: Listening, clock: ManualClock, song: SongStream, fps: Fraction
) -> Iterator[Frame]:
    """Every frame of a song: frame k shows what was heard up to k / fps seconds, and nothing later."""
    reader = Reader(listening.ring)
    for index in count():
        time_s = float(index / fps)
        clock.wait_until(time_s)
        end = int(index / fps * song.sample_rate)
        listening.process(song.read(end - song.position), end / song.sample_rate)
        batch = reader.read()
        yield performer.step(index, time_s, float(1 / fps), batch.frame if batch else None, ())
        next_end = int((index + 1) / fps * song.sample_rate)
        if not song.more(next_end + 1 - song.position):  # nothing sounds after this frame
            return


def open_audible(path: Path, sample_rate: int, limit_s: float) -> SongStream:
    """Open a song at its own sample rate, or at `sample_rate` where its own is too low to be analysed."""
    song = open_song(path, limit_s=limit_s)
    return song if song.sample_rate >= MIN_SAMPLE_RATE else open_song(path, sample_rate, limit_s)


def expected_frames(song: SongStream, fps: Fraction) -> int:
    """How many frames the film will have if the song is as long as its header says."""
    return max(1, ceil((song.expected_s or 0.0) * fps))


def render_film(job: RenderJob, venue: Venue, echo: Callable[[str], None] = lambda line: None) -> RenderResult:
    """Render a film with a progress bar; Ctrl-C closes it early and leaves it playable. `echo` gets remarks."""
    check_job(job)
    with end_at_once():  # there is nothing to keep yet
        until_s = inf if job.duration_s is None else job.duration_s
        song = open_audible(job.song, venue.audio.sample_rate, until_s)
        check_channels(song.channels)
        clock = ManualClock()
        scenes = job.scenes or (
            setlist(venue, job.scene, job.set) if job.set else setlist(venue, job.scene).only_start()
        )
        if remark := camera_remark(scenes.all_scenes, venue.camera.device):
            echo(remark)
        listening = listen(venue, song.sample_rate, song.channels, scenes.all_scenes)
        guard = StrictGuard(clock.now)
        session = assemble(scenes, venue, listening, clock, guard, synchronous=True, functions=job.functions)
        session.performer.poll()  # network errors are reported before the film is begun
        if remark := odd_size_text(job.size):
            echo(remark)
    sound = AudioTrack(job.song, quality=job.audio, until_s=until_s)
    output = Film(job.output, job.size, job.fps, audio=sound, overwrite=job.overwrite)
    made, stopped = 0, False
    try:
        with (
            ThreadPoolExecutor(1, "livegan-film") as writer,  # encodes while the next frame is drawn
            progress_bar(job.output.name, expected_frames(song, job.fps), "frames") as report_progress,
        ):
            waiting: deque[Future[None]] = deque()
            for frame in frames(session.performer, listening, clock, song, job.fps):
                waiting.append(writer.submit(output.send, frame))
                made += 1
                if len(waiting) > FRAMES_WAITING:
                    waiting.popleft().result()
                report_progress(made)
            for sent in waiting:
                sent.result()
    except KeyboardInterrupt:
        stopped = True
    except RuntimeError as error:
        stage = "".join(f"{note}: " for note in getattr(error, "__notes__", ())[:1])
        reason = stage + (str(error).splitlines() or [type(error).__name__])[0]
        raise NetworkError(f"frame {made} cannot be drawn: {reason}; {job.output} ends there") from error
    finally:
        output.close()
    for notice in (*song.notices, output.notice):
        if notice:
            echo(notice)
    return RenderResult(output.path, made, float(made / job.fps), stopped)


def check_job(job: RenderJob) -> None:
    """MediaError, before the song is read, for what cannot be made."""
    if job.audio not in AUDIO_QUALITIES:
        qualities = ", ".join(AUDIO_QUALITIES)
        raise MediaError(f"--audio {job.audio!r} is not one of {qualities}; type for example: --audio aac")
    film_format(job.output)
    check_outputs({"-o": job.output}, [job.song], in_new_folders=["-o"])
    if job.output.exists() and not job.overwrite:
        raise MediaError(f"{job.output} is there already; type --overwrite, or give another name with -o")
