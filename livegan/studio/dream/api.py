"""Python API of dreams: `picture` and `film`, generators of progress, with MetaMusic's names for their parameters.

>>> from livegan import dream
>>> for progress in dream.picture(text="slow violet smoke over black"):
...     print(progress.done, "of", progress.total)
"""

import functools
import inspect
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

from livegan.core.registry import unknown
from livegan.errors import DreamError
from livegan.outputs.rate import frame_rate
from livegan.studio.dream.dreamer import DreamProgress
from livegan.studio.dream.film import film as film_of
from livegan.studio.dream.film_job import FilmJob
from livegan.studio.dream.open_dreamer import DreamOptions, still_network
from livegan.studio.dream.picture import EVERY, ITERATIONS, PictureJob, read_pixels
from livegan.studio.dream.picture import picture as picture_of
from livegan.studio.dream.vqgan_options import VqganOptions

__all__ = ["DreamProgress", "film", "picture"]

Progress = Generator[DreamProgress, None, None]
PATH = str | Path
VQGAN = VqganOptions()
VQGAN_NAMES = (
    "init_noise",
    "clip_model",
    "vqgan_config",
    "vqgan_checkpoint",
    "cut_method",
    "num_cuts",
    "cut_power",
    "optimiser",
)
NOT_NEEDED = {
    "audio_sampling_freq": "songs are read at the rate that the model hears",
    "workplace": "there is no folder for work in progress",
    "toclean": "nothing of yours is ever removed",
}
Made = TypeVar("Made", bound=Callable[..., Progress])


def named(function: Made) -> Made:
    """A wrong parameter is a DreamError that offers the nearest right one."""
    names = list(inspect.signature(function).parameters)

    @functools.wraps(function)
    def checked(*arguments: Any, **parameters: Any) -> Progress:
        for name in parameters:
            if name in NOT_NEEDED:
                raise DreamError(f"{name}: {NOT_NEEDED[name]}; leave it out")
            if name not in names:
                raise DreamError(unknown(f"parameter of dream.{function.__name__}", name, names))
        return function(*arguments, **parameters)

    return cast("Made", checked)


@named
def picture(
    filemusic: PATH | None = None,
    n_iteration: int = ITERATIONS,
    display_freq: int = EVERY,
    size: Sequence[int] | None = None,
    calc_device: str = "auto",
    init_image: PATH | None = None,
    init_noise: str = "",
    clip_model: str = VQGAN.clip_model,
    vqgan_config: str = "",
    vqgan_checkpoint: str = "",
    learningrate: float | None = None,
    cut_method: str = VQGAN.cut_method,
    num_cuts: int = VQGAN.num_cuts,
    cut_power: float = VQGAN.cut_power,
    seed: int | None = None,
    optimiser: str = VQGAN.optimiser,
    display_picname: PATH | None = None,
    augments: Sequence[str] = (),
    transrate: float | None = None,
    transimg: PATH | None = None,
    *,
    text: str = "",
    network: str = "",
    model: str = "auto",
    overwrite: bool = False,
) -> Progress:
    """Make a picture of a song, of words, or of both; the last progress has its path.

    The names of MetaMusic's api_picture.generate, and four more: `text`, `network`, `model` ("embedded", "clip",
    "vqgan") and `overwrite`. `display_picname` is the file, a .png; without one it is called as the song or the words.
    """
    options = _options(
        network or still_network(model), model, size, seed, learningrate, init_image, calc_device, _vqgan(locals())
    )
    return picture_of(
        PictureJob(
            None if filemusic is None else Path(filemusic),
            text,
            None if display_picname is None else Path(display_picname),
            options,
            n_iteration,
            display_freq,
            None if transimg is None else Path(transimg),
            _rate(transimg, transrate),
            overwrite,
        )
    )


@named
def film(
    filemusic: PATH,
    video_output: PATH = "output.mp4",
    iterations_per_second: float | None = None,
    output_video_fps: float = 0,
    size: Sequence[int] | None = None,
    calc_device: str = "auto",
    init_image: PATH | None = None,
    init_noise: str = "",
    clip_model: str = VQGAN.clip_model,
    vqgan_config: str = "",
    vqgan_checkpoint: str = "",
    learningrate: float | None = None,
    cut_method: str = VQGAN.cut_method,
    num_cuts: int = VQGAN.num_cuts,
    cut_power: float = VQGAN.cut_power,
    seed: int | None = None,
    optimiser: str = VQGAN.optimiser,
    augments: Sequence[str] = (),
    transrate: float | None = None,
    transimg: PATH | None = None,
    *,
    text: str = "",
    lyrics: PATH | None = None,
    segments: str = "sections",
    network: str = "house-256",
    model: str = "auto",
    audio: str = "aac",
    overwrite: bool = False,
) -> Progress:
    """Make a film of a song; the last progress has its path. Closed early, what there is stays a film that plays.

    The names of MetaMusic's api_video.generate, and more: `text`, `lyrics` (LRC, SRT, CSV), `segments` ("original":
    MetaMusic's own), `network`, `model`, `audio` ("aac", or "original": as in the song) and `overwrite`.
    `output_video_fps` 0 is the usual rate.
    """
    options = _options(network, model, size, seed, learningrate, init_image, calc_device, _vqgan(locals()))
    return film_of(
        FilmJob(
            Path(filemusic),
            Path(video_output),
            text,
            None if lyrics is None else Path(lyrics),
            options,
            frame_rate(str(output_video_fps)) if output_video_fps else None,
            iterations_per_second,
            segments,
            towards=None if transimg is None else Path(transimg),
            transfer_rate=_rate(transimg, transrate),
            audio=audio,
            overwrite=overwrite,
        )
    )


def _rate(transimg: PATH | None, transrate: float | None) -> float:
    """The transfer rate: 1 where none is given. DreamError for an image at the rate 0, which would not count."""
    if transimg is not None and transrate == 0:
        raise DreamError("with transrate=0 transimg does not count; give transrate=1, or leave transimg out")
    return 1.0 if transrate is None else transrate


def _vqgan(given: dict[str, Any]) -> VqganOptions:
    """VQGAN-CLIP's options among the parameters; its augments, unless others are named."""
    options = replace(VQGAN, **{name: given[name] for name in VQGAN_NAMES})
    return replace(options, augments=tuple(given["augments"])) if given["augments"] else options


def _options(
    network: str,
    model: str,
    size: Sequence[int] | None,
    seed: int | None,
    learningrate: float | None,
    init_image: PATH | None,
    calc_device: str,
    vqgan: VqganOptions,
) -> DreamOptions:
    if size is not None and (len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size)):
        raise DreamError(f"size={list(size)} is not width and height in pixels; give for example size=[1280, 720]")
    return DreamOptions(
        model,
        network,
        None if size is None else (size[0], size[1]),
        seed or 0,
        learningrate,
        None if init_image is None else read_pixels(Path(init_image)),
        calc_device,
        vqgan,
    )
