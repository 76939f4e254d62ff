"""What every generator must do, asked of each."""

import resource
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.generators.info import NetworkInfo
from livegan.generators.load import find_network, generators, load_generator
from livegan.generators.registry import Generator
from livegan.generators.stylegan2 import Network, Shape
from livegan.generators.weights import save_weights


def tiny_stylegan2(folder: Path) -> NetworkInfo:
    """A random network of 16 px: what a test needs of a network, at once."""
    info = NetworkInfo(
        name="tiny",
        path=folder / "tiny.json",
        kind="stylegan2",
        resolution=(16, 16),
        z_dim=8,
        c_dim=3,
        w_dim=8,
        shape={"channels": [16, 16, 16], "mapping_layers": 2},
    )
    chance = torch.Generator().manual_seed(5)
    tensors = Network(Shape.of(info)).state_dict()
    for key, tensor in tensors.items():
        tensor.normal_(generator=chance)
        if key.endswith("strength"):
            tensor.fill_(0.5)
        elif "mapping.fc" in key:
            tensor.mul_(100)
    save_weights(info, tensors)
    return info


@pytest.fixture(scope="module", params=["plain", "stylegan2", "untrained-256"])
def generator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generator]:
    info = (
        tiny_stylegan2(tmp_path_factory.mktemp("net")) if request.param == "stylegan2" else find_network(request.param)
    )
    made = load_generator(info, "cpu")
    yield made
    made.close()


def plan_for(info: NetworkInfo, seed: int = 0) -> FramePlan:
    chance = np.random.default_rng(seed)
    classes = np.zeros(info.c_dim, np.float32)
    classes[:1] = 1
    return FramePlan(0, 0.0, 1 / 60, z=chance.standard_normal(info.z_dim, np.float32), classes=classes)


def far(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one.float() - other.float()).abs().mean())


def test_every_generator_is_asked(generator: Generator) -> None:
    assert set(generators().names()) == {"plain", "stylegan2"}
    assert generator.info.kind in generators()


def test_a_picture_has_the_size_its_network_says(generator: Generator) -> None:
    picture = generator.render(plan_for(generator.info))
    assert picture.shape == (*generator.info.resolution, 3)
    assert picture.dtype == torch.uint8
    assert picture.is_contiguous()


def test_the_same_plan_gives_the_same_picture_and_pictures_are_the_callers(generator: Generator) -> None:
    plan = plan_for(generator.info)
    first = generator.render(plan)
    kept = first.clone()
    generator.render(plan_for(generator.info, 1))
    assert torch.equal(first, kept)
    assert torch.equal(generator.render(plan), kept)


def test_the_plan_is_left_as_it_was(generator: Generator) -> None:
    plan = plan_for(generator.info)
    z, classes = plan.z.copy(), plan.classes.copy()
    z.flags.writeable = False
    generator.render(replace(plan, z=plan.z, classes=plan.classes))
    np.testing.assert_array_equal(plan.z, z)
    np.testing.assert_array_equal(plan.classes, classes)


def test_latent_class_and_truncation_change_the_picture(generator: Generator) -> None:
    plan = plan_for(generator.info)
    picture = generator.render(plan)
    other = np.roll(plan.classes, 1)
    assert far(picture, generator.render(plan_for(generator.info, 1))) > 1
    assert far(picture, generator.render(replace(plan, classes=other))) > 1
    assert far(picture, generator.render(replace(plan, truncation=0.5))) > 0.5
    assert far(picture, generator.render(replace(plan, noise=1.0))) > 0.1


def test_truncated_to_nothing_all_latents_look_alike(generator: Generator) -> None:
    pictures = [
        generator.render(replace(plan_for(generator.info, seed), classes=_none(generator), truncation=0.0))
        for seed in (0, 1)
    ]
    assert far(*pictures) < 0.5


def test_a_small_step_of_the_latent_is_a_small_step_of_the_picture(generator: Generator) -> None:
    start, end = plan_for(generator.info, 0), plan_for(generator.info, 1)
    picture = generator.render(start)
    near = far(picture, generator.render(start.blend(end, 0.002)))
    assert near < far(picture, generator.render(end)) / 4


def test_no_classes_and_mixed_classes_are_drawn(generator: Generator) -> None:
    plan = plan_for(generator.info)
    mixed = np.full(generator.info.c_dim, 0.5, np.float32)
    for classes in (_none(generator), np.zeros(0, np.float32), mixed):
        assert generator.render(replace(plan, classes=classes)).shape == (*generator.info.resolution, 3)


def test_a_plan_for_another_network_is_refused_in_words(generator: Generator) -> None:
    with pytest.raises(NetworkError, match="latents"):
        generator.render(replace(plan_for(generator.info), z=np.zeros(3, np.float32)))


def test_drawing_keeps_nothing(generator: Generator) -> None:
    plans = [plan_for(generator.info, seed) for seed in range(3)]
    size = generator.render(plans[0]).numel()
    rounds = 150 if size < 100_000 else 30
    tracemalloc.start()
    for plan in plans * 3:
        generator.render(plan)
    before, before_kb = tracemalloc.get_traced_memory()[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for plan in plans * rounds:
        generator.render(plan)
    after, after_kb = tracemalloc.get_traced_memory()[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.stop()
    assert after - before < 32_000  # an object kept per picture would be more
    assert (after_kb - before_kb) * 1024 < 8_000_000 + size * rounds  # pictures kept: three times that


def test_closing_twice_is_fine_and_nothing_is_drawn_afterwards() -> None:
    made = load_generator(find_network("plain"), "cpu")
    made.close()
    made.close()
    with pytest.raises(NetworkError, match="closed"):
        made.render(plan_for(made.info))


def _none(generator: Generator) -> np.ndarray:
    return np.zeros(generator.info.c_dim, np.float32)
