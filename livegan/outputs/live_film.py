"""Film of a live show: the output that `--record` and `[[outputs]] kind = "film"` make."""

from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from livegan.core.files import check_writable, expanded
from livegan.core.priority import niced
from livegan.core.toml import StrictModel
from livegan.errors import MediaError
from livegan.outputs.encoders import LIVE_THREADS, hardware_encoder
from livegan.outputs.film import Film
from livegan.outputs.formats import even_size, film_format
from livegan.outputs.rate import frame_rate
from livegan.outputs.registry import OUTPUTS, ShowFormat
from livegan.outputs.size_option import Side, size_option
from livegan.outputs.soundtrack import LiveSound


class FilmOptions(StrictModel):
    """Options of the output `film`."""

    path: Path = Field(description="where: NAME.mp4, .mov, .mkv or .webm")
    size: Annotated[tuple[Side, Side] | None, BeforeValidator(size_option)] = Field(
        None, description='width and height [px], "1920x1080"; the window\'s where it is not given'
    )
    quality: float = Field(17, ge=0, le=51, description="the encoder's CRF: lower is better and larger")
    hardware: bool = Field(True, strict=True, description="encode on the graphics card if its encoder passes a trial")
    overwrite: bool = Field(False, strict=True, description="replace an older film of that name")


@OUTPUTS("film")
class LiveFilm(Film):
    """Film of the show with the sound that was heard; frames are placed by their time."""

    Options = FilmOptions

    def __init__(self, options: FilmOptions, show: ShowFormat) -> None:
        path, size = expanded(options.path), even_size(options.size or show.size)
        codec = film_format(path).video
        hardware = hardware_encoder(size, frame_rate(show.fps)) if options.hardware and codec == "libx264" else ""
        begin = partial(
            super().__init__,
            path,
            size,
            show.fps,
            audio=LiveSound(show.sample_rate, show.channels),
            live=True,
            quality=options.quality,
            preset="ultrafast",
            threads=LIVE_THREADS,
            overwrite=options.overwrite,
        )
        try:
            niced(partial(begin, codec=hardware))
        except MediaError:
            if not hardware:
                raise
            niced(begin)

    @classmethod
    def check(cls, options: FilmOptions) -> None:
        path = expanded(options.path)
        film_format(path)
        if path.exists() and not options.overwrite:
            raise MediaError(f"{path} is there already; type --overwrite, or record to another file")
        try:
            check_writable(path)
        except OSError as error:
            raise MediaError(f"cannot write the film '{path}': {error.strerror}; choose another place") from error
