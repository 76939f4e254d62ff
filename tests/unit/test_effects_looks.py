"""What single effects do to a picture."""

import math

import pytest
import torch

from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS, Effect
from livegan.effects.size import halved

RAMP = torch.arange(256, dtype=torch.uint8)[None, :, None].expand(16, 256, 3).contiguous()
NOISE = torch.randint(0, 256, (64, 48, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))


def step(effect: Effect, pixels: torch.Tensor, amount: float, dt_s: float = 1 / 60, **others: float) -> torch.Tensor:
    defaults = {parameter.name: parameter.default for parameter in effect.parameters}
    return rounded(effect.step(pixels.float(), {**defaults, "amount": amount, **others}, dt_s))


def apply(name: str, pixels: torch.Tensor, amount: float, **others: float) -> torch.Tensor:
    return step(EFFECTS[name](), pixels, amount, **others)


def colour(*values: int) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.uint8).expand(4, 4, 3).contiguous()


def test_contrast_spreads_around_the_mean() -> None:
    soft = torch.randint(96, 160, (32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(4))
    hard = apply("contrast", soft, 1.0)
    assert hard.float().mean() == pytest.approx(float(soft.float().mean()), abs=1)
    assert hard.float().std() == pytest.approx(2 * float(soft.float().std()), rel=0.02)


@pytest.mark.parametrize("name", ["contrast", "flash", "dim", "posterize", "saturation"])
def test_lighter_stays_lighter(name: str) -> None:
    for amount in (0.2, 0.6, 1.0):
        assert (apply(name, RAMP, amount)[0, :, 0].int().diff() >= 0).all()


def test_flash_brightens_more_the_more_it_is_and_never_paints_black_white() -> None:
    means = [float(apply("flash", RAMP, amount).float().mean()) for amount in (0.1, 0.4, 0.7, 1.0)]
    assert means == sorted(means)
    assert apply("flash", RAMP, 1.0)[0, 0].eq(0).all()
    assert apply("flash", RAMP, 1.0)[0, 16].lt(160).all()


def test_dim_ends_in_black_and_invert_in_the_negative() -> None:
    assert apply("dim", NOISE, 1.0).eq(0).all()
    assert torch.equal(apply("invert", NOISE, 1.0), 255 - NOISE)


def test_hue_turns_red_to_green_to_blue_and_back() -> None:
    red = colour(200, 0, 0)
    assert torch.equal(apply("hue", red, 1 / 3), colour(0, 200, 0))
    assert torch.equal(apply("hue", red, 2 / 3), colour(0, 0, 200))
    assert torch.equal(apply("hue", NOISE, 1.0), NOISE)
    assert (apply("hue", RAMP, 0.4).int() - RAMP.int()).abs().max() <= 1


def test_grey_has_no_colour_and_saturation_has_more() -> None:
    grey = apply("grey", NOISE, 1.0).int()
    assert (grey.amax(-1) - grey.amin(-1)).max() <= 1
    pale = colour(120, 100, 90)
    rich = apply("saturation", pale, 1.0).int()
    assert (rich.amax(-1) - rich.amin(-1)).min() >= 85
    assert (apply("saturation", RAMP, 1.0).int() - RAMP.int()).abs().max() <= 1


@pytest.mark.parametrize("shape", [(64, 48, 3), (33, 47, 3)], ids=str)
def test_mirror_is_symmetrical(shape: tuple[int, int, int]) -> None:
    pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(5))
    halves, quarters = apply("mirror", pixels, 0.5), apply("mirror", pixels, 1.0)
    assert torch.equal(halves, halves.flip(1))
    assert torch.equal(quarters, quarters.flip(0))
    assert torch.equal(quarters, quarters.flip(1))


def test_zoom_enlarges_about_the_middle() -> None:
    pixels = torch.zeros(64, 64, 3, dtype=torch.uint8)
    pixels[24:40, 24:40] = 255
    large = apply("zoom", pixels, 1.0)
    assert large.eq(255).all(-1).sum() == pytest.approx(32 * 32, rel=0.15)
    assert torch.equal(large, large.flip(0))
    assert torch.equal(large, large.flip(1))


def test_trails_linger_and_fade_by_the_clock() -> None:
    effect = EFFECTS["trails"]()
    dark = torch.zeros_like(NOISE)
    step(effect, NOISE, 0.5, 1 / 60)  # time constant 1 s
    assert (step(effect, dark, 0.5, 1.0).float() - NOISE.float() * math.exp(-1)).abs().max() <= 1
    assert step(effect, dark, 0.5, 60.0).eq(0).all()


def test_trails_leave_a_still_picture_alone_and_forget_when_reset() -> None:
    effect = EFFECTS["trails"]()
    for _ in range(5):
        assert torch.equal(step(effect, NOISE, 1.0, 1 / 60), NOISE)
    effect.reset()
    assert step(effect, torch.zeros_like(NOISE), 1.0, 1 / 60).eq(0).all()


def test_glow_spills_light_but_leaves_the_dark_dark() -> None:
    pixels = torch.zeros(64, 64, 3, dtype=torch.uint8)
    pixels[24:40, 24:40] = 255
    shining = apply("glow", pixels, 1.0)
    assert (shining >= pixels).all()
    assert shining[32, 20].min() > 20
    assert shining[0, 0].max() <= 2
    dim = pixels // 4
    assert torch.equal(apply("glow", dim, 1.0), dim)


def test_vignette_darkens_the_corners_only() -> None:
    white = torch.full((65, 65, 3), 255, dtype=torch.uint8)
    shaded = apply("vignette", white, 1.0)
    assert shaded[32, 32].eq(255).all()
    assert shaded[0, 0].max() <= 2


def test_posterize_leaves_few_levels_and_scanlines_leave_lines() -> None:
    assert len(apply("posterize", RAMP, 1.0).unique()) == 4
    for height in (64, 240, 720):
        lines = apply("scanlines", torch.full((height, 4, 3), 200, dtype=torch.uint8), 1.0)
        assert lines.unique().tolist() == [50, 200]


def test_glow_reaches_as_far_as_its_radius() -> None:
    pixels = torch.zeros(64, 64, 3, dtype=torch.uint8)
    pixels[:, 24:40] = 255
    far = [int(apply("glow", pixels, 1.0, radius=radius)[32, 18].min()) for radius in (0.02, 0.055, 0.2)]
    assert far[0] <= 2 < far[1] < far[2]


def test_trails_last_as_long_as_their_time() -> None:
    effect, dark = EFFECTS["trails"](), torch.zeros_like(NOISE)
    step(effect, NOISE, 0.5, time=8.0)  # time constant 4 s
    assert (step(effect, dark, 0.5, 4.0, time=8.0).float() - NOISE.float() * math.exp(-1)).abs().max() <= 1


def test_zoom_keeps_its_point_in_place() -> None:
    pixels = torch.zeros(64, 64, 3, dtype=torch.uint8)
    pixels[:16, -16:] = 255
    corner = apply("zoom", pixels, 1.0, x=1.0, y=-1.0)
    assert corner.eq(255).all(-1).sum() == pytest.approx(32 * 32, rel=0.15)
    assert corner[:24, -24:].eq(255).all()


def test_scanlines_can_be_counted() -> None:
    rows = apply("scanlines", torch.full((240, 4, 3), 200, dtype=torch.uint8), 1.0, lines=24)[:, 0, 0]
    assert int((rows[1:] < rows[:-1]).sum()) == 24


SMOOTH = (
    (torch.linspace(0, 3.1, 480)[:, None, None] * torch.linspace(1, 3, 160)[None, :, None])
    .sin()
    .add(1)
    .mul(torch.tensor([120.0, 90.0, 60.0]))
    .to(torch.uint8)
)


@pytest.mark.parametrize("name", EFFECTS.names())
def test_an_effect_looks_alike_at_half_the_size(name: str) -> None:
    for amount in (0.2, 0.5):
        whole, half = halved(apply(name, SMOOTH, amount)), apply(name, halved(SMOOTH), amount)
        assert (whole.float() - half.float()).abs().mean() < 3


def test_halving_takes_the_mean_of_four() -> None:
    squares = torch.tensor([[0, 1, 9, 9], [2, 3, 9, 9], [7, 7, 7, 7]], dtype=torch.uint8)[..., None].expand(3, 4, 3)
    assert halved(squares.contiguous())[..., 0].tolist() == [[2, 9]]
    assert halved(squares[:1].contiguous()).shape == (1, 4, 3)


def test_trails_go_on_when_the_size_changes() -> None:
    effect, dark = EFFECTS["trails"](), torch.zeros_like(SMOOTH)
    step(effect, SMOOTH, 1.0)
    small = step(effect, halved(dark), 1.0, 1.0)
    expected = halved(SMOOTH).float() * math.exp(-0.5)
    assert (small.float() - expected).abs().mean() < 3
    large = step(effect, dark, 1.0, 0.0)
    assert (large.float() - SMOOTH.float() * math.exp(-0.5)).abs().mean() < 4
