"""`from livegan import load_network`: what it promises."""

import doctest
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import livegan
from livegan import load_network
from livegan.errors import NetworkError
from livegan.networks import api as network
from tests import foreign
from tests.foreign import SG2, SG3, written


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> network.Network:
    data = foreign.nvidia(foreign.stylegan2(), SG2)
    return load_network(written(tmp_path_factory.mktemp("net"), "small.pkl", data))


def test_the_examples() -> None:
    found = doctest.testmod(network, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 12
    assert found.failed == 0


def test_it_is_there_without_torch() -> None:
    code = "import sys, livegan; assert 'load_network' in livegan.__all__; print('torch' in sys.modules); "
    code += "from livegan import load_network; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\nTrue\n"
    with pytest.raises(AttributeError, match="no attribute 'lode_network'"):
        livegan.lode_network  # noqa: B018


def test_numbers_come_back_as_they_went_in(net: network.Network) -> None:
    z = np.random.default_rng(0).standard_normal((2, 8))
    w = net.map(z, [0, 1])
    pictures = net.synthesize(w)
    assert (type(w), w.dtype, w.shape) == (np.ndarray, np.float32, (2, net.num_ws, net.w_dim))
    assert (type(pictures), pictures.dtype, pictures.shape) == (np.ndarray, np.float32, (2, 3, 16, 16))
    assert net.render(w[0]).dtype == np.uint8
    from_torch = net.map(torch.from_numpy(z), [0, 1])
    assert isinstance(from_torch, torch.Tensor)
    assert isinstance(net.synthesize(from_torch), torch.Tensor)
    assert isinstance(net.render(from_torch[:1]), torch.Tensor)
    assert np.array_equal(from_torch.numpy(), w)
    assert np.array_equal(net.map(z.tolist(), [0, 1]), w)


def test_many_are_as_one_after_the_other(net: network.Network) -> None:
    z = np.random.default_rng(0).standard_normal((3, 8))
    w = net.map(z, [0, 1, 2])
    for i in range(3):
        assert np.allclose(net.map(z[i], [i]), w[i : i + 1], atol=1e-5)
        assert np.allclose(net.synthesize(w[i]), net.synthesize(w)[i], atol=1e-5)
    assert net.synthesize(w[:0]).shape == (0, 3, 16, 16)


def test_classes_in_all_their_forms(net: network.Network) -> None:
    z = np.random.default_rng(0).standard_normal((2, 8))
    wanted = net.map(z, [2, 2])
    assert np.array_equal(net.map(z, 2), wanted)
    assert np.array_equal(net.map(z, np.array([2])), wanted)
    assert np.array_equal(net.map(z, np.array([0.0, 0.0, 1.0])), wanted)
    assert np.array_equal(net.map(z, [[0, 0, 1], [0, 0, 1]]), wanted)
    assert np.array_equal(net.map(z, torch.tensor([[0.0, 0.0, 1.0]])), wanted)
    mixed = net.map(z, [0.0, 0.5, 0.5])
    assert not np.array_equal(mixed, wanted)
    for odd in (None, [3], -1, [0, 1, 2, 0], [[1.0, 0.0]], "ember", [0, 1, 0.5, 0]):
        with pytest.raises(NetworkError):
            net.map(z, odd)


def test_psi_and_cutoff(net: network.Network) -> None:
    z = np.random.default_rng(0).standard_normal((2, 8))
    whole = net.map(z, 0)
    assert np.allclose(net.map(z, 0, psi=0), net.w_avg, atol=1e-6)
    half = net.map(z, 0, psi=0.5)
    assert np.allclose(half, net.w_avg + 0.5 * (whole - net.w_avg), atol=1e-5)
    for cutoff in (0, 2, 99):
        mixed = net.map(z, 0, psi=0.5, cutoff=cutoff)
        assert np.array_equal(mixed[:, :cutoff], half[:, :cutoff])
        assert np.array_equal(mixed[:, cutoff:], whole[:, cutoff:])


def test_noise(net: network.Network) -> None:
    w = net.map(np.ones((2, 8)), 0)[:, 0]  # one row for all layers
    const, none = net.synthesize(w), net.synthesize(w, "none")
    assert np.array_equal(const, net.synthesize(w, noise="const"))
    assert not np.array_equal(const, none)
    assert np.allclose(const[0], const[1], atol=1e-4)
    rng = net.synthesize(w, "random")
    assert not np.array_equal(rng[0], rng[1])
    assert not np.array_equal(rng, net.synthesize(w, "random"))
    assert np.array_equal(net.synthesize(w, "random", seed=4), net.synthesize(w, "random", seed=4))
    for odd in ("konst", np.zeros((16, 16))):
        with pytest.raises(NetworkError, match="noise"):
            net.synthesize(w, odd)


def test_rendering(net: network.Network) -> None:
    w = net.map(np.ones((1, 8)), 0)
    picture = net.render(w)
    assert picture.shape == (16, 16, 3)
    assert np.array_equal(net.render(w[0]), picture)
    assert np.array_equal(net.render(w[0, 0]), picture)
    wanted = (net.synthesize(w)[0] * 127.5 + 128).clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
    assert np.abs(wanted.astype(int) - picture).max() <= 1
    with pytest.raises(NetworkError, match="render draws one picture, w has 2"):
        net.render(np.concatenate([w, w]))


def test_wrong_shapes_are_reported_with_both_shapes(net: network.Network) -> None:
    with pytest.raises(NetworkError, match=r"z must be \(n, 8\) for small, not \(2, 9\)"):
        net.map(np.zeros((2, 9)), 0)
    with pytest.raises(NetworkError, match=r"w must be \(n, 6, 6\) for small, not \(1, 5, 6\)"):
        net.synthesize(np.zeros((1, 5, 6)))
    with pytest.raises(NetworkError, match="z must be numbers"):
        net.map("hello", 0)
    with pytest.raises(NetworkError, match="small takes no transform: it is a stylegan2"):
        net.synthesize(np.zeros((1, 6, 6)), transform=np.eye(3))


@pytest.mark.parametrize(("kind", "rows"), [("stylegan3", 7), ("lightweight", 3)])
def test_the_other_kinds(kind: str, rows: int, tmp_path: Path) -> None:
    data = foreign.nvidia(foreign.stylegan3(), SG3) if kind == "stylegan3" else foreign.lucidrains()
    net = load_network(written(tmp_path, "x", data))
    assert (net.kind, net.num_ws, net.resolution) == (kind, rows, (16, 16))
    w = net.map(np.ones((1, 8)), 0 if net.c_dim else None)
    assert net.render(w).shape == (16, 16, 3)
    still = net.synthesize(w)
    if kind == "stylegan3":
        moved = net.synthesize(w, transform=[[1, 0, 0.2], [0, 1, 0], [0, 0, 1]])
        assert not np.allclose(moved, still)
        assert np.array_equal(net.synthesize(w), still)
        with pytest.raises(NetworkError, match=r"transform must be \(n, 3, 3\)"):
            net.synthesize(w, transform=[1, 2, 3])
    else:
        assert not np.allclose(net.synthesize(w, np.zeros((16, 16))), net.synthesize(w, np.ones((16, 16))))
        with pytest.raises(NetworkError, match="noise must be"):
            net.synthesize(w, np.zeros((8, 8)))


def test_other_precisions(tmp_path: Path) -> None:
    path = written(tmp_path, "x.pkl", foreign.nvidia(foreign.stylegan2(), SG2))
    z = np.ones((1, 8))
    wanted = load_network(path).synthesize(load_network(path).map(z, 0))
    double = load_network(path, dtype="float64")
    found = double.synthesize(double.map(z, 0))
    assert found.dtype == np.float64
    assert np.abs(found - wanted).max() < 1e-4 * np.ptp(wanted)
    coarse = load_network(path, dtype="bfloat16")
    assert coarse.synthesize(coarse.map(z, 0)).dtype == np.float32
    for wrong, says in (({"dtype": "int8"}, "there are: float32"), ({"device": "tpu"}, "no device called 'tpu'")):
        with pytest.raises(NetworkError, match=says):
            load_network(path, **wrong)
    with pytest.raises(NetworkError, match="has no w"):
        load_network("plain")
