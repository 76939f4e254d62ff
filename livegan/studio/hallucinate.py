"""Python interface of lucid-sonic-dreams: songs into films, by livegan's own render (docs/lucid-sonic-dreams.md).

>>> from livegan import LucidSonicDream                                             # doctest: +SKIP
>>> dream = LucidSonicDream("song.mp3", style="house-256")                          # doctest: +SKIP
>>> dream.hallucinate("song.mp4", resolution=512, duration=30, pulse_react=0.8)     # doctest: +SKIP
"""

import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from livegan.config.load import load_venue
from livegan.core.registry import unknown
from livegan.effects.custom import Function
from livegan.engine.bind import Setlist
from livegan.errors import LiveganError, MediaError, NetworkError
from livegan.networks.catalogue import load_catalogue, slug
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_network, list_networks
from livegan.networks.models import MODELS
from livegan.outputs.formats import FILM_FORMATS
from livegan.outputs.rate import frame_rate
from livegan.studio.film_job import RenderJob
from livegan.studio.lucid_scene import PATH, EffectsGenerator, dream
from livegan.studio.render import render_film

__all__ = ["EffectsGenerator", "LucidSonicDream", "hallucinate", "show_styles"]

HOP = 512  # samples at 48 kHz from one analysis to the next: two to a picture, twice as many as there
SMALLEST_PX, LARGEST_PX = 16, 8192  # of `resolution`


class LucidSonicDream:
    """A song and a network, from which `hallucinate` makes films."""

    def __init__(
        self,
        song: PATH,
        pulse_audio: PATH | None = None,
        motion_audio: PATH | None = None,
        class_audio: PATH | None = None,
        contrast_audio: PATH | None = None,
        flash_audio: PATH | None = None,
        style: str | Path | Function = "house-256",
        input_shape: int | None = None,
        num_possible_classes: int | None = None,
    ) -> None:
        """`style`: a network's name or file, or a function of noise_batch and class_batch that returns pictures.

        For a function `input_shape` and `num_possible_classes` say how many numbers it takes. The `..._audio` are
        files of sound that drive one axis alone. LiveganError, one sentence, for what is not there.
        """
        self.song = Path(song)
        named = {
            "pulse_audio": pulse_audio,
            "motion_audio": motion_audio,
            "class_audio": class_audio,
            "contrast_audio": contrast_audio,
            "flash_audio": flash_audio,
        }
        for name, path in {"song": song, **named}.items():
            if path is not None and not Path(path).is_file():
                raise MediaError(f"{name}={str(path)!r}: there is no such file; give a song: wav, flac, mp3 ...")
        self.audio = named
        self.network = _network(style, input_shape, num_possible_classes)

    def hallucinate(
        self,
        file_name: PATH,
        output_audio: PATH | None = None,
        fps: float | str = 43,
        resolution: int | None = None,
        start: float = 0,
        duration: float | None = None,
        save_frames: bool = False,
        batch_size: int = 1,
        speed_fpm: float = 12,
        pulse_percussive: bool = True,
        pulse_harmonic: bool = False,
        pulse_react: float = 0.5,
        motion_percussive: bool = False,
        motion_harmonic: bool = True,
        motion_react: float = 0.5,
        motion_randomness: float = 0.5,
        truncation: float = 1,
        classes: Sequence[int] | None = None,
        dominant_classes_first: bool = False,
        class_pitch_react: float = 0.5,
        class_smooth_seconds: float = 1,
        class_complexity: float = 1,
        class_shuffle_seconds: float | Sequence[float] | None = None,
        class_shuffle_strength: float = 0.5,
        contrast_strength: float | None = None,
        contrast_percussive: bool | None = None,
        flash_strength: float | None = None,
        flash_percussive: bool | None = None,
        custom_effects: Sequence[EffectsGenerator] | None = None,
        truncation_psi: float = 1.0,
        *,
        seed: int = 0,
        device: str = "",
        overwrite: bool = True,
    ) -> Path:
        """Render the film; returns its path. A progress bar runs; Ctrl-C leaves what there is of it, playable.

        The names and defaults of lucid-sonic-dreams, and three more: `seed`, the same of which gives the same film,
        `device` as in `livegan render`, and `overwrite=False`, which spares an older film. LiveganError, with the
        argument and what to give instead, for what cannot be rendered.
        """
        arguments = {name: value for name, value in locals().items() if name != "self"}
        _check(arguments)
        dreamed = dream(self.song, self.network, self.audio, arguments, custom_effects or (), seed)
        venue = load_venue()
        picture = venue.picture.model_copy(update={"device": device or venue.picture.device})
        size = _size(self.network, resolution)
        window = venue.window.model_copy(update={"size": size})
        listening = venue.listening.model_copy(update={"hop": HOP})
        tables = {"effects": dreamed.effects, "picture": picture, "window": window, "listening": listening}
        film = _film(file_name)
        job = RenderJob(
            self.song,
            film,
            fps=frame_rate(fps),
            size=size,
            start_s=float(start),
            duration_s=duration,
            overwrite=overwrite,
            scenes=Setlist((dreamed.scene,)),
            functions=dreamed.functions,
            stems=dreamed.tracks,
            sound=None if output_audio is None else Path(output_audio),
            frames_folder=film.with_name(f"{film.stem}_frames") if save_frames else None,
        )
        return render_film(job, venue.model_copy(update=tables), _say).path


def hallucinate(song: PATH, file_name: PATH, **parameters: Any) -> Path:
    """`LucidSonicDream(song, ...).hallucinate(file_name, ...)` in one: the parameters of both, by name."""
    own = list(inspect.signature(LucidSonicDream.__init__).parameters)[2:]
    others = list(inspect.signature(LucidSonicDream.hallucinate).parameters)[2:]
    for name in parameters:
        if name not in (*own, *others):
            raise LiveganError(unknown("parameter of hallucinate", name, [*own, *others]))
    first = {name: parameters.pop(name) for name in own if name in parameters}
    return LucidSonicDream(song, **first).hallucinate(file_name, **parameters)


def show_styles() -> None:
    """Print the networks that are here, and those of the catalogue, each with the command that adds it."""
    here = [info.name for info in list_networks() if info.kind not in MODELS]
    lines = here + [
        f"{entry.key}    (livegan networks add {entry.key})"
        for entry in load_catalogue().networks
        if entry.key not in here and entry.kind not in MODELS
    ]
    print("\n".join(lines))


def _network(style: str | Path | Function, input_shape: int | None, num_possible_classes: int | None) -> NetworkInfo:
    """The network that `style` names, or the function that it is."""
    if callable(style):
        if input_shape is None or num_possible_classes is None:
            raise NetworkError(
                "style is a function: say how many numbers it takes, for example "
                "input_shape=128, num_possible_classes=1000 (0: no classes)"
            )
        from livegan.rendering.custom import function_info  # late: torch

        return function_info(style, input_shape, num_possible_classes)
    info = _named(str(style))
    for name, given, real in (
        ("input_shape", input_shape, info.z_dim),
        ("num_possible_classes", num_possible_classes, info.c_dim),
    ):
        if given not in (None, real):
            raise NetworkError(f"{name}={given!r}: {info.name} takes {real}; leave {name} out")
    return info


def _named(style: str) -> NetworkInfo:
    """A network by name, in any spelling of capitals and hyphens, or by file."""
    here = {slug(info.name): info.name for info in list_networks()}
    try:
        return find_network(style if Path(style).suffix else here.get(slug(style), style))
    except NetworkError as error:
        entry = load_catalogue().find(style)
        if entry is None:
            raise
        raise NetworkError(f"style={style!r} is not here yet; type: livegan networks add {entry.key}") from error


def _check(arguments: dict[str, Any]) -> None:
    """LiveganError for arguments that concern the film and cannot be meant."""
    batch_size, start, duration = arguments["batch_size"], arguments["start"], arguments["duration"]
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise LiveganError(f"batch_size={batch_size!r} is not a number of pictures; leave it out")
    if not (isinstance(start, int | float) and 0 <= start < float("inf")):
        raise LiveganError(f"start={start!r} is not a moment of the song in seconds; type for example: start=30")
    if duration is not None and not (isinstance(duration, int | float) and 0 < duration < float("inf")):
        raise LiveganError(f"duration={duration!r} is not a length in seconds; type for example: duration=60")
    sound = arguments["output_audio"]
    if sound is not None and not Path(sound).is_file():
        raise MediaError(f"output_audio={str(sound)!r}: there is no such file; give a song: wav, flac, mp3 ...")
    seed = arguments["seed"]
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise LiveganError(f"seed={seed!r} is not a whole number from 0 to {2**31 - 1}; type for example: seed=7")


def _size(network: NetworkInfo, resolution: int | None) -> tuple[int, int]:
    """Width and height of the film [px]: the network's, with `resolution` as its longer side."""
    height, width = network.resolution
    if resolution is None:
        return width, height
    if isinstance(resolution, bool) or not isinstance(resolution, int) or not SMALLEST_PX <= resolution <= LARGEST_PX:
        raise LiveganError(
            f"resolution={resolution!r} is not a side of {SMALLEST_PX}..{LARGEST_PX} pixels; "
            "type for example: resolution=512"
        )
    scale = resolution / max(width, height)
    return max(SMALLEST_PX, round(width * scale)), max(SMALLEST_PX, round(height * scale))


def _film(file_name: PATH) -> Path:
    """The film's path; .mp4 where the name has no ending of a film."""
    path = Path(file_name)
    return path if path.suffix.lower() in FILM_FORMATS else path.with_name(f"{path.name}.mp4")


def _say(line: str) -> None:
    print(line, file=sys.stderr)
