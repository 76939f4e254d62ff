"""The web server's process, seen from the show: started, told, heard and ended, and nobody waits for it."""

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from livegan.web.remote.messages import HELLO, SAID, STILL, frame, json_bytes, json_object, read_frame

COMMAND = ("-m", "livegan.web.remote.server")
HANGS_S = 5.0  # a message that takes so long to be written will never be
MAX_STILLS = 256
END_S = 2.0


class RemoteProcess:
    """One process of the web server. Its two threads are ended by `close`; they touch nothing but the pipes."""

    def __init__(
        self, hello: dict[str, Any], heard: Callable[[dict[str, Any]], None], command: Sequence[str] = COMMAND
    ) -> None:
        """Starts it. `heard` gets what it says, on a thread of its own. OSError if it cannot be started."""
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        apart: dict[str, Any] = {"start_new_session": True}  # Ctrl-C is for the show
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS}
        self._process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            **apart,
        )
        self._heard = heard
        self._waiting: dict[bytes, bytes] = {HELLO: json_bytes(hello)}  # the newest of each kind
        self._stills: deque[bytes] = deque(maxlen=MAX_STILLS)
        self._changed = threading.Condition()
        self._closing = False
        self._writing_since_s: float | None = None
        self._threads = [
            threading.Thread(target=body, name=f"livegan-remote-{name}", daemon=True)
            for name, body in (("out", self._write), ("in", self._read))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it is gone, or will never answer again."""
        since_s = self._writing_since_s
        return self._process.poll() is not None or (since_s is not None and time.monotonic() - since_s > HANGS_S)

    def send(self, kind: bytes, payload: bytes) -> None:
        """Send it, in place of what waits of the same kind; stills wait all. Never waits."""
        with self._changed:
            if kind == STILL:
                self._stills.append(payload)
            else:
                self._waiting[kind] = payload
            self._changed.notify()

    def close(self) -> None:
        """End it, and the threads. Idempotent."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._process.poll() is None:
            self._process.kill()  # it keeps nothing
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        for thread in self._threads:
            thread.join(END_S)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _next(self) -> bytes | None:
        """The next message to write, when there is one; None at the end."""
        with self._changed:
            while not self._closing:
                if self._waiting:
                    kind = next(iter(self._waiting))
                    return frame(kind, self._waiting.pop(kind))
                if self._stills:
                    return frame(STILL, self._stills.popleft())
                self._changed.wait()
        return None

    def _write(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with suppress(OSError, ValueError):
            while (message := self._next()) is not None:
                self._writing_since_s = time.monotonic()
                pipe.write(message)
                pipe.flush()
                self._writing_since_s = None

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        with suppress(OSError, ValueError):
            while (message := read_frame(pipe)) is not None:
                if message[0] == SAID:
                    self._heard(json_object(message[1]))
