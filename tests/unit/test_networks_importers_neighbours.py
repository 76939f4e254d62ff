"""What lies beside a generator does no harm: files with odd neighbours map and draw as their programs did."""

import argparse
import collections
import datetime
import enum
import functools
import operator
import pickle
import pickletools
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
import torch

from livegan.errors import NetworkError
from livegan.networks.importers.modules import modules_of, tensors_of
from livegan.networks.importers.storages import array_of, shape_of
from livegan.networks.importers.unpickle import Unpickler
from tests import foreign, reference_networks
from tests.foreign import read_network, written


@reference_networks.needed
@pytest.mark.parametrize(
    "name",
    [
        "sg2-odd-neighbours-16.pkl",
        "sg2-dill-16.pkl",
        "sg2-none-module-16.pkl",
        "sg2-protocol1-16.pkl",
        "pg-sg2-plain-d-32.pkl",
    ],
)
def test_reference_networks(name: str) -> None:
    reference_networks.check_reference(name)


def whole(beside: dict[str, Any], protocol: int = 4) -> bytes:
    """A pickle as NVIDIA's programs write it, with more beside its generator."""
    kept = foreign.Kept("Generator", **beside)
    values = foreign.SG2
    data = foreign.nvidia(foreign.stylegan2(), values, protocol, attributes={"": {"beside": kept}})
    assert b"beside" in data
    return data


class Colour(enum.Enum):
    RED = 1


class Odd(dict[str, int]):
    """A dictionary of a class that no reader knows."""

    def keys_of(self) -> list[str]:
        return list(self)


NEIGHBOURS: dict[str, Any] = {
    "paths and dates": [Path("a/b"), PurePosixPath("c"), datetime.datetime(2020, 1, 1), datetime.timedelta(3)],
    "numbers": [1 + 2j, range(3), Fraction(1, 3), Decimal("1.5"), 10**40, {1.5, "x"}, frozenset({(1, 2)})],
    "numpy": [np.float64(2), np.array(["x", None], object), np.zeros(2, "c16"), np.datetime64("2020-01-01")],
    "numpy's records": np.zeros(2, [("a", "f4"), ("b", "i8")]),
    "torch": [torch.float16, torch.Size([2]), torch.device("cpu"), torch.zeros(2, dtype=torch.complex64)],
    "modules": torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.GELU()),
    "functions": [functools.partial(int, base=2), operator.attrgetter("x"), "x".join, Odd(a=1).keys_of, len],
    "classes": [Colour.RED, Odd(a=1), collections.deque([1]), collections.Counter("aab"), argparse.Namespace(a=1)],
    "keys": {(1, 2): 3, None: 4, 2.5: 5, Colour.RED: 6, "x": 7, b"y": 8},
    "a long text": "long " * 2000,
}


@pytest.mark.parametrize("protocol", [1, 2, 4])
@pytest.mark.parametrize("what", NEIGHBOURS)
def test_what_lies_beside_a_generator_does_no_harm(what: str, protocol: int, tmp_path: Path) -> None:
    plain = read_network(written(tmp_path, "plain.pkl", foreign.nvidia(foreign.stylegan2(), foreign.SG2)))
    found = read_network(written(tmp_path, "x.pkl", whole({"odd": NEIGHBOURS[what]}, protocol)))
    assert found.values == plain.values
    assert all((found.tensors[name] == plain.tensors[name]).all() for name in plain.tensors)


def test_arrays_of_dill(tmp_path: Path) -> None:
    made = np.arange(6, dtype=np.float32)
    rebuild, arguments, state = made.__reduce__()
    data = foreign.nvidia(foreign.stylegan2(), foreign.SG2, attributes={"mapping": {"_buffers": {"w_avg": "HERE"}}})
    before, _, after = data.partition(b"\x8c\x04HERE")

    given = pickletools.optimize(pickle.dumps((rebuild, arguments, state, None), 2))[2:-1]
    node = b"cdill._dill\n_create_array\n" + given + b"R"
    found = read_network(written(tmp_path, "x.pkl", before + node + after))
    assert (found.tensors["mapping.w_avg"] == made).all()


@pytest.mark.parametrize("where", ["mapping", "synthesis"])
def test_what_a_generator_needs_is_refused_by_its_name(where: str, tmp_path: Path) -> None:
    odd = {"_modules": {"extra": Odd(a=1)}} if where == "mapping" else {"_parameters": {"const": Odd(a=1)}}
    data = foreign.nvidia(foreign.stylegan2(), foreign.SG2, attributes={where: odd})
    with pytest.raises(NetworkError, match=r"an object of '[a-z._]*neighbours\.Odd'"):
        read_network(written(tmp_path, "x.pkl", data))


@pytest.mark.parametrize("protocol", [1, 2, 4])
def test_modules_of_both_sorts_are_walked(protocol: int, tmp_path: Path) -> None:
    tree = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Identity(), torch.nn.BatchNorm1d(3))
    tree.absent = None
    tree.register_module("nothing", None)
    tree[2].register_buffer("passing", torch.zeros(1), persistent=False)
    value = Unpickler(memoryview(pickle.dumps(tree, protocol))).load()
    modules = modules_of(value)
    assert {name: module.kind.rpartition(".")[2] for name, module in modules.items()} == {
        "": "Sequential",
        "0": "Linear",
        "1": "Identity",
        "2": "BatchNorm1d",
    }
    nodes = tensors_of(modules)
    assert {name: tuple(tensor.shape) for name, tensor in tree.state_dict().items()} == {
        name: shape_of(node) for name, node in nodes.items()
    }
    assert (array_of(nodes["0.weight"]) == tree[0].weight.detach().numpy()).all()
