"""Copies and links of chosen pictures into one folder; originals are never moved, changed or overwritten."""

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from livegan.core.files import move_to_free_name, new_file_beside
from livegan.core.progress import ProgressCallback
from livegan.errors import DatasetError
from livegan.networks.cache import file_hash


@dataclass(frozen=True, slots=True)
class Copies:
    """What `copy_pictures` did."""

    made: int
    there: int  # were there already, with the same content
    others: int  # files in the folder that are not of this selection


def check_folder(folder: Path, sources: Sequence[Path]) -> None:
    """DatasetError if pictures of `sources` cannot be copied to `folder`."""
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder} is a file; give --copy-to the name of a folder")
    place = folder.resolve()
    for source in sources:
        if place == source.resolve() or source.resolve() in place.parents:
            raise DatasetError(
                f"{folder} lies in {source}, from which pictures are chosen; give --copy-to another folder"
            )


def copy_pictures(
    files: Sequence[Path], folder: Path, link: bool = False, report: ProgressCallback = lambda done: None
) -> Copies:
    """Copy (or link) `files` into `folder`; what is there with the same content stays, so that a stopped call goes on.

    Of equal names the second and later get the name of their folder in front; a name that other content has gets a
    number. Nothing in `folder` is overwritten or deleted. DatasetError if it cannot be written.
    """
    names = _names(files)
    made = there = 0
    used = set()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        for done, (file, name) in enumerate(zip(files, names, strict=True), 1):
            found = next((other for other in _taken(folder / name) if _same(file, other)), None)
            if found is None:
                found = _linked(file, folder / name) if link else _copied(file, folder / name)
                made += 1
            else:
                there += 1
            used.add(found.name)
            report(done)
    except OSError as error:
        raise DatasetError(
            f"pictures cannot be copied to {folder} ({error.strerror or error}); type the same again to go on"
        ) from error
    return Copies(made, there, len(before - used))


def _names(files: Sequence[Path]) -> list[str]:
    """A name for each file; where several have one, the names of their folders tell them apart."""
    often = Counter(file.name.casefold() for file in files)
    return [file.name if often[file.name.casefold()] == 1 else f"{file.parent.name}_{file.name}" for file in files]


def _taken(path: Path) -> list[Path]:
    """The files there that have that name, or the same with a number."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, 10_000))
    found = [path] if path.exists() else []
    for other in numbered if found else ():
        if not other.exists():
            break
        found.append(other)
    return found


def _same(file: Path, other: Path) -> bool:
    """Whether two files have the same content."""
    if file.stat().st_size != other.stat().st_size:
        return False
    return file.samefile(other) or file_hash(file) == file_hash(other)


def _copied(file: Path, target: Path) -> Path:
    aside = new_file_beside(target)
    try:
        shutil.copyfile(file, aside)
        with suppress(OSError):  # a file system that keeps no times
            shutil.copystat(file, aside)
        return move_to_free_name(aside, target)
    finally:
        aside.unlink(missing_ok=True)


def _linked(file: Path, target: Path) -> Path:
    """A symbolic link, or a hard one where those are not allowed."""
    number = 1
    path = target
    while os.path.lexists(path):
        number += 1
        path = target.with_name(f"{target.stem}-{number}{target.suffix}")
    try:
        path.symlink_to(file.absolute())
    except OSError:
        os.link(file, path)
    return path
