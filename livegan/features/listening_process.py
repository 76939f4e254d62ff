"""Listening stage whose costly half runs in a process of its own.

Both halves in the show's process share one lock (Python's GIL) with the thread that draws: on two cores that costs up
to a quarter of the pictures. The other process (`listening_worker`) gets the sound through shared memory and sends
back, a row a hop, what it heard; the beat is followed here, where taps, MIDI clock and Link are. Until it has caught
up, and whenever it has ended, the show hears by itself.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from livegan.core.own_process import module_command, module_environment
from livegan.core.rings import SampleRing, SharedRows, SharedSampleRing
from livegan.core.shared_memory import SharedMemory
from livegan.core.types import Vector
from livegan.features.hop_record_rows import HopRecordRows, Skipped
from livegan.features.listening import Listening
from livegan.features.listening_worker import HOPS_KEPT
from livegan.networks.hearing_network import load_hearing

_APART: dict[str, Any] = {"process_group": 0}  # Ctrl-C is for the show
if sys.platform == "win32":
    _APART = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}

log = logging.getLogger(__name__)

PATIENCE = 400  # polls without anything that was heard, though a hop or more waits: then it hangs
SOON = 40  # ... after which it is looked whether it has ended
START_PATIENCE = 4000  # the same before it has caught up: some ten seconds
CLOSE_S = 1.0
AGAIN_S = 10.0  # from when it has ended until another is started
MOST_ENDED = 4  # ... but no further one
RECALLED_S = 0.5  # of the sound before, that a further one begins with
LOOK_S = 1.0
SELDOM = 64  # polls between two wakings before the first hop was heard


class ListeningProcess(Listening):
    """Listening stage of a show. `start` and `close` it; what it cannot do elsewhere it does here."""

    def __init__(
        self,
        sample_rate: int,
        channels: int,
        *,
        groups: Mapping[str, Sequence[int]] | None = None,
        asked: Iterable[str] = (),
        hearing_file: Path | None = None,
        **options: Any,
    ) -> None:
        """As `Listening`; `hearing_file` has the weights of a network of one's own."""
        asked = list(asked)
        hearing = load_hearing(hearing_file) if hearing_file is not None else None
        super().__init__(sample_rate, channels, groups=groups, asked=asked, hearing=hearing, **options)
        plain = ("window", "hop", "bands", "gate_db", "everything", "main_channels")
        self._job = {
            "sample_rate": sample_rate,
            "channels": channels,
            "hearing": str(hearing_file) if hearing_file is not None else "",
            "stage": {
                "groups": {name: list(numbers) for name, numbers in self.groups.items()},
                "asked": asked,
                **{name: options[name] for name in plain if name in options},
            },
        }
        own = all(group.own_features for group in self._groups.values())
        self._possible = own and self._beat_clock is None and self._notes is None
        self._worker: _Worker | None = None
        self.apart = False  # whether the other process hears now
        self._ended = 0  # how often it has ended or hung
        self._alone = False  # ... and the show has heard by itself since
        self._again_s: float | None = None
        self._closed = False

    @property
    def notice(self) -> str:
        """For the player, while the show hears by itself because the other process has ended; else ""."""
        if not self._alone:
            return ""
        then = "; another begins soon" if self._ended < MOST_ENDED else f", {self._ended} times: it stays so"
        return f"the show hears by itself, which costs pictures: the process that heard ended{then}"

    @property
    def process_id(self) -> int | None:
        """Of the other process; None where there is none."""
        return self._worker.process_id if self._worker is not None else None

    def start(self) -> None:
        """Start the other process, where it can do what is asked. Never fails: else the show hears by itself."""
        if self._possible and self._worker is None:
            with suppress(OSError, ValueError):
                rows = HopRecordRows(self._groups, self.setup.hop, self.setup.hop_s)
                self._worker = _Worker(self._job, rows, RECALLED_S if self._ended else None)

    def poll(self, now_s: float) -> float:
        """Start another process some time after one has ended; seconds until the next call. On any thread."""
        if self._worker is not None or self._closed or not 0 < self._ended < MOST_ENDED:
            self._again_s = None
        elif self._again_s is None:
            self._again_s = now_s + AGAIN_S
        elif now_s >= self._again_s:
            self._again_s = None
            self.start()
            if self._closed:  # meanwhile
                self.close()
        return LOOK_S

    def close(self) -> None:
        """End the other process. Idempotent."""
        self._closed = True
        self._end()

    def follow(self, sound: SampleRing, max_lag_s: float = float("inf")) -> int:
        worker = self._worker
        if worker is None:
            return super().follow(sound, max_lag_s)
        whole = worker.send(sound, self.wanted)
        if not self.apart:
            hops = super().follow(sound, max_lag_s)
            if worker.heard_to() >= self._heard_to:
                self.apart, self._alone = True, False
                worker.wait_anew()
            elif not whole or worker.is_stuck(False, START_PATIENCE):
                self._give_up(sound)
            return hops
        hops = 0
        for row in worker.rows():
            hops += self._take_row(worker, sound, row)
        if not whole or worker.is_stuck(hops > 0, PATIENCE):
            self._give_up(sound)
        return hops

    def _take_row(self, worker: "_Worker", sound: SampleRing, row: Vector) -> bool:
        """The second half of a hop; False if it was heard here already."""
        end, skipped = worker.skipped(row)
        if end <= self._heard_to:
            return False
        self._time_s, self._heard_to = max(self._time_s, sound.time_at(end)), end
        self.missed, self.gaps = self.missed + skipped.missed, self.gaps + skipped.gaps
        self._follow_range()
        if skipped.time_s:
            for group in self._groups.values():
                if group.tracker is not None:
                    group.tracker.skip(skipped.time_s)
        self._pause()
        records, at = worker.format.records(row), 0
        for name, group in self._groups.items():
            place = self._row[at : at + len(group.row)]
            at += len(place)
            if name in records:
                group.take(records[name], self._time_s)
                self._tell(name, group, place)
            else:
                place.fill(0.0)
        self._publish()
        return True

    def _give_up(self, sound: SampleRing) -> None:
        """Hear here from now on, from the sample that the process had come to."""
        log.warning("the listening process has ended or hangs; the show hears by itself, which costs pictures")
        if self.apart:
            self._mark, self._filled = self._heard_to, 0
            lead = next(iter(self._groups.values())).past.samples.size
            self._lead_in(sound.read(max(0, self._mark - lead), self._mark)[1])
        if self._worker is not None:
            self._worker.kill()
        self._ended, self._alone = self._ended + 1, True
        self._end()

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        self.apart = False
        if worker is not None:
            worker.close()


class _Worker:
    """The other process, and the memory that it shares."""

    def __init__(self, job: Mapping[str, Any], form: HopRecordRows, recalled_s: float | None) -> None:
        """It begins that far back in the sound, None: at its beginning. OSError: no memory or no process for it."""
        rate, channels = job["sample_rate"], job["channels"]
        sound = SharedSampleRing.size(channels, rate)
        size = sound + SharedRows.size(HOPS_KEPT, form.width, np.float64)
        self._memory = SharedMemory(size)
        self.format = form
        self._sound = SharedSampleRing(channels, rate, self._memory.bytes)
        self._rows = SharedRows(HOPS_KEPT, form.width, np.float64, self._memory.bytes[sound:])
        self._mark: int | None = None  # next sample that is sent
        self._recalled_s = recalled_s
        self._first = 0  # sample of the show's ring that was the first sent
        self._read = 0  # next row
        self._told = Skipped()  # what the newest row said
        self._waited, self._owed = 0, 0  # polls in vain; samples that were sent, and perhaps not heard yet
        self._wanted: frozenset[str] | None = None
        try:
            self._process = subprocess.Popen(
                module_command("livegan.features.listening_worker"),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                **_APART,
                env={**module_environment(), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
        except OSError:
            self._memory.forget()
            raise
        self._say(json.dumps({**job, "memory": self._memory.name}))
        if sys.platform != "win32" and self._process.stdin is not None:  # the thread that hears waits for nobody
            os.set_blocking(self._process.stdin.fileno(), False)

    @property
    def process_id(self) -> int:
        return self._process.pid

    def send(self, sound: SampleRing, wanted: frozenset[str] | None) -> bool:
        """Pass on what is new in `sound`, and which groups are wanted; False if some of it is gone."""
        written, mark = sound.written, self._mark
        if mark is None:
            recalled = sound.capacity if self._recalled_s is None else round(self._recalled_s * sound.sample_rate)
            mark = max(0, written - recalled)
        first, samples = sound.read(mark, written)
        if self._mark is None:
            self._mark = self._first = first
        if first > self._mark:
            return False
        if len(samples):
            self._mark = first + len(samples)
            self._owed += len(samples)
            self._sound.write(samples, sound.time_at(self._mark))
        if wanted != self._wanted:
            if self._say(json.dumps(sorted(wanted) if wanted is not None else None)):
                self._wanted = wanted
        elif len(samples) and (self._rows.written or self._waited % SELDOM == 0):  # or it fills a pipe while it begins
            self._say("")
        return True

    def rows(self) -> np.ndarray:
        """What was heard since the last call, (n, width)."""
        first, rows = self._rows.read(self._read, self._rows.written)
        self._read = first + len(rows)
        return rows

    def skipped(self, row: Vector) -> tuple[int, Skipped]:
        """The sample of the show's ring at which a hop ended, and what was skipped since the row before it."""
        end, now = self.format.skipped(row)
        before, self._told = self._told, now
        return self._first + end, Skipped(now.time_s, now.missed - before.missed, now.gaps - before.gaps)

    def heard_to(self) -> int:
        """The sample of the show's ring at which the newest hop ended; -1: there is none."""
        newest = self._rows.written
        _, rows = self._rows.read(newest - 1, newest)
        return self._first + self.format.skipped(rows[0])[0] if len(rows) else -1

    def wait_anew(self) -> None:
        """Forget how long was waited."""
        self._waited, self._owed = 0, 0

    def is_stuck(self, heard: bool, patience: int) -> bool:
        """Whether it has ended, or nothing was `heard` so many polls in a row though there is a hop to hear."""
        if heard:
            self._waited, self._owed = 0, min(self._owed, self.format.hop - 1)
        elif self._owed >= self.format.hop:
            self._waited += 1
        return self._waited > SOON and (self._waited > patience or self._process.poll() is not None)

    def kill(self) -> None:
        """End it as it is."""
        self._process.kill()

    def close(self) -> None:
        """End it when it has heard what there is."""
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(CLOSE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(CLOSE_S)
        self._memory.forget()

    def _say(self, line: str) -> bool:
        """Send a line; False if the other end takes none now. Of less than 4096 bytes all is sent, or nothing."""
        pipe, text = self._process.stdin, line.encode() + b"\n"
        with suppress(OSError, ValueError):  # it has ended: `is_stuck` says so
            return pipe is not None and pipe.write(text) == len(text)
        return False
