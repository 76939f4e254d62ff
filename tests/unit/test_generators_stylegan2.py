"""The reference forward against stored answers of the public layout, and against a slow forward of our own."""

import io
import json
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

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

    ALLOWED = {
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
