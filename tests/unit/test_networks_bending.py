"""Laws of network bending."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from livegan.core.types import Bend
from livegan.networks.bend_names import BEND_NAMES, MOVES, acts, begins
from livegan.networks.bending import BENDS, bend

torch.set_num_threads(1)
KINDS = (torch.float32, torch.bfloat16)
SIZES = ((4, 4), (16, 16), (8, 24), (64, 32))


def layer(*size: int, kind: torch.dtype = torch.float32, seed: int = 0) -> Tensor:
    return torch.randn(2, 12, *size, generator=torch.Generator().manual_seed(seed)).to(kind)


def bent(x: Tensor, name: str, amount: float, cluster: int = 0, clusters: Tensor | None = None) -> Tensor:
    return bend(x, [Bend(name, "all", amount, cluster)], x.shape[2], clusters)


def test_the_names_and_the_operations_are_the_same() -> None:
    assert sorted(BENDS) == sorted(BEND_NAMES)
    assert set(MOVES) < set(BEND_NAMES)


def test_the_names_are_known_without_torch() -> None:
    code = "import sys, livegan.networks.bend_names; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("name", BEND_NAMES)
def test_a_bend_keeps_shape_and_kind_and_leaves_its_input(name: str, kind: torch.dtype, size: tuple[int, int]) -> None:
    for form in (torch.contiguous_format, torch.channels_last):
        x = layer(*size, kind=kind).contiguous(memory_format=form)
        before = x.clone()
        for amount in (1e-6, 0.5, 1.0):
            for cluster in (0, 2):
                y = bent(x, name, amount, cluster)
                assert (y.shape, y.dtype) == (x.shape, x.dtype)
                assert y.is_contiguous(memory_format=form)
                assert torch.isfinite(y).all()
                assert torch.equal(x, before)


@pytest.mark.parametrize("name", BEND_NAMES)
def test_amount_zero_is_the_identity(name: str) -> None:
    x = layer(16, 16)
    assert torch.equal(bent(x, name, 0.0), x)


@pytest.mark.parametrize("name", BEND_NAMES)
def test_a_bend_begins_at_the_identity_and_never_jumps(name: str) -> None:
    x = layer(16, 16)
    pictures = [x] + [bent(x, name, i / 400) for i in range(1, 401)]
    steps = torch.stack([(b - a).abs().max() for a, b in itertools.pairwise(pictures)])
    assert steps.max() < 0.5  # of noise of standard deviation 1; two of its numbers differ by up to 6
    assert (pictures[-1] - x).abs().mean() > 0.1
    assert (bent(x, name, 1e-6) - x).abs().max() < 1e-3


@pytest.mark.parametrize("name", BEND_NAMES)
def test_a_bend_does_the_same_in_bf16(name: str) -> None:
    x = layer(16, 16, kind=torch.bfloat16)
    whole, half = bent(x.float(), name, 0.7), bent(x, name, 0.7)
    assert (whole - half.float()).square().mean() < 1e-3 * whole.square().mean()


@pytest.mark.parametrize("name", BEND_NAMES)
@pytest.mark.parametrize("known", [True, False])
def test_a_cluster_bends_its_channels_alone(name: str, known: bool) -> None:
    x = layer(16, 16)
    clusters = torch.tensor([1, 1, 2, 2, 3, 3, 4, 4, 1, 2, 1, 1]) if known else None
    groups = clusters if known else torch.arange(12) % 4 + 1
    y = bent(x, name, 0.6, 2, clusters)
    assert groups is not None
    assert torch.equal(y[:, groups != 2], x[:, groups != 2])
    assert torch.allclose(y[:, groups == 2], bent(x, name, 0.6)[:, groups == 2], atol=1e-5)


def test_a_cluster_without_channels_changes_nothing() -> None:
    x = layer(8, 8)
    assert torch.equal(bent(x, "ablate", 1.0, 4, torch.ones(12, dtype=torch.long)), x)


@pytest.mark.parametrize(("name", "dim"), [("flip-x", 3), ("flip-y", 2)])
def test_a_whole_flip_is_the_mirror_image(name: str, dim: int) -> None:
    x = layer(8, 12)
    assert torch.equal(bent(x, name, 1.0), x.flip(dim))


def test_a_whole_turn_is_upside_down() -> None:
    x = layer(8, 12)
    assert torch.allclose(bent(x, "rotate", 1.0), x.flip(2, 3), atol=1e-4)


def test_half_a_turn_is_a_quarter_circle_clockwise() -> None:
    x = layer(8, 8)
    assert torch.allclose(bent(x, "rotate", 0.5), x.rot90(-1, (2, 3)), atol=1e-4)


@pytest.mark.parametrize(("name", "dim"), [("shift-x", 3), ("shift-y", 2)])
def test_a_shift_moves_to_the_right_and_down_by_half_the_width(name: str, dim: int) -> None:
    x = layer(16, 16)
    moved = bent(x, name, 1.0)
    assert torch.allclose(moved.narrow(dim, 8, 8), x.narrow(dim, 0, 8), atol=1e-4)


def test_scaling_shows_the_middle_larger() -> None:
    x = torch.linspace(-1, 1, 33)[None, None, None].expand(1, 1, 33, 33)
    assert torch.allclose(bent(x, "scale", 1.0)[..., 2:-2], x[..., 2:-2] / 2, atol=1e-5)


@pytest.mark.parametrize("names", [("scale", "rotate"), ("rotate", "shift-x"), ("shift-y", "scale")])
def test_moves_in_a_row_are_one_after_the_other(names: tuple[str, str]) -> None:
    across = torch.linspace(-1, 1, 65)
    smooth = (across[:, None] * 2 + across * 3).sin()[None, None]
    both = bend(smooth, [Bend(name, "all", 0.2) for name in names], 65, None)
    after = bent(bent(smooth, names[0], 0.2), names[1], 0.2)
    middle = slice(24, 41)
    assert torch.allclose(both[..., middle, middle], after[..., middle, middle], atol=0.01)


def test_a_threshold_leaves_two_levels_and_the_energy() -> None:
    y = bent(layer(16, 16), "threshold", 1.0)
    assert all(len(channel.unique()) == 2 for channel in y[0])
    assert torch.allclose(y.square().mean((2, 3)), layer(16, 16).square().mean((2, 3)), rtol=1e-4)


def test_inverted_is_high_where_it_was_low() -> None:
    x = layer(16, 16)
    y = bent(x, "invert", 1.0)
    mean = x.mean((2, 3), keepdim=True)
    assert torch.allclose(y - mean, mean - x, atol=1e-5)


def test_dilate_is_the_highest_of_the_neighbours_and_erode_the_lowest() -> None:
    x = layer(16, 16)  # an eighth: 2 px
    highest = torch.nn.functional.max_pool2d(x, 5, stride=1, padding=2)
    lowest = -torch.nn.functional.max_pool2d(-x, 5, stride=1, padding=2)
    assert torch.equal(bent(x, "dilate", 1.0), highest)
    assert torch.equal(bent(x, "erode", 1.0), lowest)
    amounts = [bent(x, "dilate", amount) for amount in (0.0, 0.2, 0.5, 0.8, 1.0)]
    assert all((b >= a - 1e-6).all() for a, b in itertools.pairwise(amounts))


def test_ablated_is_nothing() -> None:
    assert not bent(layer(8, 8), "ablate", 1.0).any()


@pytest.mark.parametrize("name", BEND_NAMES)
def test_a_flat_layer_stays_finite(name: str) -> None:
    for value in (0.0, 3.0):
        assert torch.isfinite(bent(torch.full((1, 4, 8, 8), value), name, 1.0)).all()


def test_a_bend_acts_in_its_layer() -> None:
    assert [acts(Bend("scale", "coarse", 1), side) for side in (4, 8, 16, 64)] == [True, True, False, False]
    assert [acts(Bend("scale", "32", 1), side) for side in (16, 32, 64)] == [False, True, False]
    assert all(acts(Bend("scale", "all", 1), side) for side in (4, 8, 16, 64))


def test_of_the_convolutions_of_a_layer_a_bend_acts_in_the_first() -> None:
    sides = (4, 8, 8, 16, 16, 32, 32, 64, 64, 128, 128)
    layers = begins(sides)

    def where(name: str, layer: str) -> list[int]:
        both = zip(sides, layers, strict=True)
        return [index for index, (side, begun) in enumerate(both) if acts(Bend(name, layer, 1), side, begun)]

    assert where("rotate", "coarse") == [0]
    assert where("rotate", "middle") == [3]
    assert where("dilate", "fine") == [7]
    assert where("dilate", "32") == [5]
    assert where("flip-x", "all") == [0]
    assert where("dilate", "all") == [0, 1, 3, 5, 7, 9]


def test_where_the_side_does_not_determine_the_group_it_can_be_given() -> None:
    layers = begins((16, 16, 16, 32), (0, 1, 1, 2))
    assert layers == ({"all", "coarse", "16"}, {"middle"}, set(), {"fine", "32"})


def test_what_acts_elsewhere_changes_nothing() -> None:
    x = layer(16, 16)
    assert bend(x, [Bend("ablate", "coarse", 1.0)], 16, None) is x
    assert bend(x, [Bend("ablate", "middle", 1.0)], 16, None, frozenset()) is x


def test_the_docs_name_every_bend() -> None:
    text = (Path(__file__).parents[2] / "docs" / "latents.md").read_text(encoding="utf-8")
    assert [name for name in BEND_NAMES if f"`{name}`" not in text] == []
