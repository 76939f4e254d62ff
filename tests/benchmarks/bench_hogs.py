"""Benchmark of a show beside busy programs: rate, latency, stalls, and what the governor traded for them.

`PYTHONPATH=. python tests/benchmarks/bench_hogs.py` plays the default show without a window beside no, one and two
busy programs, then beside one that comes and goes. `ONEDNN_MAX_CPU_ISA=AVX2` makes a processor with AVX-512 a slow one.
"""

import argparse
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from livegan.config.load import load_venue
from livegan.core.clock import WallClock
from livegan.core.machine import cores, keep_memory, processor
from livegan.engine.runtime import Runtime
from livegan.engine.show import PlayOptions, set_up

SETTLE_S = 3.0  # not counted


def burn() -> None:
    """A program that takes a whole core."""
    while True:
        pass


@contextmanager
def hogs(count: int) -> Iterator[None]:
    """So many busy programs run inside the block."""
    programs = [multiprocessing.Process(target=burn, daemon=True) for _ in range(count)]
    for program in programs:
        program.start()
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.join()


def play(scene: str, seconds: float, beside: Callable[[Runtime, float], None]) -> Runtime:
    """Play for `seconds` and do what `beside` does meanwhile; its second argument is how long that is."""
    venue = load_venue(None)
    venue = venue.model_copy(update={"audio": venue.audio.model_copy(update={"input": "demo", "monitor": False})})
    show = set_up(venue, PlayOptions(scene, in_window=False), WallClock())
    with show.runtime:
        beside(show.runtime, seconds)
    return show.runtime


class Row:
    """Measures a part of a show: from its making to `text`."""

    def __init__(self, show: Runtime) -> None:
        self._show, self._began_s = show, time.monotonic()
        self._counts = [meter.count for meter in (show.intervals, show.latencies)]
        self._rungs = dict(show.quality.seconds)

    def text(self, name: str) -> str:
        """One line of the table."""
        show, seconds = self._show, time.monotonic() - self._began_s
        meters = (show.intervals, show.latencies)
        parts = [meter.values() for meter in meters]
        new = [meter.count - count for meter, count in zip(meters, self._counts, strict=True)]
        intervals, latencies = (part[-count:] * 1e3 for part, count in zip(parts, new, strict=True))
        rungs = {text: s - self._rungs.get(text, 0.0) for text, s in show.quality.seconds.items()}
        played = ", ".join(f"{text} {s:.0f} s" for text, s in rungs.items() if s >= 0.5)
        changes = sum(change.time_s > self._began_s for change in show.quality.changes)
        heard = np.percentile(latencies, (50, 95)) if len(latencies) else (0.0, 0.0)
        return (
            f"| {name} | {new[0] / seconds:.1f} | {heard[0]:.0f} | {heard[1]:.0f} "
            f"| {np.percentile(intervals, 99):.1f} | {intervals.max():.0f} | {changes} | {played} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each row")
    parser.add_argument("--scene", default="")
    parser.add_argument("--hogs", type=int, nargs="*", default=[0, 1, 2])
    options = parser.parse_args()
    keep_memory()
    print(f"{processor()}, {cores()} cores; beside other work these figures are worth nothing\n")
    print("| beside | fps | latency p50 ms | p95 ms | interval p99 ms | longest ms | changes | rungs |")
    print("|---|---|---|---|---|---|---|---|")

    def steadily(count: int) -> Callable[[Runtime, float], None]:
        def beside(show: Runtime, seconds: float) -> None:
            with hogs(count):
                time.sleep(SETTLE_S)
                row = Row(show)
                time.sleep(seconds)
                print(row.text(f"{count} busy programs"), flush=True)

        return beside

    def for_a_while(show: Runtime, seconds: float) -> None:
        time.sleep(SETTLE_S + 5)
        with hogs(1):
            row = Row(show)
            time.sleep(seconds / 3)
            print(row.text("1, which came"), flush=True)
        row = Row(show)
        time.sleep(5)
        print(row.text("5 s after it went"), flush=True)
        row = Row(show)
        time.sleep(seconds / 3)
        print(row.text("then"), flush=True)

    for count in options.hogs:
        play(options.scene, options.seconds, steadily(count))
    play(options.scene, options.seconds, for_a_while)


if __name__ == "__main__":
    main()
