"""What words and the mood model cost a show: time to plan a frame, with and without them, in one run.

python -m tests.benchmarks.bench_prompts
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from livegan.config.scene import PromptsTable, Scene
from livegan.core.target import CLASSES, Prompt, Target
from livegan.core.types import FeatureFrame
from livegan.engine.vocabulary import parameter_table
from livegan.mapping.motions.registry import MOTIONS, MotionSetup
from tests.building import LAYOUT, PLAIN, heard, patch_of

FPS, SECONDS, ROUNDS = 60, 4, 7
NETWORK = replace(PLAIN, name="named", z_dim=10, classes=CLASSES, w_dim=8)
WORDS = Prompt(
    "words",
    Target(
        classes={"silk": 0.6, "galaxy": 0.4},
        colours=((1.0, (0.5, 0.2, 0.8)),),
        latents={"light": -1.0},
        energy=0.2,
        motion=0.9,
        brightness=0.2,
    ),
)


def music() -> list[FeatureFrame]:
    """Frames with tags at random, another row each second."""
    tags = [name for name in LAYOUT.names if name.startswith("tag.")]
    frames = []
    for index in range(FPS * SECONDS):
        row = np.random.default_rng(index // FPS).random(len(tags)) * 0.2
        values = dict(zip(tags, row.tolist(), strict=True)) | {"mood.happy": 1.0, "beat.bpm": 120.0}
        frames.append(heard(index / FPS, **values, **{"beat.phase": index / 30 % 1}))
    return frames


def frame_us(step: Callable[[int, FeatureFrame], object], frames: list[FeatureFrame]) -> float:
    """The best of several rounds, per frame [µs]."""
    best = float("inf")
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        for index, frame in enumerate(frames):
            step(index, frame)
        best = min(best, (time.perf_counter() - began_s) / len(frames) * 1e6)
    return best


def main() -> None:
    """Print a table."""
    frames = music()
    values = {name: parameter.default for name, parameter in parameter_table().items()}
    for name in ("lucid", "mood"):
        motion = MOTIONS[name](MotionSetup([NETWORK], 3, MOTIONS[name].Settings()))
        us = frame_us(lambda _, frame, motion=motion: motion.step(frame, values, 1 / FPS), frames)
        print(f"motion {name:20} {us:6.0f} us a frame, {us * FPS / 1e4:.2f} % of a core")
    for title, bars, prompt in (
        ("no words", 0.0, None),
        ("words, drifting", 256.0, WORDS),
        ("words, there", 0.0, WORDS),
    ):
        patch = patch_of(Scene(title="T", network="plain", prompts=PromptsTable(bars=bars)), [NETWORK])
        patch.ask(prompt)
        us = frame_us(lambda index, frame, patch=patch: patch.plan(index, frame.time_s, 1 / FPS, frame), frames)
        print(f"plan, {title:20} {us:6.0f} us a frame, {us * FPS / 1e4:.2f} % of a core")


if __name__ == "__main__":
    main()
