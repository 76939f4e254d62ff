"""The web server's process, seen from the show: started, told, heard and ended, and nobody waits for it."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from livegan.core.channels import Inbox, Latest
from livegan.core.own_process import module_command, module_environment
from livegan.web.remote.messages import (
    HELLO,
    NOW,
    PREVIEW,
    SAID,
    TABLE,
    frame,
    json_bytes,
    json_object,
    read_frame,
)

SERVER = "livegan.web.remote.server"
HANGS_S = 5.0  # a message that takes so long to be written will never be
MAX_STILLS = 256
END_S = 2.0


class RemoteProcess:
    """One process of the web server. Its two threads are ended by `close`; they touch nothing but the pipes."""

    def __init__(self, hello: dict[str, Any], heard: Callable[[dict[str, Any]], None]) -> None:
        """Starts it. `heard` gets what it says, on a thread of its own. OSError if it cannot be started."""
        apart: dict[str, Any] = {"start_new_session": True}  # Ctrl-C is for the show
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS}
        self._process = subprocess.Popen(
            module_command(SERVER),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=module_environment(),
            **apart,
        )
        self._heard = heard
        self._newest: dict[bytes, Latest[bytes]] = {kind: Latest() for kind in (TABLE, NOW, PREVIEW)}
        self._every: Inbox[bytes] = Inbox(MAX_STILLS)
        self._woken = threading.Event()
        self._every.subscribe(self._woken.set)
        for newest in self._newest.values():
            newest.subscribe(self._woken.set)
        self._every.put(frame(HELLO, json_bytes(hello)))
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
        """Send it, in place of what waits of the same kind; stills are sent all. Never waits."""
        if kind in self._newest:
            self._newest[kind].put(payload)
        else:
            self._every.put(frame(kind, payload))

    def close(self) -> None:
        """End it, and the threads. Idempotent."""
        self._closing = True
        self._woken.set()
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

    def _write(self) -> None:
        written: dict[bytes, bytes] = {}
        with suppress(OSError, ValueError):
            while self._woken.wait() and not self._closing:
                self._woken.clear()
                for message in self._every.drain():
                    self._put(message)
                for kind, newest in self._newest.items():
                    payload = newest.peek()
                    if payload is not None and payload is not written.get(kind):
                        written[kind] = payload
                        self._put(frame(kind, payload))

    def _put(self, message: bytes) -> None:
        """Write a message; OSError when the process has ended."""
        pipe = self._process.stdin
        assert pipe is not None
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
