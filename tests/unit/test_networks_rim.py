"""The rim of a network's pictures mirrors what is within, at every size; networks without one draw as they were."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan import load_network
from livegan.core.types import FramePlan
from livegan.networks.info import NetworkInfo, info_json, read_info, write_info
from livegan.networks.library import find_network
from livegan.networks.rim import cover_rim
from livegan.rendering.load import load_generator

INFO = NetworkInfo("lit", Path("lit.json"), "stylegan2", (64, 112), z_dim=4, rim=3)


def picture(height: int, width: int, rim: int) -> torch.Tensor:
    """Dark, with a lit rim; lighter to the right and downwards."""
    rows = torch.arange(height)[:, None] + torch.arange(width)
    pixels = rows.clamp(max=200).to(torch.uint8)[:, :, None].repeat(1, 1, 3)
    for lines in (pixels, pixels.transpose(0, 1)):
        lines[:rim], lines[-rim:] = 255, 255
    return pixels


@pytest.mark.parametrize(("height", "rim"), [(64, 3), (32, 2), (16, 1)])
def test_the_rim_mirrors_what_is_within(height: int, rim: int) -> None:
    pixels = picture(height, height * 7 // 4, rim)
    within = pixels[rim:-rim, rim:-rim].clone()
    covered = cover_rim(pixels, INFO)
    assert int(covered.max()) < 255
    assert torch.equal(covered[rim:-rim, rim:-rim], within)
    assert torch.equal(covered[rim - 1, rim:-rim], covered[rim, rim:-rim])
    assert torch.equal(covered[rim:-rim, -1], covered[rim:-rim, -2 * rim])


def test_without_a_rim_and_in_the_smallest_picture_nothing_changes() -> None:
    lit = picture(64, 112, 3)
    assert torch.equal(cover_rim(lit.clone(), replace(INFO, rim=0)), lit)
    dot = torch.full((2, 3, 3), 7, dtype=torch.uint8)
    assert torch.equal(cover_rim(dot.clone(), INFO), dot)


def test_the_description_has_it_where_there_is_one(tmp_path: Path) -> None:
    info = replace(INFO, path=tmp_path / "lit.json")
    write_info(info)
    assert read_info(info.path).rim == 3
    assert "rim" not in info_json(replace(info, rim=0))


def edges(pixels: np.ndarray) -> tuple[float, float]:
    """Mean of the outermost line all round, and of the lines a little further in."""
    light = pixels.astype(float).mean(axis=2)
    outer = np.concatenate((light[0], light[-1], light[:, 0], light[:, -1]))
    inner = np.concatenate((light[8], light[-9], light[:, 8], light[:, -9]))
    return float(outer.mean()), float(inner.mean())


@pytest.mark.parametrize("name", ["house-256", "house-256-light"])
def test_the_house_networks_have_no_lit_rim(name: str) -> None:
    network = load_network(name)
    z = np.random.default_rng(5).standard_normal((network.c_dim, network.z_dim))
    found = [edges(network.render(w)) for w in network.map(z, list(range(network.c_dim)), psi=0.7)]
    outer, inner = np.mean(found, axis=0)
    assert abs(outer - inner) < 0.1 * inner  # 1.6 times as bright, as it was trained


def test_a_show_draws_it_as_the_library_does() -> None:
    network, info = load_network("house-256-light"), find_network("house-256-light")
    z = np.random.default_rng(3).standard_normal(network.z_dim).astype(np.float32)
    (w,) = network.map(z[None], [9])
    plan = FramePlan(0, 0.0, 0.0, z, np.eye(network.c_dim, dtype=np.float32)[9], info.name)
    shown = load_generator(info, "cpu").render(plan).numpy().astype(float)
    assert abs(shown - network.render(w)).mean() < 2.0
