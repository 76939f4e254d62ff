"""Lifeline of a supervised show: the socket to its supervisor, which gets signs of life and sends restarts.

On Windows there is none: the supervisor looks at the show's state on the disk, and at a file that says it is closing.

Only the standard library is loaded here, so that a spare process can say early that it is there.
"""

import json
import os
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from livegan.engine.restart import Restart

VARIABLE = "LIVEGAN_SUPERVISED"  # environment of the show's process
ALIVE, OVER = b".", b"!"
MAX_ORDER_BYTES = 1 << 14


def over_path(state: Path) -> Path:
    """The file beside a state that says that its show is closing, where there is no socket to say so."""
    return state.with_suffix(".over")


class SignsOnDisk:
    """What the disk tells of a show to which there is no socket: that it has begun to play, and that it is closing."""

    def __init__(self, state: Path) -> None:
        """Before the show is started: `state` may be that of the show before it."""
        self._state, self._before_ns = state, _written_ns(state)

    def read(self) -> bytes:
        """ALIVE, at every call, once this show has written its state; OVER, once it is closing."""
        written_ns = _written_ns(self._state)
        alive = written_ns is not None and written_ns != self._before_ns
        return ALIVE * alive + OVER * os.path.exists(over_path(self._state))


def _written_ns(path: Path) -> int | None:
    """When a file was written; None if there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


@dataclass(slots=True)
class Lifeline:
    """The show's end of it. Any one thread may send signs of life."""

    state_path: Path  # of the state that is kept, and the one to begin from
    crash_path: Path
    spare: bool = False  # it waits until the show before it has died
    restart: Restart | None = None  # None: the first start
    began_s: float = 0.0  # when the first show of the supervisor began, by the wall clock of the process [s]
    _socket: socket.socket | None = field(default=None, repr=False)

    @classmethod
    def given(cls) -> "Lifeline | None":
        """That of this process, where a supervisor has started it; its children do not get it."""
        text = os.environ.pop(VARIABLE, "")
        if not text:
            return None
        try:
            given = json.loads(text)
            restart = Restart.of_json(given["restart"]) if given.get("restart") else None
            end = socket.socket(fileno=int(given["fd"])) if given.get("fd") is not None else None
            if end is not None:
                end.setblocking(False)
                os.set_inheritable(end.fileno(), False)
            paths = Path(given["state"]), Path(given["crash"])
            return cls(*paths, bool(given.get("spare")), restart, float(given["began_s"]), end)
        except (ValueError, KeyError, TypeError, OSError):
            return None

    def beat(self) -> None:
        """A sign of life. Never waits; a supervisor that is gone is no reason to end."""
        self._send(ALIVE)

    def over(self) -> None:
        """Tell that the show is closing: whatever happens now, it is not started again."""
        if self._socket is None:
            with suppress(OSError):
                over_path(self.state_path).touch()
        self._send(OVER)

    def wait_for_order(self) -> bool:
        """As a spare, wait for the show's turn; False: the supervisor is gone or has ended, and so shall this."""
        if self._socket is None:
            return False
        self.beat()  # it is ready
        self._socket.setblocking(True)
        order = b""
        try:
            while not order.endswith(b"\n"):
                got = self._socket.recv(4096)
                if not got or len(order) > MAX_ORDER_BYTES:
                    return False
                order += got
            self.restart = Restart.of_json(order.decode())
        except (OSError, ValueError):
            return False
        self._socket.setblocking(False)
        self.spare = False
        signal.signal(signal.SIGINT, signal.default_int_handler)  # the supervisor has begun it without one
        return True

    def _send(self, sign: bytes) -> None:
        if self._socket is not None:
            with suppress(OSError):  # full, or nobody reads it any more
                self._socket.send(sign)
