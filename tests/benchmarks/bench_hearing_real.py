"""How well real music is heard: beats, tempo and onsets of recordings, beside aubio, madmom, BeatNet and librosa.

    python -m tests.benchmarks.bench_hearing_real                    # the fixtures, if they lie beside the repository
    python -m tests.benchmarks.bench_hearing_real MY-SONGS           # a folder of songs, each with NAME.beats
    python -m tests.benchmarks.bench_hearing_real --ours --json now.json --plot build/hearing-real
    python -m tests.benchmarks.hearing_compare before.json now.json  # what fell by more than 0.01

A `.beats` file has one beat a line: its time in seconds and, if you like, its number in the bar. This stage alone needs
nothing more than livegan; the others are asked where they are installed. Each sound is heard clean, in a room with a
crowd, and through a phone. Of beats, those after 6 s count. The fixtures that nobody tunes on are told as means only.
Ctrl-C (or `timeout`) ends it early, and what was heard until then is told and written.
"""

import argparse
import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zlib import crc32

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from livegan.errors import MediaError
from livegan.studio.hearing.dirt import CONDITIONS
from tests.benchmarks.hearing_items import FIXTURES, HELD, RATE, TUNE, Item, read_items
from tests.benchmarks.hearing_peers import LISTENERS, ONLINE, FeatureBatch, Sound, missing
from tests.benchmarks.hearing_pictures import draw_reliability, draw_summary
from tests.benchmarks.hearing_rows import Row, score
from tests.benchmarks.hearing_tables import calibration, cells, per_item, tables

OURS = "livegan"
EVERYONE = {**LISTENERS, **ONLINE}
ORDER = (OURS, "aubio", "madmom", "BeatNet", "librosa")
_warm: set[str] = set()  # listeners that this process has asked before
Job = tuple[Item, str, tuple[str, ...], Path | None]


def hear(job: Job) -> list[Row]:
    """One item under one condition, by every listener asked."""
    item, condition, listeners, kept = job
    sound = CONDITIONS[condition](item.sound(), RATE, crc32(item.name.encode()))
    seconds = len(sound) / RATE
    rows = []
    for listener in listeners:
        heard, cost_s = _heard(listener, sound[:, None], kept)
        rows.append(score(item, condition, listener, heard, seconds, cost_s))
    return rows


def _heard(listener: str, sound: Sound, kept: Path | None) -> tuple[FeatureBatch, float]:
    """What a listener hears, and its CPU time [s]; of others, whose code stays as it is, kept for the next time."""
    file = None
    if kept is not None and listener != OURS:
        file = kept / f"{listener}-{hashlib.sha1(sound.tobytes()).hexdigest()[:16]}.json"
        if file.exists():
            facts = json.loads(file.read_text(encoding="utf-8"))
            cost_s = facts.pop("cost_s")
            return FeatureBatch(**{key: _array(value) for key, value in facts.items()}), cost_s
    if listener not in _warm:
        EVERYONE[listener](np.zeros((RATE, 1), np.float32))  # what is compiled or loaded once does not count
        _warm.add(listener)
    began_s = time.process_time()
    heard = EVERYONE[listener](sound)
    cost_s = time.process_time() - began_s
    if file is not None:
        facts = {
            key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in asdict(heard).items()
        }
        file.write_text(json.dumps({**facts, "cost_s": cost_s}), encoding="utf-8")
    return heard, cost_s


def _array(value: Any) -> Any:
    return np.array(value, float) if isinstance(value, list) else value


def measure(
    items: Sequence[Item], conditions: Iterable[str], listeners: tuple[str, ...], kept: Path | None, processes: int
) -> Iterator[Row]:
    """Rows of every item under every condition by every listener."""
    jobs: list[Job] = [(item, condition, listeners, kept) for item in items for condition in conditions]
    if processes == 1:
        for job in jobs:
            yield from hear(job)
        return
    with ProcessPoolExecutor(processes) as pool:
        for rows in pool.map(hear, jobs):
            yield from rows


def asked_for() -> argparse.Namespace:
    """The command line."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", nargs="?", type=Path, default=FIXTURES)
    words.add_argument("--only", nargs="*", default=[], help="names of items")
    words.add_argument("--groups", choices=(TUNE, HELD, "both"), default="both")
    words.add_argument("--conditions", nargs="*", choices=CONDITIONS, default=list(CONDITIONS))
    words.add_argument("--ours", action="store_true", help="this stage alone")
    words.add_argument("--listeners", nargs="*", choices=ORDER, default=list(ORDER))
    words.add_argument("--reveal", action="store_true", help="each item; of held-out ones too, which ends their use")
    words.add_argument("--json", type=Path, help="a file for the means, and for each item that may be looked at")
    words.add_argument("--plot", type=Path, help="a folder for reliability.png and summary.png")
    words.add_argument(
        "--keep", type=Path, default=Path("build/hearing-real"), help="what the others heard is kept here"
    )
    words.add_argument("--processes", type=int, default=os.cpu_count())
    return words.parse_args()


def main() -> int:
    """Measure and print."""
    asked = asked_for()
    try:
        items = read_items(asked.folder)
    except MediaError as error:
        print(error, file=sys.stderr)
        return 2
    items = [item for item in items if asked.groups in (item.group, "both") and item.name in (asked.only or item.name)]
    absent = {name: missing(name) for name in ORDER if name in ((OURS,) if asked.ours else asked.listeners)}
    listeners = tuple(name for name, why in absent.items() if not why)
    asked.keep.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    try:
        for row in measure(items, asked.conditions, listeners, asked.keep, asked.processes):
            rows.append(row)
            print(f"\r{len(rows)} of {len(items) * len(asked.conditions) * len(listeners)}", end="", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"\nEnded early; of {len(rows)} sounds heard:", end="", file=sys.stderr)
    print(file=sys.stderr)
    for name, why in absent.items():
        if why:
            print(f"{name} is not asked: {why}")
    groups = {group: [row for row in rows if row.group == group] for group in (TUNE, HELD)}
    groups = {group: of for group, of in groups.items() if of}
    if len(groups) > 1:
        groups["all"] = rows
    for group, of in groups.items():
        print("\n".join(tables(group, of, asked.reveal)))
    told = [row for row in rows if asked.reveal or row.group == TUNE]
    if told:
        print("\n".join(per_item(told)))
    if asked.json:
        facts = {"cells": cells(groups, asked.reveal), "items": [row.json() for row in told]}
        asked.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    if asked.plot and rows:
        asked.plot.mkdir(parents=True, exist_ok=True)
        ours = {c: calibration([row for row in rows if (row.condition, row.listener) == (c, OURS)]) for c in CONDITIONS}
        draw_reliability(ours, asked.plot / "reliability.png")
        draw_summary(rows, asked.plot / "summary.png")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
