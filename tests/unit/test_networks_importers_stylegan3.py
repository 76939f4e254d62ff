"""StyleGAN3's family in other programs' files: what is read of it draws as a plain textbook does, lies are refused."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan3 import StyleGAN3, move
from livegan.networks.architectures.stylegan3_shape import tensor_shapes
from livegan.networks.importers.imported import ImportedNetwork
from livegan.networks.info import NetworkInfo
from livegan.networks.latents.truncation import truncated
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.stylegan3_cpu import StyleGAN3CpuBackend
from tests import foreign
from tests import foreign_stylegan3 as family
from tests.reference_networks import check_reference, needed

PLAIN = SynthesisOptions()
NETWORKS = {
    "xl": lambda: family.network(family.planned(16, 5), "xl"),
    "xl classes": lambda: family.network(family.planned(16, 5), "xl classes"),
    "xl super": lambda: family.network(family.headed(16, 7, 32, 4), "xl"),
    "xl super classes": lambda: family.network(family.headed(16, 7, 64, 5), "xl classes"),
    "human T": lambda: family.network(family.planned(32, 6, halved=True)),
    "human R": lambda: family.network(family.planned(32, 6, halved=True, kernel=1), "classes"),
    "without margins": lambda: family.network(family.planned(32, 6, margin=0)),
    "48 px": lambda: family.network(family.planned(48, 7)),
    "R": lambda: family.network(family.planned(32, 6, kernel=1)),
}
ALONE = ("xl", "xl classes", "human T", "human R", "48 px", "R")  # of the default settings: their tensors are enough


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """These networks are too small for two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def made(what: str) -> family.Network:
    return NETWORKS[what]()


def read(folder: Path, data: bytes) -> ImportedNetwork:
    return foreign.read_network(foreign.written(folder, "network.pkl", data))


def opened(network: ImportedNetwork) -> StyleGAN3:
    values: dict[str, Any] = {**network.values, "resolution": tuple(network.values["resolution"])}
    net = StyleGAN3.from_info(NetworkInfo("x", Path("x.json"), **values))
    net.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in network.tensors.items()})
    return net


def state(network: family.Network) -> bytes:
    return foreign.saved({name: torch.from_numpy(np.array(array)) for name, array in network.tensors.items()})


@pytest.mark.parametrize("what", NETWORKS)
def test_it_draws_what_the_textbook_draws(what: str, tmp_path: Path) -> None:
    network = made(what)
    net = opened(read(tmp_path, family.pickled(network)))
    z = np.random.default_rng(3).standard_normal(family.Z)
    shares = np.array([0.25, 0, 0.75, 0]) if net.c_dim else np.zeros(4)
    classes = torch.from_numpy(shares[: net.c_dim]).float()[None]
    wanted = family.mapped(network, z, shares, psi=0.7, cutoff=3)
    w = net.map(torch.from_numpy(z).float()[None], classes)
    ws = truncated(w[:, None].expand(-1, net.num_ws, -1), net.averages(classes), 0.7, 3)
    np.testing.assert_allclose(ws[0].numpy(), wanted, atol=1e-4)
    picture = family.drawn(network, wanted)
    assert picture.shape[1:] == net.resolution
    assert picture.std() > 0.01
    near = 2e-4 * np.ptp(picture)
    ws = torch.from_numpy(wanted).float()
    np.testing.assert_allclose(net.synthesize(ws[None], PLAIN)[0].numpy(), picture, atol=near)
    quick = StyleGAN3CpuBackend(net, threads=1)
    np.testing.assert_allclose(quick.picture(ws, PLAIN)[0].numpy(), picture, atol=near)
    moved = SynthesisOptions(rotate=30, x=0.2, y=0.1, zoom=1.3)
    torch.testing.assert_close(quick.picture(ws, moved), net.synthesize(ws[None], moved), atol=float(near), rtol=1e-3)


@pytest.mark.parametrize("what", ALONE)
def test_tensors_alone_are_read_with_the_default_settings(what: str, tmp_path: Path) -> None:
    network = made(what)
    whole, alone = read(tmp_path, family.pickled(network)), read(tmp_path, state(network))
    assert alone.values == whole.values
    assert "default settings" in alone.what
    assert ("StyleGAN-XL" in alone.what) == ("StyleGAN-XL" in whole.what) == what.startswith("xl")
    assert all(np.array_equal(alone.tensors[name], array) for name, array in whole.tensors.items())
    under = {"G_ema": {name: torch.from_numpy(np.array(array)) for name, array in network.tensors.items()}}
    assert read(tmp_path, foreign.saved(under)).values == whole.values


@pytest.mark.parametrize("what", sorted(set(NETWORKS) - set(ALONE)))
def test_tensors_alone_of_other_settings_are_refused(what: str, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="not those of the default settings"):
        read(tmp_path, state(made(what)))


def test_filters_alone_of_another_length_are_refused(tmp_path: Path) -> None:
    network = made("R")
    name = f"synthesis.{network.names[1]}.up_filter"
    other = replace(network, tensors={**network.tensors, name: np.float32([*[0] * 4, *network.tensors[name]])})
    with pytest.raises(NetworkError, match="filters of L1_36_4"):
        read(tmp_path, state(other))


def test_the_layout_is_that_of_the_network(tmp_path: Path) -> None:
    for what in NETWORKS:
        network = read(tmp_path, family.pickled(made(what)))
        net = opened(network)
        asked = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
        assert tensor_shapes(net.shape) == asked


def test_each_class_has_its_average(tmp_path: Path) -> None:
    network = made("xl classes")
    net, averages = opened(read(tmp_path, family.pickled(network))), network.tensors["mapping.w_avg"]
    torch.testing.assert_close(net.averages(torch.eye(4))[:, 0], torch.from_numpy(averages))
    mixed = torch.tensor([[2.0, 0, 2, 0], [0, 0, 0, 0]])
    wanted = np.stack([averages[[0, 2]].mean(axis=0), averages.mean(axis=0)])
    torch.testing.assert_close(net.averages(mixed)[:, 0], torch.from_numpy(wanted))
    torch.testing.assert_close(net.w_avg, torch.from_numpy(averages.mean(axis=0)))
    z = torch.randn(2, net.z_dim)
    torch.testing.assert_close(net.map(z, mixed), net.map(z, mixed * 5))
    torch.testing.assert_close(net.map(z[1:], mixed[1:]), net.map(z[1:], torch.ones(1, 4)))


def test_a_picture_is_moved_by_its_own_width_and_height(tmp_path: Path) -> None:
    net = opened(read(tmp_path, family.pickled(made("human T"))))
    place = net.move(SynthesisOptions(x=0.5, y=0.5))
    assert place is not None
    torch.testing.assert_close(place @ torch.tensor([0.25, 0.5, 1]), torch.tensor([0.0, 0, 1]))  # a half, a whole high
    small = opened(read(tmp_path, family.pickled(made("48 px"))))
    place = small.move(SynthesisOptions(x=1))
    assert place is not None
    torch.testing.assert_close(place, move(SynthesisOptions(x=48 / 64)))


LIES: list[tuple[str, str, Any, str]] = [
    ("synthesis.L1_36_4", "padding", [9, 8, 9, 9], "padding of 'L1_36_4' is"),
    ("synthesis.L1_36_4", "padding", "9898", "padding"),
    ("synthesis.L1_36_4", "in_sampling_rate", 32, "in_sampling_rate"),
    ("synthesis.L1_36_4", "out_sampling_rate", 10**18, "out_sampling_rate"),
    ("synthesis.L1_36_4", "out_sampling_rate", -16, "out_sampling_rate"),
    ("synthesis.L1_36_4", "out_sampling_rate", 16.5, "no whole number"),
    ("synthesis.L1_36_4", "out_sampling_rate", 17, "sampling rate"),
    ("synthesis.L1_36_4", "out_size", np.array([3e9, 3e9]), "out_size"),
    ("synthesis.L1_36_4", "out_size", np.array([np.nan, 36]), "out_size"),
    ("synthesis.L1_36_4", "out_size", np.array([36.0, 30000]), "L1_36_4"),
    ("synthesis.L1_36_4", "out_size", np.zeros((2, 2)), "no pair"),
    ("synthesis.L1_36_4", "in_size", np.array([52.0, 52]), "in_size"),
    ("synthesis.L1_36_4", "tmp_sampling_rate", 128, "tmp_sampling_rate"),
    ("synthesis.L0_36_4", "tmp_sampling_rate", 10**9, "tmp_sampling_rate"),
    ("synthesis.L0_36_4", "tmp_sampling_rate", 512, "L0_36_4"),
    ("synthesis.L1_36_4", "conv_clamp", 2, "conv_clamp"),
    ("synthesis.L1_36_4", "conv_clamp", [256], "conv_clamp"),
    ("synthesis.L1_36_4", "conv_kernel", 1, "conv_kernel"),
    ("synthesis.L1_36_4", "up_factor", "x" * 10_000, "up_factor"),
    ("synthesis.L1_36_4", "is_torgb", True, "is_torgb"),
    ("synthesis.L1_36_4.affine", "bias_gain", 0.01, "learning rate"),
    ("synthesis.L1_36_4.affine", "weight_gain", 1.0, "weight_gain"),
    ("mapping.fc0", "weight_gain", "0.01", "weight_gain"),
    ("mapping.embed_proj", "weight_gain", 0.5, "weight_gain"),
    ("synthesis.input", "bandwidth", 10**150, "bandwidth"),
    ("synthesis.input", "bandwidth", float("inf"), "bandwidth"),
    ("synthesis.input", "bandwidth", None, "bandwidth"),
    ("synthesis.input", "sampling_rate", 32, "its input"),
    ("synthesis.input", "size", np.array([30000.0, 30000]), "its input"),
    ("synthesis", "output_scale", "loud", "output_scale"),
    ("synthesis", "layer_names", ["L0_36_4"], "layer_names"),
    ("synthesis", "layer_names", [[]] * 6, "layer_names"),
    ("synthesis", "layer_names", 5, "layer_names"),
    ("synthesis", "num_ws", 6, "num_ws"),
    ("mapping.fc0", "activation", "relu", "activation"),
    ("mapping.embed_proj", "activation", "linear", "activation"),
    ("", "c_dim", 5, "c_dim"),
]


@pytest.mark.parametrize(("module", "key", "lie", "says"), LIES)
def test_attributes_that_lie_are_refused(module: str, key: str, lie: Any, says: str, tmp_path: Path) -> None:
    network = made("xl classes")
    told = {**network.attributes, module: {**network.attributes.get(module, {}), key: lie}}
    with pytest.raises(NetworkError, match=says) as caught:
        read(tmp_path, family.pickled(replace(network, attributes=told)))
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


def test_tensors_that_do_not_belong_are_refused_by_name(tmp_path: Path) -> None:
    network = made("xl classes")
    for name in [name for name in network.tensors if not re.match(r"synthesis\.L[^1]", name)]:
        fewer = {key: array for key, array in network.tensors.items() if key != name}
        with pytest.raises(NetworkError):
            read(tmp_path, family.pickled(replace(network, tensors=fewer)))
    for more in ("synthesis.L1_36_4.noise_strength", "synthesis.input.extra.weight", "mapping.fc7.weight"):
        with pytest.raises(NetworkError, match=more.rpartition(".")[0]):
            read(tmp_path, family.pickled(replace(network, tensors={**network.tensors, more: np.zeros(3, np.float32)})))


@pytest.mark.parametrize(("name", "shape", "says"), [("fc0.weight", (6, 5), "z_dim is -1"), ("w_avg", (0,), "w_dim")])
def test_sizes_that_no_network_has_are_refused(name: str, shape: tuple[int, ...], says: str, tmp_path: Path) -> None:
    network = made("human R")
    odd = {**network.tensors, f"mapping.{name}": np.zeros(shape, np.float32)}
    with pytest.raises(NetworkError, match=says):
        read(
            tmp_path,
            family.pickled(replace(network, tensors=odd, attributes={**network.attributes, "mapping.fc0": {}})),
        )


def test_other_learning_rates_are_taken_into_the_weights(tmp_path: Path) -> None:
    network = made("xl classes")
    plain = read(tmp_path, family.pickled(network)).tensors
    told = {**network.attributes, "mapping.embed_proj": {"bias_gain": 0.5}, "mapping.fc1": {"bias_gain": 0.02}}
    other = read(tmp_path, family.pickled(replace(network, attributes=told))).tensors
    assert np.allclose(other["mapping.embed_proj.weight"], plain["mapping.embed_proj.weight"] / 2)
    assert np.allclose(other["mapping.fc1.bias"], plain["mapping.fc1.bias"] * 2)
    assert np.array_equal(other["mapping.embed.weight"], plain["mapping.embed.weight"])


REFERENCES = (
    *("xl-uncond-32.pkl", "xl-cond-32.pkl", "xl-super-32to64.pkl", "xl-super-cond-16to32.pkl"),
    *("human-sg3t-64x32.pkl", "human-sg3r-64x32.pkl", "sg3-t-margin0-32.pkl", "sg3-t-48.pkl"),
    *("sg3-t-statedict-32.pt", "sg3-r-statedict-cond-32.pt"),
)


@needed
@pytest.mark.parametrize("name", REFERENCES)
def test_reference_networks(name: str) -> None:
    check_reference(name)
