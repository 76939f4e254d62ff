"""A show in a window, in a process of its own, which tells how long it went without a picture."""

import contextlib
import json
import subprocess
import threading
from collections.abc import Iterator

from tests.deadline import until
from tests.screen import Screen

SCRIPT = """
import json, sys, threading
from livegan.config.venue import WindowTable
from livegan.ui.app import open_window
from livegan.ui.feed import WindowExtras
from tests.shows import plain_show

show, drawn = plain_show(join_s=1.0), []

def say(*words):
    sys.stdout.write(' '.join(map(str, words)) + chr(10))
    sys.stdout.flush()

def listen():
    for line in sys.stdin:
        at, now = drawn[:], show.clock.now()
        del drawn[:-1]
        say('gap', max(b - a for a, b in zip(at, [*at[1:], now])), len(at))

with show, open_window(show, WindowTable(**json.loads(sys.argv[1])), WindowExtras()) as window:
    window.ready.subscribe(lambda: say('ready'))
    window.shown.subscribe(lambda *_: drawn.append(show.clock.now()))
    show.controls.subscribe(lambda event: say('event', event.name, event.value))
    threading.Thread(target=listen, daemon=True).start()
    window.run(300)
say('ended', window.stats.faults)
"""


class WindowShow:
    """A show that plays in a window."""

    def __init__(self, screen: Screen, process: "subprocess.Popen[str]") -> None:
        self.screen, self.process = screen, process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines += self.process.stdout  # as they come

    def wait_for(self, start: str, since: int = 0) -> str:
        """The first line from number `since` that begins so."""

        def found() -> str:
            return next((line for line in self.lines[since:] if line.startswith(start)), "")

        return until(lambda: found() or self._dead(), lambda: f"'{start}'; it said {''.join(self.lines[since:])}", 60)

    def _dead(self) -> str:
        assert self.process.poll() is None or self._reader.is_alive(), "".join(self.lines)
        return ""

    def gap_s(self) -> float:
        """The longest time without a new picture since this was asked before [s]."""
        since = len(self.lines)
        assert self.process.stdin is not None
        self.process.stdin.write("gap\n")
        self.process.stdin.flush()
        return float(self.wait_for("gap ", since).split()[1])

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@contextlib.contextmanager
def window_show(on: Screen, **table: object) -> Iterator[WindowShow]:
    """A show in a window; `table`: a venue's [window]."""
    show = WindowShow(on, on.start(SCRIPT, json.dumps(table)))
    try:
        show.wait_for("ready")
        yield show
    finally:
        show.stop()
