"""The reference forward against stored answers of the public layout, and against a slow forward of our own."""

import io
import json
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from scipy.signal import convolve2d, correlate2d

from livegan.core.types import Bend
from livegan.errors import NetworkError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import StyleGAN2, normalise, to_pixels, upsample
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape, tensor_shapes
from livegan.networks.bending import bend as bent
from livegan.networks.info import NetworkInfo, read_info
from livegan.networks.latents.truncation import truncated
from livegan.networks.library import open_network
from livegan.networks.noise import noise_plane
from livegan.networks.synthesis_options import SynthesisOptions, group_of
from livegan.networks.weights import save_weights
from livegan.rendering.backends.stylegan2_cuda import StyleGAN2CudaBackend
from livegan.training.generator import init_generator

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "conditional-32.json"
FIXTURES = Path(__file__).resolve().parents[3] / "shared" / "fixtures" / "networks"


class Stub:
    def __init__(self, meta: dict[str, Any]) -> None:
        self.state = meta["state"]


class Table(dict[str, Any]):
    pass


class Reader(pickle.Unpickler):
    """Reads only the names a network needs, and runs nothing."""

    ALLOWED: ClassVar[dict[tuple[str, str], Any]] = {
        ("torch_utils.persistence", "_reconstruct_persistent_obj"): Stub,
        ("dnnlib.util", "EasyDict"): Table,
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_parameter"): torch._utils._rebuild_parameter,
        ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
        ("torch.storage", "_load_from_bytes"): lambda data: torch.load(io.BytesIO(data), weights_only=True),
        ("numpy.core.multiarray", "scalar"): np._core.multiarray.scalar,
        ("numpy._core.multiarray", "scalar"): np._core.multiarray.scalar,
        ("numpy", "dtype"): np.dtype,
        ("builtins", "set"): set,
    }

    def find_class(self, module: str, name: str) -> Any:
        return self.ALLOWED[module, name]


def tensors(stub: Stub, prefix: str = "") -> dict[str, torch.Tensor]:
    own = {**stub.state["_parameters"], **stub.state["_buffers"]}
    found = {prefix + name: value.detach().float() for name, value in own.items() if value is not None}
    for name, child in stub.state["_modules"].items():
        found |= tensors(child, f"{prefix}{name}.")
    return found


def shape_of(state: dict[str, torch.Tensor], clamp: float | None) -> StyleGAN2Shape:
    sides = sorted(int(key.split(".")[1][1:]) for key in state if key.endswith("conv1.weight"))
    classes = state["mapping.embed.weight"].shape[1] if "mapping.embed.weight" in state else 0
    w_dim = len(state["mapping.w_avg"])
    skips, colours = (any(word in key for key in state) for word in (".skip.", ".b4.torgb."))
    return StyleGAN2Shape(
        z_dim=state["mapping.fc0.weight"].shape[1] - (w_dim if classes else 0),
        w_dim=w_dim,
        channels=tuple(len(state[f"synthesis.b{side}.conv1.bias"]) for side in sides),
        c_dim=classes,
        mapping_layers=sum(key.startswith("mapping.fc") and key.endswith("bias") for key in state),
        conv_clamp=clamp,
        architecture="resnet" if skips else "skip" if colours else "orig",
        colours=len(state[f"synthesis.b{sides[-1]}.torgb.bias"]),
    )


@pytest.mark.skipif(not FIXTURES.exists(), reason="the reference networks are not beside this tree")
@pytest.mark.parametrize("name", ["ada-64", "ada-32-conditional", "ada-32-resnet-grey", "sg2-in-sg3-64"])
def test_stored_pictures_of_reference_networks_come_back(name: str) -> None:
    stub = Reader(io.BytesIO((FIXTURES / f"{name}.pkl").read_bytes())).load()["G_ema"]
    words = stub.state["_init_kwargs"]
    state = {key: value for key, value in tensors(stub).items() if not key.endswith("resample_filter")}
    network = StyleGAN2(shape_of(state, words.get("synthesis_kwargs", words).get("conv_clamp")))
    network.load_state_dict(state)
    answers = np.load(FIXTURES / f"{name}.npz")
    for k, case in enumerate(json.loads(str(answers["cases"]))):
        z = torch.from_numpy(np.random.RandomState(case["seed"]).randn(1, network.z_dim)).float()
        classes = torch.zeros(1, network.c_dim)
        if case["label"] is not None:
            classes[0, case["label"]] = 1
        ws = rows(network, network.map(z, classes), case["psi"], case["cutoff"])
        np.testing.assert_allclose(ws[0].numpy(), answers[f"w_{k}"], atol=1e-4)
        picture = network.synthesize(ws, gains(float(case["noise_mode"] == "const")))[0].numpy()
        # the answers are float16: half a step of theirs, at most
        np.testing.assert_allclose(picture, answers[f"img_{k}"].astype(np.float32), atol=1e-3, rtol=6e-4)


def rows(network: StyleNet, w: torch.Tensor, psi: float, cutoff: int | None = None) -> torch.Tensor:
    return truncated(w[:, None].expand(-1, network.num_ws, -1), network.w_avg, psi, cutoff)


def gains(coarse: float, middle: float | None = None, fine: float | None = None) -> SynthesisOptions:
    return SynthesisOptions(noise=(coarse, coarse if middle is None else middle, coarse if fine is None else fine))


CASES = [
    (seed, classes, psi, cutoff, noise)
    for seed, (classes, psi, cutoff, noise) in enumerate(
        [
            ([1, 0, 0], 1.0, None, 0.0),
            ([0, 0, 1], 1.0, None, 1.0),
            ([0, 1, 0], 0.5, None, 0.7),
            ([0, 1, 0], -0.6, 3, 1.0),
            ([0.5, 0, 1.5], 0.0, 5, 0.3),
        ]
    )
]


@pytest.mark.parametrize(("seed", "classes", "psi", "cutoff", "noise"), CASES)
def test_the_whole_network_agrees_with_a_slow_one(
    seed: int, classes: list[float], psi: float, cutoff: int | None, noise: float
) -> None:
    network, slow = golden()
    z, c = np.random.default_rng([9, seed]).standard_normal(5), np.array(classes)
    expected_ws = slow.mapping(z, c, psi, cutoff)
    expected = slow.synthesis(expected_ws, gains(noise))
    one, other = torch.from_numpy(z).float()[None], torch.from_numpy(c).float()[None]
    ws = rows(network, network.map(one, other), psi, cutoff)
    np.testing.assert_allclose(ws[0].numpy(), expected_ws, atol=1e-5)
    assert 0.2 < expected.std() < 5
    np.testing.assert_allclose(network.synthesize(ws, gains(noise))[0].numpy(), expected, atol=2e-5)


def test_every_part_of_the_slow_network_matters() -> None:
    """Else agreeing with it would mean little: one number of each tensor, and the clamp, moves its picture."""
    for slow in (golden()[1], *(made(shape)[1] for shape in SHAPES.values())):
        z, c = np.random.default_rng(4).standard_normal(slow.shape.z_dim), np.ones(slow.shape.c_dim)
        picture = slow.synthesis(slow.mapping(z, c, 0.8, None), gains(1))
        for key, tensor in slow.tensors.items():
            other = tensor.copy()
            other.flat[0] *= -2
            changed = SlowNetwork({**slow.tensors, key: other}, slow.shape)
            assert np.abs(changed.synthesis(changed.mapping(z, c, 0.8, None), gains(1)) - picture).max() > 1e-4, key
        if slow.shape.conv_clamp:
            free = SlowNetwork(slow.tensors, replace(slow.shape, conv_clamp=None))
            assert np.abs(free.synthesis(slow.mapping(z, c, 0.8, None), gains(1)) - picture).max() > 1e-2


SKIP = StyleGAN2Shape(z_dim=4, w_dim=5, channels=(6, 5, 4), mapping_layers=2)
SHAPES = {
    "orig, grey": replace(SKIP, architecture="orig", colours=1),
    "resnet, alpha, classes, clamp": replace(SKIP, architecture="resnet", colours=4, c_dim=2, conv_clamp=2.0),
    "wide constant": replace(SKIP, const=(3, 5)),
    "tiled, another filter": replace(SKIP, tiles=(2, 3), const=(4, 2), taps=(1.0, 2.0, 1.0, 0.5)),
    "resnet, tiled, an odd filter": replace(SKIP, architecture="resnet", tiles=(1, 2), taps=(1.0, 3.0, 2.0)),
    "resnet, a sharp filter": replace(
        SKIP, architecture="resnet", taps=(-0.2, 0.3, 1.0, 1.0, 0.3, -0.2), conv_clamp=3.0
    ),
    "one level, two taps": replace(SKIP, channels=(6,), taps=(1.0, 1.0)),
    "another filter for the picture": replace(SKIP, taps=(1.0, 2.0, 1.0), torgb_taps=(1.0, 3.0, 3.0, 1.0)),
    "resnet, no low-pass": replace(SKIP, architecture="resnet", taps=(0.0, 1.0)),
    "classes beside z": replace(SKIP, c_dim=2, joint_norm=True, embed_features=4),
    "mapping of other widths": replace(SKIP, c_dim=2, mapping_layers=3, layer_features=7, embed_features=3),
}


def made(shape: StyleGAN2Shape) -> tuple[StyleGAN2, "SlowNetwork"]:
    """A random network of that shape, in which every number matters."""
    network, rng = StyleGAN2(shape), np.random.default_rng(7)
    for key, tensor in network.state_dict().items():
        numbers = rng.standard_normal(tuple(tensor.shape))
        if "mapping.fc" in key:
            numbers *= 100
        elif key.endswith("affine.bias"):
            numbers += 1
        elif key.endswith(("bias", "w_avg", "noise_strength")):
            numbers *= 0.3
        tensor.copy_(torch.from_numpy(np.asarray(numbers)))
    return network, SlowNetwork(network.state_dict(), shape)


@pytest.mark.parametrize("name", SHAPES)
def test_every_architecture_agrees_with_a_slow_one(name: str) -> None:
    network, slow = made(SHAPES[name])
    rng = np.random.default_rng(3)
    ws = rng.standard_normal((network.num_ws, 5)) * 1.5  # another w in every row
    options = gains(0.4, 1.2, 0.8)
    expected = slow.synthesis(ws, options)
    assert expected.shape == (network.colours, *network.resolution)
    assert 0.2 < expected.std() < 20
    two = torch.from_numpy(np.stack([rng.standard_normal(ws.shape), ws])).float()
    found = network.synthesize(two, options)
    np.testing.assert_allclose(found[1].numpy(), expected, atol=3e-5 * max(1, np.abs(expected).max()))
    drawn = StyleGAN2CudaBackend(network, "cpu", half=False).render(two[1], options)
    assert int((drawn.int() - to_pixels(found[1]).int()).abs().max()) <= 1
    z, c = rng.standard_normal(4), np.eye(2)[1][: network.c_dim]
    w = network.map(torch.from_numpy(z).float()[None], torch.from_numpy(c).float()[None])
    np.testing.assert_allclose(rows(network, w, 0.6)[0].numpy(), slow.mapping(z, c, 0.6, None), atol=1e-5)


def golden() -> tuple[StyleGAN2, "SlowNetwork"]:
    info = read_info(GOLDEN)
    return open_network(info), SlowNetwork(load_file(info.weights), StyleGAN2Shape.of(info))


class SlowNetwork:
    """The network a second time, from the papers: one picture, one channel at a time, float64, no torch."""

    def __init__(self, tensors: Mapping[str, Any], shape: StyleGAN2Shape) -> None:
        self.tensors = {key: np.asarray(tensor, np.float64) for key, tensor in tensors.items()}
        self.shape = shape
        self.clamp = shape.conv_clamp or np.inf

    def dense(self, name: str, x: np.ndarray, rate: float = 1.0) -> np.ndarray:
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        return rate * (weight @ x / np.sqrt(len(x)) + bias)

    def mapping(self, z: np.ndarray, classes: np.ndarray, psi: float, cutoff: int | None) -> np.ndarray:
        x = unit(z)
        if len(classes) and self.shape.joint_norm:
            x = unit(np.concatenate([z, self.dense("mapping.embed", classes / classes.sum())]))
        elif len(classes):
            x = np.concatenate([x, unit(self.dense("mapping.embed", classes))])
        for index in range(sum(key.startswith("mapping.fc") for key in self.tensors) // 2):
            x = bend(self.dense(f"mapping.fc{index}", x, rate=0.01))
        average = self.tensors["mapping.w_avg"]
        rows = 2 * sum(key.endswith("conv1.weight") for key in self.tensors)
        pulled = rows if cutoff is None else cutoff
        return np.array([average + (psi if row < pulled else 1.0) * (x - average) for row in range(rows)])

    def synthesis(self, ws: np.ndarray, options: SynthesisOptions) -> np.ndarray:
        x = self.tiled(self.tensors["synthesis.b4.const"])
        picture = np.zeros((self.shape.colours, *x.shape[1:]))
        for level in range(len(ws) // 2):
            block, row = f"synthesis.b{4 * 2**level}", 2 * level - 1
            below = x
            if level:
                x = self.convolution(f"{block}.conv0.", x, ws[row], options, up=True)  # the row of the colour before
                picture = self.doubled(picture, self.shape.torgb_taps or self.shape.taps)
            x = self.convolution(f"{block}.conv1.", x, ws[row + 1], options, up=False)
            if f"{block}.skip.weight" in self.tensors:
                mix = self.tensors[f"{block}.skip.weight"][:, :, 0, 0] / np.sqrt(len(below))
                x = np.sqrt(0.5) * x + np.sqrt(0.5) * self.doubled(np.tensordot(mix, below, axes=1), self.shape.taps)
            if f"{block}.torgb.weight" in self.tensors:
                picture = picture + self.colour(f"{block}.torgb", x, ws[row + 2])
        return picture

    def convolution(self, name: str, x: np.ndarray, w: np.ndarray, options: SynthesisOptions, up: bool) -> np.ndarray:
        planes = []
        noise = self.tiled(self.tensors[f"{name}noise_const"])
        grain = options.noise[group_of(len(noise))] * self.tensors[f"{name}noise_strength"] * noise
        style = self.dense(f"{name}affine", w)
        for kernels, bias in zip(self.tensors[f"{name}weight"], self.tensors[f"{name}bias"], strict=True):
            kernels = [gain * kernel for gain, kernel in zip(style, kernels, strict=True)]
            length = np.sqrt(sum((kernel**2).sum() for kernel in kernels) + 1e-8)
            plane = sum(self.slow(one, kernel / length, up) for one, kernel in zip(x, kernels, strict=True))
            planes.append(np.clip(bend(plane + grain + bias), -self.clamp, self.clamp))
        return np.array(planes)

    def colour(self, name: str, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        style = self.dense(f"{name}.affine", w) / np.sqrt(len(x))
        weight, bias = self.tensors[f"{name}.weight"][:, :, 0, 0], self.tensors[f"{name}.bias"]
        planes = [sum(row[i] * style[i] * x[i] for i in range(len(x))) + b for row, b in zip(weight, bias, strict=True)]
        return np.clip(planes, -self.clamp, self.clamp)

    def tiled(self, planes: np.ndarray) -> np.ndarray:
        return np.concatenate([np.concatenate([planes] * self.shape.tiles[1], axis=-1)] * self.shape.tiles[0], axis=-2)

    def slow(self, x: np.ndarray, kernel: np.ndarray, up: bool) -> np.ndarray:
        """One channel: a correlation; or zeros between the pixels, a convolution and the low-pass."""
        if not up:
            return correlate2d(x, kernel, mode="same")
        taps = self.shape.taps
        full = convolve2d(spread(x)[:-1, :-1], kernel, mode="full")
        return low_pass(full, taps, before=(len(taps) - 1) // 2, after=(len(taps) - 2) // 2)

    def doubled(self, planes: np.ndarray, taps: tuple[float, ...]) -> np.ndarray:
        """Twice the size: zeros between the pixels, then the low-pass."""
        before, after = len(taps) // 2 + len(taps) % 2, (len(taps) - 2) // 2
        return np.stack([low_pass(spread(x), taps, before, after) for x in planes])


def low_pass(x: np.ndarray, taps: tuple[float, ...], before: int, after: int) -> np.ndarray:
    line = np.array(taps) / sum(taps) * 2  # three of four pixels are zeros
    return convolve2d(np.pad(x, (before, after)), np.outer(line, line), mode="valid")


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt((x**2).mean() + 1e-8)


def bend(x: np.ndarray) -> np.ndarray:
    return np.sqrt(2) * np.where(x > 0, x, 0.2 * x)


def spread(x: np.ndarray) -> np.ndarray:
    """A zero behind every pixel."""
    wide = np.zeros((2 * x.shape[0], 2 * x.shape[1]))
    wide[::2, ::2] = x
    return wide


def test_doubling_a_flat_picture_keeps_it_flat_inside() -> None:
    picture = upsample(torch.full((1, 3, 6, 6), 0.5))
    assert picture.shape == (1, 3, 12, 12)
    torch.testing.assert_close(picture[:, :, 1:-1, 1:-1], torch.full((1, 3, 10, 10), 0.5))


def test_length_of_z_does_not_matter_and_psi_zero_is_the_average() -> None:
    network, _ = made(SKIP)
    z = torch.randn(2, 4, generator=torch.Generator().manual_seed(1))
    none = torch.zeros(2, 0)
    w = network.map(z, none)
    torch.testing.assert_close(w, network.map(z * 7, none), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(rows(network, w, 0.0), network.w_avg.expand(2, 6, 5))
    cut = rows(network, w, 0.0, cutoff=2)
    assert torch.equal(cut[:, 2:], rows(network, w, 1.0)[:, 2:])
    torch.testing.assert_close(cut[:, :2], network.w_avg.expand(2, 2, 5))
    assert float(normalise(z).square().mean(dim=1).sub(1).abs().max()) < 1e-5


def test_noise_of_a_seed_is_as_if_those_planes_had_been_stored() -> None:
    shape = replace(SKIP, tiles=(1, 2))
    network, _ = made(shape)
    ws = torch.randn(1, 6, 5, generator=torch.Generator().manual_seed(1))
    found = network.synthesize(ws, SynthesisOptions(noise_seed=5))
    assert torch.equal(found, network.synthesize(ws, SynthesisOptions(noise_seed=5)))
    for other in (SynthesisOptions(noise_seed=6), SynthesisOptions()):
        assert float((found - network.synthesize(ws, other)).abs().mean()) > 0.01
    whole = StyleGAN2(replace(shape, tiles=(1, 1), const=(4, 8)))
    state = network.state_dict()
    for key in list(state):
        if key.endswith("const"):
            state[key] = torch.cat([state[key]] * 2, dim=-1)
    for layer in whole.synthesis.layers():
        name = "synthesis." + next(key for key, part in whole.synthesis.named_modules() if part is layer)
        state[f"{name}.noise_const"] = noise_plane(5, layer.index, layer.height, layer.width)
    whole.load_state_dict(state)
    torch.testing.assert_close(whole.synthesize(ws), found)
    assert torch.equal(network.synthesize(ws, replace(gains(0), noise_seed=5)), network.synthesize(ws, gains(0)))
    drawn = StyleGAN2CudaBackend(network, "cpu", half=False).render(ws[0], SynthesisOptions(noise_seed=5))
    assert int((drawn.int() - to_pixels(found[0]).int()).abs().max()) <= 1


def test_grain_is_standard_normal_and_another_for_every_seed_and_layer() -> None:
    planes = [noise_plane(seed, layer, 64, 48) for seed in (1, 2, -1) for layer in (0, 1)]
    for plane in planes:
        assert plane.shape == (64, 48)
        assert plane.dtype == torch.float32
        assert abs(float(plane.mean())) < 0.1
        assert abs(float(plane.std()) - 1) < 0.1
    correlation = torch.corrcoef(torch.stack([plane.flatten() for plane in planes]))
    assert float((correlation - torch.eye(6)).abs().max()) < 0.1
    assert torch.equal(planes[0], noise_plane(1, 0, 64, 48))
    assert noise_plane(3, 0, 1500, 1600).shape == (1500, 1600)  # more than the pool holds


def test_every_convolution_is_bent_after_its_activation_where_a_bend_asks_for_it() -> None:
    for architecture in ("skip", "resnet"):
        network, _ = made(replace(SKIP, architecture=architecture))
        network.clusters = {3: torch.tensor([1, 2, 2, 1])}
        ws = torch.randn(1, 6, 5, generator=torch.Generator().manual_seed(1))
        plain = network.synthesize(ws)
        bends = (Bend("ablate", "16", 0.7, cluster=2), Bend("invert", "4", 1.0))
        found = network.synthesize(ws, SynthesisOptions(bends=bends))
        assert float((found - plain).abs().mean()) > 0.01
        assert torch.equal(network.synthesize(ws, SynthesisOptions(bends=(Bend("ablate", "64", 1.0),))), plain)
        drawn = StyleGAN2CudaBackend(network, "cpu", half=False).render(ws[0], SynthesisOptions(bends=bends))
        assert int((drawn.int() - to_pixels(found[0]).int()).abs().max()) <= 1
        first, then = network.synthesis.block(2).layers
        x, w, bending = torch.randn(1, first.weight.shape[1], 8, 8), ws[:, 3], SynthesisOptions(bends=bends)
        expected = bent(first(x, w), bends, 16, network.clusters[3])
        assert torch.equal(first(x, w, bending, network.clusters[3]), expected)
        x = torch.randn(1, 4, 16, 16)
        assert torch.equal(then(x, w, bending), then(x, w))  # a layer is bent once, where it begins


def test_pixels_span_black_to_white_and_are_cut_outside() -> None:
    picture = torch.tensor([-2.0, -1.0, 0.0, 1.0]).view(1, 2, 2)
    for pixels in (to_pixels(picture.expand(3, 2, 2)), to_pixels(picture), to_pixels((picture + 1) / 2, (0.0, 1.0))):
        assert pixels.shape == (2, 2, 3)
        assert (pixels == pixels[..., :1]).all()
        assert pixels[..., 0].tolist() == [[0, 0], [128, 255]]
        assert pixels.is_contiguous()


def test_what_alpha_leaves_open_is_black() -> None:
    colours = torch.tensor([1.0, 0.0, -1.0])[:, None, None].expand(3, 1, 4)
    alpha = torch.tensor([[[1.0, 0.0, -1.0, 9.0]]])
    pixels = to_pixels(torch.cat([colours, alpha]))
    assert pixels[0].tolist() == [[255, 128, 0], [127, 64, 0], [0, 0, 0], [255, 128, 0]]


def test_a_network_says_of_itself_what_backends_and_people_ask() -> None:
    network, _ = made(replace(SKIP, channels=(6, 5, 4, 4, 4), tiles=(1, 2)))
    assert (network.num_ws, network.resolution, network.colours) == (10, (64, 128), 3)
    assert network.row_groups == (0, 0, 0, 1, 1, 1, 1, 2, 2, 2)
    assert [(row, tuple(weight.shape)) for row, weight in network.affines()] == [
        (row, (inputs, 5)) for row, inputs in enumerate((6, 6, 5, 5, 4, 4, 4, 4, 4))
    ]
    style = network.synthesis.block(1).conv0.affine
    w = torch.randn(5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network.affines()[1][1] @ w, style(w[None])[0] - style.bias)


INFO = NetworkInfo(
    "a", Path("a.json"), "stylegan2", resolution=(16, 16), z_dim=4, w_dim=5, shape={"channels": [6, 5, 4]}
)


def test_the_shape_that_a_json_says_is_the_shape_of_the_tensors() -> None:
    shape = StyleGAN2Shape.of(INFO)
    assert shape == replace(SKIP, mapping_layers=8)
    words = {
        "architecture": "resnet",
        "colours": 4,
        "const": [3, 5],
        "tiles": [2, 1],
        "filter": [1, 1],
        "conv_clamp": 9,
        "torgb_filter": [1, 2, 1],
        "layer_features": 7,
        "embed_features": None,
        "joint_norm": True,
        "row_averages": True,
    }
    odd = StyleGAN2Shape.of(
        replace(INFO, resolution=(24, 20), shape={"channels": [6, 5, 4], "mapping_layers": 2, **words})
    )
    assert odd == StyleGAN2Shape(
        *(4, 5, (6, 5, 4), 0, 2, 9, "resnet", 4, (3, 5), (2, 1), (1.0, 1.0)),
        torgb_taps=(1.0, 2.0, 1.0),
        layer_features=7,
        joint_norm=True,
        row_averages=True,
    )
    assert StyleGAN2Shape.of(replace(INFO, resolution=(24, 20), shape=odd.table())) == odd
    assert tensor_shapes(odd) == {name: tensor.shape for name, tensor in StyleGAN2(odd).state_dict().items()}
    assert tensor_shapes(odd)["synthesis.b16.conv1.noise_const"] == (12, 20)


def test_a_network_without_noise_has_no_tensors_for_it_and_draws_the_same(tmp_path: Path) -> None:
    shape = replace(SKIP, mapping_layers=8)
    noisy, silent = init_generator(shape, 1), StyleGAN2(replace(shape, noise=False))
    assert tensor_shapes(silent.shape) == {name: tensor.shape for name, tensor in silent.state_dict().items()}
    silent.load_state_dict({name: value for name, value in noisy.state_dict().items() if "noise" not in name})
    info = replace(INFO, name="silent", path=tmp_path / "silent.json", shape=silent.shape.table())
    save_weights(info, silent.state_dict())
    assert not [name for name in load_file(info.weights) if "noise" in name]
    opened = open_network(read_info(info.path))
    assert isinstance(opened, StyleGAN2)
    ws = torch.randn(1, noisy.num_ws, 5, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():  # init_generator's noise has a strength of 0
        assert torch.equal(opened.synthesize(ws), noisy.synthesize(ws))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"channels": [6, 5, 10**9]}, "channels of each level"),
        ({"channels": []}, "channels of each level"),
        ({"channels": "654"}, "channels of each level"),
        ({"chanels": [6]}, "no 'shape.chanels'"),
        ({"channels": [6, 5]}, "make 8x8 px, not 16x16"),
        ({"channels": [16384] * 3}, "describes a network of .* numbers"),
        ({"channels": [6, 5, 4], "architecture": "wide"}, "one of skip, orig, resnet"),
        ({"channels": [6, 5, 4], "architecture": ["skip"]}, "one of skip, orig, resnet"),
        ({"channels": [6, 5, 4], "colours": 2}, "1, 3 or 4"),
        ({"channels": [6, 5, 4], "const": [4]}, "height, width"),
        ({"channels": [6, 5, 4], "tiles": [0, 1]}, "down, across"),
        ({"channels": [6, 5, 4], "noise": 1}, "true or false"),
        ({"channels": [6, 5, 4], "filter": [1, -1]}, "whose sum is not 0"),
        ({"channels": [6, 5, 4], "filter": [1, float("nan")]}, "2 to 16 numbers"),
        ({"channels": [6, 5, 4], "torgb_filter": [1]}, "2 to 16 numbers"),
        ({"channels": [6, 5, 4], "layer_features": 0}, "'shape.layer_features' must be"),
        ({"channels": [6, 5, 4], "embed_features": "3"}, "'shape.embed_features' must be"),
        ({"channels": [6, 5, 4], "row_averages": 1}, "true or false"),
        ({"channels": [6, 5, 4], "conv_clamp": 0}, "above 0"),
        ({"channels": [6, 5, 4], "mapping_layers": True}, "from 1 to 64"),
        ({"channels": [6], "const": [1024, 1024], "tiles": [64, 64]}, "not 16x16"),
    ],
)
def test_nonsense_is_refused_before_anything_is_allocated(words: dict[str, Any], says: str) -> None:
    with pytest.raises(NetworkError, match=says) as caught:
        StyleGAN2Shape.of(replace(INFO, shape=words))
    assert "\n" not in str(caught.value)
