"""Other programs' files: distinguished by their content, read whole, kept in the cache."""

import io
import json
import multiprocessing
import pickle
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.cache import cache_folder, file_hash
from livegan.networks.importers import convert, stylegan2_layout
from livegan.networks.importers.sniff import sniff
from livegan.networks.info import NetworkInfo, read_info, write_info
from livegan.networks.library import find_network, find_networks, installed_folder, list_networks
from livegan.studio.network_list import describe
from tests import foreign
from tests.foreign import SG2, read_network, written


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))


PLAIN = {**SG2, "c_dim": 0}
SAME: dict[str, Callable[[dict[str, np.ndarray]], bytes]] = {
    **{f"nvidia, protocol {p}": lambda t, p=p: foreign.nvidia(t, PLAIN, p) for p in range(2, 6)},  # type: ignore[misc]
    "tensorflow": lambda t: foreign.tensorflow(t, PLAIN),
    "rosinality": foreign.rosinality,
    "rosinality before torch 1.6": lambda t: foreign.rosinality(t, legacy=True),
}


@pytest.mark.parametrize("how", SAME)
def test_what_a_program_wrote_is_what_is_read(how: str, tmp_path: Path) -> None:
    tensors = foreign.stylegan2(PLAIN)
    network = read_network(written(tmp_path, "x", SAME[how](tensors)))
    clamp = None if "rosinality" in how else 3.0
    assert network.values == {"kind": "stylegan2", **PLAIN, "shape": {**PLAIN["shape"], "conv_clamp": clamp}}
    assert set(network.tensors) == set(tensors)
    for name, array in tensors.items():
        assert network.tensors[name].dtype == np.float32
        assert np.allclose(network.tensors[name], array, atol=1e-6), name


@pytest.mark.parametrize("architecture", ["skip", "orig", "resnet"])
@pytest.mark.parametrize("colours", [1, 3, 4])
def test_architectures_are_recognised_by_their_tensors(architecture: str, colours: int, tmp_path: Path) -> None:
    values = {**SG2, "shape": {**SG2["shape"], "architecture": architecture, "colours": colours}}
    tensors = foreign.stylegan2(values)
    for data in (foreign.nvidia(tensors, values), foreign.tensorflow(tensors, values)):
        network = read_network(written(tmp_path, "x", data))
        assert network.values["shape"] == values["shape"]
        assert all(np.allclose(network.tensors[name], tensors[name], atol=1e-6) for name in tensors)


@pytest.mark.parametrize("values", [SG2, PLAIN, foreign.resnet(), {**SG2, "resolution": [32, 48]}], ids=str)
def test_the_layout_is_that_of_the_network(values: dict[str, Any]) -> None:
    """Shapes as they are checked while reading are those that the network itself asks for."""
    if values["resolution"][0] != values["resolution"][1]:
        values = {**values, "shape": {**values["shape"], "const": [8, 12]}}
    info = NetworkInfo("x", Path("x.json"), "stylegan2", **{**values, "resolution": tuple(values["resolution"])})
    with torch.device("meta"):
        network = StyleGAN2(StyleGAN2Shape.of(info))
    asked = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert stylegan2_layout.expected_shapes(values) == asked
    clamp = 3.0 if values["shape"]["conv_clamp"] else None
    assert stylegan2_layout.describe(asked, stylegan2_layout.Settings(clamp)) == {
        "kind": "stylegan2",
        **values,
    }


def test_oblong_networks(tmp_path: Path) -> None:
    values = {**SG2, "resolution": [32, 48], "shape": {**SG2["shape"], "const": [8, 12]}}
    data = foreign.nvidia(foreign.stylegan2(values), values)
    assert find_network(written(tmp_path, "wide.pkl", data)).resolution == (32, 48)


def test_half_precision_is_read(tmp_path: Path) -> None:
    tensors = foreign.stylegan2()
    network = read_network(written(tmp_path, "x", foreign.nvidia(tensors, SG2, half=True)))
    assert all((network.tensors[name] == tensors[name].astype(np.float16)).all() for name in tensors)
    state = {"g_ema": {}, "x": torch.arange(-3, 3).bfloat16()}
    numbers = torch.tensor([1.5, -2.0]).bfloat16()
    with pytest.raises(NetworkError, match="style"):
        read_network(written(tmp_path, "y", foreign.saved(state | {"g_ema": {"style.1.bias": numbers}})))


def test_other_learning_rates_are_taken_into_the_weights(tmp_path: Path) -> None:
    tensors = foreign.stylegan2()
    odd = {"mapping.fc0": {"bias_gain": 0.02}, "mapping.fc1": {"bias_gain": np.float64(0.005)}}
    network = read_network(written(tmp_path, "x", foreign.nvidia(tensors, SG2, attributes=odd)))
    for part in ("weight", "bias"):
        assert np.allclose(network.tensors[f"mapping.fc0.{part}"], tensors[f"mapping.fc0.{part}"] * 2)
        assert np.allclose(network.tensors[f"mapping.fc1.{part}"], tensors[f"mapping.fc1.{part}"] / 2)


def test_networks_without_noise_get_noise_of_no_strength(tmp_path: Path) -> None:
    tensors = {name: array for name, array in foreign.stylegan2().items() if "noise" not in name}
    network = read_network(written(tmp_path, "x", foreign.nvidia(tensors, SG2)))
    assert not any(array.any() for name, array in network.tensors.items() if "noise" in name)


def test_other_low_passes(tmp_path: Path) -> None:
    assert stylegan2_layout.taps_of(np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / np.float32(64)) == [1, 3, 3, 1]
    line = np.float32([1, 2, 4, 2, 1]) / 10
    assert np.allclose(stylegan2_layout.taps_of(np.outer(line, line)), line)
    assert np.allclose(stylegan2_layout.taps_of(line), line)
    for odd in (np.eye(4), np.zeros((4, 4)), np.ones((3, 4)), np.ones(()), np.full((4, 4), np.nan)):
        with pytest.raises(NetworkError, match="resampling filter"):
            stylegan2_layout.taps_of(np.asarray(odd, np.float32))


def test_a_lightweight_is_its_averages(tmp_path: Path) -> None:
    network = read_network(written(tmp_path, "model_7.pt", foreign.lucidrains()))
    assert network.values["shape"]["lr_multiplier"] == 0.1
    assert {name.partition(".")[0] for name in network.tensors} == {"S", "G"}
    assert "lr_mlp is not in the file" in network.values["notes"][0]
    (tmp_path / ".config.json").write_text('{"image_size": 16, "lr_mlp": 0.01, "transparent": false}')
    assert read_network(tmp_path / "model_7.pt").values["shape"]["lr_multiplier"] == 0.01
    (tmp_path / "model_7.config.json").write_text('{"lr_mlp": 0.5}')
    network = read_network(tmp_path / "model_7.pt")
    assert network.values["shape"]["lr_multiplier"] == 0.5
    assert "notes" not in network.values


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("GE.blocks.1.gate.weight", r"'G\.blocks\.1\.gate\.weight' is unknown"),
        ("GE.blocks.0.conv2.weight", r"'G\.blocks\.0\.conv2\.weight' is 2x3 where 16x16x3x3 is needed"),
        ("H.blocks.0.weight", r"has 'H\.blocks\.0\.weight' under 'GAN'"),
    ],
)
def test_a_lightweight_uses_every_tensor_or_says_which_not(tmp_path: Path, name: str, sentence: str) -> None:
    value = torch.load(io.BytesIO(foreign.lucidrains()), weights_only=True)
    value["GAN"][name] = torch.zeros(2, 3)
    torch.save(value, tmp_path / "model_7.pt")
    with pytest.raises(NetworkError, match=sentence):
        read_network(tmp_path / "model_7.pt")


def test_a_config_counts_in_the_cache(tmp_path: Path) -> None:
    path = written(tmp_path, "model_7.pt", foreign.lucidrains())
    rates = [find_network(path).shape["lr_multiplier"]]
    assert "0.1 was taken" in "\n".join(describe(str(path)))
    (tmp_path / ".config.json").write_text('{"lr_mlp": 0.01}')
    rates.append(find_network(path).shape["lr_multiplier"])
    assert rates == [0.1, 0.01]
    assert "0.1 was taken" not in "\n".join(describe(str(path)))


OTHERS = {
    "empty": (b"", "is empty"),
    "song": (b"ID3\x04" + bytes(100), "a song"),
    "ogg": (b"OggS" + bytes(100), "a song"),
    "wav": (b"RIFF\x00\x00\x00\x00WAVEfmt ", "a song"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(100), "JPEG"),
    "png": (b"\x89PNG\r\n\x1a\n", "PNG"),
    "film": (b"\x00\x00\x00\x20ftypisom", "a film"),
    "page": (b"\n<!DOCTYPE html><html>Sign in</html>", "a web page"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "gzip": (b"\x1f\x8b" + bytes(30), "unpack it"),
    "keras": (b"\x89HDF\r\n\x1a\n", "HDF5"),
    "words": (b"hello world " * 50, "is not a network"),
    "zeros": (bytes(5000), "is not a network"),
    "a number": (pickle.dumps(5), "holds a single value"),
    "another pickle": (pickle.dumps({"model": 1, "epoch": 2}), "a dictionary of 'model', 'epoch'"),
    "another list": (pickle.dumps([1, 2, 3]), "holds a list"),
    "no generator": (pickle.dumps({"G_ema": None}), "no generator under 'G_ema'"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_no_network_is_called_by_its_name(what: str, tmp_path: Path) -> None:
    data, says = OTHERS[what]
    for name in ("network.pkl", "network.pt", "x.png"):
        path = written(tmp_path, name, data)
        with pytest.raises(NetworkError, match=says) as caught:
            find_network(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


def test_tensorflow_of_another_version_or_another_activation(tmp_path: Path) -> None:
    for version, words in ((1, "version 1; livegan plays"), (2, "StyleGAN of 2019 has not"), (3, "of 2019 has not")):
        path = written(tmp_path, "old.pkl", foreign.tensorflow(foreign.stylegan2(), SG2, version))
        with pytest.raises(NetworkError, match=words):
            read_network(path)
    for odd in ({"nonlinearity": "relu"}, {"resample_kernel": [1, 2, "x"]}, {"mapping_nonlinearity": "tanh"}):
        path = written(tmp_path, "odd.pkl", foreign.tensorflow(foreign.stylegan2(), SG2, **odd))
        with pytest.raises(NetworkError):
            read_network(path)


def test_a_name_decides_nothing(tmp_path: Path) -> None:
    data = foreign.nvidia(foreign.stylegan2(), SG2)
    infos = [find_network(written(tmp_path, name, data)) for name in ("a.pkl", "b.txt", "c.mp3", "d")]
    assert [info.name for info in infos] == ["a", "b", "c", "d"]
    assert len({info.path for info in infos}) == 1
    assert all(info.source.endswith(name) for info, name in zip(infos, ("a.pkl", "b.txt", "c.mp3", "d"), strict=True))


def test_sniffing_needs_only_the_head() -> None:
    heads = {name: data[:4096] for name, data in foreign.everyone().items()}
    assert {name: sniff(head, 10**6) for name, head in heads.items()} == {
        "stylegan2-ada.pkl": "pickle",
        "stylegan2-ada-protocol-3.pkl": "pickle",
        "stylegan3.pkl": "pickle",
        "tensorflow.pkl": "pickle",
        "rosinality.pt": "zip",
        "rosinality-training.pt": "legacy",
        "lucidrains.pt": "zip",
    }


def test_the_second_time_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "x.pkl", foreign.nvidia(foreign.stylegan2(), SG2))
    first = find_network(path)
    assert first.path.parent == cache_folder(file_hash(path)) / convert.FOLDER

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", never)
    assert find_network(path) == first
    read = read_info(first.path)
    assert replace(first, source="x.pkl") == read


@pytest.mark.parametrize("harm", ["gone", "cut", "described away", "another kind"])
def test_a_cache_that_was_harmed_is_made_again(harm: str, tmp_path: Path) -> None:
    path = written(tmp_path, "x.pkl", foreign.nvidia(foreign.stylegan2(), SG2))
    info = find_network(path)
    if harm == "gone":
        info.weights.unlink()
    elif harm == "cut":
        info.weights.write_bytes(info.weights.read_bytes()[:-1])
    elif harm == "described away":
        info.path.unlink()
    else:
        info.path.write_text(info.path.read_text().replace('"stylegan2"', '"custom"'))
    assert find_network(path) == info
    assert len(load_file(info.weights)) == len(foreign.stylegan2())
    assert [entry.name for entry in info.path.parent.parent.iterdir()] == [convert.FOLDER]


def test_two_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "x.pkl", foreign.nvidia(foreign.stylegan2(), SG2))
    networks: list[NetworkInfo] = []
    threads = [threading.Thread(target=lambda: networks.append(find_network(path))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(networks) == 3
    assert networks[0] == networks[1] == networks[2]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "x.pkl", foreign.nvidia(foreign.stylegan2(), SG2))
    (tmp_path / "no folder").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no folder"))
    info = find_network(path)
    assert info.weights.is_file()
    assert find_network(path) == info
    shutil.rmtree(convert._spare.pop(file_hash(path)))


def test_a_refusal_is_not_kept(tmp_path: Path) -> None:
    path = written(tmp_path, "x.pkl", b"\x80\x04N.")
    for _ in range(2):
        with pytest.raises(NetworkError, match="single value"):
            find_network(path)
    folder = cache_folder(file_hash(path))
    assert not list(folder.iterdir())


def test_a_folder_is_all_networks_in_it_in_the_order_of_training(tmp_path: Path) -> None:
    data = foreign.nvidia(foreign.stylegan2(), SG2)
    names = ["network-snapshot-2", "network-snapshot-10", "network-snapshot-0100"]
    folder = tmp_path / "00001-run"
    folder.mkdir()
    for name in reversed(names):
        written(folder, f"{name}.pkl", data)
    for name in ("log.txt", "stats.jsonl", "training_options.json", "fakes000000.png", ".hidden.pkl"):
        written(folder, name, b'{"x": 1}' if "json" in name else b"hello")
    assert [info.name for info in find_networks(folder)] == names
    assert [info.name for info in find_networks(folder / "network-snapshot-2.pkl")] == names[:1]
    assert [info.name for info in find_networks("plain")] == ["plain"]
    written(folder, "network-snapshot-3.pkl", data[:500])
    with pytest.raises(NetworkError, match=r"network-snapshot-3\.pkl"):
        find_networks(folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(NetworkError, match="no networks in this folder"):
        find_networks(empty)
    with pytest.raises(NetworkError, match="is a folder"):
        find_network(folder)


def test_a_folder_of_our_own_networks(tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    folder.mkdir()
    for name in ("b-9", "b-10"):
        info = find_network(written(tmp_path, f"{name}.pkl", foreign.nvidia(foreign.stylegan2(), SG2)))
        (folder / f"{name}.json").write_bytes(info.path.read_bytes())
        (folder / f"{name}.safetensors").write_bytes(info.weights.read_bytes())
    write_info(replace(find_network("plain"), path=folder / "c.json"))
    assert [info.name for info in find_networks(folder)] == ["b-9", "b-10", "c"]
    (folder / "b-9.json").unlink()
    with pytest.raises(NetworkError, match=r"b-9\.json must lie beside it"):
        find_networks(folder)


def test_added_networks_have_names() -> None:
    before = [info.name for info in list_networks()]
    folder = installed_folder()
    folder.mkdir(parents=True)
    write_info(replace(find_network("plain"), path=folder / "mine.json", title="mine", source="a friend"))
    write_info(replace(find_network("plain"), path=folder / "plain.json", title="another"))
    write_info(NetworkInfo("big", folder / "big.json", "custom", (8, 8), 4, shape={"function": "a:b"}))
    assert [info.name for info in list_networks()] == [*before, "big", "mine"]
    assert find_network("mine").source == "a friend"
    assert find_network("plain").title != "another"
    assert find_network("big").kind == find_network(folder / "big.json").kind == "custom"
    with pytest.raises(NetworkError, match="did you mean 'mine'"):
        find_network("mines")


def test_an_older_description_without_a_source_is_read(tmp_path: Path) -> None:
    info = replace(find_network("plain"), path=tmp_path / "x.json", name="x")
    write_info(info)
    assert "source" not in json.loads(info.path.read_text())
    assert read_info(info.path) == info
    write_info(replace(info, source="there"))
    assert read_info(info.path).source == "there"


def test_the_reader_wakes_no_torch() -> None:
    code = "import sys; import livegan.networks.importers.worker, livegan.networks.importers.convert; "
    code += "print([name for name in ('torch', 'pydantic', 'scipy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_process_that_breaks_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "x.pkl", foreign.nvidia(foreign.stylegan2(), SG2))
    for code, says in (
        ("import os; os.kill(os.getpid(), 11)", "signal 11"),
        ("import os; os.kill(os.getpid(), 9)", "of memory"),
        ("raise SystemExit(7)", "code 7"),
        ("1 / 0", "ZeroDivisionError"),
        ("print('hello')", "could not be read"),
        ("print('{}')", "not whole"),
        ("import time; time.sleep(60)", "took longer than 1 s"),
    ):
        monkeypatch.setattr(convert, "BOOT", code)
        monkeypatch.setattr(convert, "BASE_SECONDS", 1 if "sleep" in code else 60)
        with pytest.raises(NetworkError, match=says) as caught:
            find_network(path)
        assert "\n" not in str(caught.value)
    assert multiprocessing.active_children() == []
