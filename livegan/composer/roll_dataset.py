"""Training sets of piano roll pictures, from a folder of MIDI files."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from livegan.composer.corpus import midi_files
from livegan.composer.families import ALL_FAMILIES
from livegan.composer.midi_file import reading_of_midi
from livegan.composer.roll_colours import PITCHES, STEPS, STRUCK, picture_of, track_colours, windows_of
from livegan.composer.roll_image import COLUMNS, ROWS, enlarged, pages_of
from livegan.composer.song import STEPS_PER_BEAT, Song, Track
from livegan.core.progress import ProgressCallback
from livegan.datasets.make import DatasetReport, drop_empty_classes
from livegan.datasets.writer import DatasetWriter, check_output
from livegan.errors import DatasetError, MidiError

FEWEST_NOTES = 8  # struck in a picture
Layout = Literal["roll", "article"]


@dataclass(frozen=True, slots=True)
class RollOptions:
    """Options of `make_roll_dataset`."""

    size: tuple[int, int] = (256, 256)  # height, width [px]
    layout: Layout = "roll"  # coloured four bars of all instruments, or the article's grey page of one
    labels: bool = False  # a class for each sub-folder; without sub-folders for each family of instruments
    duplicates: bool = False  # keep pictures that are the same as an earlier one
    limit: int | None = None  # at most so many pictures


def expected_files(folder: Path) -> int:
    """How many files `make_roll_dataset` will read."""
    return len(midi_files(folder)) if folder.is_dir() else 0


def make_roll_dataset(
    folder: Path,
    output: Path,
    options: RollOptions,
    report: ProgressCallback = lambda done: None,
    overwrite: bool = False,
) -> DatasetReport:
    """A training set of a folder of MIDI files; `report` is called with how many were read.

    Pictures with fewer than FEWEST_NOTES notes are left out, and files that cannot be read are reported. Raises
    DatasetError; nothing is written if no picture is left.
    """
    check_output(output, overwrite)
    _check_size(options)
    names = midi_files(folder) if folder.is_dir() else ()
    if not names:
        what = f"there are no MIDI files in '{folder}'" if folder.is_dir() else f"there is no folder '{folder}'"
        raise DatasetError(f"{what}; type: livegan dataset midi FOLDER, with a folder of .mid files")
    folders = tuple(sorted({name.split("/")[0] for name in names if "/" in name}))
    if options.labels and folders and any("/" not in name for name in names):
        outside = next(name for name in names if "/" not in name)
        raise DatasetError(f"classes come from sub-folders, but {outside} is in none; move it into one")
    classes = folders or tuple(family.name for family in ALL_FAMILIES)
    broken: list[tuple[str, str]] = []
    seen: set[bytes] = set()
    duplicates = struck = moved = 0
    changed: list[str] = []
    with DatasetWriter(output, options.size, classes if options.labels else (), overwrite) as writer:
        for done, name in enumerate(names, 1):
            try:
                reading = reading_of_midi(folder / name, STEPS_PER_BEAT)
            except MidiError as error:
                broken.append((name, str(error).removeprefix(f"{folder / name} ")))
                report(done)
                continue
            if reading.damage:
                changed.append(f"{name} is broken, and read in part: {reading.damage}")
            moved += reading.moved_attacks
            struck += sum(len(track.notes) for track in reading.song.tracks)
            for drawn, family in _drawings(reading.song, options.layout):
                digest = blake2b(drawn.tobytes(), digest_size=16).digest()
                if digest in seen and not options.duplicates:
                    duplicates += 1
                    continue
                seen.add(digest)
                label = (folders.index(name.split("/")[0]) if folders else family) if options.labels else None
                writer.add((enlarged if options.layout == "article" else picture_of)(drawn, options.size), label)
                if writer.count == options.limit:
                    break
            report(done)
            if writer.count == options.limit:
                break
        if not writer.count:
            raise DatasetError(
                f"no music of '{folder}' is left: {len(broken)} of {len(names)} files are broken, and no picture of "
                f"the others has {FEWEST_NOTES} notes; give another folder"
            )
        drop_empty_classes(writer)
        per_class = tuple(np.bincount(writer.labels, minlength=len(writer.classes)).tolist()) if options.labels else ()
    if moved:
        changed.append(f"{moved} of {struck} notes began off the grid, and were moved to the nearest sixteenth")
    return DatasetReport(
        writer.path,
        writer.count,
        tuple(broken),
        duplicates,
        classes=writer.classes,
        per_class=per_class,
        changed=tuple(changed),
    )


def _check_size(options: RollOptions) -> None:
    height, width = options.size
    if options.layout == "article" and (height < ROWS or width < COLUMNS):
        raise DatasetError(f"--size {width}x{height} is less than {COLUMNS}x{ROWS}; type for example: --size 128")
    if options.layout == "roll" and (height % PITCHES or width % STEPS):
        raise DatasetError(f"--size {width}x{height} is no multiple of {STEPS}; type for example: --size 64")


def _drawings(song: Song, layout: Layout) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """What the pictures of a song show, with the index of the family that plays most notes in it."""
    if layout == "article":
        for track in song.tracks:
            for page in pages_of(track.notes):
                if np.count_nonzero(np.diff(page, axis=1, prepend=0) == STRUCK) >= FEWEST_NOTES:
                    yield page, _family(track)
        return
    shown = [(track, colour) for track, colour in zip(song.tracks, track_colours(song.tracks), strict=True)]
    families = np.array([_family(track) for track, colour in shown if colour is not None for _ in track.notes], np.intp)
    starts = np.array([note.start for track, colour in shown if colour is not None for note in track.notes])
    for start, cells in windows_of(song):
        if np.count_nonzero(cells == STRUCK) >= FEWEST_NOTES:
            playing = families[(starts >= start) & (starts < start + STEPS)]
            yield cells, int(np.bincount(playing).argmax())


def _family(track: Track) -> int:
    return next(index for index, family in enumerate(ALL_FAMILIES) if family.plays(track))
