"""Access control of the phone page: whoever has not the token gets one bare 404, for every request whatever it is.

The answer is the same bytes for a wrong path, a wrong host, a wrong method and for what is no HTTP at all; it names no
program, and comes a little late, so that guessing is slow. Those without it share few connections; of more, the oldest
of the address that has the most is cut: one computer can keep nobody out who has the token.
"""

import asyncio
import hmac
from collections import Counter
from typing import Any

from aiohttp import web

from livegan.core.socket_address import is_own_host

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
MAX_UNKNOWN = 256  # connections of those who have not shown the token yet; a room of phones may come at once
MAX_CONNECTIONS = 512  # of those who have
WRONG_S = 0.25
IDLE_S = 15.0  # for a request to be sent, and between two of them


class Refused(Exception):  # noqa: N818  # it is answered, not told to anyone
    """Refusal of a request: it gets the one answer."""


class Connections:
    """Open connections, oldest first: of those who have not shown the token, and of those who have; both bounded."""

    def __init__(self) -> None:
        self._unknown: dict[web.RequestHandler, str] = {}  # and from which address each comes
        self._known: dict[web.RequestHandler, str] = {}

    def came(self, connection: web.RequestHandler, address: str) -> None:
        self._add(self._unknown, connection, address, MAX_UNKNOWN)

    def knows(self, connection: web.RequestHandler) -> None:
        """It has shown the token."""
        address = self._unknown.pop(connection, None)
        if address is not None:
            self._add(self._known, connection, address, MAX_CONNECTIONS)

    def went(self, connection: web.RequestHandler) -> None:
        self._unknown.pop(connection, None)
        self._known.pop(connection, None)

    @staticmethod
    def _add(those: dict[web.RequestHandler, str], connection: web.RequestHandler, address: str, most: int) -> None:
        those[connection] = address
        while len(those) > most:
            ((busiest, _),) = Counter(those.values()).most_common(1)
            oldest = next(each for each, came_from in those.items() if came_from == busiest)
            del those[oldest]
            oldest.force_close()


class Connection(web.RequestHandler):
    """HTTP connection whose every error, its own parser's too, is the one bare 404."""

    __slots__ = ("_all",)

    def __init__(self, manager: web.Server, connections: Connections, **options: Any) -> None:
        super().__init__(manager, **options)
        self._all = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._all.came(self, str((transport.get_extra_info("peername") or ("",))[0]))

    def connection_lost(self, exc: BaseException | None) -> None:
        self._all.went(self)
        super().connection_lost(exc)

    def handle_error(
        self, request: Any, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Write the one answer and hang up; what is returned finds the connection closed."""
        if self.transport is not None:
            self.transport.write(NOT_FOUND)
        self.force_close()
        return web.Response(status=404)


class Server(web.Server):
    """Web server that tells nothing without the token."""

    def __init__(self, handler: Any) -> None:
        super().__init__(handler)
        self.known = Connections()

    def __call__(self) -> Connection:
        return Connection(
            self,
            self.known,
            loop=asyncio.get_running_loop(),
            access_log=None,
            keepalive_timeout=IDLE_S,
            lingering_time=0,
            max_line_size=1024,
            max_field_size=4096,
            max_headers=64,
        )


async def admitted(request: web.BaseRequest, token: str, known: Connections) -> str:
    """The path below the token's, "" for the page itself; Refused for everybody else."""
    given, _, path = request.rel_url.raw_path.removeprefix("/").partition("/")
    right = hmac.compare_digest(given.encode(errors="replace"), token.encode())
    host = request.headers.get("Host", "")
    origin = request.headers.get("Origin")
    if not right or not is_own_host(host) or request.method != "GET" or origin not in (None, f"http://{host}"):
        await asyncio.sleep(WRONG_S)
        raise Refused
    assert isinstance(request.protocol, Connection)
    known.knows(request.protocol)
    return path
