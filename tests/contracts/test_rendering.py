"""What every generator must do, asked of each."""

import gc
import resource
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegan.core.parameters import GENERATOR_DEFAULTS
from livegan.core.types import Bend, FramePlan
from livegan.errors import NetworkError
from livegan.networks import morph_info as morph
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_network
from livegan.networks.weights import network_class, save_weights
from livegan.rendering import custom
from livegan.rendering.load import generators, load_generator
from livegan.rendering.registry import Generator

NOISELESS = ("stylegan3", "custom")  # kinds without noise inputs
GRAINLESS = ("house-256",)  # networks that learned to do without them: what is drawn by formula has no grain
UNSHORTENED = ("custom",)  # kinds without an average w: psi cuts their latents


def tiny(folder: Path, kind: str, name: str = "tiny", seed: int = 5, **words: Any) -> NetworkInfo:
    """A random network: what a test needs of a network, at once."""
    start = NetworkInfo(name, folder / f"{name}.json", kind, resolution=(16, 16), z_dim=8, w_dim=8)
    info = replace(start, **words)
    tensors = network_class(kind).from_info(info).state_dict()
    fill(tensors, seed)
    save_weights(info, tensors)
    return info


def fill(tensors: Mapping[str, torch.Tensor], seed: int) -> None:
    """Random numbers, but filters that are filters and learning rates as they are."""
    chance = torch.Generator().manual_seed(seed)
    for key, tensor in tensors.items():
        if key.endswith("_filter"):
            tensor.copy_(torch.hann_window(len(tensor) + 2, periodic=False)[1:-1])
            tensor.div_(tensor.sum())
        elif key.endswith("transform"):
            tensor.copy_(torch.eye(3))
        elif key.endswith("magnitude_ema"):
            tensor.fill_(1)
        elif not key.endswith(".f"):  # the blur of a lightweight network
            tensor.normal_(generator=chance)
        if key.endswith("strength"):
            tensor.fill_(0.5)
        elif "mapping.fc" in key:
            tensor.mul_(100)


LAYERS = {
    "sizes": [18, 18, 16, 16],
    "rates": [16, 16, 16, 16],
    "channels": [16, 16, 8, 3],
    "kernels": [3, 3, 3, 1],
    "up_taps": [12, 12, 12, 1],
    "down_taps": [12, 12, 12, 1],
    "radial": [False] * 4,
    "input_channels": 16,
    "mapping_layers": 2,
}
SKIP = {"channels": [16, 16, 16], "mapping_layers": 2}
WIDE = {**SKIP, "architecture": "resnet", "colours": 4, "tiles": [1, 2]}
LIGHT = {"channels": [16, 16, 8], "initial_channels": 16, "mapping_layers": 2, "lr_multiplier": 1.0}
OWN = """
import numpy as np

MIX = np.random.default_rng(0).standard_normal((11, 8 * 8 * 3)) * 60

def draw(noise_batch, class_batch):
    flat = np.concatenate([noise_batch, class_batch], axis=1) @ MIX
    return (128 + flat).clip(0, 255).astype(np.uint8).reshape(-1, 8, 8, 3)
"""


def own_code(folder: Path) -> NetworkInfo:
    """A function of the player's own."""
    (folder / "contract_own.py").write_text(OWN)
    shape = {"function": "contract_own:draw", "folder": str(folder)}
    return NetworkInfo("own", folder / "own.json", "custom", (8, 8), 8, 3, shape=shape)


def snapshots(folder: Path) -> NetworkInfo:
    """Two moments of one training."""
    return morph.morph_info([tiny(folder, "stylegan2", f"snapshot-{k}", seed=k, c_dim=3, shape=SKIP) for k in (5, 6)])


NETWORKS: dict[str, Callable[[Path], NetworkInfo]] = {
    "plain": lambda _: find_network("plain"),
    "patterns": lambda _: find_network("patterns"),
    "house-256": lambda _: find_network("house-256"),
    "stylegan2": lambda folder: tiny(folder, "stylegan2", c_dim=3, shape=SKIP),
    "stylegan2 orig, grey": lambda folder: tiny(
        folder, "stylegan2", shape={**SKIP, "architecture": "orig", "colours": 1}
    ),
    "stylegan2 resnet, wide, alpha": lambda folder: tiny(folder, "stylegan2", resolution=(16, 32), c_dim=3, shape=WIDE),
    "stylegan3": lambda folder: tiny(folder, "stylegan3", c_dim=3, shape=LAYERS),
    "lightweight": lambda folder: tiny(folder, "lightweight", shape=LIGHT),
    "morph": snapshots,
    "custom": own_code,
}
"""A network of every kind: a name, and what makes it in an empty folder."""
for _kind in generators():
    if hasattr(generators()[_kind], "example"):  # a plugin says what network its generator can draw
        NETWORKS[_kind] = lambda folder, kind=_kind: NetworkInfo(
            f"{kind} example", folder / "example.json", kind, **generators()[kind].example
        )


@pytest.fixture(scope="module", params=NETWORKS)
def generator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generator]:
    folder = tmp_path_factory.mktemp("net")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(custom, "installed_folder", lambda: folder)  # where descriptions that name code are obeyed
        made = load_generator(NETWORKS[request.param](folder), "cpu")
    yield made
    made.close()


def test_every_kind_of_generator_is_asked(tmp_path: Path) -> None:
    assert {make(tmp_path).kind for make in NETWORKS.values()} == set(generators().names())


def plan_for(info: NetworkInfo, seed: int = 0) -> FramePlan:
    chance = np.random.default_rng(seed)
    classes = np.zeros(info.c_dim, np.float32)
    classes[:1] = 1
    return FramePlan(0, 0.0, 1 / 60, z=chance.standard_normal(info.z_dim, np.float32), classes=classes)


def far(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one.float() - other.float()).abs().mean())


def test_a_picture_has_the_size_its_network_says(generator: Generator) -> None:
    picture = generator.render(plan_for(generator.info))
    assert picture.shape == (*generator.info.resolution, 3)
    assert picture.dtype == torch.uint8
    assert picture.is_contiguous()
    assert generator.device_text
    assert 0 <= generator.megabytes < 1000


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


def test_latent_class_truncation_and_noise_change_the_picture(generator: Generator) -> None:
    plan, kind = plan_for(generator.info), generator.info.kind
    picture = generator.render(plan)
    assert far(picture, generator.render(plan_for(generator.info, 1))) > 1
    if generator.info.c_dim:
        assert far(picture, generator.render(replace(plan, classes=np.roll(plan.classes, 1)))) > 1
    assert far(picture, generator.render(replace(plan, truncation=0.5))) > 0.5 or kind in UNSHORTENED
    noiseless = kind in NOISELESS or generator.info.name in GRAINLESS
    assert far(picture, generator.render(replace(plan, noise=1.0))) > 0.1 or noiseless


def test_truncated_to_nothing_all_latents_look_alike(generator: Generator) -> None:
    pictures = [
        generator.render(replace(plan_for(generator.info, seed), classes=_none(generator), truncation=0.0))
        for seed in (0, 1)
    ]
    assert far(*pictures) < 0.5


def test_controls_at_their_defaults_and_bends_of_nothing_change_nothing(generator: Generator) -> None:
    plan = replace(plan_for(generator.info), noise=0.5)
    bends = (Bend("rotate", "all", 0.0), Bend("ablate", "coarse", 0.0, cluster=2))
    told = replace(plan, parameters=GENERATOR_DEFAULTS, bends=bends)
    assert torch.equal(generator.render(plan), generator.render(told))


def test_networks_with_styles_can_be_bent_mixed_and_pushed(generator: Generator) -> None:
    if not generator.info.w_dim:
        pytest.skip("it has no styles")
    plan = plan_for(generator.info)
    picture = generator.render(plan)
    for words in (
        {"bends": (Bend("invert", "all", 0.9),)},
        {"bends": (Bend("ablate", "all", 0.9, cluster=1),)},
        {"parameters": {"direction.1": 2.0}},
        {"parameters": {"direction.5": 2.0}},
        {"parameters": {"style.coarse": 1.0}},
    ):
        other = generator.render(replace(plan, **words))
        assert far(picture, other) > 0.1, words
        assert torch.equal(other, generator.render(replace(plan, **words)))


def test_networks_with_styles_draw_a_given_w(generator: Generator) -> None:
    size = generator.info.w_dim
    if not size:
        pytest.skip("it has no styles")
    plan = plan_for(generator.info)
    w = np.random.default_rng(1).standard_normal((1, size)).astype(np.float32)
    picture = generator.render(replace(plan, w=w))
    assert torch.equal(picture, generator.render(replace(plan, w=w, z=plan.z * 0)))
    assert far(picture, generator.render(replace(plan, w=-w))) > 0.1
    with pytest.raises(NetworkError, match="rows of"):
        generator.render(replace(plan, w=w[:, 1:]))


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
    gc.collect()  # also forgets the thousands of small tuples that Python keeps for later
    before, before_kb = tracemalloc.get_traced_memory()[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for plan in plans * rounds:
        generator.render(plan)
    gc.collect()
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
