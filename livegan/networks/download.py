"""HTTP download of one file: into a .part that can be resumed, checked, then moved into place."""

import hashlib
import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO, Any
from urllib.parse import SplitResult, unquote, urlsplit

import platformdirs

from livegan.core.text import printable
from livegan.core.version import __version__
from livegan.errors import NetworkError

MAX_BYTES = 4 * 2**30  # the largest public StyleGANs are a third of it
TIMEOUT_S = 30.0
CHUNK_BYTES = 1 << 18
BROWSER_ONLY = ("drive.google.com", "docs.google.com", "mega.nz", "mega.co.nz", "yadi.sk", "disk.yandex.com")
MAX_REDIRECTS = 5

DownloadProgress = Callable[[int, int | None], None]  # bytes received, bytes in total


@dataclass(frozen=True, slots=True)
class DownloadFiles:
    """The files of a download of one address."""

    part: Path  # what has been received
    whole: Path  # the complete file

    @property
    def edition_file(self) -> Path:
        """Holds the ETag or date of the file that `part` belongs to."""
        return self.part.with_suffix(".mark")


@contextmanager
def download_bar(url: str) -> Iterator[DownloadProgress]:
    """A progress bar on standard error: size, speed and time left of the download of `url`."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    name = safe_name(url.partition("?")[0])
    columns = (TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True))
    task = bar.add_task(name, total=None)

    def progress(here: int, total: int | None) -> None:
        bar.start()  # not shown before the first bytes; idempotent
        bar.update(task, completed=here, total=total)

    try:
        yield progress
    finally:
        if bar.live.is_started:
            bar.stop()


def downloads_folder() -> Path:
    """The folder of downloads that are not added yet."""
    return platformdirs.user_cache_path("livegan") / "downloads"


def safe_name(text: str) -> str:
    """A file name without a path, hidden start or odd characters, never empty: "../../x y.pkl" is "x-y.pkl"."""
    last = re.split(r"[\\/]", unquote(text))[-1]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip(".-_ ")[:100].rstrip(".-_ ") or "network"


def files_of(url: str) -> DownloadFiles:
    """The files of that address: the same for the same address."""
    name = safe_name(urlsplit(url).path)
    folder = downloads_folder() / hashlib.sha256(url.encode()).hexdigest()[:16]
    return DownloadFiles(folder / f"{name}.part", folder / name)


def fetch(
    url: str,
    sha256: str = "",
    progress: DownloadProgress = lambda received, total: None,
    limit: int = MAX_BYTES,
    advice: str = "check the address",
) -> Path:
    """Download `url`, resuming what an earlier call left; returns the complete file. `progress` is called with bytes.

    `advice`: what to do where nothing answers.

    NetworkError for an address that is not http(s) or leads elsewhere, for a web page, for more than `limit` bytes,
    for a broken connection (what was received stays, the next call resumes), and for another SHA-256 than `sha256`.
    """
    parts = check_address(url)
    expected = sha256.strip().lower()
    if expected and not re.fullmatch(r"[0-9a-f]{64}", expected):
        raise NetworkError(f"--sha256 {sha256!r} is not 64 digits of 0-9 and a-f; leave it out, or copy it again")
    if (parts.hostname or "").removeprefix("www.") in BROWSER_ONLY:
        raise NetworkError(_browser_hint(url))
    files = files_of(url)
    if not files.whole.is_file():
        try:
            files.part.parent.mkdir(parents=True, exist_ok=True)
            _receive(url, files, progress, limit)
            files.part.replace(files.whole)
            files.edition_file.unlink(missing_ok=True)
        except (OSError, HTTPException, ValueError) as error:  # urllib's own are OSErrors; ValueError: odd addresses
            raise NetworkError(_connection_error_text(url, error, files, advice)) from error
    if expected:
        with files.whole.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != expected:
            files.whole.unlink()
            raise NetworkError(
                f"{url}: has the SHA-256 {digest}, not {expected}: it is not the expected file, and was deleted; "
                "check the address and the sum"
            )
    return files.whole


def check_address(url: str) -> SplitResult:
    """The parts of an address; NetworkError unless it is http(s) to a host, without a password in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise NetworkError(f"{url!r} is not an address ({error}); copy it again") from error
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\x00-\x1f]", url):
        raise NetworkError(f"{url!r} is not an address of http:// or https://; copy it again, or give a file")
    if parts.username is not None:
        raise NetworkError(
            f"the address at {host} has a name or password in it; fetch it in the browser, then type: "
            "livegan networks add FILE"
        )
    return parts


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Redirect handler: http(s) only, and never from https to http."""

    max_redirections = MAX_REDIRECTS

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """The next request; NetworkError if it would leave http(s)."""
        parts = check_address(newurl)
        if (parts.hostname or "").removeprefix("www.") in BROWSER_ONLY:
            raise NetworkError(_browser_hint(newurl))
        if req.type == "https" and parts.scheme != "https":
            raise NetworkError(f"{req.full_url}: leads from https to {newurl}, which anyone between could change")
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any:
        """Refuse file:// and ftp:// with a sentence of our own, before urllib does."""
        target = headers.get("location") or headers.get("uri") or ""
        if urlsplit(target).scheme not in ("", "http", "https"):
            raise NetworkError(f"{req.full_url}: leads to {target!r}, which is not http(s); do not trust that address")
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _opener() -> urllib.request.OpenerDirector:
    """Opener with the handlers of http(s) alone: no file://, no ftp://, no data:."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _SafeRedirects(),
    ):
        opener.add_handler(handler)
    return opener


def _receive(url: str, files: DownloadFiles, progress: DownloadProgress, limit: int) -> None:
    """Fill the .part until it is complete; starts over if the file on the server has changed."""
    here, edition = _partial(files)
    headers = {"User-Agent": f"livegan/{__version__}", "Accept-Encoding": "identity"}
    if here:
        headers |= {"Range": f"bytes={here}-", "If-Range": edition}
    try:
        response = _opener().open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 416 or not here:
            answer = f"{error.code} {printable(str(error.reason))}"
            raise NetworkError(f"{url}: the server answers {answer}; check the address") from error
        files.part.unlink()  # more than there is: it is another file now
        return _receive(url, files, progress, limit)
    with response:
        start = here if response.status == 206 and _range_start(response) == here else 0
        if response.status == 206 and not start:
            raise NetworkError(f"{url}: the server sends another part than was asked for; try again later")
        total = _total(response, start)
        if total is not None:
            _check_room(url, total, total - start, files, limit)
        with files.part.open("ab" if start else "wb") as file:
            _save_edition(response, files)
            here = start
            while chunk := response.read(CHUNK_BYTES):
                if here == 0 and _is_web_page(chunk, response):
                    raise _web_page_error(url, files)
                here += len(chunk)
                if here > limit:
                    raise _too_large_error(url, here, limit, files)
                file.write(chunk)
                progress(here, total)
    if not here:
        raise NetworkError(f"{url}: the file is empty; check the address")
    if total is not None and here != total:
        raise NetworkError(
            f"{url}: the connection broke after {here / 1e6:.1f} of {total / 1e6:.1f} MB; type the same again to go on"
        )


def _partial(files: DownloadFiles) -> tuple[int, str]:
    """The size of the .part and its edition; (0, "") if it is not known to be of one edition."""
    try:
        edition = json.loads(files.edition_file.read_text(encoding="utf-8"))
        return (files.part.stat().st_size, edition) if isinstance(edition, str) and edition else (0, "")
    except (OSError, ValueError):
        return 0, ""


def _save_edition(response: HTTPResponse, files: DownloadFiles) -> None:
    """Save the strong ETag, or the date, of this edition of the file, so that a part is never resumed with another."""
    tag = response.headers.get("ETag", "")
    edition = response.headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag
    files.edition_file.write_text(json.dumps(edition), encoding="utf-8")


def _range_start(response: HTTPResponse) -> int | None:
    """The first byte of the range that was sent."""
    digest = re.match(r"bytes ([0-9]{1,18})-", response.headers.get("Content-Range", ""))
    return int(digest[1]) if digest else None


def _total(response: HTTPResponse, start: int) -> int | None:
    """The size of the complete file, if the server states it."""
    length = response.headers.get("Content-Length", "")
    return start + int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None


def _check_room(url: str, total: int, more: int, files: DownloadFiles, limit: int) -> None:
    if total > limit:
        raise _too_large_error(url, total, limit, files)
    free = shutil.disk_usage(files.part.parent).free
    if more > free:
        raise NetworkError(
            f"{url}: is {total / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free in {files.part.parent}; make room"
        )


def _is_web_page(chunk: bytes, response: HTTPResponse) -> bool:
    """Whether this begins a web page: no weights file begins with "<"."""
    return chunk.lstrip()[:1] == b"<" or response.headers.get_content_type() in ("text/html", "application/xhtml+xml")


def _web_page_error(url: str, files: DownloadFiles) -> NetworkError:
    files.part.unlink(missing_ok=True)
    return NetworkError(_browser_hint(url))


def _too_large_error(url: str, size: int, limit: int, files: DownloadFiles) -> NetworkError:
    files.part.unlink(missing_ok=True)
    return NetworkError(
        f"{url}: is {size / 1e9:.1f} GB or more, and {limit / 1e9:.1f} GB is the most that is fetched; "
        "fetch it in the browser, then type: livegan networks add FILE"
    )


def _browser_hint(url: str) -> str:
    return (
        f"{url}: that is a web page, not a weights file; download the file in the browser, "
        "then type: livegan networks add FILE"
    )


def _connection_error_text(url: str, error: Exception, files: DownloadFiles, advice: str) -> str:
    """One sentence for a connection that fails or breaks, or a disk that cannot be written."""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error or type(error).__name__
    kept = files.part.stat().st_size if files.part.is_file() else 0
    more = f"; {kept / 1e6:.1f} MB are here, type the same again to go on" if kept else f"; {advice}"
    return f"{url}: cannot be fetched ({printable(str(reason))}){more}"
