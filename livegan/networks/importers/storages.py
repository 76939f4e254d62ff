"""Tensor storages in a file: views of its bytes, checked before use, copied only when they are needed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers.unpickle import Budget, Unpickler
from livegan.networks.importers.values import (
    ARRAY,
    BYTES,
    COMPLEX,
    PARAMETER,
    REFUSED,
    STORAGES,
    TENSOR,
    WIDTHS,
    GlobalName,
    PickledObject,
    Refused,
    bytes_of,
    number_of,
)

Array = NDArray[np.float32]
MAX_NUMBERS = 1_000_000_000  # in one tensor, and in a network
MAX_INNER_STEPS = 1000  # instructions of the pickle of one storage inside a pickle: it has some thirty
TORCH_MAGIC = 0x1950A86A20F9469CFC6C


@dataclass(slots=True, eq=False, repr=False)
class Storage:
    """Tensor storage: a contiguous block of numbers in a file."""

    code: str  # "<f4", or "bf2" for bfloat16
    count: int
    data: memoryview | None = None  # set once it is found

    @property
    def size(self) -> int:
        """Bytes it must have."""
        return self.count * (2 if self.code == "bf2" else (WIDTHS | COMPLEX)[self.code[1:]])


def storage_of(named: Any) -> tuple[Storage, str]:
    """The storage that a persistent id of torch refers to, still without bytes, and its key.

    ("storage", type, key, device, count), in the older kind followed by None. Anything else is refused.
    """
    if not (isinstance(named, tuple) and len(named) in (5, 6) and named[0] == "storage"):
        raise Refused("it names a part of the file that is no tensor")
    _, kind, key, _, count = named[:5]
    if len(named) == 6 and named[5] is not None:
        raise Refused("it has a view into a storage, as torch wrote them before 0.4")
    short = kind.text.rpartition(".")[2] if isinstance(kind, GlobalName) else ""
    if short not in STORAGES:
        raise Refused(f"it has a tensor of the type {printable(short, 100)!r}, whose size is not known")
    if not isinstance(key, str) or type(count) is not int or not 0 <= count <= MAX_NUMBERS:
        shown = count if type(count) is int and abs(count) < 1 << 64 else "no number of"
        raise Refused(f"it has a tensor that says it has {shown} numbers")
    return Storage(STORAGES[short], count), key


def read_legacy(data: memoryview, budget: Budget | None = None) -> tuple[Any, list[Storage]]:
    """What a stream of torch.save before 1.6 holds, and its storages: five pickles, then the numbers (version 1001)."""
    budget = Budget() if budget is None else budget
    if bytes(data[:2]) in (b"", b"PK"):
        raise NetworkError("has a tensor whose numbers are not where they should be")
    storages: dict[str, Storage] = {}

    def persistent(named: Any) -> Storage:
        storage, key = storage_of(named)
        known = storages.setdefault(key, storage)
        if (known.code, known.count) != (storage.code, storage.count):
            raise Refused("it says two things of one tensor")
        return known

    at, pickles = 0, []
    for _ in range(5):
        unpickler = Unpickler(data, at, persistent, budget)
        pickles.append(unpickler.load())
        at = unpickler.end
    magic, version, system, value, keys = pickles
    if magic != TORCH_MAGIC or version != 1001 or not isinstance(keys, list):
        raise NetworkError("is not what torch.save writes")
    if isinstance(system, dict) and system.get("little_endian") is not True:
        raise NetworkError("was written on a machine with another byte order")
    for key in keys:
        storage = storages.get(key) if isinstance(key, str) else None
        if storage is None or storage.data is not None:
            raise NetworkError("has tensors that nothing in it speaks of")
        if len(data) - at < 8 or int.from_bytes(data[at : at + 8], "little") != storage.count:
            raise NetworkError("is truncated: a tensor is not as long as it says")
        storage.data = data[at + 8 : at + 8 + storage.size]
        at += 8 + storage.size
    return value, list(storages.values())


def is_array(value: Any) -> bool:
    """Whether it stands for a tensor or an array."""
    return isinstance(value, PickledObject) and value.name in (PARAMETER, TENSOR, ARRAY, "buffer")


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape it says it has, without touching the numbers; NetworkError if it says none."""
    return _plan(value)[0]


def array_of(value: Any) -> Array:
    """Its numbers as float32, perhaps still in the file and not to be written to.

    NetworkError if it reaches outside the file, or says what cannot be.
    """
    shape, source, offset, strides, code = _plan(value)
    data = source.data if isinstance(source, Storage) else source
    if data is None or (isinstance(source, Storage) and len(data) != source.size):
        raise NetworkError("is truncated: a tensor is not as long as it says")
    raw = _raw(data, code)
    count = math.prod(shape)
    if strides is None:
        if offset or len(raw) != count:
            raise NetworkError(f"has an array of {len(raw)} numbers that says it is {shape_text(shape)}")
        return _floats(raw, code).reshape(shape)
    if count == 0:
        return np.zeros(shape, np.float32)
    last = offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True))
    if count > len(raw) or last >= len(raw):
        raise NetworkError(f"has a tensor that says it is {shape_text(shape)} but has only {len(raw)} numbers")
    steps = [raw.itemsize * stride for stride in strides]
    view = np.lib.stride_tricks.as_strided(raw[offset:], shape, steps, writeable=False)
    return np.array(_floats(view, code), np.float32, order="C")


def shape_text(shape: Sequence[int]) -> str:
    """A shape for people: 3x4x4."""
    return "x".join(str(side) for side in shape) or "a single number"


def _raw(data: memoryview | bytes, code: str) -> NDArray[Any]:
    """The numbers as they lie in the file."""
    if code[1:] in COMPLEX:
        raise NetworkError("has a tensor of complex numbers where one of plain numbers is needed")
    return np.frombuffer(data, "<u2" if code == "bf2" else code)


def _floats(raw: NDArray[Any], code: str) -> Array:
    """As float32; of a storage only what a tensor needs is ever converted, as thousands of tensors may share it."""
    if code == "bf2":
        return (raw.astype("<u4") << 16).view("<f4").astype(np.float32, copy=False)
    with np.errstate(over="ignore"):  # a float64 too large becomes infinite, and that is refused later
        return raw.astype(np.float32, copy=False)


def _sides(shape: Any, what: str) -> tuple[int, ...]:
    fine = isinstance(shape, tuple | list) and len(shape) <= 8
    if not fine or not all(type(side) is int and 0 <= side <= MAX_NUMBERS for side in shape):
        raise NetworkError(f"has a tensor whose {what} is none")
    if what == "shape" and math.prod(shape) > MAX_NUMBERS:
        raise NetworkError(f"has a tensor that says it is {shape_text(shape)}: no network is so large")
    return tuple(shape)


_Plan = tuple[tuple[int, ...], Storage | memoryview | bytes, int, tuple[int, ...] | None, str]


def _plan(value: Any) -> _Plan:
    """Shape, where the numbers are, the first of them, strides (None: one after the other), and their type."""
    try:
        if isinstance(value, PickledObject) and value.name == PARAMETER:
            value = value.arguments[0] if value.arguments else None
        if isinstance(value, PickledObject) and value.name == TENSOR:
            return _tensor(value.arguments)
        if isinstance(value, PickledObject) and value.name in (ARRAY, "buffer"):
            return _array(value)
    except Refused as refusal:
        raise NetworkError(f"{REFUSED}: {refusal}") from refusal
    except UnicodeError as error:
        raise NetworkError("is broken: the bytes of a tensor in it are no text; download or copy it again") from error
    raise NetworkError("has something else where a tensor should be")


def _tensor(arguments: tuple[Any, ...]) -> _Plan:
    if not 4 <= len(arguments) <= 8:
        raise NetworkError("has a tensor that is none")
    source, offset, shape, strides = arguments[:4]
    if isinstance(source, PickledObject) and source.name == BYTES:
        source = _inner(source)
    if not isinstance(source, Storage):
        raise NetworkError("has a tensor without numbers")
    shape, strides = _sides(shape, "shape"), _sides(strides, "strides")
    if len(shape) != len(strides) or type(offset) is not int or not 0 <= offset <= MAX_NUMBERS:
        raise NetworkError("has a tensor whose shape and strides do not belong together")
    return shape, source, offset, strides, source.code


def _inner(node: PickledObject) -> Storage:
    """The storage in a stream of bytes inside a pickle; read once, then kept."""
    if not isinstance(node.state, Storage):
        data = bytes_of(node.arguments[0]) if len(node.arguments) == 1 else None
        if data is None:
            raise NetworkError("has a tensor without bytes")
        value, _ = read_legacy(memoryview(data), Budget(steps=MAX_INNER_STEPS, keys=0))
        if not isinstance(value, Storage):
            raise NetworkError("has something else where the numbers of a tensor should be")
        node.state = value
    return node.state


def _array(value: PickledObject) -> _Plan:
    if value.name == "buffer":
        data, dtype, shape, order = value.arguments if len(value.arguments) == 4 else (None,) * 4
        fortran = order == "F"
    else:
        state = value.state if isinstance(value.state, tuple) and len(value.state) == 5 else (None,) * 5
        _, shape, dtype, fortran, data = state
    code = number_of(dtype).code
    data = bytes_of(data)
    shape = _sides(shape, "shape")
    if data is None or len(data) != math.prod(shape) * WIDTHS[code[1:]]:
        raise NetworkError(f"has an array that says it is {shape_text(shape)} but has not so many bytes")
    if fortran and len(shape) > 1:
        strides = [math.prod(shape[:axis]) for axis in range(len(shape))]
        return shape, data, 0, tuple(strides), code
    return shape, data, 0, None, code
