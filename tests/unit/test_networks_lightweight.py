"""The lightweight StyleGAN2: its own arithmetic once more by the definition, slowly, and the laws of every StyleNet."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from scipy.special import erf

from livegan import load_network
from livegan.core.types import Bend
from livegan.errors import NetworkError
from livegan.networks.architectures.lightweight import LightweightStyleGAN2, noise_image
from livegan.networks.architectures.lightweight_shape import LightweightShape, native_name, shape_from, tensor_shapes
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.importers.lucidrains import attention_norm
from livegan.networks.info import NetworkInfo, read_info
from livegan.networks.library import open_network
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import save_weights
from livegan.rendering.backends.demodulated import backend_specs
from tests.reference_networks import FOLDER, PICTURE_WITHIN, W_WITHIN, answers, far, needed

PLAIN = SynthesisOptions()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """These networks are too small for two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


SHAPE = {"channels": [6, 5, 4], "initial_channels": 7, "mapping_layers": 3}
INFO = NetworkInfo("small", Path("small.json"), "lightweight", (16, 16), 8, 0, 8, shape=SHAPE)
KINDS: list[dict[str, Any]] = [
    {},
    {"colours": 4},
    {"constant": False},
    {"blur": False, "initial_conv": False},
    {"attention": [0, 2]},
    {"attention": [1], "attention_norm": "deviation"},
    {"attention": [1], "attention_norm": "instance"},
]


def made(seed: int = 0, **kinds: Any) -> LightweightStyleGAN2:
    network = LightweightStyleGAN2(LightweightShape.of(replace(INFO, shape={**SHAPE, **kinds})))
    rng = torch.Generator().manual_seed(seed)
    for key, tensor in network.state_dict().items():
        if not key.endswith(".f"):
            tensor.normal_(generator=rng)
    return network


def some_ws(network: LightweightStyleGAN2, count: int = 1, seed: int = 3) -> torch.Tensor:
    return torch.randn(count, network.num_ws, network.w_dim, generator=torch.Generator().manual_seed(seed))


# -- by the definition: one picture, one channel at a time, float64


def slow_mapping(t: dict[str, np.ndarray], z: np.ndarray) -> np.ndarray:
    x = z / np.linalg.norm(z)
    for index in (0, 2, 4):
        x = 0.1 * (t[f"S.net.{index}.weight"] @ x + t[f"S.net.{index}.bias"])
        x = np.where(x > 0, x, 0.2 * x)
    return x


def slow_modulated(x: np.ndarray, weight: np.ndarray, style: np.ndarray, demodulated: bool) -> np.ndarray:
    weight = weight * (1 + style)[:, None, None]
    if demodulated:
        weight = weight / np.sqrt((weight**2).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)
    mode = "same"
    return np.array([sum(convolve2d(a, k[::-1, ::-1], mode) for a, k in zip(x, row, strict=True)) for row in weight])


def slow_double(x: np.ndarray) -> np.ndarray:
    """Bilinear, one plane: each new sample lies a quarter from an old one, edges repeated."""
    for _ in range(2):
        wide = np.pad(x, ((1, 1), (0, 0)), mode="edge")
        near, before, after = wide[1:-1], wide[:-2], wide[2:]
        x = np.stack([0.75 * near + 0.25 * before, 0.75 * near + 0.25 * after], axis=1).reshape(-1, x.shape[1]).T
    return x


def slow_norm(t: dict[str, np.ndarray], name: str, x: np.ndarray, deviation: bool) -> np.ndarray:
    if f"{name}.g" in t:
        away, variance = x - x.mean(axis=0), x.var(axis=0)
        gain, bias = t[f"{name}.g"][0], t[f"{name}.b"][0]
    else:
        away, variance = x - x.mean(axis=(1, 2), keepdims=True), x.var(axis=(1, 2))[:, None, None]
        gain, bias = t[f"{name}.weight"][:, None, None], t[f"{name}.bias"][:, None, None]
    return away / (np.sqrt(variance) + 1e-5 if deviation else np.sqrt(variance + 1e-5)) * gain + bias


def slow_attention(t: dict[str, np.ndarray], name: str, x: np.ndarray, deviation: bool) -> np.ndarray:
    """Linear attention and what follows it, pixel by pixel and head by head."""

    def pointwise(x: np.ndarray, part: str) -> np.ndarray:
        y = np.tensordot(t[f"{name}.{part}.weight"][:, :, 0, 0], x, 1)
        bias = t.get(f"{name}.{part}.bias")
        return y if bias is None else y + bias[:, None, None]

    n = slow_norm(t, f"{name}.0.fn.norm", x, deviation)
    across = t[f"{name}.0.fn.fn.to_kv.net.0.weight"][:, 0]
    wide = np.array([convolve2d(plane, k[::-1, ::-1], "same") for plane, k in zip(n, across, strict=True)])
    q, both = pointwise(n, "0.fn.fn.to_q"), pointwise(wide, "0.fn.fn.to_kv.net.1")
    out = np.zeros_like(q)
    for head in range(8):
        part = slice(64 * head, 64 * head + 64)
        key, value = np.exp(both[:512][part]), both[512:][part]
        key = key / key.sum(axis=(1, 2), keepdims=True)
        context = np.einsum("cyx,eyx->ce", key, value)
        query = np.exp(q[part]) / np.exp(q[part]).sum(axis=0) / 8
        out[part] = np.einsum("cyx,ce->eyx", query, context)
    x = x + pointwise(out * (1 + erf(out / 2**0.5)) / 2, "0.fn.fn.to_out")
    y = pointwise(slow_norm(t, f"{name}.1.fn.norm", x, deviation), "1.fn.fn.0")
    return x + pointwise(np.where(y > 0, y, 0.2 * y), "1.fn.fn.2")


def slow_picture(
    t: dict[str, np.ndarray], ws: np.ndarray, noise: np.ndarray, gain: float, deviation: bool = False
) -> np.ndarray:
    if "G.initial_block" in t:
        x = t["G.initial_block"][0]
    else:
        x = np.tensordot(ws.mean(axis=0), t["G.to_initial_block.weight"], 1)
    if "G.initial_conv.weight" in t:
        bias = t["G.initial_conv.bias"]
        x = slow_modulated(x, t["G.initial_conv.weight"], np.zeros(len(x)), False) + bias[:, None, None]
    picture: np.ndarray | float = 0.0
    for level, w in enumerate(ws):
        name = f"G.blocks.{level}"
        if f"G.attns.{level}.0.fn.fn.to_q.weight" in t:
            x = slow_attention(t, f"G.attns.{level}", x, deviation)
        x = np.array([slow_double(plane) for plane in x]) if level else x
        side = x.shape[1]
        plane = 0.5 + gain * (noise[:side, :side].T - 0.5)
        for k in (1, 2):
            style = t[f"{name}.to_style{k}.weight"] @ w + t[f"{name}.to_style{k}.bias"]
            x = slow_modulated(x, t[f"{name}.conv{k}.weight"], style, True)
            x = x + t[f"{name}.to_noise{k}.weight"][:, :, None] * plane + t[f"{name}.to_noise{k}.bias"][:, None, None]
            x = np.where(x > 0, x, 0.2 * x)
        style = t[f"{name}.to_rgb.to_style.weight"] @ w + t[f"{name}.to_rgb.to_style.bias"]
        picture = picture + slow_modulated(x, t[f"{name}.to_rgb.conv.weight"], style, False)
        if level < len(ws) - 1:
            picture = np.array([slow_double(plane) for plane in picture])
        if f"{name}.to_rgb.upsample.1.f" in t:
            taps = np.outer([1, 2, 1], [1, 2, 1]) / 16
            picture = np.array([convolve2d(np.pad(plane, 1, mode="reflect"), taps, "valid") for plane in picture])
    return np.asarray(picture)


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_network_agrees_with_a_slow_one(kind: dict[str, Any]) -> None:
    network = made(**kind)
    t = {key: tensor.double().numpy() for key, tensor in network.state_dict().items()}
    rng = np.random.default_rng(2)
    z, noise = rng.standard_normal(8), rng.random((16, 16))
    w = network.map(torch.from_numpy(z).float()[None], torch.zeros(1, 0))
    np.testing.assert_allclose(w[0].numpy(), slow_mapping(t, z), atol=1e-6)
    ws = some_ws(network)
    for gain in (1.0, 0.0, 0.4):
        options = SynthesisOptions(noise=(gain,) * 3)
        found = network.synthesize(ws, options, noise=torch.from_numpy(noise).float()[None])[0]
        expected = slow_picture(t, ws[0].double().numpy(), noise, gain, kind.get("attention_norm") == "deviation")
        assert found.shape == (network.colours, 16, 16)
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-4 * np.abs(expected).max())


@needed
def test_the_reference_network_with_attention() -> None:
    net = load_network(FOLDER / "lucidrains-attn-32.pt")
    for case, known in answers("lucidrains-attn-32.pt"):
        w = net.map(np.random.RandomState(case["seed"]).randn(1, net.z_dim).astype(np.float32))
        assert np.abs(w[0] - known["w"]).max() <= W_WITHIN
        assert far(net.synthesize(w, known["noise"])[0], known["img"]) <= PICTURE_WITHIN


# -- laws


def test_many_pictures_at_once_are_the_same_as_one_by_one() -> None:
    network = made()
    ws = some_ws(network, 3)
    many = network.synthesize(ws, PLAIN)
    for k in range(3):
        torch.testing.assert_close(many[k : k + 1], network.synthesize(ws[k : k + 1], PLAIN), atol=1e-5, rtol=1e-4)


def test_the_length_of_z_does_not_matter_and_the_average_w_is_that_of_many() -> None:
    network = made()
    z = torch.randn(4000, 8, generator=torch.Generator().manual_seed(1))
    w = network.map(z, torch.zeros(4000, 0))
    torch.testing.assert_close(w, network.map(z * 3, torch.zeros(4000, 0)))
    assert torch.equal(network.w_avg, network.w_avg)
    away = (w.mean(dim=0) - network.w_avg).abs() / w.std(dim=0)
    assert float(away.max()) < 0.1
    torch.testing.assert_close(network.w_avg, made().w_avg)


def test_the_noise_has_a_seed_and_gains_by_group() -> None:
    network = made()
    ws = some_ws(network)
    still = network.synthesize(ws, PLAIN)
    assert torch.equal(still, network.synthesize(ws, PLAIN))
    assert (network.synthesize(ws, SynthesisOptions(noise_seed=7)) - still).abs().max() > 1e-3
    torch.testing.assert_close(network.synthesize(ws, PLAIN, noise=noise_image(0, 16)[None]), still)
    for gains in ((0.0, 1.0, 1.0), (1.0, 0.0, 1.0)):
        assert (network.synthesize(ws, SynthesisOptions(noise=gains)) - still).abs().max() > 1e-3
    assert torch.equal(
        network.synthesize(ws, SynthesisOptions(noise=(1.0, 1.0, 0.0))), still
    )  # it has no layer of 64 px
    flat = SynthesisOptions(noise=(0.0, 0.0, 0.0))
    seven = SynthesisOptions(noise=(0.0, 0.0, 0.0), noise_seed=7)
    assert torch.equal(network.synthesize(ws, flat), network.synthesize(ws, seven))
    assert noise_image(3, 16).min() >= 0
    assert noise_image(3, 16).max() <= 1


def test_every_row_of_w_matters_and_is_that_of_its_block() -> None:
    network = made()
    ws = some_ws(network)
    still = network.synthesize(ws, PLAIN)
    for row in range(3):
        other = ws.clone()
        other[0, row] += 1
        assert (network.synthesize(other, PLAIN) - still).abs().max() > 1e-3
    assert network.row_groups == (0, 0, 1)
    found = network.affines()
    assert [row for row, _ in found] == [0, 0, 1, 1, 2, 2]
    assert [tuple(weight.shape) for _, weight in found] == [(7, 8), (6, 8), (6, 8), (5, 8), (5, 8), (4, 8)]


def test_bends_act_in_their_layer_and_of_amount_zero_nowhere() -> None:
    network = made()
    ws = some_ws(network)
    still = network.synthesize(ws, PLAIN)
    assert torch.equal(network.synthesize(ws, SynthesisOptions(bends=(Bend("ablate", "all", 0.0),))), still)
    assert torch.equal(network.synthesize(ws, SynthesisOptions(bends=(Bend("ablate", "64", 1.0),))), still)
    for layer in ("coarse", "middle", "all", "4", "16"):
        bent = network.synthesize(ws, SynthesisOptions(bends=(Bend("flip-x", layer, 1.0),)))
        assert (bent - still).abs().max() > 1e-3, layer


@pytest.mark.parametrize("kind", KINDS)
def test_the_backend_draws_the_networks_picture(kind: dict[str, Any]) -> None:
    network = made(**kind)
    spec = backend_specs(network, "cpu")[0]
    backend = spec.make()
    assert spec.name == "torch fp32, 1 thread"
    for seed in (0, 4):
        ws, options = some_ws(network, seed=seed) / 10, SynthesisOptions(noise_seed=seed)
        expected = to_pixels(network.synthesize(ws, options)[0], network.span)
        found = backend.render(ws[0], options)
        assert found.shape == (16, 16, 3)
        assert found.is_contiguous()
        assert int((found.int() - expected.int()).abs().max()) <= 1
    again = backend.render(ws[0], options)
    assert torch.equal(again, found)
    assert again.data_ptr() != found.data_ptr()


def test_clusters_set_after_backends_were_made_reach_them() -> None:
    network = made()
    ws = some_ws(network)
    layer, channels = "4", network.affines()[1][1].shape[0]
    options = SynthesisOptions(bends=(Bend("ablate", layer, 1.0, cluster=1),))
    for backend in (spec.make() for spec in backend_specs(network, "cpu")):
        backend.set_clusters({0: torch.full((channels,), 2)})
        assert torch.equal(backend.render(ws[0], options), backend.render(ws[0], PLAIN))
        backend.set_clusters({0: torch.ones(channels, dtype=torch.int64)})
        assert not torch.equal(backend.render(ws[0], options), backend.render(ws[0], PLAIN))


# -- files


@pytest.mark.parametrize("kind", KINDS)
def test_the_shape_is_read_off_the_tensors(kind: dict[str, Any]) -> None:
    network = made(**kind)
    theirs = {f"{key[0]}E{key[1:]}": tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    theirs |= {"S.net.0.weight": (1, 1), "G.initial_block": (1, 1), "D.x": (1,), "D_aug.D.x": (1,), "SE": (1,)}
    ours = {name: sides for key, sides in theirs.items() if (name := native_name(key))}
    assert ours == {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    found = shape_from(ours, {"network_capacity": 99}, kind.get("attention_norm", "variance"))
    assert tensor_shapes(network.shape) == ours
    assert LightweightShape.of(NetworkInfo("x", Path("x.json"), "lightweight", **found)) == network.shape
    assert shape_from(ours, {"lr_mlp": 0.5})["shape"]["lr_multiplier"] == 0.5


def test_the_version_says_how_attention_normalises() -> None:
    channel, instance = ["G.attns.1.0.fn.norm.g"], ["G.attns.1.0.fn.norm.weight"]
    for version, norm in (
        ("1.8.1", "deviation"),
        ("1.8.7", "deviation"),
        ("1.8.8", "variance"),
        ("1.10.0", "variance"),
    ):
        assert attention_norm(channel, version) == norm
    assert attention_norm(instance, "1.8.3") == "instance"
    for version in (None, "new", 1.9, "1.9"):
        with pytest.raises(NetworkError, match="does not say which version"):
            attention_norm(channel, version)
    with pytest.raises(NetworkError, match=r"before 1\.8 \('G\.attns"):
        attention_norm(["G.attns.1.0.fn.g", "G.attns.1.0.fn.fn.to_q.weight"], "1.6.0")


def test_the_norms_of_attention_differ() -> None:
    variance, deviation = (made(attention=[1], attention_norm=norm) for norm in ("variance", "deviation"))
    for network in (variance, deviation):
        network.G.blocks[0].conv2.weight.data *= 0  # the noise alone is left, faintly
        network.G.blocks[0].to_noise2.weight.data *= 1e-3
        network.G.blocks[0].to_noise2.bias.data *= 1e-3
    ws = some_ws(variance)
    assert (variance.synthesize(ws, PLAIN) - deviation.synthesize(ws, PLAIN)).abs().max() > 1e-2


def test_tensors_that_are_missing_are_refused() -> None:
    ours = {key: tuple(tensor.shape) for key, tensor in made().state_dict().items()}
    for missing in ("G.blocks.0.conv1.weight", "G.blocks.1.conv1.weight", "S.net.0.weight"):
        with pytest.raises(NetworkError):
            shape_from({key: sides for key, sides in ours.items() if key != missing}, {})
    with pytest.raises(NetworkError, match="lr_mlp"):
        shape_from(ours, {"lr_mlp": "fast"})
    with pytest.raises(NetworkError):
        shape_from({}, {})


def test_a_network_comes_back_from_its_files(tmp_path: Path) -> None:
    network = made()
    info = replace(INFO, path=tmp_path / "small.json")
    save_weights(info, network.state_dict())
    again = open_network(read_info(info.path))
    ws = some_ws(network)
    torch.testing.assert_close(again.synthesize(ws, PLAIN), network.synthesize(ws, PLAIN))
    state = {**network.state_dict(), "G.blocks.0.conv1.weight": torch.zeros(6, 7, 1, 1)}
    save_weights(info, state)
    with pytest.raises(NetworkError, match=r"G\.blocks\.0\.conv1\.weight"):
        open_network(read_info(info.path))


LIES: list[tuple[str, Any]] = [
    ("channels", []),
    ("channels", 4),
    ("channels", [6, 5]),
    ("channels", [6, 5, True]),
    ("channels", [16000, 16000, 16000]),
    ("initial_channels", 0),
    ("mapping_layers", 1.0),
    ("colours", 1),
    ("colours", [3]),
    ("lr_multiplier", float("inf")),
    ("lr_multiplier", "0.1"),
    ("constant", 1),
    ("blur", None),
    ("attention", [3]),
    ("attention", [2, 1]),
    ("attention", [True]),
    ("attention", 1),
    ("attention_norm", "none"),
    ("surprise", 1),
]


@pytest.mark.parametrize(("key", "lie"), LIES)
def test_a_shape_that_lies_is_refused_before_memory_is_taken(key: str, lie: Any) -> None:
    with pytest.raises(NetworkError, match=r"small\.json"):
        LightweightShape.of(replace(INFO, shape={**SHAPE, key: lie}))


def test_numbers_that_contradict_each_other_are_refused() -> None:
    for wrong in ({"w_dim": 9}, {"c_dim": 2}, {"resolution": (16, 32)}, {"w_dim": 0, "z_dim": 0}):
        with pytest.raises(NetworkError, match=r"small\.json"):
            LightweightShape.of(replace(INFO, **wrong))
    for key in SHAPE:
        with pytest.raises(NetworkError, match=key):
            LightweightShape.of(replace(INFO, shape={name: value for name, value in SHAPE.items() if name != key}))
