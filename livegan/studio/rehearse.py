"""`livegan rehearse`: a song heard once, and from it a scene pack that follows the song on stage."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livegan.audio.song import read_song
from livegan.config.load import LoadedScene, load_scenes
from livegan.config.save import carried_layer, scene_text
from livegan.config.scene import RouteTable, Scene
from livegan.config.setlist import SetlistTable
from livegan.config.venue import Venue
from livegan.core.files import write_atomic
from livegan.core.media import check_song_path
from livegan.core.progress import ProgressCallback
from livegan.core.tempo_range import FASTEST_BPM, NARROWEST_BPM, SLOWEST_BPM, TempoRange
from livegan.core.text import printable
from livegan.core.toml_text import toml_text
from livegan.core.types import FeatureFrame
from livegan.engine.networks import find_bank
from livegan.engine.rehearsed import SUFFIX, save_song
from livegan.errors import LiveganError, MediaError, SceneError
from livegan.mapping.song_follower import STEP_S, SongFollower
from livegan.rendering.load import load_generator
from livegan.studio.rehearsal import Rehearsal, rehearse_song
from livegan.studio.rehearsal_fit import (
    direction_changes,
    direction_routes,
    fitted_routes,
    look_of_part,
    sources_of,
)

TEMPO_NEAR = 0.12  # share that a band may be slower or faster than at rehearsal
SOFTER_BEATS, LOUDER_BEATS = 8.0, 1.0  # length of the transition into a softer part, and into a louder one
LOUDER = 0.12  # of the loudness, 0..1
BEATS_PER_BAR = 4


@dataclass(frozen=True, slots=True)
class PackPart:
    """Part of a song in a scene pack."""

    start_s: float
    end_s: float
    letter: str  # parts of one letter sound alike
    scene: str  # file of the scene
    title: str
    loudness: float  # 0..1 on the scale of the song
    bars: float | None  # its length; None where no bars were heard


@dataclass(frozen=True, slots=True, eq=False)
class ScenePack:
    """Scene pack of a song, as it was written."""

    folder: Path
    setlist: Path
    title: str
    rehearsal: Rehearsal
    parts: tuple[PackPart, ...]
    ranges: int  # routes that got the range of this song
    directions: tuple[tuple[str, str, float], ...]  # feature, direction, amount
    sure: float  # share of the song, played again, in which its place is known
    error_s: float  # median error of the place then


def rehearse(
    song: Path,
    scenes: Sequence[str],
    folder: Path,
    venue: Venue,
    report: ProgressCallback = lambda done: None,
    draw: bool = True,
) -> ScenePack:
    """Hear a song and write its scene pack into a new `folder`; `report` is told per cent.

    `scenes`: one or several that the parts take in turn. `draw`: try the directions of their networks. LiveganError
    for a song that cannot be played, a scene that cannot be used, a folder that is there already.
    """
    check_song_path(song)
    if folder.exists():
        raise MediaError(f"{printable(str(folder))} is there already; give another: -o FOLDER")
    bases = [_usable(loaded) for loaded in load_scenes(scenes)]
    hearing = rehearse_song(read_song(song), venue)
    try:
        while True:
            report(round(90 * next(hearing)))
    except StopIteration as end:
        rehearsal: Rehearsal = end.value
    fitted, ranges, directions = [], 0, list[tuple[str, str, float]]()
    for loaded, scene in bases:
        own, count, added = _fitted(scene, rehearsal, venue, draw)
        ranges += count
        directions += [(route.source, route.target, route.amount) for route in added]
        fitted.append((loaded, own))
    report(96)
    sure, error_s = followed(rehearsal)
    folder.mkdir(parents=True)
    title = printable(song.stem, 60)
    parts = _write_scenes(folder, fitted, rehearsal, title)
    setlist = folder / f"{file_name(song.stem)}.toml"
    save_song(folder / f"{file_name(song.stem)}{SUFFIX}", rehearsal.song, title)
    write_atomic(setlist, setlist_text(title, f"{file_name(song.stem)}{SUFFIX}", parts))
    report(100)
    return ScenePack(folder, setlist, title, rehearsal, parts, ranges, tuple(directions), sure, error_s)


def _usable(loaded: LoadedScene) -> tuple[LoadedScene, Scene]:
    if loaded.scene is None or loaded.mistakes:
        raise SceneError("\n".join(loaded.mistakes))
    return loaded, loaded.scene


def _fitted(scene: Scene, rehearsal: Rehearsal, venue: Venue, draw: bool) -> tuple[Scene, int, tuple[RouteTable, ...]]:
    """A scene with ranges of this song, routes to directions and its tempo; how many ranges, and these routes."""
    routes, ranges = fitted_routes(scene, rehearsal)
    sources = sources_of(scene, rehearsal)
    taken = {route.target for route in scene.routes}
    added = direction_routes(_changes(scene, venue), sources, taken) if draw and sources else ()
    changes: dict[str, object] = {"routes": (*routes, *added)}
    if rehearsal.tempo is not None and scene.tempo is None:
        changes["tempo"] = tempo_near(rehearsal.tempo)
    return scene.model_copy(update=changes), ranges, added


def tempo_near(bpm: float) -> TempoRange:
    """Tempi to expect of a band that was rehearsed at `bpm`."""
    low = min(max(SLOWEST_BPM, bpm * (1 - TEMPO_NEAR)), FASTEST_BPM - NARROWEST_BPM)
    return round(low), round(max(min(FASTEST_BPM, bpm * (1 + TEMPO_NEAR)), low + NARROWEST_BPM))


def _changes(scene: Scene, venue: Venue) -> dict[int, float]:
    """How much the directions of a scene's first network show; none for one that cannot be drawn here."""
    bank, _ = find_bank(scene)
    if not bank or not bank[0].w_dim:
        return {}
    with suppress(LiveganError):
        generator = load_generator(bank[0], venue.picture.device)
        try:
            return direction_changes(generator, scene.parameters.get("truncation", 0.9))
        finally:
            generator.close()
    return {}


def followed(rehearsal: Rehearsal) -> tuple[float, float]:
    """The song played again to its follower: share of it in which the place is known, and the median error [s]."""
    follower, errors, known = SongFollower(rehearsal.song), list[float](), 0
    gate = rehearsal.layout.index["gate"]
    for at, row in enumerate(rehearsal.features):
        follower.step(FeatureFrame(at * STEP_S, rehearsal.layout, row), STEP_S)
        if row[gate] > 0:
            errors.append(abs(follower.position_s - (at + 1) * STEP_S))
            known += follower.confidence >= 0.5 and errors[-1] < 1.0
    return (known / len(errors), float(np.median(errors))) if errors else (0.0, 0.0)


def _write_scenes(
    folder: Path, fitted: Sequence[tuple[LoadedScene, Scene]], rehearsal: Rehearsal, title: str
) -> tuple[PackPart, ...]:
    """One scene for each label, and the parts that play them."""
    labels = list(dict.fromkeys(part.label for part in rehearsal.parts))
    loudness = {
        label: float(np.mean([rehearsal.loudness_of(part) for part in rehearsal.parts if part.label == label]))
        for label in labels
    }
    files: dict[int, tuple[str, str, str]] = {}
    for place, label in enumerate(labels):
        loaded, scene = fitted[place % len(fitted)]
        letter = letter_of(place)
        own = look_of_part(scene, place // len(fitted), loudness[label], f"{title[:40]} {letter}")
        path = folder / f"part-{letter.lower()}.toml"
        if own.layers:
            layers = tuple(carried_layer(layer, loaded.folder, path.with_suffix("")) for layer in own.layers)
            own = own.model_copy(update={"layers": layers})
        write_atomic(path, scene_text(own, loaded.folder))
        files[label] = letter, path.name, own.title
    return tuple(
        PackPart(
            round(part.start_s, 2),
            round(part.end_s, 2),
            *files[part.label],
            round(rehearsal.loudness_of(part), 3),
            _bars(part.end_s - part.start_s, rehearsal.tempo),
        )
        for part in rehearsal.parts
    )


def letter_of(place: int) -> str:
    """A, B ... Z, A2, B2 ..."""
    return chr(ord("A") + place % 26) + (str(place // 26 + 1) if place >= 26 else "")


def _bars(seconds: float, tempo: float | None) -> float | None:
    return None if tempo is None else round(seconds * tempo / 60 / BEATS_PER_BAR, 1)


def setlist_text(title: str, song: str, parts: Sequence[PackPart]) -> str:
    """The setlist: an entry for each part, at its place in the song; louder parts come in quickly."""
    entries = []
    for before, part in zip((None, *parts), parts, strict=False):
        louder = before is not None and part.loudness > before.loudness + LOUDER
        beats = LOUDER_BEATS if louder else SOFTER_BEATS if before is not None else LOUDER_BEATS
        transition = {"kind": "morph", "beats": beats, "begin": "bar", "patience_s": 1.0}
        entries.append({"scene": part.scene, "at": part.start_s, "transition": transition})
    table = {
        "title": title,
        "about": "rehearsed: follows the song from its first bar, whatever its tempo",
        "advance": "song",
        "song": song,
        "loop": False,
        "entries": entries,
    }
    SetlistTable.model_validate(table)
    return toml_text(table)


def file_name(stem: str) -> str:
    """The name of a song's files in its pack; none that a part's scene has."""
    kept = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in stem.lower())
    name = kept.strip("-")[:60] or "song"
    return f"song-{name}" if name.startswith("part-") else name
