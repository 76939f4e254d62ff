"""Contract of every architecture in the table: a tiny network of it opens, draws, and keeps what the table says."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.core.parameters import GROUPS
from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.info import NetworkInfo, read_info
from livegan.networks.morph_info import morph_info
from livegan.networks.network_class import expected_shapes, network_class
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import load_style_net
from livegan.networks.weights_file import described_shapes
from livegan.rendering.load import generators, load_generator
from tests.tiny_networks import TINY, tiny

Make = Callable[[int], NetworkInfo]


def test_every_architecture_is_asked() -> None:
    assert set(TINY) == set(ARCHITECTURES)


@pytest.fixture(params=ARCHITECTURES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(kind: str, tmp_path: Path) -> Make:
    """A tiny random network of a seed."""
    return lambda seed: tiny(tmp_path, kind, f"tiny-{seed}", seed)


def test_the_table_names_what_is_there(kind: str) -> None:
    architecture = ARCHITECTURES[kind]
    assert architecture.name == kind
    assert architecture.title.isprintable()
    assert issubclass(network_class(kind), StyleNet)
    assert callable(import_module(architecture.backends).backend_specs)
    assert kind in generators()


def test_the_tensors_that_are_known_without_torch_are_those_of_the_network(make: Make) -> None:
    info = read_info(make(1).path)
    assert described_shapes(info) == expected_shapes(info)


def test_a_network_opens_and_is_what_its_description_says(make: Make) -> None:
    info = read_info(make(1).path)
    net = load_style_net(info)
    assert net.num_ws == info.num_ws == len(net.row_groups)
    assert set(net.row_groups) <= set(range(len(GROUPS)))
    assert (net.z_dim, net.c_dim, net.w_dim, net.resolution) == (info.z_dim, info.c_dim, info.w_dim, info.resolution)
    assert net.w_avg.shape == (net.w_dim,)
    assert not any(parameter.requires_grad for parameter in net.parameters())
    assert net.clusters == {}


def test_it_maps_and_synthesizes_in_its_own_range(make: Make) -> None:
    net = load_style_net(make(1))
    z = torch.from_numpy(np.random.default_rng(0).standard_normal((2, net.z_dim), np.float32))
    w = net.map(z, torch.zeros(2, net.c_dim))
    assert w.shape == (2, net.w_dim)
    pictures = net.synthesize(w[:, None].expand(-1, net.num_ws, -1), SynthesisOptions())
    assert pictures.shape == (2, net.colours, *net.resolution)
    assert bool(torch.isfinite(pictures).all())
    assert not torch.equal(pictures[0], pictures[1])
    convolutions = net.convolutions()
    sides = [side for side, _ in convolutions]
    assert sides == sorted(sides)
    assert len(convolutions) == len(net.affines())
    rows = [row for row, weight in net.affines() if weight.shape[1] == net.w_dim]
    assert len(rows) == len(net.affines())
    assert set(rows) <= set(range(net.num_ws))


def test_defaults_left_out_are_those_written_out(kind: str, make: Make) -> None:
    info = make(1)
    written = replace(info, shape={**ARCHITECTURES[kind].defaults, **info.shape})
    net, same = load_style_net(info), load_style_net(written)
    assert net.num_ws == written.num_ws
    w = net.w_avg.expand(1, net.num_ws, -1)
    assert torch.equal(net.synthesize(w, SynthesisOptions()), same.synthesize(w, SynthesisOptions()))


def test_a_shape_with_an_unknown_or_a_missing_key_is_refused(kind: str, make: Make) -> None:
    info = make(1)
    with pytest.raises(NetworkError, match="colour_of_the_sky"):
        network_class(kind).from_info(replace(info, shape={**info.shape, "colour_of_the_sky": 1}))
    with pytest.raises(NetworkError, match="channels"):
        network_class(kind).from_info(replace(info, shape={}))


def test_its_mapping_can_be_overwritten_and_stands_alone(make: Make) -> None:
    net, other = load_style_net(make(1)), load_style_net(make(2))
    z, classes = torch.linspace(-1, 1, net.z_dim)[None], torch.zeros(1, net.c_dim)
    expected = other.map(z, classes)
    assert torch.equal(net.map(z, classes), expected) == (not net.mapping_state())
    for tensor, wanted in zip(net.mapping_state(), other.mapping_state(), strict=True):
        tensor.copy_(wanted)
    net.drop_synthesis()
    assert torch.equal(net.map(z, classes), expected)
    assert torch.equal(net.w_avg, other.w_avg)


def test_the_last_backend_draws_the_reference(kind: str, make: Make) -> None:
    net = load_style_net(make(1))
    specs = import_module(ARCHITECTURES[kind].backends).backend_specs(net, "cpu")
    assert len({spec.name for spec in specs}) == len(specs)
    picture = specs[-1].make().render(net.w_avg.expand(net.num_ws, -1).contiguous(), SynthesisOptions())
    assert picture.dtype == torch.uint8
    assert picture.shape == (*net.resolution, 3)


def test_two_networks_mix_where_the_table_says_so(kind: str, make: Make) -> None:
    infos = [make(1), make(2)]
    if not ARCHITECTURES[kind].can_morph:
        with pytest.raises(NetworkError, match="cannot be mixed"):
            morph_info(infos)
        return
    morph = morph_info(infos)
    assert morph.num_ws == infos[0].num_ws
    generator = load_generator(morph, "cpu")
    z = np.random.default_rng(0).standard_normal(infos[0].z_dim, np.float32)
    plan = FramePlan(0, 0.0, 1 / 60, z=z, classes=np.ones(infos[0].c_dim, np.float32))
    ends = [generator.render(replace(plan, position=at)).float() for at in (0.0, 0.5, 1.0)]
    assert float((ends[0] - ends[2]).abs().mean()) > 1
    assert float((ends[0] - ends[1]).abs().mean()) > 0.1
    alone = load_generator(infos[1], "cpu")
    assert float((ends[2] - alone.render(plan).float()).abs().mean()) < 2
