"""How much quicker the quick way is than the plain forward, in one run. Start it as a program."""

import time

import numpy as np
import torch

from livegan.core.types import FramePlan
from livegan.generators.load import find_network, load_generator
from livegan.generators.stylegan2 import Network, Shape, to_pixels
from livegan.generators.weights import load_weights


def main(frames: int = 120) -> None:
    info = find_network("untrained-256")
    quick = load_generator(info)
    plain = Network(Shape.of(info))
    plain.load_state_dict(load_weights(info, {key: tensor.shape for key, tensor in plain.state_dict().items()}))
    chance = np.random.default_rng(0)
    classes = np.eye(info.c_dim, dtype=np.float32)
    took_ms: dict[str, list[float]] = {"plain": [], "quick": []}
    for index in range(frames):
        z = chance.standard_normal(info.z_dim, np.float32)
        plan = FramePlan(index, 0.0, 1 / 60, z, classes[index % info.c_dim])
        start_s = time.perf_counter()
        quick.render(plan)
        middle_s = time.perf_counter()
        with torch.inference_mode():
            to_pixels(plain(torch.from_numpy(z)[None], torch.from_numpy(plan.classes)[None], noise=0.0)[0])
        took_ms["quick"].append((middle_s - start_s) * 1000)
        took_ms["plain"].append((time.perf_counter() - middle_s) * 1000)
    for name, times_ms in took_ms.items():
        print(f"{name}: median {np.median(times_ms[5:]):.2f} ms, p99 {np.quantile(times_ms[5:], 0.99):.2f} ms")
    print(f"quick ({quick.device_text}) is {np.median(took_ms['plain']) / np.median(took_ms['quick']):.2f} x as fast")


if __name__ == "__main__":
    main()
