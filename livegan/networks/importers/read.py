"""Read a network from an untrusted file of another program: unpickle without calling, convert, check. No torch."""

import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from livegan.errors import NetworkError
from livegan.networks.importers import (
    describe,
    fastgan,
    lucidrains,
    models,
    nvidia,
    rosinality,
    stylegan2_nvidia,
    stylegan3_layout,
    stylegan_t,
    tensorflow,
)
from livegan.networks.importers.archive import read_archive
from livegan.networks.importers.clip_names import CONFIG_NAMES
from livegan.networks.importers.imported import ImportedNetwork, check_numbers
from livegan.networks.importers.safetensors_file import read_safetensors
from livegan.networks.importers.sniff import READABLE_FORMATS, sniff_file
from livegan.networks.importers.storages import Array, array_of, is_array, read_legacy
from livegan.networks.importers.unpickle import Unpickler


def read_network(path: Path, kind: str) -> ImportedNetwork:
    """The network in a file of another program; `kind` is what `sniff_file` says of it.

    "zip", "legacy", "pickle" or "safetensors". NetworkError says in one sentence, without the path, why it cannot be
    read.
    """
    with path.open("rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        value = _value(kind, file, data)
    with np.errstate(all="ignore"):  # numbers that are too large are refused below, in a sentence
        network = _network(value, path, kind)
    check_numbers(network.tensors)
    return network


def read_tensors(path: Path) -> dict[str, Array]:
    """The tensors of a state dict that torch.save wrote, by name, as float32; nothing in the file is run.

    NetworkError, without the path, if it is none, or broken.
    """
    kind = sniff_file(path)
    with path.open("rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        value = _value(kind, file, data) if kind in ("zip", "legacy") else None
        if not isinstance(value, dict):
            raise NetworkError("is no state dict of torch")
        return {name: np.array(array_of(each)) for name, each in value.items() if is_array(each)}


def _value(kind: str, file: BinaryIO, data: memoryview) -> Any:
    if kind == "safetensors":
        return read_safetensors(data)
    if kind == "zip":
        return read_archive(file, data)
    return read_legacy(data)[0] if kind == "legacy" else Unpickler(data).load()


Reader = tuple[Callable[[Any], bool], Callable[[Any, Path], ImportedNetwork]]
READERS: tuple[Reader, ...] = (  # whether it is theirs, and what reads it; the first that says so reads it
    (fastgan.is_one, lambda value, path: fastgan.read(value)),
    (stylegan_t.is_one, lambda value, path: stylegan_t.read(value)),
    (nvidia.is_one, lambda value, path: nvidia.read(value)),
    (tensorflow.is_one, lambda value, path: tensorflow.read(value)),
    (rosinality.is_one, lambda value, path: rosinality.read(value)),
    (stylegan2_nvidia.is_one, lambda value, path: stylegan2_nvidia.read(value)),
    (stylegan3_layout.is_one, lambda value, path: stylegan3_layout.read(value)),
    (
        lucidrains.is_one,
        lambda value, path: lucidrains.read(value, lucidrains.read_config(lucidrains.config_beside(path))),
    ),
)


def _network(value: Any, path: Path, kind: str) -> ImportedNetwork:
    for is_one, read in READERS:
        if kind != "safetensors" and is_one(value):  # those of livegan's own names need their JSON
            return read(value, path)
    model = models.read(value, path.name, lambda name: lucidrains.read_config(_beside(path, name)))
    if model is not None:
        return model
    if kind == "safetensors" and not describe.kind_of(value):
        raise NetworkError(
            f"{path.stem}.json must lie beside it: it says what the weights are; "
            "alone they can only be those of CLIP, Wav2CLIP or VQGAN"
        )
    raise NetworkError(f"{describe.sentence(value)}; {READABLE_FORMATS}")


def configs_beside(path: Path) -> list[Path]:
    """The configurations beside a file that its reader may look at."""
    found = [lucidrains.config_beside(path), *(_beside(path, name) for name in CONFIG_NAMES)]
    return [config for config in found if config is not None]


def _beside(path: Path, name: str) -> Path | None:
    config = path.with_name(name)
    return config if config.is_file() and config.stat().st_size <= lucidrains.MAX_CONFIG_BYTES else None
