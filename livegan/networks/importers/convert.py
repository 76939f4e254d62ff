"""Import other programs' networks: a sandboxed subprocess converts the file once, the result is kept in the cache.

What that process cannot read safely is not read at all.
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

from livegan.core.files import reason_of
from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.cache import cache_folder, check_whole, file_hash
from livegan.networks.importers.read import configs_beside
from livegan.networks.importers.safetensors_file import read_header
from livegan.networks.importers.sniff import sniff_file
from livegan.networks.importers.worker import Job
from livegan.networks.info import NetworkInfo, read_info
from livegan.networks.models import MODELS
from livegan.networks.weights_file import described_shapes, misfits

FOLDER = "network-2"  # in the cache; another name makes all networks be converted anew
MAX_FILE_BYTES = 16_000_000_000  # bytes of a file; training checkpoints have a thousand million
BASE_MEMORY_BYTES = 400_000_000  # bytes of addresses the process may take, besides six times the file
BASE_SECONDS = 60  # it may take, besides one for each BYTES_PER_SECOND bytes
BYTES_PER_SECOND = 10_000_000
STALE_S = 3600  # no conversion takes so long
KEPT_VARIABLES = (
    "SYSTEMROOT",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
)  # of the environment: what Python may need to start
BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from livegan.networks.importers.worker import main; main()"
)
_spare: dict[str, Path] = {}  # by key, where the cache cannot be written


def import_network(path: Path, kind: str) -> NetworkInfo:
    """The network in another program's file, as livegan's own: at once, if it was converted before.

    `kind` is what `sniff_file` says of the file: "zip", "legacy", "pickle" or "safetensors". NetworkError of one
    sentence if it holds no network, is broken, or asks for something that no network needs.
    """
    path = path.absolute()
    try:
        before = path.stat()
        if before.st_size > MAX_FILE_BYTES:
            raise NetworkError(f"is larger than {MAX_FILE_BYTES / 1e9:g} GB: no network is")
        check_whole(path)
        if kind == "safetensors":
            read_header(path)
        key = _key(path, kind)
        with _folder(key) as folder:
            info = _kept(folder) or _convert(path, kind, folder, before)
    except OSError as error:
        raise NetworkError(f"cannot be read or converted ({reason_of(error)})", path) from error
    except NetworkError as error:  # of a reader, which does not know the path
        raise error.about(path) from error
    return replace(info, name=path.stem, source=printable(str(path), 4096))


def convert_again(info: NetworkInfo) -> bool:
    """Convert the source of a damaged copy in the cache anew, in its place; False if that is not to be had any more.

    NetworkError if the source itself is broken.
    """
    path = Path(info.source)
    folder = info.path.parent
    try:
        before = path.stat()
        kind = sniff_file(path)
        if cache_folder(_key(path, kind)) != folder.parent:
            return False
    except (OSError, NetworkError):
        return False
    try:
        _convert(path, kind, folder, before, info.path.stem)
    except OSError:
        return False
    except NetworkError as error:
        raise error.about(path) from error
    return True


def _key(path: Path, kind: str) -> str:
    """The hash of the file, and of the configurations beside it where there are any."""
    key = file_hash(path)
    configs = [] if kind == "pickle" else configs_beside(path)
    if not configs:
        return key
    return hashlib.sha256(key.encode() + b"".join(config.read_bytes() for config in configs)).hexdigest()


@contextmanager
def _folder(key: str) -> Iterator[Path]:
    """Where the network of that key is, or is to be: in the cache, or if that cannot be, until the end of the show."""
    folder = cache_folder(key)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        if _kept(folder / FOLDER) is None:
            if key not in _spare:
                _spare[key] = Path(tempfile.mkdtemp(prefix="livegan-"))
                atexit.register(shutil.rmtree, _spare[key], ignore_errors=True)
            folder = _spare[key]
    yield folder / FOLDER


def _whole(folder: Path) -> NetworkInfo | None:
    """The network in a folder that was written whole, or None."""
    for described in sorted(folder.glob("*.json")):
        try:
            info = read_info(described)
            if read_header(info.weights) and info.kind in (*ARCHITECTURES, *MODELS):
                return info
        except (OSError, NetworkError):
            continue
    return None


def _kept(folder: Path) -> NetworkInfo | None:
    """The network in a folder if its weights are those of its description, as far as their head shows; or None."""
    info = _whole(folder)
    try:
        expected = described_shapes(info) if info else None
        return None if info and expected and misfits(read_header(info.weights), expected) else info
    except (OSError, NetworkError):
        return None


def _convert(path: Path, kind: str, folder: Path, before: os.stat_result, damaged: str = "") -> NetworkInfo:
    """Convert the file aside, then move the result to `folder`; of two conversions at once one is kept.

    `damaged`: the name of the copy that lies there and is replaced.
    """
    with tempfile.TemporaryDirectory(prefix="converting-", dir=folder.parent) as aside:
        made = Path(aside) / FOLDER
        made.mkdir()
        _sweep(folder.parent, made)
        name = re.sub(r"[^A-Za-z0-9_.+() -]", "_", path.stem)[:80].strip(". ") or "network"
        name = damaged or name
        _run(path, kind, made, name)
        info = _whole(made)
        if info is None:
            raise NetworkError("could not be converted: what came of it is not whole; is the disk full?")
        _check_drawable(info)
        after = path.stat()
        if any(getattr(after, what) != getattr(before, what) for what in ("st_ino", "st_size", "st_mtime_ns")):
            raise NetworkError("was changed while it was read; try again when it is whole")
        if folder.exists() and (damaged or _kept(folder) is None):
            shutil.rmtree(folder)
        try:
            made.rename(folder)
        except OSError:
            other = _kept(folder)
            if other is None:
                raise
            return other
    return replace(info, path=folder / info.path.name)


def _check_drawable(info: NetworkInfo) -> None:
    """NetworkError if livegan could not draw with what a reader made of a file: that is found now, not in a show."""
    if info.kind not in ARCHITECTURES:
        return
    from livegan.networks.network_class import expected_shapes  # torch, on first use

    try:
        mistakes = misfits(read_header(info.weights), expected_shapes(info))
    except NetworkError as error:
        raise NetworkError(f"holds a network that livegan cannot draw: {error.reason}") from error
    if mistakes:
        raise NetworkError(f"has tensors that do not belong together: {mistakes}")


def _sweep(folder: Path, made: Path) -> None:
    """Remove what killed conversions left there, long before `made` was made."""
    for left in folder.glob("converting-*"):
        try:
            old = made.stat().st_mtime - left.stat().st_mtime > STALE_S
        except OSError:  # another process removed it
            continue
        if old:
            shutil.rmtree(left, ignore_errors=True)


def _run(path: Path, kind: str, made: Path, name: str) -> None:
    """Run the worker; NetworkError with its error, or why it ended without an answer."""
    size = path.stat().st_size
    memory, seconds = BASE_MEMORY_BYTES + 6 * size, BASE_SECONDS + size // BYTES_PER_SECOND
    job = Job(str(path), kind, str(made), name, memory, seconds, written=4 * size + (1 << 26))
    module_paths = [path for path in sys.path if path]
    if (root := str(Path(__file__).resolve().parents[3])) not in module_paths:
        module_paths.insert(0, root)
    command = [sys.executable, "-I", "-B", "-c", BOOT, json.dumps(module_paths), json.dumps(asdict(job))]
    environment = {key: os.environ[key] for key in KEPT_VARIABLES if key in os.environ}
    environment |= {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
    output, errors = made.parent / "stdout", made.parent / "stderr"
    with output.open("wb") as out, errors.open("wb") as err:
        try:
            completed = subprocess.run(
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
    with output.open("rb") as file:
        line = file.read(1 << 16)
    try:
        answer = json.loads(line)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        with errors.open("rb") as file:
            last = file.read(1 << 16).decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise NetworkError(_exit_reason(completed.returncode, last, memory, seconds))
    if answer:
        raise NetworkError(printable(str(answer.get("error", "could not be read")), 1000))


def _exit_reason(code: int, last: str, memory: int, seconds: int) -> str:
    """Why a worker ended without an answer."""
    if code == -24:  # SIGXCPU
        return f"took longer than {seconds} s to read: no network of its size does"
    if code == -9 or "MemoryError" in last:
        return f"needs more than {memory / 1e6:.0f} MB of memory to be read: no network of its size does"
    if code < 0:
        return f"broke the process that read it (signal {-code}); the file is damaged, or made to do that"
    return f"could not be read: the process that reads files ended with code {code} ({printable(last)})"
