"""Work folder of a film: its whole segments, and what the next one needs, so that a stopped render goes on.

A segment is written aside and renamed when it is whole; then comes the memory of the performer at its end. What is not
whole is made again. The folder's name has the digest of everything that decides the pictures.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from livegan.core.files import open_alone, reason_of, wait_for_disk, write_atomic
from livegan.core.text import printable
from livegan.errors import MediaError
from livegan.outputs.join import Segment

if TYPE_CHECKING:
    from torch import Tensor

MOST_SEGMENTS = 1_000_000  # months of film
MOST_AT_ONCE = 100  # programs that make the same film
README = """These are the parts of {film}, which is not finished.

To go on, type the same command again: {command}
To have what there is of it as a film, press Ctrl-C soon after that.
Each file is a part of the picture, without sound. When the film is finished, this folder is removed; if you do not want
the film any more, remove it yourself.
"""


def digest_of(facts: Mapping[str, str]) -> str:
    """SHA-256 of what decides the pictures of a film."""
    return hashlib.sha256(json.dumps(dict(facts), sort_keys=True).encode()).hexdigest()


def parts_folder(output: Path, digest: str, number: int = 1) -> Path:
    """Where the parts of a film lie."""
    again = f"-{number}" if number > 1 else ""
    stem = "frames" if "%" in output.stem else output.stem[:80]  # of an image sequence
    return output.with_name(f"{stem}.parts-{digest[:8]}{again}")


class FilmParts:
    """Work folder of one film, of this process alone."""

    def __init__(self, output: Path, facts: Mapping[str, str], command: str, ending: str) -> None:
        """Make it, or go on in one that another run has left. MediaError if it cannot be written.

        `facts`: what decides the pictures, by names for people; `ending`: of the segments' files.
        """
        self.digest, self._ending = digest_of(facts), ending
        self.fresh = True  # whether no earlier run has left it
        self.folder, self._lock = self._own(output)
        try:
            write_atomic(self.folder / "facts.json", json.dumps(dict(facts), indent=1))
            readme = README.format(film=output.name, command=command or "livegan render ...")
            write_atomic(self.folder / "README.txt", readme)
            for left in (*self.folder.glob("*.part-*"), *self.folder.glob("partial*"), *self.folder.glob("film.*")):
                left.unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error
        self.whole = self._whole()  # segments that are there

    def _own(self, output: Path) -> tuple[Path, IO[str]]:
        """The first folder that no other program holds, and what holds it."""
        for number in range(1, MOST_AT_ONCE):
            self.folder = parts_folder(output, self.digest, number)
            self.fresh = not self.folder.exists()
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise self._unwritable(error) from error
            if self.folder.is_symlink() or any(path.is_symlink() for path in self.folder.iterdir()):
                continue  # links are none of ours
            with suppress(OSError):
                return self.folder, open_alone(self.folder / "lock")
        raise MediaError(f"{output} is made by {MOST_AT_ONCE - 1} other programs; wait for them")

    def _unwritable(self, error: OSError) -> MediaError:
        return MediaError(
            f"'{printable(self.folder)}' cannot be written ({reason_of(error)}); it holds the parts of the film while "
            "it is made: look at the free space (df -h), or give another place with -o"
        )

    def _memory_path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.memory"

    def path(self, number: int) -> Path:
        """The file of a whole segment."""
        return self.folder / f"{number:06d}{self._ending}"

    @property
    def partial(self) -> Path:
        """The file of the segment that is not whole."""
        return self.folder / f"partial{self._ending}"

    def _whole(self) -> int:
        """How many segments of an earlier run are whole, up to the newest memory."""
        for path in sorted(self.folder.glob("*.memory"), reverse=True):
            number = int(path.stem) + 1 if path.stem.isdecimal() and path.stem.isascii() else 0
            sizes = self._sizes(path)
            if self._ending and number != len(sizes):
                continue
            there = [self.path(at).stat().st_size if self.path(at).is_file() else -1 for at in range(len(sizes))]
            if 0 < number < MOST_SEGMENTS and sizes == (there if self._ending else []):
                return number
        return 0

    @staticmethod
    def _sizes(path: Path) -> list[int]:
        """Sizes of the segments up to a memory [bytes], as it says itself; [-2] of one that cannot be read."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "pt") as file:
                sizes = json.loads(file.metadata()["sizes"])
        except (OSError, SafetensorError, KeyError, TypeError, ValueError):
            return [-2]
        return sizes if isinstance(sizes, list) else [-2]

    def memory(self) -> "dict[str, Tensor]":
        """What the performer remembered at the end of the last whole segment; {} where there is none."""
        if not self.whole:
            return {}
        from safetensors import safe_open
        from safetensors.torch import load_file

        path = self._memory_path(self.whole - 1)
        with safe_open(path, "pt") as file:
            devices = json.loads(file.metadata()["devices"])
        return {name: tensor.to(devices.get(name, "cpu")) for name, tensor in load_file(path).items()}

    def check(self) -> None:
        """MediaError if the folder is gone: removed, or its disk unplugged."""
        if not (self.folder / "lock").exists():
            raise MediaError(
                f"'{printable(self.folder)}' is gone, with what was made of the film; type the same command again"
            )

    def keep(self, memory: "Mapping[str, Tensor]") -> None:
        """The segment in `partial` is whole; `memory` is the performer's at its end. MediaError if the disk is full."""
        from safetensors.torch import save

        number = self.whole
        try:
            if self._ending:
                wait_for_disk(self.partial)  # the memory, which says that it is whole, must not be there before it
                self.partial.replace(self.path(number))
            sizes = [self.path(at).stat().st_size for at in range(number + 1)] if self._ending else []
            metadata = {
                "sizes": json.dumps(sizes),
                "devices": json.dumps({name: str(t.device) for name, t in memory.items() if t.device.type != "cpu"}),
            }
            tensors = {name: tensor.contiguous().cpu() for name, tensor in memory.items()}
            write_atomic(self._memory_path(number), save(tensors, metadata))
            self.whole = number + 1
            if number:
                self._memory_path(number - 1).unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def segments(self, frames_each: int) -> list[Segment]:
        """The whole segments, and the one that is not, if it is there."""
        found = [Segment(self.path(number), number * frames_each) for number in range(self.whole)]
        if self.partial.is_file():
            found.append(Segment(self.partial, self.whole * frames_each))
        return found

    def note_film(self, path: Path) -> None:
        """Remember that the film at `path` is what there was when the render was stopped: it may be replaced."""
        with suppress(OSError):
            status = path.stat()
            note = {"path": str(path.resolve()), "size": status.st_size, "time": status.st_mtime_ns}
            write_atomic(self.folder / "stopped.json", json.dumps(note))

    def is_own(self, path: Path) -> bool:
        """Whether the film at `path` is one that a stopped run of this render has left."""
        return is_left_by(self.folder, path)

    def remove(self) -> None:
        """Remove the folder: the film is finished, or nothing is worth keeping."""
        self._lock.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Let another program go on here."""
        self._lock.close()


def is_left_by(folder: Path, path: Path) -> bool:
    """Whether the film at `path` is one that the stopped render in `folder` has left, unchanged since."""
    try:
        note: Any = json.loads((folder / "stopped.json").read_text(encoding="utf-8"))
        status = path.stat()
        return bool(note == {"path": str(path.resolve()), "size": status.st_size, "time": status.st_mtime_ns})
    except (OSError, ValueError):
        return False


def other_parts(output: Path, digest: str) -> Sequence[Path]:
    """Work folders of the same film with other facts: it was changed since they were begun."""
    stem = parts_folder(output, "").name
    return [
        folder
        for folder in sorted(output.parent.glob("*.parts-*"))
        if folder.name.startswith(stem) and not folder.name.startswith(parts_folder(output, digest).name)
    ]


def changed_facts(folder: Path, facts: Mapping[str, str]) -> list[str]:
    """Names of the facts that are others than those of a work folder; [] where they cannot be read."""
    try:
        before: Any = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    if not isinstance(before, dict):
        return []
    return [name for name in dict.fromkeys((*facts, *before)) if facts.get(name) != before.get(name)]
