"""Names that a pickle mentions, and the plain values that stand for what it would create.

MAKERS gives plain values for what readers need: tensors, arrays, dictionaries, NVIDIA's persistent objects. Every
other name is inert: an object of it is a PickledObject, data that nothing calls, so an unknown class beside a generator
does no harm. Names of what runs code, opens files or loads further pickles (`is_attack`) are refused all the same,
although they would be as inert: no training writes them, and a file that does is not to be trusted with its numbers.
`builtins.getattr` is not among them: honest pickles name bound methods and nested classes by it.
"""

import re
import struct
from collections.abc import Callable, Sequence
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
    """Placeholder for an object the pickle would have created. It cannot be called, compared or looked into by name."""

    name: str  # of the class or function: "pathlib.PosixPath"
    arguments: tuple[Any, ...]  # what it would have been called with
    state: Any = None  # what its attributes would have been set to
    entries: Sequence[Any] = ()  # what would have been appended, added or set (keys before values)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LongText:
    """Text too long for a name, still in the file as UTF-8: embedded sources, and bytes as protocol 1 writes them."""

    data: memoryview

    def latin_1(self) -> bytes:
        """The bytes that the text stands for, one per character; ValueError if it does not stand for any."""
        return str(self.data, "utf-8", "surrogatepass").encode("latin-1")


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
    "ComplexFloatStorage": "<c8",  # these may lie beside a generator, never in one
    "ComplexDoubleStorage": "<c16",
    "UntypedStorage": "<u1",
    "QInt8Storage": "<i1",
    "QUInt8Storage": "<u1",
    "QInt32Storage": "<i4",
}
WIDTHS = {"f2": 2, "f4": 4, "f8": 8, "i1": 1, "i2": 2, "i4": 4, "i8": 8, "u1": 1, "u2": 2, "u4": 4, "u8": 8, "b1": 1}
COMPLEX = {"c8": 8, "c16": 16}
OBJECT = "torch_utils.persistence._reconstruct_persistent_obj"
TF_NETWORK = "dnnlib.tflib.network.Network"
TFUTIL_NETWORK = "tfutil.Network"  # of Progressive GAN
TENSOR = "torch._utils._rebuild_tensor_v2"
PARAMETER = "torch._utils._rebuild_parameter"
BYTES = "torch.storage._load_from_bytes"
TORCH_SCRIPT = "__torch__."  # before the names of the classes in a TorchScript archive
REFUSED = "refused, and nothing in it was run"
ARRAY = "array"  # numpy's _reconstruct, of both of its homes


_ATTACKS = frozenset(  # modules, and everything in them
    (
        *("_ctypes", "_pickle", "bdb", "cPickle", "code", "codeop", "commands", "ctypes", "ftplib", "imp", "importlib"),
        *("marshal", "nt", "os", "pdb", "pickle", "popen2", "posix", "pty", "pydoc", "requests", "runpy", "shutil"),
        *("smtplib", "socket", "subprocess", "sys", "telnetlib", "timeit", "webbrowser"),
    )
)
_ATTACK_BUILTINS = frozenset(
    (
        *("apply", "breakpoint", "compile", "delattr", "eval", "exec", "execfile", "exit", "file", "globals", "help"),
        *("input", "locals", "open", "quit", "raw_input", "reload", "setattr", "vars"),
    )
)
_LOADERS = frozenset(
    (
        *("torch.load", "torch.serialization.load", "torch.hub.load", "torch.jit.load", "numpy.load", "joblib.load"),
        *("io.open", "io.open_code", "io.FileIO", "_io.open", "_io.open_code", "_io.FileIO"),
    )
)
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*){1,40}", re.ASCII)


def is_attack(module: str, name: str) -> bool:
    """Whether a name is of what runs code, opens files or loads pickles; reaches inside a class; or is no name."""
    if name.startswith("__") or ".__" in name or _NAME.fullmatch(f"{module}.{name}") is None:
        return True
    if module in ("builtins", "__builtin__"):
        return name in _ATTACK_BUILTINS
    return module in _ATTACKS or module.startswith(("ctypes.", "importlib.")) or f"{module}.{name}" in _LOADERS


def memo_index(text: str) -> int:
    """A memo index written as text; ValueError if it is none."""
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise ValueError(text)
    return int(text)


def _first(arguments: tuple[Any, ...]) -> Any:
    """What a function of TorchScript that only says what something is was given."""
    return arguments[0]


def _object(name: str) -> Callable[[tuple[Any, ...]], PickledObject]:
    return lambda arguments: PickledObject(name, arguments)


def _dtype(arguments: tuple[Any, ...]) -> PickledObject:
    return PickledObject("numpy.dtype", (arguments[0],))


def number_of(dtype: Any) -> Number:
    """The numbers that a dtype of the file describes; Refused if it is none, or of a sort that is no number."""
    if not isinstance(dtype, PickledObject) or dtype.name != "numpy.dtype" or not dtype.arguments:
        raise Refused("it has an array of no type")
    letters, state = dtype.arguments[0], dtype.state
    if not isinstance(letters, str) or letters not in WIDTHS:
        shown = letters if isinstance(letters, str) and len(letters) < 20 else "of its own"
        raise Refused(f"it has an array of type {shown!a}, which is no number")
    order = "<"
    if state is not None:
        if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
            raise Refused("it has an array of a type made of parts")
        order = state[1]
    if order not in ("<", ">", "|", "="):
        raise Refused("it has an array in no byte order")
    return Number((">" if order == ">" else "<") + letters)


def bytes_of(data: Any) -> memoryview | bytes | None:
    """The bytes that a value of the file stands for, None if it stands for none."""
    try:
        if isinstance(data, LongText):
            return data.latin_1()
        if isinstance(data, str):  # short bytes, as Python 2 wrote them
            return data.encode("latin-1")
    except UnicodeError:
        return None
    return data if isinstance(data, memoryview | bytes) else None


def _scalar(arguments: tuple[Any, ...]) -> float | int | bool:
    dtype, content = arguments
    data, number = bytes_of(content), number_of(dtype)
    letters = number.code[1:]
    if data is None or len(data) != WIDTHS[letters]:
        raise Refused("it has a number of the wrong size")
    form = {"f2": "e", "f4": "f", "f8": "d", "b1": "?"}.get(letters)
    if form is None:
        order = "big" if number.code[0] == ">" else "little"
        return int.from_bytes(data, order, signed=letters[0] == "i")  # type: ignore[arg-type]
    (value,) = struct.unpack(number.code[0] + form, data)
    return value  # type: ignore[no-any-return]


def _encode(arguments: tuple[Any, ...]) -> bytes | LongText:
    """Bytes as protocols 1 and 2 write them: a text, to be read as Latin-1."""
    text, coding = arguments
    if not isinstance(text, str | LongText) or coding not in ("latin1", "latin-1"):
        raise Refused("it wants to run _codecs.encode on something that is no text")
    return text.encode("latin-1") if isinstance(text, str) else text


def _created(arguments: tuple[Any, ...]) -> PickledObject:
    """An object of the class that the first argument names, as `copyreg` makes it."""
    if not isinstance(arguments[0], GlobalName):
        raise Refused("it wants to call something that is no function")
    return PickledObject(arguments[0].text, ())


def _dill_array(arguments: tuple[Any, ...]) -> PickledObject:
    """An array as dill writes it: (function, its arguments, state, attributes)."""
    function, given, state = arguments[:3]
    if not isinstance(function, GlobalName) or not isinstance(given, tuple) or function.text not in ARRAYS:
        raise Refused("it wants dill to make an array that is none")
    return PickledObject(ARRAY, given, state)


def _size(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    (lengths,) = arguments or ((),)
    if not isinstance(lengths, tuple | list):
        raise Refused("it has a size that is none")
    return tuple(lengths)


DICTIONARIES = frozenset(
    {
        "collections.OrderedDict",
        "collections.Counter",
        "collections.defaultdict",
        "builtins.dict",
        "__builtin__.dict",
        "dnnlib.util.EasyDict",
        "dnnlib.EasyDict",
        "config.EasyDict",
        "easydict.EasyDict",
    }
)
SETS = frozenset({"builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset"})
ARRAYS = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
MAKERS: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    OBJECT: _object(OBJECT),
    PARAMETER: _object(PARAMETER),
    "torch._utils._rebuild_parameter_with_state": _object(PARAMETER),
    TENSOR: _object(TENSOR),
    "torch._utils._rebuild_tensor": _object(TENSOR),
    BYTES: _object(BYTES),
    "torch.Size": _size,
    **dict.fromkeys(ARRAYS, _object(ARRAY)),
    "numpy.core.multiarray.scalar": _scalar,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _object("buffer"),
    "numpy._core.numeric._frombuffer": _object("buffer"),
    "numpy.dtype": _dtype,
    "dill._dill._create_array": _dill_array,
    "_codecs.encode": _encode,
    "copyreg._reconstructor": _created,
    "copy_reg._reconstructor": _created,
    "copyreg.__newobj__": _created,
    TF_NETWORK: _object(TF_NETWORK),
    TFUTIL_NETWORK: _object(TFUTIL_NETWORK),
    **{
        f"torch.jit._pickle.{name}": _first
        for name in ("build_intlist", "build_floatlist", "build_doublelist", "build_boollist", "restore_type_tag")
    },
}


def make(name: str, arguments: tuple[Any, ...]) -> Any:
    """What stands for the object that a name would make of its arguments: inert, unless it is one of MAKERS.

    So is what a maker cannot make sense of: only what a reader asks for is refused.
    """
    maker = MAKERS.get(name)
    try:
        return PickledObject(name, arguments) if maker is None else maker(arguments)
    except (Refused, TypeError, ValueError, LookupError, struct.error):
        return PickledObject(name, arguments)
