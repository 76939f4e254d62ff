"""Guard of the studio page (ASGI middleware): token, Host and Origin checks, upload limits, sessions, headers.

As `web/server.py` does for the house's other pages; and since Gradio serves whoever asks: an allow-list of the requests
that its page needs, and an uploaded file is served to the session that uploaded it, and no other.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from livegan.core.socket_address import is_own_host
from livegan.web.studio.work_folder import is_nearly_full

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SESSION_COOKIE = "livegan-studio-session"
SESSION_DAYS = 30
SESSION_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
MAX_BODY_BYTES = 1 << 20  # of a request that is no upload
MAX_PICTURES = 1000  # of a training; Gradio takes no more files in a request
MAX_UPLOADS = 2 * MAX_PICTURES  # remembered of a session

GRADIO = re.compile(
    r"/(en|zh)/(config|theme\.css|favicon\.ico|manifest\.json|assets/.*|static/.*"
    r"|gradio_api/(upload|upload_progress|queue/join|queue/data|cancel|reset|heartbeat/.*|startup-events|file=.*"
    r"|run/predict/?|info))?"
)
UPLOAD = re.compile(r"/(en|zh)/gradio_api/upload")
FILE = re.compile(r"/(en|zh)/gradio_api/file=(?P<path>.*)")

HEADERS = {
    "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' "
    "'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


def session_of(cookie: str) -> str:
    """Name of a session's folder, which does not give its cookie away; "" for a cookie that is none of ours."""
    if not SESSION_VALUE.fullmatch(cookie):
        return ""
    return hashlib.sha256(b"livegan studio " + cookie.encode()).hexdigest()[:32]


class Guard:
    """Middleware around the whole application."""

    def __init__(self, app: App, token: str, max_upload_bytes: int, folder: Path) -> None:
        """`folder` is where uploads go: none is taken that fills its disk."""
        self._app, self._token, self._max_upload_bytes, self._folder = app, token, max_upload_bytes, folder
        self._cookie = f"livegan-studio-{secrets.token_hex(4)}"  # cookies are shared by all ports of a machine
        self._uploads: dict[str, dict[str, None]] = {}  # paths of each session, in order

    def has_uploaded(self, session: str, path: str) -> bool:
        """Whether this session has uploaded the file at `path`."""
        return path in self._uploads.get(session, {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no page of ours opens a WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        query = parse_qs(scope["query_string"].decode("latin-1"))
        cookies = _cookies(headers.get("cookie", ""))
        given = cookies.get(self._cookie, "")
        by_address = query.get("token", [""])[0]
        session_cookie = cookies.get(SESSION_COOKIE, "")
        new = not session_of(session_cookie)
        if new:
            session_cookie = secrets.token_urlsafe(32)
        session = session_of(session_cookie)
        refusal = self._refusal(scope, headers, by_address or given)
        if not refusal and new and not _is_page(scope["path"]):
            refusal = 403, "open the page first"
        file = FILE.fullmatch(scope["path"])
        if not refusal and file and not self.has_uploaded(session, unquote(file["path"])):
            refusal = 404, "there is no such file"
        if refusal:
            await _plain(send, *refusal)
            return
        scope.setdefault("state", {})["session"] = session
        setting = [f"{self._cookie}={self._token}"] if by_address else []
        if _is_page(scope["path"]):
            setting.append(f"{SESSION_COOKIE}={session_cookie}; Max-Age={SESSION_DAYS * 86400}")
        uploads = UPLOAD.fullmatch(scope["path"]) is not None
        body = bytearray()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [(name, value) for name, value in message["headers"] if name.decode().lower() not in HEADERS]
                kept += [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                for cookie in setting:
                    kept.append((b"set-cookie", f"{cookie}; Path=/; HttpOnly; SameSite=Strict".encode()))
                message = {**message, "headers": kept}
            elif uploads and message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    self._note(session, bytes(body))
            await send(message)

        await self._app(scope, receive, answer)

    def _refusal(self, scope: Scope, headers: MutableMapping[str, str], given: str) -> tuple[int, str] | None:
        """Status and sentence for a request that is not allowed; None for one that is."""
        host = headers.get("host", "")
        if not is_own_host(host):
            return 403, "this page is reached by its number, not by a name: use the address that livegan printed"
        if not compare_digest(given.encode(errors="replace"), self._token.encode()):
            return 403, "open the whole address that livegan printed, with ?token=... at its end"
        path = scope["path"]
        if path.startswith(("/en", "/zh")) and not GRADIO.fullmatch(path):
            return 404, "there is nothing here"
        if "transfer-encoding" in headers:
            return 411, "how long it is must be said first"
        if scope["method"] in ("GET", "HEAD"):
            return None
        if headers.get("origin", "").partition("://")[2] != host:
            return 403, "only livegan's own page can do this"
        length = headers.get("content-length", "")
        if not length.isascii() or not length.isdigit():
            return 411, "how long it is must be said first"
        most = self._max_upload_bytes if UPLOAD.fullmatch(path) else MAX_BODY_BYTES
        if int(length) > most:
            return 413, f"this is too large; at most {most >> 20} MB are taken at a time"
        if UPLOAD.fullmatch(path) and is_nearly_full(self._folder, int(length)):
            return 507, "the disk is nearly full; remove some results first"
        return None

    def _note(self, session: str, answer: bytes) -> None:
        """Remember what a session has uploaded, from Gradio's answer: a list of paths."""
        try:
            paths = json.loads(answer)
        except ValueError:
            return
        if isinstance(paths, list):
            mine = self._uploads.setdefault(session, {})
            mine.update(dict.fromkeys(path for path in paths if isinstance(path, str)))
            while len(mine) > MAX_UPLOADS:
                del mine[next(iter(mine))]


def _is_page(path: str) -> bool:
    return path in ("/", "/en/", "/zh/")


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


async def _plain(send: Send, status: int, text: str) -> None:
    headers = {
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-store",
        "connection": "close",
        **HEADERS,
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
