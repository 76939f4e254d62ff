"""The distance ranks what eyes rank: blur, noise, one picture again and again; its algebra is that of the papers."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import linalg

from livegan.errors import TrainingError
from livegan.networks.architectures.stylegan2 import StyleGAN2, to_pixels
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.training.classify import Motifs
from livegan.training.distance import FrechetDistance, features, frechet, generate_images, moments, resized
from livegan.training.generator import init_generator

EACH = 12
SHAPE = StyleGAN2Shape(8, 16, (16, 16, 16, 8), 12, 2)  # 32 px


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def pictures():
    motifs = Motifs((64, 64), 2 * EACH, 3)
    return motifs.batch(list(range(len(motifs))))[0].unflatten(0, (12, 2 * EACH))


@pytest.fixture(scope="module")
def other(pictures):
    return pictures[:, EACH:].flatten(0, 1)


@pytest.fixture(scope="module")
def distance(pictures):
    real = pictures[:, :EACH].flatten(0, 1)
    return FrechetDistance(features(real), torch.eye(12).repeat_interleave(EACH, 0), (64, 64))


def blurred(pictures, side):
    soft = F.avg_pool2d(pictures.float(), side, 1, side // 2, count_include_pad=False)
    return (soft + 0.5).to(torch.uint8)


def test_the_same_is_no_distance_and_what_is_worse_is_further(distance, other):
    noise = torch.randint(0, 256, other.shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    ladder = [other, blurred(other, 3), blurred(other, 9), noise]
    found = [distance.to(features(rung)) for rung in ladder]
    assert distance.to(torch.from_numpy(distance._real)) == pytest.approx(0, abs=1e-6)
    assert found == sorted(found)
    assert found[1] > 1.5 * found[0]
    assert found[2] > 8 * found[0]
    assert distance.floor == pytest.approx(found[0], rel=0.5)


def test_one_picture_again_and_again_is_far(distance, other):
    near = distance.to(features(other))
    one = distance.to(features(other[:1].expand_as(other)))
    per_class = distance.to(features(other[::EACH].repeat_interleave(EACH, 0)))
    assert one > per_class > 2 * near


def test_other_colours_and_a_missing_class_count(distance, other):
    near = distance.to(features(other))
    assert distance.to(features(other[:, [1, 2, 0]])) > 2 * near
    assert distance.to(features(torch.cat([other[EACH:], other[-EACH:]]))) > near


def test_features_do_not_depend_on_the_batch(other):
    few = other[:5]
    assert torch.allclose(features(few), torch.cat([features(one[None]) for one in few]), atol=1e-4)


@pytest.mark.parametrize(("size", "count"), [((128, 128), 224), ((256, 512), 224), ((64, 64), 186), ((32, 32), 152)])
def test_as_many_features_as_the_docstring_says(size, count):
    picture = torch.randint(0, 256, (1, 3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    found = features(picture)
    assert found.shape == (1, count)
    assert torch.isfinite(found).all()


def test_black_and_white_have_features(distance):
    flat = torch.stack([torch.zeros(3, 64, 64), torch.full((3, 64, 64), 255)]).to(torch.uint8)
    assert torch.isfinite(features(flat)).all()
    assert distance.to(features(flat)) > 1


def test_the_formula_agrees_with_the_root_of_the_product():
    rng = np.random.default_rng(0)
    a, b = moments(rng.normal(size=(80, 6))), moments(rng.normal(size=(80, 6)) @ rng.normal(size=(6, 6)) + 1)
    root = linalg.sqrtm(a[1] @ b[1]).real
    expected = np.square(a[0] - b[0]).sum() + np.trace(a[1] + b[1] - 2 * root)
    assert frechet(*a, *b) == pytest.approx(expected, rel=1e-6)
    assert frechet(*b, *a) == pytest.approx(expected, rel=1e-6)


def test_a_set_is_read_once_and_a_network_measured_by_it():
    distance = FrechetDistance.on(Motifs((32, 32), 3, 0), 24, 1)
    assert distance.size == (32, 32)
    assert distance.classes.shape == (24, 12)
    network = init_generator(SHAPE).requires_grad_(False)
    assert distance.of(network) == distance(network)["distance"] > distance.floor


def test_too_few_or_too_small_pictures_are_refused():
    with pytest.raises(TrainingError, match="too few"):
        FrechetDistance.on(Motifs((32, 32), 1, 0), 2)
    with pytest.raises(TrainingError, match="too small"):
        features(torch.zeros(1, 3, 16, 16, dtype=torch.uint8))
    with pytest.raises(TrainingError, match="cannot be compared"):
        FrechetDistance.on(Motifs((32, 32), 1, 0), 8).to(torch.zeros(8, 5))


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_pictures_are_those_that_the_reference_draws(noise):
    network: StyleGAN2 = init_generator(SHAPE).requires_grad_(False)
    for layer in network.synthesis.layers():
        layer.noise_strength.fill_(noise)
    z, classes = torch.randn(5, 8, generator=torch.Generator().manual_seed(2)), torch.eye(12)[:5]
    found = torch.cat(list(generate_images(network, z, classes)))
    ws = network.map(z, classes)[:, None].expand(-1, network.num_ws, -1)
    wanted = torch.stack([to_pixels(one) for one in network.synthesize(ws, SynthesisOptions())]).permute(0, 3, 1, 2)
    assert found.dtype == torch.uint8
    assert (found.int() - wanted.int()).abs().max() <= 1


def test_pictures_of_another_size_are_fitted():
    picture = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).expand(1, 3, 16, 16)
    assert resized(picture, (16, 16)) is picture
    assert resized(picture, (8, 8)).float().mean() == pytest.approx(128, abs=1)
    assert resized(picture, (20, 24)).shape == (1, 3, 20, 24)
