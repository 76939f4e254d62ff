"""Reader of rosinality's StyleGAN2 (.pt): its state dict, bare or in a checkpoint, with its tensors renamed.

The same generator is in the checkpoints of its followers: JoJoGAN (under 'g'), pixel2style2pixel and encoder4editing
(behind 'decoder.').
"""

import re
from typing import Any

import numpy as np

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers import stylegan2_layout
from livegan.networks.importers.imported import ImportedNetwork, check_size
from livegan.networks.importers.state_dicts import find_state, has_state
from livegan.networks.importers.storages import Array, array_of, is_array, shape_of, shape_text

MARKERS = ("input.input", "style.1.weight", "style.1.bias")
W_AVG_SAMPLES = 10_000  # latents, where a checkpoint has no average w of its own
MAX_PRODUCTS = W_AVG_SAMPLES << 22  # of numbers, to find it: a mapping of more than 2^22 numbers gets fewer latents
MAX_MAPPING_NUMBERS = 1 << 25  # numbers in the weights of a mapping network: eight layers of 2048
GUESSED = f"its file has no average w; that of {W_AVG_SAMPLES} random latents is taken, as rosinality's programs do"
SEED = 2020
KERNEL_SUM = 4.0  # of every low-pass: it fills in zeros between pixels
ALIKE = 1e-6  # rows of an average that differ by less, as a share of its largest number, are one
_STYLE = re.compile(r"style\.(\d{1,2})\.(weight|bias)")
_CONVOLUTION = re.compile(r"(conv1|convs\.(\d{1,2}))\.(.+)")
_COLOURS = re.compile(r"(to_rgb1|to_rgbs\.(\d{1,2}))\.(.+)")
_NOISE = re.compile(r"noises\.noise_(\d{1,2})")
_BLUR = re.compile(r"convs\.\d{1,2}\.conv\.blur\.kernel")
_UPSAMPLE = re.compile(r"to_rgbs\.\d{1,2}\.upsample\.kernel")
_WAVELET = re.compile(r"(.*\.)?(iwt|dwt)\.(ll|lh|hl|hh)")
_PARTS = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "noise.weight": "noise_strength",
    "activate.bias": "bias",
}


def is_one(value: Any) -> bool:
    """Whether a file holds what this reads."""
    return has_state(value, MARKERS)


def read(value: dict[Any, Any]) -> ImportedNetwork:
    """The generator in a file; its average w is under 'latent_avg', or is a new one."""
    nodes = find_state(value, MARKERS)
    check_size({name: shape_of(node) for name, node in nodes.items()})
    if any(map(_WAVELET.fullmatch, nodes)):
        raise NetworkError("is a SWAGAN of rosinality's, which draws wavelets; livegan plays his StyleGAN2")
    blurs = {name: array_of(nodes.pop(name)) for name in list(filter(_BLUR.fullmatch, nodes))}
    upsamples = {name: array_of(nodes.pop(name)) for name in list(filter(_UPSAMPLE.fullmatch, nodes))}
    average = nodes.pop("latent_avg", value.get("latent_avg"))
    tensors = _renamed(nodes)
    notes = () if is_array(average) else (GUESSED,)
    tensors["mapping.w_avg"] = _average_w(tensors) if notes else array_of(average)
    tensors |= _averages(tensors["mapping.w_avg"], 2 * sum(name.endswith(".conv1.weight") for name in tensors))
    settings = stylegan2_layout.Settings(
        taps=stylegan2_layout.common_taps(blurs, KERNEL_SUM),
        torgb_taps=stylegan2_layout.common_taps(upsamples, KERNEL_SUM),
    )
    return stylegan2_layout.finish("a rosinality checkpoint of StyleGAN2", tensors, settings, SEED, notes)


def _renamed(nodes: dict[str, Any]) -> dict[str, Array]:
    """Tensors in the public torch layout."""
    tensors: dict[str, Array] = {}
    for name, node in nodes.items():
        array = array_of(node)
        place = _place(name)
        if place is None:
            raise NetworkError(f"has a tensor '{printable(name, 100)}' that rosinality's StyleGAN2 has not")
        leading = place.endswith((".const", ".noise_const")) or (name.endswith("conv.weight") and array.ndim == 5)
        if leading:
            if array.ndim < 1 or len(array) != 1:
                raise NetworkError(
                    f"has a tensor '{printable(name, 100)}' of another shape than rosinality's StyleGAN2"
                )
            array = array[0]
        if place.endswith(".noise_const"):
            array = array[0] if array.ndim == 3 and len(array) == 1 else array
        elif place.endswith(".noise_strength"):
            array = array.reshape(()) if array.size == 1 else array
        elif place.endswith(".torgb.bias"):
            array = array.reshape(-1)
        if place in tensors:
            raise NetworkError(f"has a tensor '{printable(name, 100)}' under two names")
        tensors[place] = array
    return tensors


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


def _averages(average: Array, num_ws: int) -> dict[str, Array]:
    """An average w as it is in a file, (w_dim,), (1, w_dim) or (num_ws, w_dim), under the names of the layout."""
    rows = average if average.ndim == 2 else average.reshape(1, -1)
    if average.ndim not in (1, 2) or len(rows) not in (1, num_ws) or not rows.size:
        raise NetworkError(f"has an average w ('latent_avg') of {shape_text(average.shape)} for {num_ws} rows of w")
    if (np.abs(rows - rows[0]) <= ALIKE * np.abs(rows).max()).all():
        return {"mapping.w_avg": rows[0]}
    return {"mapping.w_avg": rows.mean(axis=0), "mapping.w_avg_rows": rows}


def _average_w(tensors: dict[str, Array]) -> Array:
    """The mean w of random latents: what rosinality's own code computes when such a file is loaded (section 9.1)."""
    first = tensors.get("mapping.fc0.weight")
    if first is None or first.ndim != 2:
        raise NetworkError("has no mapping network ('style.1.weight')")
    numbers = sum(array.size for name, array in tensors.items() if name.startswith("mapping."))
    if numbers > MAX_MAPPING_NUMBERS:
        raise NetworkError(f"has a mapping network of {numbers:.1e} numbers; none that livegan knows has so many")
    samples = min(W_AVG_SAMPLES, MAX_PRODUCTS // max(numbers, 1))
    x = np.random.default_rng(SEED).standard_normal((samples, first.shape[1]), np.float32)
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
