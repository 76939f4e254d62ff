"""Benchmark of a show under an OSC flood: frames beside 5000 messages a second and garbage, against the show alone.

`PYTHONPATH=. python tests/benchmarks/bench_osc.py` plays the default show without a window, in turns with and without
another process that floods its port. The sender needs some of a core itself: `--idle` has it send where nobody
listens in the turns without a flood, so that both have it beside them.
"""

import argparse
import multiprocessing
import os
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from statistics import median
from typing import TYPE_CHECKING

from pythonosc.osc_message_builder import OscMessageBuilder

if TYPE_CHECKING:
    from livegan.engine.show import Show

SETTLE_S = 3.0  # not counted
PORT, NOBODY = 9007, 9009
TICK_S = 0.01


def message(address: str, value: float) -> bytes:
    """One message."""
    builder = OscMessageBuilder(address)
    builder.add_arg(value, "f")
    dgram: bytes = builder.build().dgram
    return dgram


def flood(port: int, rate: float, begun: Event) -> None:
    """Send `rate` messages a second, and one piece of garbage with every ten, in ticks of 10 ms."""
    rng = random.Random(1)
    addresses = [
        f"/{name}" for name in ("motion/pulse", "motion/drift", "noise", "effect/glow", "knob/1", "truncation")
    ]
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        due_s = time.monotonic()
        begun.set()
        while True:
            for number in range(round(rate * TICK_S)):
                data = message(addresses[number % len(addresses)], 0.2 + 0.01 * rng.random())
                sender.sendto(data, ("127.0.0.1", port))
                if number % 10 == 0:
                    sender.sendto(os.urandom(rng.randrange(200)), ("127.0.0.1", port))
            due_s += TICK_S
            time.sleep(max(due_s - time.monotonic(), 0.0))


@contextmanager
def flooding(port: int, rate: float) -> Iterator[None]:
    """Another process floods this port inside the block."""
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    program = context.Process(target=flood, args=(port, rate, begun), daemon=True)
    if port:
        program.start()
        begun.wait(30.0)
    try:
        yield
    finally:
        if port:
            program.kill()
            program.join()


def rate_of(show: "Show", seconds: float) -> float:
    """Frames a second of a part of a show that runs."""
    before, began_s = show.runtime.published, time.monotonic()
    time.sleep(seconds)
    return (show.runtime.published - before) / (time.monotonic() - began_s)


def main() -> None:
    """Play, and print the rates and their ratio."""
    from livegan.config.load import load_venue
    from livegan.config.venue import OscTable
    from livegan.core.clock import WallClock
    from livegan.core.machine import processor
    from livegan.engine.show import PlayOptions, set_up

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scene", default="default")
    options.add_argument("--seconds", type=float, default=6.0, help="of each turn")
    options.add_argument("--turns", type=int, default=3)
    options.add_argument("--rate", type=float, default=5000.0, help="messages a second")
    options.add_argument("--idle", action="store_true", help="without a flood the sender sends to nobody")
    asked = options.parse_args()
    venue = load_venue(None)
    tables = {
        "audio": venue.audio.model_copy(update={"input": "demo", "monitor": False}),
        "picture": venue.picture.model_copy(update={"quality": "full"}),  # what is left over shows in the rate
        "osc": OscTable(port=PORT),
    }
    venue = venue.model_copy(update=tables)
    show = set_up(venue, PlayOptions(asked.scene, in_window=False, one_scene=True), WallClock())
    alone: list[float] = []
    beside: list[float] = []
    with show.runtime:
        time.sleep(SETTLE_S)
        for _ in range(asked.turns):
            for rates, port in ((alone, NOBODY if asked.idle else 0), (beside, PORT)):
                with flooding(port, asked.rate):
                    time.sleep(1.0)
                    rates.append(rate_of(show, asked.seconds))
    print(processor())
    for name, rates in (("alone", alone), (f"{asked.rate:g} messages a second and garbage", beside)):
        print(f"{name}: {', '.join(f'{rate:.1f}' for rate in rates)} frames a second")
    print(f"ratio {median(beside) / median(alone):.3f}; notices {show.runtime.notices()}")


if __name__ == "__main__":
    main()
