"""Pictures of networks as files: seeds with faces or without, the same latents through many snapshots."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from livegan.core.types import Pixels
from livegan.datasets.faces import Face
from livegan.errors import MediaError, NetworkError
from livegan.networks.api import load_network
from livegan.networks.latents.files import read_path
from livegan.studio import network_draw
from livegan.studio.network_draw import draw_seeds, grow
from tests.tiny_networks import tiny

FACE = Face((0, 0, 9, 9), ((3, 3), (6, 3)))


def every_third() -> Callable[[Pixels], list[Face]]:
    seen = iter(range(1_000_000))
    return lambda pixels: [FACE] if next(seen) % 3 == 2 else []


@pytest.mark.parametrize("kind", ["stylegan2", "lightweight"])  # with classes, and without
def test_the_file_beside_a_picture_draws_it_again(kind: str, tmp_path: Path) -> None:
    info = tiny(tmp_path / "net", kind)
    drawn = draw_seeds(info, tmp_path / "out", 3, 40, None)
    assert [one.seed for one in drawn] == [40, 41, 42]
    net = load_network(info.path)
    for one in drawn:
        table = json.loads(one.path.with_suffix(".json").read_text())
        assert table["version"] == 2
        assert table["image_hash"] == hashlib.md5(one.path.read_bytes()).hexdigest()
        assert table["network_hash"] == hashlib.md5(info.weights.read_bytes()).hexdigest()
        spec = f"w:{one.path.with_suffix('.json')}" if info.c_dim else f"z:{one.path.with_suffix('.json')}"
        points = read_path([spec], net.z_dim, net.w_dim, Path())
        w = points.array[0] if points.kind == "w" else net.map(points.array)[0]
        with Image.open(one.path) as image:
            assert np.array_equal(np.asarray(image), net.render(w))


@pytest.mark.parametrize(("with_face", "seeds"), [(True, [2, 5, 8]), (False, [0, 1, 3])])
def test_seeds_are_drawn_until_so_many_have_a_face_or_none(with_face: bool, seeds: list[int], tmp_path: Path) -> None:
    info = tiny(tmp_path / "net", "lightweight")
    drawn = draw_seeds(info, tmp_path / "out", 3, 0, every_third(), with_face)
    assert [one.seed for one in drawn] == seeds
    assert len(list((tmp_path / "out").iterdir())) == 6


def test_a_network_without_faces_does_not_draw_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_draw, "TRIES", 5)
    info = tiny(tmp_path / "net", "lightweight")
    with pytest.raises(NetworkError, match="of 10 seeds only 0 pictures are with a face"):
        draw_seeds(info, tmp_path / "out", 2, 0, lambda pixels: [])


def test_growth_is_a_row_for_each_latent_and_a_column_for_each_network(tmp_path: Path) -> None:
    infos = [tiny(tmp_path / "net", "lightweight", f"snapshot-{number}", seed=number) for number in (1, 2, 3)]
    steps: list[int] = []
    result = grow(infos, ["seeds:4,7"], tmp_path / "growth.png", tmp_path / "all", progress=lambda total: steps.append)
    assert result == (2, 3)
    assert steps == list(range(1, 7))
    names = sorted(path.name for path in (tmp_path / "all").iterdir())
    assert names[0] == "001-seed-4-snapshot-1.png"
    assert len(names) == 6
    with Image.open(tmp_path / "growth.png") as image:
        sheet = np.asarray(image)
    side = 192
    with Image.open(tmp_path / "all" / "002-seed-7-snapshot-3.png") as image:
        last = np.asarray(image).repeat(12, 0).repeat(12, 1)
    corner = sheet[-4 - side : -4, -4 - side : -4]
    assert np.array_equal(corner[:100], last[:100])  # below it the name of the row may lie


def test_latents_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    info = tiny(tmp_path / "net", "stylegan2")
    np.save(tmp_path / "w.npy", np.zeros((1, 3, 8), np.float32))
    with pytest.raises(NetworkError, match="rows, not 3"):
        grow([info], [str(tmp_path / "w.npy")], tmp_path / "s.png")
    with pytest.raises(MediaError, match="no file"):
        grow([info], [str(tmp_path / "missing.npy")], tmp_path / "s.png")
    assert not (tmp_path / "s.png").exists()
