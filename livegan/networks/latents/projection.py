"""GANce's projection files: a video, frame by frame, as w (HDF5, versions 1 and 2).

Their writer put noises into `images_histories` and images into `noises_histories`; here shapes decide which is which:
an image is (height, width, 3), noises are a flat row. Links out of the file are not followed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from livegan.errors import MediaError
from livegan.networks.latents.projection_writer import ProjectedFrame, ProjectionHeader, write_projection_file

VERSIONS = (1, 2)
HISTORIES = {"latents": ("latents_histories",), "images": ("noises_histories", "images_histories")}
HISTORIES["noises"] = HISTORIES["images"][::-1]
_NUMBER = re.compile(r"(\d{1,12})$")


def read_projection(path: Path, largest: int) -> NDArray[Any]:
    """The final latents (frames, rows, w_dim) in order; MediaError if there are none, or more than `largest` numbers.

    A projection that was broken off gives the frames it has.
    """
    with _opened(path) as file:
        version = _version(file)
        if version not in VERSIONS:
            raise MediaError(f"{path}: is a projection of version {version:g}; livegan reads 1 and 2")
        latents = [_within(path, part, largest) for part in _ordered(path, file, "final_latents")]
        if not latents:
            raise MediaError(f"{path}: has no final_latents; it is no projection, or one that was broken off at once")
        shape = latents[0].shape
        alike = all(latent.shape == shape for latent in latents)
        if not alike or not 1 <= len(shape) <= 3 or len(latents) * latents[0].size > largest:
            raise MediaError(f"{path}: its {len(latents)} final_latents are too large, or not alike; export it again")
        array = np.stack([latent[()] for latent in latents])
        return array.reshape(len(array), -1, shape[-1])  # the outer 1 is stripped


def read_fps(path: Path) -> float:
    """Frames a second of the projection, 0 where the file does not say."""
    with _opened(path) as file:
        if "projection_fps" not in file.attrs or file.attrs.get_id("projection_fps").dtype.kind not in "fiu":
            return 0.0
        fps = float(np.ravel(file.attrs["projection_fps"])[0])
        return fps if 0 < fps < 1e4 else 0.0


def read_history(
    path: Path, frame: int, kind: Literal["latents", "images", "noises"], largest: int
) -> list[NDArray[Any]]:
    """How the latents, images or noises of a frame changed, step by step; empty where that was not kept."""
    with _opened(path) as file:
        for group in HISTORIES[kind]:
            name = f"{group}/{group}_{frame}"
            steps = [_within(path, part, largest) for part in _ordered(path, file, name)]
            if sum(step.size for step in steps) > largest:
                raise MediaError(f"{path}: {name} holds more than {largest} numbers; that is too much to read at once")
            if steps and (kind == "latents" or (kind == "images") == (steps[0].ndim == 3)):
                return [step[()] for step in steps]
    return []


def write_projection(path: Path, latents: NDArray[np.float32], fps: float = 0.0) -> None:
    """Write w (n, rows, w_dim), `fps` of them a second, as a complete projection of version 2, without pictures."""
    header = ProjectionHeader(original_fps=fps, projection_fps=fps)
    write_projection_file(path, header, (ProjectedFrame(latent) for latent in latents))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import h5py  # late: only for these files

    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, LookupError, TypeError, ValueError, OverflowError) as error:
        reason = str(error).partition("\n")[0]
        raise MediaError(f"{path}: cannot be read as a projection ({reason}); is it HDF5 and whole?") from error


def _ordered(path: Path, file: Any, group: str) -> list[Any]:
    """The members of a group, by the number that their names end in; nothing that points out of the file."""
    import h5py

    held: Any = file
    for part in group.split("/"):
        if not isinstance(held, h5py.Group) or not isinstance(held.get(part, getlink=True), h5py.HardLink):
            return []
        held = held[part]
    names = [name for name in held if _NUMBER.search(name)] if isinstance(held, h5py.Group) else []
    names.sort(key=lambda name: int(_NUMBER.findall(name)[0]))
    if not all(isinstance(held.get(name, getlink=True), h5py.HardLink) for name in names):
        raise MediaError(f"{path}: {group} points out of the file; livegan reads only what is in it")
    return [held[name] for name in names]


def _within(path: Path, part: Any, largest: int) -> Any:
    """A dataset whose numbers lie in the file."""
    if not hasattr(part, "shape") or part.external or part.is_virtual or part.size is None or part.size > largest:
        raise MediaError(f"{path}: {part.name} is no array in this file, or too large")
    if part.dtype.kind not in "fiu":
        raise MediaError(f"{path}: {part.name} holds {part.dtype}, not numbers")
    return part


def _version(file: Any) -> float:
    """The version number in the file's attributes, 1 where there is none; no other attribute is read."""
    if "version_number" not in file.attrs or file.attrs.get_id("version_number").dtype.kind not in "fiu":
        return 1.0
    return float(np.ravel(file.attrs["version_number"])[0])
