"""Encoders: shapes, files, where they are found, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.encoder import (
    BOUND,
    Encoder,
    EncoderNet,
    describe,
    encoder_size,
    find_encoder,
    fitted,
    load_encoder,
    save_encoder,
)
from livegan.networks.encoder_file import encoder_path, installed_path
from livegan.networks.info import ENCODER_SUFFIX, NetworkInfo
from livegan.networks.library import find_network, open_network
from livegan.training.distill import Latents
from livegan.training.encoder import psnr
from livegan.training.generator import synthesize
from tests.tiny_networks import tiny, tiny_info


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def untrained(info: NetworkInfo, seed: int = 1) -> Encoder:
    """An encoder of random weights, of which every number changes what it gives."""
    described = describe(info, encoder_size(info, 16), components=4)
    torch.manual_seed(seed)
    net = EncoderNet(described)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    net.basis.normal_()
    net.mean.normal_()
    return Encoder(described, net)


def written(path: Path, encoder: Encoder) -> Path:
    save_encoder(path, encoder.info, encoder.net)
    return path


def test_a_picture_of_any_size_becomes_w_of_every_row(tmp_path: Path) -> None:
    info = tiny(tmp_path, "stylegan2")
    encoder = untrained(info)
    for size in ((16, 16), (40, 90), (7, 300), (1, 1)):
        assert encoder.encode(torch.rand(2, 3, *size)).shape == (2, info.num_ws, info.w_dim)
    assert encoder.encode(torch.rand(0, 3, 8, 8)).shape == (0, info.num_ws, info.w_dim)


def test_pictures_beside_each_other_change_nothing(tmp_path: Path) -> None:
    encoder = untrained(tiny(tmp_path, "stylegan2"))
    images = torch.rand(5, 3, 16, 16) * 2 - 1
    together = encoder.encode(images)
    for image, expected in zip(images, together, strict=True):
        torch.testing.assert_close(encoder.encode(image[None])[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(480, 640), (33, 17), (16, 16)])
def test_pixels_of_a_camera_give_nearly_what_the_whole_picture_gives(size: tuple[int, int], tmp_path: Path) -> None:
    encoder = untrained(tiny(tmp_path, "stylegan2"))
    ramp = np.linspace(0, 255, size[0] * size[1] * 3).reshape(*size, 3).astype(np.uint8)
    whole = encoder.encode(torch.from_numpy(ramp).permute(2, 0, 1)[None].float() / 127.5 - 1)[0].numpy()
    np.testing.assert_allclose(encoder.encode_pixels(ramp), whole, atol=0.05 * np.abs(whole).max())


def test_whatever_it_sees_w_stays_within_the_bound(tmp_path: Path) -> None:
    encoder = untrained(tiny(tmp_path, "stylegan2"))
    wild = torch.randn(4, 3, 16, 16) * 1e4
    assert float(encoder.net.components(wild).abs().max()) <= BOUND
    assert bool(torch.isfinite(encoder.encode(wild)).all())


def test_what_does_not_fit_the_shape_is_cut_off() -> None:
    wide = torch.zeros(1, 3, 16, 64)
    wide[..., 24:40] = 1
    assert bool((fitted(wide, (16, 16)) == 1).all())
    assert bool((fitted(wide.transpose(2, 3), (16, 16)) == 1).all())


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    info = tiny(tmp_path, "stylegan2")
    encoder = untrained(info)
    again = load_encoder(written(tmp_path / f"tiny{ENCODER_SUFFIX}", encoder))
    assert again.info == encoder.info
    images = torch.rand(3, 3, 16, 16)
    torch.testing.assert_close(again.encode(images), encoder.encode(images), rtol=0.05, atol=0.05)


def test_it_is_found_beside_the_network_and_in_the_cache_first(tmp_path: Path) -> None:
    info = tiny(tmp_path, "stylegan2")
    assert encoder_path(info) is None
    assert find_encoder(info) is None
    beside = written(info.path.with_suffix(ENCODER_SUFFIX), untrained(info))
    assert encoder_path(info) == beside
    found = find_encoder(info)
    assert found is not None
    own = written(installed_path(found.info.network_hash), untrained(info, seed=2))
    assert encoder_path(info) == own


def test_an_encoder_of_other_weights_is_refused(tmp_path: Path) -> None:
    info = tiny(tmp_path, "stylegan2")
    other = tiny(tmp_path / "other", "stylegan2", seed=9)
    written(info.path.with_suffix(ENCODER_SUFFIX), untrained(other))
    with pytest.raises(NetworkError, match=r"other weights.*livegan train encoder --network tiny"):
        find_encoder(info)


def test_a_light_sibling_takes_the_first_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tiny(tmp_path, "stylegan2")
    light = tiny(
        tmp_path, "stylegan2", name="tiny-light", resolution=(8, 8), shape={"channels": [16, 16], "mapping_layers": 2}
    )
    light = replace(light, light_of="tiny")
    written(info.path.with_suffix(ENCODER_SUFFIX), untrained(info))
    monkeypatch.setattr("livegan.networks.encoder_file.find_network", lambda name: info)
    encoder = find_encoder(light)
    assert encoder is not None
    assert encoder.encode(torch.rand(1, 3, 16, 16)).shape == (1, light.num_ws, light.w_dim)
    monkeypatch.setattr("livegan.networks.encoder_file.find_network", lambda name: light)  # a sibling of itself
    assert encoder_path(light) is None


def test_a_network_without_weights_has_none() -> None:
    assert encoder_path(tiny_info("stylegan2", Path("/nowhere"))) is None


@pytest.mark.parametrize("damage", ["cut", "no safetensors", "empty", "other rows", "integers", "huge"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, damage: str) -> None:
    path = written(tmp_path / f"tiny{ENCODER_SUFFIX}", untrained(tiny(tmp_path, "stylegan2")))
    content = path.read_bytes()
    rows = 0
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "no safetensors":
        path.write_bytes(b"GIF89a" * 100)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "integers":
        tensors = load_file(path)
        with safe_open(path, framework="pt") as file:
            save_file({**tensors, "mean": tensors["mean"].int()}, path, file.metadata())
    elif damage == "huge":
        encoder = load_encoder(path)
        save_encoder(path, replace(encoder.info, size=(4096, 4096), channels=(4096, 1)), encoder.net)
    else:
        rows = 99
    with pytest.raises(NetworkError) as error:
        load_encoder(path, num_ws=rows)
    assert "\n" not in str(error.value)
    assert "train" in str(error.value)
    assert {"integers": "'mean' is wrong", "huge": "too large"}.get(damage, "") in str(error.value)


def test_the_bundled_encoder_knows_the_pictures_of_its_network() -> None:
    info = find_network("house-256")
    encoder, network = find_encoder(info), open_network(info)
    assert encoder is not None
    assert isinstance(network, StyleGAN2)
    assert encoder.info.licence == info.licence
    ws = Latents(network, seed=77)(list(range(8)))
    with torch.no_grad():
        pictures = synthesize(network, ws, levels=6)  # half of its lines: the same picture, in less time
        again = synthesize(network, encoder.encode(pictures), levels=6)
        mean = synthesize(network, network.w_avg.expand(1, network.num_ws, -1), levels=6)
    assert float(psnr(again, pictures).mean()) > float(psnr(mean, pictures).mean()) + 5


def test_the_light_sibling_of_the_bundled_network_shares_it() -> None:
    info = find_network("house-256-light")
    encoder = find_encoder(info)
    assert encoder is not None
    assert encoder.encode(torch.rand(1, 3, 9, 16)).shape == (1, info.num_ws, info.w_dim)
