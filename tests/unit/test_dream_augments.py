"""Augments, cutouts, optimizers of VQGAN-CLIP: against Kornia, torch_optimizer and adamp (stored), and plain sums."""

from collections.abc import Sequence
from math import ceil, pi, sin
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.interpolate import RBFInterpolator
from torch import Tensor

from livegan.studio.dream import augments
from livegan.studio.dream.augments import NRUPDATED, TABLE, augments_of, turn_hue
from livegan.studio.dream.cutouts import Cutouts, clamp_with_gradient, lanczos, pooled, resample
from livegan.studio.dream.optimizers import AdamP, DiffGrad, optimizer, optimizer_state, restore_optimizer
from livegan.studio.dream.rng import Rng
from livegan.studio.dream.vqgan_options import AUGMENTS, CUT_METHODS, OPTIMIZERS
from livegan.studio.dream.warps import (
    TPS_POINTS,
    affine_matrices,
    corners,
    elastic_places,
    perspective_matrices,
    sample,
    thin_plate_places,
    warp,
)

GOLDEN = Path(__file__).parents[1] / "golden/dream_augments.npz"


@pytest.fixture(scope="module")
def golden() -> dict[str, Tensor]:
    with np.load(GOLDEN) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


class Scripted(Rng):
    """Uniform numbers that were written down."""

    def __init__(self, *values: Tensor, order: Sequence[int] = (0, 1, 2, 3)) -> None:
        super().__init__(0)
        self._values, self._order = list(values), list(order)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return self._values.pop(0).reshape(shape)

    def order(self, count: int) -> list[int]:
        return self._order


def close(left: Tensor, right: Tensor, most: float = 2e-5) -> None:
    assert float((left - right).abs().max()) < most


def test_an_affine_warp_is_kornias(golden):
    picture = golden["picture"]
    matrices = affine_matrices(golden["turn"].deg2rad(), golden["shift"], golden["shear"].deg2rad(), (20, 24))
    close(matrices, golden["affine_matrix"])
    close(warp(picture, matrices), golden["affine_zeros"])
    close(warp(picture, matrices, "border"), golden["affine_border"])


def test_a_perspective_warp_is_kornias(golden):
    starts = corners((20, 24), golden["ends"]).expand(2, -1, -1)
    close(warp(golden["picture"], perspective_matrices(starts, golden["ends"])), golden["perspective"], 1e-4)


def test_an_elastic_warp_is_kornias(golden):
    close(sample(golden["picture"], elastic_places(golden["noise"], 9, 4.0)), golden["elastic"])


def test_a_thin_plate_spline_is_scipys(golden):
    """(Kornia's own has its centres at the points before they move, and is none that bends least.)"""
    height, width = 9, 13
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    points = np.stack([columns.ravel(), rows.ravel()], axis=1)
    for ends in golden["spline_ends"]:
        spline = RBFInterpolator(ends.numpy(), np.array(TPS_POINTS), kernel="thin_plate_spline", degree=1)
        places = (spline(points) + 1) * (np.array([width, height]) - 1) / 2
        ours = thin_plate_places(ends[None], (height, width))
        assert np.abs(ours.numpy().reshape(-1, 2) - places).max() < 1e-4


def test_colours_change_as_kornias_do(golden):
    picture, factors = golden["picture"], golden["factors"]
    same = torch.ones(2)
    for kind, name in enumerate(("brightness", "contrast", "saturation")):
        spans = [0.1 if kind == other else 0.0 for other in range(3)]
        values = [factors if kind == other else same for other in range(3)]
        change = augments.jitter(*spans, 0.0)
        close(change(picture, Scripted(*values, torch.zeros(2))), golden[name])
    close(turn_hue(picture, golden["hue_turns"].view(2, 1, 1)), golden["hue"])
    close(augments.soften(0.3)(picture, Scripted(golden["soft_kept"])), golden["soft"])


def test_affine_draws_a_turn_a_shift_and_a_shear(golden):
    shares = golden["shift"] / torch.tensor([24.0, 20.0])
    drawn = Scripted(golden["turn"].deg2rad(), shares, golden["shear"].deg2rad())
    close(augments.affine(15, 0.1, 5)(golden["picture"], drawn), golden["affine_zeros"])


def test_perspective_moves_corners_inwards_by_up_to_half_of_its_share_of_the_sides(golden):
    starts = corners((20, 24), golden["ends"])
    inwards = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
    drawn = (golden["ends"] - starts) * inwards / torch.tensor([24 * 0.35, 20 * 0.35])
    assert bool(((drawn >= 0) & (drawn <= 1)).all())
    close(augments.perspective(0.7)(golden["picture"], Scripted(drawn)), golden["perspective"], 1e-4)


def test_the_hue_of_red_turns_to_green_and_blue():
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
    assert turn_hue(red, torch.tensor(1 / 3).view(1, 1, 1)).flatten().tolist() == pytest.approx([0, 1, 0], abs=1e-5)
    assert turn_hue(red, torch.tensor(-1 / 3).view(1, 1, 1)).flatten().tolist() == pytest.approx([0, 0, 1], abs=1e-5)


def test_erasing_blackens_one_rectangle_of_its_share_at_the_same_place_in_all():
    for seed in range(20):
        erased = augments.erase((0.1, 0.4), (0.3, 1 / 0.3))(torch.ones(3, 3, 40, 40), Rng(seed))
        assert torch.equal(erased[0], erased[1])
        black = erased[0, 0] == 0
        rows, columns = black.any(1), black.any(0)
        assert torch.equal(black, rows[:, None] & columns[None])
        assert 0.08 < float(black.float().mean()) < 0.42
        assert 0.27 < float(rows.sum() / columns.sum()) < 3.7


def test_a_resized_crop_is_a_part_of_the_picture_stretched():
    ramp = torch.linspace(0, 1, 33).expand(1, 3, 33, 33)
    crops = augments.resized_crop((0.1, 1), (0.75, 1.333))(ramp.expand(50, -1, -1, -1), Rng(3))
    rows = crops[:, 0, 0]
    slopes = rows[:, -1] - rows[:, 0]
    assert bool((slopes > 0.25).all())
    assert bool((slopes <= 1 + 1e-5).all())
    assert float((rows[:, 1:] - rows[:, :-1] - slopes[:, None] / 32).abs().max()) < 1e-5  # straight
    assert float(slopes.std()) > 0.1


@pytest.mark.parametrize("name", AUGMENTS)
def test_every_augment_keeps_the_shape_is_seeded_and_has_a_gradient(name):
    picture = torch.rand(6, 3, 24, 24, generator=torch.Generator().manual_seed(5)).requires_grad_()
    changed = [TABLE[name](picture, Rng(1, step)) for step in range(4)]
    assert all(each.shape == picture.shape and bool(torch.isfinite(each).all()) for each in changed)
    assert torch.equal(changed[0], TABLE[name](picture, Rng(1, 0)))
    assert any(not torch.equal(each, picture) for each in changed)
    gradient = torch.autograd.grad(sum(each.square().sum() for each in changed), picture)[0]
    assert bool(torch.isfinite(gradient).all())
    assert float(gradient.abs().sum()) > 0


def test_augments_keep_their_order_and_nrupdated_has_two_of_its_own():
    assert augments_of("latest", ("Er", "Ji")) == (TABLE["Er"], TABLE["Ji"])
    assert augments_of("original", ("Er",)) == ()
    assert len(augments_of("updated", ())) == 5
    assert len(augments_of("updatedpooling", ())) == 4
    assert [name for name in TABLE if NRUPDATED[name] is not TABLE[name]] == ["Pe", "Af"]
    assert tuple(TABLE) == AUGMENTS


def test_an_augment_changes_its_share_of_the_pictures():
    marked = augments.with_probability(0.7, lambda pictures, rng: pictures + 1)
    assert float(marked(torch.zeros(4000, 1, 1, 1), Rng(0)).mean()) == pytest.approx(0.7, abs=0.03)
    together = augments.with_probability(0.7, lambda pictures, rng: pictures + 1, together=True)
    means = {float(together(torch.zeros(5, 1, 1, 1), Rng(0, step)).mean()) for step in range(30)}
    assert means == {0.0, 1.0}


@pytest.mark.parametrize("method", CUT_METHODS)
@pytest.mark.parametrize("shape", [(40, 56), (20, 28)])  # larger and smaller than a cutout
def test_cutouts_of_every_method(method, shape):
    picture = torch.rand(1, 3, *shape, generator=torch.Generator().manual_seed(2)).requires_grad_()
    cut = Cutouts(24, 5, method, 1.0, ("Af", "Pe", "Ji", "Er"))
    views = cut(picture, Rng(7, 1))
    assert views.shape == (5, 3, 24, 24)
    assert torch.equal(views, cut(picture, Rng(7, 1)))
    assert not torch.equal(views, cut(picture, Rng(7, 2)))
    gradient = torch.autograd.grad(views.square().sum(), picture)[0]
    assert bool(torch.isfinite(gradient).all())
    assert float(gradient.abs().sum()) > 0


def test_pooled_is_half_average_half_maximum():
    picture = torch.arange(16.0).view(1, 1, 4, 4)
    assert pooled(picture, 2).flatten().tolist() == [(2.5 + 5) / 2, (4.5 + 7) / 2, (10.5 + 13) / 2, (12.5 + 15) / 2]


def test_latest_without_augments_is_the_pooled_picture_and_its_noise():
    picture = torch.rand(1, 3, 48, 48)
    views = Cutouts(24, 400, "latest")(picture, Rng(1))
    deviations = (views - pooled(picture, 24)).flatten(1).std(1)
    assert float(deviations.max()) < 0.105
    assert float(deviations.mean()) == pytest.approx(0.05, abs=0.005)  # N(0, 1) * U(0, 0.1)


def test_squares_follow_the_cut_power():
    """A ramp of x + 100 y shows the side and the place of each square."""
    ramp = (torch.arange(64.0)[None, :] + 100 * torch.arange(48.0)[:, None]).view(1, 1, 48, 64).expand(1, 3, -1, -1)
    sides = {}
    for power in (0.2, 1.0, 5.0):
        cut = Cutouts(16, 300, "original", power)
        made = [cut._square(ramp / 10000, Rng(4, index))[0, 0] * 10000 for index in range(300)]
        sides[power] = torch.stack([views[0, -1] - views[0, 0] + 1 for views in made])
    assert all(float(each.min()) > 13 and float(each.max()) < 50 for each in sides.values())
    assert float(sides[0.2].mean()) > float(sides[1.0].mean()) + 5 > float(sides[5.0].mean()) + 10
    assert float(sides[1.0].mean()) == pytest.approx(16 + 32 / 2, abs=2)  # U^1 (48 - 16) + 16


def test_lanczos_is_the_formula():
    ratio = 0.3
    kernel = lanczos(ratio, torch.zeros(())).tolist()
    reach = ceil(2 / ratio + 1) - 2

    def sinc(x: float) -> float:
        return 1.0 if x == 0 else sin(pi * x) / (pi * x)

    plain = [sinc(i * ratio) * sinc(i * ratio / 2) if abs(i * ratio) < 2 else 0.0 for i in range(-reach, reach + 1)]
    assert kernel == pytest.approx([each / sum(plain) for each in plain], abs=1e-6)
    even = torch.full((1, 3, 40, 40), 0.7)
    close(resample(even, 12), torch.full((1, 3, 12, 12), 0.7))


def test_the_clamp_passes_gradients_that_lead_back():
    values = torch.tensor([-0.5, 0.5, 1.5]).requires_grad_()
    clamped = clamp_with_gradient(values, 0, 1)
    assert clamped.tolist() == [0, 0.5, 1]
    up = torch.autograd.grad((clamped * torch.tensor([1.0, 1.0, 1.0])).sum(), values, retain_graph=True)[0]
    down = torch.autograd.grad((clamped * torch.tensor([-1.0, -1.0, -1.0])).sum(), values)[0]
    assert up.tolist() == [0, 1, 1]  # a step down the slope lowers the value: only the one above comes nearer
    assert down.tolist() == [-1, -1, 0]


def walk(make, steps: int = 12, start: Tensor | None = None) -> tuple[Tensor, torch.optim.Optimizer]:
    value = (torch.linspace(-1, 1, 24).reshape(1, 4, 2, 3) if start is None else start).clone().requires_grad_()
    made = make(value)
    goal = torch.linspace(1, -0.5, 24).reshape(1, 4, 2, 3).sin()
    for step in range(steps):
        made.zero_grad()
        drawn = value / value.norm() if step % 3 else value
        (drawn - goal).square().sum().backward()
        made.step()
    return value.detach(), made


def test_diffgrad_and_adamp_are_those_of_their_authors(golden):
    close(walk(lambda value: optimizer("DiffGrad", value, 0.1))[0], golden["diffgrad"], 1e-5)
    close(walk(lambda value: optimizer("AdamP", value, 0.1))[0], golden["adamp"], 1e-5)
    assert isinstance(optimizer("AdamP", torch.zeros(2), 0.1), AdamP)
    assert isinstance(optimizer("DiffGrad", torch.zeros(2), 0.1), DiffGrad)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_on_from_its_state(name):
    whole, _ = walk(lambda value: optimizer(name, value, 0.1), steps=6)
    half, made = walk(lambda value: optimizer(name, value, 0.1), steps=3)
    state = optimizer_state(made, made.param_groups[0]["params"][0])
    assert state
    assert all(isinstance(array, np.ndarray) for array in state.values())

    def resumed(value: Tensor) -> torch.optim.Optimizer:
        again = optimizer(name, value, 0.1)
        restore_optimizer(again, value, state)
        return again

    rest, _ = walk(resumed, steps=3, start=half)
    assert torch.equal(rest, whole)


def test_random_numbers_depend_on_seed_and_step_alone():
    assert torch.equal(Rng(3, 5).normal(4), Rng(3, 5).normal(4))
    assert not torch.equal(Rng(3, 5).uniform(4), Rng(3, 6).uniform(4))
    assert not torch.equal(Rng(3, 5).uniform(4), Rng(4, 5).uniform(4))
    assert sorted(Rng(0).order(4)) == [0, 1, 2, 3]
