import math

import pytest
import torch
from torch import nn

from livegan.training import losses
from livegan.training.losses import LossScaler


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(3)


def test_the_losses_are_those_of_the_paper(generator):
    words = torch.randn(50, generator=generator, dtype=torch.float64) * 3
    truth = torch.sigmoid(words)
    assert losses.generator_loss(words).item() == pytest.approx(-truth.log().mean().item())
    assert losses.discriminator_loss_real(words).item() == pytest.approx(-truth.log().mean().item())
    assert losses.discriminator_loss_fake(words).item() == pytest.approx(-(1 - truth).log().mean().item())


def test_the_losses_stay_finite_where_the_discriminator_is_sure():
    for loss in (losses.generator_loss, losses.discriminator_loss_real, losses.discriminator_loss_fake):
        assert torch.isfinite(loss(torch.tensor([-1e4, 1e4])))


def test_r1_is_the_squared_length_of_each_pictures_gradient(generator):
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Softplus(), nn.Linear(5, 1)).double()
    pictures = torch.randn(4, 3, 2, 2, generator=generator, dtype=torch.float64).requires_grad_()
    found = losses.r1(network(pictures)[:, 0], pictures)
    singles = [torch.autograd.functional.jacobian(lambda x: network(x)[0, 0], one[None]) for one in pictures]
    assert found.item() == pytest.approx(sum(float(g.square().sum()) for g in singles) / 4, rel=1e-5)


def test_r1_of_a_slope_is_its_length_and_can_be_learnt_from():
    slope = torch.tensor([3.0, 4.0], requires_grad=True)
    pictures = torch.zeros(2, 1, 1, 2, requires_grad=True)
    penalty = losses.r1((pictures * slope).sum(dim=(1, 2, 3)), pictures)
    assert penalty.item() == 25
    penalty.backward()
    assert slope.grad is not None
    assert slope.grad.tolist() == [6.0, 8.0]


def test_path_lengths_agree_with_the_jacobian(generator):
    network = nn.Sequential(nn.Flatten(), nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 12)).double()

    def draw(ws):
        return network(ws).view(-1, 3, 2, 2)

    ws = torch.randn(3, 2, 3, generator=generator, dtype=torch.float64).requires_grad_()
    noise = torch.randn(3, 3, 2, 2, generator=generator, dtype=torch.float64)
    found = losses.path_lengths(draw(ws), ws, noise)
    for index in range(3):
        jacobian = torch.autograd.functional.jacobian(draw, ws[index : index + 1])[0, :, :, :, 0]  # (3, 2, 2, rows, w)
        moved = torch.einsum("chw,chwrd->rd", noise[index] / math.sqrt(4), jacobian)
        assert found[index].item() == pytest.approx(moved.square().sum(dim=1).mean().sqrt().item(), rel=1e-5)
    losses.path_penalty(found, found.mean()).backward()
    assert all(torch.isfinite(weight.grad).all() for weight in network.parameters() if weight.grad is not None)


def test_an_even_path_costs_nothing():
    assert losses.path_penalty(torch.full((4,), 2.0), torch.tensor(2.0)) == 0


def test_mixing_changes_the_rows_from_the_cut_on():
    ws = losses.mix_styles(torch.zeros(2, 5), torch.ones(2, 5), torch.tensor([1, 4]), 4)
    assert ws[:, :, 0].tolist() == [[0, 1, 1, 1], [0, 0, 0, 0]]


def test_cuts_are_as_often_as_asked_and_everywhere(generator):
    found = losses.mixing_cutoffs(4000, 6, 0.9, generator)
    assert sorted(found.unique().tolist()) == [1, 2, 3, 4, 5, 6]
    assert (found < 6).double().mean().item() == pytest.approx(0.9, abs=0.02)
    assert (losses.mixing_cutoffs(100, 6, 0.0, generator) == 6).all()


def test_a_scale_is_undone_halved_where_it_overflows_and_grows_again(monkeypatch):
    monkeypatch.setattr(losses, "GROW_AFTER", 3)
    scale = LossScaler(1024.0)
    gradients = [torch.full((3,), 2048.0), torch.ones(2)]
    assert scale.unscale(gradients)
    assert gradients[0].tolist() == [2.0] * 3
    assert gradients[1].tolist() == [1 / 1024] * 2
    assert not scale.unscale([torch.tensor([1.0, math.inf])])
    assert not scale.unscale([torch.tensor([math.nan])])
    assert scale.factor == 256
    assert [scale.unscale([torch.ones(1)]) and scale.factor for _ in range(9)] == [
        256,
        256,
        512,
        512,
        512,
        1024,
    ] + 3 * [1024]
    other = LossScaler(512.0)
    other.restore(scale.state())
    assert other.factor == 512


def test_a_scale_of_one_changes_nothing():
    gradients = [torch.tensor([1.0, math.nan])]
    scale = LossScaler(1.0)
    assert scale.unscale(gradients)
    assert gradients[0][0] == 1
    assert scale.factor == 1


def test_where_nothing_is_louder_any_more_what_is_not_finite_is_left_to_the_optimizer():
    scale = LossScaler(2.0)
    assert [scale.unscale([torch.tensor([math.nan])]) for _ in range(3)] == [False, True, True]
