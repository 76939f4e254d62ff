"""Ray pool: workers as actors of Ray, on this machine or on a cluster, results in Ray's object store.

Ray (Moritz et al. 2018, "Ray: A Distributed Framework for Emerging AI Applications", OSDI) keeps one actor per GPU or
core. Files reach a node once, by their hash, through the object store; nothing has to be shared or copied by hand.
"""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from livegan.core.text import whole_number
from livegan.errors import WorkerError
from livegan.studio.distributed.protocol import Arrays, Event, Job, Message, Task
from livegan.studio.distributed.ray_actor import Actor

LEAST_STORE_BYTES = 100_000_000  # Ray takes no less than 75 MB
REPLY_S = 30.0
CONNECT_S, CLOSE_S = 5.0, 10.0


def load_ray() -> Any:
    """Ray, an optional extra, without its telemetry; WorkerError if it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import_module("ray.exceptions")
        return import_module("ray")
    except ImportError as error:
        raise WorkerError("--ray needs Ray; type: pip install 'livegan[ray]'") from error


@dataclass(slots=True)
class Cluster:
    """Connection to Ray."""

    workers: int
    gpus: bool  # an actor takes a GPU, else a core
    own: bool  # this process has connected it, and disconnects it

    def close(self) -> None:
        if self.own:
            self.own = False
            end = threading.Thread(target=load_ray().shutdown, name="livegan-ray-shutdown", daemon=True)
            end.start()
            end.join(CLOSE_S)  # it hangs where the node of this process is gone


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray installs a handler of SIGTERM of its own; those of the command line are put back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def cluster(address: str, workers: int, *, store_bytes: int = 0) -> Cluster:
    """Join the cluster at an address, or begin a Ray of our own on this machine ("").

    One that this process has joined already is used as it is. WorkerError if there is none at the address.
    """
    ray = load_ray()
    own = not ray.is_initialized()
    if own:
        options: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
        if address:
            _check_listening(address)
            options["address"] = address
        else:
            options |= {"address": "local", "object_store_memory": max(store_bytes, LEAST_STORE_BYTES)}
            if workers:
                options["num_cpus"] = workers
        try:
            with _signals_kept():
                ray.init(**options)
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            reason = " ".join(str(error).split())[:160] or type(error).__name__
            raise (
                _no_cluster(address, reason) if address else WorkerError(f"Ray does not start here: {reason}")
            ) from error
    resources = ray.cluster_resources()
    gpus = int(resources.get("GPU", 0))
    return Cluster(workers or gpus or max(1, int(resources.get("CPU", 1))), bool(gpus), own)


def _check_listening(address: str) -> None:
    """WorkerError within seconds if nobody listens at HOST:PORT; Ray itself would try for minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    number = whole_number(port, 65535)
    if colon and number is None and port.isdigit():
        raise _no_cluster(address, "that is no port")
    if colon and number is not None:
        try:
            socket.create_connection((host.strip("[]"), number), CONNECT_S).close()
        except (OSError, OverflowError) as error:
            raise _no_cluster(address, str(error)) from error


def _no_cluster(address: str, reason: str) -> WorkerError:
    return WorkerError(f"no Ray cluster answers at {address} ({reason}); type there: ray start --head --port=6379")


@dataclass(slots=True)
class Stored:
    """Result in the object store."""

    reference: Any
    arrays: Arrays

    def take(self) -> Arrays:
        copies = [array.copy() for array in self.arrays]
        self.drop()
        return copies

    def drop(self) -> None:
        self.reference, self.arrays = None, []


@dataclass(eq=False, slots=True)
class _Waiting:
    worker: int
    key: str = ""  # of a task; "": hello or make


class RayPool:
    """Carrier to actors of Ray."""

    def __init__(self, job: Job, connected: Cluster) -> None:
        """Puts the files of the job into the object store; the connection is closed with the pool."""
        self._job, self._cluster, self._ray = job, connected, load_ray()
        self._files = {key: self._ray.put(_content(path)) for key, path in job.files.items()}
        self._names = {key: str(path) for key, path in job.files.items()}
        resources = {"num_gpus": 1, "num_cpus": 0} if connected.gpus else {"num_cpus": 1}
        self._actor = self._ray.remote(max_restarts=0, max_task_retries=0, **resources)(Actor)
        self._actors: dict[int, Any] = {}
        self._waiting: dict[Any, _Waiting] = {}  # by reference
        self._started = 0

    def start(self) -> int:
        self._started += 1
        actor = self._actor.remote()
        self._actors[self._started] = actor
        self._waiting[actor.hello.remote()] = _Waiting(self._started)
        return self._started

    def make(self, worker: int, report: Message | None) -> None:
        job = self._job
        reference = self._actors[worker].make.remote(job.make, job.arguments, self._names, self._files, report)
        self._waiting[reference] = _Waiting(worker)

    def send(self, worker: int, task: Task) -> None:
        self._waiting[self._actors[worker].do.remote(task.key, task.payload)] = _Waiting(worker, task.key)

    def poll(self, timeout_s: float) -> list[Event]:
        if not self._waiting:
            return []
        ray, references = self._ray, list(self._waiting)
        ready, _ = ray.wait(references, num_returns=1, timeout=timeout_s)
        if ready:
            ready, _ = ray.wait(references, num_returns=len(references), timeout=0)
        events: list[Event] = []
        for reference in ready:
            waiting = self._waiting.pop(reference, None)
            if waiting is not None and waiting.worker in self._actors:
                events.append(self._event(waiting, reference))
        return events

    def stop(self, worker: int) -> None:
        self._forget(worker)

    def close(self) -> None:
        for worker in list(self._actors):
            self._forget(worker)
        self._waiting.clear()
        self._files.clear()
        self._cluster.close()

    def _event(self, waiting: _Waiting, reference: Any) -> Event:
        try:
            said = self._ray.get(reference, timeout=REPLY_S)
        except self._ray.exceptions.RayError as error:  # its process or its node is gone, or it raised
            self._forget(waiting.worker)
            return Event(waiting.worker, "lost", {"text": _why(error)})
        if not waiting.key:
            return Event(waiting.worker, said["kind"], said)
        message, arrays = said
        return Event(waiting.worker, message["kind"], message, Stored(reference, arrays))

    def _forget(self, worker: int) -> None:
        actor = self._actors.pop(worker, None)
        for reference in [reference for reference, waiting in self._waiting.items() if waiting.worker == worker]:
            del self._waiting[reference]
        if actor is not None:
            with suppress(self._ray.exceptions.RayError, ValueError):
                self._ray.kill(actor)


def _content(path: Path) -> bytes:
    return path.read_bytes()


def _why(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    known = next((line for line in lines if "ModuleNotFoundError" in line or "node" in line.lower()), "")
    return (known or (lines or [type(error).__name__])[-1])[:200]
