"""What single effects do to a picture."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from livegan.effects.chain import Chain
from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS, Effect
from livegan.effects.size import halved
from livegan.effects.warp import Warp
from livegan.effects.zoom import Zoom

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


@pytest.mark.parametrize("amount", [0.003, 0.02, 0.0173, 0.3, 1.0])
@pytest.mark.parametrize("place", [(0.0, 0.0), (1.0, -1.0), (0.3, -0.7)])
def test_a_zoom_alone_and_one_among_other_warps_look_alike(amount: float, place: tuple[float, float]) -> None:
    pixels = SMOOTH.float()
    amounts = {"amount": amount, "x": place[0], "y": place[1]}
    alone, sampled = Zoom().step(pixels, amounts, 0.0), Warp.step(Zoom(), pixels, amounts, 0.0)
    assert (alone - sampled)[2:-2, 2:-2].abs().max() < 2.5
    assert (alone - sampled).abs().mean() < 0.6


def test_warps_in_a_row_are_sampled_once_and_look_as_one_after_the_other() -> None:
    plan = {"zoom": 0.3, "rotate": 0.2, "swirl": 0.3, "waves": 0.2}
    joined = Chain(plan).step(SMOOTH, plan, 0.1)
    apart = SMOOTH.float()
    for name, amount in plan.items():
        effect = EFFECTS[name]()
        defaults = {parameter.name: parameter.default for parameter in effect.parameters}
        apart = effect.step(apart, defaults | {"amount": amount}, 0.1)
    assert isinstance(joined, torch.Tensor)
    assert (joined[40:-40, 20:-20].float() - apart[40:-40, 20:-20]).abs().mean() < 2


def test_warps_are_the_same_in_several_threads() -> None:
    before = torch.get_num_threads()
    try:
        pictures = []
        for count in (1, 2):
            torch.set_num_threads(count)
            pictures.append(apply("swirl", NOISE, 0.5))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(pictures[0], pictures[1])


def test_a_kaleidoscope_has_as_many_segments_as_it_is_told() -> None:
    pixels = torch.randint(0, 256, (65, 65, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))
    soft = torch.nn.functional.avg_pool2d(pixels.float().permute(2, 0, 1)[None], 9, 1, 4)[0].permute(1, 2, 0)
    seen = apply("kaleidoscope", soft, 1.0, segments=4)[8:-8, 8:-8].float()
    for same in (seen.flip(0), seen.flip(1), seen.transpose(0, 1)):
        assert (seen - same).abs().mean() < 1
    assert (apply("kaleidoscope", soft, 1.0, segments=3).float() - apply("kaleidoscope", soft, 1.0)).abs().mean() > 1


def test_a_kaleidoscope_opens_from_the_middle() -> None:
    picture = torch.randint(0, 256, (96, 128, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(4))
    soft = torch.nn.functional.avg_pool2d(picture.permute(2, 0, 1).float(), 9, 1, 4).permute(1, 2, 0).to(torch.uint8)
    half, whole = apply("kaleidoscope", soft, 0.5), apply("kaleidoscope", soft, 1.0)
    middle, edge = (slice(36, 60), slice(52, 76)), (slice(None), slice(0, 8))
    assert (half[middle].float() - whole[middle].float()).abs().max() <= 1
    assert (half[edge].float() - soft[edge].float()).abs().max() <= 1


def test_a_kaleidoscope_spins_by_the_clock() -> None:
    effect = EFFECTS["kaleidoscope"]()
    first = step(effect, NOISE, 1.0, 0.0, spin=90.0)
    step(effect, NOISE, 1.0, 1.0, spin=90.0)
    assert not torch.equal(step(effect, NOISE, 1.0, 0.0), first)
    assert torch.equal(step(effect, NOISE, 1.0, 3.0, spin=90.0), first)


def test_tiles_repeat_the_picture_mirrored() -> None:
    seen = apply("tile", SMOOTH, 1.0, count=3).float()
    assert (seen[:160] - seen[160:320].flip(0)).abs().mean() < 2


def test_a_quarter_turn_of_a_square_is_a_transposition() -> None:
    square = SMOOTH[:160]
    turned = apply("rotate", square, 1.0, angle=90.0)
    assert (turned.float() - square.float().rot90(-1, (0, 1)))[4:-4, 4:-4].abs().mean() < 1.5
    effect = EFFECTS["rotate"]()
    assert torch.equal(step(effect, square, 0.5, 1.0, rate=1.0), step(effect, square, 0.5, 2.0, rate=1.0))


def test_swirl_is_scikit_images() -> None:
    """Its formula, written out: the angle falls off with the distance, the point itself is turned by the strength."""
    pixels, amount, radius = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(2)) * 255, 0.5, 0.4
    pixels = torch.nn.functional.interpolate(pixels, (96, 96), mode="bicubic")[0].clamp(0, 255).permute(1, 2, 0)
    ours = apply("swirl", pixels, amount, strength=6.0, radius=radius).numpy()
    y, x = np.mgrid[:96, :96] - 47.5
    rho = np.hypot(x, y)
    theta = 6.0 * amount * np.exp(-rho / (96 * radius * np.log(2) / 5)) + np.arctan2(y, x)
    rows, columns = 47.5 + rho * np.sin(theta), 47.5 + rho * np.cos(theta)
    expected = np.stack(
        [map_coordinates(pixels[..., i].numpy(), [rows, columns], order=1, mode="nearest") for i in range(3)], -1
    )
    assert np.abs(ours - expected)[4:-4, 4:-4].max() <= 1.5


def test_waves_leave_a_picture_without_detail_alone_and_move_one_with_detail() -> None:
    assert torch.equal(apply("waves", torch.full((40, 60, 3), 90, dtype=torch.uint8), 1.0), torch.full((40, 60, 3), 90))
    assert not torch.equal(apply("waves", SMOOTH, 0.2), SMOOTH)


def test_glitches_move_whole_bands_sideways() -> None:
    columns = torch.arange(200)[None, :, None].expand(60, 200, 3).to(torch.uint8)
    seen = apply("glitch", columns, 1.0, bands=6, share=1.0)[:, 60:140, 0].int()
    jumps = (seen - columns[:, 60:140, 0].int()).median(1).values
    assert len(jumps.unique()) >= 3
    assert all(len(jumps[at : at + 8].unique()) == 1 for at in range(1, 60, 10))
    assert torch.equal(apply("glitch", columns, 1.0, share=0.0)[2:-2, 2:-2], columns[2:-2, 2:-2])


def test_pixelate_shows_the_mean_of_each_block() -> None:
    squares = apply("pixelate", NOISE, 1.0, blocks=16)  # of 4 by 4 pixels
    means = torch.nn.functional.avg_pool2d(NOISE.float().permute(2, 0, 1)[None], 4)[0].permute(1, 2, 0)
    assert torch.equal(squares[::4, ::4], squares[3::4, 3::4])
    assert (squares[::4, ::4].float() - means).abs().mean() < 12  # a little wider than the block, against aliasing


def test_chromatic_shift_moves_red_and_blue_apart() -> None:
    line = torch.zeros(40, 80, 3, dtype=torch.uint8)
    line[:, 40] = 255
    red, green, blue = apply("chromatic", line, 1.0, distance=0.1, outwards=0.0)[20].float().T
    assert (int(red.argmax()), int(green.argmax()), int(blue.argmax())) == (44, 40, 36)


def test_feedback_grows_and_fades() -> None:
    pixels = torch.zeros(128, 128, 3, dtype=torch.uint8)
    pixels[48:80, 48:80] = 200
    effect, dark = EFFECTS["feedback"](), torch.zeros_like(pixels)
    step(effect, pixels, 0.5, 0.0, zoom=math.log(2), time=2.0)
    later = step(effect, dark, 0.5, 1.0, zoom=math.log(2), time=2.0)  # twice as large; one time constant
    assert int(later[64, 64, 0]) == pytest.approx(200 * math.exp(-1), abs=1)
    assert later[64, 64 - 30].min() > 60
    assert later[64, 64 - 36].max() == 0
    effect.reset()
    assert step(effect, dark, 0.5).eq(0).all()


def test_feedback_moves_and_turns_the_earlier_picture() -> None:
    spot = torch.zeros(100, 100, 3, dtype=torch.uint8)
    spot[48:52, 73:77] = 200  # a quarter of the picture to the right of the middle
    shifted, turned = EFFECTS["feedback"](), EFFECTS["feedback"]()
    step(shifted, spot, 1.0, 0.0)
    step(turned, spot, 1.0, 0.0)
    seen = step(shifted, torch.zeros_like(spot), 1.0, 0.5, zoom=0.0, x=-0.5, y=0.2)
    assert seen[60, 50].min() > 100
    seen = step(turned, torch.zeros_like(spot), 1.0, 0.5, zoom=0.0, rotate=180.0)
    assert seen[75, 50].min() > 100  # clockwise: from the right to below


def test_bloom_reaches_far_and_streaks_go_sideways() -> None:
    pixels = torch.zeros(128, 128, 3, dtype=torch.uint8)
    pixels[56:72, 56:72] = 255
    shining = apply("bloom", pixels, 1.0)
    assert (shining.int() >= pixels.int()).all()
    assert shining[64, 54].min() > shining[64, 40].min() > 0
    tight, wide = (apply("bloom", pixels, 1.0, spread=spread)[64, 36].min() for spread in (0.1, 1.0))
    assert tight < wide
    streaks = apply("bloom", pixels, 1.0, streak=1.0)
    assert streaks[64, 40].min() > 2 * streaks[40, 64].max()


def test_edges_are_bright_and_surfaces_dark() -> None:
    pixels = torch.zeros(64, 64, 3, dtype=torch.uint8)
    pixels[:, 32:] = 120
    lines = apply("edge", pixels, 1.0, width=0.02)
    assert lines[32, 31].min() > 200
    assert lines[32, 10].max() == lines[32, 50].max() == 0


def test_gamma_keeps_black_and_white() -> None:
    bright = apply("gamma", RAMP, 1.0, power=0.5)[0, :, 0].float()
    assert (bright - 255 * (torch.arange(256) / 255) ** 0.5).abs().max() <= 0.6
    assert (bright[0], bright[-1]) == (0, 255)


def test_a_palette_replaces_colours_by_brightness() -> None:
    fire = apply("palette", RAMP, 1.0, shade=0.0)[0].int()
    assert fire[0].tolist() == [0, 0, 0]
    assert (fire[-1] - torch.tensor([255, 244, 200])).abs().max() <= 2
    assert (fire[128, 0] > fire[128, 2] + 80).all()
    effect = EFFECTS["palette"]()
    step(effect, RAMP, 1.0, 0.5, speed=0.5)
    moved = step(effect, RAMP, 1.0, 0.0, shade=0.0)
    assert torch.equal(moved, apply("palette", RAMP, 1.0, shade=0.0, phase=0.25))


def test_a_gradient_map_gives_dark_middle_and_light_parts_their_colours() -> None:
    grey = apply("gradient", RAMP, 1.0, keep=0.0, dark_red=0.0, dark_green=0.0, dark_blue=0.2, light_blue=0.0)[0].int()
    assert (grey[0] - torch.tensor([0, 0, 51])).abs().max() <= 2
    assert (grey[128] - torch.tensor([115, 31, 178])).abs().max() <= 3  # the middle as it is by default
    assert (grey[-1] - torch.tensor([255, 230, 0])).abs().max() <= 2
    early = apply("gradient", RAMP, 1.0, keep=0.0, place=0.25)[0].int()
    assert (early[64] - torch.tensor([115, 31, 178])).abs().max() <= 3


def test_a_gradient_map_adds_what_it_keeps_of_own_colours() -> None:
    red = torch.zeros(8, 8, 3, dtype=torch.uint8)
    red[..., 0] = 200
    mapped, kept = (apply("gradient", red, 1.0, keep=keep)[0, 0].int() for keep in (0.0, 0.5))
    assert (kept - mapped - torch.tensor([79, -21, -21]))[0].abs() <= 2  # half of what red is above its brightness


def test_grain_scatters_middle_tones_and_is_replaced_by_the_clock() -> None:
    effect, grey = EFFECTS["grain"](), torch.full((90, 120, 3), 128, dtype=torch.uint8)
    first = step(effect, grey, 1.0, 0.0, rate=10.0)
    assert float(first.float().std()) == pytest.approx(80, rel=0.2)
    assert torch.equal(step(effect, grey, 1.0, 0.05, rate=10.0), first)
    assert not torch.equal(step(effect, grey, 1.0, 0.05, rate=10.0), first)
    for value in (0, 255):
        assert apply("grain", torch.full((20, 20, 3), value, dtype=torch.uint8), 1.0).eq(value).all()


def test_a_strobe_goes_dark_once_in_a_cycle() -> None:
    effect = EFFECTS["strobe"]()
    means = [float(step(effect, NOISE, 1.0, 0.05, rate=1.0).float().mean()) for _ in range(20)]
    assert min(means) == 0
    assert sum(mean > 100 for mean in means) >= 9  # half of the time it is as it was
    assert max(abs(a - b) for a, b in pairwise(means)) < 90  # it comes and goes softly


def test_inverting_only_what_is_bright_keeps_the_dark() -> None:
    solar = apply("invert", RAMP, 1.0, above=0.5)[0, :, 0].int()
    assert torch.equal(solar[:128], torch.arange(128, dtype=torch.int32))
    assert solar[255] <= 1
    assert (solar[128:].diff() <= 0).all()
