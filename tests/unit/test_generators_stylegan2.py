"""The reference forward against stored answers of the public layout, and against a slow forward of our own."""

import io
import json
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate

from livegan.generators.stylegan2 import Convolution, Mapping, Network, Shape, normalise, to_pixels, upsample

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
        style = layer.affine.weight.numpy() @ w / 6**0.5 + layer.affine.bias.numpy()
        kernels = layer.weight.numpy() * style[:, None, None]
        kernels /= np.sqrt((kernels**2).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)
        y = np.stack([sum(slow(x[i], kernels[o, i], up) for i in range(3)) for o in range(4)])
        y += 0.5 * float(layer.noise_strength) * layer.noise_const.numpy()
        y += layer.bias.numpy()[:, None, None]
        y = np.clip(np.where(y > 0, y, 0.2 * y) * 2**0.5, -1.5, 1.5)
        found = layer(torch.from_numpy(x).float()[None], torch.from_numpy(w).float()[None], 0.5)[0]
        np.testing.assert_allclose(found.numpy(), y, atol=1e-4)


def slow(x: np.ndarray, kernel: np.ndarray, up: bool) -> np.ndarray:
    """One channel: a correlation, or zeros between the pixels, a convolution and the low-pass."""
    if not up:
        return correlate(x, kernel, mode="constant")
    wide = np.zeros((2 * len(x) + 3,) * 2)
    wide[1:-3:2, 1:-3:2] = x
    wide = correlate(wide, kernel[::-1, ::-1], mode="constant")  # sample 0 of the transposed convolution is at 0
    return low_pass(wide[: 2 * len(x) + 1, : 2 * len(x) + 1])


def low_pass(x: np.ndarray) -> np.ndarray:
    padded = np.pad(x, 1)
    taps = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16
    size = len(padded) - 3
    return sum(taps[i, j] * padded[i : i + size, j : j + size] for i in range(4) for j in range(4))


def test_doubling_a_flat_picture_keeps_it_flat_inside() -> None:
    picture = upsample(torch.full((1, 3, 6, 6), 0.5))
    assert picture.shape == (1, 3, 12, 12)
    torch.testing.assert_close(picture[:, :, 1:-1, 1:-1], torch.full((1, 3, 10, 10), 0.5))


def test_length_of_z_does_not_matter_and_psi_zero_is_the_average() -> None:
    mapping = Mapping(Shape(z_dim=5, w_dim=4, channels=(2, 2, 2), mapping_layers=2))
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
