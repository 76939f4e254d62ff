"""Job of a dream film: a song to be dreamt, and how."""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isfinite
from pathlib import Path

from livegan.core.files import check_outputs
from livegan.core.media import check_song_path
from livegan.core.registry import unknown
from livegan.errors import DreamError
from livegan.networks.library import find_network
from livegan.outputs.formats import even_size, film_format
from livegan.outputs.images import image_pattern
from livegan.outputs.soundtrack import check_quality
from livegan.studio.distributed.pools import HERE, WorkerOptions
from livegan.studio.dream.dreamer import Feedback
from livegan.studio.dream.open_dreamer import MODELS, DreamOptions, chosen_model
from livegan.studio.dream.segments import RULES
from livegan.studio.film_job import RenderJob
from livegan.studio.film_parts import is_left_by
from livegan.studio.film_recording import encoder_of, is_there

FPS = Fraction(30)
ITERATIONS_PER_SECOND = {"embedded": 8.0}  # of a model; others take METAMUSIC's
RATE = 0.1  # learning rate of "embedded": a film travels farther in a segment than a picture
SCREEN_PX = 384  # height of a film of a smaller network, where no size is asked for: most of its time is drawing
METAMUSIC = 30.0
MOST_PER_SECOND = 240.0
MOST_WEIGHT = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class FilmJob:
    """A dream film to be made."""

    song: Path
    output: Path = Path("dream.mp4")
    text: str = ""  # prompts that are dreamt all along: "words:weight:stop | words ^ the next phrase"
    lyrics: Path | None = None  # LRC, SRT or CSV
    options: DreamOptions = field(default_factory=DreamOptions)
    fps: Fraction | None = None  # None: FPS; with the rule "original" MetaMusic's
    iterations_per_second: float | None = None  # None: by the model
    segments: str = "sections"  # one of `segments.RULES`
    start_s: float = 0.0  # where in the song the film begins
    duration_s: float | None = None
    sound_weight: float | None = None  # None: 1, and less beside words
    towards: Path | None = None  # image transfer
    transfer_rate: float = 1.0
    feedback: Feedback = field(default_factory=Feedback)  # of the picture into itself, at each step
    pulse: float = 1.0  # how much the music moves the picture: 0 not at all
    independent: bool = False  # each segment is dreamt from the beginning, and the film travels between them
    workers: WorkerOptions = HERE
    audio: str = "aac"  # or "original"; telephones do not play FLAC
    overwrite: bool = False
    command: str = ""  # what was typed, for people

    @property
    def per_second(self) -> float:
        """Optimisation steps a second."""
        if self.iterations_per_second is not None:
            return self.iterations_per_second
        if self.segments == "original":
            return METAMUSIC
        return ITERATIONS_PER_SECOND.get(chosen_model(self.options), METAMUSIC)

    def dream_options(self) -> DreamOptions:
        """Options of the dreamer, with what is usual for films where nothing was asked for. NetworkError."""
        options = self.options
        if chosen_model(options) != "embedded":
            return options
        size = options.size
        if size is None:
            height, width = find_network(options.network).resolution
            scale = max(1.0, SCREEN_PX / height)
            size = even_size((round(width * scale), round(height * scale)))
        return replace(options, size=size, learning_rate=options.learning_rate or RATE)


def recording_job(job: FilmJob, fps: Fraction, size: tuple[int, int]) -> RenderJob:
    """The job of recording the film."""
    return RenderJob(
        job.song,
        job.output,
        fps=fps,
        size=size,
        start_s=job.start_s,
        duration_s=job.duration_s,
        overwrite=job.overwrite,
        command=job.command,
    )


def check_film_job(job: FilmJob) -> None:
    """DreamError or MediaError, before the song is read, for what cannot be made."""
    if job.segments not in RULES:
        raise DreamError(unknown("rule for segments", job.segments, RULES))
    if job.options.model not in MODELS:
        raise DreamError(unknown("model", job.options.model, MODELS))
    if not 0 <= job.per_second <= MOST_PER_SECOND or (job.per_second == 0 and job.segments != "beats"):
        raise DreamError(
            f"{job.per_second:g} steps a second: give up to {MOST_PER_SECOND:g}, for example: --iterations-per-second 8"
        )
    for option, value, most in (
        ("--pulse", job.pulse, 2.0),
        ("--transfer-rate", job.transfer_rate, MOST_WEIGHT),
        ("--sound-weight", job.sound_weight or 0.0, MOST_WEIGHT),
    ):
        if not 0 <= value <= most:
            raise DreamError(f"{option} {value:g} is not within 0..{most:g}; type for example: {option} 1")
    check_quality(job.audio)
    feedback = job.feedback
    if not 0.5 <= feedback.zoom <= 2 or not all(map(isfinite, (*feedback.shift, feedback.turn))):
        raise DreamError(f"--zoom {feedback.zoom:g} is not within 0.5..2; type for example: --zoom 1.01")
    if job.independent and feedback != Feedback():
        raise DreamError("segments that are dreamt alone have no zoom, shift or turn; leave --independent out")
    pattern = image_pattern(job.output)
    if pattern is None and job.output.suffix.lower() != ".gif":
        film_format(job.output)
    encoder_of(recording_job(job, FPS, (64, 64)))
    inputs = [path for path in (job.song, job.lyrics, job.towards) if path is not None]
    check_song_path(job.song)
    check_outputs({"-o": job.output}, inputs, in_new_folders=["-o"])
    left = any(is_left_by(folder, job.output) for folder in job.output.parent.glob("*.parts-*"))
    if job.output.exists() and not job.overwrite and not left:
        raise is_there(job.output)
