"""Notice printer: tells in the terminal what is wrong with a show that has no HUD."""

import re
from collections.abc import Callable, Iterable

from livegan.core.channels import Inbox, Latest
from livegan.engine.sound_runtime import Service
from livegan.engine.telemetry import Telemetry

POLL_S = 0.2
STANDS_S = 1.0  # what passes sooner is not worth a line
COUNT = re.compile(r"(?<![\w.:/-])\d+(?=x\b| )")  # "231 frames", "2x": it grows while nothing else is new


class NoticePrinter:
    """Prints each notice of the show once, when it has stood for a second, on a thread of its own.

    A terminal that takes nothing (Ctrl-S) holds up nobody else.
    """

    def __init__(
        self,
        telemetry: Latest[Telemetry],
        answers: Inbox[str],
        tell: Callable[[str], object],
        *,
        told: Iterable[str] = (),
    ) -> None:
        """`answers` are printed at once, each time; `told` was printed before."""
        self._telemetry, self._answers, self._tell = telemetry, answers, tell
        self._told = {_kind(line) for line in told}
        self._since_s: dict[str, float] = {}  # notices that stand, by kind

    def service(self) -> Service:
        """The service of it."""
        return Service("notices", poll=self.poll)

    def poll(self, now_s: float) -> float:
        """Print what is due; seconds until the next look."""
        for line in self._answers.drain():
            self._told.add(_kind(line))
            self._tell(line)
        telemetry = self._telemetry.peek()
        standing = {_kind(line): line for line in telemetry.notices} if telemetry else {}
        self._since_s = {kind: self._since_s.get(kind, now_s) for kind in standing}
        for kind, line in standing.items():
            if kind not in self._told and now_s - self._since_s[kind] >= STANDS_S:
                self._told.add(kind)
                self._tell(line)
        return POLL_S


def _kind(line: str) -> str:
    """The line without its counts."""
    return COUNT.sub("#", line)
