"""Allow-list of the names a pickle may mention, and the plain values that stand for the objects it would create.

The names are those of StyleGAN2-ADA and StyleGAN3 pickles, of the TensorFlow tuple, of what torch.save writes, and of
TorchScript archives and PyTorch Lightning checkpoints, whose own classes stand for themselves: `is_inert`.
"""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Refused(Exception):  # noqa: N818 - caught by the unpickler, never raised to the top
    """Error: a pickle mentions something that is not allowed."""


@dataclass(frozen=True, slots=True)
class GlobalName:
    """A global name in a pickle: the name alone, never the object."""

    text: str


@dataclass(slots=True, eq=False, repr=False)
class PickledObject:
    """Placeholder for an object the pickle would have created: its name, arguments and state."""

    name: str
    arguments: tuple[Any, ...]
    state: Any = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Number:
    """Element type of an array: NumPy's letter and width, and the byte order."""

    code: str  # "<f4"


STORAGES = {  # torch's storages and NumPy's code for what they hold; "bf2": the upper half of a float32
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bf2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "<u1",
}
WIDTHS = {"f2": 2, "f4": 4, "f8": 8, "i1": 1, "i2": 2, "i4": 4, "i8": 8, "u1": 1, "u2": 2, "u4": 4, "u8": 8, "b1": 1}
OBJECT = "torch_utils.persistence._reconstruct_persistent_obj"
TF_NETWORK = "dnnlib.tflib.network.Network"
TENSOR = "torch._utils._rebuild_tensor_v2"
PARAMETER = "torch._utils._rebuild_parameter"
BYTES = "torch.storage._load_from_bytes"
TORCH_SCRIPT = "__torch__."  # before the names of the classes in a TorchScript archive
REFUSED = "refused, and nothing in it was run"
ARRAY = "array"  # numpy's _reconstruct, of both of its homes


_INERT = re.compile(
    r"(__torch__|pytorch_lightning|lightning|lightning_fabric|omegaconf|taming)(\.[A-Za-z_]\w*){1,30}", re.ASCII
)


def is_inert(name: str) -> bool:
    """Whether a name is of a class that checkpoints of models mention: objects of it are kept as data, or left out."""
    return name in ("typing.Any", "torch.device") or _INERT.fullmatch(name) is not None


def memo_index(text: str) -> int:
    """A memo index written as text; ValueError if it is none."""
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise ValueError(text)
    return int(text)


def _dict(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    """A dictionary of any sort: empty, or from pairs."""
    table: dict[Any, Any] = {}
    if not arguments:
        return table
    (pairs,) = arguments
    if isinstance(pairs, dict):
        return dict(pairs)
    if not isinstance(pairs, list | tuple):
        raise Refused("it wants a dictionary of something that is none")
    for pair in pairs:
        key, value = pair
        if not isinstance(key, str | int):
            raise Refused("it has a key that is neither a word nor a number")
        table[key] = value
    return table


def _set(arguments: tuple[Any, ...]) -> set[Any]:
    if not arguments:
        return set()
    (members,) = arguments
    if not isinstance(members, list | tuple) or not all(isinstance(member, str | int | float) for member in members):
        raise Refused("it wants a set of something other than words and numbers")
    return set(members)


def _first(arguments: tuple[Any, ...]) -> Any:
    """What a function of TorchScript that only says what something is was given."""
    return arguments[0]


def _object(name: str) -> Callable[[tuple[Any, ...]], PickledObject]:
    return lambda arguments: PickledObject(name, arguments)


def _dtype(arguments: tuple[Any, ...]) -> PickledObject:
    letters = arguments[0]
    if not isinstance(letters, str) or letters not in WIDTHS:
        shown = letters if isinstance(letters, str) and len(letters) < 20 else "of its own"
        raise Refused(f"it has an array of type {shown!a}, which is no number")
    return PickledObject("numpy.dtype", (letters,))


def number_of(dtype: Any) -> Number:
    """The numbers that a dtype of the file describes; Refused if it is none, or of a sort that is no number."""
    if not isinstance(dtype, PickledObject) or dtype.name != "numpy.dtype":
        raise Refused("it has an array of no type")
    letters, state = dtype.arguments[0], dtype.state
    order = "<"
    if state is not None:
        if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
            raise Refused("it has an array of a type made of parts")
        order = state[1]
    if order not in ("<", ">", "|", "="):
        raise Refused("it has an array in no byte order")
    return Number((">" if order == ">" else "<") + letters)


def _scalar(arguments: tuple[Any, ...]) -> float | int | bool:
    dtype, data = arguments
    data = data.encode("latin-1") if isinstance(data, str) else data  # short bytes, as Python 2 wrote them
    number = number_of(dtype)
    letters = number.code[1:]
    if not isinstance(data, memoryview | bytes) or len(data) != WIDTHS[letters]:
        raise Refused("it has a number of the wrong size")
    form = {"f2": "e", "f4": "f", "f8": "d", "b1": "?"}.get(letters)
    if form is None:
        order = "big" if number.code[0] == ">" else "little"
        return int.from_bytes(data, order, signed=letters[0] == "i")  # type: ignore[arg-type]
    (value,) = struct.unpack(number.code[0] + form, data)
    return value  # type: ignore[no-any-return]


def _encode(arguments: tuple[Any, ...]) -> bytes:
    """Bytes as protocol 2 writes them: a text, to be read as Latin-1."""
    text, coding = arguments
    if not isinstance(text, str) or not isinstance(coding, str) or coding not in ("latin1", "latin-1"):
        raise Refused("it wants to run _codecs.encode on something that is no text")
    return text.encode("latin-1")


def _size(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    (lengths,) = arguments or ((),)
    if not isinstance(lengths, tuple | list):
        raise Refused("it has a size that is none")
    return tuple(lengths)


MAKERS: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    OBJECT: _object(OBJECT),
    "dnnlib.util.EasyDict": _dict,
    "dnnlib.EasyDict": _dict,
    "collections.OrderedDict": _dict,
    "collections.Counter": _dict,
    "collections.defaultdict": lambda arguments: {},
    "builtins.dict": _dict,
    "builtins.set": _set,
    "__builtin__.set": _set,
    PARAMETER: _object(PARAMETER),
    TENSOR: _object(TENSOR),
    BYTES: _object(BYTES),
    "torch.Size": _size,
    "numpy.core.multiarray._reconstruct": _object(ARRAY),
    "numpy._core.multiarray._reconstruct": _object(ARRAY),
    "numpy.core.multiarray.scalar": _scalar,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _object("buffer"),
    "numpy._core.numeric._frombuffer": _object("buffer"),
    "numpy.dtype": _dtype,
    "_codecs.encode": _encode,
    TF_NETWORK: _object(TF_NETWORK),
    **{
        f"torch.jit._pickle.{name}": _first
        for name in ("build_intlist", "build_floatlist", "build_doublelist", "build_boollist", "restore_type_tag")
    },
    "argparse.Namespace": _object("argparse.Namespace"),
}
NAMES = {name: GlobalName(name) for name in (*MAKERS, "numpy.ndarray", *(f"torch.{name}" for name in STORAGES))}
"""Every name that a pickle may mention. Names that no maker makes are only passed about."""
