"""Trial of a device's backend in a process of its own: a driver may hang or die there, and the show goes on.

The process (`trial_worker`) makes one backend, draws two pictures and compares them with the network's own. What came
of it, a `Verdict`, is remembered for this machine and this driver's version: a backend that hung, died, drew something
else or was slow is not tried again until one of them changes, or until `forget` (`livegan doctor --retry`).
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from livegan.core.files import reason_of
from livegan.core.own_process import module_command, module_environment
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.cache import cache_folder, recall, remember
from livegan.networks.device import TORCH_DEVICES, machine
from livegan.networks.info import NetworkInfo
from livegan.rendering.accuracy import Clock
from livegan.rendering.backends.protocol import Backend, BackendSpec
from livegan.rendering.registry import LoadOptions, never

WORKER = "livegan.rendering.trial_worker"
PREPARE_S = 300.0  # to load libraries and network and to draw the reference, before the device is touched
LIMIT_S = 60.0  # from then on, compiling its kernels included; more where other programs slow the worker down
MAX_SLOWDOWN = 10.0
NICE = 15  # niceness of the worker beside a show
POLL_S = 0.05
GRACE_S = 5.0  # for a killed process to end; one that waits for a dead driver never does
RETRY = "livegan doctor --retry"
PREFIX = "trial-"  # of the files in the cache
FULL = "out of memory"  # such a failure may be another program's fault: not remembered

Stop = Callable[[], bool]


class Outcome(StrEnum):
    """Outcome of a trial."""

    SAFE = "safe"
    HUNG = "hung"
    DIED = "died"
    WRONG = "wrong"
    SLOW = "slow"
    FAILED = "failed"  # it raised an error
    STOPPED = "stopped"  # broken off by `stop`, not the device's fault


ANY_NETWORK = (Outcome.HUNG, Outcome.DIED)  # of one network, they speak against the backend for every network


@dataclass(frozen=True, slots=True)
class Verdict:
    """Verdict of a trial: whether the backend may be made in this process, and why."""

    outcome: Outcome
    reason: str  # for people
    backend: str = ""  # its name
    device: str = ""

    @property
    def safe(self) -> bool:
        return self.outcome == Outcome.SAFE


@dataclass(frozen=True, slots=True)
class Job:
    """Argument of the worker: which backend of which network to try."""

    network: str  # path of its JSON; "": none, torch computes something on the device
    backends: str  # the module whose `backend_specs(net, device)` has it
    device: str
    backend: str  # its name
    answer: str  # path of the file the worker appends lines of JSON to
    seconds: float  # after which it ends by itself at the latest
    nice: int


def is_safe(
    spec: BackendSpec,
    info: NetworkInfo | None,
    *,
    stop: Stop = never,
    try_it: bool = True,
    nice: int = 0,
    prepare_s: float = PREPARE_S,
    limit_s: float = 0.0,
    clock: Clock = time.monotonic,
) -> Verdict:
    """Whether `spec.make()` may be called in this process: the remembered verdict, else that of a trial, which blocks.

    A backend of a plain CPU is safe at once. A trial takes some seconds, at most `prepare_s` and `limit_s` (LIMIT_S if
    it is 0); `stop` is asked every 50 ms and breaks it off. With `try_it` False an untried backend is not tried and not
    safe. Beside a show `nice` should be NICE. Without a network (`info` None), torch computes something on the device.
    """
    if not spec.device:
        return Verdict(Outcome.SAFE, "a plain CPU", spec.name)
    known = recalled(spec, info)
    if known is not None:
        return known
    if not try_it:
        return Verdict(Outcome.STOPPED, "not tried yet", spec.name, spec.device)
    outcome, reason = _tried(spec, info, stop, nice, prepare_s, limit_s or LIMIT_S, clock)
    verdict = Verdict(outcome, reason, spec.name, spec.device)
    if outcome != Outcome.STOPPED and not (outcome == Outcome.FAILED and FULL in reason.lower()):
        remember_verdict(verdict, info)
    return verdict


class UntriedError(RuntimeError):
    """Trial without a lasting verdict: broken off, machine too busy, no memory left. The next benchmark tries again."""


def guarded(spec: BackendSpec, info: NetworkInfo, options: LoadOptions) -> BackendSpec:
    """The same spec, whose `make` asks `is_safe` first: RuntimeError with the verdict's reason if it is not.

    UntriedError if there is no verdict.
    """
    return replace(spec, make=partial(_make_if_safe, spec, info, options)) if spec.device else spec


def _make_if_safe(spec: BackendSpec, info: NetworkInfo, options: LoadOptions) -> Backend:
    verdict = is_safe(spec, info, nice=NICE if options.live else 0, stop=options.stop)
    if verdict.safe:
        return spec.make()
    error = UntriedError if recalled(spec, info) is None else RuntimeError
    raise error(f"{spec.device} {verdict.outcome}: {verdict.reason}; to try it again: {RETRY}")


def torch_device(devices: Sequence[str], nice: int = 0) -> str:
    """The first of these devices on which torch computes rightly, else "cpu"; a trial may take seconds.

    RuntimeError if the only one is not safe. OpenVINO and DirectML are not torch's: "cpu" instead.
    """
    for device in devices:
        if device in TORCH_DEVICES:
            verdict = is_safe(BackendSpec(f"torch on {device}", _unmakeable, device=device), None, nice=nice)
            if verdict.safe:
                return device
            if len(devices) == 1:
                raise RuntimeError(f"{device} {verdict.outcome}: {verdict.reason}; to try it again: {RETRY}")
    return "cpu"


def _unmakeable() -> Backend:
    raise RuntimeError("this is tried, not made")


def remember_verdict(verdict: Verdict, info: NetworkInfo | None) -> None:
    """Keep a verdict for networks of this shape, or for all."""
    name = _file_name(verdict.backend, info, verdict.outcome)
    remember(_key(verdict.device), name, asdict(verdict))


def recalled(spec: BackendSpec, info: NetworkInfo | None) -> Verdict | None:
    """The verdict that is remembered for this machine and driver, or None."""
    for outcome in (Outcome.HUNG, Outcome.SAFE):  # of any network, then of networks of this shape
        verdict = _verdict(recall(_key(spec.device), _file_name(spec.name, info, outcome)))
        if verdict is not None:
            return verdict
    return None


def remembered(device: str) -> list[Verdict]:
    """All that is remembered of a device on this machine, for `livegan doctor`; one for each backend, the worst."""
    worst: dict[str, Verdict] = {}
    for name in _files(device):
        verdict = _verdict(recall(_key(device), name))
        if verdict is not None and (verdict.backend not in worst or worst[verdict.backend].safe):
            worst[verdict.backend] = verdict
    return list(worst.values())


def forget(device: str) -> int:
    """Forget every verdict about a device, so that it is tried again; returns how many there were."""
    folder, names = cache_folder(_key(device)), list(_files(device))
    for name in names:
        with suppress(OSError):
            (folder / f"{name}.json").unlink()
    return len(names)


def _key(device: str) -> str:
    """The cache key of all verdicts about a device: this machine and the versions of its drivers."""
    return hashlib.sha256(f"trials of {device} on {machine()}".encode()).hexdigest()


def _file_name(backend: str, info: NetworkInfo | None, outcome: Outcome) -> str:
    """Where the verdict is remembered: for networks of this shape, or where it hung or died for all."""
    shape = ""
    if info is not None and outcome not in ANY_NETWORK:
        shape = f"{info.kind} {info.resolution} {json.dumps(dict(info.shape), default=str)}"
    return PREFIX + hashlib.sha256(f"{backend}\n{shape}".encode()).hexdigest()[:24]


def _files(device: str) -> Iterator[str]:
    yield from sorted(path.stem for path in cache_folder(_key(device)).glob(f"{PREFIX}*.json"))


def _verdict(record: dict[str, Any] | None) -> Verdict | None:
    try:
        return None if record is None else Verdict(**(record | {"outcome": Outcome(record["outcome"])}))
    except (KeyError, TypeError, ValueError):  # not written by this version
        return None


def _tried(
    spec: BackendSpec, info: NetworkInfo | None, stop: Stop, nice: int, prepare_s: float, limit_s: float, clock: Clock
) -> tuple[Outcome, str]:
    """Run the worker; the outcome and the reason in words."""
    with tempfile.TemporaryDirectory(prefix="livegan-trial-", ignore_cleanup_errors=True) as folder:
        answer, errors = Path(folder) / "answer", Path(folder) / "stderr"
        network = str(info.path.absolute()) if info else ""
        backends = ARCHITECTURES[info.kind].backends if info else ""
        seconds = prepare_s + limit_s * MAX_SLOWDOWN
        job = Job(network, backends, spec.device, spec.name, str(answer), seconds, nice)
        answer.touch()
        try:
            with errors.open("wb") as err:
                worker = _start(job, err.fileno())
        except OSError as error:
            return Outcome.STOPPED, f"could not be tried: no process can be started for it ({reason_of(error)})"
        doing, start_s, touched_s = "starting", clock(), None
        try:
            while True:
                ended = worker.poll() is not None  # asked before what it wrote is read: nothing is missed
                lines = _lines(answer)
                doing = next((line["doing"] for line in reversed(lines) if "doing" in line), doing)
                result = next((line for line in lines if "outcome" in line), None)
                if result is not None:
                    return Outcome(result["outcome"]), str(result["reason"])
                if ended:
                    touched = any("slowdown" in line for line in lines)  # perhaps since the last look
                    return _end(worker.returncode, doing, touched, errors)
                now_s = clock()
                slowdown = next((line["slowdown"] for line in lines if "slowdown" in line), None)
                if touched_s is None and slowdown is not None:
                    touched_s, limit_s = now_s, limit_s * min(slowdown, MAX_SLOWDOWN)
                if stop():
                    return Outcome.STOPPED, "broken off"
                if touched_s is None and now_s - start_s > prepare_s:
                    return Outcome.STOPPED, f"not ready to be tried after {prepare_s:g} s: this machine is too busy"
                if touched_s is not None and now_s - touched_s > limit_s:
                    return Outcome.HUNG, f"no answer within {limit_s:.0f} s while {doing}"
                with suppress(subprocess.TimeoutExpired):
                    worker.wait(POLL_S)
        finally:
            _kill(worker)


def _start(job: Job, errors: int) -> "subprocess.Popen[bytes]":
    """Start the worker, leader of a process group of its own."""
    return subprocess.Popen(
        module_command(WORKER, json.dumps(asdict(job))),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        env=module_environment() | {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")},
        start_new_session=True,
    )


def _lines(answer: Path) -> list[dict[str, Any]]:
    """What the worker has written so far, whole lines only."""
    with suppress(OSError, ValueError):
        text, _, _ = answer.read_text(encoding="utf-8").rpartition("\n")
        return [json.loads(line) for line in text.splitlines()]
    return []


def _end(code: int, doing: str, touched: bool, errors: Path) -> tuple[Outcome, str]:
    """The outcome of a worker that ended without a result."""
    with suppress(ValueError):
        if code < 0:
            why = f"signal {signal.Signals(-code).name}"
            if touched:
                return Outcome.DIED, f"its process died of {why} while {doing}"
            return Outcome.STOPPED, f"ended by {why} before it was tried"
    last = (errors.read_text(errors="replace").strip().splitlines() or [""])[-1][:200]
    if touched:
        return Outcome.DIED, f"its process ended with code {code} while {doing}{': ' if last else ''}{last}"
    return Outcome.STOPPED, f"could not be tried: the process ended with code {code}{': ' if last else ''}{last}"


_abandoned: list["subprocess.Popen[bytes]"] = []  # killed, but still waiting for a dead driver


def _kill(worker: "subprocess.Popen[bytes]") -> None:
    """Kill the worker and all it started."""
    if worker.poll() is None:
        with suppress(OSError):  # gone meanwhile
            if sys.platform == "win32":
                worker.kill()
            else:
                os.killpg(worker.pid, signal.SIGKILL)
    try:
        worker.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        _abandoned.append(worker)
