"""Fetch one file over http(s): into a .part that can be resumed, checked, then moved into place."""

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

LIMIT_BYTES = 4 * 2**30  # the largest public StyleGANs are a third of it
TIMEOUT_S = 30.0
PIECE_BYTES = 1 << 18
BROWSER_ONLY = ("drive.google.com", "docs.google.com", "mega.nz", "mega.co.nz", "yadi.sk", "disk.yandex.com")
REDIRECTS = 5

Tell = Callable[[int, int | None], None]  # bytes that are here, bytes in all


@dataclass(frozen=True, slots=True)
class Place:
    """Where a download of one address lies while it is not whole."""

    part: Path  # what has come so far
    whole: Path  # what it becomes

    @property
    def mark(self) -> Path:
        """Which edition of the file `part` belongs to."""
        return self.part.with_suffix(".mark")


@contextmanager
def download_bar(url: str) -> Iterator[Tell]:
    """A bar on standard error: how much of the file at `url` is here, how fast it comes, how long it will take."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    name = safe_name(url.partition("?")[0])
    columns = (TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True))
    task = bar.add_task(name, total=None)

    def tell(here: int, total: int | None) -> None:
        bar.start()  # nothing is shown before something comes; started twice is fine
        bar.update(task, completed=here, total=total)

    try:
        yield tell
    finally:
        if bar.live.is_started:
            bar.stop()


def downloads_folder() -> Path:
    """Where downloads lie until they are added."""
    return platformdirs.user_cache_path("livegan") / "downloads"


def safe_name(text: str) -> str:
    """A file name without a path, hidden start or odd characters, never empty: "../../x y.pkl" is "x-y.pkl"."""
    last = re.split(r"[\\/]", unquote(text))[-1]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip(".-_ ")[:100].rstrip(".-_ ") or "network"


def place_of(url: str) -> Place:
    """Where the file of that address goes: the same address, the same place."""
    name = safe_name(urlsplit(url).path)
    folder = downloads_folder() / hashlib.sha256(url.encode()).hexdigest()[:16]
    return Place(folder / f"{name}.part", folder / name)


def fetch(url: str, sha256: str = "", tell: Tell = lambda here, total: None, limit: int = LIMIT_BYTES) -> Path:
    """The file behind `url`, whole; resumes what an earlier call left. `tell` hears how far it is, in bytes.

    NetworkError for an address that is not http(s) or leads elsewhere, for a web page, for more than `limit` bytes,
    for a line that breaks (what came stays, the next call resumes), and for a file that has not that `sha256`.
    """
    parts = check_address(url)
    wanted = sha256.strip().lower()
    if wanted and not re.fullmatch(r"[0-9a-f]{64}", wanted):
        raise NetworkError(f"--sha256 {sha256!r} is not 64 digits of 0-9 and a-f; leave it out, or copy it again")
    if (parts.hostname or "").removeprefix("www.") in BROWSER_ONLY:
        raise NetworkError(_in_the_browser(url))
    place = place_of(url)
    if not place.whole.is_file():
        try:
            place.part.parent.mkdir(parents=True, exist_ok=True)
            _receive(url, place, tell, limit)
            place.part.replace(place.whole)
            place.mark.unlink(missing_ok=True)
        except (OSError, HTTPException, ValueError) as error:  # urllib's own are OSErrors; ValueError: odd addresses
            raise NetworkError(_broken(url, error, place)) from error
    if wanted:
        with place.whole.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != wanted:
            place.whole.unlink()
            raise NetworkError(
                f"{url}: has the SHA-256 {found}, not {wanted}: it is not the file that was meant, and was deleted; "
                "check the address and the sum"
            )
    return place.whole


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


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows http(s) only, and never from https to http."""

    max_redirections = REDIRECTS

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """The next request; NetworkError if it would leave http(s)."""
        parts = check_address(newurl)
        if (parts.hostname or "").removeprefix("www.") in BROWSER_ONLY:
            raise NetworkError(_in_the_browser(newurl))
        if req.type == "https" and parts.scheme != "https":
            raise NetworkError(f"{req.full_url}: leads from https to {newurl}, which anyone between could change")
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any:
        """Look at where it leads before urllib does: file:// and ftp:// get our sentence."""
        target = headers.get("location") or headers.get("uri") or ""
        if urlsplit(target).scheme not in ("", "http", "https"):
            raise NetworkError(f"{req.full_url}: leads to {target!r}, which is not http(s); do not trust that address")
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _opener() -> urllib.request.OpenerDirector:
    """Only what http(s) needs: no file://, no ftp://, no data:."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def _receive(url: str, place: Place, tell: Tell, limit: int) -> None:
    """Fill the .part until it is whole; starts over where the file has changed meanwhile."""
    here, edition = _left_over(place)
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
        place.part.unlink()  # more than there is: it is another file now
        return _receive(url, place, tell, limit)
    with response:
        start = here if response.status == 206 and _begins(response) == here else 0
        if response.status == 206 and not start:
            raise NetworkError(f"{url}: the server sends another part than was asked for; try again later")
        total = _total(response, start)
        if total is not None:
            _check_room(url, total, total - start, place, limit)
        with place.part.open("ab" if start else "wb") as file:
            _remember_edition(response, place)
            here = start
            while piece := response.read(PIECE_BYTES):
                if here == 0 and _is_page(piece, response):
                    raise _web_page(url, place)
                here += len(piece)
                if here > limit:
                    raise _too_large(url, here, limit, place)
                file.write(piece)
                tell(here, total)
    if not here:
        raise NetworkError(f"{url}: the file is empty; check the address")
    if total is not None and here != total:
        raise NetworkError(
            f"{url}: the line broke after {here / 1e6:.1f} of {total / 1e6:.1f} MB; type the same again to go on"
        )


def _left_over(place: Place) -> tuple[int, str]:
    """How many bytes of which edition are here; (0, "") if it cannot be known that they belong to one."""
    try:
        edition = json.loads(place.mark.read_text(encoding="utf-8"))
        return (place.part.stat().st_size, edition) if isinstance(edition, str) and edition else (0, "")
    except (OSError, ValueError):
        return 0, ""


def _remember_edition(response: HTTPResponse, place: Place) -> None:
    """Note the strong mark of this edition of the file, so that a resumed part is never of another."""
    tag = response.headers.get("ETag", "")
    edition = response.headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag
    place.mark.write_text(json.dumps(edition), encoding="utf-8")


def _begins(response: HTTPResponse) -> int | None:
    """The first byte of a part that was sent."""
    found = re.match(r"bytes ([0-9]{1,18})-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _total(response: HTTPResponse, start: int) -> int | None:
    """The size of the whole file, where the server says it."""
    length = response.headers.get("Content-Length", "")
    return start + int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None


def _check_room(url: str, total: int, more: int, place: Place, limit: int) -> None:
    if total > limit:
        raise _too_large(url, total, limit, place)
    free = shutil.disk_usage(place.part.parent).free
    if more > free:
        raise NetworkError(
            f"{url}: is {total / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free in {place.part.parent}; make room"
        )


def _is_page(piece: bytes, response: HTTPResponse) -> bool:
    """Whether this begins a web page: no weights file begins with "<"."""
    return piece.lstrip()[:1] == b"<" or response.headers.get_content_type() in ("text/html", "application/xhtml+xml")


def _web_page(url: str, place: Place) -> NetworkError:
    place.part.unlink(missing_ok=True)
    return NetworkError(_in_the_browser(url))


def _too_large(url: str, size: int, limit: int, place: Place) -> NetworkError:
    place.part.unlink(missing_ok=True)
    return NetworkError(
        f"{url}: is {size / 1e9:.1f} GB or more, and {limit / 1e9:.1f} GB is the most that is fetched; "
        "fetch it in the browser, then type: livegan networks add FILE"
    )


def _in_the_browser(url: str) -> str:
    return (
        f"{url}: that is a web page, not a weights file; download the file in the browser, "
        "then type: livegan networks add FILE"
    )


def _broken(url: str, error: Exception, place: Place) -> str:
    """One sentence for a line that does not come up or breaks, or a disk that does not take it."""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error or type(error).__name__
    kept = place.part.stat().st_size if place.part.is_file() else 0
    more = f"; {kept / 1e6:.1f} MB are here, type the same again to go on" if kept else "; check the address"
    return f"{url}: cannot be fetched ({printable(str(reason))}){more}"
