"""Reader of rosinality's StyleGAN2 checkpoints (.pt): the state dict under g_ema, with its tensors renamed."""

import re
from typing import Any

import numpy as np

from livegan.errors import NetworkError
from livegan.networks.importers import stylegan2_layout
from livegan.networks.importers.imported import ImportedNetwork
from livegan.networks.importers.storages import Array, array_of, is_array

MAX_TENSORS = 5000  # tensors
W_AVG_SAMPLES = 10_000  # latents, where a checkpoint has no average w of its own
SEED = 2020
_STYLE = re.compile(r"style\.(\d{1,2})\.(weight|bias)")
_CONVOLUTION = re.compile(r"(conv1|convs\.(\d{1,2}))\.(.+)")
_COLOURS = re.compile(r"(to_rgb1|to_rgbs\.(\d{1,2}))\.(.+)")
_NOISE = re.compile(r"noises\.noise_(\d{1,2})")
_PARTS = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "noise.weight": "noise_strength",
    "activate.bias": "bias",
}


def is_one(value: Any) -> bool:
    """Whether a file holds what this reads."""
    return isinstance(value, dict) and "g_ema" in value


def read(value: dict[Any, Any]) -> ImportedNetwork:
    """The network under 'g_ema', with the average w under 'latent_avg', or a new one."""
    state = value["g_ema"]
    if not isinstance(state, dict) or len(state) > MAX_TENSORS:
        raise NetworkError("has no state dict under 'g_ema'")
    tensors, kernels = _renamed(state)
    taps = stylegan2_layout.taps_of(kernels[0]) if kernels else None
    average = value.get("latent_avg")
    tensors["mapping.w_avg"] = array_of(average).reshape(-1) if is_array(average) else _average_w(tensors)
    return stylegan2_layout.finish("a rosinality checkpoint of StyleGAN2", tensors, None, taps, seed=SEED)


def _renamed(state: dict[Any, Any]) -> tuple[dict[str, Array], list[Array]]:
    """Tensors in the public torch layout, and the kernels of the low-passes."""
    tensors: dict[str, Array] = {}
    kernels: list[Array] = []
    for name, node in state.items():
        if not isinstance(name, str) or not is_array(node):
            raise NetworkError("has something else in its state dict than named tensors")
        if name.endswith(".kernel"):
            kernels.append(array_of(node))
            continue
        array = array_of(node)
        place = _place(name)
        if place is None:
            raise NetworkError(f"has a tensor '{name[:100]}' that rosinality's StyleGAN2 has not")
        leading = place.endswith((".const", ".noise_const")) or (name.endswith("conv.weight") and array.ndim == 5)
        if leading:
            if array.ndim < 1 or len(array) != 1:
                raise NetworkError(f"has a tensor '{name[:100]}' of another shape than rosinality's StyleGAN2")
            array = array[0]
        if place.endswith(".noise_const"):
            array = array[0] if array.ndim == 3 and len(array) == 1 else array
        elif place.endswith(".noise_strength"):
            array = array.reshape(()) if array.size == 1 else array
        elif place.endswith(".torgb.bias"):
            array = array.reshape(-1)
        tensors[place] = array
    return tensors, kernels


def _place(name: str) -> str | None:
    """The name in the public torch layout, None if it is not one of rosinality's."""
    if name == "input.input":
        return "synthesis.b4.const"
    if match := _STYLE.fullmatch(name):
        return f"mapping.fc{int(match[1]) - 1}.{match[2]}"
    if match := _CONVOLUTION.fullmatch(name):
        index = -1 if match[2] is None else int(match[2])  # conv1 is the second of its block
        part = _PARTS.get(match[3])
        return part and f"synthesis.b{4 << (index + 2) // 2}.conv{(index + 2) % 2}.{part}"
    if match := _COLOURS.fullmatch(name):
        level = 0 if match[2] is None else int(match[2]) + 1
        part = "bias" if match[3] == "bias" else _PARTS.get(match[3])
        return part and f"synthesis.b{4 << level}.torgb.{part}"
    if match := _NOISE.fullmatch(name):
        index = int(match[1])
        return f"synthesis.b{4 << (index + 1) // 2}.conv{1 if index == 0 else (index + 1) % 2}.noise_const"
    return None


def _average_w(tensors: dict[str, Array]) -> Array:
    """The mean w of random latents: what rosinality's own code computes when such a file is loaded (section 9.1)."""
    first = tensors.get("mapping.fc0.weight")
    if first is None or first.ndim != 2:
        raise NetworkError("has no mapping network ('style.1.weight')")
    x = np.random.default_rng(SEED).standard_normal((W_AVG_SAMPLES, first.shape[1]), np.float32)
    x = x / np.sqrt(np.mean(x * x, axis=1, keepdims=True) + 1e-8)
    index = 0
    while f"mapping.fc{index}.weight" in tensors:
        weight, bias = tensors[f"mapping.fc{index}.weight"], tensors.get(f"mapping.fc{index}.bias")
        if bias is None or weight.ndim != 2 or weight.shape != (*bias.shape, x.shape[1]):
            raise NetworkError(f"has a mapping layer 'style.{index + 1}' whose shape does not follow from the last one")
        with np.errstate(over="ignore", invalid="ignore"):
            x = x @ (weight.T * np.float32(0.01 / weight.shape[1] ** 0.5)) + bias * np.float32(0.01)
            x = np.where(x < 0, x * np.float32(0.2), x) * np.float32(2**0.5)
        index += 1
    return np.asarray(x.mean(axis=0), np.float32)
