"""Pickles and archives made to be slow or large, a recipe each: what they hold, and what their refusal says."""

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from tests import foreign
from tests.foreign import Kept

START = b"\x80\x04"
Written = Callable[[Path], None]
RECIPES: dict[str, tuple[Written, str]] = {}


def recipe(says: str) -> Callable[[Callable[[], bytes] | Written], None]:
    """A file that a function gives the bytes of, or writes; its refusal holds `says`."""

    def add(made: Any) -> None:
        name = made.__name__.replace("_", " ")
        write = made if made.__code__.co_argcount else lambda path: path.write_bytes(made())
        RECIPES[name] = (write, says)

    return add


def text(word: str) -> bytes:
    data = word.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def equal_hashes(count: int, after: bytes = b"") -> bytes:
    """Numbers that all have the hash 5 in CPython, each with other instructions after it."""
    return b"".join(b"\x8a\x20" + (5 + index * (2**61 - 1)).to_bytes(32, "little") + after for index in range(count))


def fan_out(made: Callable[[dict[str, Any]], Any], wide: int, deep: int) -> Any:
    """A tree of modules of which each has the one below it `wide` times."""
    module = made({})
    for _ in range(deep):
        module = made({f"m{index}": module for index in range(wide)})
    return module


def kept(modules: dict[str, Any]) -> Any:
    return Kept("Generator", _parameters={}, _buffers={}, _modules=modules)


def plain(modules: dict[str, Any]) -> torch.nn.Module:
    made = torch.nn.Module()
    made._modules = modules
    return made


def pickled(value: Any) -> bytes:
    with foreign.foreign_modules():
        return pickle.dumps(value, 4)


def nested(count: int) -> bytes:
    """The instructions of a tuple of two tuples of two tuples: 2 to the power of `count` in all, if it is looked at."""
    return b")" + b"2\x86" * count


@recipe("more numbers as keys")
def numbers_of_equal_hashes_in_a_dictionary() -> bytes:
    return START + b"}(" + equal_hashes(100_000, b"N") + b"u."


@recipe("more numbers as keys")
def numbers_of_equal_hashes_in_a_set() -> bytes:
    return START + b"\x8f(" + equal_hashes(100_000) + b"\x90."


@recipe("a dictionary")
def keys_that_are_not_numbers() -> bytes:
    nan = b"G" + struct.pack(">d", float("nan"))
    return START + b"}(" + (nan + b"N") * 9_000 + b"u."


@recipe("more modules and tensors")
def modules_in_modules_by_memo() -> bytes:
    return pickled({"G_ema": fan_out(kept, 60, 7)})


@recipe("more modules and tensors")
def plain_modules_in_modules_by_memo() -> bytes:
    whole = kept({"synthesis": fan_out(plain, 60, 7), "mapping": kept({})})
    return pickled({"G_ema": whole})


@recipe("more modules and tensors")
def one_large_table_in_many_modules() -> bytes:
    large = Kept("Generator", _parameters=dict.fromkeys(f"p{index}" for index in range(100_000)), _modules={})
    return pickled({"G_ema": kept({f"m{index}": large for index in range(9_000)})})


@recipe("no number of numbers")
def a_number_of_numbers_that_has_no_end() -> bytes:
    odd = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + nested(90) + b"tQ."
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x/data.pkl", START + odd)
    return file.getvalue()


@recipe("z_dim")
def attributes_that_have_no_end() -> bytes:
    whole = foreign.nvidia(foreign.stylegan2(), foreign.SG2, attributes={"": {"z_dim": "HERE"}})
    before, here, after = whole.partition(b"\x8c\x04HERE")
    assert here
    return before + nested(90) + after


@recipe("instructions")
def copies_of_a_list() -> bytes:
    rows = b"(" + b"N" * 200_000 + b"l\x94"
    return START + rows + b"ctorch\nSize\n\x94" + b"h\x01h\x00\x85R" * 50_000 + b"."


@recipe("instructions")
def dictionaries_of_the_same_pairs() -> bytes:
    rows = b"(" + b"K\x01K\x02\x86" * 100_000 + b"l\x94"
    return START + rows + b"ccollections\nOrderedDict\n\x94" + b"h\x01h\x00\x85R" * 50_000 + b"."


@recipe("more text")
def texts_that_grow_fourfold() -> bytes:
    return START + b"(" + text("\U0001f600" * 1000) * 20_000 + b"t."


@recipe("a single value")
def one_long_text_read_often(path: Path) -> None:
    with path.open("wb") as file:
        file.write(START + b"\x8d" + struct.pack("<Q", 1_500_000_000))
        file.seek(1_500_000_000, 1)
        file.write(b"\x94" + b"c_codecs\nencode\nh\x00\x8c\x06latin1\x86R0" * 30_000 + b".")


@recipe("instructions")
def a_million_sets() -> bytes:
    return START + b"\x8f" * 1_100_000 + b"."


@recipe("instructions")
def a_million_pieces() -> bytes:
    return START + b"C\x00" * 1_100_000 + b"."


@recipe("instructions")
def a_million_objects() -> bytes:
    return START + b"csome.where\nThing\n\x94" + b"h\x00)\x81" * 400_000 + b"."


@recipe("an object of 'some.where.Thing'")
def objects_in_objects() -> bytes:
    return START + b"csome.where\nThing\n\x940" + b"h\x00" * 90_000 + b"N" + b"\x85R" * 90_000 + b"."


@recipe("an object of 'some.where.Thing'")
def states_in_states() -> bytes:
    return START + b"csome.where\nThing\n\x940" + b"h\x00)\x81" * 100_000 + b"b" * 99_999 + b"."


@recipe("a list")
def lists_in_lists() -> bytes:
    return START + b"]" * 400_000 + b"a" * 399_999 + b"."


@recipe("instructions")
def a_pickle_in_every_tensor() -> bytes:
    """Of some hundred bytes of a file each is a pickle of its own."""
    inner = foreign.saved(torch.zeros(1), legacy=True)[:14] + START + b"N0" * 400_000 + b"N."
    storage = (
        text("torch.storage") + text("_load_from_bytes") + b"\x93B" + struct.pack("<I", len(inner)) + inner + b"\x85R"
    )
    shape = b"K\x00(K\x06t(K\x01t\x89N"
    tensor = text("torch._utils") + text("_rebuild_tensor_v2") + b"\x93(" + storage + shape + b"tR"
    whole = foreign.nvidia(foreign.stylegan2(), foreign.SG2, attributes={"mapping": {"_buffers": {"w_avg": "HERE"}}})
    before, here, after = whole.partition(b"\x8c\x04HERE")
    assert here
    return before + tensor + after


def rosinality(**tensors: torch.Tensor) -> bytes:
    """A checkpoint of these, with two underscores for a dot."""
    needed = {
        "input.input": torch.zeros(1, 4, 4, 4),
        "style.1.weight": torch.zeros(4, 4),
        "style.1.bias": torch.zeros(4),
    }
    return foreign.saved({"g_ema": OrderedDict(needed | {name.replace("__", "."): tensors[name] for name in tensors})})


@recipe("does not follow")
def tensors_that_reach_over_all_of_one_storage() -> bytes:
    odd = torch.zeros(3_000_000, dtype=torch.float64).as_strided((2,), (2_999_999,))
    return rosinality(**{f"convs__{index}__conv__modulation__bias": odd for index in range(99)}, style__2__weight=odd)


@recipe("of memory")
def tensors_that_are_all_of_one_storage() -> bytes:
    odd = torch.zeros(3000, 1000).t()
    return rosinality(**{f"convs__{index}__conv__modulation__weight": odd for index in range(99)})


@recipe("a mapping network of 4.9e+07 numbers")
def a_mapping_network_of_one_layer_ninety_times() -> bytes:
    weight, bias = torch.zeros(700, 700), torch.zeros(700)
    layers = range(1, 100)
    return rosinality(
        **{f"style__{layer}__weight": weight for layer in layers}, **{f"style__{layer}__bias": bias for layer in layers}
    )


@recipe("table of more files")
def an_archive_of_a_million_files(path: Path) -> None:
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<HHH", 4, 0, 0) + bytes(12) + b"x/aa"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04" + bytes(26) + entry * 700_000)
        size = file.tell() - 30
        file.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, size, 30, 0))


@recipe("a pickle of 1000 MB")
def an_archive_with_a_huge_pickle(path: Path) -> None:
    name, size = b"x/data.pkl", 1_000_000_000
    sizes = struct.pack("<III", 0, size, size)
    with path.open("wb") as file:
        file.write(b"PK\x03\x04" + bytes(10) + sizes + struct.pack("<HH", len(name), 0) + name)
        file.seek(size, 1)
        at = file.tell()
        file.write(b"PK\x01\x02" + bytes(12) + sizes + struct.pack("<HHH", len(name), 0, 0) + bytes(12) + name)
        file.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, 46 + len(name), at, 0))


@recipe("TorchScript archive of more modules")
def programs_in_programs() -> bytes:
    made = b"c__torch__.some\nThing\n\x940h\x00)\x81}b\x94"
    for level in range(1, 10):
        entries = b"".join(text(f"m{index}") + b"h" + bytes([level]) for index in range(100))
        made += b"0h\x00)\x81}(" + entries + b"ub\x94"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x/data.pkl", START + made + b".")
    return file.getvalue()


@recipe("a single value")
def fifteen_thousand_million_bytes_of_nothing(path: Path) -> None:
    with path.open("wb") as file:
        file.write(START + b"\x8e" + struct.pack("<Q", 15_000_000_000))
        file.seek(15_000_000_000, 1)
        file.write(b".")
