"""Scheduler of distributed work: deals tasks to workers, survives those that die, hands results back in order.

Back-pressure bounds memory: tasks are taken from their iterator only while fewer than the window are in flight or wait
for an earlier one. The first worker that is ready makes the choices (its report); the others are made with it, and one
whose identity is another is not used, so that every result is the same whoever made it.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from livegan.errors import LiveganError, WorkerError
from livegan.studio.distributed.protocol import Arrays, Carrier, Event, Message, Result, Task
from livegan.studio.distributed.versions import difference, versions

QUEUED = 2  # tasks a worker has at most: the next one is there when it is done
POLL_S = 0.25
TRIES = 3  # how often a worker may be lost before it has done anything, and a task be begun
SILENT_S = 300.0  # after which workers of which none is ready count as dead

Echo = Callable[[str], None]


def window(workers: int) -> int:
    """Tasks in flight, or done and waiting for an earlier one, at most."""
    return 2 * workers * QUEUED


@dataclass(slots=True)
class _Worker:
    place: int
    host: str = "a worker"
    ready: bool = False
    made: bool = False  # it was told its job
    tasks: list[Task] = field(default_factory=list)


class Scheduler:
    """Scheduler of one job. A context manager; whatever happens, its workers are ended."""

    def __init__(
        self, carrier: Carrier, workers: int, *, echo: Echo, now: Callable[[], float] = time.monotonic
    ) -> None:
        """So many `workers`, each replaced when it is lost. `echo` gets a sentence for each that cannot be used."""
        self._carrier, self._count, self._echo, self._now = carrier, workers, echo, now
        self._window = window(workers)
        self._workers: dict[int, _Worker] = {}
        self._failures: dict[int, int] = {}  # of each place, since a worker there did something
        self._report: Message | None = None
        self._identity = ""
        self._todo: deque[Task] = deque()
        self._done: dict[str, Result | LiveganError | RuntimeError] = {}
        self._tries: dict[str, int] = {}
        self._why = ""  # the last worker was lost
        self._heard_s = now()
        self._here = versions()
        self.lost, self.again = 0, 0  # workers that ended, tasks that were begun again

    def __enter__(self) -> "Scheduler":
        try:
            for place in range(self._count):
                self._start(place)
        except BaseException:
            self._carrier.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._carrier.close()

    @property
    def ready(self) -> int:
        """How many workers are ready to work."""
        return sum(worker.ready for worker in self._workers.values())

    @property
    def summary(self) -> str:
        """What became of the workers, for people; "" if nothing happened to them."""
        if not self.lost:
            return ""
        ended = f"{self.lost} worker{'s' * (self.lost != 1)} ended early"
        return f"{ended}; {self.again} task{'s' * (self.again != 1)} begun again; nothing is missing"

    def wait_ready(self) -> Message:
        """Wait until the first worker is ready; its report. LiveganError if it cannot be made, or none is left."""
        while self._report is None:
            self._hear()
        return self._report

    def results(self, tasks: Iterable[Task | None], in_order: bool = True) -> Iterator[tuple[Task, Arrays]]:
        """Each task with its result, in order, or as they come. None among `tasks`: the next one needs a result first.

        LiveganError or RuntimeError of the first that cannot be done.
        """
        self.wait_ready()
        source, order, more = iter(tasks), list[Task](), True
        while True:
            while more and len(order) < self._window and self._has_room():
                try:
                    task = next(source)
                except StopIteration:
                    more = False
                    break
                if task is None:
                    break
                order.append(task)
                self._todo.append(task)
                self._deal()
            if not order:
                if more and not self._has_room():  # every worker that was ready has ended: another one comes
                    self._hear()
                    continue
                return
            done = next((task for task in (order[:1] if in_order else order) if task.key in self._done), None)
            if done is None:
                self._hear()
                continue
            order.remove(done)
            result = self._done.pop(done.key)
            self._tries.pop(done.key, None)
            if isinstance(result, LiveganError | RuntimeError):
                raise result
            yield done, result.take()

    def _has_room(self) -> bool:
        return not self._todo and any(worker.ready and len(worker.tasks) < QUEUED for worker in self._workers.values())

    def _deal(self) -> None:
        """Give waiting tasks to the workers that have the fewest."""
        while self._todo:
            able = [number for number, worker in self._workers.items() if worker.ready and len(worker.tasks) < QUEUED]
            if not able:
                return
            number = min(able, key=lambda number: len(self._workers[number].tasks))
            task = self._todo.popleft()
            self._workers[number].tasks.append(task)
            self._carrier.send(number, task)

    def _start(self, place: int) -> None:
        self._workers[self._carrier.start()] = _Worker(place)

    def _hear(self) -> None:
        handlers = {
            "hello": self._hello,
            "ready": self._ready,
            "done": self._finished,
            "failed": self._failed,
            "lost": self._lost,
        }
        for event in self._carrier.poll(POLL_S):
            worker = self._workers.get(event.worker)
            if worker is None:
                if event.result is not None:
                    event.result.drop()
                continue
            self._heard_s = self._now()
            handlers[event.kind](event, worker)
        if not any(worker.ready for worker in self._workers.values()):
            if not self._workers:
                raise WorkerError(f"no worker is left: {self._why}")
            if self._now() - self._heard_s > SILENT_S:
                raise WorkerError(
                    f"no worker has answered for {SILENT_S:.0f} s; {self._why or 'are there free cores?'}"
                )
        self._deal()

    def _hello(self, event: Event, worker: _Worker) -> None:
        worker.host = str(event.message["host"])
        if sentence := difference(self._here, event.message["versions"], worker.host):
            self._leave_out(event.worker, sentence)
            return
        self._make_some()

    def _make_some(self) -> None:
        """Tell workers their job: one, and when that has reported, the others."""
        waiting = [n for n, worker in self._workers.items() if not worker.made and worker.host != "a worker"]
        if self._report is None and any(worker.made for worker in self._workers.values()):
            return
        for number in waiting[: None if self._report is not None else 1]:
            self._workers[number].made = True
            self._carrier.make(number, self._report)

    def _ready(self, event: Event, worker: _Worker) -> None:
        identity = str(event.message["identity"])
        if self._report is None:
            self._report, self._identity = event.message["report"], identity
            self._make_some()
        if identity != self._identity:
            self._leave_out(
                event.worker,
                f"{worker.host} is not used: its results differ in some bits from the first worker's, as on another "
                "kind of processor",
            )
            return
        worker.ready = True

    def _finished(self, event: Event, worker: _Worker) -> None:
        task = self._taken(event, worker)
        assert event.result is not None
        if task is None or task.key in self._done:
            event.result.drop()
        else:
            self._done[task.key] = event.result

    def _failed(self, event: Event, worker: _Worker) -> None:
        text, foreseen = str(event.message["text"]), event.message["error"] == "livegan"
        task = self._taken(event, worker)
        if task is not None:
            if event.result is not None:
                event.result.drop()
            self._done[task.key] = LiveganError(text) if foreseen else RuntimeError(text)
        elif self._report is None and foreseen:
            raise LiveganError(text)
        else:
            self._leave_out(event.worker, f"{worker.host} is not used: {text}")

    def _taken(self, event: Event, worker: _Worker) -> Task | None:
        """The task an event is about, which the worker has no longer."""
        task = next((task for task in worker.tasks if task.key == event.message.get("key")), None)
        if task is not None:
            worker.tasks.remove(task)
            self._failures[worker.place] = 0
        return task

    def _lost(self, event: Event, worker: _Worker) -> None:
        """Do its tasks again elsewhere, and start another in its place."""
        del self._workers[event.worker]
        self.lost += 1
        self._why = f"{worker.host}: {event.message['text']}"
        for task in reversed(worker.tasks):
            self._todo.appendleft(task)
            self.again += 1
        if worker.tasks:  # the one it was at
            key = worker.tasks[0].key
            self._tries[key] = self._tries.get(key, 0) + 1
            if self._tries[key] >= TRIES:
                number = worker.tasks[0].number
                raise WorkerError(
                    f"task {number} has ended {TRIES} workers, one after the other; the last: {self._why}"
                )
        self._failures[worker.place] = self._failures.get(worker.place, 0) + 1
        if self._failures[worker.place] < TRIES:
            self._start(worker.place)
        self._make_some()

    def _leave_out(self, number: int, sentence: str) -> None:
        """Use a worker no more."""
        del self._workers[number]
        self._carrier.stop(number)
        self._why = sentence
        self._echo(sentence)
        self._make_some()
