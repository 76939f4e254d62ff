"""Projection of a moving picture against 1000 plain steps a frame: [--frame N] [--warm-steps N] [--plain-steps N].

The film is a walk through three z of house-256, 60 frames. Plain is StyleGAN2's projector (`--original`). One thread;
CPU seconds, and the perceptual distance and PSNR of the picture that is kept. Ours begins two frames before.
"""

import argparse
import time
from collections.abc import Sequence

import numpy as np
import torch

from livegan.core.latents import latent_of_seed
from livegan.core.types import Pixels
from livegan.networks.library import find_network
from livegan.networks.weights import load_style_net
from livegan.studio.projector import Projected, Projector, ProjectorSettings
from livegan.studio.projector_network import ProjectorNetwork, to_targets
from livegan.training.perceptual import perceptual

FRAMES, SEEDS, CLASS = 60, (40, 41, 42), 4


def film(network: ProjectorNetwork, frames: Sequence[int]) -> list[Pixels]:
    """Those frames of the film."""
    net = network.net
    z = np.stack([latent_of_seed(seed, net.z_dim) for seed in SEEDS])
    places = np.linspace(0, 2, FRAMES)[list(frames)]
    rows = [z[int(at)] + (z[min(int(at) + 1, 2)] - z[int(at)]) * (at - int(at)) for at in places]
    classes = torch.eye(net.c_dim)[CLASS].expand(len(rows), -1)
    w = net.map(torch.from_numpy(np.stack(rows).astype(np.float32)), classes)
    return network.pixels(w[:, None].expand(-1, net.num_ws, -1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frame", type=int, default=10)
    parser.add_argument("--warm-steps", type=int, default=20)
    parser.add_argument("--plain-steps", type=int, default=1000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    network, features = ProjectorNetwork(load_style_net(find_network("house-256"))), perceptual()
    pictures = film(network, range(options.frame - 2, options.frame + 1))

    def timed(name: str, projector: Projector, picture: Pixels, before: list[Projected]) -> tuple[Projected, float]:
        begun_s = time.process_time()
        (result,) = projector.project(to_targets([picture]), [before])
        taken_s = time.process_time() - begun_s
        distance = float(features.distance(to_targets([result.pixels]), to_targets([picture])))
        psnr = 10 * np.log10(255**2 / max(1e-9, np.mean((result.pixels.astype(float) - picture) ** 2)))
        print(f"{name}: {result.steps} steps, {taken_s:.1f} s, distance {distance:.4f}, {psnr:.1f} dB", flush=True)
        return result, taken_s

    ours, before, ours_s = Projector(network, features, ProjectorSettings(warm_steps=options.warm_steps)), [], 0.0
    for number, picture in enumerate(pictures, options.frame - 2):
        result, ours_s = timed(f"livegan, frame {number}", ours, picture, before)
        before = [*before, result][-2:]
    plain = Projector(network, features, ProjectorSettings(space="w", steps=options.plain_steps, original=True))
    _, plain_s = timed(f"plain, frame {options.frame}", plain, pictures[-1], [])
    print(f"plain / livegan: {plain_s / ours_s:.1f}")


if __name__ == "__main__":
    main()
