"""Laws of what is found in a network when it is opened."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import platformdirs
import pytest
import torch
from torch import Tensor

from livegan.networks.analysis import analyse
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.info import NetworkInfo, read_info
from livegan.networks.library import BUNDLED, open_network
from livegan.networks.synthesis_options import SynthesisOptions

torch.set_num_threads(1)
SPREAD = torch.tensor([9.0, 7, 5, 4, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5])  # of w, along its own axes
HEARD = torch.tensor([50.0, 0, 0, 0, 0, 4, 3, 0, 2, 0, 1, 0.1])  # by the styles


class Simple(StyleNet):
    """A network whose best directions are known: w = spread * z, turned; styles hear some of its axes."""

    z_dim, c_dim, num_ws = 12, 3, 6
    resolution = (32, 32)
    colours = 3
    span = (-1.0, 1.0)
    row_groups = (0,) * 6

    def __init__(self, w_dim: int = 12) -> None:
        super().__init__()
        self.w_dim = w_dim
        self.layers = torch.nn.ModuleList(torch.nn.Identity() for _ in (8, 16, 32, 256))
        self.maps = self.pictures = 0
        self.turn = torch.linalg.qr(torch.randn(12, 12, generator=torch.Generator().manual_seed(5)))[0]  # rows: axes

    @property
    def w_avg(self) -> Tensor:
        return torch.zeros(self.w_dim)

    def map(self, z: Tensor, classes: Tensor) -> Tensor:
        assert torch.equal(classes.sum(dim=1), torch.ones(len(z)))
        self.maps += len(z)
        return ((z * SPREAD) @ self.turn + 3)[:, : self.w_dim]

    def affines(self) -> list[tuple[int, Tensor]]:
        return [
            (0, (torch.diag(HEARD) @ self.turn)[:8, : self.w_dim]),
            (1, (torch.diag(HEARD) @ self.turn)[8:, : self.w_dim]),
        ]

    @classmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        return cls(info.w_dim)

    def mapping_state(self) -> list[Tensor]:
        return []

    def drop_synthesis(self) -> None:
        self.layers = torch.nn.ModuleList()

    def convolutions(self) -> list[tuple[int, torch.nn.Module]]:
        return list(zip((8, 16, 32, 256), self.layers, strict=True))

    def synthesis_steps(self, ws: Tensor, options: SynthesisOptions) -> Iterator[Tensor | None]:
        assert ws.shape == (1, self.num_ws, self.w_dim)
        self.pictures += 1
        rng = torch.Generator().manual_seed(self.pictures)
        kinds = torch.randn(4, 1, 8, 8, generator=rng)
        x = kinds[torch.arange(20) % 4, 0][None] * torch.linspace(1, 2, 20)[:, None, None]
        for side, layer in self.convolutions():
            assert side <= 32, "what is too fine to be looked at is not drawn"
            x = layer(torch.nn.functional.interpolate(x, size=(side, side)))
            yield x[:, :3]


def test_the_first_four_are_the_principal_components_of_w_as_long_as_it_spreads() -> None:
    net = Simple()
    first = analyse(net, "").directions[:4]
    assert first.norm(dim=1).tolist() == pytest.approx([9, 7, 5, 4], rel=0.03)
    along = (first / first.norm(dim=1, keepdim=True)) @ net.turn.T
    assert along[:, :4].diagonal().abs().min() > 0.99


def test_the_others_are_what_styles_answer_to_beyond_the_first_four() -> None:
    net = Simple()
    more = analyse(net, "").directions[4:]
    along = (more / more.norm(dim=1, keepdim=True)) @ net.turn.T
    assert along.abs().argmax(dim=1).tolist() == [5, 6, 8, 10]
    assert more.norm(dim=1).tolist() == pytest.approx([0.5] * 4, rel=0.05)


@pytest.mark.parametrize("w_dim", [2, 4, 6, 12])
def test_directions_stand_at_right_angles_whatever_the_width_of_w(w_dim: int) -> None:
    directions = analyse(Simple(w_dim), "").directions
    assert directions.shape == (8, w_dim)
    assert torch.isfinite(directions).all()
    assert min(w_dim, 4) <= int((directions.norm(dim=1) > 0).sum()) <= w_dim
    product = directions @ directions.T
    assert (product - torch.diag(product.diagonal())).abs().max() < 1e-3


def test_channels_that_show_the_same_are_put_together() -> None:
    clusters = analyse(Simple(), "").clusters
    assert sorted(clusters) == [0, 1, 2]  # 256 px are not looked at
    for labels in clusters.values():
        assert labels.dtype == torch.int64
        groups = {tuple((labels == cluster).nonzero()[:, 0].tolist()) for cluster in range(1, 5)}
        assert groups == {tuple(range(first, 20, 4)) for first in range(4)}


def test_a_study_is_the_same_again() -> None:
    first, again = analyse(Simple(), ""), analyse(Simple(), "")
    assert torch.equal(first.directions, again.directions)
    assert all(torch.equal(labels, again.clusters[index]) for index, labels in first.clusters.items())


def test_a_study_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / name)
    net, later = Simple(), Simple()
    first = analyse(net, "ab" * 32)
    again = analyse(later, "ab" * 32)
    assert net.maps >= 10_000
    assert later.maps == later.pictures == 0
    assert torch.equal(first.directions, again.directions)
    assert {index: labels.tolist() for index, labels in first.clusters.items()} == {
        index: labels.tolist() for index, labels in again.clusters.items()
    }
    analyse(later, "cd" * 32)
    assert later.maps


def test_without_a_key_nothing_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / name)
    analyse(Simple(), "")
    assert not list(tmp_path.rglob("*"))


def test_the_network_that_comes_along_can_be_studied() -> None:
    net = open_network(read_info(BUNDLED / "house-256.json"))
    found = analyse(net, "")
    assert found.directions.shape == (8, net.w_dim)
    assert (found.directions.norm(dim=1) > 0).all()
    assert sorted(found.clusters) == list(range(11))
    assert all(int(labels.min()) >= 1 and int(labels.max()) <= 4 for labels in found.clusters.values())
