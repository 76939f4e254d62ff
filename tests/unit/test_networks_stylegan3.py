"""The StyleGAN3 generator: laws of the paper, and everything once more by the definition, slowly, in float64."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.signal import convolve2d, firwin

from livegan.core.types import Bend, FramePlan
from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.architectures.stylegan3 import StyleGAN3, fall, move, rise
from livegan.networks.architectures.stylegan3_shape import StyleGAN3Shape
from livegan.networks.info import NetworkInfo, read_info
from livegan.networks.library import open_network
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import save_weights
from livegan.rendering.backends.stylegan3 import StyleGAN3Backend, backend_specs, morph_specs
from livegan.rendering.backends.stylegan3_cpu import StyleGAN3CpuBackend
from livegan.rendering.latents_to_ws import WsBuilder
from tests.tiny_networks import LAYERS, tiny_net

PLAIN = SynthesisOptions()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """These networks are too small for two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def described(
    side: int = 32,
    layers: int = 5,
    channels: int = 6,
    margin: int = 10,
    kernel: int = 3,
    radial: bool = False,
    c_dim: int = 0,
    narrow: bool = False,
) -> tuple[NetworkInfo, Any, Any]:
    """A network as the paper lays it out (2106.12423, section 3.2 and appendix C); its cutoffs and stopbands."""
    critical = 2
    along = np.minimum(np.arange(layers + 1) / (layers - critical), 1)
    cutoffs = 2 * (side / 2 / 2) ** along
    stopbands = 2**2.1 * (side / 2 * 2**0.3 / 2**2.1) ** along
    rates = [2 ** math.ceil(math.log2(min(2 * stop, side))) for stop in stopbands]
    before = [rates[0], *rates[:-1]]
    tops = [2 * max(pair) for pair in zip(before, rates, strict=True)]
    shape = {
        "sizes": [rate + 2 * margin for rate in rates[:-2]] + [side, side],
        "rates": rates,
        "channels": [channels] * layers + [3],
        "kernels": [kernel] * layers + [1],
        "up_taps": [*(6 * top // rate for top, rate in zip(tops[:-1], before, strict=False)), 1],
        "down_taps": [*(6 * top // rate for top, rate in zip(tops[:-1], rates, strict=False)), 1],
        "radial": [radial and index < layers - critical for index in range(layers + 1)],
        "input_channels": channels + 1,
        "mapping_layers": 2,
    }
    if narrow:
        shape["widths"] = [size // 2 for size in shape["sizes"]]
    resolution = (side, side // 2 if narrow else side)
    info = NetworkInfo("tiny", Path("tiny.json"), "stylegan3", resolution, 9, c_dim, 7, shape=shape)
    return info, cutoffs, stopbands


def made(seed: int = 0, **kinds: Any) -> StyleGAN3:
    """A network with random weights and the paper's filters."""
    info, cutoffs, stopbands = described(**kinds)
    shape = StyleGAN3Shape.of(info)
    network = StyleGAN3(shape)
    rng = torch.Generator().manual_seed(seed)
    for key, tensor in network.state_dict().items():
        if tensor.ndim and not key.endswith(("_filter", "transform")):
            tensor.normal_(generator=rng)
        if ".fc" in key:
            tensor.mul_(30)
    for index, layer in enumerate(network.synthesis.layers[:-1]):
        near, far, rate = max(index - 1, 0), index, shape.rates
        half = [max(stopbands[k], rate[k] / 2) - cutoffs[k] for k in (near, far)]
        top = rate[near] * layer.shape.up
        up = firwin(layer.shape.up_taps, cutoffs[near], width=2 * half[0], fs=top)
        down = firwin(layer.shape.down_taps, cutoffs[far], width=2 * half[1], fs=top)
        assert layer.up_filter is not None
        assert layer.down_filter is not None
        layer.up_filter.copy_(torch.from_numpy(up))
        layer.down_filter.copy_(torch.from_numpy(round_one(len(down)) if layer.shape.radial else down))
        layer.magnitude_ema.fill_(0.5 + index / 4)
    return network


def round_one(side: int) -> np.ndarray:
    """A low-pass alike in every direction."""
    steps = np.arange(side) - (side - 1) / 2
    square = np.exp(-np.add.outer(steps**2, steps**2) / 5)
    return square / square.sum()


def some_ws(network: StyleGAN3, count: int = 1, seed: int = 3) -> torch.Tensor:
    return torch.randn(count, network.num_ws, network.w_dim, generator=torch.Generator().manual_seed(seed))


KINDS: list[dict[str, Any]] = [
    {},
    {"kernel": 1, "radial": True},
    {"side": 64, "layers": 7, "channels": 5},
    {"margin": 4, "kernel": 1},
    {"margin": 3, "radial": True},
    {"narrow": True},
    {"narrow": True, "margin": 6, "kernel": 1, "radial": True},
]


# -- by the definition


def slow_low_pass(
    x: np.ndarray, up: np.ndarray, down: np.ndarray | None, factors: tuple[int, int], crop: tuple[int, int]
):
    """One channel: zeros between the samples, a convolution with the first filter, what `crop` leaves of it."""
    wide = np.zeros((x.shape[0] * factors[0], x.shape[1] * factors[0]))
    wide[:: factors[0], :: factors[0]] = x
    fine = convolve2d(wide, np.outer(up, up) * factors[0] ** 2, mode="full")
    tail = crop[1] + factors[0] - 1  # the zeros after the last sample
    fine = fine[crop[0] : fine.shape[0] - tail, crop[0] : fine.shape[1] - tail]
    if down is None:
        return fine
    square = np.outer(down, down) if down.ndim == 1 else down
    return convolve2d(fine, square, mode="valid")[:: factors[1], :: factors[1]]


@pytest.mark.parametrize(("up", "taps", "crop"), [(2, 12, (2, 2)), (2, 12, (0, 0)), (4, 24, (25, 25)), (2, 7, (1, 3))])
def test_separable_filters_agree_with_the_plain_formula(up: int, taps: int, crop: tuple[int, int]) -> None:
    rng = np.random.default_rng(taps)
    x, line, second = rng.standard_normal((3, 11, 11)), rng.standard_normal(taps), rng.standard_normal(12)
    square = rng.standard_normal((12, 12))
    risen = rise(torch.from_numpy(x)[None], torch.from_numpy(line), up, (crop, crop))
    expected = [slow_low_pass(plane, line, None, (up, 2), crop) for plane in x]
    np.testing.assert_allclose(risen[0].numpy(), expected, atol=1e-11)
    for other in (second, square):
        fallen = fall(risen, torch.from_numpy(other), 2)[0].numpy()
        expected = [slow_low_pass(plane, line, other, (up, 2), crop) for plane in x]
        np.testing.assert_allclose(fallen, expected, atol=1e-10)


@pytest.mark.parametrize("kind", [{}, {"kernel": 1, "radial": True}])
def test_one_layer_agrees_with_a_slow_one(kind: dict[str, Any]) -> None:
    network = made(**kind)
    rng = np.random.default_rng(5)
    for layer in network.synthesis.layers:
        shape = layer.shape
        t = {key: value.double().numpy() for key, value in layer.state_dict().items()}
        x, w = rng.standard_normal((shape.inputs, *shape.size_in)), rng.standard_normal(7)
        style = t["affine.weight"] @ w / np.sqrt(7) + t["affine.bias"]
        weight = t["weight"]
        if shape.colour:
            weight = weight * style[:, None, None] / np.sqrt(shape.inputs)
        else:
            weight = weight / np.sqrt((weight**2).mean(axis=(1, 2, 3), keepdims=True))
            weight = weight * (style / np.sqrt((style**2).mean()))[:, None, None]
            weight = weight / np.sqrt((weight**2).sum(axis=(1, 2, 3), keepdims=True))
        weight = weight / np.sqrt(t["magnitude_ema"])
        y = []
        for kernels, bias in zip(weight, t["bias"], strict=True):
            plane = sum(convolve2d(one, k[::-1, ::-1], "full") for one, k in zip(x, kernels, strict=True)) + bias
            if not shape.colour:
                plane = slow_low_pass(plane, t["up_filter"], None, (shape.up, shape.down), shape.crops[0])
                plane = np.clip(np.where(plane > 0, plane, 0.2 * plane) * np.sqrt(2), -256, 256)
                low = t["down_filter"]
                plane = convolve2d(plane, low if low.ndim == 2 else np.outer(low, low), "valid")
                plane = plane[:: shape.down, :: shape.down]
            y.append(plane)
        found = layer(torch.from_numpy(x).float()[None], torch.from_numpy(w).float()[None])[0]
        assert found.shape == (shape.outputs, *shape.size)
        np.testing.assert_allclose(found.numpy(), np.array(y), atol=1e-4 * np.abs(y).max())


def test_the_input_is_waves_turned_and_shifted_by_w() -> None:
    network = made()
    layer, w = network.synthesis.input, torch.randn(2, 7, generator=torch.Generator().manual_seed(1))
    layer.transform.copy_(torch.tensor([[0.8, 0.3, 0.1], [-0.2, 1.1, -0.4], [0, 0, 1]]))
    found = layer(w).double().numpy()
    freqs, phases, mix = (tensor.double().numpy() for tensor in (layer.freqs, layer.phases, layer.weight))
    size, rate = network.shape.sizes[0], network.shape.rates[0]
    for turn, plane in zip(layer.affine(w).double().numpy(), found, strict=True):
        cosine, sine, right, down = turn / np.hypot(turn[0], turn[1])
        place = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
        place = place @ np.array([[1, 0, -right], [0, 1, -down], [0, 0, 1]]) @ layer.transform.double().numpy()
        for row, column in ((0, 0), (3, 20), (size - 1, 7)):
            point = np.array([(column + 0.5 - size / 2) / rate, (row + 0.5 - size / 2) / rate, 1])
            x = (place @ point)[:2]
            heights = np.linalg.norm(freqs @ place[:2, :2], axis=1)
            loud = np.clip(1 - (heights - 2) / (rate / 2 - 2), 0, 1)
            waves = loud * np.sin(2 * np.pi * (freqs @ x + phases))
            np.testing.assert_allclose(plane[:, row, column], mix @ waves / np.sqrt(len(freqs)), atol=2e-5)


# -- laws


@pytest.mark.parametrize("kind", KINDS)
def test_the_fast_backend_draws_the_same_picture(kind: dict[str, Any]) -> None:
    network = made(**kind)
    ws = some_ws(network)
    for options in (PLAIN, SynthesisOptions(rotate=20, x=0.1, zoom=1.5)):
        plain = network.synthesize(ws, options)
        quick = StyleGAN3CpuBackend(network, threads=1).picture(ws[0], options)
        assert plain.std() > 0.01
        torch.testing.assert_close(quick, plain, atol=1e-5 * float(plain.abs().max()), rtol=1e-4)


def test_the_fast_backend_clamps_where_the_plain_forward_does() -> None:
    info, *_ = described()
    free = made()
    tight = StyleGAN3(StyleGAN3Shape.of(replace(info, shape={**info.shape, "conv_clamp": 0.7})))
    tight.load_state_dict(free.state_dict())
    ws = some_ws(free)
    assert (free.synthesize(ws, PLAIN) - tight.synthesize(ws, PLAIN)).abs().max() > 1e-3
    quick = StyleGAN3CpuBackend(tight, threads=1).picture(ws[0], PLAIN)
    torch.testing.assert_close(quick, tight.synthesize(ws, PLAIN), atol=1e-5, rtol=1e-4)


def test_pictures_are_pixels_and_the_callers_to_keep() -> None:
    network = made()
    ws, others = some_ws(network), some_ws(network, seed=9)
    expected = to_pixels(network.synthesize(ws, PLAIN)[0])
    whole, spec = StyleGAN3Backend(network, "cpu", half=False), backend_specs(network, "cpu")[-1]
    for backend in (StyleGAN3CpuBackend(network, threads=1), whole, spec.make()):
        first = backend.render(ws[0], PLAIN)
        backend.render(others[0], PLAIN)
        assert first.shape == (32, 32, 3)
        assert first.is_contiguous()
        assert int((first.int() - expected.int()).abs().max()) <= 1
        assert backend.megabytes > 0
        assert backend.text.startswith("cpu, fp32")


def test_half_the_digits_in_the_high_layers_draw_nearly_the_same_picture() -> None:
    network = made(side=64, layers=7)
    ws = some_ws(network)
    whole, half = (StyleGAN3Backend(network, "cpu", half=kind).render(ws[0], PLAIN) for kind in (False, True))
    error = (whole.float() - half.float()).square().mean()
    assert 0 < error < 6.5  # PSNR above 40 dB


def test_many_pictures_at_once_are_the_same_as_one_by_one() -> None:
    network = made(c_dim=3)
    z = torch.randn(3, 9, generator=torch.Generator().manual_seed(2))
    classes = torch.eye(3)
    w = network.map(z, classes)
    torch.testing.assert_close(w[1:2], network.map(z[1:2], classes[1:2]))
    ws = some_ws(network, 3)
    many = network.synthesize(ws, PLAIN)
    for k in range(3):
        torch.testing.assert_close(many[k : k + 1], network.synthesize(ws[k : k + 1], PLAIN), atol=1e-5, rtol=1e-4)


def test_the_length_of_z_does_not_matter_and_classes_do() -> None:
    network = made(c_dim=3)
    z = torch.randn(1, 9, generator=torch.Generator().manual_seed(2))
    w = network.map(z, torch.eye(3)[:1])
    torch.testing.assert_close(w, network.map(z * 7, torch.eye(3)[:1]), rtol=1e-4, atol=1e-4)
    assert (w - network.map(z, torch.eye(3)[1:2])).abs().max() > 1e-2


def test_every_row_of_w_and_only_a_row_of_w_matters() -> None:
    network = made()
    ws = some_ws(network)
    picture = network.synthesize(ws, PLAIN)
    for row in range(network.num_ws):
        other = ws.clone()
        other[0, row] += 1
        assert (network.synthesize(other, PLAIN) - picture).abs().max() > 1e-4
    again = network.synthesize(ws, SynthesisOptions(noise=(0, 3, 9), noise_seed=4))  # it has no noise
    assert torch.equal(again, picture)


@pytest.mark.parametrize(
    "options", [SynthesisOptions(rotate=360), SynthesisOptions(rotate=-720), SynthesisOptions(zoom=1.0, x=0.0)]
)
def test_whole_turns_and_no_moves_change_nothing(options: SynthesisOptions) -> None:
    network = made()
    ws = some_ws(network)
    assert move(options) is None
    assert torch.equal(network.synthesize(ws, options), network.synthesize(ws, PLAIN))


def test_moves_turn_about_the_middle_then_shift() -> None:
    place = move(SynthesisOptions(rotate=90, x=0.25, y=-0.125, zoom=2))
    assert place is not None
    for point, source in (((0.25, -0.125), (0, 0)), ((0.25, -0.625), (0.25, 0)), ((-0.25, -0.125), (0, -0.25))):
        torch.testing.assert_close(place @ torch.tensor([*point, 1.0]), torch.tensor([*source, 1.0]), atol=1e-6, rtol=0)
    for zoom in (0.0, -3.0):
        least = move(SynthesisOptions(zoom=zoom))
        assert least is not None
        assert bool(torch.isfinite(least).all())


def test_a_shift_of_whole_pixels_shifts_the_picture() -> None:
    """Equivariance (2106.12423, section 2.1), exact in what is too far from the edges to see them."""
    network = made(margin=40, kernel=1)
    ws, step = some_ws(network), 2  # one sample at the lowest rate
    still = network.synthesize(ws, PLAIN)
    right = network.synthesize(ws, SynthesisOptions(x=step / 32))
    below = network.synthesize(ws, SynthesisOptions(y=step / 32))
    torch.testing.assert_close(right[:, :, :, step:], still[:, :, :, :-step], atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(below[:, :, step:], still[:, :, :-step], atol=2e-5, rtol=1e-4)
    assert (right - still).abs().max() > 0.01


def test_a_quarter_turn_turns_the_picture() -> None:
    """Configuration R: 1x1 convolutions and filters that are alike after a quarter turn."""
    network = made(kernel=1, radial=True)
    ws = some_ws(network)
    still, turned = (network.synthesize(ws, options) for options in (PLAIN, SynthesisOptions(rotate=90)))
    torch.testing.assert_close(turned, still.rot90(1, (2, 3)), atol=2e-5, rtol=1e-4)  # anticlockwise, as seen
    assert (turned - still).abs().max() > 0.01


def test_moves_come_on_top_of_the_networks_own_transform() -> None:
    network = made()
    ws = some_ws(network)
    inner = move(SynthesisOptions(x=0.125))
    assert inner is not None
    expected = network.synthesize(ws, SynthesisOptions(x=0.125, y=0.25))
    network.synthesis.input.transform.copy_(inner)
    torch.testing.assert_close(network.synthesize(ws, SynthesisOptions(y=0.25)), expected, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("narrow", [False, True])
def test_bends_of_a_layer_act_there_and_of_amount_zero_nowhere(narrow: bool) -> None:
    network = made(narrow=narrow)
    ws, backend = some_ws(network), StyleGAN3CpuBackend(network, threads=1)
    still = network.synthesize(ws, PLAIN)
    assert torch.equal(network.synthesize(ws, SynthesisOptions(bends=(Bend("ablate", "all", 0.0),))), still)
    assert torch.equal(network.synthesize(ws, SynthesisOptions(bends=(Bend("ablate", "4096", 1.0),))), still)
    for layer in ("coarse", "middle", "fine", "all", "16", "32"):
        options = SynthesisOptions(bends=(Bend("flip-x", layer, 1.0),))
        bent = network.synthesize(ws, options)
        assert (bent - still).abs().max() > 1e-3, layer
        torch.testing.assert_close(backend.picture(ws[0], options), bent, atol=2e-5, rtol=1e-4)


def test_affines_are_the_styles_of_the_layers_as_they_act() -> None:
    network = made()
    found = network.affines()
    assert [row for row, _ in found] == list(range(1, network.num_ws - 1))
    weight = found[0][1]
    layer, w = network.synthesis.layers[0], torch.ones(1, 7)
    torch.testing.assert_close(F.linear(w, weight) + layer.affine.bias, layer.affine(w))
    assert len(network.row_groups) == network.num_ws
    assert sorted(set(network.row_groups)) == [0, 1, 2]
    assert list(network.row_groups) == sorted(network.row_groups)


def test_clusters_set_after_backends_were_made_reach_them() -> None:
    network = made()
    ws = some_ws(network)
    layer, channels = "16", network.affines()[1][1].shape[0]
    options = SynthesisOptions(bends=(Bend("ablate", layer, 1.0, cluster=1),))
    for backend in (StyleGAN3CpuBackend(network, threads=1), StyleGAN3Backend(network, "cpu", half=False)):
        backend.set_clusters({0: torch.full((channels,), 2)})
        assert torch.equal(backend.render(ws[0], options), backend.render(ws[0], PLAIN))
        backend.set_clusters({0: torch.ones(channels, dtype=torch.int64)})
        assert not torch.equal(backend.render(ws[0], options), backend.render(ws[0], PLAIN))


# -- files


def test_a_network_comes_back_from_its_files(tmp_path: Path) -> None:
    network = made()
    info = replace(described()[0], path=tmp_path / "tiny.json")
    save_weights(info, network.state_dict())
    again = open_network(read_info(info.path))
    ws = some_ws(network)
    assert torch.equal(again.synthesize(ws, PLAIN), network.synthesize(ws, PLAIN))
    assert not any(parameter.requires_grad for parameter in again.parameters())
    state = dict(network.state_dict())
    del state["synthesis.input.freqs"]
    save_weights(info, state)
    with pytest.raises(NetworkError, match=r"synthesis\.input\.freqs"):
        open_network(read_info(info.path))


def test_oblong_networks_with_an_average_for_each_class_play_and_morph() -> None:
    shape = {**LAYERS, "widths": [9, 9, 8, 8], "embedding": 5}
    nets = [tiny_net("stylegan3", seed, resolution=(16, 8), shape=shape) for seed in (1, 2, 3)]
    morpher = morph_specs(nets[2], "cpu")[-1].make()
    for net in nets[:2]:
        morpher.add(net)
    morpher.finish()
    z, classes = np.ones(8, np.float32), np.float32([0, 2, 0])
    plan = FramePlan(0, 0.0, 1 / 60, z=z, classes=classes, truncation=0.2)
    for index, net in enumerate(nets[:2]):
        builder = WsBuilder(net, "tiny")
        ws = builder.build(plan)
        morpher.move(index, 0.0)
        picture = morpher.backend.render(ws, PLAIN)
        assert picture.shape == (16, 8, 3)
        assert int((picture.int() - to_pixels(net.synthesize(ws[None], PLAIN)[0]).int()).abs().max()) <= 1
        torch.testing.assert_close(builder.build(replace(plan, classes=classes / 2)), ws)
        for other in (np.float32([1, 0, 0]), np.zeros(3, np.float32)):
            assert not torch.allclose(builder.build(replace(plan, classes=other)), ws)
            still = builder.build(replace(plan, classes=other, truncation=0.0))
            torch.testing.assert_close(builder.build(replace(plan, classes=other, truncation=0.0, z=-z)), still)
            wanted = net.mapping_state()[0][0] if other.any() else net.w_avg
            torch.testing.assert_close(still[0], wanted)


LIES: list[tuple[str, Any]] = [
    ("sizes", 3),
    ("sizes", [36, 36, 52, -52, 32, 32]),
    ("sizes", [36, 36, 52, 52, 32, 10**9]),
    ("rates", [16, 16, 16, 16, 16, 16]),
    ("rates", [16, 16, 32, 32, 32, 31]),
    ("widths", 3),
    ("widths", [36, 36, 52, 52, 32, 16]),
    ("widths", [26, 36, 52, 52, 32, 32]),
    ("channels", [6, 6, 6, 6, 6, 2]),
    ("channels", [6, 6, 6, 32000, 32000, 3]),
    ("channels", [6, "6", 6, 6, 6, 3]),
    ("kernels", [30000, 3, 3, 3, 3, 1]),
    ("kernels", [3, 3, 3, 3, 3, 3]),
    ("up_taps", [1, 12, 24, 12, 12, 1]),
    ("down_taps", [2, 12, 12, 12, 12, 1]),
    ("down_taps", [20000, 12, 12, 12, 12, 1]),
    ("radial", [0] * 6),
    ("bandwidth", float("nan")),
    ("bandwidth", 8.0),
    ("bandwidth", 1e150),
    ("bandwidth", 10**100),
    ("embedding", 7),
    ("embedding", -1),
    ("embedding", False),
    ("embedding", 10**9),
    ("output_scale", True),
    ("conv_clamp", "256"),
    ("oversampling", 0),
    ("oversampling", 64),
    ("mapping_layers", 30000),
    ("input_channels", 1.5),
    ("surprise", 1),
]


@pytest.mark.parametrize(("key", "lie"), LIES)
def test_a_shape_that_lies_is_refused_before_memory_is_taken(key: str, lie: Any) -> None:
    info, *_ = described()
    w_dim = 16384 if key == "mapping_layers" else info.w_dim
    with pytest.raises(NetworkError, match=r"tiny\.json"):
        StyleGAN3Shape.of(replace(info, w_dim=w_dim, shape={**info.shape, key: lie}))


@pytest.mark.parametrize("key", ["sizes", "rates", "channels", "radial", "mapping_layers"])
def test_a_shape_without_a_key_is_refused(key: str) -> None:
    info, *_ = described()
    with pytest.raises(NetworkError, match=key):
        StyleGAN3Shape.of(replace(info, shape={name: value for name, value in info.shape.items() if name != key}))
