"""Writer of GANce's projection files, version 2 (HDF5): targets, final latents and images, and histories.

Groups and attributes are theirs; every dataset is packed with gzip 9 and shuffled. Histories of images and of noises
lie under their own names (GANce's writer swapped them; `projection.read_history` reads both). A file is whole or not
there; the same frames give the same bytes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.files import atomic_path
from livegan.core.types import Pixels
from livegan.errors import MediaError

VERSION = 2
GROUPS = ("target_images", "final_latents", "final_images", "latents_histories", "images_histories", "noises_histories")
HISTORIES = ("latents", "images", "noises")
PACKED = {"compression": "gzip", "compression_opts": 9, "shuffle": True}


@dataclass(frozen=True, slots=True)
class ProjectionHeader:
    """Attributes of a projection file; what is not known is empty or 0."""

    complete: bool = True
    target_path: str = ""
    target_md5: str = ""
    original_size: tuple[int, int] = (0, 0)  # width, height [px]
    projection_size: tuple[int, int] = (0, 0)
    network_path: str = ""
    network_md5: str = ""
    steps: int = 0  # at most, for each frame
    noises_shapes: tuple[tuple[int, ...], ...] = ()  # of noise inputs, each (1, 1, height, width); (): none
    histories: tuple[str, ...] = ()  # of HISTORIES
    original_fps: float = 0.0
    projection_fps: float = 0.0
    original_frames: int = 0


@dataclass(frozen=True, slots=True)
class ProjectedFrame:
    """One frame of a projection file."""

    latents: NDArray[np.float32]  # (rows, w_dim)
    target: Pixels | None = None
    image: Pixels | None = None
    histories: Mapping[str, NDArray[Any]] = field(default_factory=dict)  # by HISTORIES: (steps, ...) each


def write_projection_file(path: Path, header: ProjectionHeader, frames: Iterable[ProjectedFrame]) -> int:
    """Write the frames one after the other; how many there were. MediaError if the file cannot be written."""
    import h5py  # late: only for these files

    count = 0
    try:
        with atomic_path(path) as aside, h5py.File(aside, "w") as file:
            for group in GROUPS:
                file.create_group(group)
            for frame in frames:
                _add(file, "final_latents", count, frame.latents[None])
                if frame.target is not None:
                    _add(file, "target_images", count, frame.target)
                if frame.image is not None:
                    _add(file, "final_images", count, frame.image)
                for kind, steps in frame.histories.items():
                    name = f"{kind}_histories_{count}"
                    group = file[f"{kind}_histories"].create_group(name)
                    for step, value in enumerate(steps):
                        whole = value[None] if kind == "latents" else value
                        group.create_dataset(f"{name}_step_{step}", data=whole, **PACKED)
                count += 1
            file.attrs.update(_attributes(header, count))
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise MediaError(f"{path}: cannot be written ({reason}); look at the free space: df -h") from error
    return count


def _add(file: Any, group: str, index: int, data: NDArray[Any]) -> None:
    file[group].create_dataset(f"{group}_{index}", data=data, **PACKED)


def _attributes(header: ProjectionHeader, count: int) -> dict[str, Any]:
    shapes = np.asarray(header.noises_shapes, np.int64) if header.noises_shapes else np.nan
    return {
        "version_number": VERSION,
        "complete": header.complete,
        "original_target_path": header.target_path,
        "original_width_height": np.asarray(header.original_size, np.int64),
        "projection_width_height": np.asarray(header.projection_size, np.int64),
        "target_md5_hash": header.target_md5,
        "original_network_path": header.network_path,
        "network_md5_hash": header.network_md5,
        "steps_in_projection": header.steps,
        "noises_shapes": shapes,
        **{f"{kind}_histories_enabled": kind in header.histories for kind in HISTORIES},
        "original_fps": header.original_fps,
        "projection_fps": header.projection_fps,
        "original_frame_count": header.original_frames or count,
        "projection_frame_count": count,
    }
