"""Writes the network that the slow forward is compared on. `.venv/bin/python -m tests.golden.make_network`.

Random numbers from a seed, with classes, noise, a clamp that bites, and a different width at every size.
"""

from pathlib import Path

import numpy as np
import torch

from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.info import NetworkInfo
from livegan.networks.weights import save_weights

GOLDEN = Path(__file__).resolve().parent / "conditional-32.json"
INFO = NetworkInfo(
    name=GOLDEN.stem,
    path=GOLDEN,
    kind="stylegan2",
    resolution=(32, 32),
    z_dim=5,
    c_dim=3,
    w_dim=7,
    title="Random numbers for tests",
    licence="CC0-1.0",
    made_by="python -m tests.golden.make_network",
    shape={"channels": [8, 7, 6, 4], "mapping_layers": 3, "conv_clamp": 2.5},
)


def write() -> None:
    rng = np.random.default_rng(2020)
    tensors = {}
    for key, tensor in StyleGAN2(StyleGAN2Shape.of(INFO)).state_dict().items():
        numbers = rng.standard_normal(tuple(tensor.shape))
        if "mapping.fc" in key:
            numbers *= 100  # their learning rate is a hundredth
        elif key.endswith("affine.bias"):
            numbers += 1
        elif key.endswith(("bias", "w_avg", "noise_strength")):
            numbers *= 0.3
        tensors[key] = torch.from_numpy(np.asarray(numbers, np.float32))
    save_weights(INFO, tensors)


if __name__ == "__main__":
    write()
    print(f"wrote {INFO.weights}: {INFO.weights.stat().st_size} bytes")
