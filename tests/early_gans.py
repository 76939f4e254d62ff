"""StyleGAN (2019) and Progressive GAN as TensorFlow pickles of random numbers, and what they draw, in plain NumPy.

The drawing here follows the two papers and shares no code with livegan's networks.
"""

import pickle
import sys
import types
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from tests.foreign import EasyDict, Network, foreign_modules

Arrays = dict[str, Any]
Z, W, C = 6, 5, 3  # lengths of z and w, classes


class TfutilNetwork:
    """The network class of Progressive GAN."""

    def __init__(self, **state: Any) -> None:
        self.state = state

    def __getstate__(self) -> dict[str, Any]:
        return self.state


def growing_colours(rng: np.random.Generator, channels: list[int]) -> Arrays:
    """A ToRGB for every level: the one of lod 0 draws, the others are left from growing."""
    found: Arrays = {}
    for lod, count in enumerate(reversed(channels)):
        found[f"ToRGB_lod{lod}/weight"] = rng.standard_normal((1, 1, count, 3), np.float32)
        found[f"ToRGB_lod{lod}/bias"] = rng.standard_normal(3, np.float32) * 0.1
    return found


def stylegan1(channels: list[int], classes: int = 0, seed: int = 0) -> dict[str, Arrays]:
    """Variables of the parts "Gs", "mapping" and "synthesis"."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> Any:
        return rng.standard_normal(shape, np.float32)

    synthesis: Arrays = {"lod": np.float32(0), "4x4/Const/const": normal(1, channels[0], 4, 4)}
    for index in range(2 * len(channels)):
        level, side = index // 2, 4 << index // 2
        outputs = channels[level]
        place = f"{side}x{side}/" + (("Conv0_up", "Conv1") if level else ("Const", "Conv"))[index % 2]
        if index:
            inputs = channels[level - 1] if level and index % 2 == 0 else outputs
            synthesis[f"{place}/weight"] = normal(3, 3, inputs, outputs)
        synthesis |= {
            f"{place}/bias": normal(outputs),
            f"{place}/Noise/weight": normal(outputs),
            f"{place}/StyleMod/weight": normal(W, 2 * outputs),
            f"{place}/StyleMod/bias": normal(2 * outputs),
            f"noise{index}": normal(1, 1, side, side),
        }
    widths = [2 * Z if classes else Z, 7, 7, W]
    mapping: Arrays = {"LabelConcat/weight": normal(classes, Z)} if classes else {}
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        mapping |= {f"Dense{index}/weight": 100 * normal(inputs, outputs), f"Dense{index}/bias": 100 * normal(outputs)}
    return {
        "Gs": {"lod": np.float32(0), "dlatent_avg": normal(W)},
        "mapping": mapping,
        "synthesis": synthesis | growing_colours(rng, channels),
    }


def progressive(channels: list[int], classes: int = 0, fused: bool = True, seed: int = 0) -> Arrays:
    """Variables of a Progressive GAN."""
    rng = np.random.default_rng(seed)
    first = channels[0]
    found: Arrays = {
        "lod": np.float32(0),
        "4x4/Dense/weight": rng.standard_normal((Z + classes, 16 * first), np.float32),
        "4x4/Dense/bias": rng.standard_normal(first, np.float32),
        "4x4/Conv/weight": rng.standard_normal((3, 3, first, first), np.float32),
        "4x4/Conv/bias": rng.standard_normal(first, np.float32),
    }
    for level, outputs in enumerate(channels[1:], 1):
        block, inputs = f"{4 << level}x{4 << level}", channels[level - 1]
        name, pair = ("Conv0_up", (outputs, inputs)) if fused else ("Conv0", (inputs, outputs))
        for each, sides in ((name, pair), ("Conv1", (outputs, outputs))):
            found[f"{block}/{each}/weight"] = rng.standard_normal((3, 3, *sides), np.float32)
            found[f"{block}/{each}/bias"] = rng.standard_normal(outputs, np.float32)
    return found | growing_colours(rng, channels)


def stylegan1_pickle(parts: Mapping[str, Arrays], version: int = 3, **settings: Any) -> bytes:
    """The tuple (G, D, Gs); the numbers of G are others."""

    def network(name: str, variables: Arrays, **state: Any) -> Network:
        rows = list(variables.items())
        return Network(version=version, name=name, static_kwargs=EasyDict(settings), variables=rows, **state)

    def whole(name: str, shift: float) -> Network:
        moved = {part: {key: value + np.float32(shift) for key, value in parts[part].items()} for part in parts}
        inner = {part: network(part, moved[part]) for part in ("mapping", "synthesis")}
        return network(name, moved["Gs"], components=EasyDict(inner), build_module_src="raise SystemExit()")

    with foreign_modules():
        return pickle.dumps((whole("G", 1), network("D", {"x/weight": np.ones(2, np.float32)}), whole("Gs", 0)), 4)


def progressive_pickle(variables: Arrays, version: int = 2, dnnlib: bool = False, **settings: Any) -> bytes:
    """The tuple (G, D, Gs); the numbers of G are others."""
    home = types.ModuleType("tfutil")
    TfutilNetwork.__module__, TfutilNetwork.__qualname__ = "tfutil", "Network"
    home.Network = TfutilNetwork  # type: ignore[attr-defined]
    kind: Any = Network if dnnlib else TfutilNetwork

    def network(name: str, rows: Arrays) -> Any:
        return kind(version=version, name=name, static_kwargs=settings, variables=list(rows.items()))

    others = {name: value + np.float32(1) for name, value in variables.items()}
    sys.modules["tfutil"] = home
    try:
        with foreign_modules():
            return pickle.dumps((network("G", others), network("D", {}), network("Gs", variables)), 4)
    finally:
        del sys.modules["tfutil"]


def unit(x: Any) -> Any:
    """The channels (axis 0) scaled to a mean square of 1."""
    return x / np.sqrt((x * x).mean(axis=0) + 1e-8)


def leaky(x: Any) -> Any:
    return np.where(x > 0, x, 0.2 * x)


def convolved(x: Any, weight: Any) -> Any:
    """(inputs, h, w) with (kh, kw, inputs, outputs), centred, zeros around it."""
    side = weight.shape[0]
    padded = np.pad(x, ((0, 0), (side // 2,) * 2, (side // 2,) * 2))
    height, width = x.shape[1:]
    return sum(
        np.tensordot(weight[a, b].T, padded[:, a : a + height, b : b + width], 1)
        for a in range(side)
        for b in range(side)
    )


def doubled(x: Any, weight: Any, fused: bool) -> Any:
    """A 3x3 convolution, weight (3, 3, inputs, outputs), that doubles the side."""
    if not fused:
        return convolved(x.repeat(2, axis=1).repeat(2, axis=2), weight)
    kernel = np.zeros((4, 4, *weight.shape[2:]), np.float32)
    for down in (0, 1):
        for right in (0, 1):
            kernel[down : down + 3, right : right + 3] += weight
    side = x.shape[1]
    wide = np.zeros((weight.shape[3], 2 * side + 2, 2 * side + 2), np.float32)
    for y in range(side):
        for z in range(side):
            written = np.tensordot(kernel, x[:, y, z], ([2], [0]))  # (4, 4, outputs)
            wide[:, 2 * y : 2 * y + 4, 2 * z : 2 * z + 4] += written.transpose(2, 0, 1)
    return wide[:, 1:-1, 1:-1]


def scaled(weight: Any) -> Any:
    """Weights (3, 3, inputs, outputs) of a convolution as they act."""
    return weight * np.sqrt(2 / (9 * weight.shape[2]))


def colours(variables: Arrays, x: Any) -> Any:
    """The picture (3, side, side)."""
    weight = variables["ToRGB_lod0/weight"]
    return convolved(x, weight / np.sqrt(weight.shape[2])) + variables["ToRGB_lod0/bias"][:, None, None]


def stylegan1_w(parts: Mapping[str, Arrays], z: Any, label: int | None) -> Any:
    mapping = parts["mapping"]
    x = unit(z if label is None else np.concatenate([z, mapping["LabelConcat/weight"][label]]))
    for index in range(3):
        weight, bias = mapping[f"Dense{index}/weight"], mapping[f"Dense{index}/bias"]
        x = leaky(x @ weight * (0.01 * np.sqrt(2 / len(weight))) + 0.01 * bias)
    return x


def stylegan1_picture(variables: Arrays, ws: Any, noise: float, fused_from: float) -> Any:
    """ws (num_ws, w_dim) to the picture (3, side, side)."""
    x: Any = None
    for index, w in enumerate(ws):
        level, side = index // 2, 4 << index // 2
        place = f"{side}x{side}/" + (("Conv0_up", "Conv1") if level else ("Const", "Conv"))[index % 2]
        if index == 0:
            x = variables["4x4/Const/const"][0]
        elif index % 2 == 0:
            x = doubled(x, scaled(variables[f"{place}/weight"]), side >= fused_from)
            low_pass = np.outer([1, 2, 1], [1, 2, 1]) / 16
            x = np.stack([convolved(plane[None], low_pass[:, :, None, None])[0] for plane in x])
        else:
            x = convolved(x, scaled(variables[f"{place}/weight"]))
        x = x + noise * variables[f"noise{index}"][0] * variables[f"{place}/Noise/weight"][:, None, None]
        x = leaky(x + variables[f"{place}/bias"][:, None, None])
        x = x - x.mean(axis=(1, 2), keepdims=True)
        x = x / np.sqrt((x * x).mean(axis=(1, 2), keepdims=True) + 1e-8)
        style = w @ variables[f"{place}/StyleMod/weight"] / np.sqrt(len(w)) + variables[f"{place}/StyleMod/bias"]
        scale, shift = style.reshape(2, -1, 1, 1)
        x = x * (scale + 1) + shift
    return colours(variables, x)


def progressive_picture(variables: Arrays, z: Any, classes: Any) -> Any:
    """z (z_dim,) and class weights to the picture (3, side, side)."""
    x = unit(np.concatenate([z, classes]))
    weight = variables["4x4/Dense/weight"]
    x = (x @ weight * (np.sqrt(2) / 4 / np.sqrt(len(weight)))).reshape(-1, 4, 4)
    x = unit(leaky(x + variables["4x4/Dense/bias"][:, None, None]))
    names = [name.rpartition("/")[0] for name in variables if "Conv" in name and name.endswith("weight")]
    for name in names:
        weight, bias = variables[f"{name}/weight"], variables[f"{name}/bias"][:, None, None]
        if name.endswith("Conv0_up"):
            x = doubled(x, scaled(weight.transpose(0, 1, 3, 2)), True)
        elif name.endswith("Conv0"):
            x = doubled(x, scaled(weight), False)
        else:
            x = convolved(x, scaled(weight))
        x = unit(leaky(x + bias))
    return colours(variables, x)
