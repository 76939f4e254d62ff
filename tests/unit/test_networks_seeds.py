"""One latent per seed: every place that takes a seed draws the same picture for it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.core.latents import latent_of_seed
from livegan.core.parameters import GROUPS
from livegan.core.types import FramePlan
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.contact_sheet import plan_for, sheet_plans
from livegan.networks.info import NetworkInfo
from livegan.networks.latents.files import read_path
from livegan.networks.weights import load_style_net, save_weights
from livegan.rendering.load import load_generator
from livegan.rendering.registry import Generator
from livegan.training.snapshots import draw_sheet, latents

SEED = 7
EVERYWHERE = {f"style.{group}": 1.0 for group in GROUPS}


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> NetworkInfo:
    """A random network without classes, whose noise has no strength."""
    path = tmp_path_factory.mktemp("seeds") / "tiny.json"
    info = NetworkInfo("tiny", path, "stylegan2", (16, 16), 8, w_dim=8, shape={"channels": [8] * 3})
    tensors = StyleGAN2.from_info(info).state_dict()
    rng = torch.Generator().manual_seed(3)
    for name, tensor in tensors.items():
        tensor.normal_(generator=rng).mul_(0 if name.endswith("strength") else 100 if "mapping.fc" in name else 1)
    save_weights(info, tensors)
    return info


@pytest.fixture(scope="module")
def generator(info: NetworkInfo) -> Generator:
    return load_generator(info, "cpu")


def picture(generator: Generator, plan: FramePlan) -> np.ndarray:
    return generator.render(plan).cpu().numpy().astype(int)


def near(one: np.ndarray, other: np.ndarray) -> bool:
    """But for what a quick backend rounds."""
    return float(np.abs(one - other).mean()) < 2


def test_the_numbering_is_that_of_the_public_tools() -> None:
    assert np.array_equal(latent_of_seed(SEED, 5), np.random.RandomState(SEED).randn(1, 5)[0].astype(np.float32))
    assert latent_of_seed(SEED, 5).dtype == np.float32


def test_every_route_has_one_latent(info: NetworkInfo) -> None:
    expected = latent_of_seed(SEED, info.z_dim)
    routes = {
        "a path": read_path([f"seeds:{SEED}"], info.z_dim, info.w_dim, Path()).array[0],
        "networks check": plan_for(info, SEED).z,
        "a contact sheet": sheet_plans(info, ())[SEED].z,
        "a snapshot": latents(info.z_dim)[SEED].numpy(),
    }
    for route, z in routes.items():
        assert np.array_equal(z, expected), route


def test_every_route_draws_one_picture(info: NetworkInfo, generator: Generator) -> None:
    expected = picture(generator, plan_for(info, SEED))
    walked = read_path([f"seeds:{SEED}"], info.z_dim, info.w_dim, Path()).array[0]
    plain = FramePlan(0, 0.0, 1 / 60, z=walked, classes=np.zeros(0, np.float32))
    assert near(picture(generator, plain), expected)
    styled = FramePlan(
        0, 0.0, 1 / 60, z=latent_of_seed(1, 8), classes=plain.classes, parameters={"style.seed": SEED, **EVERYWHERE}
    )
    assert near(picture(generator, styled), expected)
    assert not near(picture(generator, plan_for(info, 1)), expected)
    network = load_style_net(info)
    assert isinstance(network, StyleGAN2)
    pictures, _ = draw_sheet(network)
    assert near(pictures[SEED].astype(int), expected)
