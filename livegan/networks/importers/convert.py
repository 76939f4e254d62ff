"""Other programs' networks in livegan's own form, made once by a process that is shut in, and kept in the cache.

There is no other way in: what that process cannot read safely is not read.
"""

import atexit
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.cache import cache_folder, file_hash
from livegan.networks.importers.lucidrains import config_beside
from livegan.networks.importers.sniff import sniff_file
from livegan.networks.importers.worker import Job
from livegan.networks.info import NetworkInfo, read_info

FOLDER = "network"  # in the cache; another name makes all networks be converted anew
LARGEST = 16_000_000_000  # bytes of a file; training checkpoints have a thousand million
MEMORY = 1_000_000_000  # bytes the process may take, besides six times the file
SECONDS = 60  # it may take, besides one for each SPEED bytes
SPEED = 10_000_000
LEFT_S = 3600  # no conversion takes so long
KEPT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # of the environment: what Python may need to start
BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from livegan.networks.importers.worker import main; main()"
)
_spare: dict[str, Path] = {}  # by key, where the cache cannot be written


def converted(path: Path) -> NetworkInfo:
    """The network in another program's file, as livegan's own: at once, if it was converted before.

    NetworkError of one sentence if it is none, is broken, or asks for something that no network needs.
    """
    path = path.absolute()
    try:
        kind = sniff_file(path)
        if kind in ("json", "safetensors"):
            raise NetworkError("is livegan's own already")
        before = path.stat()
        if before.st_size > LARGEST:
            raise NetworkError(f"is larger than {LARGEST / 1e9:g} GB: no network is")
        key = _key(path, kind)
        with _folder(key) as folder:
            described = _whole(folder) or _convert(path, folder, before)
    except OSError as error:
        raise NetworkError(f"{path}: cannot be read or converted ({error})") from error
    except NetworkError as error:
        raise NetworkError(f"{path}: {error}") from error
    return replace(read_info(described), name=path.stem, source=printable(str(path), 4096))


def _key(path: Path, kind: str) -> str:
    """The hash of the file, and of the configuration beside it where there is one."""
    key = file_hash(path)
    config = None if kind == "pickle" else config_beside(path)
    return key if config is None else hashlib.sha256(key.encode() + config.read_bytes()).hexdigest()


@contextmanager
def _folder(key: str) -> Iterator[Path]:
    """Where the network of that key is, or is to be: in the cache, or if that cannot be, until the end of the show."""
    folder = cache_folder(key)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        if _whole(folder / FOLDER) is None:
            if key not in _spare:
                _spare[key] = Path(tempfile.mkdtemp(prefix="livegan-"))
                atexit.register(shutil.rmtree, _spare[key], ignore_errors=True)
            folder = _spare[key]
    yield folder / FOLDER


def _whole(folder: Path) -> Path | None:
    """The JSON in a folder that was written whole, or None."""
    for described in sorted(folder.glob("*.json")):
        weights = described.with_suffix(".safetensors")
        try:
            with weights.open("rb") as file:
                header = int.from_bytes(file.read(8), "little")
                table = json.loads(file.read(min(header, 1 << 24)))
            end = max(entry["data_offsets"][1] for name, entry in table.items() if name != "__metadata__")
            if weights.stat().st_size == 8 + header + end and read_info(described).kind in ARCHITECTURES:
                return described
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, NetworkError):
            continue
    return None


def _convert(path: Path, folder: Path, before: os.stat_result) -> Path:
    """Have it read and written down aside, then moved to `folder`; of two at once one is kept."""
    with tempfile.TemporaryDirectory(prefix="converting-", dir=folder.parent) as aside:
        made = Path(aside) / FOLDER
        made.mkdir()
        _sweep(folder.parent, made)
        name = re.sub(r"[^\w.+() -]", "_", path.stem)[:80].strip(". ") or "network"
        _run(path, made, name)
        if _whole(made) is None:
            raise NetworkError("could not be converted: what came of it is not whole; is the disk full?")
        after = path.stat()
        if any(getattr(after, what) != getattr(before, what) for what in ("st_ino", "st_size", "st_mtime_ns")):
            raise NetworkError("was changed while it was read; try again when it is whole")
        if folder.exists() and _whole(folder) is None:
            shutil.rmtree(folder)
        try:
            made.rename(folder)
        except OSError:
            if _whole(folder) is None:
                raise
    described = _whole(folder)
    if described is None:
        raise NetworkError("could not be converted: the cache was emptied meanwhile; try again")
    return described


def _sweep(folder: Path, made: Path) -> None:
    """Take away what conversions that were killed have left there, long before `made` was."""
    for left in folder.glob("converting-*"):
        try:
            old = made.stat().st_mtime - left.stat().st_mtime > LEFT_S
        except OSError:  # another livegan took it away
            continue
        if old:
            shutil.rmtree(left, ignore_errors=True)


def _run(path: Path, made: Path, name: str) -> None:
    """The process that reads; NetworkError with what it says, or how it ended."""
    size = path.stat().st_size
    memory, seconds = MEMORY + 6 * size, SECONDS + size // SPEED
    job = Job(str(path), str(made), name, memory, seconds, written=4 * size + (1 << 26))
    where = [place for place in sys.path if place]
    if (root := str(Path(__file__).resolve().parents[3])) not in where:
        where.insert(0, root)
    command = [sys.executable, "-I", "-B", "-c", BOOT, json.dumps(where), json.dumps(asdict(job))]
    environment = {key: os.environ[key] for key in KEPT if key in os.environ}
    environment |= {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
    said, wrong = made.parent / "said", made.parent / "wrong"
    with said.open("wb") as out, wrong.open("wb") as err:
        try:
            ended = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=made,
                env=environment,
                timeout=seconds,
                check=False,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise NetworkError(f"took longer than {seconds} s to read: no network of its size does") from error
    with said.open("rb") as file:
        line = file.read(1 << 16)
    try:
        answer = json.loads(line)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        with wrong.open("rb") as file:
            last = file.read(1 << 16).decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise NetworkError(_ending(ended.returncode, last, memory, seconds))
    if answer:
        raise NetworkError(printable(str(answer.get("error", "could not be read")), 1000))


def _ending(code: int, last: str, memory: int, seconds: int) -> str:
    """Why a process that said nothing ended."""
    if code == -24:  # SIGXCPU
        return f"took longer than {seconds} s to read: no network of its size does"
    if code == -9 or "MemoryError" in last:
        return f"needs more than {memory / 1e6:.0f} MB of memory to be read: no network of its size does"
    if code < 0:
        return f"broke the process that read it (signal {-code}); the file is damaged, or made to do that"
    return f"could not be read: the process that reads files ended with code {code} ({printable(last)})"
