"""Files: atomic writes, moves that never overwrite, and reading text that people wrote."""

import errno
import os
import secrets
import select
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from livegan.core.text import quoted
from livegan.errors import MediaError

if sys.platform != "win32":
    import fcntl

PIPE_WAIT_S = 3.0
MAX_PIPED_BYTES = 1 << 24
NO_ENDINGS: Mapping[str, Collection[str]] = {}
CANNOT_WAIT = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}  # of file systems without fsync


@contextmanager
def atomic_path(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A new, empty file beside `path` to write to; it takes the place of `path` when the block ends well.

    If the block raises, the new file is removed and `path` is as it was. Makes the folder. Raises OSError. A crash, or
    two writers at once, leave a whole file, of one of them. A link is followed; a pipe or a device is written directly.
    `durable`: a power cut leaves a whole file too, for which the disk is waited for, 10 ms or far longer. False is for
    what is written all the time, is made anew if it is damaged, or belongs to a thread that must not wait.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        yield path
        return
    aside = new_file_beside(path)
    mode = aside.stat().st_mode
    try:
        yield aside
        if aside.stat().st_mode != mode:  # safetensors puts one of its own in its place, which only the owner may read
            aside.chmod(mode)
        if durable:
            wait_for_disk(aside)
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    if durable and sys.platform != "win32":
        with suppress(OSError):  # it has its name; only how soon that is on the disk is not known
            _wait_for_folder(path.parent)


def write_atomic(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Write a whole file or none: text as UTF-8. Makes the folder. `durable`: of `atomic_path`. Raises OSError."""
    with atomic_path(path, durable=durable) as aside:
        aside.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))


def wait_for_disk(path: Path) -> None:
    """Return when what was written to a file is on the disk, to be called before the file gets its name.

    A file system that puts names on the disk before data would leave an empty file after a power cut. Raises OSError,
    of a disk that turns out to be full, say.
    """
    with path.open("rb+") as file:  # Windows waits for what can be written only
        try:
            os.fsync(file.fileno())
        except OSError as error:
            if error.errno not in CANNOT_WAIT:
                raise


def move_to_free_name(part: Path, path: Path) -> Path:
    """Give `part` the name `path`, or, if that is taken by now, NAME-2, NAME-3 ...; returns the name it got.

    Never overwrites, so of two writers of one name neither is lost. Raises OSError.
    """
    for number in range(1, 10_000):
        target = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        try:
            os.link(part, target)  # fails where there is one, in one step
        except FileExistsError:
            continue
        except OSError:  # a file system without hard links
            if target.exists():
                continue
            os.rename(part, target)
            return target
        part.unlink()
        return target
    raise FileExistsError(f"{path} and 9999 names after it are taken")


def new_file_beside(path: Path) -> Path:
    """A new, empty file in the folder of `path`, hidden, with its ending. Makes the folder. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return _new_file(path.parent, f".{path.stem[:40]}.", path.suffix)


def check_writable(path: Path) -> None:
    """OSError, now, if a file cannot be written at `path`; leaves the disk as it is.

    A folder that is not there yet counts as writable if it can be made.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if path.exists() and not path.is_file():  # a pipe or a device such as /dev/stdout
        return
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))
    folder = next(parent for parent in (path.parent, *path.absolute().parents) if parent.exists())
    _new_file(folder, ".livegan.", "").unlink()


def check_outputs(
    outputs: Mapping[str, Path | None],
    inputs: Iterable[str | Path | None] = (),
    *,
    in_new_folders: Collection[str] = (),
    replaces: Mapping[str, Collection[str]] = NO_ENDINGS,
    pictures: Collection[str] = (),
) -> None:
    """MediaError, before any work is done, for an output of a command that cannot be written.

    `outputs` maps each option to what was typed for it, or None. An output must not be one of the `inputs` (of which
    None and names that are no files count for nothing), nor the same file as another output; its folder must exist,
    but for options that are `in_new_folders`. `replaces` maps an option that asks for no --overwrite to the endings of
    the files that it writes: only such a file, or an empty one, is replaced. `pictures` are options that write PNG: a
    file's name must end so, as no other kind is written. Leaves the disk as it is.
    """
    options: dict[Path, str] = {}
    sources = {path.resolve() for path in (expanded(name) for name in inputs if name) if is_file(path)}
    for option, path in outputs.items():
        if path is None:
            continue
        place = path.resolve()
        if place in sources:
            raise MediaError(f"{path} is an input of this command; choose another name for {option}")
        if place in options:
            raise MediaError(f"{path} cannot be both {options[place]} and {option}; choose another name for {option}")
        options[place] = option
        if path.is_dir():
            raise MediaError(f"{path} is a folder; give {option} the name of a file, for example: {option} {path}/NAME")
        if option not in in_new_folders and not path.parent.is_dir():
            raise MediaError(f"{path} cannot be written: there is no folder {path.parent}; choose another for {option}")
        if (endings := replaces.get(option)) and path.suffix.lower() not in endings and _holds_something(path):
            kind = " or ".join(endings)
            raise MediaError(f"{path} is there already and is no {kind} file; choose another name for {option}")
        if option in pictures and path.suffix.lower() != ".png" and (is_file(path) or not path.exists()):
            example = quoted(path.with_suffix(".png"))
            raise MediaError(
                f"{path} would be a PNG file; give it a name that says so, for example: {option} {example}"
            )
        try:
            check_writable(path)
        except OSError as error:
            raise unwritable(path, error, option) from error


def unwritable(path: Path, error: OSError, option: str) -> MediaError:
    """The error for an output that cannot be written, naming the option it was typed for."""
    return MediaError(f"{path} cannot be written ({reason_of(error)}); choose another place for {option}")


def expanded(path: str | Path) -> Path:
    """The path with ~ as the home; of a user that there is none of it stays as it is, as in a shell."""
    return Path(os.path.expanduser(path))


def user_path(name: str | Path) -> Path:
    """The path that a person typed, ~ being a home, existing or not; ValueError, a reason, if it cannot be one."""
    try:
        path = Path(name).expanduser()
        path.exists()
    except (OSError, RuntimeError, ValueError) as error:  # too long, no such user, not ours to look into, a zero
        raise ValueError(getattr(error, "strerror", None) or str(error).rstrip(".")) from error
    return path


def is_file(path: Path) -> bool:
    """Whether an ordinary file is there that can be looked at; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def data_bytes(path: Path, most_pieces: int = 1000) -> int:
    """How many bytes of a file are more than holes; all, where the system does not tell, or in many pieces.

    A download that was broken off, or a file made to look large, is mostly holes (lseek(2), SEEK_DATA). Raises OSError.
    """
    size = path.stat().st_size
    if not hasattr(os, "SEEK_HOLE"):
        return size
    with path.open("rb") as file:
        held = end = 0
        for _ in range(most_pieces):
            try:
                start = os.lseek(file.fileno(), end, os.SEEK_DATA)
                end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            except OSError as error:
                return held if error.errno == errno.ENXIO else size  # nothing but a hole after that
            held += end - start
    return held + size - end


def reason_of(error: OSError) -> str:
    """Why it failed, in the system's words."""
    return error.strerror or str(error) or type(error).__name__


def open_alone(path: Path) -> IO[str]:
    """Open a text file to be written from its beginning; OSError if another program is writing it."""
    if path.exists() and not path.is_file():  # a pipe or a device
        return path.open("w", encoding="utf-8")
    file = path.open("a", encoding="utf-8")  # nothing is lost before it is locked
    try:
        if sys.platform != "win32":
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.truncate(0)
                return file
            raise OSError(errno.EBUSY, "another program is writing it", str(path))
        file.truncate(0)
    except BaseException:
        file.close()
        raise
    return file


def read_text(path: Path) -> str:
    """The text of a UTF-8 file without a byte order mark. Raises OSError, UnicodeDecodeError.

    Of a pipe or a device MAX_PIPED_BYTES at most; OSError if nothing is written into it for PIPE_WAIT_S.
    """
    if path.is_file() or sys.platform == "win32":
        return path.read_text(encoding="utf-8-sig")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer would wait for ever
    with open(descriptor, "rb") as file:
        if not select.select([descriptor], [], [], PIPE_WAIT_S)[0]:
            raise TimeoutError(errno.ETIMEDOUT, "nothing is written into this pipe", str(path))
        os.set_blocking(descriptor, True)
        return file.read(MAX_PIPED_BYTES).decode("utf-8-sig")


def _wait_for_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _holds_something(path: Path) -> bool:
    return is_file(path) and path.stat().st_size > 0


def _new_file(folder: Path, prefix: str, suffix: str) -> Path:
    """An empty file that was not there, with the permissions of any new file."""
    while True:
        path = folder / f"{prefix}{secrets.token_hex(4)}{suffix}"
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            return path
