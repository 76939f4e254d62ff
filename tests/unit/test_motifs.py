"""The laws of every motif: what a batch, a latent, a layout and a size may change, and what not."""

import pytest
import torch
from torch import Tensor

from livegan.motifs.draw import NAMES, SHOWN, draw
from livegan.motifs.field import LATENT_NAMES, Canvas, column, rgb, smoothstep

LAYOUTS = range(4)
SIZE = (48, 48)
LUMA = torch.tensor([0.2126, 0.7152, 0.0722])[:, None, None]

every = pytest.mark.parametrize("name", NAMES)


def latents(count: int, seed: int = 0) -> Tensor:
    return torch.randn(count, len(LATENT_NAMES), generator=torch.Generator().manual_seed(seed))


def shown(name: str) -> int:
    return SHOWN[NAMES.index(name)]


def luma(pictures: Tensor) -> Tensor:
    """The mean light of each, 0..1."""
    return (pictures * LUMA).sum(1).mean((1, 2))


def apart(pictures: Tensor) -> float:
    """The mean distance of two of them, where black and white are 2 apart."""
    count = len(pictures)
    pairs = [(i, j) for i in range(count) for j in range(i)]
    return sum(float((pictures[i] - pictures[j]).abs().mean()) for i, j in pairs) * 2 / len(pairs)


def test_there_are_twelve_and_each_has_a_layout_that_shows_it() -> None:
    assert len(NAMES) == len(set(NAMES)) == len(SHOWN) == 12
    with pytest.raises(KeyError):
        draw("silc", latents(1), SIZE)


@every
def test_a_batch_is_its_single_pictures_and_the_same_every_time(name: str) -> None:
    many, layouts = latents(4), (3, 0, 7, 3)
    batch = draw(name, many, SIZE, layouts)
    assert batch.shape == (4, 3, *SIZE)
    assert batch.dtype == torch.float32
    assert torch.equal(batch, draw(name, many.clone(), SIZE, layouts))
    singles = torch.cat([draw(name, many[i : i + 1], SIZE, (layouts[i],)) for i in range(4)])
    torch.testing.assert_close(batch, singles, atol=1e-5, rtol=0)
    alike = draw(name, many, SIZE, (5,))
    torch.testing.assert_close(alike, draw(name, many, SIZE, (5, 5, 5, 5)), atol=1e-5, rtol=0)


@every
def test_latents_of_any_size_give_light_between_black_and_white(name: str) -> None:
    signs = latents(6, 1).sign()
    for far in (0.0, 3.0, 1e3, 1e12):
        pictures = draw(name, signs * far, (24, 24), (shown(name),), finer=1)
        assert torch.isfinite(pictures).all()
        assert 0 <= float(pictures.min()) <= float(pictures.max()) <= 1


@every
def test_no_picture_is_nearly_black_or_washed_out(name: str) -> None:
    for layout in (*LAYOUTS, shown(name)):
        light = luma(draw(name, latents(12, layout), SIZE, (layout,), finer=1))
        assert float(light.min()) > 0.03, layout
        assert float(light.max()) < 0.65, layout
        assert 0.06 < float(light.mean()) < 0.55, layout


@every
def test_a_small_step_of_the_latents_is_a_small_step_of_the_picture(name: str) -> None:
    start, end = latents(2, 4)
    steps = 48
    line = torch.lerp(start, end, torch.linspace(0, 1, steps + 1)[:, None])
    pictures = draw(name, line, SIZE, (shown(name),))
    moved = (pictures[1:] - pictures[:-1]).abs().mean((1, 2, 3))
    assert float(moved.max()) < 3 * float(moved.mean())
    assert float(moved.max()) * 2 < 0.08


@every
def test_every_latent_does_something_and_a_row_is_diverse(name: str) -> None:
    pushed = torch.cat([torch.eye(len(LATENT_NAMES)), -torch.eye(len(LATENT_NAMES))])
    pictures = draw(name, pushed, SIZE, (shown(name),), finer=1)
    seen = (pictures[: len(LATENT_NAMES)] - pictures[len(LATENT_NAMES) :]).abs().mean((1, 2, 3)) * 2
    assert {name: round(float(far), 3) for name, far in zip(LATENT_NAMES, seen, strict=True) if far < 0.02} == {}
    assert apart(draw(name, latents(8, 2), SIZE, (shown(name),))) > 0.22


@every
def test_layouts_differ(name: str) -> None:
    assert apart(draw(name, torch.zeros(4, 8), SIZE, LAYOUTS, finer=1)) > 0.2


@every
def test_a_wide_picture_is_a_square_one_with_more_at_its_sides(name: str) -> None:
    wide = draw(name, latents(2), (36, 64), (shown(name),))
    tall = draw(name, latents(2), (64, 36), (shown(name),))
    assert wide.shape == (2, 3, 36, 64)
    assert tall.shape == (2, 3, 64, 36)
    assert float(luma(wide).min()) > 0.03
    assert float(luma(tall).min()) > 0.03
    if name not in ("glass", "attractor", "kaleidoscope"):  # more panes; stretched; fades later
        square = draw(name, latents(2), (36, 36), (shown(name),))
        assert float((wide[:, :, :, 14:50] - square).abs().mean()) < 0.02
        assert float((tall[:, :, 14:50] - square).abs().mean()) < 0.02


@every
def test_a_larger_picture_shows_the_same(name: str) -> None:
    small = draw(name, latents(2, 3), (32, 32), (shown(name),), finer=4)
    large = torch.nn.functional.avg_pool2d(draw(name, latents(2, 3), (64, 64), (shown(name),), finer=2), 2)
    assert float((small - large).abs().mean()) < 0.02


def test_motifs_are_unlike_each_other() -> None:
    pictures = torch.cat([draw(n, torch.zeros(1, 8), SIZE, (shown(n),)) for n in NAMES])
    grey = (pictures * LUMA).sum(1, keepdim=True).expand(-1, 3, -1, -1)
    near = [(NAMES[i], NAMES[j]) for i in range(12) for j in range(i) if apart(grey[[i, j]]) < 0.1]
    assert near == []


def test_hues_go_round() -> None:
    colours = rgb(torch.tensor([0.0, 1 / 3, 2 / 3, 1.0]), 1.0, 1.0)
    torch.testing.assert_close(colours, torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]), atol=1e-5, rtol=0)


def test_a_canvas_is_centred_and_its_chance_is_its_motifs_own() -> None:
    canvas = Canvas("silk", latents(2), (1,), (20, 40))
    x, y = canvas.plane
    assert x.shape == y.shape == (1, 20, 40)
    assert float(x.sum()) == pytest.approx(0, abs=1e-3)
    assert float(x.max()) == pytest.approx(1.95)
    assert float(y.max()) == pytest.approx(0.95)
    assert torch.equal(canvas.uniform("a", 3), Canvas("silk", latents(1), (1,), (8, 8)).uniform("a", 3))
    for other in (Canvas("flow", latents(2), (1,), (20, 40)), Canvas("silk", latents(2), (2,), (20, 40))):
        assert not torch.equal(canvas.uniform("a", 3), other.uniform("a", 3))
    assert float(canvas.latent("hue", 0.3).abs().max()) < 0.3


def test_the_slope_of_waves_is_their_slope() -> None:
    canvas = Canvas("silk", latents(1), (4,), (16, 16))
    waves, (x, y) = canvas.waves("it", 3.0), canvas.plane
    value, across, down = waves.slope(x, y, 0.3)
    assert torch.equal(value, waves.at(x, y, 0.3))
    step = 1e-2
    for slope, ahead, behind in (
        (across, waves.at(x + step, y, 0.3), waves.at(x - step, y, 0.3)),
        (down, waves.at(x, y + step, 0.3), waves.at(x, y - step, 0.3)),
    ):
        torch.testing.assert_close((ahead - behind) / (2 * step), slope, atol=5e-3, rtol=0)


def test_small_words_do_what_they_say() -> None:
    assert column(torch.zeros(3)).shape == (3, 1, 1)
    found = smoothstep(1.0, 3.0, torch.tensor([0.0, 1.0, 2.0, 3.0, 9.0]))
    torch.testing.assert_close(found, torch.tensor([0.0, 0.0, 0.5, 1.0, 1.0]))
