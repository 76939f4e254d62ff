"""Web server of the phone page: a process of its own that a show starts, feeds and outlives by no moment.

    python -m livegan.web.remote.server      (messages on standard input and output: `messages`)

It ends when its standard input does, that is also when the show is killed. No file is read on request: the three files
of the page are read at its start, stills of scenes come from the show.
"""

import asyncio
import os
import queue
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from aiohttp import web

from livegan.core.files import reason_of
from livegan.web.remote import messages
from livegan.web.remote.access import Refused, Server, admitted
from livegan.web.remote.phones import Phones

PAGES = Path(__file__).resolve().parent.parent / "pages"
FILES = {"": ("remote.html", "text/html"), "remote.css": ("remote.css", "text/css"),
         "remote.js": ("remote.js", "text/javascript")}  # fmt: skip
NICENESS = 5  # the show goes first; touches do not wait
MAX_STILLS, MAX_SAID = 256, 512
MAX_SOCKETS = 2048  # of the process
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws://{}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class RemoteServer:
    """The pages, and the WebSocket, of one show."""

    def __init__(self, token: str, phones: Phones) -> None:
        self._token, self.phones = token, phones
        self._files = {path: ((PAGES / name).read_bytes(), kind) for path, (name, kind) in FILES.items()}
        self._stills: dict[str, bytes] = {}
        self.server = Server(self._answer)

    def take(self, kind: bytes, payload: bytes) -> None:
        """A message of the show."""
        if kind == messages.STILL:
            number = str(int.from_bytes(payload[:2], "big"))
            if number in self._stills or len(self._stills) < MAX_STILLS:
                self._stills[number] = payload[2:]
        else:
            self.phones.publish(kind, payload)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = await admitted(request, self._token, self.server.known)
        if path == "ws" and request.headers.get("Upgrade", "").casefold() == "websocket":
            return await self.phones.serve(request)
        if path in self._files:
            body, kind = self._files[path]
            return _page(request, body, kind, "no-store")
        still = self._stills.get(path.removeprefix("still/")) if path.startswith("still/") else None
        if still is None:
            raise Refused
        return _page(request, still, "image/jpeg", "private, max-age=3600")


def _page(request: web.BaseRequest, body: bytes, kind: str, kept: str) -> web.Response:
    headers = {
        "Content-Security-Policy": POLICY.format(request.headers["Host"]),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": kept,
    }
    return web.Response(
        body=body, content_type=kind, charset="utf-8" if kind != "image/jpeg" else None, headers=headers
    )


async def serve(hello: dict[str, Any], pipe: IO[bytes], said: "queue.Queue[bytes]") -> None:
    """Serve until the process ends."""

    def tell(what: dict[str, Any]) -> None:
        with suppress(queue.Full):  # the show hangs
            said.put_nowait(messages.frame(messages.SAID, messages.json_bytes(what)))

    remote = RemoteServer(hello["token"], Phones(tell, time.monotonic))
    runner = web.ServerRunner(remote.server)
    await runner.setup()
    try:
        site = web.TCPSite(runner, hello["host"], hello["port"])
        await site.start()
    except (OSError, OverflowError, UnicodeError) as error:
        number = error.errno if isinstance(error, OSError) else None
        text = reason_of(error) if isinstance(error, OSError) else str(error)
        tell({"error": os.strerror(number) if number is not None and number > 0 else text})  # asyncio's words are long
        return
    tell({"ready": runner.addresses[0][1]})
    loop = asyncio.get_running_loop()

    def read() -> None:
        while (message := messages.read_frame(pipe)) is not None:
            loop.call_soon_threadsafe(remote.take, *message)
        os._exit(0)  # the show has ended; there is nothing to keep

    threading.Thread(target=read, daemon=True).start()
    await asyncio.Event().wait()


def _write(pipe: IO[bytes], said: "queue.Queue[bytes | None]") -> None:
    """Body of the thread that tells the show."""
    with suppress(OSError, ValueError):
        while (message := said.get()) is not None:
            pipe.write(message)
            pipe.flush()


def _raise_file_limit() -> None:
    """As many sockets as connections are allowed; some systems begin with 256."""
    import resource  # not on Windows, which has no such limit

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_SOCKETS if hard == resource.RLIM_INFINITY else min(MAX_SOCKETS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> None:
    """Entry point of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the show
    if sys.platform != "win32":
        os.nice(NICENESS)
        _raise_file_limit()
    hello = messages.read_frame(sys.stdin.buffer)
    if hello is None or hello[0] != messages.HELLO:
        return
    said: queue.Queue[Any] = queue.Queue(MAX_SAID)
    writer = threading.Thread(target=_write, args=(sys.stdout.buffer, said), daemon=True)
    writer.start()
    asyncio.run(serve(messages.json_object(hello[1]), sys.stdin.buffer, said))
    said.put(None)
    writer.join(2.0)


if __name__ == "__main__":
    main()
