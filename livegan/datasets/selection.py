"""Selections: which pictures of some folders were chosen, and why, in a JSON file that can be resumed.

The file is livegan's: `livegan select` writes and reads it, decisions by hand included, and `livegan dataset` makes a
training set of it. The pictures themselves are only ever read.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from livegan.core.files import write_atomic
from livegan.core.text import valid_unicode
from livegan.datasets.choose import Choice, Entry, Hand, Rules, choose
from livegan.datasets.measure import Measured
from livegan.errors import DatasetError

FORMAT = "livegan-selection"
VERSION = 1
MAX_BYTES = 1 << 28
ENDING = ".json"
COLUMNS = ("file", "kept", "why", "by_hand", "sharpness", "exposure", "brightness", "contrast", "clipped", "crushed",
           "faces", "face_size", "person", "quality", "like", "taken", "width", "height", "sha256")  # fmt: skip


class Selection:
    """A selection in memory; several threads may decide and save."""

    def __init__(
        self,
        folders: Sequence[Path],
        secondary: Sequence[Path],
        pictures: Sequence[Sequence[Measured]],
        rules: Rules,
        hands: Mapping[str, Hand] | None = None,
    ) -> None:
        """`pictures`: of each folder, the primary ones first. `hands`: decisions by path or SHA-256 (`read_hands`)."""
        self.folders = tuple(path.absolute() for path in (*folders, *secondary))
        self.primary_count = len(folders)
        self.rules = rules
        self._lock = Lock()
        known = hands or {}
        self.entries = [
            Entry(
                picture,
                number,
                number >= len(folders),
                known.get(str(picture.path.absolute())) or known.get(picture.sha256),
            )
            for number, of_folder in enumerate(pictures)
            for picture in of_folder
        ]
        self.choices: Sequence[Choice] = choose(self.entries, rules)
        self.hands: list[Hand | None] = [entry.hand for entry in self.entries]

    def __len__(self) -> int:
        return len(self.entries)

    def is_kept(self, place: int) -> bool:
        """Whether a picture is in: as decided by hand, else by the rules. A broken one never is."""
        if self.entries[place].picture.measures.error:
            return False
        hand = self.hands[place]
        return self.choices[place].kept if hand is None else hand == "keep"

    def why(self, place: int) -> str:
        """The reason for that."""
        if self.hands[place] is not None and not self.entries[place].picture.measures.error:
            return "by hand"
        why = self.choices[place].why
        return "as before" if why == "by hand" else why  # of a decision that was taken back

    def decide(self, changes: Mapping[int, Hand | None]) -> None:
        """Decide on some pictures by hand; None leaves one to the rules again. Unknown numbers raise DatasetError."""
        for place in changes:
            if not 0 <= place < len(self.entries):
                raise DatasetError(f"there is no picture {place}; there are {len(self.entries)}, from 0")
        with self._lock:
            for place, hand in changes.items():
                self.hands[place] = hand

    def kept(self) -> list[Path]:
        """The files of the pictures that are in, in the order of the folders."""
        return [entry.picture.path.absolute() for place, entry in enumerate(self.entries) if self.is_kept(place)]

    def broken(self) -> list[tuple[Path, str]]:
        """Files that cannot be read, and why."""
        pictures = [entry.picture for entry in self.entries]
        return [(picture.path, picture.measures.error) for picture in pictures if picture.measures.error]

    def row(self, place: int) -> dict[str, Any]:
        """All that is known of a picture, as the files have it."""
        entry, choice = self.entries[place], self.choices[place]
        picture, measures = entry.picture, entry.picture.measures
        like = None if choice.like is None else self.entries[choice.like].picture.path.name
        return {
            "folder": entry.folder,
            "file": picture.path.absolute().relative_to(self.folders[entry.folder]).as_posix(),
            "kept": self.is_kept(place),
            "why": measures.error or self.why(place),
            "by_hand": self.hands[place],
            **{name: round(getattr(measures, name), 3) for name in COLUMNS[4:10]},
            "faces": len(measures.faces),
            "face_size": round(measures.face_size, 3),
            "person": choice.person,
            "quality": round(measures.quality, 3),
            "like": like,
            "taken": datetime.fromtimestamp(picture.taken_s, UTC).isoformat(timespec="milliseconds")[:-6],
            "width": measures.width,
            "height": measures.height,
            "sha256": picture.sha256,
        }

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all; DatasetError if it cannot be."""
        with self._lock:
            head = {
                "format": FORMAT,
                "version": VERSION,
                "folders": [str(folder) for folder in self.folders],
                "primary": self.primary_count,
                "rules": asdict(self.rules),
            }
            rows = ",\n".join(json.dumps(self.row(place)) for place in range(len(self)))
            text = f'{json.dumps(head, indent=1)[:-2]},\n "pictures": [\n{rows}\n]}}\n'
            _write(path, text)

    def save_table(self, path: Path) -> None:
        """Write a table for spreadsheets (CSV)."""
        text = io.StringIO()
        table = csv.DictWriter(text, ["folder", *COLUMNS])
        table.writeheader()
        for place in range(len(self)):
            row = self.row(place)
            row["folder"] = self.folders[row["folder"]]
            table.writerow({name: _cell(value) for name, value in row.items()})
        _write(path, valid_unicode(text.getvalue()))

    def summary(self) -> list[str]:
        """How many are kept and left out, for which reasons, in lines."""
        groups: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        for place in range(len(self)):
            groups[self.is_kept(place)][self.why(place)] += 1
        lines = []
        for is_kept, title in ((True, "kept"), (False, "left out")):
            lines.append(f"{title:<24}{groups[is_kept].total():>8}")
            lines += [f"  {why:<22}{count:>8}" for why, count in groups[is_kept].most_common()]
        people = Counter(choice.person for choice in self.choices if choice.person)
        if people:
            counts = ", ".join(str(count) for _, count in sorted(people.items())[:8])
            more = " ..." if len(people) > 8 else ""
            lines.append(f"{'persons':<24}{len(people):>8}  (pictures of each: {counts}{more})")
        return lines


def read_hands(path: Path) -> dict[str, Hand]:
    """Decisions by hand in a selection file, by absolute path and by SHA-256; {} if there is no file."""
    if not path.exists():
        return {}
    table = _read(path)
    hands: dict[str, Hand] = {}
    for row in table["pictures"]:
        hand = row.get("by_hand")
        if hand in ("keep", "reject"):
            hands[str(_path_of(row, table, path))] = hand
            if row.get("sha256"):
                hands.setdefault(str(row["sha256"]), hand)
    return hands


def is_selection(path: Path) -> bool:
    """Whether a file is meant to be a selection, by its name."""
    return path.suffix.lower() == ENDING and path.is_file()


def selected_files(path: Path) -> list[Path]:
    """The pictures that a selection file keeps; DatasetError if it is none."""
    table = _read(path)
    return [_path_of(row, table, path) for row in table["pictures"] if row.get("kept") is True]


def _path_of(row: Mapping[str, Any], table: Mapping[str, Any], path: Path) -> Path:
    number, name = row.get("folder"), row.get("file")
    if not isinstance(name, str) or not isinstance(number, int) or not 0 <= number < len(table["folders"]):
        raise DatasetError(f"{path}: {row!r:.80} is no picture of a selection; make it again with: livegan select")
    return Path(table["folders"][number], name)


def _read(path: Path) -> dict[str, Any]:
    """The table in a selection file."""
    wrong = f"{path} is no selection; make one with: livegan select FOLDER -o NAME{ENDING}"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DatasetError(f"{path} is larger than {MAX_BYTES >> 20} MiB; {wrong}")
        table = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror or error}); give another file") from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(wrong) from error
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise DatasetError(wrong)
    if table.get("version") != VERSION:
        raise DatasetError(f"{path} is a selection of version {table.get('version')!r:.20}; make it again")
    folders, rows = table.get("folders"), table.get("pictures")
    if not (isinstance(folders, list) and all(isinstance(folder, str) for folder in folders)):
        raise DatasetError(wrong)
    if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        raise DatasetError(wrong)
    return table


def _write(path: Path, text: str) -> None:
    try:
        write_atomic(path, text)
    except OSError as error:
        raise DatasetError(f"{path} cannot be written ({error.strerror or error}); choose another place") from error


def _cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if isinstance(value, (str, Path)) and text[:1] in "=+-@" else value
