"""A network put into a larger one draws the same picture, and everything new can learn."""

from dataclasses import replace

import pytest
import torch

from livegan.networks.architectures.stylegan2 import upsample
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.training.generator import init_generator, synthesize
from livegan.training.transfer import can_widen, widen

SMALL = StyleGAN2Shape(8, 16, (12, 8, 6), 3, 2)


def rows(network: torch.nn.Module, num_ws: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    w = network.map(torch.randn(3, 8, generator=generator), torch.eye(3))
    return w[:, None].expand(-1, num_ws, -1)


@pytest.mark.parametrize("channels", [(12, 16, 6), (16, 12, 8), (12, 8, 6, 4), (16, 12, 8, 6, 4)], ids=str)
def test_a_wider_and_finer_network_begins_with_the_same_picture(channels: tuple[int, ...]) -> None:
    small, large = init_generator(SMALL, 1), init_generator(replace(SMALL, channels=channels), 2)
    assert can_widen(SMALL, large.shape)
    widen(large, SMALL, small.state_dict())
    with torch.no_grad():
        wanted = synthesize(small, rows(small, small.num_ws))
        for _ in range(len(channels) - 3):
            wanted = upsample(wanted)
        assert torch.allclose(synthesize(large, rows(large, large.num_ws)), wanted, atol=1e-4)
        assert torch.allclose(large.synthesize(rows(large, large.num_ws)), wanted, atol=1e-4)
    synthesize(large, rows(large, large.num_ws)).square().mean().backward()
    silent = [
        name
        for name, value in large.named_parameters()
        if value.dim() == 4 and name.endswith("conv1.weight") and not value.grad[:, -1].abs().sum()
    ]
    new = tuple(f"synthesis.b{4 << level}." for level in range(3, len(channels)))
    assert all(name.startswith(new) for name in silent)  # a size without light learns from its ToRGB first
    assert all(large.get_submodule(f"{name}torgb").weight.grad.abs().sum() > 0 for name in new)


@pytest.mark.parametrize(
    "other",
    [SMALL, replace(SMALL, channels=(12, 8, 4)), replace(SMALL, channels=(12, 8)), replace(SMALL, w_dim=24)],
    ids=["the same", "narrower", "coarser", "another w"],
)
def test_only_what_fits_whole_is_put_in(other: StyleGAN2Shape) -> None:
    assert not can_widen(SMALL, other)
