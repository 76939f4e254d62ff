"""Laws of distributed work: results in order and equal whatever happens to the workers, bounded memory, no orphans."""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.errors import LiveganError, WorkerError
from livegan.studio.distributed import ray_actor
from livegan.studio.distributed.local_pool import LocalPool
from livegan.studio.distributed.message import pack, unpack
from livegan.studio.distributed.pools import WorkerOptions, open_workers
from livegan.studio.distributed.protocol import Event, Job, Kept, Message, Task
from livegan.studio.distributed.scheduler import SILENT_S, Scheduler, window
from livegan.studio.distributed.versions import difference, versions
from tests.distributed_jobs import SIZE, answers, job, tasks

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_messages_give_every_bit_back(value: object) -> None:
    assert unpack(pack(value)) == value


def test_arrays_in_messages_keep_type_shape_and_bits() -> None:
    arrays = [np.float32([[1e-45, np.nan], [-0.0, np.inf]]), np.zeros((0, 3), np.uint8), np.arange(4)[::2]]
    for before, after in zip(arrays, unpack(pack({"a": arrays}))["a"], strict=True):
        assert (before.dtype, before.shape) == (after.dtype, after.shape)
        assert np.ascontiguousarray(before).tobytes() == after.tobytes()


class FakeCarrier:
    """Carrier whose workers answer when asked, and are lost as a script says."""

    def __init__(self, lost: dict[str, int] | None = None, hosts: Iterator[dict[str, str]] | None = None) -> None:
        self.lost, self.hosts = dict(lost or {}), hosts  # how often the worker at a key is lost
        self.events: list[Event] = []
        self.started, self.closed = 0, False
        self.work: dict[int, list[Task]] = {}

    def start(self) -> int:
        self.started += 1
        self.work[self.started] = []
        there = next(self.hosts) if self.hosts else versions()
        if there:
            self.events.append(Event(self.started, "hello", {"host": f"host-{self.started}", "versions": there}))
        else:
            self.events.append(Event(self.started, "lost", {"text": "no such machine"}))
        return self.started

    def make(self, worker: int, report: Message | None) -> None:
        self.events.append(Event(worker, "ready", {"report": report or {"first": worker}, "identity": ""}))

    def send(self, worker: int, task: Task) -> None:
        self.work[worker].append(task)

    def poll(self, timeout_s: float) -> list[Event]:
        events, self.events = self.events, []
        busy = [worker for worker, work in self.work.items() if work]
        if events or not busy:
            return events
        task = self.work[busy[-1]][0]  # the newest worker is quickest: results come out of order
        key = str(task.number)
        if self.lost.get(key, 0) > 0:
            self.lost[key] -= 1
            del self.work[busy[-1]]
            return [Event(busy[-1], "lost", {"text": "signal 9"})]
        self.work[busy[-1]].pop(0)
        square = int(task.payload) ** 2
        made = Kept([np.full(SIZE, square % 256, np.uint8), np.array([[square]], np.float32)])
        return [Event(busy[-1], "done", {"key": task.key}, made)]

    def stop(self, worker: int) -> None:
        del self.work[worker]

    def close(self) -> None:
        self.closed = True


def run(carrier: FakeCarrier, workers: int, count: int, said: list[str] | None = None) -> list[int]:
    with Scheduler(carrier, workers, echo=(said if said is not None else []).append) as scheduler:
        return answers(list(scheduler.results(tasks(count))))


@given(workers=st.integers(1, 5), count=st.integers(0, 40), lost=st.dictionaries(st.integers(0, 39), st.integers(1, 2)))
@settings(max_examples=60, deadline=None)
def test_results_come_in_order_whichever_workers_are_lost(workers: int, count: int, lost: dict[int, int]) -> None:
    carrier = FakeCarrier({str(number): times for number, times in itertools.islice(lost.items(), 2)})
    assert run(carrier, workers, count) == [number**2 for number in range(count)]
    assert carrier.closed


def test_work_goes_on_when_the_only_worker_that_is_ready_ends_with_nothing_to_do() -> None:
    class EndsIdle(FakeCarrier):
        """The first worker does all that it has, and ends: all of that is heard at once."""

        def poll(self, timeout_s: float) -> list[Event]:
            events = super().poll(timeout_s)
            if self.work.get(1) == [] and events and events[-1].kind == "done":
                del self.work[1]
                events.append(Event(1, "lost", {"text": "signal 9"}))
            elif self.work.get(1) and events and events[-1].kind == "done":
                events += self.poll(timeout_s)
            return events

    carrier = EndsIdle()
    assert run(carrier, 1, 20) == [number**2 for number in range(20)]
    assert carrier.started == 2


def test_tasks_are_taken_only_as_results_are() -> None:
    """Memory is bounded: neither a slow reader nor a slow first task lets others run ahead."""
    taken = 0

    def source() -> Iterator[Task]:
        nonlocal taken
        for task in tasks(500):
            taken += 1
            yield task

    with Scheduler(FakeCarrier(), 3, echo=print) as scheduler:
        for number, _ in enumerate(scheduler.results(source())):
            assert taken - number <= window(3)


def test_a_task_that_ends_its_workers_is_named_and_ends_the_work() -> None:
    with pytest.raises(
        WorkerError, match=r"task 7 has ended 3 workers, one after the other; the last: host-.*signal 9"
    ):
        run(FakeCarrier({"7": 9}), 2, 20)


def test_when_no_worker_is_left_it_says_why() -> None:
    carrier = FakeCarrier(hosts=iter([{}] * 6))
    with pytest.raises(WorkerError, match=r"no worker is left: .*no such machine"):
        run(carrier, 2, 5)
    assert carrier.started == 6
    assert carrier.closed


def test_workers_that_never_answer_count_as_dead() -> None:
    class Silent(FakeCarrier):
        def start(self) -> int:
            return 1

    times = itertools.count(0.0, SILENT_S / 2)
    with (
        pytest.raises(WorkerError, match="no worker has answered"),
        Scheduler(Silent(), 1, echo=print, now=lambda: next(times)) as scheduler,
    ):
        scheduler.wait_ready()


def test_machines_with_other_versions_are_left_out_and_told_what_to_type() -> None:
    said: list[str] = []
    other = versions() | {"torch": "1.0"}
    assert run(FakeCarrier(hosts=iter([other, versions()])), 2, 9, said) == [number**2 for number in range(9)]
    (sentence,) = said
    assert "host-1 has torch 1.0 (here" in sentence
    assert "pip install torch==" in sentence
    with pytest.raises(WorkerError, match=r"no worker is left: host-1 has torch 1\.0"):
        run(FakeCarrier(hosts=iter([other])), 1, 1)
    assert "not at all" in difference({"openvino": "2026.0"}, {}, "it")


def local(count: int, made: Job, said: list[str] | None = None) -> Scheduler:
    return open_workers(lambda workers: made, WorkerOptions(count), (said if said is not None else []).append)


def processes(scheduler: Scheduler) -> list[int]:
    pool = scheduler._carrier
    assert isinstance(pool, LocalPool)
    return [process.process.pid for process in pool._processes.values()]


def ready_processes(scheduler: Scheduler) -> list[int]:
    pool = scheduler._carrier
    assert isinstance(pool, LocalPool)
    return [pool._processes[number].process.pid for number, worker in scheduler._workers.items() if worker.ready]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_process_costs_only_its_tasks() -> None:
    with local(2, job()) as scheduler:
        results = []
        for number, result in enumerate(scheduler.results(tasks(60))):
            if number == 20:  # one that is ready gets more tasks, so that its end is noticed before theirs
                killed = ready_processes(scheduler)[0]
                os.kill(killed, signal.SIGKILL)
            results.append(result)
        assert scheduler.lost == 1
        assert scheduler.again <= 2
        assert "1 worker ended early" in scheduler.summary
        left = processes(scheduler)
        assert killed not in left
    assert answers(results) == [number**2 for number in range(60)]
    assert not any(map(alive, left))


def test_results_larger_than_their_slot_arrive_too() -> None:
    with local(1, job(size=10 * SIZE)) as scheduler:
        assert answers(list(scheduler.results(tasks(12)))) == [number**2 for number in range(12)]


def test_an_error_of_a_task_is_raised_when_its_turn_comes(tmp_path: Path) -> None:
    with local(1, job(fails_at=5)) as scheduler:
        results = scheduler.results(tasks(9))
        assert answers([next(results) for _ in range(5)]) == [0, 1, 4, 9, 16]
        with pytest.raises(RuntimeError, match="5 cannot be squared"):
            next(results)


def test_what_the_first_worker_cannot_load_is_said_before_anything_begins() -> None:
    with local(1, job(broken=True)) as scheduler, pytest.raises(LiveganError, match="this network is broken"):
        scheduler.wait_ready()


COORDINATOR = """
from livegan.studio.distributed.pools import WorkerOptions, open_workers
from tests.distributed_jobs import job, tasks
import itertools
with open_workers(lambda n: job(), WorkerOptions(2), print) as scheduler:
    endless = (task for _ in itertools.count() for task in tasks(50))
    for number, _ in enumerate(scheduler.results(endless)):
        if number == 10:
            print(*[p.process.pid for p in scheduler._carrier._processes.values()], flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_no_worker_outlives_a_coordinator_that_was_killed() -> None:
    coordinator = subprocess.Popen([sys.executable, "-c", COORDINATOR], stdout=subprocess.PIPE, text=True)
    assert coordinator.stdout is not None
    pids = list(map(int, coordinator.stdout.readline().split()))
    assert len(pids) == 2
    coordinator.kill()
    coordinator.wait()
    coordinator.stdout.close()
    for pid in pids:
        while alive(pid) and _state(pid) != "Z":  # the suite's own limit ends a test that waits for ever
            os.sched_yield()


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_files_sent_by_others_are_cleared_away_when_they_are_old_or_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_actor, "KEPT_BYTES", 25)
    now_s = 1e9
    for name, days in (("own", 90), ("new", 0), ("fresh", 0.5), ("week", 7), ("fortnight", 14), ("old", 40)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file.safetensors").write_bytes(b"x" * 10)
        os.utime(tmp_path / name, (now_s - 86400 * days,) * 2)
    (tmp_path / "link").symlink_to(tmp_path / "old")
    ray_actor.clean(tmp_path, [tmp_path / "own"], now_s)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["fresh", "new", "own"]
    ray_actor.clean(tmp_path / "none", [])
