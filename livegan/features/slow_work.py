"""Background worker of a feature: work too slow for the listening thread, its result some hops later."""

from collections.abc import Callable
from typing import Generic, TypeVar

from livegan.core.channels import Latest

Request = TypeVar("Request")
Result = TypeVar("Result")

IDLE_S = 0.05  # between two looks whether something is asked for


class SlowWork(Generic[Request, Result]):
    """One request at a time, the newest wins; its result is seen a fixed number of hops after it.

    A render does the work itself when its result is due, and waits for it. In a show another thread polls
    (`background`): a result that is late is seen as soon as it is there, and what was never begun is dropped.
    """

    def __init__(self, work: Callable[[Request], Result], delay_hops: int) -> None:
        self.background = False  # True: another thread polls; set before the first request
        self._work, self._delay_hops = work, delay_hops
        self._asked: Latest[tuple[int, Request]] = Latest()
        self._done: Latest[tuple[int, Result]] = Latest()
        self._served = self._seen = -1

    def ask(self, hop: int, request: Request) -> None:
        """Ask for work at hop number `hop`. For the listening thread."""
        self._asked.put((hop, request))

    def result(self, hop: int) -> Result | None:
        """The newest result that is due at this hop and was not returned before. For the listening thread."""
        if not self.background:
            asked = self._asked.peek()
            if asked is None or asked[0] == self._seen or hop < asked[0] + self._delay_hops:
                return None
            self._seen = asked[0]
            return self._work(asked[1])
        done = self._done.peek()
        if done is None or done[0] == self._seen or hop < done[0] + self._delay_hops:
            return None
        self._seen = done[0]
        return done[1]

    def forget(self) -> None:
        """What was asked for until now is of no use any more. For the listening thread."""
        asked = self._asked.peek()
        self._seen = asked[0] if asked is not None else self._seen

    def poll(self, now_s: float) -> float:
        """Do what was asked for last; seconds until there may be more. For the thread that has time."""
        asked = self._asked.peek()
        if asked is None or asked[0] == self._served:
            return IDLE_S
        self._served = asked[0]
        self._done.put((asked[0], self._work(asked[1])))
        return 0.0
