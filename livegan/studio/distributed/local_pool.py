"""Local pool: workers as processes of this machine, results in shared memory."""

import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

from livegan.core.own_process import module_command, module_environment
from livegan.studio.distributed import message
from livegan.studio.distributed.protocol import Arrays, Event, Job, Kept, Message, Result, Task
from livegan.studio.distributed.shared import Layout, Slots

WORKER = "livegan.studio.distributed.worker"
CLOSE_S = 5.0  # for a killed process to end; one that waits for a dead driver never does


@dataclass(slots=True)
class InSlot:
    """Result in a slot of the shared memory."""

    slots: Slots
    slot: int
    layout: Layout
    free: Callable[[int], None]

    def take(self) -> Arrays:
        arrays = self.slots.get(self.slot, self.layout)
        self.free(self.slot)
        return arrays

    def drop(self) -> None:
        self.free(self.slot)


@dataclass(eq=False, slots=True)
class _Process:
    process: "subprocess.Popen[bytes]"
    errors: IO[bytes]
    reader: threading.Thread | None = None
    slots: dict[str, int] = field(default_factory=dict)  # by key of the task that is written there
    stopped: bool = False


class LocalPool:
    """Carrier to processes of this machine. At most `window` tasks may be in flight or untaken."""

    def __init__(self, job: Job, window: int) -> None:
        self._job = job
        self._slots = Slots.created(window, job.result_bytes)
        self._free = list(range(window))
        self._processes: dict[int, _Process] = {}
        self._heard: queue.SimpleQueue[tuple[int, Message | None]] = queue.SimpleQueue()
        self._started = 0

    def start(self) -> int:
        self._started += 1
        number = self._started
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        options: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        if sys.platform != "win32":  # Ctrl-C is for the coordinator
            options = {"start_new_session": True, "pass_fds": [self._slots.descriptor]}
        process = subprocess.Popen(
            module_command(WORKER, *self._slots.arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=module_environment(),
            **options,
        )
        started = _Process(process, errors)
        started.reader = threading.Thread(
            target=self._listen, args=(number, process.stdout), name=f"livegan-worker-{number}", daemon=True
        )
        self._processes[number] = started
        started.reader.start()
        return number

    def make(self, worker: int, report: Message | None) -> None:
        job, files = self._job, {key: str(path) for key, path in self._job.files.items()}
        order = {"kind": "make", "make": job.make, "arguments": job.arguments, "files": files, "report": report}
        self._write(worker, order)

    def send(self, worker: int, task: Task) -> None:
        slot = self._free.pop()
        self._processes[worker].slots[task.key] = slot
        self._write(worker, {"kind": "do", "key": task.key, "payload": task.payload, "slot": slot})

    def poll(self, timeout_s: float) -> list[Event]:
        events: list[Event] = []
        with suppress(queue.Empty):
            events += self._event(*self._heard.get(timeout=timeout_s))
            while True:
                events += self._event(*self._heard.get_nowait())
        return events

    def stop(self, worker: int) -> None:
        process = self._processes[worker]
        process.stopped = True
        self._end(process)

    def close(self) -> None:
        for process in self._processes.values():
            with suppress(OSError):
                process.process.kill()
        for process in self._processes.values():
            self._end(process)
            process.errors.close()
        self._processes.clear()
        self._slots.close()

    def _event(self, number: int, said: Message | None) -> list[Event]:
        process = self._processes.get(number)
        if process is None:
            return []
        if said is None:
            del self._processes[number]
            self._end(process)
            self._free += process.slots.values()
            lost = Event(number, "lost", {"text": _why(process)})
            process.errors.close()
            return [] if process.stopped else [lost]
        if said["kind"] not in ("done", "failed") or "key" not in said:
            return [Event(number, said["kind"], said)]
        slot = process.slots.pop(said["key"])
        if "layout" in said and said["kind"] == "done":
            result: Result = InSlot(self._slots, slot, said["layout"], self._free.append)
        else:
            self._free.append(slot)
            result = Kept(said.get("arrays", []))
        return [Event(number, said["kind"], said, result)]

    def _write(self, worker: int, order: Message) -> None:
        stdin = self._processes[worker].process.stdin
        assert stdin is not None
        with suppress(OSError):  # it is gone, which `poll` will tell
            message.write(stdin, order)  # type: ignore[arg-type]

    def _listen(self, number: int, answers: Any) -> None:
        for said in message.read(answers):
            self._heard.put((number, said))
        self._heard.put((number, None))

    def _end(self, process: _Process) -> None:
        with suppress(OSError):
            process.process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.process.wait(CLOSE_S)
        if process.reader is not None and process.reader is not threading.current_thread():
            process.reader.join(CLOSE_S)
        for stream in (process.process.stdin, process.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _why(process: _Process) -> str:
    """Why a process has ended, in words."""
    code = process.process.returncode
    process.errors.seek(0)
    last = (process.errors.read().decode(errors="replace").strip().splitlines() or [""])[-1][:200]
    how = f"signal {-code}" if code is not None and code < 0 else f"code {code}"
    return f"its process ended with {how}{': ' if last else ''}{last}"
