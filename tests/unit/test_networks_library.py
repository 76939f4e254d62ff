"""Networks on disk: found by name or file, and every broken one refused with a sentence that helps."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.device import choose_device
from livegan.networks.info import NetworkInfo, read_info, write_info
from livegan.networks.library import find_network, find_networks, list_networks
from livegan.networks.morph_info import morph_info
from livegan.networks.weights import load_weights, save_weights
from livegan.rendering import live_tuning
from livegan.rendering.load import load_generator


def small(folder: Path) -> NetworkInfo:
    """A whole stylegan2 network of 8 px in `folder`."""
    info = NetworkInfo(
        name="small",
        path=folder / "small.json",
        kind="stylegan2",
        resolution=(8, 8),
        z_dim=4,
        w_dim=4,
        shape={"channels": [4, 4], "mapping_layers": 1},
    )
    save_weights(info, {key: tensor.half() for key, tensor in StyleGAN2(StyleGAN2Shape.of(info)).state_dict().items()})
    return info


def test_what_is_written_is_read(tmp_path: Path) -> None:
    info = small(tmp_path)
    assert read_info(info.path) == info
    assert find_network(info.path) == find_network(info.weights) == info
    assert load_generator(info, "cpu").info == info


def test_every_bundled_network_is_found_by_name_and_loads() -> None:
    names = [info.name for info in list_networks()]
    assert {"house-256", "patterns", "plain"} <= set(names)
    for name in names:
        generator = load_generator(find_network(name), "cpu")
        assert generator.device_text.startswith("cpu")
        generator.close()


def test_listing_networks_does_not_wake_torch() -> None:
    code = (
        "import sys; from livegan.networks.library import list_networks; list_networks(); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_nearest_right_name_is_offered(tmp_path: Path) -> None:
    info = small(tmp_path)
    for wrong, hint in (("huose-256", "house-256"), (tmp_path / "smal.safetensors", "small.safetensors")):
        with pytest.raises(NetworkError, match=hint):
            find_network(wrong)
    with pytest.raises(NetworkError, match="stylegan2"):
        load_generator(NetworkInfo("x", info.path, "stylegen2", (8, 8), 4), "cpu")


def test_a_network_that_torch_cannot_make_here_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = small(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB.\nSee the manual")

    monkeypatch.setattr(live_tuning, "select_backend", full)
    with pytest.raises(NetworkError) as caught:
        load_generator(info, "cpu")
    reason = "CUDA out of memory. Tried to allocate 20 GiB."
    assert str(caught.value) == f"small does not run here: {reason}; try --device cpu"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def not_one(path: Path) -> None:
    path.write_bytes(b"a song, perhaps" * 100)


def change(path: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    info = read_info(path.with_suffix(".json"))
    tensors = load_weights(
        info, {key: value.shape for key, value in StyleGAN2(StyleGAN2Shape.of(info)).state_dict().items()}
    )
    change(tensors)
    save_weights(info, tensors)


BREAKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone": (Path.unlink, "no such file"),
    "empty": (lambda path: path.write_bytes(b""), "not a whole safetensors"),
    "cut short": (cut, "not a whole safetensors"),
    "something else": (not_one, "not a whole safetensors"),
    "a tensor missing": (
        lambda path: change(path, lambda t: t.pop("synthesis.b4.const")),
        "'synthesis.b4.const' is missing",
    ),
    "a tensor too many": (lambda path: change(path, lambda t: t.update(x=torch.zeros(1))), "'x' is unknown"),
    "a wrong shape": (
        lambda path: change(path, lambda t: t.update({"synthesis.b4.const": torch.zeros(4, 2, 2)})),
        "is 4x2x2 where 4x4x4 is needed",
    ),
    "NaN": (lambda path: change(path, lambda t: t["mapping.w_avg"].fill_(np.nan)), "not finite"),
}


@pytest.mark.parametrize("how", BREAKS)
def test_broken_weights_are_refused_with_one_sentence(how: str, tmp_path: Path) -> None:
    info = small(tmp_path)
    break_it, says = BREAKS[how]
    break_it(info.weights)
    with pytest.raises(NetworkError, match=says) as caught:
        load_generator(find_network(info.path), "cpu")
    assert "\n" not in str(caught.value)
    assert "small" in str(caught.value)
    assert "--network" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read"),
        ("[1]", "not the description"),
        ('{"format": "livegan-network-1"}', "'kind' is missing; 'resolution' is missing; 'z_dim' is missing"),
        (
            '{"format": "livegan-network-1", "kind": "k", "resolution": [0, 8], "z_dim": "4", "sise": 1}',
            "sise.*resolution.*z_dim",
        ),
    ],
)
def test_broken_descriptions_are_refused_with_every_mistake(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(NetworkError, match=says):
        find_network(path)


@pytest.mark.parametrize(
    "shape", [{}, {"channels": [4]}, {"channels": [4, 0]}, {"channels": [4, 4], "architecture": "resnet"}]
)
def test_shapes_that_are_none_are_refused(shape: dict[str, object], tmp_path: Path) -> None:
    info = small(tmp_path)
    found = json.loads(info.path.read_text()) | {"shape": shape}
    info.path.write_text(json.dumps(found))
    with pytest.raises(NetworkError, match=r"small\.json"):
        load_generator(find_network(info.path), "cpu")


def test_a_device_that_is_not_there_is_an_error_and_auto_finds_one() -> None:
    assert choose_device("auto").reason
    assert choose_device("cpu").device == "cpu"
    with pytest.raises(NetworkError, match=r"there are: auto, cpu, .*type: --device cpu"):
        choose_device("gpu")
    for device, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if not there:
            with pytest.raises(NetworkError, match="try --device cpu"):
                choose_device(device)


def test_a_morph_in_a_file_is_refused_as_it_names_other_files(tmp_path: Path) -> None:
    info = small(tmp_path)
    write_info(replace(info, path=tmp_path / "sly.json", kind="morph", shape={"members": ["/etc/passwd"]}))
    with pytest.raises(NetworkError, match="names other files"):
        find_network(tmp_path / "sly.json")


def test_a_bundled_folder_is_found_by_name_and_paths_out_of_it_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert [info.name for info in find_networks("house")] == ["1", "2", "3", "4", "5", "6", "7"]
    for wrong in ("..", "huose", "nowhere/"):
        with pytest.raises(NetworkError, match=r"no networks|house|no such folder"):
            find_networks(wrong)


def test_a_description_gives_the_rows_of_w() -> None:
    assert find_network("house-256").num_ws == 14
    assert find_network("plain").num_ws == 0
    assert morph_info(find_networks("house")).num_ws == 14


def test_an_error_can_name_another_source() -> None:
    error = NetworkError("is empty", "/tmp/part")
    assert (str(error), error.reason) == ("/tmp/part: is empty", "is empty")
    assert str(error.about("https://example.org/x")) == "https://example.org/x: is empty"
    assert str(NetworkError("is empty").about("x.pkl")) == "x.pkl: is empty"
