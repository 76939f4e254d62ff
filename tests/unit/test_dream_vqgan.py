"""Dreamers guided by CLIP, in the codes of a VQGAN and in the w of a StyleGAN, with tiny models of random weights."""

from dataclasses import replace
from math import pi

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from livegan.core.target import Target
from livegan.errors import DreamError
from livegan.studio.dream.clip_style_dreamer import ClipStyleDreamer, principal_components
from livegan.studio.dream.cutouts import Cutouts
from livegan.studio.dream.dreamer import Aim, Dreamer, Feedback
from livegan.studio.dream.first_picture import fed_back, fit_within, noise_picture, to_pixels, to_tensor
from livegan.studio.dream.mixed_precision import _half
from livegan.studio.dream.prompt_loss import PromptLoss, spherical_distance
from livegan.studio.dream.rng import Rng
from livegan.studio.dream.style_start import candidates
from livegan.studio.dream.vqgan_dreamer import VqganDreamer
from livegan.studio.dream.vqgan_options import OPTIMIZERS, VqganOptions
from livegan.studio.projector_network import ProjectorNetwork
from tests.tiny_models import GUMBEL, random_clip, random_vqgan, random_wav2clip
from tests.tiny_networks import tiny_info, tiny_net

OPTIONS = VqganOptions(num_cuts=3)
MOON = Aim(text="a red moon")


@pytest.fixture(scope="module")
def models():
    return random_vqgan(), random_clip()


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(4).integers(0, 256, (20, 28, 3), dtype=np.uint8)


@pytest.fixture
def make(models):
    def made(options=OPTIONS, seed=1, size=(40, 32), **more) -> VqganDreamer:
        return VqganDreamer(*models, options, size, seed, lambda: random_wav2clip(), **more)

    return made


@pytest.fixture(scope="module")
def network():
    info = tiny_info("stylegan2")
    return ProjectorNetwork(tiny_net("stylegan2")), info


@pytest.fixture
def make_style(network, models):
    return lambda seed=1, **more: ClipStyleDreamer(*network, models[1], seed=seed, cuts=2, **more)


@pytest.fixture(params=["vqgan", "style"])
def dreamer(request, make, make_style) -> tuple[Dreamer, Dreamer]:
    """Two that were made alike."""
    maker = make if request.param == "vqgan" else make_style
    return maker(), maker()


# the loss


def test_the_spherical_distance_is_half_the_squared_angle():
    """2 arcsin(chord / 2)^2 = angle^2 / 2."""
    angles = torch.tensor([0.0, 0.3, 1.0, pi / 2, 3.0])
    points = torch.stack([angles.cos(), angles.sin()], 1) * 7
    assert spherical_distance(points, torch.tensor([[2.0, 0.0]]))[:, 0].tolist() == pytest.approx(
        (angles.square() / 2).tolist(), abs=1e-5
    )


def test_a_prompt_loss_is_vqgan_clips():
    rng = torch.Generator().manual_seed(1)
    views, embeddings = torch.randn(4, 8, generator=rng), torch.randn(3, 8, generator=rng)
    distances = [
        2 * float((F.normalize(a, dim=0) - F.normalize(b, dim=0)).norm() / 2).__pow__(1)
        for a in views
        for b in embeddings
    ]
    plain = [2 * np.arcsin(chord / 2) ** 2 for chord in distances]
    assert float(PromptLoss(embeddings, 2.0)(views)) == pytest.approx(2 * np.mean(plain), abs=1e-5)
    assert float(PromptLoss(embeddings, -0.5)(views)) == pytest.approx(-0.5 * np.mean(plain), abs=1e-5)
    stop = float(np.median(plain))
    floored = np.mean([max(each, stop) for each in plain])
    assert float(PromptLoss(embeddings, 1.0, stop)(views)) == pytest.approx(floored, abs=1e-5)


def test_below_its_stop_a_prompt_pulls_no_more():
    views = torch.randn(2, 8, generator=torch.Generator().manual_seed(2)).requires_grad_()
    (slope,) = torch.autograd.grad(PromptLoss(torch.ones(1, 8), 1.0, 10.0)(views), views)
    assert float(slope.abs().sum()) == 0
    (slope,) = torch.autograd.grad(PromptLoss(torch.ones(1, 8))(views), views)
    assert float(slope.abs().sum()) > 0


def test_at_the_same_place_and_opposite_the_slope_is_finite():
    for sign in (1, -1):
        views = torch.ones(1, 8).requires_grad_()
        (slope,) = torch.autograd.grad(PromptLoss(sign * torch.ones(1, 8))(views), views)
        assert bool(torch.isfinite(slope).all())


# both dreamers


def test_a_dream_comes_nearer_to_its_aim(make, make_style):
    for dream in (make(replace(OPTIONS, augments=())), make_style(augments=())):
        dream.aim([MOON])
        losses = [dream.step() for _ in range(12)]
        assert np.mean(losses[-4:]) < np.mean(losses[:4])


def test_a_dream_is_deterministic_and_goes_on_exactly_from_its_state(dreamer):
    whole, half = dreamer
    for each in dreamer:
        each.aim([MOON])
    losses = [whole.step() for _ in range(5)]
    assert [half.step() for _ in range(2)] == losses[:2]
    state = half.state()
    half.step()
    half.restore(state)
    half.aim([MOON])
    assert [half.step() for _ in range(3)] == losses[2:]
    assert np.array_equal(half.picture(), whole.picture())
    assert {name: array.tolist() for name, array in half.state().items()} == {
        name: array.tolist() for name, array in whole.state().items()
    }


def test_a_state_is_a_copy(dreamer):
    dream, _ = dreamer
    dream.aim([MOON])
    dream.step()
    state = dream.state()
    before = {name: array.copy() for name, array in state.items()}
    dream.step()
    assert all(np.array_equal(state[name], before[name]) for name in state)


def test_the_picture_between_two_states(dreamer):
    dream, _ = dreamer
    dream.aim([MOON])
    start, first = dream.state(), dream.picture()
    for _ in range(4):
        dream.step()
    end, last = dream.state(), dream.picture()
    assert np.array_equal(dream.between(start, end, 0), first)
    assert np.array_equal(dream.between(start, end, 1), last)
    assert np.array_equal(dream.picture(), last)
    between = dream.between(start, end, 0.5)
    assert between.shape == (dream.size[1], dream.size[0], 3)
    assert between.dtype == np.uint8


def test_image_transfer_makes_it_like_a_picture(dreamer, photo):
    dream, _ = dreamer
    width, height = dream.size
    goal = np.full((height, width, 3), (200, 60, 40), np.uint8)
    dream.aim([MOON])
    before = np.abs(dream.picture().astype(float) - goal).mean()
    dream.towards(goal, 8.0)
    for _ in range(20):
        dream.step()
    assert np.abs(dream.picture().astype(float) - goal).mean() < before
    dream.towards(None, 8.0)
    dream.step()


def test_what_counts_first_counts_in_one_step_alone(dreamer, photo):
    dream, plain = dreamer
    dream.aim([MOON], first_only=[Aim(picture=photo)])
    plain.aim([MOON])
    assert dream.step() != plain.step()
    dream.restore(plain.state())
    assert dream.step() == plain.step()


def test_feedback_goes_on_from_the_changed_picture(dreamer):
    dream, _ = dreamer
    dream.aim([MOON])
    for _ in range(3):
        dream.step()
    dream.feed_back(Feedback(1.1, (2, 0), 5))
    assert not [name for name in dream.state() if name.startswith("optimizer")]
    state, loss = dream.state(), dream.step()
    dream.feed_back(Feedback(0.9))
    dream.restore(state)
    assert dream.step() == loss
    assert dream.picture().shape == (dream.size[1], dream.size[0], 3)


def test_a_dream_without_an_aim_says_so(dreamer):
    with pytest.raises(DreamError, match="--text"):
        dreamer[0].step()
    with pytest.raises(DreamError, match="says nothing"):
        dreamer[0].aim([Aim()])


def test_a_sound_is_a_prompt(dreamer):
    dream, other = dreamer
    sound = np.sin(np.arange(8000) / 9).astype(np.float32)
    if isinstance(dream, ClipStyleDreamer):
        with pytest.raises(DreamError, match="Wav2CLIP"):
            dream.aim([Aim(sound=sound)])
        return
    dream.aim([Aim(sound=sound)])
    other.aim([MOON])
    assert dream.step() != other.step()


# the VQGAN


def test_the_size_is_a_multiple_of_the_factor(make):
    assert make(size=(43, 35)).size == (40, 32)
    with pytest.raises(DreamError, match="too small"):
        make(size=(3, 32))


def test_the_codes_stay_within_the_codebook(make, models):
    dream = make(replace(OPTIONS, step_size=5.0))
    dream.aim([MOON])
    dream.step()
    book = models[0].codebook
    z = torch.from_numpy(dream.state()["z"])[0].flatten(1).T
    assert bool((z >= book.amin(0)).all())
    assert bool((z <= book.amax(0)).all())
    assert bool((z == book.amax(0)).any())


def test_it_begins_with_random_codes_noise_a_gradient_or_an_image(make, models, photo):
    vqgan = models[0]
    codes = torch.from_numpy(make().state()["z"])
    assert torch.equal(vqgan.quantize(codes), codes)
    starts = [make(replace(OPTIONS, init_noise=noise)).state()["z"] for noise in ("pixels", "gradient")]
    starts += [codes.numpy(), make(init_image=photo).state()["z"], make(seed=2).state()["z"]]
    assert len({start.tobytes() for start in starts}) == 5
    resized = to_tensor(photo, (40, 32))
    assert torch.equal(vqgan.encode(resized * 2 - 1), torch.from_numpy(starts[3]))


def test_a_gradient_is_linear_in_each_colour():
    picture = noise_picture("gradient", (9, 5), Rng(1))
    red, green = picture[0, 0], picture[0, 1]
    assert float((red[:, 1:] - red[:, :-1]).std()) < 1e-6
    assert float((green[1:] - green[:-1]).std()) < 1e-6
    assert torch.equal(red[0], red[4])
    assert torch.equal(green[:, 0], green[:, 8])


def test_the_initial_weight_pulls_towards_nothing_ever_less(make, models):
    heavy, light = make(replace(OPTIONS, init_weight=3.0)), make()
    for step in range(2):
        z = heavy.state()["z"]
        light.restore({**light.state(), "z": z, "count": np.array(step)})
        for each in (heavy, light):
            each.aim([MOON])
        expected = 3.0 * float(np.square(z).mean()) / (2 * (2 * step + 1))
        assert heavy.step() - light.step() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("half", [None, torch.bfloat16])
def test_the_loss_is_the_sum_of_its_prompts_and_the_transfer(make, models, photo, monkeypatch, half):
    """A second, plain computation of one step's loss."""
    monkeypatch.setattr("livegan.studio.dream.mixed_precision._half", lambda device: half)
    vqgan, clip = models
    options = replace(OPTIONS, cut_method="original", noise_prompt_seeds=(9,), noise_prompt_weights=(0.5,))
    dream = make(options)
    dream.aim([MOON, Aim(text="fog", weight=-0.3)])
    dream.towards(photo, 0.7)
    drawn = ((vqgan.decode(torch.from_numpy(dream.state()["z"])) + 1) / 2).clamp(0, 1)
    views = clip.image(Cutouts(clip.size, 3, "original")(drawn, Rng(1, 1, 0)))
    noise = torch.empty(1, clip.dim).normal_(generator=torch.Generator().manual_seed(9))
    total = 0.0
    for embedding, weight in ((clip.text(["a red moon"]), 1), (clip.text(["fog"]), -0.3), (noise, 0.5)):
        angle = F.cosine_similarity(views, embedding, dim=1).clamp(-1, 1).arccos()
        total += weight * float((angle.square() / 2).mean())
    total += 4 * 0.7 * float((drawn - to_tensor(photo, (40, 32))).square().mean())
    assert dream.step() == pytest.approx(total, abs=1e-4 if half is None else 0.02)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_dreams_with_every_optimizer(make, name):
    dream = make(replace(OPTIONS, optimiser=name))
    dream.aim([MOON])
    before = dream.state()["z"]
    dream.step()
    assert not np.array_equal(dream.state()["z"], before)


def test_it_dreams_with_a_gumbel_quantiser(models, photo):
    dream = VqganDreamer(random_vqgan(shape=GUMBEL), models[1], OPTIONS, (32, 32), 1, init_image=photo)
    dream.aim([MOON])
    assert np.isfinite(dream.step())


# pictures


def test_feedback_zooms_turns_and_shifts():
    picture = torch.zeros(1, 3, 33, 33)
    picture[:, :, 16, 24] = 1  # 8 px right of the centre
    zoomed = fed_back(picture, Feedback(zoom=1.5))[0, 0]
    assert divmod(int(zoomed.argmax()), 33) == (16, 28)
    turned = fed_back(picture, Feedback(turn=90))[0, 0]
    assert divmod(int(turned.argmax()), 33) == (24, 16)  # clockwise: down
    shifted = fed_back(picture, Feedback(shift=(10, -3)))[0, 0]
    assert divmod(int(shifted.argmax()), 33) == (13, 1)  # wrapped around
    even = fed_back(torch.full((1, 3, 20, 30), 0.4), Feedback(0.9, (3, 3), 10))
    assert float((even - 0.4).abs().max()) < 1e-5  # nothing black comes in


def test_pictures_are_tensors_and_back(photo):
    assert np.array_equal(to_pixels(to_tensor(photo)), photo)
    assert fit_within(photo, (14, 10)).shape == (10, 14, 3)
    assert fit_within(photo, (400, 400)).shape == photo.shape


# the StyleGAN


def test_principal_components_span_w_with_unit_deviations():
    rng = torch.Generator().manual_seed(3)
    mixed = torch.randn(4000, 5, generator=rng) * torch.tensor([3.0, 2.0, 1.0, 0.5, 0.001])
    turn = torch.linalg.qr(torch.randn(5, 5, generator=rng)).Q
    basis = principal_components((mixed - mixed.mean(0)) @ turn)
    assert basis.shape == (4, 5)
    assert basis.norm(dim=1).tolist() == pytest.approx([3, 2, 1, 0.5], rel=0.05)
    coordinates = (mixed - mixed.mean(0)) @ turn @ torch.linalg.pinv(basis)
    assert coordinates.std(0).tolist() == pytest.approx([1] * 4, rel=0.02)


def test_the_search_begins_at_the_seed_that_clip_likes_most(make_style, network, models):
    dream = make_style()
    dream.aim([MOON])
    x = torch.from_numpy(dream.state()["x"])
    assert float(x.std(0).max()) == 0  # one w for all rows
    clip, (net, info) = models[1], network
    ws = candidates(net, info, Target(), 1)[:64]
    drawn = (net.draw(ws[:, None].expand(-1, net.rows, -1)).clamp(-1, 1) + 1) / 2
    chosen = to_tensor(dream.picture())
    whole = F.interpolate(torch.cat([drawn, chosen]), (clip.size,) * 2, mode="bilinear", antialias=True)
    angles = spherical_distance(clip.image(whole), clip.text(["a red moon"]))[:, 0]
    assert float(angles[-1]) == pytest.approx(float(angles[:-1].min()), abs=0.01)
    assert float(angles[-1]) < float(angles[:-1].quantile(0.1))


def test_w_stays_the_networks_own(make_style):
    dream = make_style(learning_rate=0.5)
    dream.aim([MOON])
    for _ in range(12):
        dream.step()
    assert float(np.square(dream.state()["x"]).mean()) < 30


def test_it_begins_with_the_networks_picture_most_like_a_given_one(make_style, network):
    """A picture of the network's own is found again."""
    net, _ = network
    ws = net.samples[10]
    own = net.pixels(ws[None, None].expand(1, net.rows, -1))[0]
    dream = make_style()
    dream.begin_with(own)
    before = dream.picture()
    assert np.abs(before.astype(int) - own).mean() < 3
    dream.aim([MOON])
    assert np.array_equal(dream.picture(), before)


def test_a_fresh_state_makes_a_used_dreamer_a_fresh_one(dreamer):
    used, other = dreamer
    fresh = used.state()
    used.aim([MOON])
    used.step()
    used.feed_back(Feedback(zoom=1.5))
    used.step()
    used.restore(fresh)
    for each in (used, other):
        each.aim([Aim(text="fog")])
        each.step()
    assert all(np.array_equal(used.state()[name], array) for name, array in other.state().items())
    assert np.array_equal(used.picture(), other.picture())


@pytest.mark.parametrize("native", [True, False])
def test_a_gpu_that_emulates_bfloat16_dreams_in_32_bits(monkeypatch, native):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or native)
    half = _half.__wrapped__("cuda")
    assert half == (torch.bfloat16 if native else None)
