"""Thread priority: sound is preferred where that is permitted, threads that run Python are never lowered."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from livegan.core import priority
from livegan.core.priority import LOW, NICENESS, niced, prefer_thread
from tests.deadline import until
from tests.shows import plain_show

linux = pytest.mark.skipif(sys.platform != "linux", reason="niceness of single threads exists on Linux only")


def refuse(*_: object) -> None:
    raise PermissionError("Operation not permitted")


def on_a_thread(work: Callable[[], object]) -> list[object]:
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join()
    return results


def niceness(thread: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, thread)


@linux
def test_the_thread_gets_what_it_says_and_no_other_thread_does() -> None:
    def ask() -> tuple[str, int, int]:
        granted = prefer_thread()
        return granted, os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, niceness(threading.get_native_id())

    before = os.sched_getscheduler(0), niceness(threading.get_native_id())
    [(granted, scheduler, nice)] = on_a_thread(ask)  # type: ignore[misc]
    assert granted in ("real-time", f"nice {NICENESS}", "")
    assert (scheduler == os.SCHED_RR) == (granted == "real-time")
    assert (nice == NICENESS) == (granted == f"nice {NICENESS}")
    assert (os.sched_getscheduler(0), niceness(threading.get_native_id())) == before


@linux
@pytest.mark.parametrize("permitted", ["real-time", f"nice {NICENESS}", ""])
def test_the_best_that_is_permitted(permitted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[object, ...]] = []
    realtime, nice = permitted == "real-time", permitted.startswith("nice")
    monkeypatch.setattr(priority.os, "sched_setscheduler", (lambda *asked: given.append(asked)) if realtime else refuse)
    monkeypatch.setattr(priority.os, "setpriority", (lambda *asked: given.append(asked)) if nice else refuse)
    assert prefer_thread() == permitted
    assert len(given) == bool(permitted)


def test_elsewhere_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(priority.sys, "platform", "darwin")
    monkeypatch.setattr(priority.os, "setpriority", refuse)
    assert prefer_thread() == ""
    assert niced(lambda: 7) == 7


@linux
def test_niced_makes_on_a_thread_of_low_priority_that_is_gone_afterwards() -> None:
    before = threading.enumerate()
    assert niced(lambda: niceness(threading.get_native_id())) == LOW
    assert niceness(threading.get_native_id()) < LOW
    assert threading.enumerate() == before
    with pytest.raises(ZeroDivisionError):
        niced(lambda: 1 / 0)


@linux
def test_no_thread_of_a_show_is_lowered() -> None:
    """A thread of high niceness that holds Python's lock makes the sound late on a busy machine."""
    here = niceness(threading.get_native_id())
    with plain_show(names=tuple(f"snapshot-{i}" for i in range(8))) as running:
        until(lambda: (t := running.telemetry.peek()) is not None and t.bank.startswith("networks 8 of 8"), "the bank")
        threads = [int(task.name) for task in Path("/proc/self/task").iterdir()]
        named = {thread.native_id for thread in threading.enumerate() if thread.name.startswith("livegan-")}
        assert named <= set(threads)
        assert max(niceness(thread) for thread in named if thread) <= here
