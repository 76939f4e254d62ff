"""Benchmark of the effects: milliseconds of each, and of the chains of shipped scenes. See docs/effects.md.

python -m tests.benchmarks.bench_effects [--threads 1 2] [--scenes default neon] [--json]
"""

import argparse
import json
from collections.abc import Callable, Mapping
from time import perf_counter

import torch

from livegan.config.load import load_scenes
from livegan.core.machine import keep_memory
from livegan.core.types import Picture
from livegan.effects.chain import Chain
from livegan.effects.registry import EFFECTS, PREFIX

SIZES = ((512, 512), (256, 448))  # height, width [px]
PICTURES, ROUNDS = 4, 7  # of each: the least time of a round counts, others may be at work
DT_S = 1 / 60


def pictures(height: int, width: int) -> list[torch.Tensor]:
    """Smooth noise, uint8 (height, width, 3): what is quick or slow for effects does not depend on the content."""
    rng = torch.Generator().manual_seed(1)
    small = torch.rand(PICTURES, 3, 9, 16, generator=rng) * 255
    large = torch.nn.functional.interpolate(small, (height, width), mode="bilinear")
    return [each.permute(1, 2, 0).to(torch.uint8).contiguous() for each in large]


def least_ms(step: Callable[[Picture], object], frames: list[torch.Tensor]) -> float:
    """Time of one frame [ms]: the least of several rounds."""
    times = []
    for _ in range(ROUNDS + 1):  # the first warms up
        start = perf_counter()
        for frame in frames:
            step(frame)
        times.append((perf_counter() - start) / len(frames))
    return min(times[1:]) * 1e3


def chain_ms(plan: Mapping[str, float], frames: list[torch.Tensor]) -> float:
    chain = Chain(EFFECTS)
    return least_ms(lambda frame: chain.step(frame, plan, DT_S), frames)


def loudest(name: str) -> dict[str, float]:
    """The effects of a scene with every one that it or its routes use switched on, in the order of its chain."""
    scene = load_scenes([name])[0].scene
    if scene is None:
        raise SystemExit(f"no scene called '{name}'; type: livegan scenes")
    values = {key.removeprefix(PREFIX): value for key, value in scene.parameters.items() if key.startswith(PREFIX)}
    for route in scene.routes:
        key = route.target.removeprefix(PREFIX)
        if route.target.startswith(PREFIX) and not values.get(key):
            values[key] = route.amount / 2
    order = [key for key in dict.fromkeys([*scene.chain, *EFFECTS]) if values.get(key, 0) > 0]
    return {key: values[key] for name in order for key in [name, *(k for k in values if k.startswith(f"{name}."))]}


def measure(threads: int, scenes: list[str]) -> dict[str, dict[str, float]]:
    """Milliseconds by size and name: every effect alone (conversion and rounding included), then scenes."""
    torch.set_num_threads(threads)
    rows: dict[str, dict[str, float]] = {}
    for height, width in SIZES:
        frames = pictures(height, width)
        column = f"{width}x{height}, {threads} thread{'s' * (threads > 1)}"
        for name in EFFECTS:
            rows.setdefault(name, {})[column] = chain_ms({name: 0.5}, frames)
        for name in scenes:
            rows.setdefault(f"scene {name}", {})[column] = chain_ms(loudest(name), frames)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--scenes", nargs="*", default=["default"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    keep_memory()  # as a show does: a freed picture is the next one's memory
    figures: dict[str, dict[str, float]] = {}
    for count in options.threads:
        for name, row in measure(count, options.scenes).items():
            figures.setdefault(name, {}).update({key: round(value, 2) for key, value in row.items()})
    if options.json:
        print(json.dumps(figures))
    else:
        columns = list(next(iter(figures.values())))
        print(f"{'ms a frame':22}" + "".join(f"{column:>20}" for column in columns))
        for name, row in figures.items():
            print(f"{name:22}" + "".join(f"{row[column]:20.2f}" for column in columns))
