"""Server of the studio page: Gradio's page and the routes beside it, behind the guard, until Ctrl-C."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from livegan.core.files import reason_of
from livegan.core.signals import handle_ending_signals
from livegan.errors import LiveganError, StudioError
from livegan.web.address import shown_host

INSTALL = "the studio page needs Gradio; type: pip install 'livegan[studio]'"
CLOSE_S = 2  # for answers that are on their way when it ends
SWEEP_AGAIN_S = 3600.0
UPLOADS_KEEP_S = 86400.0  # for forms that are filled slowly
LOCK = "livegan-studio.lock"
CODE = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


@dataclass(frozen=True, slots=True)
class StudioOptions:
    """Where the page is served, and what it may use."""

    folder: Path
    host: str
    port: int
    jobs: int  # at a time
    max_upload_mb: int
    keep_days: float
    keep_gb: float


def serve_studio(options: StudioOptions, tell: Callable[[str], None]) -> None:
    """Serve until a signal ends it, and its jobs with it. `tell` gets the address. LiveganError, StudioError."""
    _prepare(options.folder)
    with (
        _alone(options.folder),
        socket_at(options.host, options.port) as listening,
        _uploads(options.folder) as uploads,
    ):
        os.environ.update(CODE | {"GRADIO_TEMP_DIR": uploads})
        try:
            import gradio  # noqa: F401  # an extra
        except ImportError as error:
            raise StudioError(INSTALL) from error
        asyncio.run(_serve(options, listening, Path(uploads), tell))


async def _serve(options: StudioOptions, listening: socket.socket, uploads: Path, tell: Callable[[str], None]) -> None:
    import uvicorn

    from livegan.web.studio.guard import Guard
    from livegan.web.studio.jobs import JobQueue
    from livegan.web.studio.page import application
    from livegan.web.studio.work_folder import sweep_uploads

    queue, token = JobQueue(options.folder, options.jobs), secrets.token_urlsafe(32)
    limit = options.max_upload_mb << 20
    app = application(queue, limit)
    guard = Guard(app, token, limit, options.folder)
    app.state.has_uploaded = guard.has_uploaded
    config = uvicorn.Config(
        guard,
        loop="asyncio",
        ws="none",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=CLOSE_S,
    )

    class Server(uvicorn.Server):
        """uvicorn, with the signals of every command of ours."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            def end(_number: int, _frame: FrameType | None) -> None:
                self.should_exit = True

            with handle_ending_signals(end):
                yield

    server = Server(config)

    async def sweeping() -> None:
        while True:
            await queue.sweep(options.keep_days * 86400, int(options.keep_gb * (1 << 30)))
            kept_s = min(UPLOADS_KEEP_S, options.keep_days * 86400)
            await asyncio.to_thread(sweep_uploads, uploads, queue.now(), kept_s)
            await asyncio.sleep(SWEEP_AGAIN_S)

    sweeper = asyncio.create_task(sweeping())
    port = listening.getsockname()[1]
    tell(f"http://{shown_host(options.host)}:{port}/?token={token}")
    try:
        await server.serve(sockets=[listening])
    finally:
        sweeper.cancel()
        await queue.close()


@contextmanager
def socket_at(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there; LiveganError, in a sentence, if that is not possible."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        raise LiveganError(
            f"no page can be served at {host}:{port} ({reason}); give another --port, or --port 0 for any that is free"
        ) from error
    with listening:
        yield listening


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # other users of this machine have no business there
    except OSError as error:
        raise StudioError(f"{folder} cannot be made ({reason_of(error)}); choose another --folder") from error


def _uploads(folder: Path) -> TemporaryDirectory[str]:
    from livegan.web.studio.work_folder import UPLOADS, remove_stale_uploads

    remove_stale_uploads(folder)
    return TemporaryDirectory(prefix=UPLOADS, dir=folder, ignore_cleanup_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep the folder for this server; StudioError if another one has it."""
    from livegan.core.files import open_alone

    try:
        lock = open_alone(folder / LOCK)
    except OSError as error:
        raise StudioError(
            f"{folder} is used by another livegan studio ({reason_of(error)}); end that one, or give another --folder"
        ) from error
    with lock:
        yield
