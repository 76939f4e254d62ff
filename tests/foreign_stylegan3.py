"""Networks of StyleGAN3's family as their programs lay them out, and a plain textbook of what those draw.

Layers are designed, and drawn, by the formulae of Karras et al. 2021 (arXiv 2106.12423, appendix C) and Sauer et al.
2022 (arXiv 2202.00273); nothing here is the code that is tested.
"""

import math
import pickle
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from tests import foreign

Arrays = dict[str, np.ndarray]
Z, W, CLASSES, VECTOR = 5, 6, 4, 7  # z_dim, w_dim, classes, numbers of an embedding


@dataclass
class Network:
    """A network of random numbers: its tensors, and the attributes of its modules, by dotted name."""

    tensors: Arrays
    attributes: dict[str, dict[str, Any]]
    names: list[str] = field(default_factory=list)  # of the layers, in order


def numbers(side: int, layers: int, margin: int = 10) -> tuple[list[float], list[int], list[int]]:
    """Cutoffs, rates and sizes of the layers of a network for `side` px; `layers` without the ToRGB."""
    along = [min(i / (layers - 2), 1) for i in range(layers + 1)]
    cutoffs = [2 * (side / 2 / 2) ** e for e in along]
    stops = [2**2.1 * (side / 2 * 2**0.3 / 2**2.1) ** e for e in along]
    rates = [2 ** math.ceil(math.log2(min(2 * stop, side))) for stop in stops]
    return cutoffs, rates, [rate + 2 * margin for rate in rates[:-2]] + [side, side]


def layer(
    before: tuple[int, int], after: tuple[int, int], halved: bool, kernel: int, inputs: int, colour: bool, radial: bool
) -> dict[str, Any]:
    """The attributes of a layer from one (size, rate) to another."""
    (size_in, rate_in), (size, rate) = before, after
    finest = max(rate_in, rate) * (1 if colour else 2)
    up, down = finest // rate_in, finest // rate
    taps = [1 if colour else 6 * factor for factor in (up, down)]
    kernel = 1 if colour else kernel
    pairs = [np.array([side // 2 if halved else side, side], np.float64) for side in (size_in, size)]
    padding: list[int] = []
    for start, end in zip(*(pair.astype(int).tolist() for pair in pairs), strict=True):
        total = (end - 1) * down + 1 - (start + kernel - 1) * up + sum(taps) - 2
        padding += [(total + up) // 2, total - (total + up) // 2]
    return {
        **{"w_dim": W, "is_torgb": colour, "in_channels": inputs, "out_channels": 3 if colour else 4},
        **{"in_size": pairs[0], "out_size": pairs[1], "in_sampling_rate": rate_in, "out_sampling_rate": rate},
        **{"tmp_sampling_rate": finest, "conv_kernel": kernel, "conv_clamp": 256, "up_factor": up, "down_factor": down},
        **{"up_taps": taps[0], "down_taps": taps[1], "down_radial": radial, "padding": padding},
    }


def planned(
    side: int, layers: int, margin: int = 10, halved: bool = False, kernel: int = 3
) -> list[tuple[str, dict[str, Any]]]:
    """The layers of a network, by their names; `halved`: half as wide as high."""
    _, rates, sizes = numbers(side, layers, margin)
    steps = list(zip(sizes, rates, strict=True))
    made = []
    for i, (before, after) in enumerate(zip([steps[0], *steps], steps, strict=False)):
        one = layer(before, after, halved, kernel, 5 if i == 0 else 4, i == layers, kernel == 1 and i < layers - 2)
        made.append((f"L{i}_{int(one['out_size'][0])}_{one['out_channels']}", one))
    return made


def headed(stem: int, stem_layers: int, side: int, head_layers: int) -> list[tuple[str, dict[str, Any]]]:
    """The layers of a super-resolution stage: the stem without its last three, and a head of higher numbers."""
    cutoffs, rates, _ = numbers(stem, stem_layers)
    kept = planned(stem, stem_layers)[:-3]
    stop_of_stem = 2**2.1 * (stem / 2 * 2**0.3 / 2**2.1) ** ((len(kept) - 1) / (stem_layers - 2))
    cutoff, rate = cutoffs[len(kept) - 1], rates[len(kept) - 1]
    stop = max(stop_of_stem, rate / 2)
    made, before = list(kept), (rate + 20, rate)
    for i in range(head_layers + 1):
        e = min(i / (head_layers - 2), 1)
        here = stop * (side / 2 * 2**0.3 / stop) ** e
        assert cutoff < here
        rate = rate if i == 0 else 2 ** math.ceil(math.log2(min(2 * here, side)))
        after = (rate + 20 if i < head_layers - 1 else side, rate)
        one = layer(before, after, False, 3, 4, i == head_layers, False)
        made.append((f"L{len(kept) + 1 + i}_{after[0]}_{one['out_channels']}", one))
        before = after
    return made


def network(layers: Sequence[tuple[str, dict[str, Any]]], mapping: str = "plain", seed: int = 0) -> Network:
    """Random numbers for these layers. `mapping`: "plain", "classes", or StyleGAN-XL's "xl", "xl classes"."""
    rng = np.random.default_rng(seed)
    made = Network({}, {}, [name for name, _ in layers])

    def put(name: str, *shape: int, gain: float = 1.0, plus: float = 0.0) -> None:
        made.tensors[name] = np.asarray(rng.standard_normal(shape) * gain + plus, np.float32)

    def dense(name: str, inputs: int, outputs: int, gain: float = 1.0, plus: float = 0.0, rate: float = 1.0) -> None:
        put(f"{name}.weight", outputs, inputs, gain=gain)
        put(f"{name}.bias", outputs, gain=0.3, plus=plus)
        made.attributes[name] = {"bias_gain": rate, "weight_gain": rate / inputs**0.5}

    wide = {"classes": Z + W, "xl classes": 2 * Z}.get(mapping, Z)
    put("mapping.w_avg", *([CLASSES] if mapping == "xl classes" else []), W, gain=0.3)
    if mapping == "classes":
        dense("mapping.embed", CLASSES, W)
    elif mapping != "plain":
        put("mapping.embed.weight", CLASSES + 3, VECTOR)
    if mapping == "xl classes":
        dense("mapping.embed_proj", VECTOR, Z)
    dense("mapping.fc0", wide, W, gain=100, rate=0.01)
    dense("mapping.fc1", W, W, gain=100, rate=0.01)
    put("synthesis.input.weight", 5, 5)
    put("synthesis.input.freqs", 5, 2, gain=1.2)
    put("synthesis.input.phases", 5, gain=0.5)
    made.tensors["synthesis.input.transform"] = np.eye(3, dtype=np.float32)
    dense("synthesis.input.affine", W, 4, gain=0.3, plus=0.5)
    for name, said in layers:
        place = f"synthesis.{name}"
        put(f"{place}.weight", said["out_channels"], said["in_channels"], *[said["conv_kernel"]] * 2)
        put(f"{place}.bias", said["out_channels"], gain=0.3)
        made.tensors[f"{place}.magnitude_ema"] = np.float32(0.5 + rng.random())
        dense(f"{place}.affine", W, said["in_channels"], plus=1)
        for taps, which in ((said["up_taps"], "up_filter"), (said["down_taps"], "down_filter")):
            line = np.hanning(taps + 2)[1:-1] + 0.05 * rng.standard_normal(taps)
            square = said["down_radial"] and which == "down_filter"
            if taps > 1:
                bump = (np.outer(line, line) if square else line) / line.sum() ** (2 if square else 1)
                made.tensors[f"{place}.{which}"] = bump.astype(np.float32)
        made.attributes[place] = dict(said)
    first = layers[0][1]
    made.attributes["synthesis.input"] = {"size": first["in_size"], "sampling_rate": 1.0 * first["in_sampling_rate"]}
    made.attributes["synthesis.input"] |= {"bandwidth": np.float64(2.0), "channels": 5, "w_dim": W}
    made.attributes["synthesis"] = {"layer_names": made.names, "output_scale": 0.25, "num_ws": len(layers) + 1}
    made.attributes[""] = {"z_dim": Z, "w_dim": W, "c_dim": CLASSES if "classes" in mapping else 0}
    return made


def pickled(made: Network) -> bytes:
    """The network as NVIDIA's programs, and those that followed them, pickle it."""
    tree: dict[str, Any] = {}
    for name in made.tensors:
        parts = name.split(".")[:-1]
        for end in range(len(parts) + 1):
            tree.setdefault(".".join(parts[:end]), {"_parameters": {}, "_buffers": {}, "_modules": {}})
    for name, state in tree.items():
        state |= {"training": False, "_non_persistent_buffers_set": set(), "_backward_hooks": OrderedDict()}
        state |= made.attributes.get(name, {})
    for name, array in made.tensors.items():
        home, _, leaf = name.rpartition(".")
        tensor = torch.from_numpy(np.array(array))
        kind = "_buffers" if leaf in foreign.BUFFERS else "_parameters"
        tree[home][kind][leaf] = tensor if kind == "_buffers" else torch.nn.Parameter(tensor, requires_grad=False)
    kept: dict[str, Any] = {name: foreign.Kept("Module", **state) for name, state in tree.items()}
    if "mapping.embed.weight" in made.tensors and "mapping.embed.bias" not in made.tensors:
        weight = torch.from_numpy(made.tensors["mapping.embed.weight"])
        kept["mapping.embed"] = torch.nn.Embedding.from_pretrained(weight)
    for name in tree:
        if name:
            home, _, leaf = name.rpartition(".")
            tree[home]["_modules"][leaf] = kept[name]
    with foreign.foreign_modules():
        return pickle.dumps({"G": None, "D": None, "G_ema": kept[""], "augment_pipe": None}, 4)


def attributes_of(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The attributes of the layers of a network that `foreign.SG3` describes."""
    shape, said = values["shape"], {}
    steps = list(zip(shape["sizes"], shape["rates"], strict=True))
    for i, (before, after) in enumerate(zip([steps[0], *steps], steps, strict=False)):
        inputs = shape["channels"][i - 1] if i else shape["input_channels"]
        one = layer(before, after, False, shape["kernels"][i], inputs, i == len(steps) - 1, shape["radial"][i])
        one |= {"w_dim": values["w_dim"], "out_channels": shape["channels"][i], "conv_clamp": shape["conv_clamp"]}
        said[f"synthesis.L{i}_{after[0]}_{shape['channels'][i]}"] = one
    first = np.array([steps[0][0]] * 2, np.float64)
    said["synthesis.input"] = {"size": first, "sampling_rate": np.float64(steps[0][1]), "bandwidth": np.float64(2.0)}
    return said


# -- the textbook


def lrelu(x: np.ndarray) -> np.ndarray:
    """The leaky ReLU, and its gain."""
    return np.where(x > 0, x, 0.2 * x) * 2**0.5


def unit(x: np.ndarray, axes: tuple[int, ...] = (0,)) -> np.ndarray:
    """Divided by the root of its mean square."""
    return x / np.sqrt((x**2).mean(axis=axes, keepdims=True) + 1e-8)


def mapped(made: Network, z: np.ndarray, shares: np.ndarray, psi: float = 1.0, cutoff: int | None = None) -> np.ndarray:
    """w (num_ws, W) of z (Z,) and shares of classes (CLASSES,)."""
    t = {name: array.astype(np.float64) for name, array in made.tensors.items()}
    x, average = unit(z), t["mapping.w_avg"]
    if "mapping.embed_proj.weight" in t:
        vector = shares @ t["mapping.embed.weight"][:CLASSES]
        y = t["mapping.embed_proj.weight"] @ vector / VECTOR**0.5 + t["mapping.embed_proj.bias"]
        x, average = np.concatenate([x, unit(lrelu(y))]), shares @ average
    elif "mapping.embed.bias" in t:
        y = t["mapping.embed.weight"] @ shares / CLASSES**0.5 + t["mapping.embed.bias"]
        x = np.concatenate([x, unit(y)])
    for name in ("mapping.fc0", "mapping.fc1"):
        x = lrelu(0.01 * (t[f"{name}.weight"] @ x / len(x) ** 0.5 + t[f"{name}.bias"]))
    ws = np.tile(x, (len(made.names) + 1, 1))
    rows = len(ws) if cutoff is None else cutoff
    ws[:rows] = average + psi * (ws[:rows] - average)
    return ws


def drawn(made: Network, ws: np.ndarray) -> np.ndarray:
    """The picture (3, height, width) of w (num_ws, W)."""
    t = {name: array.astype(np.float64) for name, array in made.tensors.items()}
    x = _features(t, made.attributes["synthesis.input"], ws[0])
    for name, w in zip(made.names, ws[1:], strict=True):
        own = {key.removeprefix(f"synthesis.{name}."): array for key, array in t.items()}
        x = _layer(own, made.attributes[f"synthesis.{name}"], x, w)
    return x * 0.25


def _features(t: Mapping[str, np.ndarray], said: Mapping[str, Any], w: np.ndarray) -> np.ndarray:
    turn = t["synthesis.input.affine.weight"] @ w / W**0.5 + t["synthesis.input.affine.bias"]
    cosine, sine, right, down = turn / np.hypot(turn[0], turn[1])
    place = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    place = place @ np.array([[1, 0, -right], [0, 1, -down], [0, 0, 1]]) @ t["synthesis.input.transform"]
    width, height = said["size"].astype(int)
    rate = said["sampling_rate"]
    x = np.linspace(-0.5, 0.5, 2 * width + 1)[1::2] * width / rate  # pixel centres
    y = np.linspace(-0.5, 0.5, 2 * height + 1)[1::2] * height / rate
    points = np.stack([*np.broadcast_arrays(x, y[:, None]), np.ones((height, width))], axis=-1) @ place.T
    freqs = t["synthesis.input.freqs"]
    moved = np.linalg.norm(freqs @ place[:2, :2], axis=1)
    loud = np.clip(1 - (moved - 2) / (rate / 2 - 2), 0, 1)
    waves = np.sin(2 * np.pi * (points[..., :2] @ freqs.T + t["synthesis.input.phases"])) * loud
    return np.moveaxis(waves @ t["synthesis.input.weight"].T / len(freqs) ** 0.5, 2, 0)


def _layer(t: Mapping[str, np.ndarray], said: Mapping[str, Any], x: np.ndarray, w: np.ndarray) -> np.ndarray:
    style = t["affine.weight"] @ w / W**0.5 + t["affine.bias"]
    weight, kernel = t["weight"], said["conv_kernel"]
    if said["is_torgb"]:
        weight = weight * style[:, None, None] / len(style) ** 0.5
    else:
        weight = unit(weight, (1, 2, 3)) * unit(style)[:, None, None]
        weight = weight / np.sqrt((weight**2).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)
    weight = weight / np.sqrt(t["magnitude_ema"])
    wide = np.pad(x, [(0, 0)] + [(kernel - 1, kernel - 1)] * 2)
    windows = sliding_window_view(wide, (kernel, kernel), axis=(1, 2))
    x = np.einsum("ihwkl,oikl->ohw", windows, weight, optimize=True) + t["bias"][:, None, None]
    if said["is_torgb"]:
        return np.clip(x, -256, 256)
    up, down = said["up_factor"], said["down_factor"]
    fine = np.zeros((len(x), x.shape[1] * up, x.shape[2] * up))
    fine[:, ::up, ::up] = x
    left, right, top, bottom = said["padding"]
    fine = np.pad(fine, [(0, 0), *((max(a, 0), max(b, 0)) for a, b in ((top, bottom), (left, right)))])
    fine = fine[:, max(-top, 0) : fine.shape[1] - max(-bottom, 0), max(-left, 0) : fine.shape[2] - max(-right, 0)]
    x = _filtered(fine, np.outer(t["up_filter"], t["up_filter"]) * up**2)
    x = np.clip(lrelu(x), -256, 256)
    low = t["down_filter"]
    return _filtered(x, low if low.ndim == 2 else np.outer(low, low))[:, ::down, ::down]


def _filtered(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Each plane of x convolved with the kernel, without a border."""
    height, width = x.shape[1] - len(kernel) + 1, x.shape[2] - len(kernel) + 1
    sides = [x.shape[1], x.shape[2]]
    whole = np.fft.irfft2(np.fft.rfft2(x) * np.fft.rfft2(kernel, sides), sides)  # circular: wrong only at the start
    return whole[:, len(kernel) - 1 :, len(kernel) - 1 :][:, :height, :width]
