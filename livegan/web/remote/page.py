"""Phone page of a show: starts its web server, keeps it told and alive, puts what phones do into the router.

The server is a process of its own (`server`), so that a hundred connections and slow readers take nothing from the
engine; what is left here encodes one small picture five times a second, and only while a phone shows it.
"""

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from livegan.config.stills import stills_of
from livegan.config.venue import RemoteTable
from livegan.core.channels import Latest
from livegan.core.clock import Clock
from livegan.core.text import printable
from livegan.core.types import Frame
from livegan.engine.board import Board
from livegan.engine.router import Router
from livegan.engine.sound_runtime import Service
from livegan.engine.telemetry import Telemetry
from livegan.web.address import shown_host
from livegan.web.remote.messages import NOW, PREVIEW, STILL, TABLE, json_bytes
from livegan.web.remote.process import RemoteProcess
from livegan.web.remote.snapshot import now_of, preview, small_still, table_of
from livegan.web.remote.touches import Touches

NOW_S = 0.1  # between two states
PREVIEW_EVERY = 2  # states
USUAL_PORT = RemoteTable().port
START_S = 20.0  # on a busy machine
AGAIN_S = (0.1, 0.3, 1.0, 5.0, 10.0)  # waits before it is started again
STEADY_S = 30.0  # what lived so long is started again at once
LOOK_S = 5.0
SEEN_S = 3.0  # a scene without a still has played so long when its preview becomes one


class RemoteFeed(Protocol):
    """Interface of a show to its phone page. `Runtime` is one."""

    @property
    def frames(self) -> Latest[Frame]: ...

    @property
    def telemetry(self) -> Latest[Telemetry]: ...

    @property
    def board(self) -> Latest[Board]: ...

    @property
    def controls(self) -> Router: ...

    @property
    def clock(self) -> Clock: ...


class RemotePage:
    """The phone page from the show's side. `poll` belongs to its thread."""

    def __init__(
        self,
        feed: RemoteFeed,
        table: RemoteTable,
        tell: Callable[[str], None] = lambda address: None,
        make: Callable[..., RemoteProcess] = RemoteProcess,
        warn: Callable[[str], None] = lambda line: None,
    ) -> None:
        """`tell` gets the address when it can be opened, `warn` why it cannot. Nothing is started yet."""
        self._feed, self._host, self._port = feed, table.host, table.port
        self._tell, self._make, self._warn = tell, make, warn
        self._token = secrets.token_urlsafe(16)  # 128 bits, and a code of few modules
        self._touches = Touches(feed.controls)
        self._process: RemoteProcess | None = None
        self._answered = threading.Event()
        self._error = ""
        self._ready = False
        self._served = False  # it is meant to be
        self._late = False  # it could not be served at the start, and its address was not told yet
        self._phones = self._seeing = 0
        self._failed = 0  # times in a row
        self._began_s = 0.0
        self._due_s: float | None = None  # when it is started again
        self._turn = 0
        self._look_s = 0.0  # when the address is looked up again
        self._table: dict[str, Any] = {}
        self._scenes: tuple[str, ...] = ()  # names of the scenes whose stills these are
        self._files: dict[str, Path] = {}
        self._stills: dict[int, int] = {}  # version of each, by number from 1; no two are alike
        self._version = 0
        self._asked = 0  # scenes whose stills were looked for
        self._shown: Frame | None = None
        self._scene_since: tuple[int, float] = (-1, 0.0)
        self.address = ""  # with its token; "" while it is not served

    def service(self) -> Service:
        """It, as a service of the show."""
        return Service("remote", self.start, self.poll, self.stop, lambda: self.notice, lambda: self.status)

    @property
    def status(self) -> str:
        """How many phones are there, for the panel."""
        return f"phone page: {self._phones or 'no'} phone{'s' * (self._phones != 1)}" if self.address else ""

    @property
    def notice(self) -> str:
        """What is wrong, for the HUD."""
        if self._ready or not self._served:
            return ""
        return f"phone page: not served{f', {self._error}' if self._error else ''}; trying again"

    def start(self) -> None:
        """Serve it, at any free port where the usual one is taken.

        If that is not possible the show begins without it, which is told, and it is tried again.
        """
        where = f"{printable(self._host)}:{self._port}"
        if not self._begun() and self._port == USUAL_PORT:
            self.stop()
            self._port = 0
            self._begun()
        self._served = True
        if self._ready:
            self._tell(self.address)
            return
        self._late = True
        fault = self._error or "its server does not answer"
        self._warn(
            f"The phone page cannot be served at {where} ({fault}); the show plays without "
            'it, and tries again. Any address: [remote] host = "0.0.0.0"; any free port: --remote-port 0'
        )

    def poll(self, now_s: float) -> float:
        """Keep the server alive and told; seconds until the next time."""
        process = self._process
        if self._ready and self._late:
            self._late = False
            self._tell(self.address)
        if self._ready and now_s >= self._look_s:
            self._look_s = now_s + LOOK_S
            self._find_address()
        if process is None or process.ended:
            self._restart(now_s)
        elif self._ready and self._phones:
            self._say(process, now_s)
        return NOW_S

    def stop(self) -> None:
        """End the server. Idempotent."""
        self._ready, self._served, self.address = False, False, ""
        if self._process is not None:
            self._process.close()
            self._process = None

    def _begun(self) -> bool:
        """Whether the server answers that it is ready."""
        self._answered.clear()
        self._begin(self._feed.clock.now())
        self._answered.wait(START_S)
        return self._ready

    def _begin(self, now_s: float) -> None:
        self._began_s, self._due_s = now_s, None
        self._phones = self._seeing = 0
        self._table, self._scenes = {}, ()
        hello = {"token": self._token, "host": self._host, "port": self._port}
        try:
            self._process = self._make(hello, self._heard)
        except OSError as error:
            self._error = str(error)
            self._answered.set()

    def _restart(self, now_s: float) -> None:
        """Start the server again, when its time has come; it keeps address and token."""
        self._ready = False
        if self._due_s is None:
            if self._process is not None:
                self._process.close()
                self._process = None
            self._failed = 0 if now_s - self._began_s > STEADY_S else self._failed + 1
            self._due_s = now_s + AGAIN_S[min(self._failed, len(AGAIN_S) - 1)]
        elif now_s >= self._due_s:
            self._begin(now_s)

    def _heard(self, what: dict[str, Any]) -> None:
        """What the server says, on the thread that reads it."""
        match what:
            case {"ready": int(port)}:
                self._port, self._error, self._ready = port, "", True
                self._find_address()
                self._answered.set()
            case {"error": str(text)}:
                self._error = text
                self._answered.set()
            case {"phones": int(phones), "seeing": int(seeing)}:
                self._phones, self._seeing = phones, seeing
            case {"at": int(at_s) | float(at_s), "do": list(touches)}:
                self._touches.put(touches, float(at_s), self._feed.board.peek())

    def _find_address(self) -> None:
        """The address, which changes when this computer joins another network."""
        self.address = f"http://{shown_host(self._host)}:{self._port}/{self._token}/"

    def _say(self, process: RemoteProcess, now_s: float) -> None:
        """Tell the server how the show stands."""
        board = self._feed.board.peek()
        if board is None:
            return
        self._send_still(process, board)
        table = table_of(board, self._stills)
        if table != self._table:
            self._table = table
            process.send(TABLE, json_bytes({"table": table}))
        now = now_of(board, self._feed.telemetry.peek(), self._feed.controls.states, self._phones)
        process.send(NOW, json_bytes({"now": now}))
        self._turn += 1
        frame = self._feed.frames.peek()
        if self._seeing and frame is not None and frame is not self._shown and self._turn % PREVIEW_EVERY == 0:
            self._shown = frame
            picture = preview(frame.pixels)
            process.send(PREVIEW, picture)
            self._keep_still(process, board, picture, now_s)

    def _send_still(self, process: RemoteProcess, board: Board) -> None:
        """The still of one more scene, where it has one; all of them anew when the setlist is another."""
        names = tuple(card.name for card in board.scenes)
        if names != self._scenes:
            self._scenes, self._files, self._asked = names, stills_of(names), 0
            self._stills.clear()
        if self._asked >= len(names):
            return
        self._asked += 1
        path = self._files.get(names[self._asked - 1])
        picture = small_still(path) if path is not None else None
        if picture is not None:
            self._send_as_still(process, self._asked, picture)

    def _keep_still(self, process: RemoteProcess, board: Board, picture: bytes, now_s: float) -> None:
        """The preview becomes the still of a scene that has none, once it has played a while."""
        if board.playing != self._scene_since[0] or board.chosen >= 0:
            self._scene_since = (board.playing, now_s)
        number = board.playing + 1
        if number and number not in self._stills and now_s - self._scene_since[1] > SEEN_S:
            self._send_as_still(process, number, picture)

    def _send_as_still(self, process: RemoteProcess, number: int, picture: bytes) -> None:
        process.send(STILL, number.to_bytes(2, "big") + picture)
        self._version += 1
        self._stills[number] = self._version
