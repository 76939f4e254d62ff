"""A real WebDAV server (wsgidav on cheroot) on loopback, which can be full, slow, dead in the middle, and wrong."""

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cheroot import wsgi
from wsgidav.wsgidav_app import WsgiDAVApp

USER, PASSWORD = "ada", "correct horse"


class DiedError(Exception):
    """Raised inside of the server, to end it in the middle of a request."""


class WebDavServer:
    """Server of one folder; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        logging.getLogger("wsgidav").setLevel(logging.CRITICAL)
        self._app = WsgiDAVApp(
            {
                "provider_mapping": {"/dav": str(folder)},
                "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
                "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
                "verbose": 0,
                "logging": {"enable": False},
                "lock_storage": True,
                "property_manager": None,
                "dir_browser": {"enable": False},
            }
        )
        self.requests: list[tuple[str, str]] = []  # verb, path
        self.answers: dict[str, list[int]] = {}  # verb: statuses to answer instead, one after the other
        self.headers: list[tuple[str, str]] = []  # of those answers
        self.die_after: int | None = None  # bytes of the next PUT
        self.hold: threading.Event | None = None  # a PUT waits for it
        self.spoil = False  # what is written is another thing of the same size
        self._server: Any = None
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/dav/pictures"

    def __enter__(self) -> "WebDavServer":
        (self.folder / "pictures").mkdir(exist_ok=True)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin, on the port it had before."""
        self._server = wsgi.Server(("127.0.0.1", self.port), self._call, numthreads=2, timeout=5, shutdown_timeout=1)
        self._server.expiration_interval = 0.02  # how soon it sees that it shall stop [s]
        self._server.error_log = lambda *_, **__: None
        self._server.prepare()
        self.port = self._server.bind_addr[1]
        self._thread = threading.Thread(target=self._server.serve, name="webdav", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._thread.join(10)
            self._server = None

    def verbs(self, verb: str) -> list[str]:
        return [path for name, path in self.requests if name == verb]

    def _call(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        verb, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append((verb, path))
        if self.answers.get(verb):
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response(f"{self.answers[verb].pop(0)} As asked", [("Content-Length", "0"), *self.headers])
            return [b""]
        if verb == "PUT" and self.hold is not None:
            hold, self.hold = self.hold, None
            hold.wait(10)
        if verb == "PUT" and self.die_after is not None:
            half = environ["wsgi.input"].read(self.die_after)
            self.die_after = None
            (self.folder / path.removeprefix("/dav/")).write_bytes(half)
            raise DiedError
        answer: Iterable[bytes] = self._app(environ, start_response)
        if verb == "PUT" and self.spoil:
            answer = list(answer)
            place = self.folder / path.removeprefix("/dav/")
            if place.exists():
                place.write_bytes(bytes(place.stat().st_size))
        return answer
