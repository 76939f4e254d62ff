"""Time limit for work that may hang: a disk or a driver that never answers."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait


def within(
    limit_s: float, work: Callable[[], object], name: str, progress: Callable[[], object] = lambda: None
) -> bool:
    """Do `work` on a thread called `livegan-NAME`; whether it was done in time. What it raises is raised here.

    The time begins anew with every change of `progress`: what is slow is waited for, what hangs is not. If it was not
    done, its thread is left behind, and does not keep the process from ending at once.
    """
    done: Future[object] = Future()

    def attempt() -> None:
        try:
            done.set_result(work())
        except Exception as error:  # noqa: BLE001 - raised again on the thread that waits
            done.set_exception(error)

    threading.Thread(target=attempt, name=f"livegan-{name}", daemon=True).start()
    reached, before = progress(), object()
    while not done.done() and reached != before:
        wait([done], limit_s)
        reached, before = progress(), reached
    if done.done():
        done.result()
    return done.done()
