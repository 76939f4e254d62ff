"""Listening process: hears the sound that a show puts into shared memory, and puts what it heard beside it.

`python -m livegan.features.listening_worker`, started by `listening_process`, which sends its job as a line of JSON.
Each further line wakes it; one that is not empty names the groups that are read now. It ends with its input.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from livegan.core.priority import prefer_thread
from livegan.core.rings import SharedRows, SharedSampleRing
from livegan.core.shared_memory import attach
from livegan.features.hop_record_rows import HopRecordRows, Skipped
from livegan.features.listening import MAX_LAG_S, Listening
from livegan.networks.hearing_network import load_hearing

HOPS_KEPT = 512  # until the show has read them
FAULT = 1  # exit code after a feature has raised: the show hears by itself then, and says what it was


class _Listening(Listening):
    """The listening stage without the beat, whose hops go into shared memory."""

    def __init__(self, *args: Any, rows: memoryview, **options: Any) -> None:
        super().__init__(*args, half=True, **options)
        self._format = HopRecordRows(self._groups, self.setup.hop, self.setup.hop_s)
        self._out = SharedRows(HOPS_KEPT, self._format.width, np.float64, rows)
        self._packed = np.zeros((1, self._format.width))
        self._skipped_s = 0.0
        self._told: set[str] = set()

    def _skip(self, samples: int) -> None:
        super()._skip(samples)
        self._skipped_s += samples / self.setup.sample_rate

    def _tell(self, name: str, *_: object) -> None:
        self._told.add(name)

    def _publish(self) -> None:
        self._hops += 1
        skipped = Skipped(self._skipped_s, self.missed, self.gaps)
        self._format.pack(self._heard_to, skipped, self._told, self._packed[0])
        self._out.write(self._packed)
        self._told.clear()
        self._skipped_s = 0.0


def main() -> None:
    """Hear until the input ends."""
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the show's
    job = json.loads(sys.stdin.buffer.readline())
    memory = attach(job["memory"])
    stage, sound = job["stage"], SharedSampleRing(job["channels"], job["sample_rate"], memory)
    hearing = load_hearing(Path(job["hearing"])) if job["hearing"] else None
    rows = memory[SharedSampleRing.size(job["channels"], job["sample_rate"]) :]
    listening = _Listening(job["sample_rate"], job["channels"], hearing=hearing, rows=rows, **stage)
    listening.follow(sound, inf)  # all from the beginning, as the show has heard it
    prefer_thread()
    for line in iter(sys.stdin.buffer.readline, b""):
        if line.strip():
            wanted = json.loads(line)
            listening.wanted = frozenset(wanted) if wanted is not None else None
        listening.follow(sound, MAX_LAG_S)


if __name__ == "__main__":
    try:
        main()
    except Exception as error:  # noqa: BLE001 - the show says it in a line, and goes on
        if sys.stderr is not None:
            print(f"the listening process failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(FAULT)
