"""Benchmark of projection: a frame of a film after those before it, against StyleGAN2's projector, 1000 plain steps.

The film is a walk through three z of house-256, 60 frames. Plain is `--original`, from the mean w; both seek in the
same space, w, unless another is asked for. One thread; CPU seconds, and the perceptual distance and PSNR of the picture
that is kept.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from livegan.core.latents import latent_of_seed
from livegan.core.types import Pixels
from livegan.networks.library import find_network
from livegan.networks.weights import load_style_net
from livegan.rendering.threads import use_threads
from livegan.studio.projector import ORIGINAL_STEPS, WARM_STEPS, Projected, Projector, ProjectorSettings, Space
from livegan.studio.projector_network import ProjectorNetwork, to_targets
from livegan.training.perceptual import perceptual

NETWORK = "house-256"
FRAMES, SEEDS, CLASS = 60, (40, 41, 42), 4
BEFORE = 2  # frames that ours begins before the one that counts

Report = Callable[[int], None]


def film(network: ProjectorNetwork, frames: Sequence[int]) -> list[Pixels]:
    """Those frames of the film."""
    net = network.net
    z = np.stack([latent_of_seed(seed, net.z_dim) for seed in SEEDS])
    places = np.linspace(0, 2, FRAMES)[list(frames)]
    rows = [z[int(at)] + (z[min(int(at) + 1, 2)] - z[int(at)]) * (at - int(at)) for at in places]
    classes = torch.eye(net.c_dim)[CLASS].expand(len(rows), -1)
    w = net.map(torch.from_numpy(np.stack(rows).astype(np.float32)), classes)
    return network.pixels(w[:, None].expand(-1, net.num_ws, -1))


def measure(
    frame: int = 10,
    space: Space = "w",
    warm_steps: int = WARM_STEPS,
    plain_steps: int = ORIGINAL_STEPS,
    report: Report = lambda step: None,
) -> dict[str, Any]:
    """Every figure, ready for JSON; `report` gets the steps of plain."""
    before = torch.get_num_threads()
    use_threads(1)
    try:
        network, features = ProjectorNetwork(load_style_net(find_network(NETWORK))), perceptual()
        pictures = film(network, range(frame - BEFORE, frame + 1))
        ours = Projector(network, features, ProjectorSettings(space=space, warm_steps=warm_steps))
        done: list[Projected] = []
        for picture in pictures:
            begun_s = time.process_time()
            done += ours.project(to_targets([picture]), [done[-2:]])
            own_s = time.process_time() - begun_s
        plain = Projector(network, features, ProjectorSettings(space="w", steps=plain_steps, original=True))
        begun_s = time.process_time()
        (other,) = plain.project(to_targets(pictures[-1:]), [[]], report=report)
        other_s = time.process_time() - begun_s
    finally:
        use_threads(before)
    rows = {
        name: {
            "steps": result.steps,
            "cpu_s": round(taken_s, 2),
            "distance": round(float(features.distance(to_targets([result.pixels]), to_targets(pictures[-1:]))), 4),
            "psnr_db": round(psnr_db(result.pixels, pictures[-1]), 1),
        }
        for name, result, taken_s in (("plain", other, other_s), ("ours", done[-1], own_s))
    }
    return {"network": NETWORK, "frame": frame, "space": space, **rows, "times": round(other_s / own_s, 1)}


def psnr_db(picture: Pixels, target: Pixels) -> float:
    """Peak signal to noise ratio of a picture [dB]."""
    error = float(np.mean((picture.astype(float) - target) ** 2))
    return float(10 * np.log10(255**2 / max(1e-9, error)))


def table(row: dict[str, Any]) -> str:
    """The figures as text."""
    lines = [
        f"a frame of a film into {row['space']} of {row['network']}, one thread",
        *(
            f"{name:22} {each['cpu_s']:9.2f} s  {each['steps']:5} steps  distance {each['distance']:.4f}  "
            f"{each['psnr_db']:.1f} dB"
            for name, each in (("1000 plain steps", row["plain"]), ("livegan", row["ours"]))
        ),
    ]
    return "\n".join([*lines[:2], f"{lines[2]}   {row['times']:.1f} times as fast"])
