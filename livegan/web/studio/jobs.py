"""Queue of the studio page's jobs: subprocesses of the command line, so many at a time, first come first served.

All of it lives on one event loop. A job that crashes takes nothing with it; one that is cancelled gets SIGTERM, which
keeps what is there as Ctrl-C does, also where Ctrl-C is ignored.
"""

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from livegan.core.files import reason_of
from livegan.core.media import DEMO_HINT
from livegan.core.own_process import module_command, module_environment
from livegan.core.progress import VARIABLE
from livegan.core.text import printable, quoted
from livegan.errors import StudioError
from livegan.web.studio.orders import Order
from livegan.web.studio.processes import ask_to_end, end_earlier, kill, start
from livegan.web.studio.work_folder import (
    INPUTS,
    JOB_NAME,
    LOG,
    NOW,
    OUTPUTS,
    PROGRESS,
    has_begun,
    is_nearly_full,
    jobs_in,
    kind_of,
    last_sentence,
    overdue,
    progress_of,
    read_record,
    remarks,
    remove_job,
    results,
    safe_name,
    write_record,
)

State = Literal["waiting", "running", "stopping", "done", "stopped", "failed"]
UNFINISHED = ("waiting", "running", "stopping")

MOST_UNFINISHED = 4  # jobs of one session that wait or run
MOST_WAITING = 100  # of all
KILL_AFTER_S = 120.0  # a job that was cancelled and does not end
CLOSE_S = 20.0  # for all jobs when the server ends


@dataclass(slots=True, eq=False)
class Job:
    """One job. Its owner is the event loop of the queue."""

    session: str
    folder: Path
    order: Order
    created_s: float  # [s since 1970]
    state: State = "waiting"
    error: str = ""
    begun_s: float | None = None
    ended_s: float | None = None
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    killer: asyncio.TimerHandle | None = field(default=None, repr=False)
    told: dict[str, Any] | None = field(default=None, repr=False)  # what the page gets of one that has ended

    @property
    def id(self) -> str:
        return self.folder.name

    def record(self) -> dict[str, Any]:
        """What is written down of it."""
        return {
            "order": self.order.table(),
            "state": self.state,
            "error": self.error,
            "created_s": self.created_s,
            "begun_s": self.begun_s,
            "ended_s": self.ended_s,
        }

    @classmethod
    def read(cls, folder: Path) -> "Job | None":
        """A job of an earlier server; one that had not ended was stopped with it."""
        record = read_record(folder)
        if record is None:
            return None
        try:
            job = cls(folder.parent.name, folder, Order.read(record["order"]), float(record["created_s"]))
            state, job.error = record["state"], str(record["error"])
            job.begun_s, job.ended_s = record["begun_s"], record["ended_s"]
        except (KeyError, TypeError, ValueError):
            return None
        job.state = state if state in ("done", "stopped", "failed") else "stopped"
        return job


class JobQueue:
    """All jobs below a folder, `places` at a time."""

    def __init__(self, root: Path, places: int, now: Callable[[], float] = time.time) -> None:
        self.root, self.now, self._places = root, now, places
        folders = list(jobs_in(root))
        end_earlier(folders)
        read = [Job.read(folder) for folder in folders]
        self._jobs = {(job.session, job.id): job for job in read if job is not None}
        self._waiting: list[Job] = []
        self._tasks: dict[Job, asyncio.Task[None]] = {}
        self._closed = False

    def submit(self, session: str, order: Order, inputs: Mapping[str, Path]) -> Job:
        """Queue an order of a session; `inputs` are copied under their (safe) names. StudioError says why not."""
        self._check_room(session)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(self.now()))
        folder = self.root / session / f"{stamp}-{secrets.token_hex(4)}"
        job = Job(session, folder, order, self.now())
        try:
            folder.parent.mkdir(mode=0o700, exist_ok=True)  # no business of other users of this machine
            for place in (INPUTS, OUTPUTS):
                (folder / place).mkdir(parents=True)
            for name, path in inputs.items():
                _copy(path, folder / INPUTS / safe_name(name))
            write_record(folder, job.record())
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise StudioError(f"the job cannot be written ({reason_of(error)}); look at the free space") from error
        self._jobs[session, job.id] = job
        self._enqueue(job)
        return job

    def go_on(self, job: Job) -> None:
        """Queue a job again that was stopped or has failed; it goes on with what is there."""
        if job.state in ("stopped", "failed") and job.order.resumes:
            self._check_room(job.session)
            job.error, job.told = "", None
            self._enqueue(job)

    def cancel(self, job: Job) -> None:
        """End a job; what it has made is kept."""
        if job.state == "waiting":
            self._waiting.remove(job)
            self._end(job, "stopped")
        elif job.state == "running":
            job.state = "stopping"
            self._stop(job)

    async def remove(self, job: Job) -> None:
        """Forget an ended job at once, then delete all it has made, beside the event loop."""
        if job.state not in UNFINISHED:
            self._jobs.pop((job.session, job.id), None)
            await asyncio.to_thread(remove_job, job.folder)

    def find(self, session: str, name: str) -> Job | None:
        """A job of this session; None if it has none of that name."""
        return self._jobs.get((session, name)) if JOB_NAME.fullmatch(name) else None

    def of(self, session: str) -> list[Job]:
        """The jobs of a session, the newest first."""
        mine = [job for job in self._jobs.values() if job.session == session]
        return sorted(mine, key=lambda job: (job.created_s, job.id), reverse=True)

    def place(self, job: Job) -> int:
        """Its place among those that wait, from 1; 0 if it does not wait."""
        return self._waiting.index(job) + 1 if job in self._waiting else 0

    async def described(self, session: str, most: int) -> list[dict[str, Any]]:
        """The newest jobs of a session as the page gets them.

        Folders are read beside the event loop; those of jobs that have ended once.
        """
        now_s, mine = self.now(), self.of(session)[:most]
        tables = {job: job.told for job in mine}
        read = [(job, job.state, self.place(job)) for job in mine if job.told is None]
        found = await asyncio.to_thread(lambda: [described(job, place, now_s) for job, _, place in read])
        for (job, state, _), table in zip(read, found, strict=True):
            tables[job] = table
            if state not in UNFINISHED and job.state == state:
                job.told = table
        return [table for table in tables.values() if table is not None]

    async def sweep(self, keep_s: float, keep_bytes: int) -> None:
        """Remove old jobs, and the oldest of too many. The disk is read, and cleared, beside the event loop."""
        busy = {job.folder for job in self._jobs.values() if job.state in UNFINISHED}
        for folder in await asyncio.to_thread(overdue, self.root, self.now(), keep_s, keep_bytes, busy):
            job = self._jobs.get((folder.parent.name, folder.name))
            if job is not None:
                await self.remove(job)  # but for one that was begun again meanwhile
            else:
                await asyncio.to_thread(remove_job, folder)

    async def close(self) -> None:
        """Cancel all jobs and wait for their end; what they have made is kept."""
        self._closed = True
        for job in [job for job in self._jobs.values() if job.state in UNFINISHED]:
            self.cancel(job)
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=CLOSE_S)
        for job in self._tasks:
            if job.process is not None:
                kill(job.process)
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=CLOSE_S)

    @staticmethod
    def _stop(job: Job) -> None:
        """End its process, if it has one; by force if that takes too long."""
        if job.killer is not None:
            job.killer.cancel()
        if job.process is not None:
            ask_to_end(job.process)
            job.killer = asyncio.get_running_loop().call_later(KILL_AFTER_S, kill, job.process)

    def _check_room(self, session: str) -> None:
        mine = [job for job in self.of(session) if job.state in UNFINISHED]
        if len(mine) >= MOST_UNFINISHED:
            raise StudioError(f"{len(mine)} of your jobs wait or run; let one end, or cancel one")
        if len(self._waiting) >= MOST_WAITING:
            raise StudioError(f"{len(self._waiting)} jobs are waiting already; try again later")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            full = is_nearly_full(self.root)
        except OSError as error:
            raise StudioError(f"{self.root} cannot be written ({reason_of(error)})") from error
        if full:
            raise StudioError("the disk is nearly full; remove some results first")

    def _enqueue(self, job: Job) -> None:
        job.state, job.begun_s, job.ended_s = "waiting", None, None
        self._waiting.append(job)
        self._begin_next()

    def _begin_next(self) -> None:
        while self._waiting and len(self._tasks) < self._places and not self._closed:
            job = self._waiting.pop(0)
            job.state, job.begun_s = "running", self.now()
            self._tasks[job] = asyncio.get_running_loop().create_task(self._run(job))

    async def _run(self, job: Job) -> None:
        try:
            code = await self._commands(job)
        except StudioError as error:
            job.error, code = str(error), 1
        except OSError as error:
            job.error, code = f"it cannot be started ({reason_of(error)})", 1
        finally:
            if job.killer is not None:
                job.killer.cancel()
            job.process = job.killer = None
            del self._tasks[job]
        if job.state == "stopping":
            self._end(job, "stopped")
        elif code == 0:
            self._end(job, "done")
        else:
            job.error = job.error or _reason(job.folder, code)
            self._end(job, "failed")
        self._begin_next()

    async def _commands(self, job: Job) -> int:
        """Run its commands, one after another, until one fails; the last exit code."""
        folder, code = job.folder, 0
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GRADIO_")}
        environment = module_environment(kept | {VARIABLE: str(folder / PROGRESS)})
        for name in (PROGRESS, LOG):
            (folder / name).unlink(missing_ok=True)
        with (folder / LOG).open("wb") as log:
            for command in job.order.commands_in(folder):
                if job.state != "running":
                    break
                job.process = await start(module_command("livegan", *command), folder, environment, log)
                if job.state != "running":  # cancelled while it began
                    self._stop(job)
                code = await job.process.wait()
                kill(job.process)  # what it has left behind
                if code:
                    break
        return code

    def _end(self, job: Job, state: State) -> None:
        job.state, job.ended_s = state, self.now()
        with suppress(OSError):  # a full disk: the page knows it all the same
            write_record(job.folder, job.record())


def described(job: Job, place: int, now_s: float) -> dict[str, Any]:
    """A job as the page gets it, with its place in the queue."""
    now, made = job.folder / NOW, results(job.folder)
    progress = progress_of(job.folder) if job.state in ("running", "stopping") else {}
    with suppress(OSError):
        progress["seen"] = now.stat().st_mtime_ns
    return {
        "id": job.id,
        "kind": job.order.kind,
        "title": job.order.title,
        "state": job.state,
        "place": place,
        "error": printable(job.error, 400),
        "unheard": DEMO_HINT in job.error,
        "said": [] if job.state == "failed" else remarks(job.folder),
        "resumes": job.order.resumes and (job.state == "stopped" or (job.state == "failed" and has_begun(job.folder))),
        "seconds": None if job.begun_s is None else (job.ended_s or now_s) - job.begun_s,
        "created_s": job.created_s,
        "progress": progress,
        "results": [_result(job.folder / OUTPUTS / name, name) for name in made],
        "typed": [" ".join(map(quoted, ("livegan", *command))) for command in job.order.commands],
    }


def _result(path: Path, name: str) -> dict[str, Any]:
    size = 0
    with suppress(OSError):
        size = path.stat().st_size
    return {"name": name, "kind": kind_of(path), "bytes": size}


def _reason(folder: Path, code: int) -> str:
    """Why a command failed, in its own words."""
    sentence = last_sentence(folder)
    if code < 0:
        ending = f"the system ended it (signal {-code}); perhaps memory ran out"
        return f"{ending}. It said last: {sentence}" if sentence else ending
    return sentence or f"it ended with code {code}"


def _copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)  # at once, and no second time on the disk
    except OSError:
        shutil.copyfile(source, target)
