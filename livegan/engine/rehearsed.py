"""Rehearsed songs on disk (safetensors): the rows that a setlist's `song` is followed by."""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from livegan.core.files import atomic_path
from livegan.core.text import printable
from livegan.errors import SceneError
from livegan.mapping.song_follower import COLUMNS, STEP_S, SongFollower, SongRows

FORMAT = "livegan-song-1"
SUFFIX = ".song.safetensors"
MAX_BYTES = 1 << 24
MAX_ROWS = round(3 * 3600 / STEP_S)


def save_song(path: Path, song: SongRows, title: str) -> None:
    """Write a rehearsed song, whole."""
    with atomic_path(path) as part:
        save_file({"rows": song.rows.astype(np.float16)}, part, {"format": FORMAT, "title": printable(title, 200)})


def load_song(path: Path) -> SongFollower:
    """The follower of a rehearsed song in a file; SceneError of one sentence if it is none."""
    return SongFollower(read_song_rows(path))


def read_song_rows(path: Path) -> SongRows:
    """The rows of a rehearsed song in a file; SceneError of one sentence if it is none."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES >> 20} MB")
        with safe_open(path, framework="numpy") as file:
            if (file.metadata() or {}).get("format") != FORMAT or list(file.keys()) != ["rows"]:
                raise ValueError(f"it is not of the format {FORMAT}")
            part = file.get_slice("rows")
            shape, kind = tuple(part.get_shape()), part.get_dtype()
            if kind != "F16" or len(shape) != 2 or not 2 <= shape[0] <= MAX_ROWS or shape[1] != COLUMNS:
                raise ValueError(f"its rows are {kind} {shape}, not F16 (2 to {MAX_ROWS}, {COLUMNS})")
            rows = SongRows(np.asarray(file.get_tensor("rows"), np.float32))
        SongFollower(rows)  # finite, and long enough
        return rows
    except (OSError, SafetensorError, ValueError) as error:
        what = f"{printable(str(path))} is no rehearsed song: {printable(str(error), 200)}"
        raise SceneError(f"{what}; type: livegan rehearse SONG") from error
