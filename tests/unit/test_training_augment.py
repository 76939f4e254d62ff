import pytest
import torch

from livegan.training.ada import INTERVAL, Ada
from livegan.training.augment import Plan, augment, plan

SIZE = (16, 16)
STILL = torch.eye(2, 3)
SAME = torch.eye(3, 4)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(count=6, size=SIZE, colours=3):
    return torch.rand(count, colours, *size, generator=generator(9)) * 2 - 1


def single_plan(blit=STILL, move=STILL, colour=SAME, count=1):
    return Plan(*(part.expand(count, -1, -1) for part in (blit, move, colour)))


def test_p_zero_is_the_identity():
    x = pictures()
    assert augment(x, plan(len(x), SIZE, 0.0, generator())) is x


def test_the_same_chance_gives_the_same_pictures_and_another_gives_others():
    x = pictures()
    first, again, other = (augment(x, plan(len(x), SIZE, 0.8, generator(seed))) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_share_of_the_batch_is_changed_as_within_the_batch():
    x = pictures(8)
    whole = plan(8, SIZE, 0.7, generator(4))
    parts = [augment(x[part], whole.part(part)) for part in (slice(0, 4), slice(4, 8))]
    torch.testing.assert_close(torch.cat(parts), augment(x, whole), atol=1e-5, rtol=1e-5)


def test_half_of_the_changes_at_half_of_p():
    result = plan(4000, SIZE, 0.5, generator())
    moved = (result.moves != STILL).any(dim=(1, 2)).double().mean()
    assert moved.item() == pytest.approx(1 - 0.5**4, abs=0.03)  # scale, the two turns together, stretch, shift
    assert (result.blits == result.blits.round()).all()
    little = plan(4000, SIZE, 0.1, generator())
    changed = (little.moves != STILL).any(dim=(1, 2))
    assert ((result.moves != STILL).any(dim=(1, 2)) | ~changed).all()  # a higher p changes the same, and more


@pytest.mark.parametrize("colours", [1, 3, 4])
@pytest.mark.parametrize("size", [(16, 16), (8, 24), (4, 4)])
def test_any_size_and_colours(size, colours):
    x = pictures(12, size, colours)
    result = augment(x, plan(12, size, 1.0, generator(2)))
    assert result.shape == x.shape
    assert torch.isfinite(result).all()


def test_whole_pixels_are_moved_whole():
    x = pictures(1)
    mirror = torch.tensor([[-1.0, 0, 0], [0, 1, 0]])
    assert torch.equal(augment(x, single_plan(mirror)), x.flip(3))
    quarter = torch.tensor([[0.0, -1, 0], [1, 0, 0]])
    assert torch.equal(augment(x, single_plan(quarter)), torch.rot90(x, 1, (2, 3)))
    shift = torch.tensor([[1.0, 0, 2], [0, 1, -1]])
    result = augment(x, single_plan(shift))
    assert torch.equal(result[:, :, 1:, :-2], x[:, :, :-1, 2:])
    assert torch.equal(result[:, :, 1:, -2:], x[:, :, :-1, -2:].flip(3))  # mirrored beyond the edge


def test_a_plain_picture_stays_plain_wherever_it_goes():
    x = torch.full((10, 3, 16, 16), 0.5)
    result = plan(10, SIZE, 1.0, generator())
    moved = augment(x, Plan(result.blits, result.moves, SAME.expand(10, -1, -1)))
    torch.testing.assert_close(moved, x)


def test_the_geometry_agrees_with_a_smooth_picture_drawn_elsewhere():
    def wave(x, y):
        return torch.sin(0.35 * x + 0.2 * y + 0.4)

    line = torch.arange(32) - 15.5
    y, x = torch.meshgrid(line, line, indexing="ij")
    turn, size = torch.tensor(0.4), 0.9
    move = torch.stack(
        [
            torch.stack([turn.cos() * size, -turn.sin() * size, torch.tensor(0.6)]),
            torch.stack([turn.sin() * size, turn.cos() * size, torch.tensor(-0.3)]),
        ]
    )
    result = augment(wave(x, y).expand(1, 3, -1, -1), single_plan(move=move))[0, 0]
    there = move @ torch.stack([x, y, torch.ones_like(x)]).flatten(1)
    expected = wave(*there).view(32, 32)
    inside = (there.abs() < 14).all(dim=0).view(32, 32)
    assert inside.sum() > 500
    assert (result - expected)[inside].abs().max() < 0.03


def test_hue_keeps_grey_and_luma_flips_keep_hue():
    grey = torch.rand(20, 1, 16, 16, generator=generator(1)).expand(-1, 3, -1, -1)
    result = plan(20, SIZE, 1.0, generator())
    changed = augment(grey, Plan(STILL.expand(20, -1, -1), STILL.expand(20, -1, -1), result.colours))
    torch.testing.assert_close(changed[:, 0], changed[:, 1], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(changed[:, 0], changed[:, 2], atol=1e-5, rtol=1e-5)


def test_gradients_pass():
    x = pictures(4).requires_grad_()
    result = augment(x, plan(4, SIZE, 1.0, generator(3)))
    result.square().sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    assert (x.grad.abs().sum(dim=(1, 2, 3)) > 0).all()
    direction = torch.randn(x.shape, generator=generator(5))

    def energy(step):
        with torch.no_grad():
            return augment(x + step * direction, plan(4, SIZE, 1.0, generator(3))).double().square().sum().item()

    slope = (energy(0.01) - energy(-0.01)) / 0.02  # a quadratic: exact but for rounding
    assert slope == pytest.approx(float((x.grad * direction).sum()), rel=1e-2)


def steps(ada, sign, count):
    for _ in range(count):
        ada.update(sign, 10)


def test_p_rises_above_its_target_and_falls_below():
    ada = Ada(0.6, kimg=1.0)
    steps(ada, 0.9, 40)
    assert ada.p == pytest.approx(0.4)
    steps(ada, 0.2, 20)
    assert ada.p == pytest.approx(0.2)
    steps(ada, 0.2, 60)
    assert ada.p == 0
    steps(ada, 0.6, INTERVAL)
    assert ada.p == 0
    steps(ada, 1.0, 400)
    assert ada.p == 1


def test_p_settles_where_the_sign_is_on_target():
    ada = Ada(0.6, kimg=5.0)
    for _ in range(4000):
        ada.update(0.9 - ada.p, 10)  # a discriminator that is the less sure the more is changed
    assert ada.p == pytest.approx(0.3, abs=0.02)


def test_p_goes_on_from_its_state():
    ada, again = Ada(0.6, 1.0), Ada(0.6, 1.0)
    steps(ada, 0.9, 6)
    again.restore(ada.state())
    steps(ada, 0.9, 3)
    steps(again, 0.9, 3)
    assert again.state() == ada.state()
