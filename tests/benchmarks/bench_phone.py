"""Benchmark of the phone page: frames of a show without it, with it, and with a hundred phones and a slow reader.

`PYTHONPATH=. python tests/benchmarks/bench_phone.py` plays one show without a window and takes the page away and back
in turns, so that every row is held against the same show without it. The phones are a process of low priority on the
same machine; on a stage they are elsewhere.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import numpy as np

from livegan.config.load import load_venue
from livegan.config.venue import RemoteTable
from livegan.core.clock import WallClock
from livegan.core.machine import cores, keep_memory, processor
from livegan.engine.runtime import Runtime
from livegan.engine.show import PlayOptions, set_up
from livegan.web.remote.page import RemotePage

SETTLE_S = 15.0
OFF = "off"
ROWS = (OFF, "served, nobody", "one phone", "100 phones, one slow")


async def phones(address: str, count: int, *, slow: bool) -> None:
    """Be so many phones, one of which never reads, for ever."""
    parts = urlsplit(address)
    head = (
        f"GET {parts.path}ws HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n"
    )

    async def one(reads: bool) -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(head.encode())
        while reads and await reader.read(1 << 16):
            pass
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    await asyncio.gather(*(one(reads=not (slow and number == 0)) for number in range(count)))


@contextmanager
def served(show: Runtime, row: str) -> Iterator[None]:
    """The page as the row says."""
    if row == OFF:
        yield
        return
    page, ended = RemotePage(show, RemoteTable(enabled=True, host="127.0.0.1", port=0)), threading.Event()
    page.start()

    def poll() -> None:
        while not ended.wait(page.poll(time.monotonic())):
            pass

    thread = threading.Thread(target=poll)
    thread.start()
    hundred = row == ROWS[3]
    visitors = None
    if row != ROWS[1]:
        command = [sys.executable, __file__, "--be-phones", page.address, "100" if hundred else "1"]
        visitors = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": "."})
        while page._phones < (100 if hundred else 1):
            time.sleep(0.05)
    try:
        yield
    finally:
        if visitors is not None:
            visitors.kill()
            visitors.wait()
        ended.set()
        thread.join()
        page.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each row, each time")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--scene", default="")
    parser.add_argument("--fps", type=float, default=240.0, help="as many as there can be, to see what is lost")
    parser.add_argument("--be-phones", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.be_phones:
        if sys.platform != "win32":
            os.nice(15)
        asyncio.run(phones(options.be_phones[0], int(options.be_phones[1]), slow=options.be_phones[1] != "1"))
    keep_memory()
    venue = load_venue(None)
    audio = venue.audio.model_copy(update={"input": "demo", "monitor": False})
    picture = venue.picture.model_copy(update={"fps": options.fps, "quality": "full"})
    venue = venue.model_copy(update={"audio": audio, "picture": picture})
    show = set_up(venue, PlayOptions(options.scene, in_window=False), WallClock()).runtime
    rates: dict[str, list[float]] = {row: [] for row in ROWS}
    shares: dict[str, list[float]] = {row: [] for row in ROWS}  # of the rate before and after, without the page
    longest: dict[str, list[float]] = {row: [] for row in ROWS}

    def measured(row: str) -> float:
        with served(show, row):
            time.sleep(0.5)
            before, began_s = show.intervals.count, time.monotonic()
            time.sleep(options.seconds)
            new = show.intervals.count - before
            rates[row].append(new / (time.monotonic() - began_s))
            longest[row] += list(show.intervals.values()[-new:] * 1e3)
        return rates[row][-1]

    with show:
        time.sleep(SETTLE_S)
        without = measured(OFF)
        for _ in range(options.times):
            for row in ROWS[1:]:
                rate, before = measured(row), without
                without = measured(OFF)
                shares[row].append(2 * rate / (before + without))
    print(f"{processor()}, {cores()} cores; beside other work these figures are worth nothing\n")
    print("| phone page | fps | of those before and after it, without it | interval p99 ms |\n|---|---|---|---|")
    for row in ROWS:
        share = f"{np.median(shares[row]):.1%}" if shares[row] else ""
        print(f"| {row} | {np.median(rates[row]):.1f} | {share} | {np.percentile(longest[row], 99):.1f} |")


if __name__ == "__main__":
    main()
