"""Benchmark of workers: one against two processes that draw the same plans, each with one thread; pictures a second."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from livegan.core.clock import WallClock
from livegan.core.types import FramePlan
from livegan.engine.loader import warm_up_plan
from livegan.errors import WorkerError
from livegan.networks.info import NetworkInfo
from livegan.studio.distributed.frames import draw_plans, frames_job
from livegan.studio.distributed.pools import WorkerOptions, open_workers
from livegan.studio.distributed.scheduler import Scheduler

SECONDS = 8.0  # each
READY_S = 120.0  # until the last worker must be ready
WARM_UP = 20  # pictures after the last worker is ready

Echo = Callable[[str], None]


def measure(
    info: NetworkInfo,
    device: str = "",
    seconds: float = SECONDS,
    workers: Sequence[int] = (1, 2, 1),
    echo: Echo = lambda line: None,
) -> dict[str, Any]:
    """Pictures a second of so many workers, in turns, and the ratio of the most to the fewest."""
    paces: dict[int, list[float]] = {}
    for number in workers:
        echo(f"{number} worker{'s' * (number != 1)}")
        with open_workers(
            lambda n: frames_job([info], device or "auto", 0.0, n), WorkerOptions(number), echo
        ) as scheduler:
            paces.setdefault(number, []).append(_pace(scheduler, info, number, seconds))
    means = {number: sum(each) / len(each) for number, each in paces.items()}
    fewest, most = min(means), max(means)
    return {
        "pictures_a_second": {str(number): [round(pace, 2) for pace in each] for number, each in paces.items()},
        "workers": most,
        "times": round(means[most] / means[fewest], 2),
    }


def _pace(scheduler: Scheduler, info: NetworkInfo, workers: int, seconds: float) -> float:
    """Pictures a second, once all are ready."""
    clock, begin_s, begun, last = WallClock(), float("inf"), 0, -1
    ready, opened_s = None, clock.now()

    def plans() -> Iterator[FramePlan]:
        plan = warm_up_plan(info)
        for index in count():
            if clock.now() - begin_s >= seconds:
                return
            yield replace(plan, index=index)

    for last, _ in enumerate(draw_plans(scheduler, plans())):
        if ready is None and scheduler.ready == workers:
            ready = last
        if ready is None and clock.now() - opened_s > READY_S:
            raise WorkerError(f"only {scheduler.ready} of {workers} workers are ready after {READY_S:.0f} s")
        if begun == 0 and ready is not None and last >= ready + WARM_UP:
            begin_s, begun = clock.now(), last
    return (last - begun) / (clock.now() - begin_s)


def table(row: dict[str, Any]) -> str:
    """The figures as text."""
    paces = ", ".join(
        f"{number}: {' and '.join(f'{pace:.1f}' for pace in each)}" for number, each in row["pictures_a_second"].items()
    )
    return f"pictures a second by number of workers ({paces})\n{row['workers']} workers: {row['times']:.2f} times one"
