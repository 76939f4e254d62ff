"""The snapshots of `growth`: five ages of one network, from a glow to fine lines."""

from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.generators.controls import Controls
from livegan.generators.growth import LIT, write
from livegan.generators.info import NetworkInfo
from livegan.generators.load import SHIPPED, find_networks
from livegan.generators.stylegan2 import Shape, open_network, to_pixels

AGES = find_networks(SHIPPED / "growth")


def pictures(info: NetworkInfo, seeds: int = 2) -> torch.Tensor:
    network = open_network(info)
    z = np.stack([np.random.default_rng(seed).standard_normal(info.z_dim, np.float32) for seed in range(seeds)])
    classes = torch.eye(info.c_dim)[torch.arange(seeds) * 5 % info.c_dim]
    with torch.no_grad():
        ws = network.map(torch.from_numpy(z), classes)[:, None].expand(-1, network.num_ws, -1)
        return torch.stack([to_pixels(network.synthesize(one[None], Controls())[0]).float() for one in ws])


def test_the_ages_are_networks_of_one_shape_in_order_and_small() -> None:
    assert [info.name for info in AGES] == ["1", "2", "3", "4", "5"]
    assert len(AGES) == len(LIT)
    assert len({Shape.of(info) for info in AGES}) == 1
    assert all(info.licence for info in AGES)
    assert sum(info.weights.stat().st_size for info in AGES) < 4 * 2**20


def test_the_oldest_is_finer_than_the_youngest_and_neither_is_dark() -> None:
    def fineness(drawn: torch.Tensor) -> float:
        """The share of neighbouring pixels' differences in all differences."""
        steps = (drawn[:, 1:] - drawn[:, :-1]).square().mean() + (drawn[:, :, 1:] - drawn[:, :, :-1]).square().mean()
        return float(steps / drawn.var())

    drawn = [pictures(info) for info in (AGES[0], AGES[-1])]
    grown = [fineness(one) for one in drawn]
    assert grown[-1] > 2 * grown[0]
    assert all(float(one.mean()) > 8 for one in drawn)


@pytest.mark.slow
def test_the_same_bytes_are_made_again(tmp_path: Path) -> None:
    for made, shipped in zip(write(tmp_path), AGES, strict=True):
        assert made.path.read_bytes() == shipped.path.read_bytes()
        assert made.weights.read_bytes() == shipped.weights.read_bytes()
