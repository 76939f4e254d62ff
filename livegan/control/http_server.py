"""Small HTTP server for read-only answers: GET alone, one thread, bounded in connections, bytes and time.

Written on sockets that never wait, as `http.server` gives every connection a thread, which a slow reader holds for as
long as it likes. A request is its first line and its Host header; nothing of the disk is ever served.
"""

import os
import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from livegan.core.socket_address import is_own_host

MOST_CONNECTIONS = 32
MAX_REQUEST_BYTES = 4096
DEADLINE_S = 4.0  # of one connection, from its first byte to the last of its answer
IDLE_S = 0.1  # that the thread waits for a request, before it looks whether the show has ended
PAUSE_S = 0.005  # after some work: one more connection each time

Respond = Callable[[str], tuple[int, bytes]]  # the target of a request, and status and JSON of the answer

REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 403: "Forbidden", 404: "Not Found"} | {
    405: "Method Not Allowed",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
}


@dataclass(slots=True)
class Client:
    """One client: what it sent, and what it gets."""

    socket: socket.socket
    until_s: float
    request: bytes = b""
    answer: memoryview | None = None


class HttpServer:
    """HTTP/1.0 server of one thread: `open`, then `poll` again and again, then `close`."""

    def __init__(self, respond: Respond, most: int = MOST_CONNECTIONS) -> None:
        """`most` connections at a time; for one more the oldest is closed, so that slow ones keep nobody out."""
        self._respond, self._most = respond, most
        self._selector: selectors.BaseSelector | None = None
        self._listener: socket.socket | None = None
        self.port = 0

    @property
    def connections(self) -> list[Client]:
        """Those that are open."""
        keys = list(self._selector.get_map().values()) if self._selector is not None else []
        return [key.data for key in keys if key.data is not None]

    def open(self, host: str, port: int) -> None:
        """Listen. OSError if that cannot be."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if os.name == "posix":  # a show may begin again at once; on Windows it would let others take the port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            listener.bind((host, port))
            listener.listen(MOST_CONNECTIONS)
        except OSError:
            listener.close()
            raise
        self._listener, self.port = listener, listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)

    def poll(self, now_s: float) -> float:
        """Serve what is there, after waiting shortly; seconds until the next poll."""
        if self._selector is None:
            return 1.0
        ready = self._selector.select(IDLE_S)
        for key, _ in ready:
            connection = key.data
            if connection is None:
                self._accept(now_s)
            elif connection.answer is None:
                self._receive(connection)
            else:
                self._reply(connection)
        for open_ in self.connections:
            if now_s > open_.until_s:
                self._end(open_)
        return PAUSE_S if ready else 0.0

    def close(self) -> None:
        """End every connection. Idempotent."""
        if self._selector is not None:
            for connection in self.connections:
                self._end(connection)
            self._selector.close()
        if self._listener is not None:
            self._listener.close()
        self._selector = self._listener = None

    def _accept(self, now_s: float) -> None:
        if self._selector is None or self._listener is None:
            return
        with suppress(OSError):
            client, _ = self._listener.accept()
            client.setblocking(False)
            if len(self.connections) >= self._most:
                self._end(min(self.connections, key=lambda open_: open_.until_s))
            self._selector.register(client, selectors.EVENT_READ, Client(client, now_s + DEADLINE_S))

    def _receive(self, connection: Client) -> None:
        try:
            received = connection.socket.recv(MAX_REQUEST_BYTES)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        connection.request += received
        if not received:
            self._end(connection)
        elif b"\r\n\r\n" in connection.request or b"\n\n" in connection.request:
            self._answer(connection, *self._decide(connection.request))
        elif len(connection.request) > MAX_REQUEST_BYTES:
            self._answer(connection, 431, b"")

    def _decide(self, request: bytes) -> tuple[int, bytes]:
        line, *headers = request.decode("latin-1").splitlines()
        words = line.split(" ")
        if len(words) != 3 or not words[1].startswith("/") or not words[2].startswith("HTTP/1."):
            return 400, b""
        if words[0] != "GET":
            return 405, b""
        named = [header.partition(":")[2].strip() for header in headers if header.casefold().startswith("host:")]
        return self._respond(words[1]) if all(map(is_own_host, named)) else (403, b"")

    def _answer(self, connection: Client, status: int, body: bytes) -> None:
        head = f"HTTP/1.0 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n"
        head += "X-Content-Type-Options: nosniff\r\n" + ("Allow: GET\r\n" if status == 405 else "") + "\r\n"
        connection.answer = memoryview(head.encode() + body)
        self._reply(connection)

    def _reply(self, connection: Client) -> None:
        if connection.answer is None or self._selector is None:
            return
        try:
            connection.answer = connection.answer[connection.socket.send(connection.answer) :]
        except BlockingIOError:
            pass
        except OSError:
            self._end(connection)
            return
        if connection.answer:
            self._selector.modify(connection.socket, selectors.EVENT_WRITE, connection)
        else:
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_WR)
            self._end(connection)

    def _end(self, connection: Client) -> None:
        if self._selector is not None:
            with suppress(KeyError, ValueError):
                self._selector.unregister(connection.socket)
        connection.socket.close()
