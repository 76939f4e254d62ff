"""Integrity check of a weights file: whole, and of the network in its JSON. Only its head is read; no torch."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.cache import check_whole, is_cached
from livegan.networks.importers.safetensors_file import Entry, read_header
from livegan.networks.info import NetworkInfo
from livegan.networks.models import MODELS

MAX_FILE_BYTES = 9_000_000_000  # of a file: a thousand million float64 and their names
DTYPES = ("F16", "BF16", "F32", "F64")
Shapes = Mapping[str, tuple[int, ...]]


def check_description(info: NetworkInfo) -> None:
    """NetworkError if the JSON of `info`, of an architecture, describes a network that cannot be: no file is read."""
    described_shapes(info)


def described_shapes(info: NetworkInfo) -> Shapes | None:
    """Names and shapes of the tensors that the JSON of `info` asks for; None if it is of no architecture.

    NetworkError if there can be no such network. No file is read, and no torch.
    """
    where = ARCHITECTURES[info.kind].shape if info.kind in ARCHITECTURES else ""
    if not where:
        return None
    module, _, name = where.partition(":")
    room = import_module(module)
    shapes: Shapes = room.tensor_shapes(getattr(room, name).of(info))
    return shapes


def check_head(info: NetworkInfo) -> dict[str, Entry]:
    """The head of the weights of `info`; NetworkError unless it names all tensors of such a network or model only.

    None of their numbers is read, and no torch.
    """
    entries = weight_entries(info)
    expected = described_shapes(info)
    if expected is None and info.kind in MODELS:
        model = MODELS[info.kind]
        room = import_module(model.shape)
        hints = {key: info.shape[key] for key in model.hints if key in info.shape}
        try:
            expected = room.tensor_shapes(
                room.shape_from({key: entry.shape for key, entry in entries.items()}, **hints)
            )
        except NetworkError as error:
            raise error.about(info.path) from error
    if expected is not None:
        check_fit(info, entries, expected)
    return entries


def weight_entries(info: NetworkInfo) -> dict[str, Entry]:
    """The head of the weights of `info`; NetworkError if there are none, or they are broken."""
    path = info.weights
    if not path.is_file():
        kind = "is no file" if path.exists() else "no such file"
        raise NetworkError(f"{kind}; a network is two files, {info.name}.json and {info.name}.safetensors", path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise NetworkError(f"is larger than {MAX_FILE_BYTES / 1e9:g} GB: no network is")
        check_whole(path)
        return read_header(path)
    except OSError as error:
        raise NetworkError(f"cannot be read ({error.strerror or error})", path) from error
    except NetworkError as error:
        refuse(info, error.reason)


def check_fit(info: NetworkInfo, entries: Mapping[str, Entry], expected: Shapes) -> None:
    """NetworkError unless the file has exactly the tensors that are `expected`, of numbers with a point."""
    if mistakes := misfits(entries, expected):
        refuse(info, f"does not fit what {info.path.name} says: {mistakes}")


def misfits(entries: Mapping[str, Entry], expected: Shapes) -> str:
    """What is wrong with the first few tensors that are not as `expected`; "" if all are."""
    mistakes = [f"'{key}' is missing" for key in expected if key not in entries]
    mistakes += [f"'{printable(key, 100)}' is unknown" for key in entries if key not in expected]
    for key, shape in expected.items():
        entry = entries.get(key)
        if entry is not None and entry.shape != tuple(shape):
            mistakes.append(f"'{key}' is {_sides(entry.shape)} where {_sides(shape)} is needed")
        elif entry is not None and entry.dtype not in DTYPES:
            mistakes.append(f"'{key}' holds {entry.dtype}, not numbers of 16 to 64 bits with a point")
    more = f" and {len(mistakes) - 3} more" if len(mistakes) > 3 else ""
    return f"{', '.join(mistakes[:3])}{more}"


def refuse(info: NetworkInfo, reason: str) -> NoReturn:
    """Raise what is wrong with the weights of `info`, and what to do: nobody knows of a file in the cache."""
    if is_cached(info.path) and info.source:
        raise NetworkError(
            f"its copy in the cache {reason.partition(';')[0]}; delete {info.path.parent}, then try again",
            Path(info.source),
        )
    advice = "" if ";" in reason else "; copy both of its files again"
    raise NetworkError(f"{reason}{advice}, or name another network in the scene (network = ...)", info.weights)


def _sides(shape: tuple[int, ...]) -> str:
    return "x".join(str(side) for side in shape) or "a single number"
