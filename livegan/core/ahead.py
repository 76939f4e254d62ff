"""Iterator computed ahead on a thread of its own, in order and bounded: for offline work that has two cores."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
_END = object()


def ahead(items: Iterator[Item], count: int, name: str) -> Iterator[Item]:
    """The same items, up to `count` of them computed before they are asked for, on a thread called `name`.

    An exception comes where its item would have. Closing it ends the thread, after the item in progress.
    """
    with ThreadPoolExecutor(1, name) as worker:
        waiting: deque[Future[object]] = deque(worker.submit(next, items, _END) for _ in range(count))
        try:
            while (item := waiting.popleft().result()) is not _END:
                waiting.append(worker.submit(next, items, _END))
                yield item  # type: ignore[misc]
        finally:
            for future in waiting:
                future.cancel()
