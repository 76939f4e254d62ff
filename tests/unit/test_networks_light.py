"""Light siblings of networks: found beside the network or by name, listed, and refused where they do not fit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from livegan.errors import NetworkError
from livegan.networks import library
from livegan.networks.info import NetworkInfo, read_info
from livegan.networks.library import find_light, find_networks
from livegan.studio import network_list
from livegan.studio.network_list import describe, network_table
from tests.tiny_networks import tiny

HALF = {"channels": [8, 8], "mapping_layers": 2}


def pair(folder: Path, light_of: str = "forest", **fields: Any) -> NetworkInfo:
    """A network "forest" of 16 px in `folder`, and its light sibling of 8 px."""
    folder.mkdir(exist_ok=True)
    fields = {"resolution": (8, 8), "shape": HALF, "light_of": light_of, **fields}
    tiny(folder, "stylegan2", "forest-light", **fields)
    return tiny(folder, "stylegan2", "forest")


def test_a_light_sibling_lies_beside_the_network_or_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forest = pair(tmp_path)
    light = find_light(forest)
    assert light == read_info(tmp_path / "forest-light.json")
    assert light is not None
    assert light.light_of == "forest"
    assert find_light(light) is None
    elsewhere = replace(forest, path=tmp_path / "elsewhere" / "forest.json")
    assert find_light(elsewhere) is None
    monkeypatch.setattr(library, "installed_folder", lambda: tmp_path)
    assert find_light(elsewhere) == light


def test_a_folder_of_networks_leaves_the_light_siblings_out(tmp_path: Path) -> None:
    pair(tmp_path)
    assert [info.name for info in find_networks(tmp_path)] == ["forest"]
    (tmp_path / "forest.json").unlink()
    (tmp_path / "forest.safetensors").unlink()
    assert [info.name for info in find_networks(tmp_path)] == ["forest-light"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"light_of": "wood"}, "'light_of' must be 'forest'"),
        ({"z_dim": 4}, "'z_dim' is 4, not 8"),
        ({"c_dim": 0}, "'c_dim' is 0, not 3"),
        ({"w_dim": 4}, "'w_dim' is 4, not 8"),
        ({"resolution": (8, 16), "shape": {**HALF, "tiles": [1, 2]}}, "16x8 px are not those of 16x16 px"),
        ({"resolution": (32, 32), "shape": {**HALF, "channels": [8] * 4}}, "32x32 px are not those of 16x16 px"),
    ],
)
def test_a_sibling_that_does_not_fit_is_refused_in_a_sentence(
    fields: dict[str, Any], says: str, tmp_path: Path
) -> None:
    forest = pair(tmp_path, **fields)
    with pytest.raises(NetworkError, match="not a light sibling of forest") as error:
        find_light(forest)
    assert says in str(error.value)


def test_the_lists_say_which_networks_have_a_light_sibling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forest = pair(tmp_path)
    for module in (library, network_list):
        monkeypatch.setattr(module, "installed_folder", lambda: tmp_path)
    lines = {line.split()[0]: line for line in network_table()}
    assert "forest-light" in lines["forest"].split()
    assert "of forest" in lines["forest-light"]
    assert any("light sibling" in line and "forest-light" in line for line in describe(str(forest.path)))
    assert any("light sibling of" in line for line in describe("forest-light"))
    pair(tmp_path, z_dim=4)
    assert any("light sibling" in line and "'z_dim' is 4, not 8" in line for line in describe("forest"))
