"""The generator "patterns": classes fade, psi calms, directions reach single latents, and a description may say how."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.motifs.draw import NAMES, SHOWN, draw
from livegan.motifs.field import LATENT_NAMES
from livegan.networks.info import NetworkInfo, read_info
from livegan.networks.library import find_network, list_networks
from livegan.rendering.load import load_generator
from livegan.rendering.patterns import MAX_MOTIFS, Patterns, shares

SMALL = NetworkInfo("small", Path("small.json"), "patterns", (48, 48), 8, 12)


def plan(classes: object = 0, seed: int = 0, **words: Any) -> FramePlan:
    """A plan for one class, or for a whole class vector."""
    z = np.random.default_rng(seed).standard_normal(8, np.float32)
    vector = np.eye(12, dtype=np.float32)[classes] if isinstance(classes, int) else np.asarray(classes, np.float32)
    return replace(FramePlan(0, 0.0, 1 / 60, z=z, classes=vector), **words)


def far(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one.float() - other.float()).abs().mean())


def words_of(**words: Any) -> NetworkInfo:
    return replace(SMALL, **words)


def test_it_has_a_name_the_twelve_classes_and_no_weights() -> None:
    info = find_network("patterns")
    assert info in list_networks()
    assert info.classes == NAMES
    assert not info.weights.exists()
    assert info.licence == "CC0-1.0"
    assert info.resolution == find_network("house-256").resolution, "wide: no bars beside it in films and windows"
    generator = load_generator(info, "cpu")
    assert isinstance(generator, Patterns)
    assert generator.render(plan()).shape == (*info.resolution, 3)


@pytest.mark.parametrize("name", NAMES)
def test_each_class_is_the_motif_of_its_name_in_the_layout_that_shows_it(name: str) -> None:
    at = NAMES.index(name)
    blended = plan(at, seed=3)
    latents = torch.from_numpy(blended.z / np.sqrt(np.mean(blended.z**2)))[None]
    motif = draw(name, latents, (48, 48), (SHOWN[at],), finer=1)[0].permute(1, 2, 0) * 255
    assert far(Patterns(SMALL, "cpu").render(blended), motif) < 0.6


@pytest.mark.parametrize("size", [(1, 1), (36, 64), (64, 36), (50, 33), (7, 90)])
def test_any_size_is_drawn(size: tuple[int, int]) -> None:
    generator = Patterns(words_of(resolution=size), "cpu")
    mixed = plan(np.linspace(0, 1, 12) ** 4, noise=1.0)
    assert generator.render(plan()).shape == generator.render(mixed).shape == (*size, 3)


def test_as_the_notes_change_nothing_jumps() -> None:
    generator = Patterns(SMALL, "cpu")
    places = np.linspace(2, 7, 151)
    heads = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(12)) / 3)  # up to five classes speak at a time
    pictures = [generator.render(plan(head)) for head in heads]
    moved = np.array([far(one, other) for one, other in pairwise(pictures)])
    assert moved.max() < 5
    assert moved.max() < 6 * moved.mean()


def test_shares_add_up_fade_in_from_nothing_and_are_few() -> None:
    rng = np.random.default_rng(1)
    for count in (1, 2, 3, 4, 12, 40):
        for _ in range(20):
            parts = shares(rng.random(count).astype(np.float32) ** 3)
            assert 1 <= len(parts) <= min(MAX_MOTIFS, count)
            assert sum(share for _, share in parts) == pytest.approx(1)
            assert [share for _, share in parts] == sorted((share for _, share in parts), reverse=True)
    assert shares(np.array([0, 0, 1], np.float32)) == [(2, 1.0)]
    assert shares(np.array([1, 0.01, 0.02], np.float32)) == [(0, 1.0)]
    (first, most), (second, least) = shares(np.array([1, 0.06, 0], np.float32))
    assert (first, second) == (0, 1)
    assert most > 0.97
    assert least < 0.03


@pytest.mark.parametrize("said", [[], [0.0] * 12, [np.nan] * 12, [-1.0] * 12, [1.0] * 12, [np.inf] * 12, [1e-30] * 12])
def test_class_vectors_that_say_nothing_are_drawn(said: list[float]) -> None:
    picture = Patterns(SMALL, "cpu").render(plan(said))
    assert 8 < float(picture.float().mean()) < 200


def test_psi_calms_and_z_of_any_length_is_one_picture() -> None:
    generator = Patterns(SMALL, "cpu")
    calm = [generator.render(plan(seed=seed, truncation=0.0)) for seed in (1, 2)]
    assert torch.equal(*calm)
    whole, half = (generator.render(plan(seed=1, truncation=psi)) for psi in (1.0, 0.5))
    assert far(calm[0], half) < far(calm[0], whole)
    one = plan(seed=1)
    assert far(generator.render(one), generator.render(replace(one, z=one.z * 100))) < 0.01


def test_directions_push_the_latents_one_by_one() -> None:
    generator = Patterns(SMALL, "cpu")
    for at in range(len(LATENT_NAMES)):
        latents = torch.zeros(1, 8)
        latents[0, at] = 1.5
        motif = draw("silk", latents, (48, 48), (SHOWN[0],), finer=1)[0].permute(1, 2, 0) * 255
        pushed = generator.render(plan(truncation=0.0, parameters={f"direction.{at + 1}": 1.5}))
        assert far(pushed, motif) < 0.6


def test_a_style_of_all_three_groups_is_the_picture_of_its_seed() -> None:
    generator = Patterns(SMALL, "cpu")
    mixed = {"style.seed": 5.0, "style.coarse": 1.0, "style.middle": 1.0, "style.fine": 1.0}
    one, other = (generator.render(plan(seed=seed, parameters=mixed)) for seed in (1, 2))
    assert far(one, other) < 0.1
    colours = generator.render(plan(seed=1, parameters={"style.seed": 5.0, "style.fine": 1.0}))
    assert far(colours, one) > 1
    assert far(colours, generator.render(plan(seed=1))) > 1


@pytest.mark.parametrize("group", ["coarse", "middle", "fine"])
def test_noise_is_a_texture_of_its_group_and_seed(group: str) -> None:
    generator = Patterns(SMALL, "cpu")
    quiet = {f"noise.{other}": 0.0 for other in ("coarse", "middle", "fine") if other != group}
    clean = generator.render(plan())
    noisy = generator.render(plan(noise=1.0, parameters=quiet))
    assert 0.1 < far(clean, noisy) < 10
    assert far(noisy, generator.render(plan(noise=1.0, parameters={**quiet, "noise.seed": 4.0}))) > 0.1
    assert torch.equal(clean, generator.render(plan(noise=1.0, parameters={**quiet, f"noise.{group}": 0.0})))


def test_a_description_may_choose_motifs_their_order_their_layouts_and_enlarge_them() -> None:
    two = words_of(classes=("marble", "silk"), c_dim=2, shape={"layouts": [4, 5]}, resolution=(32, 64))
    generator = Patterns(two, "cpu")
    first = FramePlan(0, 0.0, 1 / 60, z=np.zeros(8, np.float32), classes=np.array([1, 0], np.float32))
    motif = draw("marble", torch.zeros(1, 8), (32, 64), (4,), finer=1)[0].permute(1, 2, 0) * 255
    assert far(generator.render(first), motif) < 0.6
    enlarged = Patterns(replace(two, shape={"layouts": [4, 5], "enlarge": 2}), "cpu").render(first)
    assert enlarged.shape == (32, 64, 3)
    assert 0 < far(enlarged, motif) < 8


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"classes": ("silc", *NAMES[1:])}, "did you mean 'silk'"),
        ({"c_dim": 3}, "'c_dim' must be 12"),
        ({"z_dim": 9}, "'z_dim' must be 8"),
        ({"shape": {"layuots": []}}, "no 'shape.layuots'"),
        ({"shape": {"layouts": [1]}}, "must be 12 seeds"),
        ({"shape": {"layouts": [-1] * 12}}, "must be 12 seeds"),
        ({"shape": {"layouts": [True] * 12}}, "must be 12 seeds"),
        ({"shape": {"layouts": "a"}}, "must be 12 seeds"),
        ({"shape": {"enlarge": 0}}, "from 1 to 8"),
        ({"shape": {"enlarge": [2]}}, "from 1 to 8"),
        ({"shape": {"enlarge": 1.5}}, "from 1 to 8"),
    ],
)
def test_a_wrong_description_is_an_error(words: dict[str, object], says: str) -> None:
    with pytest.raises(NetworkError, match=says):
        Patterns(words_of(**words), "cpu")


def test_a_description_from_a_file_is_drawn(tmp_path: Path) -> None:
    found = {"format": "livegan-network-1", "kind": "patterns", "resolution": [18, 32], "z_dim": 8, "c_dim": 12}
    path = tmp_path / "wide.json"
    path.write_text(json.dumps(found))
    assert load_generator(read_info(path), "cpu").render(plan(11)).shape == (18, 32, 3)


def test_what_it_cannot_draw_is_refused_in_words() -> None:
    generator = Patterns(SMALL, "cpu")
    with pytest.raises(NetworkError, match="latents"):
        generator.render(plan(np.ones(3)))
    with pytest.raises(NetworkError, match="no w"):
        generator.render(plan(w=np.zeros((1, 8), np.float32)))
    generator.close()
    generator.close()
    with pytest.raises(NetworkError, match="closed"):
        generator.render(plan())
