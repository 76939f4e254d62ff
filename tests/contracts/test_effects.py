"""What every effect promises, asked of every effect in the table."""

import math

import pytest
import torch

import livegan.effects  # noqa: F401
from livegan.effects.registry import EFFECTS

SHAPES = [(64, 64, 3), (1, 1, 3), (7, 33, 3), (90, 51, 3)]
AMOUNTS = [1e-6, 0.1, 0.5, 0.75, 1.0]


def picture(shape: tuple[int, ...], seed: int = 1) -> torch.Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", EFFECTS.names())
def test_amount_zero_gives_the_same_tensor_back(name: str) -> None:
    pixels, effect = picture(SHAPES[0]), EFFECTS[name]()
    assert effect.step(pixels, 0.0, 1 / 60) is pixels
    effect.step(pixels, 1.0, 1 / 60)
    assert effect.step(pixels, 0.0, 1 / 60) is pixels


@pytest.mark.parametrize("name", EFFECTS.names())
def test_a_hair_above_zero_is_nearly_the_identity(name: str) -> None:
    pixels = picture((64, 64, 3))
    moved = (EFFECTS[name]().step(pixels, 1e-3, 1 / 60).int() - pixels.int()).abs()
    assert moved.float().mean() < 3


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", EFFECTS.names())
def test_shape_and_type_are_kept_and_the_input_is_untouched(name: str, shape: tuple[int, ...]) -> None:
    effect = EFFECTS[name]()
    for amount in AMOUNTS:
        for dt_s in (0.0, 1 / 144, 1e6):
            pixels = picture(shape)
            out = effect.step(pixels, amount, dt_s)
            assert out.shape == pixels.shape
            assert out.dtype == torch.uint8
            assert out.is_contiguous()
            assert torch.equal(pixels, picture(shape))


@pytest.mark.parametrize("name", EFFECTS.names())
def test_what_was_handed_out_is_not_written_to_again(name: str) -> None:
    effect = EFFECTS[name]()
    first = effect.step(picture(SHAPES[0], 1), 0.7, 1 / 60)
    kept = first.clone()
    effect.step(picture(SHAPES[0], 2), 0.3, 1 / 60)
    assert torch.equal(first, kept)


@pytest.mark.parametrize("name", EFFECTS.names())
def test_the_same_calls_give_the_same_pictures(name: str) -> None:
    def play() -> list[torch.Tensor]:
        effect = EFFECTS[name]()
        return [effect.step(picture(SHAPES[0], seed), seed / 10, seed / 100) for seed in range(8)]

    assert all(torch.equal(a, b) for a, b in zip(play(), play(), strict=True))


@pytest.mark.parametrize("name", EFFECTS.names())
def test_the_size_may_change_between_frames(name: str) -> None:
    effect = EFFECTS[name]()
    for shape in (*SHAPES, *SHAPES):
        assert effect.step(picture(shape), 0.5, 1 / 60).shape == shape


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("name", EFFECTS.names())
def test_flat_pictures_are_no_accident(name: str, value: int) -> None:
    pixels = torch.full((32, 32, 3), value, dtype=torch.uint8)
    for amount in AMOUNTS:
        assert math.isfinite(EFFECTS[name]().step(pixels, amount, 1 / 60).float().mean())


@pytest.mark.parametrize("name", EFFECTS.names())
def test_the_look_does_not_depend_on_the_frame_rate(name: str) -> None:
    bright, dark = picture(SHAPES[0]), torch.zeros(SHAPES[0], dtype=torch.uint8)
    fine, coarse = EFFECTS[name](), EFFECTS[name]()
    fine.step(bright, 0.5, 0.0)
    coarse.step(bright, 0.5, 0.0)
    for _ in range(10):
        seen = fine.step(dark, 0.5, 0.05)
    once = coarse.step(dark, 0.5, 0.5)
    assert (seen.int() - once.int()).abs().max() <= 1
