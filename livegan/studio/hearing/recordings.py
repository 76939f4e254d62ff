"""A folder of somebody's own songs, made into examples to learn hearing from.

Where a song has a `.beats` file beside it, that is its truth; the others are labelled by a teacher, as far as it is to
be believed. An empty `.beats` file says that there is no beat. What was made once is kept: `recordings.json` in the
store says of which file.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import soxr
from numpy.typing import NDArray

from livegan.audio.song import read_song
from livegan.core.files import atomic_path
from livegan.core.text import printable
from livegan.errors import LiveganError, MediaError, TrainingError
from livegan.networks.hearing_bands import power_bands
from livegan.studio.hearing.beats_file import WrittenBeats, read_beats
from livegan.studio.hearing.labelling import LONGEST_S, SHORTEST_S, Piece, believed_pieces, listen
from livegan.studio.hearing.teacher import Teacher, teacher_folder
from livegan.studio.hearing.teacher_spectrum import SAMPLE_RATE
from livegan.training.hearing.store import Example, Kind, write_example

SUFFIXES = frozenset({".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wma"})
LOG = "recordings.json"
BEATS = ".beats"

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recording:
    """What became of one song: pieces and their seconds, or why there are none."""

    name: str
    pieces: int
    seconds: float
    certain: float  # mean over its pieces, 0..1
    note: str  # "" or a sentence


def songs_in(folder: Path) -> list[Path]:
    """Sound files in `folder` and below, by name; MediaError if there are none."""
    if not folder.is_dir():
        raise MediaError(f"no folder {printable(folder)}; give one with songs in it")
    songs = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not songs:
        raise MediaError(f"no songs in {printable(folder)}; it may hold {', '.join(sorted(SUFFIXES))}")
    return songs


def make_recordings(
    folder: Path,
    store: Path,
    weights: Path | None = None,
    progress: Callable[[int, Recording], None] = lambda done, last: None,
) -> list[Recording]:
    """Write examples of the songs in `folder` into `store`; those of songs that are no longer there are deleted.

    Songs made before and unchanged are not made again.
    `weights`: folder of the teacher's, or else those of the installed package BeatNet, which only songs without a
    `.beats` file need. `progress` is told after each song. LiveganError for a folder without songs, a `.beats` file
    that is none, or where a teacher is needed and missing; a song that cannot be read is noted.
    """
    songs = _named(folder)
    written, log = _written(songs.values()), _read_log(store / LOG)
    state = {name: _state(song) for name, song in songs.items()}
    new = _changed(state, log)
    teacher = Teacher(weights) if any(songs[name] not in written for name in new) else None
    for name in [name for name in log if name not in songs]:
        _delete(name, store)
        del log[name]
        _write_log(store / LOG, log)
    out = []
    for done, (name, song) in enumerate(songs.items(), 1):
        if name in new:
            _delete(name, store)
            try:
                sound, rate = _mono(song)
                kind: Kind = "music"
                if song not in written:
                    assert teacher is not None
                    pieces = believed_pieces(listen(teacher, soxr.resample(sound, rate, SAMPLE_RATE)))
                elif len(known := written[song].beats):
                    pieces = written_pieces(known, written[song].downbeats, len(sound) / rate)
                else:
                    kind, pieces = "nobeat", beatless_pieces(len(sound) / rate)
                made = _write(name, kind, pieces, sound, rate, store)
            except MediaError as error:
                made = Recording(name, 0, 0.0, 0.0, str(error))
            log[name] = {"state": state[name], "recording": _plain(made)}
            _write_log(store / LOG, log)
        out.append(Recording(**log[name]["recording"]))
        progress(done, out[-1])
    return out


def check_recordings(folder: Path, store: Path) -> None:
    """LiveganError for what stops `make_recordings`: no songs, `.beats` files that are none, a missing teacher."""
    songs = _named(folder)
    written, log = _written(songs.values()), _read_log(store / LOG)
    new = _changed({name: _state(song) for name, song in songs.items()}, log)
    if any(songs[name] not in written for name in new):
        teacher_folder()


def beatless_pieces(seconds: float) -> list[Piece]:
    """A song without a beat, cut into pieces of up to 60 s."""
    edges = np.linspace(0.0, seconds, int(np.ceil(seconds / LONGEST_S)) + 1)
    return [Piece(float(low), float(high), np.zeros(0), None, 1.0) for low, high in pairwise(edges)]


def written_pieces(beats: NDArray[np.float64], downbeats: NDArray[np.float64] | None, seconds: float) -> list[Piece]:
    """Beats that somebody wrote, cut into pieces of up to 60 s: from half a beat before the first to after the last."""
    inside = beats[beats < seconds]
    if len(inside) < 2:
        raise MediaError(f"the sound is {seconds:.1f} s long, and only {len(inside)} written beats are in it")
    half = 0.5 * float(np.median(np.diff(inside)))
    start, end = max(0.0, inside[0] - half), min(seconds, inside[-1] + half)
    edges = np.linspace(start, end, int(np.ceil((end - start) / LONGEST_S)) + 1)
    pieces = []
    for low, high in pairwise(edges):
        first = None if downbeats is None else downbeats[(downbeats >= low) & (downbeats < high)]
        pieces.append(Piece(float(low), float(high), inside[(inside >= low) & (inside < high)], first, 1.0))
    return pieces


def _named(folder: Path) -> dict[str, Path]:
    """Songs by their path in `folder`."""
    return {song.relative_to(folder).as_posix(): song for song in songs_in(folder)}


def _written(songs: Iterable[Path]) -> dict[Path, WrittenBeats]:
    """Beats of those songs that have a `.beats` file; MediaError for a file that is none."""
    return {song: read_beats(song.with_suffix(BEATS)) for song in songs if song.with_suffix(BEATS).is_file()}


def _changed(state: Mapping[str, list[int]], log: Mapping[str, Any]) -> set[str]:
    """Names of songs of which nothing was made, or that changed since."""
    return {name for name, now in state.items() if name not in log or log[name].get("state") != now}


def _delete(name: str, store: Path) -> None:
    """Delete the examples of a song."""
    try:
        for old in store.glob(f"{_stem(name)}-*.npz"):
            old.unlink()
    except OSError as error:
        raise TrainingError(f"cannot delete the old examples of {printable(name)} ({error})") from error


def _write(name: str, kind: Kind, pieces: list[Piece], sound: Floats, rate: int, store: Path) -> Recording:
    """Write the pieces of a song as examples."""
    for number, piece in enumerate(pieces):
        first, last = round(piece.start_s * rate), round(piece.end_s * rate)
        events: dict[str, Floats] = {"beat": np.asarray(piece.beats - first / rate, np.float32)}
        if piece.downbeats is not None:
            events["downbeat"] = np.asarray(piece.downbeats - first / rate, np.float32)
        power = power_bands(sound[first:last], rate)
        path = store / f"{_stem(name)}-{number:02}.npz"
        write_example(path, Example(path.stem, kind, "recording", piece.certain, power, events))
    seconds = sum(piece.end_s - piece.start_s for piece in pieces)
    certain = float(np.mean([piece.certain for piece in pieces])) if pieces else 0.0
    note = ""
    if not pieces:
        beats = Path(name).with_suffix(BEATS).name
        note = f"BeatNet is not sure of its beats, or it is shorter than {SHORTEST_S:g} s; write {beats} beside it"
    return Recording(name, len(pieces), round(seconds, 1), round(certain, 3), note)


def _mono(song: Path) -> tuple[Floats, int]:
    read = read_song(song)
    return np.ascontiguousarray(read.samples.mean(axis=1), np.float32), read.sample_rate


def _stem(name: str) -> str:
    """Name of a song, folders in it, as the beginning of file names; no two songs have the same."""
    plain = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
    return f"{plain}-{crc32(name.encode('utf-8', 'surrogateescape')):08x}"


def _state(song: Path) -> list[int]:
    """What changes when a song, or its beats, do."""
    beats = song.with_suffix(BEATS)
    facts = [song.stat().st_size, song.stat().st_mtime_ns]
    return facts + ([beats.stat().st_size, beats.stat().st_mtime_ns] if beats.is_file() else [])


def _plain(made: Recording) -> Mapping[str, Any]:
    return {name: getattr(made, name) for name in Recording.__slots__}


def _read_log(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        log = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(log, dict) or not all(isinstance(entry, dict) for entry in log.values()):
            raise TypeError("no table of tables")
    except (OSError, ValueError, TypeError) as error:
        raise TrainingError(f"{printable(path)} cannot be read ({error}); delete it, and all is made again") from error
    return log


def _write_log(path: Path, log: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as partial:
            partial.write_text(json.dumps(log, indent=1, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise LiveganError(f"cannot write {printable(path)}: {error}; give another folder") from error
