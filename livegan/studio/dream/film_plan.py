"""Plan of a dream film: its song heard, cut into segments, each with its aims; and what decides its pictures."""

import hashlib
from collections.abc import Generator
from dataclasses import asdict, dataclass, fields, replace
from fractions import Fraction

import numpy as np

from livegan.audio.song import Song, read_song
from livegan.config.load import load_venue
from livegan.config.venue import Venue
from livegan.core.text import printable
from livegan.core.types import Pixels, Vector
from livegan.core.version import __version__
from livegan.errors import MediaError
from livegan.mapping.words import understand
from livegan.networks.digest import file_digest, network_digest, value_digest
from livegan.networks.library import find_network
from livegan.networks.minilm import is_installed
from livegan.networks.tag_table import tag_table_path
from livegan.outputs.rate import frame_rate
from livegan.studio.dream.dreamer import DreamProgress
from livegan.studio.dream.film_aims import SOUND_RATE, FilmAims
from livegan.studio.dream.film_clock import FilmClock
from livegan.studio.dream.film_job import FPS, FilmJob
from livegan.studio.dream.labels import is_there
from livegan.studio.dream.lyrics import Lyric, read_lyrics
from livegan.studio.dream.meaning import meaning_of
from livegan.studio.dream.open_dreamer import DreamOptions, chosen_model
from livegan.studio.dream.open_vqgan import model_files
from livegan.studio.dream.prompts import parse_story
from livegan.studio.dream.sections import sections
from livegan.studio.dream.segments import Segment, original_fps, segments
from livegan.studio.dream.song_analysis import SongAnalysis, hear

LISTENING = "listening"
UNSEEN = 8  # steps before the film begins
SAME_FILM = ("output", "overwrite", "command", "workers", "song", "options")  # fields of a job that decide no picture


@dataclass(frozen=True, slots=True, eq=False)
class FilmPlan:
    """All that a film is made of but its pictures."""

    clock: FilmClock
    aims: FilmAims
    fps: Fraction
    venue: Venue  # whose listening heard the song

    @property
    def segments(self) -> tuple[Segment, ...]:
        """As they are dreamt."""
        return tuple(self.aims.segments)


def plan_film(job: FilmJob) -> Generator[DreamProgress, None, FilmPlan]:
    """Read and hear the song; yields progress in percent, and returns the plan. DreamError, MediaError."""
    lyrics = read_lyrics(job.lyrics) if job.lyrics else ()
    song = _song(job)
    venue = load_venue(None)
    listening = hear(song, venue)
    while True:
        try:
            yield DreamProgress(round(100 * next(listening)), 100, text=LISTENING)
        except StopIteration as end:
            heard: SongAnalysis = end.value
            break
    mono = _mono(song)
    meaning = meaning_of(mono)
    found = sections(heard.rows, heard.seconds, meaning.embedding)
    sung = tuple(_on_film(lyrics, job.start_s, heard.seconds))
    cuts = segments(job.segments, heard, found, job.per_second, [lyric.start_s for lyric in sung])
    is_original, unseen = job.segments == "original", 0
    if not is_original:
        cuts, unseen = (replace(cuts[0], iterations=cuts[0].iterations + UNSEEN), *cuts[1:]), UNSEEN
    fps = job.fps or FPS
    if job.fps is None and is_original:
        fps = frame_rate(round(original_fps(sum(each.iterations for each in cuts), heard.seconds), 3))
    shown = tuple(replace(each, iterations=1) for each in cuts) if job.independent else cuts
    clock = FilmClock(shown, heard, float(fps), even=is_original, unseen=0 if job.independent else unseen)
    aims = FilmAims(
        cuts,
        meaning,
        text=job.text,
        lyrics=sung,
        sound=mono,
        sound_weight=job.sound_weight,
        seed=job.options.seed,
    )
    return FilmPlan(clock, aims, fps, venue)


def film_facts(job: FilmJob, plan: FilmPlan, size: tuple[int, int]) -> dict[str, str]:
    """What decides the pictures of a film: name -> value or digest."""
    options = {each.name: getattr(job.options, each.name) for each in fields(job.options)}
    options["model"] = chosen_model(job.options)
    if job.options.init_image is not None:
        options["init_image"] = pixels_digest(job.options.init_image)
    own = {each.name: getattr(job, each.name) for each in fields(job) if each.name not in SAME_FILM}
    files = {name: file_digest(path) for name, path in (("lyrics", job.lyrics), ("towards", job.towards)) if path}
    return {
        "livegan": __version__,
        "song": file_digest(job.song),
        "size": "{}x{}".format(*size),
        "frame rate": str(plan.fps),
        "format": job.output.suffix,
        **{f"option {name}": str(value) for name, value in options.items()},
        **{name.replace("_", " "): str(value) for name, value in own.items()},
        **{f"file of {name}": digest for name, digest in files.items()},
        **model_facts(job.options),
        "listening": value_digest([plan.venue.audio.sample_rate, plan.venue.listening.model_dump(mode="json")]),
        "meaning of tags": file_digest(tag_table_path()),
        "meaning of words": value_digest([asdict(understand(text)) for text in _texts(plan.aims)]),
    }


def model_facts(options: DreamOptions) -> dict[str, str]:
    """What the models of a dream are: name -> digest, or what is installed."""
    model = chosen_model(options)
    facts = {} if model == "vqgan" else {"network": network_digest(find_network(options.network))}
    if model == "embedded":
        return facts | {"classifier and sentences": f"{is_there()} {is_installed()}"}
    return facts | {kind: file_digest(path) for kind, path in model_files(options.vqgan, model).items()}


def pixels_digest(pixels: Pixels) -> str:
    """SHA-256 of a picture."""
    return hashlib.sha256(f"{pixels.shape} {pixels.dtype} ".encode() + pixels.tobytes()).hexdigest()


def _texts(aims: FilmAims) -> list[str]:
    """All words of a film."""
    phrases = parse_story(aims.text).phrases
    return [*(prompt.text for phrase in phrases for prompt in phrase), *(lyric.text for lyric in aims.lyrics)]


def _song(job: FilmJob) -> Song:
    """The part of the song that the film is of."""
    song = read_song(job.song, float("inf") if job.duration_s is None else job.start_s + job.duration_s)
    samples = song.samples[round(job.start_s * song.sample_rate) :]
    if not len(samples):
        raise MediaError(
            f"'{printable(job.song)}' is {song.seconds:.1f} s long; --start {job.start_s:g} is after its end"
        )
    return replace(song, samples=samples)


def _mono(song: Song) -> Vector:
    mono = replace(song, samples=song.samples.mean(axis=1, dtype=np.float32)[:, None])
    return np.ascontiguousarray(mono.at_rate(SOUND_RATE).samples[:, 0])


def _on_film(lyrics: tuple[Lyric, ...], start_s: float, seconds: float) -> Generator[Lyric, None, None]:
    """The lyrics that are sung in the film, on its clock."""
    for lyric in lyrics:
        begin, end = max(0.0, lyric.start_s - start_s), min(seconds, lyric.end_s - start_s)
        if end > begin:
            yield Lyric(begin, end, lyric.text)
