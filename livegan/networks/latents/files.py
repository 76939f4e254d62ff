"""Latent files: read and write z, w and w+ as the points of a path.

What can be read and written: `.npy`; the `.npz` of NVIDIA's projector; GANce's synthesis files (`.json`, versions 0 to
2) and projection files (`.hdf5`, versions 1 and 2). What can only be read: bookmarks, which are frame plans (`.json`).
Nothing in a file is ever run: pickled objects are refused.
"""

import json
import lzma
import re
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from livegan.core.files import expanded, read_text
from livegan.core.latents import MAX_SEED, latent_of_seed
from livegan.core.plan_json import from_json
from livegan.core.registry import unknown
from livegan.core.text import printable
from livegan.core.types import Mix
from livegan.errors import MediaError
from livegan.networks.latents.bookmarks import find_bookmarks

Kind = Literal["z", "w"]
Array = NDArray[np.float32]

MAX_NUMBERS = 1 << 28  # numbers in a file: a gigabyte
MAX_JSON_BYTES = 1 << 26  # bytes
MAX_SEEDS = 20_000  # a second or two at load, and a walk of a whole day
MAX_COMPARED_NAMES = 200  # files that a wrong name is compared with
ENDINGS = (".npy", ".npz", ".json", ".h5", ".hdf5")
_BROKEN = (  # what the readers of numpy, zip and JSON raise
    *(OSError, ValueError, EOFError, TypeError, KeyError, RecursionError, RuntimeError, OverflowError),
    SyntaxError,  # of a dtype in the header
    *(lzma.LZMAError, tokenize.TokenError, zlib.error, zipfile.BadZipFile),
)
_RANGE = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?")


@dataclass(frozen=True, slots=True)
class Points:
    """The latents of a path, in order."""

    kind: Kind
    array: Array  # (n, z_dim); or (n, rows, w_dim): one row for all layers of the network, or one for each (w+)
    names: tuple[str, ...]  # (n,) where each came from, e.g. "seed 7" or "walk.npy 3"
    mixes: tuple[Mix, ...] = ()  # (n,) of z: what is drawn instead where there is w; (): the z themselves


def read_path(specs: Sequence[str], z_dim: int, w_dim: int, folder: Path) -> Points:
    """The latents of all `specs`, one after the other, for a network of `z_dim` and `w_dim` (0: it has no w).

    A spec is "seeds:1,2,5-9", "bookmarks:all" or "bookmarks:NAME,NAME", a file (relative to `folder`), or "z:FILE" or
    "w:FILE" where a file could be either.
    MediaError if one cannot be read or does not fit the network or the others.
    """
    if not specs:
        raise MediaError("a path needs at least one point; give seeds:1,2,3 or a file of latents")
    specs = [file for spec in specs for file in _files_of(spec)]
    if sum(len(seeds(spec.removeprefix("seeds:"))) for spec in specs if spec.startswith("seeds:")) > MAX_SEEDS:
        raise MediaError(f"the path has more than {MAX_SEEDS} seeds; name fewer")
    parts: list[Points] = []
    for spec in specs:
        parts.append(_read(spec, z_dim, w_dim, folder))
        if sum(points.array.size for points in parts) > MAX_NUMBERS:
            raise MediaError(
                f"{printable(spec)}: up to here the path has more than {MAX_NUMBERS} numbers; name fewer points"
            )
    for spec, points in zip(specs, parts, strict=True):
        if points.kind != parts[0].kind:
            raise MediaError(
                f"{spec}: holds {points.kind}, but {specs[0]} holds {parts[0].kind}; a path is all z or all w, "
                "so give them in two paths (seeds are z)"
            )
    array = parts[0].array
    if parts[0].kind == "w":
        rows = sorted({points.array.shape[1] for points in parts} - {1})
        if len(rows) > 1:
            raise MediaError(f"a path cannot mix w of {rows[0]} and {rows[1]} rows; give those of one network")
        row_count = rows[0] if rows else 1
        if sum(len(points.array) for points in parts) * row_count * w_dim > MAX_NUMBERS:
            raise MediaError(f"the path has more than {MAX_NUMBERS} numbers; name fewer points")
        array = np.concatenate([np.broadcast_to(p.array, (len(p.array), row_count, w_dim)) for p in parts])
    else:
        array = np.concatenate([points.array for points in parts])
    return Points(parts[0].kind, array, tuple(name for points in parts for name in points.names), _mixes(parts))


def _mixes(parts: Sequence[Points]) -> tuple[Mix, ...]:
    """The mix of every point, if any has one."""
    if not any(points.mixes for points in parts):
        return ()
    return tuple(mix for points in parts for mix in points.mixes or [((1.0, z),) for z in points.array])


def film_fps(specs: Sequence[str], folder: Path) -> float:
    """Frames a second that the first of the projection files among `specs` states; 0 where none does."""
    files = [folder / expanded(spec.removeprefix("w:")) for spec in specs]
    rates = [_read_fps(path) for path in files if path.suffix in (".h5", ".hdf5")]
    return next((fps for fps in rates if fps), 0.0)


def _read_fps(path: Path) -> float:
    from livegan.networks.latents.projection import read_fps  # h5py, only where it is needed

    return read_fps(path)


def seeds(text: str) -> list[int]:
    """The numbers of "1,2,5-9"; MediaError if it is no such list."""
    numbers: list[int] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        first = int(match[1]) if match else 0
        last = int(match[2] or match[1]) if match else -1
        if first <= last <= MAX_SEED and last - first + len(numbers) >= MAX_SEEDS:
            raise MediaError(f"seeds:{printable(text)} has more than {MAX_SEEDS} seeds; name fewer")
        if not first <= last <= MAX_SEED:
            raise MediaError(
                f"seeds:{printable(text)}: '{printable(part.strip())}' is no seed and no range; "
                f"write seeds as 1,2,5-9, each below {MAX_SEED + 1}"
            )
        numbers += range(first, last + 1)
    return numbers


def write_latents(path: Path, points: Points) -> None:
    """Write `points` as the ending of `path` says; `read_path` reads the same numbers back.

    MediaError if the format cannot hold them: `.npz` and `.json` hold one point, `.npz` and `.hdf5` only w.
    """
    if path.suffix not in ENDINGS:
        raise MediaError(f"{path}: latents cannot be written as '{path.suffix}'; use {', '.join(ENDINGS)}")
    array = points.array.astype(np.float32)
    if path.suffix in (".npz", ".h5", ".hdf5") and points.kind != "w":
        raise MediaError(f"{path}: {path.suffix} holds w, not z; use .npy")
    if path.suffix in (".npz", ".json") and len(array) != 1:
        raise MediaError(f"{path}: {path.suffix} holds one latent, not {len(array)}; use .npy")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".npy":
            np.save(path, array, allow_pickle=False)
        elif path.suffix == ".npz":
            np.savez(path, w=array)
        elif path.suffix == ".json":
            path.write_text(synthesis_file(array[0]), encoding="utf-8")
        else:
            from livegan.networks.latents.projection import write_projection  # h5py, only where it is needed

            write_projection(path, array)
    except OSError as error:
        raise MediaError(f"{path}: cannot be written ({error.strerror or error}); choose another folder") from error


def synthesis_file(vector: Array, sources: Mapping[str, str] | None = None) -> str:
    """GANce's synthesis file, version 2: z (z_dim,) or w+ (rows, w_dim), of no known network and picture by default."""
    none = {"network_path": "", "network_hash": "", "image_path": "", "image_hash": ""}
    return json.dumps({"vector": vector.tolist(), **none, **(sources or {}), "version": 2}, indent=1) + "\n"


def _files_of(spec: str) -> list[str]:
    """The spec itself; of bookmarks, the file of each."""
    kind, colon, names = spec.partition(":")
    return [str(path) for path in find_bookmarks(names)] if kind == "bookmarks" and colon else [spec]


def _read(spec: str, z_dim: int, w_dim: int, folder: Path) -> Points:
    start, colon, rest = spec.partition(":")
    if start == "seeds" and colon:
        numbers = seeds(rest)
        if len(numbers) * z_dim > MAX_NUMBERS:
            raise MediaError(f"{printable(spec)}: makes more than {MAX_NUMBERS} numbers; name fewer seeds")
        return Points(
            "z", np.stack([latent_of_seed(seed, z_dim) for seed in numbers]), tuple(f"seed {n}" for n in numbers)
        )
    stated: Kind | None = ("z" if start == "z" else "w") if colon and start in ("z", "w") else None
    try:
        path = folder / expanded(rest if stated else spec)
        if not path.is_file():
            others = islice((other.name for other in folder.glob("*") if other.suffix in ENDINGS), MAX_COMPARED_NAMES)
            raise MediaError(f"{printable(str(path))}: {unknown('file', printable(path.name), others)}")
    except (OSError, RuntimeError) as error:  # a name too long, no such user, a folder that is not ours to look into
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise MediaError(f"{printable(spec)}: cannot be the path of a file of latents ({reason})") from error
    try:
        array, known, mix = _load(path)
    except MemoryError as error:
        raise MediaError(f"{path}: says that it is larger than the memory of this computer") from error
    if array.size > MAX_NUMBERS or not array.size:
        raise MediaError(f"{path}: holds {array.size} numbers; a file of latents has 1 to {MAX_NUMBERS}")
    if array.dtype.kind not in "fiu":
        raise MediaError(f"{path}: holds {array.dtype}, not numbers; save latents as float32")
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise MediaError(f"{path}: holds numbers that are infinite or not numbers; export it again")
    points = _shaped(path, array, stated or known, z_dim, w_dim)
    if not all(z.shape == (z_dim,) and np.isfinite(z).all() for _, z in mix):
        raise MediaError(f"{path}: its mix is not of {z_dim} latents; keep a bookmark with this network")
    names = tuple(f"{path.name} {i}" for i in range(len(points[1])))
    return Points(*points, names, (mix,) if mix else ())


def _shaped(path: Path, array: Array, kind: Kind | None, z_dim: int, w_dim: int) -> tuple[Kind, Array]:
    """(dim,), (n, dim), (n, rows, dim) or (1, n, rows, dim) to `Points.array`."""
    while array.ndim > 3 and len(array) == 1:
        array = array[0]
    size = array.shape[-1] if 1 <= array.ndim <= 3 else -1
    if kind is None and array.ndim == 3:
        kind = "w"
    if kind is None and size == z_dim == w_dim:
        raise MediaError(f"{path}: could be z or w, both have {size} numbers here; say z:{path.name} or w:{path.name}")
    if kind is None:
        kind = "w" if size == w_dim else "z"
    if kind == "z" and array.ndim == 3 and array.shape[1] == 1:
        array = array[:, 0]
    if size != (z_dim if kind == "z" else w_dim) or (kind == "z" and array.ndim > 2):
        expected = f"(n, {z_dim}) for z" + (f" or (n, {w_dim}) or (n, rows, {w_dim}) for w" if w_dim else "")
        raise MediaError(f"{path}: is of shape {array.shape}; this network takes {expected}")
    if kind == "z":
        return kind, np.atleast_2d(array)
    return kind, array if array.ndim == 3 else np.atleast_2d(array)[:, None]


def _load(path: Path) -> tuple[NDArray[Any], Kind | None, Mix]:
    """The array in a file, its kind if the file states it, and what is drawn instead of it, if that is a mix."""
    if path.suffix not in ENDINGS:
        raise MediaError(f"{path}: is no file of latents; those end in {', '.join(ENDINGS)}")
    if path.suffix in (".h5", ".hdf5"):
        from livegan.networks.latents.projection import read_projection  # h5py, only where it is needed

        return read_projection(path, MAX_NUMBERS), "w", ()
    try:
        max_bytes = MAX_JSON_BYTES if path.suffix == ".json" else 8 * MAX_NUMBERS
        if path.stat().st_size > max_bytes:
            raise MediaError(f"{path}: is larger than {max_bytes} bytes; give a part of it")
        if path.suffix == ".json":
            return _vector(path)
        with warnings.catch_warnings(action="ignore"):  # of headers of old, or of what is none
            if path.suffix == ".npy":
                return np.lib.format.open_memmap(path, mode="r"), None, ()  # one that promises too much is refused
            with path.open("rb") as file:
                return _projected(path, np.load(file, allow_pickle=False)), "w", ()
    except _BROKEN as error:
        reason = printable(str(error).partition("\n")[0]) or type(error).__name__
        raise MediaError(f"{path}: cannot be read as latents ({reason}); export it again") from error


def _projected(path: Path, archive: Any) -> NDArray[Any]:
    if isinstance(archive, np.ndarray):
        raise MediaError(f"{path}: is an array, not an archive; name it .npy")
    if "w" not in archive.files:
        raise MediaError(
            f"{path}: has no 'w' in it but {printable(', '.join(archive.files)) or 'nothing'}; save w as 'w'"
        )
    size = archive.zip.getinfo("w.npy").file_size
    if size > 4 * MAX_NUMBERS:  # it may be small when packed
        raise MediaError(f"{path}: unpacks to {size} bytes; give a part of it")
    return np.asarray(archive["w"])


def _vector(path: Path) -> tuple[NDArray[Any], Kind | None, Mix]:
    """The latent of a synthesis file: z as a vector, w as a matrix of rows; in version 0 within one more bracket.

    Of a frame plan its w, or else its z with its mix.
    """
    text = read_text(path)
    table = json.loads(text)
    if isinstance(table, dict) and {"z", "classes"} <= set(table):
        plan = from_json(text)
        if plan.w is not None:
            return np.atleast_2d(plan.w)[None], "w", ()
        rest = 1 - sum(weight for weight, _ in plan.mix)
        return plan.z[None], "z", (*plan.mix, (rest, plan.z)) if plan.mix and abs(rest) > 1e-6 else plan.mix
    if not isinstance(table, dict) or "vector" not in table:
        raise MediaError(f"{path}: is no synthesis file; it needs a 'vector'")
    version = table.get("version", 0)
    if version not in (0, 1, 2):
        raise MediaError(f"{path}: is a synthesis file of version {printable(str(version))}; livegan reads 0, 1 and 2")
    array = np.asarray(table["vector"])
    if version == 0 and array.ndim > 1 and len(array) == 1:
        array = array[0]
    return (array[None], "w", ()) if array.ndim == 2 else (array, "z", ())
