"""FastGAN by the definition: random tensors under the names of its programs, their files, and pictures in float64.

None of their code is here. Norms are not folded, and nothing is shared with `livegan`.
"""

import pickle
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import expit

Arrays = dict[str, np.ndarray]
WIDTHS = {4: 4, 8: 3, 16: 4, 32: 2, 64: 3, 128: 2, 256: 2, 512: 1, 1024: 1}
SMALLEST = {64: 4, 128: 8, 256: 16, 512: 32}  # whose features excite these levels
LISTED = ("weight_u", "weight_v", "running_mean", "running_var", "num_batches_tracked")


def is_double(side: int, form: str) -> bool:
    """Whether a level has two convolutions and noise; forms: "own", "projected", "light", "classes"."""
    return form in ("projected", "classes") or (form == "own" and side in (8, 32, 128, 512))


def tensors(form: str, side: int, z_dim: int = 5, c_dim: int = 0, seed: int = 0) -> Arrays:
    """Random tensors of a generator, in the order of its program."""
    rng = np.random.default_rng(seed)
    made: Arrays = {}

    def put(name: str, *shape: int, low: float = 0.0) -> None:
        made[name] = np.asarray(rng.random(shape) + low if low else rng.standard_normal(shape), np.float32)

    def spectral(name: str, *shape: int, out: int = 0) -> None:
        put(f"{name}.weight_orig", *shape)
        matrix = np.moveaxis(made[f"{name}.weight_orig"], out, 0).reshape(shape[out], -1)
        u = rng.standard_normal(len(matrix))
        v = matrix.T @ u + 0.1 * rng.standard_normal(matrix.shape[1])  # no singular vectors, but near some
        made[f"{name}.weight_u"] = np.asarray(u / np.linalg.norm(u), np.float32)
        made[f"{name}.weight_v"] = np.asarray(v / np.linalg.norm(v), np.float32)

    def norm(name: str, width: int) -> None:
        if c_dim and not name.startswith("init"):
            for part in ("gain", "bias"):
                spectral(f"{name}.{part}", width, z_dim)
                put(f"{name}.{part}.bias", width)
            put(f"{name}.stored_mean", width)
            put(f"{name}.stored_var", width, low=0.5)
            return
        for part in ("weight", "bias", "running_mean"):
            put(f"{name}.{part}", width)
        put(f"{name}.running_var", width, low=0.5)
        made[f"{name}.num_batches_tracked"] = np.asarray(7)

    spectral("init.init.0", z_dim, 2 * WIDTHS[4], 4, 4, out=1)
    norm("init.init.1", 2 * WIDTHS[4])
    levels = [level for level in WIDTHS if 4 < level <= max(side, 256)]  # that of 256 px is there at 128 px too
    for level in levels:
        width, name = 2 * WIDTHS[level], f"feat_{level}"
        convolutions = [("conv1", "bn1"), ("conv2", "bn2")] if c_dim else [("1", "3"), ("5", "7")]
        if not is_double(level, form):
            convolutions = [("conv", "bn") if c_dim else ("1", "2")]
        for index, (place, after) in enumerate(convolutions):
            spectral(f"{name}.{place}", width, WIDTHS[level] if index else WIDTHS[level // 2], 3, 3)
            if len(convolutions) == 2 and not (c_dim and index):
                put(f"{name}.noise.weight" if c_dim else f"{name}.{int(place) + 1}.weight", 1)
            norm(f"{name}.{after}", width)
    for level in levels:
        if level in SMALLEST:
            spectral(f"se_{level}.main.1", WIDTHS[level], WIDTHS[SMALLEST[level]], 4, 4)
            spectral(f"se_{level}.main.3", WIDTHS[level], WIDTHS[level], 1, 1)
    if form == "own":
        spectral("to_128", 3, WIDTHS[128], 1, 1)
    spectral("to_big", 3, WIDTHS[side], 3, 3)
    if form != "own":
        put("to_big.bias", 3)
    if c_dim:
        put("embed.weight", c_dim, z_dim)
    return made


def torched(arrays: Arrays) -> "OrderedDict[str, torch.Tensor]":
    return OrderedDict((name, torch.from_numpy(array.copy())) for name, array in arrays.items())


def checkpoint(arrays: Arrays, averaged: Arrays | None = None, prefix: str = "") -> dict[str, Any]:
    """What FastGAN's training saves: `arrays` are the running network's where there is an averaged one."""
    state = {f"{prefix}{name}": tensor for name, tensor in torched(arrays).items()}
    whole: dict[str, Any] = {"g": state, "d": {"down.weight": torch.zeros(2)}}
    if averaged is not None:
        whole["g_ema"] = [tensor for name, tensor in torched(averaged).items() if not name.endswith(LISTED)]
        whole["opt_g"] = {"state": {0: {"exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 2e-4}]}
    return whole


def projected(arrays: Arrays, side: int, **said: Any) -> bytes:
    """A pickle of Projected GAN's, its modules by name."""
    generator = type("Generator", (torch.nn.Module,), {"__module__": "pg_modules.networks_fastgan"})
    home = types.ModuleType("pg_modules.networks_fastgan")
    home.Generator = generator  # type: ignore[attr-defined]
    root = generator()
    for name, tensor in torched(arrays).items():
        *path, leaf = f"synthesis.{name}".split(".")
        module = root
        for part in path:
            if part not in module._modules:
                module.add_module(part, torch.nn.Module())
            module = module._modules[part]
        if leaf.endswith(LISTED) or leaf.startswith("stored"):
            module.register_buffer(leaf, tensor)
        else:
            module.register_parameter(leaf, torch.nn.Parameter(tensor, requires_grad=False))
    root.mapping = torch.nn.Module()
    z_dim = len(arrays["init.init.0.weight_orig"])
    root.__dict__ |= {"z_dim": z_dim, "c_dim": len(arrays.get("embed.weight", ())), "w_dim": 0, "img_channels": 3}
    root.__dict__ |= {"img_resolution": side, **said}
    sys.modules |= {"pg_modules": types.ModuleType("pg_modules"), home.__name__: home}
    try:
        return pickle.dumps({"G": root, "D": torch.nn.Sequential(torch.nn.ReLU6()), "G_ema": root})
    finally:
        del sys.modules[home.__name__], sys.modules["pg_modules"]


def picture(
    arrays: Arrays, form: str, side: int, z: np.ndarray, label: np.ndarray | None = None, planes: Any = None
) -> np.ndarray:
    """(3, side, side) in float64 of z (z_dim,), the embedding of a class, and the noise planes in order of use."""
    t = {name: array.astype(np.float64) for name, array in arrays.items()}
    noise: Iterator[np.ndarray] = iter(planes or [])

    def weight(name: str, out: int = 0) -> np.ndarray:
        whole = t[f"{name}.weight_orig"]
        matrix = np.moveaxis(whole, out, 0).reshape(whole.shape[out], -1)
        return np.asarray(whole / (t[f"{name}.weight_u"] @ matrix @ t[f"{name}.weight_v"]))

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        if f"{name}.stored_mean" in t:
            gain = 1 + weight(f"{name}.gain") @ label + t[f"{name}.gain.bias"]
            shift = weight(f"{name}.bias") @ label + t[f"{name}.bias.bias"]
            mean, variance = t[f"{name}.stored_mean"], t[f"{name}.stored_var"]
        else:
            gain, shift, mean, variance = (t[f"{name}.{p}"] for p in ("weight", "bias", "running_mean", "running_var"))
        x = (x - mean[:, None, None]) / np.sqrt(variance + 1e-5)[:, None, None]
        return np.asarray(x * gain[:, None, None] + shift[:, None, None])

    def noisy(x: np.ndarray, name: str) -> np.ndarray:
        return x + t[f"{name}.weight"][0] * next(noise) if planes else x

    def block(x: np.ndarray, level: int) -> np.ndarray:
        name, x = f"feat_{level}", x.repeat(2, axis=1).repeat(2, axis=2)
        if not is_double(level, form):
            place, after = ("1", "2") if label is None else ("conv", "bn")
            return gated(norm(convolved(x, weight(f"{name}.{place}"), 1), f"{name}.{after}"))
        first, second = (
            (("conv1", "noise", "bn1"), ("conv2", "noise", "bn2"))
            if label is not None
            else (
                ("1", "2", "3"),
                ("5", "6", "7"),
            )
        )
        for place, between, after in (first, second):
            x = convolved(x, weight(f"{name}.{place}"), 1)
            x = gated(norm(noisy(x, f"{name}.{between}"), f"{name}.{after}"))
        return x

    def excitation(level: int) -> np.ndarray:
        x = features[SMALLEST[level]]
        x = x.reshape(len(x), 4, x.shape[1] // 4, 4, -1).mean(axis=(2, 4))
        x = convolved(x, weight(f"se_{level}.main.1"), 0)
        return sigmoid(convolved(x * sigmoid(x), weight(f"se_{level}.main.3"), 0))

    if form != "own":
        z = z / np.sqrt((z**2).mean() + 1e-8)
    x = gated(norm(np.einsum("i,ioyx->oyx", z, weight("init.init.0", 1)), "init.init.1"))
    features = {4: x}
    for level in (level for level in WIDTHS if 4 < level <= side):
        x = block(x, level)
        features[level] = x = x * excitation(level) if level in SMALLEST else x
    x = convolved(x, weight("to_big"), 1)
    x = x + t["to_big.bias"][:, None, None] if "to_big.bias" in t else x
    return np.tanh(x) if form == "own" and side == 1024 else x


def convolved(x: np.ndarray, weight: np.ndarray, border: int) -> np.ndarray:
    windows = sliding_window_view(np.pad(x, ((0, 0), (border, border), (border, border))), weight.shape[2:], (1, 2))
    return np.asarray(np.einsum("iyxkl,oikl->oyx", windows, weight, optimize=True))


def gated(x: np.ndarray) -> np.ndarray:
    return np.asarray(x[: len(x) // 2] * sigmoid(x[len(x) // 2 :]))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(expit(x))
