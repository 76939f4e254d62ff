import pytest
import torch

from livegan.errors import TrainingError
from livegan.training.discriminator import Discriminator, minibatch_stddev
from livegan.training.losses import r1


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(5)


def small(c_dim=3, **options):
    return Discriminator((8, 8, 4), 16, 3, c_dim, **options).init_weights(1)


def test_a_word_for_each_picture_of_about_unit_size(generator):
    network = Discriminator((32, 32, 16), 16, 3, 4).init_weights(2)
    pictures = torch.randn(32, 3, 16, 16, generator=generator)
    words = network(pictures, torch.eye(4).repeat(8, 1))
    assert words.shape == (32,)
    assert words.dtype == torch.float32
    assert 0.1 < words.square().mean().sqrt() < 10


def test_the_spread_is_the_papers_formula(generator):
    x = torch.randn(8, 6, 4, 4, generator=generator)
    found = minibatch_stddev(x)
    assert found.shape == (8, 1, 4, 4)
    for init_weights in (0, 4):
        expected = x[init_weights : init_weights + 4].std(dim=0, correction=0).mean()
        torch.testing.assert_close(found[init_weights : init_weights + 4], expected.expand(4, 1, 4, 4))
    assert minibatch_stddev(x[:1].expand(4, -1, -1, -1)).max() < 1e-3


def test_groups_are_neighbours_so_that_halves_of_a_batch_say_the_same(generator):
    network = small()
    pictures, classes = torch.randn(8, 3, 16, 16, generator=generator), torch.eye(3)[torch.arange(8) % 3]
    whole = network(pictures, classes)
    halves = torch.cat([network(pictures[:4], classes[:4]), network(pictures[4:], classes[4:])])
    torch.testing.assert_close(whole, halves, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", [1, 3, 6])
def test_any_batch_is_judged(count, generator):
    assert small(0)(torch.randn(count, 3, 16, 16, generator=generator), torch.zeros(count, 0)).shape == (count,)


def test_the_class_matters(generator):
    pictures = torch.randn(4, 3, 16, 16, generator=generator)
    network = small()
    first, second = (network(pictures, torch.eye(3)[[index] * 4]) for index in (0, 1))
    assert (first - second).abs().min() > 1e-4


def test_the_penalty_passes_gradients_to_every_weight(generator):
    network = small()
    pictures = torch.randn(4, 3, 16, 16, generator=generator).requires_grad_()
    r1(network(pictures, torch.eye(3)[[0, 1, 2, 0]]), pictures).backward()
    weights = {name: weight for name, weight in network.named_parameters() if name.endswith("weight")}
    assert all(weight.grad is not None and weight.grad.any() for weight in weights.values())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_lesser_precision_says_nearly_the_same(dtype, generator):
    pictures, classes = torch.randn(4, 3, 16, 16, generator=generator), torch.eye(3)[[0, 1, 2, 0]]
    exact, rough = small()(pictures, classes), small(dtype=dtype, clamp=256.0)(pictures, classes)
    torch.testing.assert_close(rough, exact, rtol=0.1, atol=0.1)
    assert rough.dtype == torch.float32


def test_only_the_finest_blocks_are_reduced():
    seen = []
    network = small(dtype=torch.bfloat16, reduced=1)
    for block in network.blocks:
        block.register_forward_pre_hook(lambda module, given: seen.append(given[0].dtype))
    network(torch.zeros(4, 3, 16, 16), torch.zeros(4, 3))
    assert seen == [torch.bfloat16, torch.float32]


def test_frozen_levels_do_not_learn():
    network = small()
    network.freeze(1)
    names = {name for name, weight in network.named_parameters() if not weight.requires_grad}
    assert {name.split(".")[0] for name in names} == {"fromrgb", "blocks"}
    assert not any(name.startswith("blocks.1") for name in names)
    network = small()
    network.freeze(0)
    assert all(weight.requires_grad for weight in network.parameters())


def test_channels_that_are_another_size_are_refused():
    with pytest.raises(TrainingError, match="16 px, not 32 px"):
        Discriminator((8, 8, 4), 32)
