"""Captured datasets: folders of pictures with a time stamp in each name, written whole or not at all."""

import os
import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from PIL import Image

from livegan.core.files import move_to_free_name, new_file_beside
from livegan.core.text import printable
from livegan.core.types import Pixels
from livegan.errors import DatasetError

PictureKind = Literal["jpeg", "png"]

STAMP = "%m-%d-%Y_%H-%M-%S-%f"  # pitraiture's, which GANce's selector parses
STAMPED = r"_\d\d-\d\d-\d{4}_\d\d-\d\d-\d\d-\d{6}\.(?:jpeg|png)"
PART = re.compile(r"\..{1,40}\.[0-9a-f]{8}\.(?:jpeg|png)")  # as `new_file_beside` calls them
STALE_S = 60.0  # an unfinished file of a program that was killed
JPEG_QUALITY = 95


def check_dataset_name(name: str) -> None:
    """DatasetError for a name that cannot be a folder's and the beginning of files'."""
    if not name or name != name.strip() or name[0] in ".-~" or re.search(r'[/\\:*?"<>|\x00-\x1f]', name):
        raise DatasetError(
            f"--dataset-name {printable(name)!r} cannot be the name of a folder; type for example: faces"
        )


def captured(folder: Path, dataset: str) -> list[Path]:
    """The finished pictures of a captured dataset, by name; none where there is no folder."""
    stamped = re.compile(re.escape(dataset) + STAMPED)
    return sorted(path for path in folder.iterdir() if stamped.fullmatch(path.name)) if folder.is_dir() else []


def save_captured(pixels: Pixels, folder: Path, dataset: str, moment: datetime, kind: PictureKind) -> Path:
    """Write a picture called ``{dataset}_{moment}.{kind}`` and return its path. Raises OSError.

    It has its name only once all of it is on the disk; a name that is taken is never overwritten.
    """
    path = _free_path(folder, dataset, moment, kind)
    part = new_file_beside(path)
    try:
        with part.open("wb") as file:
            image = Image.fromarray(pixels)
            if kind == "jpeg":
                image.save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0)
            else:
                image.save(file, "PNG", compress_level=1)
            file.flush()
            os.fsync(file.fileno())
        return move_to_free_name(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def remove_unfinished(folder: Path) -> int:
    """Delete what programs that were killed have left half written, and say how many files that were."""
    parts = [path for path in folder.iterdir() if PART.fullmatch(path.name)] if folder.is_dir() else []
    stale = [path for path in parts if time.time() - path.stat().st_mtime > STALE_S]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def _free_path(folder: Path, dataset: str, moment: datetime, kind: PictureKind) -> Path:
    while True:
        path = folder / f"{dataset}_{moment.strftime(STAMP)}.{kind}"
        if not path.exists():
            return path
        moment += timedelta(microseconds=1)
