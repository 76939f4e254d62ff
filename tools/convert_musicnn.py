"""Conversion of the two music taggers of the package musicnn 0.1.0 into the files that livegan bundles.

    pip download musicnn==0.1.0 --no-deps
    python -m tools.convert_musicnn musicnn-0.1.0-py3-none-any.whl livegan/networks/bundled

Reads the TensorFlow checkpoints in the wheel (tables of leveldb, without TensorFlow), and writes float32 safetensors:

- Adam's slots are left out.
- Filters of the front end whose kernels died in training (all weights below 1e-6) give one constant at every frame.
  Their part of mid_1 is carried by one channel of ones more, so that its zero padding at both ends stays as it was;
  what they give to the pooled features is in the bias of the hidden layer.
- The batch norms (epsilon 0.001) are a factor and a summand for each channel; that of the pooled features is folded
  into the hidden layer, whose inputs are all maxima, then all means (in the original they alternate).
"""

import json
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from livegan.networks.music_tags import TAGS_OF

Array = NDArray[np.float32]

EPSILON = 0.001
DEAD = 1e-6
NETS = {"mtt": "MTT_musicnn", "msd": "MSD_musicnn"}
FRONT = ("timbral_38", "timbral_67", "temporal_128", "temporal_64", "temporal_32")  # conv2d, conv2d_1 ... in the graph


def checkpoint(index: bytes, data: bytes) -> dict[str, Array]:
    """The tensors of a TensorFlow checkpoint (V2 bundle): its table of names, shapes and offsets, and its numbers."""
    _, at = _handle(index, len(index) - 48)  # footer: metaindex, index
    place, _ = _handle(index, at)
    tensors = {}
    for _, handle in _block(index, *place):
        for name, value in _block(index, *_handle(handle, 0)[0]):
            entry = _message(value)
            if not name or entry.get(1) != [1]:  # the header; other types than float32
                continue
            shape = [_message(dim).get(1, [0])[0] for dim in _message(entry.get(2, [b""])[0]).get(2, [])]
            start, size = entry.get(4, [0])[0], entry[5][0]
            tensors[name.decode()] = np.frombuffer(data[start : start + size], "<f4").reshape(shape)
    return tensors


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _block(data: bytes, offset: int, size: int) -> list[tuple[bytes, bytes]]:
    """Keys and values of one block; keys are stored without what they share with the one before."""
    if data[offset + size]:
        raise ValueError("the checkpoint's index is compressed")
    (restarts,) = struct.unpack_from("<I", data, offset + size - 4)
    end, at, key, entries = offset + size - 4 * (restarts + 1), offset, b"", []
    while at < end:
        shared, at = _varint(data, at)
        own, at = _varint(data, at)
        length, at = _varint(data, at)
        key = key[:shared] + data[at : at + own]
        entries.append((key, data[at + own : at + own + length]))
        at += own + length
    return entries


def _message(data: bytes) -> dict[int, list]:
    """Fields of a protocol buffer: numbers, and bytes of strings and messages within."""
    fields: dict[int, list] = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        if tag & 7 == 0:
            value, at = _varint(data, at)
        elif tag & 7 == 2:
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            width = 8 if tag & 7 == 1 else 4
            value, at = data[at : at + width], at + width
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def norm(tensors: dict[str, Array], number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factor and summand of each channel of a batch norm."""
    name = f"batch_normalization_{number}" if number else "batch_normalization"
    gamma, beta, mean, variance = (
        tensors[f"{name}/{part}"].astype(np.float64) for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    factor = gamma / np.sqrt(variance + EPSILON)
    return factor, beta - mean * factor


def converted(tensors: dict[str, Array]) -> dict[str, Array]:
    """The tensors that livegan's forward pass reads, of those of a checkpoint."""
    made: dict[str, NDArray] = {}
    made["input.factor"], made["input.summand"] = norm(tensors, 0)
    alive, constants = [], []
    for number, name in enumerate(FRONT):
        conv = f"conv2d_{number}" if number else "conv2d"
        kernel = tensors[f"{conv}/kernel"].transpose(3, 2, 0, 1)  # (filters, 1, time, bands)
        bias = tensors[f"{conv}/bias"]
        factor, summand = norm(tensors, number + 1)
        lives = np.abs(kernel).max(axis=(1, 2, 3)) >= DEAD
        made[f"{name}.weight"], made[f"{name}.bias"] = kernel[lives], bias[lives]
        made[f"{name}.factor"], made[f"{name}.summand"] = factor[lives], summand[lives]
        alive.append(lives)
        constants.append(np.maximum(bias, 0) * factor + summand)
    lives, constant = np.concatenate(alive), np.concatenate(constants)
    for number, name in enumerate(("mid_1", "mid_2", "mid_3"), len(FRONT)):
        kernel = tensors[f"conv2d_{number}/kernel"]  # (7, channels, 1, 64)
        kernel = kernel[:, :, 0].transpose(2, 1, 0)  # (64, channels, 7)
        if name == "mid_1":
            ones = np.einsum("ock,c->ok", kernel[:, ~lives].astype(np.float64), constant[~lives])
            kernel = np.concatenate((kernel[:, lives], ones[:, None]), axis=1)
        made[f"{name}.weight"], made[f"{name}.bias"] = kernel, tensors[f"conv2d_{number}/bias"]
        made[f"{name}.factor"], made[f"{name}.summand"] = norm(tensors, number + 1)
    pool_factor, pool_summand = norm(tensors, 9)
    weight = tensors["dense/kernel"].astype(np.float64).T  # (200, 1506): max 0, mean 0, max 1, mean 1 ...
    bias = tensors["dense/bias"] + weight @ pool_summand
    weight = (weight * pool_factor).reshape(len(weight), -1, 2)  # (200, 753, max and mean)
    dead = np.concatenate((~lives, np.zeros(weight.shape[1] - len(lives), bool)))
    bias = bias + weight[:, dead].sum(axis=2) @ constant[~lives]
    made["hidden.weight"] = np.concatenate((weight[:, ~dead, 0], weight[:, ~dead, 1]), axis=1)
    made["hidden.bias"] = bias
    made["hidden.factor"], made["hidden.summand"] = norm(tensors, 10)
    made["output.weight"], made["output.bias"] = tensors["dense_1/kernel"].T, tensors["dense_1/bias"]
    return {name: np.ascontiguousarray(array, np.float32) for name, array in made.items()}


def main(wheel: str, folder: str) -> None:
    """Write both networks."""
    with zipfile.ZipFile(wheel) as archive:
        for name, original in NETS.items():
            index, data = (archive.read(f"musicnn/{original}/{end}") for end in (".index", ".data-00000-of-00001"))
            tensors = converted(checkpoint(index, data))
            about = {
                "format": "livegan-musicnn-1", "tags": TAGS_OF[name],
                "licence": "ISC, Music Technology Group, Universitat Pompeu Fabra 2019; see musicnn.licence.txt",
            }  # fmt: skip
            path = Path(folder) / f"{name}.musicnn"
            path.write_bytes(save(tensors, {"livegan": json.dumps(about)}))
            front = sum(len(tensors[f"{part}.bias"]) for part in FRONT)
            print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, {front} of 561 filters of the front end live")


if __name__ == "__main__":
    main(*sys.argv[1:])
