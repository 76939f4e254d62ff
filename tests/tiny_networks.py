"""Tiny networks of random weights: one of every architecture in the table, 16x16 px."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.info import NetworkInfo
from livegan.networks.network_class import network_class
from livegan.networks.weights import save_weights

SKIP = {"channels": [16, 16, 16], "mapping_layers": 2}
LAYERS = {
    "sizes": [18, 18, 16, 16],
    "rates": [16, 16, 16, 16],
    "channels": [16, 16, 8, 3],
    "kernels": [3, 3, 3, 1],
    "up_taps": [12, 12, 12, 1],
    "down_taps": [12, 12, 12, 1],
    "radial": [False] * 4,
    "input_channels": 16,
    "mapping_layers": 2,
}
LIGHT = {"channels": [16, 16, 8], "initial_channels": 16, "mapping_layers": 2, "lr_multiplier": 1.0}
OF_FASTGAN = re.compile(r"(init|b\d+|torgb)\.")

TINY: dict[str, dict[str, Any]] = {
    "stylegan2": {"c_dim": 3, "shape": SKIP},
    "stylegan3": {"c_dim": 3, "shape": LAYERS},
    "lightweight": {"shape": LIGHT},
    "stylegan1": {"c_dim": 3, "shape": {"channels": [16, 16, 8], "mapping_layers": 2, "mapping_width": 8}},
    "progressive": {"c_dim": 3, "w_dim": 11, "shape": {"channels": [16, 16, 8]}},
    "stylegan-t": {"c_dim": 3, "w_dim": 11, "shape": {"channels": [16, 8], "layers": [2, 2], "groups": 4}},
    "fastgan": {"c_dim": 3, "w_dim": 16, "shape": {"channels": [16, 16, 8], "convolutions": [2, 1]}},
}
"""Fields of the smallest useful network of each architecture. A new architecture needs an entry."""


def tiny_info(kind: str, folder: Path = Path(), name: str = "tiny", **fields: Any) -> NetworkInfo:
    """The description of a tiny network; nothing is written."""
    info = NetworkInfo(name, folder / f"{name}.json", kind, resolution=(16, 16), z_dim=8, w_dim=8)
    return replace(info, **{**TINY[kind], **fields})


def tiny_net(kind: str, seed: int = 5, **fields: Any) -> StyleNet:
    """A tiny network in memory."""
    net = network_class(kind).from_info(tiny_info(kind, **fields))
    fill(net.state_dict(), seed)
    return net


def tiny(folder: Path, kind: str, name: str = "tiny", seed: int = 5, **fields: Any) -> NetworkInfo:
    """A tiny network in files."""
    info = tiny_info(kind, folder, name, **fields)
    save_weights(info, tiny_net(kind, seed, **fields).state_dict())
    return info


def fill(tensors: Mapping[str, torch.Tensor], seed: int) -> None:
    """Random values in the proportions of a trained network; filters and transforms stay what they are."""
    generator = torch.Generator().manual_seed(seed)
    for key, tensor in tensors.items():
        if key.endswith("_filter"):
            tensor.copy_(torch.hann_window(len(tensor) + 2, periodic=False)[1:-1])
            tensor.div_(tensor.sum())
        elif key.endswith("transform"):
            tensor.copy_(torch.eye(3))
        elif key.endswith("magnitude_ema"):
            tensor.fill_(1)
        elif not key.endswith(".f"):  # the blur of a lightweight network
            tensor.normal_(generator=generator)
        if key.endswith("strength"):
            tensor.fill_(0.5)
        elif "mapping.fc" in key or "mapping.mlp.fc" in key:
            tensor.mul_(100)
        elif key == "synthesis.torgb.bias":
            tensor.mul_(0.1)
        elif OF_FASTGAN.match(key) and "bias" not in key:  # no norms keep its variance
            tensor.div_(8 if tensor.ndim == 2 else (len(tensor) if key == "init.weight" else tensor[0].numel()) ** 0.5)
