"""HTTP server of livegan's pages (aiohttp): on loopback unless told otherwise, and only for who has the token.

The address that is printed carries a token of 256 bits, once; from then on a cookie does (HttpOnly, SameSite=Strict).
What other web sites could still try is refused: names that are rebound to this machine (the Host header), and requests
that change something and come from another page (the Origin header).
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from hmac import compare_digest

from aiohttp import web

from livegan.core.files import reason_of
from livegan.core.socket_address import is_own_host
from livegan.errors import LiveganError
from livegan.web.address import shown_host

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MakeApp = Callable[[], Awaitable[tuple[web.Application, asyncio.Event]]]  # an application, and what ends it

MAX_BODY_BYTES = 1 << 22
CLOSE_S = 5.0  # for answers that are on their way when it ends
COOKIE = web.AppKey("cookie", str)
TOKEN = web.AppKey("token", str)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def new_app(token: str | None = None) -> web.Application:
    """An application whose every request is checked; add routes to it."""
    app = web.Application(middlewares=[_guarded], client_max_size=MAX_BODY_BYTES)
    app[TOKEN] = token or secrets.token_urlsafe(32)
    app[COOKIE] = f"livegan-{secrets.token_hex(4)}"  # cookies are shared by all ports of a machine
    return app


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what does not come from our own page, and set the headers that keep others out of it."""
    try:
        response = _refusal(request) or await handler(request)
    except web.HTTPException as error:
        response = _plain(error.status, error.reason)
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    token = request.query.get("token")
    if token is not None and response.status < 400:
        name = request.app[COOKIE]
        response.set_cookie(name, request.app[TOKEN], httponly=True, samesite="Strict", path="/")
    return response


def _refusal(request: web.Request) -> web.Response | None:
    """The answer to a request that is not allowed; None to one that is."""
    if not is_own_host(request.headers.get("Host", "")):
        return _plain(403, "this page is reached by its number, not by a name: use the address that livegan printed")
    given = request.query.get("token") or request.cookies.get(request.app[COOKIE], "")
    if not compare_digest(given.encode(errors="replace"), request.app[TOKEN].encode()):
        return _plain(403, "open the whole address that livegan printed, with ?token=... at its end")
    if request.method not in ("GET", "HEAD"):
        origin = request.headers.get("Origin", "")
        if origin != f"http://{request.headers.get('Host', '')}":
            return _plain(403, "only livegan's own page can do this")
        if request.query.get("token") is not None or request.content_type != "application/json":
            return _plain(415, "this takes JSON, from livegan's own page")
    return None


def _plain(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"{text}\n")


def run_app(make: MakeApp, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Serve what `make` makes until its event is set, or an exception such as KeyboardInterrupt.

    `tell` gets the address with its token. LiveganError if nothing can listen there.
    """
    asyncio.run(_serve(make, host, port, tell))


async def _serve(make: MakeApp, host: str, port: int, tell: Callable[[str], None]) -> None:
    app, ended = await make()
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=CLOSE_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except (OSError, OverflowError, UnicodeError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            raise LiveganError(
                f"no page can be served at {host}:{port} ({reason}); leave --port out, or give another"
            ) from error
        real_port = runner.addresses[0][1]
        tell(f"http://{shown_host(host)}:{real_port}/?token={app[TOKEN]}")
        await ended.wait()
    finally:
        await runner.cleanup()
