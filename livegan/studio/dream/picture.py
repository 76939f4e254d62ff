"""Dream picture: one picture of what a song or words mean, as a generator of progress."""

import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from livegan.core.files import check_outputs
from livegan.core.images import write_png
from livegan.core.media import check_song_path
from livegan.core.types import Pixels
from livegan.datasets.sources import read_picture
from livegan.errors import DatasetError, DreamError, MediaError
from livegan.studio.dream.aims import aims_of, not_understood, prompt_text
from livegan.studio.dream.dreamer import Dreamer, DreamProgress
from livegan.studio.dream.open_dreamer import DreamOptions, choose_model, open_dreamer
from livegan.studio.dream.style_dreamer import StyleDreamer

ITERATIONS, EVERY = 80, 20  # as MetaMusic's
MOST_ITERATIONS = 100_000
OUTPUT = "-o"


@dataclass(frozen=True, slots=True, eq=False)
class PictureJob:
    """What `picture` makes: of a song, of words, or of both."""

    song: Path | None = None
    text: str = ""  # prompts "words:weight:stop|more words"
    output: Path | None = None  # None: `default_output`
    options: DreamOptions = field(default_factory=DreamOptions)
    iterations: int = ITERATIONS
    every: int = EVERY  # steps from one check-in picture to the next; 0: none
    towards: Path | None = None  # image transfer
    transfer_rate: float = 1.0
    overwrite: bool = False


def picture(job: PictureJob) -> Generator[DreamProgress, None, None]:
    """Make a picture; the last progress has its path. Closed early, the newest picture is written.

    DreamError, MediaError or NetworkError, before the first step, for what cannot be made.
    """
    output = job.output or default_output(job)
    _check(job, output)
    towards = None if job.towards is None else read_pixels(job.towards)
    options, hears, text = choose_model(job.options, words=bool(job.text.strip()), song=job.song is not None)
    aims = aims_of(job.text, job.song if hears else None)
    dreamer = open_dreamer(options)
    if isinstance(dreamer, StyleDreamer):
        understood, said = dreamer.read(aims)
        text = " ".join(part for part in (text, said) if part)
        if not understood:
            raise not_understood(aims)
    yield DreamProgress(0, job.iterations, text=text)
    if towards is not None:
        dreamer.towards(towards, job.transfer_rate)
    dreamer.aim(aims)
    written = -1
    done = 0
    began_s = time.monotonic()
    try:
        while done < job.iterations:
            shown = _checked_in(job, dreamer, output) if job.every and done % job.every == 0 else None
            written = done if shown is not None else written
            left_s = (time.monotonic() - began_s) / done * (job.iterations - done) if done else None
            yield DreamProgress(done, job.iterations, left_s, "dreaming", shown)
            dreamer.step()
            done += 1
    finally:  # closed, interrupted or failed: what there is by then is kept
        last = None if written == done else _checked_in(job, dreamer, output)
    yield DreamProgress(job.iterations, job.iterations, 0.0, "done", last, output)


def default_output(job: PictureJob) -> Path:
    """NAME.png in this folder, after the song or the words."""
    if job.song is not None:
        return Path(f"{job.song.stem}.png")
    words = "".join(letter if letter.isalnum() else "-" for letter in prompt_text(job.text).lower())
    name = "-".join(part for part in words.split("-") if part)[:60].rstrip("-")
    return Path(f"{name or 'dream'}.png")


def read_pixels(path: Path) -> Pixels:
    """A picture of the player's, uint8 (h, w, 3); MediaError if it is none."""
    try:
        return np.asarray(read_picture(path))
    except DatasetError as error:
        raise MediaError(f"{path} cannot be used: {error}") from error


def _check(job: PictureJob, output: Path) -> None:
    if job.song is None and not job.text.strip():
        raise DreamError(
            "give a song or words; type for example: livegan dream picture --text 'violet smoke over black'"
        )
    if not 1 <= job.iterations <= MOST_ITERATIONS:
        raise DreamError(
            f"{job.iterations} iterations: give 1..{MOST_ITERATIONS}, for example --iterations {ITERATIONS}"
        )
    if output.suffix.lower() != ".png":
        raise DreamError(
            f"{output} is no PNG; give a name that ends in .png, for example: -o {output.stem or 'dream'}.png"
        )
    if job.song is not None:
        check_song_path(job.song)
    if output.exists() and not output.is_dir() and not job.overwrite:
        raise MediaError(f"{output} is there already; type --overwrite, or give another name with -o")
    inputs = [path for path in (job.song, job.towards) if path is not None]
    check_outputs({OUTPUT: output}, inputs)


def _checked_in(job: PictureJob, dreamer: Dreamer, output: Path) -> Pixels:
    """Write the newest picture, with what it is of and how to make it again."""
    pixels = dreamer.picture()
    options = job.options
    made = f"livegan dream picture, network {options.network}, seed {options.seed}, {job.iterations} iterations"
    facts = {"prompt": job.text, "song": "" if job.song is None else job.song.name, "comment": made}
    write_png(output, pixels, OUTPUT, {key: value for key, value in facts.items() if value})
    return pixels
