"""Facts of a film: everything that decides its pictures, by names for people, each with its digest."""

import importlib.util
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from livegan.audio.soundfont import find_soundfont
from livegan.composer.voice import BUNDLED
from livegan.config.load import LoadedScene
from livegan.config.venue import Venue
from livegan.core.files import user_path
from livegan.core.version import __version__
from livegan.datasets.sources import list_folder
from livegan.engine.bind import Setlist
from livegan.engine.camera import sees
from livegan.engine.input_names import is_midi, is_music
from livegan.engine.music import Composition
from livegan.engine.prompts import prompts_of
from livegan.engine.setlist_json import scene_values
from livegan.errors import DeviceError
from livegan.networks.digest import file_digest, network_digest, value_digest
from livegan.networks.info import NetworkInfo
from livegan.studio.film_job import RenderJob

VENUE_TABLES = {"audio": {"sample_rate"}, "inputs": None, "listening": None, "safety": None, "effects": None}


def song_digest(song: Path) -> str:
    """SHA-256 of a song, or of what decides how music sounds that livegan plays itself; "" of one that is gone."""
    name = str(song)
    if not is_music(name):
        return file_digest(song)
    midi = is_midi(name)
    notes = file_digest(song) if midi else str(Composition.named(name))
    networks = [] if midi else [file_digest(path) for path in sorted(BUNDLED.glob("*.safetensors"))]
    try:
        font = file_digest(find_soundfont())
    except DeviceError:
        font = "built-in"
    return value_digest([notes, networks, font]) if notes else ""


def film_facts(
    job: RenderJob, venue: Venue, scenes: Setlist, networks: list[NetworkInfo], backend: str
) -> dict[str, str]:
    """What decides the pictures of a film: name -> value or digest."""
    facts = {
        "livegan": __version__,
        "size": "{}x{}".format(*job.size),
        "frame rate": str(job.fps),
        "format": " ".join((job.output.suffix, job.codec, str(job.quality), "alpha" if job.transparent else "")),
        "start and duration": f"{job.start_s} {job.duration_s}",
        "device": backend,
        "venue": value_digest(_venue_values(venue)),
    }
    if job.debug_window_s:
        facts["debug view"] = str(job.debug_window_s)
    for number, song in enumerate(job.songs, 1):
        facts["song" if number == 1 else f"song {number}"] = song_digest(song)
    facts |= {f"stem {name}": file_digest(path) for name, path in job.stems.items()}
    if job.sound is not None:
        facts["sound"] = file_digest(job.sound)
    for loaded in scenes.all_scenes:
        facts[f"scene {loaded.name}"] = value_digest(scene_values(loaded))
        facts |= {f"file {path.name} of {loaded.name}": file_digest(path) for path in scene_files(loaded)}
        if words := _understood(loaded):
            facts[f"words of {loaded.name}"] = value_digest(words)
    if scenes.file is not None:
        facts[f"setlist {scenes.file.name}"] = value_digest(scenes.file.table.model_dump(mode="json"))
    for info in networks:
        facts[f"network {info.name}"] = network_digest(info)
    for effect in venue.effects:
        if effect.function not in job.functions:
            facts[f"effect {effect.function}"] = effect_digest(effect.function)
    if venue.camera.device and any(sees(loaded.scene) for loaded in scenes.all_scenes):
        facts["camera"] = camera_digest(venue.camera.device) or secrets.token_hex(16)  # it never sees the same again
    if job.functions or any(loaded.networks for loaded in scenes.all_scenes):
        facts["functions of a program"] = secrets.token_hex(16)  # nobody can say whether they are the same
    return facts


def camera_digest(device: str) -> str:
    """SHA-256 of a film, or of the names and contents of a folder of pictures; "" of what is neither."""
    try:
        path = user_path(device)
    except ValueError:
        return ""
    if path.is_dir():
        return value_digest([[name, file_digest(path / name)] for name in list_folder(path).pictures])
    return file_digest(path)


def _venue_values(venue: Venue) -> dict[str, Any]:
    values = venue.model_dump(mode="json")
    return {
        table: {key: values[table][key] for key in keys} if keys else values[table]
        for table, keys in VENUE_TABLES.items()
    }


def _understood(loaded: LoadedScene) -> list[Any]:
    """What a scene's words mean here: it depends on the models that are installed."""
    if loaded.scene is None:
        return []
    prompts, first = prompts_of(loaded.scene)
    return [asdict(prompt) for prompt in (*prompts, *([first] if first else []))]


def scene_files(loaded: LoadedScene) -> list[Path]:
    """Files that a scene names: images, videos, fonts, latents."""
    found: dict[Path, None] = {}
    for text in _texts(scene_values(loaded)):
        with suppress(OSError, ValueError):
            path = loaded.folder / text
            if path.is_file():
                found[path] = None
    return list(found)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def effect_digest(function: str) -> str:
    """Digest of the file that "module:function" is in."""
    module = function.partition(":")[0]
    place = Path(f"{module.replace('.', '/')}.py")
    if place.is_file():
        return file_digest(place)
    with suppress(ImportError, ValueError, AttributeError):
        spec = importlib.util.find_spec(module)
        if spec is not None and spec.origin:
            return file_digest(Path(spec.origin))
    return ""
