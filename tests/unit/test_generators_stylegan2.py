"""The reference forward against stored answers of the public layout, and against a slow forward of our own."""

import io
import json
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from scipy.signal import convolve2d, correlate2d

from livegan.generators.info import read_info
from livegan.generators.stylegan2 import Convolution, Network, Shape, normalise, to_pixels, upsample
from livegan.generators.stylegan2 import Mapping as MappingNetwork
from livegan.generators.stylegan2_cpu import CpuPainter
from livegan.generators.stylegan2_gpu import GpuPainter
from livegan.generators.weights import load_weights

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


def shape_of(state: dict[str, torch.Tensor], clamp: float | None) -> Shape:
    sides = sorted(int(key.split(".")[1][1:]) for key in state if key.endswith("conv1.weight"))
    classes = state["mapping.embed.weight"].shape[1] if "mapping.embed.weight" in state else 0
    w_dim = len(state["mapping.w_avg"])
    return Shape(
        z_dim=state["mapping.fc0.weight"].shape[1] - (w_dim if classes else 0),
        w_dim=w_dim,
        channels=tuple(len(state[f"synthesis.b{side}.conv1.bias"]) for side in sides),
        c_dim=classes,
        mapping_layers=sum(key.startswith("mapping.fc") and key.endswith("bias") for key in state),
        conv_clamp=clamp,
    )


@pytest.mark.skipif(not FIXTURES.exists(), reason="the reference networks are not beside this tree")
@pytest.mark.parametrize("name", ["ada-64", "ada-32-conditional"])
def test_stored_pictures_of_reference_networks_come_back(name: str) -> None:
    stub = Reader(io.BytesIO((FIXTURES / f"{name}.pkl").read_bytes())).load()["G_ema"]
    clamp = stub.state["_init_kwargs"]["synthesis_kwargs"].get("conv_clamp")
    state = {key: value for key, value in tensors(stub).items() if not key.endswith("resample_filter")}
    network = Network(shape_of(state, clamp))
    network.load_state_dict(state)
    answers = np.load(FIXTURES / f"{name}.npz")
    for k, case in enumerate(json.loads(str(answers["cases"]))):
        z = torch.from_numpy(np.random.RandomState(case["seed"]).randn(1, network.shape.z_dim)).float()
        classes = torch.zeros(1, network.shape.c_dim)
        if case["label"] is not None:
            classes[0, case["label"]] = 1
        ws = network.mapping(z, classes, case["psi"], case["cutoff"])
        np.testing.assert_allclose(ws[0].numpy(), answers[f"w_{k}"], atol=1e-4)
        picture = network.synthesis(ws, noise=float(case["noise_mode"] == "const"))[0].numpy()
        np.testing.assert_allclose(picture, answers[f"img_{k}"].astype(np.float32), atol=1e-3, rtol=6e-4)


def test_one_modulated_convolution_agrees_with_a_slow_one() -> None:
    chance = np.random.default_rng(1)
    for up in (False, True):
        side = 10 if up else 5
        layer = Convolution(inputs=3, outputs=4, w_dim=6, side=side, up=up, clamp=1.5).requires_grad_(False)
        for tensor in layer.state_dict().values():
            tensor.copy_(torch.from_numpy(chance.standard_normal(tuple(tensor.shape))))
        x, w = chance.standard_normal((3, 5, 5)), chance.standard_normal(6)
        expected = SlowNetwork(layer.state_dict(), 1.5).convolution("", x, w, 0.5, up)
        found = layer(torch.from_numpy(x).float()[None], torch.from_numpy(w).float()[None], 0.5)[0]
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


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
    ws = slow.mapping(z, c, psi, cutoff)
    expected = slow.synthesis(ws, noise)
    one, other = torch.from_numpy(z).float()[None], torch.from_numpy(c).float()[None]
    np.testing.assert_allclose(network.mapping(one, other, psi, cutoff)[0].numpy(), ws, atol=1e-5)
    picture = network(one, other, psi, cutoff, noise)[0]
    assert 0.2 < expected.std() < 5
    np.testing.assert_allclose(picture.numpy(), expected, atol=2e-5)
    if cutoff is None:  # what the painters can
        pixels = np.floor(np.clip(expected * 127.5 + 128, 0, 255)).transpose(1, 2, 0)
        for painter in (CpuPainter(network, threads=1), GpuPainter(network, "cpu", half=False)):
            with torch.inference_mode():
                assert np.abs(painter.paint(one[0], other[0], psi, noise).numpy() - pixels).max() <= 1


def test_every_part_of_the_slow_network_matters() -> None:
    """Else agreeing with it would prove little: one number of each tensor, and the clamp, moves its picture."""
    _, slow = golden()
    z, c = np.random.default_rng(4).standard_normal(5), np.ones(3)
    picture = slow.synthesis(slow.mapping(z, c, 0.8, None), 1.0)
    for key, tensor in slow.tensors.items():
        other = tensor.copy()
        other.flat[0] *= -2
        changed = SlowNetwork({**slow.tensors, key: other}, slow.clamp)
        assert np.abs(changed.synthesis(changed.mapping(z, c, 0.8, None), 1.0) - picture).max() > 1e-4, key
    free = SlowNetwork(slow.tensors, 1e9)
    assert np.abs(free.synthesis(slow.mapping(z, c, 0.8, None), 1.0) - picture).max() > 1e-2


def golden() -> tuple[Network, "SlowNetwork"]:
    info = read_info(GOLDEN)
    network = Network(Shape.of(info))
    network.load_state_dict(load_weights(info, {key: tensor.shape for key, tensor in network.state_dict().items()}))
    return network, SlowNetwork(load_file(info.weights), info.shape["conv_clamp"])


class SlowNetwork:
    """The network a second time, from the papers: one picture, one channel at a time, float64, no torch."""

    def __init__(self, tensors: Mapping[str, Any], clamp: float) -> None:
        self.tensors = {key: np.asarray(tensor, np.float64) for key, tensor in tensors.items()}
        self.clamp = clamp

    def dense(self, name: str, x: np.ndarray, rate: float = 1.0) -> np.ndarray:
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        return rate * (weight @ x / np.sqrt(len(x)) + bias)

    def mapping(self, z: np.ndarray, classes: np.ndarray, psi: float, cutoff: int | None) -> np.ndarray:
        x = np.concatenate([unit(z), unit(self.dense("mapping.embed", classes))])
        for index in range(sum(key.startswith("mapping.fc") for key in self.tensors) // 2):
            x = bend(self.dense(f"mapping.fc{index}", x, rate=0.01))
        average = self.tensors["mapping.w_avg"]
        rows = 2 * sum(key.endswith("conv1.weight") for key in self.tensors)
        pulled = rows if cutoff is None else cutoff
        return np.array([average + (psi if row < pulled else 1.0) * (x - average) for row in range(rows)])

    def synthesis(self, ws: np.ndarray, noise: float) -> np.ndarray:
        x = self.convolution("synthesis.b4.conv1.", self.tensors["synthesis.b4.const"], ws[0], noise, up=False)
        picture = self.colour("synthesis.b4.torgb", x, ws[1])
        for level in range(1, len(ws) // 2):
            block, row = f"synthesis.b{4 * 2**level}", 2 * level - 1
            x = self.convolution(f"{block}.conv0.", x, ws[row], noise, up=True)  # the row of the colour before it
            x = self.convolution(f"{block}.conv1.", x, ws[row + 1], noise, up=False)
            picture = np.stack([double(plane) for plane in picture])
            picture += self.colour(f"{block}.torgb", x, ws[row + 2])
        return picture

    def convolution(self, name: str, x: np.ndarray, w: np.ndarray, noise: float, up: bool) -> np.ndarray:
        planes = []
        grain = noise * self.tensors[f"{name}noise_strength"] * self.tensors[f"{name}noise_const"]
        style = self.dense(f"{name}affine", w)
        for kernels, bias in zip(self.tensors[f"{name}weight"], self.tensors[f"{name}bias"], strict=True):
            kernels = [gain * kernel for gain, kernel in zip(style, kernels, strict=True)]
            length = np.sqrt(sum((kernel**2).sum() for kernel in kernels) + 1e-8)
            plane = sum(slow(one, kernel / length, up) for one, kernel in zip(x, kernels, strict=True))
            planes.append(np.clip(bend(plane + grain + bias), -self.clamp, self.clamp))
        return np.array(planes)

    def colour(self, name: str, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        style = self.dense(f"{name}.affine", w) / np.sqrt(len(x))
        weight, bias = self.tensors[f"{name}.weight"][:, :, 0, 0], self.tensors[f"{name}.bias"]
        planes = [sum(weight[k, i] * style[i] * x[i] for i in range(len(x))) + bias[k] for k in range(3)]
        return np.clip(planes, -self.clamp, self.clamp)


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt((x**2).mean() + 1e-8)


def bend(x: np.ndarray) -> np.ndarray:
    return np.sqrt(2) * np.where(x > 0, x, 0.2 * x)


def slow(x: np.ndarray, kernel: np.ndarray, up: bool) -> np.ndarray:
    """One channel: a correlation; or zeros between the pixels, a convolution and the low-pass."""
    if not up:
        return correlate2d(x, kernel, mode="same")
    return low_pass(convolve2d(spread(x)[:-1, :-1], kernel, mode="full"), before=1, after=1)


def double(x: np.ndarray) -> np.ndarray:
    """Twice the size: zeros between the pixels, then the low-pass."""
    return low_pass(spread(x), before=2, after=1)


def spread(x: np.ndarray) -> np.ndarray:
    """A zero behind every pixel."""
    wide = np.zeros((2 * x.shape[0], 2 * x.shape[1]))
    wide[::2, ::2] = x
    return wide


def low_pass(x: np.ndarray, before: int, after: int) -> np.ndarray:
    taps = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16  # four times the mean: three of four pixels are zeros
    return convolve2d(np.pad(x, (before, after)), taps, mode="valid")


def test_doubling_a_flat_picture_keeps_it_flat_inside() -> None:
    picture = upsample(torch.full((1, 3, 6, 6), 0.5))
    assert picture.shape == (1, 3, 12, 12)
    torch.testing.assert_close(picture[:, :, 1:-1, 1:-1], torch.full((1, 3, 10, 10), 0.5))


def test_length_of_z_does_not_matter_and_psi_zero_is_the_average() -> None:
    mapping = MappingNetwork(Shape(z_dim=5, w_dim=4, channels=(2, 2, 2), mapping_layers=2))
    for tensor in mapping.state_dict().values():
        tensor.normal_(generator=torch.Generator().manual_seed(0))
    z = torch.randn(2, 5, generator=torch.Generator().manual_seed(1))
    none = torch.zeros(2, 0)
    torch.testing.assert_close(mapping(z, none), mapping(z * 7, none), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(mapping(z, none, 0.0), mapping.w_avg.expand(2, 6, 4))
    cut = mapping(z, none, 0.0, cutoff=2)
    torch.testing.assert_close(cut[:, 2:], mapping(z, none)[:, 2:])
    assert float(normalise(z).square().mean(dim=1).sub(1).abs().max()) < 1e-5


def test_pixels_span_black_to_white_and_are_cut_outside() -> None:
    pixels = to_pixels(torch.tensor([-2.0, -1.0, 0.0, 1.0]).view(1, 2, 2).expand(3, 2, 2))
    assert pixels[..., 0].tolist() == [[0, 0], [128, 255]]
    assert pixels.is_contiguous()
