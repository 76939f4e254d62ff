"""A network out of a stranger's file: sniffed, read by the reader for it, checked. Runs nothing in it, no torch."""

import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from livegan.errors import NetworkError
from livegan.networks.importers import lucidrains, nvidia, rosinality, tensorflow
from livegan.networks.importers.archive import read_archive
from livegan.networks.importers.imported import Found, check_numbers
from livegan.networks.importers.sniff import FORMATS, HEAD, sniff
from livegan.networks.importers.storages import legacy
from livegan.networks.importers.unpickle import Unpickler
from livegan.networks.importers.values import OBJECT, Made


def read_network(path: Path) -> Found:
    """The network in a file of another program; NetworkError says in one sentence, without the path, why not."""
    with path.open("rb") as file:
        kind = sniff(file.read(HEAD), path.stat().st_size)
        if kind in ("json", "safetensors"):
            raise NetworkError("is livegan's own, or nothing that has to be converted")
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        value = _value(kind, file, data)
    found = _network(value, path)
    check_numbers(found.tensors)
    return found


def _value(kind: str, file: BinaryIO, data: memoryview) -> Any:
    if kind == "zip":
        return read_archive(file, data)
    return legacy(data)[0] if kind == "legacy" else Unpickler(data).load()


def _network(value: Any, path: Path) -> Found:
    try:
        if isinstance(value, dict) and "G_ema" in value:
            return nvidia.read(value)
        if isinstance(value, Made) and value.name == OBJECT:
            return nvidia.read(value)
        if isinstance(value, tuple | list) and len(value) == 3 and all(map(tensorflow.is_network, value)):
            return tensorflow.read(value)
        if isinstance(value, dict) and "g_ema" in value:
            return rosinality.read(value)
        if isinstance(value, dict) and "GAN" in value:
            return lucidrains.read(value, _config(path))
    except MemoryError as error:
        raise NetworkError("is too large to be read here") from error
    raise NetworkError(f"holds {_said(value)}, no network livegan knows; {FORMATS}")


def _config(path: Path) -> Mapping[str, Any]:
    return lucidrains.read_config(lucidrains.config_beside(path))


def _said(value: Any) -> str:
    """What a pickle holds, for people."""
    if isinstance(value, dict):
        words = [repr(key[:40]) for key in value if isinstance(key, str)][:4]
        return f"a dictionary of {', '.join(words)}" if words else "a dictionary"
    return "a list" if isinstance(value, list | tuple) else "a single value"
