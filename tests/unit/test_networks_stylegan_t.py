"""StyleGAN-T: its own arithmetic once more by the definition, slowly, and what is particular to its text vector."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d

from livegan import load_network
from livegan.core.types import Bend, FramePlan
from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.architectures.stylegan_t import StyleGANT
from livegan.networks.architectures.stylegan_t_shape import StyleGANTShape, shape_from, tensor_shapes
from livegan.networks.importers.imported import ImportedNetwork
from livegan.networks.importers.read import read_network
from livegan.networks.info import NetworkInfo
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.demodulated import backend_specs
from livegan.rendering.latents_to_ws import WsBuilder
from tests.foreign_stylegan_t import SHAPE, stylegan_t, tensors_of
from tests.reference_networks import FOLDER, PICTURE_WITHIN, W_WITHIN, answers, far, needed

Tensors = dict[str, np.ndarray]
INFO = NetworkInfo("small", Path("small.json"), "stylegan-t", (32, 32), 6, 5, 11, shape=SHAPE)
KINDS: list[dict[str, Any]] = [
    {},
    {"architecture": "orig", "layers": [4, 1, 3], "mapping_layers": 3},
    {"colours": 1, "conv_clamp": 0.4, "groups": 4},
]


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def made(**kinds: Any) -> tuple[StyleGANT, Tensors]:
    network = StyleGANT.from_info(replace(INFO, shape={**SHAPE, **kinds}))
    tensors = tensors_of(network.shape)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    return network, tensors


# -- by the definition: one picture, float64


def dense(t: Tensors, name: str, x: np.ndarray, rate: float = 1.0) -> np.ndarray:
    weight, bias = t[f"{name}.weight"].astype(float), t[f"{name}.bias"].astype(float)
    return np.asarray(weight @ x * rate / np.sqrt(weight.shape[1]) + bias * rate)


def lrelu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x)


def slow_x(t: Tensors, z: np.ndarray, layers: int) -> np.ndarray:
    x = z / np.sqrt((z**2).mean() + 1e-8)
    for index in range(layers):
        x = dense(t, f"mapping.mlp.fc{index}", x, 0.01)
        x = x if index == layers - 1 else lrelu(x) * np.sqrt(2)
    return x


def slow_style(t: Tensors, name: str, w: np.ndarray) -> np.ndarray:
    a, b, c = np.split(dense(t, f"{name}.affine.proj", w), 3)
    return np.asarray(a * b + c)


def correlated(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return np.array([sum(convolve2d(a, k[::-1, ::-1], "same") for a, k in zip(x, row, strict=True)) for row in weight])


def slow_doubled(x: np.ndarray) -> np.ndarray:
    """Zeros between the samples, then [1, 3, 3, 1] x [1, 3, 3, 1] / 16, so that the brightness stays."""
    kernel = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16
    wide = np.zeros((len(x), 2 * x.shape[1], 2 * x.shape[2]))
    wide[:, ::2, ::2] = x
    return np.array([convolve2d(np.pad(plane, ((2, 1), (2, 1))), kernel, "valid") for plane in wide])


def slow_up_convolution(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Each sample lays a kernel on a plane of twice the size, one sample wider, which is then filtered as above."""
    kernel = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16
    side = x.shape[1]
    wide = np.zeros((len(weight), 2 * side + 1, 2 * side + 1))
    for row in range(side):
        for column in range(side):
            laid = np.tensordot(weight, x[:, row, column], (1, 0))
            wide[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3] += laid
    return np.array([convolve2d(np.pad(plane, 1), kernel, "valid") for plane in wide])


def slow_input(t: Tensors, w: np.ndarray) -> np.ndarray:
    name = "synthesis.b8.input"
    cosine, sine, right, down = (turn := dense(t, f"{name}.affine", w)) / np.hypot(*turn[:2])
    rotation = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    shift = np.array([[1, 0, -right], [0, 1, -down], [0, 0, 1]])
    place = rotation @ shift @ t[f"{name}.transform"]
    freqs = t[f"{name}.freqs"] @ place[:2, :2]
    phases = t[f"{name}.phases"] + t[f"{name}.freqs"] @ place[:2, 2]
    loud = np.clip(1 - (np.linalg.norm(freqs, axis=1) - 2) / (8 / 2 - 2), 0, 1)
    at = (np.arange(8) + 0.5) / 8 - 0.5
    turns = freqs[:, 0, None, None] * at + freqs[:, 1, None, None] * at[:, None] + phases[:, None, None]
    waves = np.sin(2 * np.pi * turns) * loud[:, None, None]
    weight = t[f"{name}.weight"]
    return np.asarray(np.tensordot(weight / np.sqrt(len(weight)), waves, 1))


def slow_plain(t: Tensors, name: str, x: np.ndarray, w: np.ndarray, noise: float, clamp: float, up: bool) -> np.ndarray:
    weight = t[f"{name}.weight"] * slow_style(t, name, w)[:, None, None]
    weight = weight / np.sqrt((weight**2).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)
    x = slow_up_convolution(x, weight) if up else correlated(x, weight)
    x = x + noise * t[f"{name}.noise_const"] * t[f"{name}.noise_strength"] + t[f"{name}.bias"][:, None, None]
    gain = 1 if up else np.sqrt(0.5)
    return np.asarray(np.clip(lrelu(x) * np.sqrt(2) * gain, -clamp * gain, clamp * gain))


def slow_normed(t: Tensors, name: str, x: np.ndarray, groups: int) -> np.ndarray:
    parts = [(part - part.mean()) / np.sqrt(part.var() + 1e-5) for part in np.split(x, groups)]
    weight, bias = t[f"{name}.norm.weight"], t[f"{name}.norm.bias"]
    return np.concatenate(parts) * weight[:, None, None] + bias[:, None, None]


def slow_picture(t: Tensors, shape: StyleGANTShape, ws: np.ndarray, noise: float) -> np.ndarray:
    clamp = np.inf if shape.conv_clamp is None else shape.conv_clamp
    row = 0
    x: np.ndarray | None = None
    picture: np.ndarray | None = None
    for level, side in enumerate(shape.sides):
        block = f"synthesis.b{side}"
        w = ws[row]
        x = slow_input(t, w) if x is None else slow_plain(t, f"{block}.conv0", x, w, noise, clamp, True)
        row += 1
        for index in range(shape.layers[level]):
            name = f"{block}.convs1.{index}"
            if f"{name}.gamma" in t:
                n = slow_normed(t, name, x, shape.groups)
                x = (t[f"{name}.gamma"][0] * slow_plain(t, name, n, ws[row], noise, clamp, False) + n) * np.sqrt(2)
            else:
                x = slow_plain(t, name, x, ws[row], noise, clamp, False)
            row += 1
        picture = None if picture is None else slow_doubled(picture)
        if f"{block}.torgb.weight" in t:
            style = slow_style(t, f"{block}.torgb", ws[row]) / np.sqrt(len(x))
            colours = np.tensordot(t[f"{block}.torgb.weight"][:, :, 0, 0] * style, x, 1)
            colours = np.clip(colours + t[f"{block}.torgb.bias"][:, None, None], -clamp, clamp)
            picture = colours if picture is None else picture + colours
    assert picture is not None
    return picture


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_network_agrees_with_a_slow_one(kind: dict[str, Any]) -> None:
    network, t = made(**kind)
    rng = np.random.default_rng(2)
    z, text = rng.standard_normal(6), rng.standard_normal(5)
    w = network.map(torch.from_numpy(z).float()[None], torch.from_numpy(text).float()[None])[0].numpy()
    np.testing.assert_allclose(w[:6], slow_x(t, z, network.shape.mapping_layers), atol=1e-5)
    np.testing.assert_allclose(w[6:], text / np.linalg.norm(text), atol=1e-6)
    ws = rng.standard_normal((network.num_ws, 11)).astype(np.float32)
    for noise in (1.0, 0.4):
        found = network.synthesize(torch.from_numpy(ws)[None], SynthesisOptions(noise=(noise,) * 3))[0]
        expected = slow_picture(t, network.shape, ws.astype(float), noise)
        assert found.shape == (network.colours, 32, 32)
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("kind", KINDS)
def test_the_backend_draws_the_networks_picture(kind: dict[str, Any]) -> None:
    network, _ = made(**kind)
    backend = backend_specs(network, "cpu")[0].make()
    ws = torch.randn(1, network.num_ws, 11, generator=torch.Generator().manual_seed(1))
    for options in (SynthesisOptions(noise_seed=3, zoom=1.2), SynthesisOptions(bends=(Bend("flip-x", "8", 1.0),))):
        expected = to_pixels(network.synthesize(ws, options)[0], network.span)
        assert int((backend.render(ws[0], options).int() - expected.int()).abs().max()) <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_shape_is_read_off_the_tensors(kind: dict[str, Any]) -> None:
    network, tensors = made(**kind)
    shapes = {name: array.shape for name, array in tensors.items()}
    assert tensor_shapes(network.shape) == shapes
    hints = {"groups": network.shape.groups, "conv_clamp": network.shape.conv_clamp}
    found = shape_from(shapes, hints)
    assert StyleGANTShape.of(NetworkInfo("x", Path("x.json"), "stylegan-t", **found)) == network.shape


# -- the text vector


def test_truncation_leaves_the_text_and_leads_x_to_its_average() -> None:
    network, tensors = made()
    text = torch.randn(2, 5, generator=torch.Generator().manual_seed(1))
    averages = network.averages(text)
    assert averages.shape == (2, 1, 11)
    np.testing.assert_array_equal(averages[0, 0, :6], tensors["mapping.x_avg"])
    torch.testing.assert_close(averages[:, 0, 6:], network.map(torch.randn(2, 6), text)[:, 6:])
    plan = FramePlan(0, 0.0, 1 / 60, z=np.ones(6, np.float32), classes=text[0].numpy(), truncation=0.0)
    torch.testing.assert_close(WsBuilder(network, "small").build(plan), averages[0].expand(network.num_ws, -1))


def test_a_text_vector_that_says_nothing_is_one_and_the_same() -> None:
    network, _ = made()
    z = torch.ones(4, 6)
    classes = torch.stack([torch.zeros(5), torch.ones(5), torch.full((5,), 0.2), torch.tensor([1.0, 0, 0, 0, 0])])
    text = network.map(z, classes)[:, 6:]
    torch.testing.assert_close(text.norm(dim=1), torch.ones(4))
    assert torch.equal(text[0], text[1])
    assert torch.equal(text[0], text[2])
    assert torch.equal(text[3], classes[3])
    assert torch.equal(network.w_avg[6:], text[0])
    plans = [
        FramePlan(0, 0.0, 1 / 60, z=np.ones(6, np.float32), classes=np.full(5, one, np.float32)) for one in (0.0, 1.0)
    ]
    one, other = (WsBuilder(network, "small").build(plan) for plan in plans)
    assert torch.equal(one, other)


def test_the_affines_are_how_the_styles_change_with_w() -> None:
    network, _ = made()
    step = torch.randn(11, generator=torch.Generator().manual_seed(1)) * 1e-3
    for (row, slope), layer in zip(network.affines(), network.layers, strict=True):
        assert row == layer.row
        moved = (layer.affine(network.w_avg[None] + step) - layer.affine(network.w_avg[None] - step))[0] / 2
        torch.testing.assert_close(moved, slope @ step, atol=1e-5, rtol=1e-2)


def test_the_input_can_be_moved() -> None:
    network, _ = made()
    ws = torch.randn(1, network.num_ws, 11, generator=torch.Generator().manual_seed(1))
    network.input_transform.copy_(torch.eye(3))
    moved = network.synthesize(ws, SynthesisOptions(x=0.25))
    network.input_transform.copy_(torch.tensor([[1.0, 0, -0.25], [0, 1, 0], [0, 0, 1]]))
    still = network.synthesize(ws)
    torch.testing.assert_close(moved, still)
    network.input_transform.copy_(torch.eye(3))
    assert (network.synthesize(ws) - still).abs().max() > 1e-2


# -- descriptions that lie

LIES: list[tuple[str, Any]] = [
    ("channels", []),
    ("channels", [8, 8]),
    ("channels", [8, 8, True]),
    ("channels", [16000] * 3),
    ("layers", [2, 2]),
    ("layers", [2, 2, 0]),
    ("groups", 3),
    ("groups", 0),
    ("mapping_layers", 1.0),
    ("colours", 2),
    ("architecture", "resnet"),
    ("architecture", ["skip"]),
    ("conv_clamp", "x" * 5000),
    ("surprise", 1),
]


@pytest.mark.parametrize(("key", "lie"), LIES)
def test_a_shape_that_lies_is_refused_before_memory_is_taken(key: str, lie: Any) -> None:
    with pytest.raises(NetworkError, match=r"small\.json") as error:
        StyleGANTShape.of(replace(INFO, shape={**SHAPE, key: lie}))
    assert len(str(error.value)) < 300


def test_numbers_that_contradict_each_other_are_refused() -> None:
    for wrong in ({"w_dim": 12}, {"c_dim": 2}, {"resolution": (32, 64)}):
        with pytest.raises(NetworkError, match=r"small\.json"):
            StyleGANTShape.of(replace(INFO, **wrong))


# -- pickles


def read(data: bytes, folder: Path) -> ImportedNetwork:
    path = folder / "network.pkl"
    path.write_bytes(data)
    return read_network(path, "pickle")


@pytest.mark.parametrize("kind", KINDS)
def test_a_pickle_is_read_without_its_text_encoder(kind: dict[str, Any], tmp_path: Path) -> None:
    network, tensors = made(**kind)
    found = read(stylegan_t(network.shape), tmp_path)
    assert found.tensors.keys() == tensors.keys()
    assert all(np.array_equal(found.tensors[name], tensors[name]) for name in tensors)
    values = {**found.values, "resolution": tuple(found.values["resolution"]), "notes": ()}
    assert StyleGANTShape.of(NetworkInfo("x", Path("x.json"), **values)) == network.shape
    assert "text encoder is left out" in found.values["notes"][0]


def test_a_pickle_without_text_or_noise_is_read(tmp_path: Path) -> None:
    shape = StyleGANTShape(6, 0, (8, 4), (2, 2), groups=2)
    found = read(stylegan_t(shape, without=("noise_const", "noise_strength")), tmp_path)
    assert "notes" not in found.values
    assert not found.tensors["synthesis.b16.conv0.noise_const"].any()


LAYER = "synthesis.b16.convs1.1"
CHANGES: list[tuple[str, Any, str]] = [
    (f"{LAYER}.skip", torch.ones(3), "'synthesis.b16.convs1.1.skip' is unknown"),
    ("mapping.embed.weight", torch.ones(3, 3), "'mapping.embed.weight' is unknown"),
    (f"{LAYER}.gamma", torch.ones(1, 3, 1, 1), "is 1x3x1x1 where 1x8x1x1 is needed"),
    (f"{LAYER}.resample_filter", torch.ones(4, 4), "a low-pass other than"),
    (f"{LAYER}.norm.num_groups", 4, "'num_groups' that differs"),
    (f"{LAYER}.norm.eps", 1e-3, "has eps 0.001 in 'synthesis.b16.convs1.1.norm'"),
    (f"{LAYER}.conv_clamp", None, "'conv_clamp' that differs"),
    (f"{LAYER}.activation", "relu" * 100, "has activation 'relu.* in 'synthesis.b16.convs1.1'"),
    (f"{LAYER}.residual", False, "has residual False"),
    (f"{LAYER}.act_gain", 1.0, "has act_gain 1.0"),
    (f"{LAYER}.affine.proj.bias_gain", 0.5, "has bias_gain 0.5"),
    ("mapping.mlp.fc0.weight_gain", 1.0, "has weight_gain 1.0"),
    ("mapping.mlp.fc1.activation", "lrelu", "has activation 'lrelu' in 'mapping.mlp.fc1'"),
    ("synthesis.b8.input.bandwidth", 3, "has bandwidth 3"),
    (f"{LAYER}.up", 10**60, "has up of another sort"),
    (f"{LAYER}.up", [1] * 1000, "has up of another sort"),
    (f"{LAYER}.conv_clamp", 10**60, "'conv_clamp' that differs"),
    ("z_dim", 7, "it says z_dim is 7, its tensors say 6"),
]


@pytest.mark.parametrize(("name", "value", "sentence"), CHANGES)
def test_what_is_not_drawn_is_refused_by_name(name: str, value: Any, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=sentence) as error:
        read(stylegan_t(made()[0].shape, changed={name: value}), tmp_path)
    assert len(str(error.value)) < 300


@needed
@pytest.mark.parametrize("name", ["stylegan-t-32.pkl", "stylegan-t-uncond-orig-16.pkl"])
def test_reference_networks(name: str) -> None:
    net = load_network(FOLDER / name)
    for case, known in answers(name):
        z = np.random.RandomState(case["seed"]).randn(1, net.z_dim).astype(np.float32)
        w = net.map(z, known.get("c"), case["psi"])
        assert np.abs(w[0] - known["w"]).max() <= W_WITHIN
        assert far(net.synthesize(w, case["noise_mode"])[0], known["img"]) <= PICTURE_WITHIN
