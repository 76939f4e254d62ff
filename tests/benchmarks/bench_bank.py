"""Frame intervals while a bank is swept, and while a 1024 px network is loaded in mid-show. Start it as a program.

The networks are eight house-shape snapshots of random weights (256 px, [256, 256, 256, 128, 64, 32, 16]), 60 frames a
second are asked for, and there is no window: [switch] [blend] [fade] [load].
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from livegan.config.load import load_venue
from livegan.core.clock import WallClock
from livegan.core.machine import rss_mb
from livegan.core.types import ControlEvent
from livegan.engine.runtime import Runtime
from livegan.engine.show import PlayOptions, set_up
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.info import NetworkInfo
from livegan.networks.weights import save_weights

FPS, SWEEP_S = 60.0, 20.0
HOUSE = [256, 256, 256, 128, 64, 32, 16]
CONFIG_F = [512, 512, 512, 512, 512, 256, 128, 64, 32]


def write_network(folder: Path, name: str, channels: list[int], w_dim: int, age: float) -> None:
    """Random weights; those of ages near each other are alike, as snapshots of a training are."""
    side = 4 << (len(channels) - 1)
    shape = {"channels": channels, "mapping_layers": 2, "conv_clamp": 256.0}
    info = NetworkInfo(name, folder / f"{name}.json", "stylegan2", (side, side), z_dim=w_dim, w_dim=w_dim, shape=shape)
    network = StyleGAN2(StyleGAN2Shape.of(info))
    tensors = {}
    for number, (key, tensor) in enumerate(network.state_dict().items()):
        young, old = (
            torch.randn(tensor.shape, generator=torch.Generator().manual_seed(2 * number + i)) for i in range(2)
        )
        tensors[key] = torch.lerp(young, old, age)
        if key.endswith("affine.bias"):
            tensors[key] = torch.ones_like(tensor)
        elif key.endswith(("bias", "noise_strength")):
            tensors[key] *= 0.1
        elif key.startswith("mapping.fc"):
            tensors[key] *= 100
    save_weights(info, tensors)


def show_of(folder: Path, scenes: dict[str, str]) -> Runtime:
    for name, text in scenes.items():
        (folder / f"{name}.toml").write_text(text)
    venue = load_venue()
    tables = {
        "picture": venue.picture.model_copy(update={"fps": FPS, "device": "cpu"}),
        "hands": venue.hands.model_copy(update={"port": "none"}),
        "show": venue.show.model_copy(update={"scenes": tuple(str(folder / f"{name}.toml") for name in scenes)}),
    }
    return set_up(venue.model_copy(update=tables), PlayOptions(in_window=False), WallClock()).runtime


def wait_for_all(show: Runtime) -> float:
    """Until every network is ready; how long that took [s]."""
    start_s = time.monotonic()
    while True:
        told = show.telemetry.peek()
        words = told.bank.split() if told is not None and told.bank else []
        if len(words) > 3 and words[1] == words[3]:
            return time.monotonic() - start_s
        time.sleep(0.1)


def figures(show: Runtime, count: int, dropped: int) -> dict[str, float]:
    """Of the frames since `count` and `dropped` were noted."""
    intervals_ms = show.intervals.values()[count:] * 1e3
    return {
        "frames": len(intervals_ms),
        "dropped": show.dropped - dropped,
        "p50_ms": round(float(np.median(intervals_ms)), 1),
        "p99_ms": round(float(np.quantile(intervals_ms, 0.99)), 1),
        "longest_ms": round(float(intervals_ms.max()), 1),
        "faults": show.performer.guard.faults,
    }


def sweep(mode: str, folder: Path) -> dict[str, object]:
    """The position goes from end to end of eight snapshots in 2 s, to and fro."""
    scene = f'title = "{mode}"\nnetwork = "{folder}"\n[knobs]\n"knob.1" = "network.position"\n[bank]\nmode = "{mode}"\n'
    with show_of(folder, {f"scene-{mode}": scene}) as show:
        loaded_s = wait_for_all(show) if mode != "blend" else 0.0
        time.sleep(2.0)
        count, dropped, start_mb = show.intervals.count, show.dropped, rss_mb()
        start_s = time.monotonic()
        while (passed_s := time.monotonic() - start_s) < SWEEP_S:
            place = abs((passed_s / 2.0 + 1) % 2 - 1)
            show.controls.put(ControlEvent(0.0, "knob.1", place))
            time.sleep(1 / FPS)
        return {
            "mode": mode,
            "device": show.performer.generator.device_text,
            "loaded_s": round(loaded_s, 1),
            **figures(show, count, dropped),
            "grown_mb": round(rss_mb() - start_mb, 1),
        }


def load(folder: Path) -> dict[str, object]:
    """The default scene plays, then a scene with a 1024 px network is loaded aside."""
    write_network(folder, "large", CONFIG_F, 512, 0.0)
    scenes = {"first": 'title = "first"\n', "second": f'title = "second"\nnetwork = "{folder}/large.json"\n'}
    with show_of(folder, scenes) as show:
        loaded_s = wait_for_all(show)
        return {"mode": "load", "loaded_s": round(loaded_s, 1), **figures(show, 0, 0)}


def main(modes: list[str]) -> None:
    for mode in modes or ["switch", "blend", "fade", "load"]:
        with tempfile.TemporaryDirectory() as folder:
            if mode != "load":
                for number in range(8):
                    write_network(Path(folder), f"snapshot-{number}", HOUSE, 256, number / 7)
            found = load(Path(folder)) if mode == "load" else sweep(mode, Path(folder))
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
