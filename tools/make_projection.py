"""Projection file of the scene gance-projection: a film as w+ of the house network. `python -m tools.make_projection`.

Sixteen beats through four classes: the shapes swing round and start with every beat, the colours (the fine rows) drift
by themselves. Everything in it is made of numbers here, so it is CC0-1.0 like the network.
"""

import sys
from math import pi
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livegan import load_network
from livegan.core.latents import latent_of_seed
from livegan.networks.latents.projection import write_projection

FILE = Path(__file__).parents[1] / "presets" / "latents" / "house-film.hdf5"
NETWORK = "house-256"
FPS, FRAMES, BEATS = 12, 96, 16
CLASSES = (11, 4, 9, 2)  # galaxy, julia, neon, glass: four beats each
FADE_BEATS = 1.0  # from one to the next
SWING, KICK, KICK_BEATS = 0.8, 0.9, 0.3
FINE = 8  # from this row on: colours
SEED = 40

Array = NDArray[np.float64]


def make_film() -> NDArray[np.float32]:
    """w+ (FRAMES, rows, w_dim)."""
    net = load_network(NETWORK)
    beats = np.arange(FRAMES) * (BEATS / FRAMES)
    classes = class_weights(beats, net.c_dim)
    kick = np.exp(-(beats % 1) / KICK_BEATS) * np.where(beats // 1 % 2 == 0, 1, -1)
    shapes = ring(beats, SEED, net.z_dim, 2) + KICK * kick[:, None] * latent_of_seed(SEED + 9, net.z_dim)
    colours = ring(beats, SEED + 4, net.z_dim, 1)
    w = net.map(shapes, c=classes)
    w[:, FINE:] = net.map(colours, c=classes)[:, FINE:]
    return np.asarray(w, np.float16).astype(np.float32)  # rounded: the file is half as large


def class_weights(beats: Array, c_dim: int) -> Array:
    """(n, c_dim): one class for four beats, then a crossfade to the next, round and round."""
    each = BEATS / len(CLASSES)
    weights = np.zeros((len(beats), c_dim))
    for number, beat in enumerate(beats):
        at, share = int(beat // each), np.clip((beat % each - each + FADE_BEATS) / FADE_BEATS, 0, 1)
        weights[number, CLASSES[at]] += 1 - share
        weights[number, CLASSES[(at + 1) % len(CLASSES)]] += share
    return weights


def ring(beats: Array, seed: int, z_dim: int, turns: int) -> Array:
    """z (n, z_dim): so many turns round a latent."""
    middle, right, up = (latent_of_seed(seed + i, z_dim).astype(np.float64) for i in range(3))
    angles = (2 * pi * turns / BEATS) * beats[:, None]
    return middle + SWING * (np.cos(angles) * right + np.sin(angles) * up)


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    write_projection(path, make_film(), FPS)
    print(f"{path}: {FRAMES} frames, {path.stat().st_size / 1024:.0f} KB")
