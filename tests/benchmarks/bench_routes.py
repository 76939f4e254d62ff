"""Microseconds per frame of a patch bay of 64 routes, plain ones and ones with every key.

    python -m tests.benchmarks.bench_routes

The smallest time of several rounds counts, beside that of the features' own conversion to Python's numbers.
"""

import time
from collections.abc import Callable

import numpy as np

from livegan.config.scene import RouteTable, Scene
from livegan.config.venue import Venue
from livegan.engine.bind import listen
from livegan.engine.patch_bay import PatchBay

FRAMES, ROUNDS, ROUTES = 600, 15, 64
PLAIN = RouteTable(source="bass", target="noise", amount=1)
FULL = RouteTable(
    source="0.6*bass + max(onset, treble) - smooth(0.2, 0.8, level)*sin(2*pi*beat.phase)",
    target="noise",
    amount=1,
    range=(0.1, 0.9),
    threshold=0.1,
    curve="smooth",
    polarity="both",
    hold_s=0.1,
    every=2,
    probability=0.5,
    lead="auto",
)


def fastest_us(call: Callable[[np.ndarray], object], rows: np.ndarray) -> float:
    """Microseconds a frame, in the fastest round."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for row in rows:
            call(row)
        times.append((time.perf_counter() - began) / len(rows))
    return 1e6 * min(times)


def main() -> None:
    layout = listen(Venue(), 48000, 2).layout
    rows = np.random.default_rng(0).random((FRAMES, len(layout.names))).astype(np.float32)
    print(f"{fastest_us(np.ndarray.tolist, rows):7.1f} us  {len(layout.names)} features as numbers of Python")
    for text, table in (("plain", PLAIN), ("with every key", FULL)):
        bay = PatchBay(Scene(title="T", routes=(table,) * ROUTES), layout)
        spent = fastest_us(lambda row: list(bay.pushes(row, 1 / 60, 0.05)), rows)  # noqa: B023
        print(f"{spent:7.1f} us  {ROUTES} routes, {text}")


if __name__ == "__main__":
    main()
