"""Dream films by workers: frames and lone segments come back equal to those of one process."""

from dataclasses import replace
from math import inf
from pathlib import Path

import numpy as np
import pytest

from livegan.core.target import Target
from livegan.studio.distributed.dreams import (
    DreamWork,
    aim_of,
    aim_table,
    draw_frames,
    dream_job,
    dream_segments,
    options_of,
    options_table,
)
from livegan.studio.distributed.message import pack, unpack
from livegan.studio.distributed.pools import WorkerOptions, open_workers
from livegan.studio.dream.dreamer import Aim, Feedback, State
from livegan.studio.dream.film_dream import Drawn, drawn_here, dream_alone, dream_on, frames_of, travels
from livegan.studio.dream.open_dreamer import DreamOptions, open_dreamer
from livegan.studio.dream.segments import Segment
from livegan.studio.dream.vqgan_options import VqganOptions
from tests.tiny_networks import tiny

SEGMENTS = [Segment(0, 0.0, 1.0, 2), Segment(1, 1.0, 2.0, 3)]
AIMS = [Aim(target=Target(colours=((1.0, (0.2, 0.1, 0.6)),), brightness=0.4))]


class NoSteps:
    """Store of steps that keeps none."""

    def find(self, segment: int, iteration: int) -> State | None:
        return None

    def keep(self, segment: int, iteration: int, state: State) -> None: ...


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> DreamOptions:
    captioned = {"c_dim": 2, "classes": ("silk", "flow")}  # no classifier and no sentences, which take seconds to open
    info = tiny(tmp_path_factory.mktemp("networks"), "stylegan2", **captioned)
    return DreamOptions("embedded", str(info.path), (48, 32), seed=3)


def test_options_and_aims_survive_a_message() -> None:
    options = DreamOptions("vqgan", size=(320, 240), seed=5, init_image=np.zeros((2, 2, 3), np.uint8))
    options = replace(options, vqgan=VqganOptions(init_image=Path("a.png"), augments=("Af",), seed=None))
    back = options_of(unpack(pack(options_table(options))))
    assert (back.model, back.size, back.seed, back.vqgan) == ("vqgan", (320, 240), 5, options.vqgan)
    assert np.array_equal(back.init_image, options.init_image)
    target = Target({"silk": 1.0}, ((0.5, (1, 0, 0)), (0.5, (0, 0, 1))), {"hue": 0.3}, energy=0.2, understood=("a",))
    aim = Aim("smoke", np.ones(3, np.float32), None, target, -0.5)
    there = aim_of(unpack(pack(aim_table(aim))))
    assert (there.text, there.target, there.weight, there.stop) == ("smoke", target, -0.5, -inf)
    assert np.array_equal(there.sound, aim.sound)


def test_workers_make_the_film_of_one_process(options: DreamOptions) -> None:
    """Two processes: frames in order, and segments that are dreamt alone."""

    def places(frame: int) -> tuple[int, int, float]:
        segment = frame // 6
        step = (frame % 6) * SEGMENTS[segment].iterations / 6
        return segment, int(step), step % 1

    def dreamt() -> list[Drawn]:
        dreamer = open_dreamer(options)
        stretches = dream_on(dreamer, SEGMENTS, lambda segment: AIMS, Feedback(), NoSteps())
        return list(drawn_here(dreamer, frames_of(stretches, places, 0, 12), places))

    here = dreamt()
    job = dream_job(options, (48, 32), None, 0.0)
    with open_workers(lambda count: job, WorkerOptions(2), pytest.fail) as workers:
        stretches = dream_on(open_dreamer(options), SEGMENTS, lambda segment: AIMS, Feedback(), NoSteps())
        there = list(draw_frames(workers, frames_of(stretches, places, 0, 12), places))
        alone = dict(dream_segments(workers, [(segment, AIMS) for segment in SEGMENTS]))
    assert [drawn.frame for drawn in there] == list(range(12))
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(here, there, strict=True))
    assert len({drawn.pixels.tobytes() for drawn in there}) > 3
    for segment in SEGMENTS:
        dreamer = open_dreamer(options)
        own = dream_alone(dreamer, dreamer.state(), segment, AIMS)
        assert all(np.array_equal(alone[segment][name], own[name]) for name in own)
    ways = list(travels(SEGMENTS, [alone[segment] for segment in SEGMENTS]))
    assert ways[1].start is ways[0].start is ways[0].end


def test_a_worker_with_other_bits_would_be_told_apart(options: DreamOptions) -> None:
    job = dream_job(options, (48, 32), None, 0.0)
    one = DreamWork(job.arguments, job.files)
    other = DreamWork({**job.arguments, "options": {**job.arguments["options"], "seed": 4}}, job.files)
    assert one.identity == DreamWork(job.arguments, job.files).identity != other.identity
