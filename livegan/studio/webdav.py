"""WebDAV target of uploads (RFC 4918): ownCloud, Nextcloud and others, by Python's own HTTP client.

Five verbs are all it takes, TLS is verified by default, and no redirection carries the password elsewhere; a library
would add a dependency for that.
"""

import hashlib
import http.client
import ipaddress
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import SplitResult, quote, unquote, urlsplit
from xml.etree import ElementTree

from livegan.core.files import reason_of
from livegan.core.text import printable
from livegan.errors import DatasetError
from livegan.studio.upload_target import CHUNK, UNFINISHED, TransientUploadError, UploadTarget, file_hash

TIMEOUT_S = 30.0
MAX_LISTING = 8 << 20  # bytes
DAV, OWNCLOUD = "{DAV:}", "{http://owncloud.org/ns}"
PROPERTIES = (
    b'<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">'
    b"<d:prop><d:getcontentlength/><d:resourcetype/><oc:checksums/></d:prop></d:propfind>"
)
PERMANENT = {
    401: "user '{user}' or the password is refused; in Nextcloud make an app password: Settings, Security",
    403: "user '{user}' may not do that there; ask who runs the server",
    404: "there is no such folder; check the address, for Nextcloud https://HOST/remote.php/dav/files/USER/FOLDER",
    405: "it is no WebDAV folder; check the address, for Nextcloud https://HOST/remote.php/dav/files/USER/FOLDER",
    413: "the server takes no files of that size",
    507: "the server is full; make room there and upload again",
}
PATH_CHARACTERS = "/%!$&'()*+,;=:@~"  # what an address may have as it is typed
TRANSIENT = (408, 423, 425, 429, 500, 502, 503, 504)


class Reply:
    """Answer of the server: status, headers, and the body where it was read."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.status, self.headers, self.body = status, headers, body


class WebDavTarget(UploadTarget):
    """Folder on a WebDAV server. One thread at a time."""

    def __init__(self, address: str, user: str, password: str, timeout_s: float = TIMEOUT_S) -> None:
        """`address`: https://HOST/PATH, without a password in it. DatasetError for one that cannot be used."""
        parts = check_address(address)
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname or "", parts.port
        self._base = "/" + quote(parts.path.strip("/"), safe=PATH_CHARACTERS)
        self._user, self._timeout_s = user, timeout_s
        self._authorization = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
        self._connection: http.client.HTTPConnection | None = None
        self.name = printable(f"{parts.scheme}://{self._host}{f':{self._port}' if self._port else ''}{self._base}")

    def sizes(self, dataset: str) -> Mapping[str, int]:
        reply = self._request("PROPFIND", self._path(dataset) + "/", PROPERTIES, {"Depth": "1"})
        if reply.status == 404 and dataset:
            return {}
        self._check(reply, (207,))
        return {name: size for name, size, _ in _rows(reply.body) if size is not None}

    def put(self, path: Path, dataset: str) -> None:
        part = self._path(dataset, f".{path.name}{UNFINISHED}")
        size, sha1 = path.stat().st_size, file_hash(path, "sha1")
        headers = {"OC-Checksum": f"SHA1:{sha1}", "Content-Type": "application/octet-stream"}
        reply = self._send(part, path, size, headers)
        if reply.status in (404, 409) and dataset:
            self._make_folder(dataset)
            reply = self._send(part, path, size, headers)
        self._check(reply, (200, 201, 204))
        self._verify(part, path, size, sha1, reply)
        scheme, port = "https" if self._secure else "http", f":{self._port}" if self._port else ""
        destination = f"{scheme}://{self._host}{port}{self._path(dataset, path.name)}"
        moved = self._request("MOVE", part, headers={"Destination": destination, "Overwrite": "T"})
        self._check(moved, (201, 204))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _verify(self, place: str, path: Path, size: int, sha1: str, put: Reply) -> None:
        """Compare what has arrived: its size, and its checksum as the server gives it, else as it reads back."""
        found = self._request("PROPFIND", place, PROPERTIES, {"Depth": "0"})
        self._check(found, (207,))
        rows = _rows(found.body)
        arrived = rows[0][1] if rows else None
        if arrived != size:
            raise TransientUploadError(f"{path.name} did not arrive whole: {arrived} of {size} bytes")
        given = put.headers.get("oc-checksum", "") or rows[0][2]
        match = re.search(r"SHA1:([0-9a-fA-F]{40})", given)
        checksum = match[1].lower() if match else self._hash_of(place)
        if checksum != sha1:
            raise TransientUploadError(f"{path.name} did not arrive as it is here: its checksum differs")

    def _hash_of(self, place: str) -> str:
        """SHA-1 of a file on the server, read back."""
        digest = hashlib.sha1(usedforsecurity=False)
        self._check(self._request("GET", place, read=digest.update), (200,))
        return digest.hexdigest()

    def _make_folder(self, dataset: str) -> None:
        """The dataset's folder, and those above it that are missing."""
        missing = [self._path(dataset)]
        while missing:
            reply = self._request("MKCOL", missing[-1] + "/")
            if reply.status == 409 and "/" in missing[-1].strip("/"):
                missing.append(missing[-1].rsplit("/", 1)[0])
                continue
            self._check(reply, (201, 301, 405))  # 405: it is there already
            missing.pop()

    def _path(self, dataset: str, name: str = "") -> str:
        """Encoded path on the server."""
        return "/".join([self._base.rstrip("/"), *(quote(part, safe="") for part in (dataset, name) if part)])

    def _send(self, place: str, path: Path, size: int, headers: Mapping[str, str]) -> Reply:
        with path.open("rb") as file:
            return self._request("PUT", place, file, {**headers, "Content-Length": str(size)})

    def _request(
        self,
        verb: str,
        place: str,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        read: object = None,
    ) -> Reply:
        """One request; TransientUploadError if the connection fails. `read` takes a good answer in pieces."""
        try:
            response = self._response(verb, place, body, headers or {})
            content = b""
            if callable(read) and response.status == 200:
                while block := response.read(CHUNK):
                    read(block)
            else:
                content = response.read(MAX_LISTING)
            if response.will_close or not response.isclosed():
                self.close()
            return Reply(response.status, {key.lower(): value for key, value in response.getheaders()}, content)
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise DatasetError(
                f"the certificate of {self._host} is not valid ({printable(error.verify_message)}), so nothing was "
                "sent; check the address, or add the server's authority to this system"
            ) from error
        except socket.gaierror as error:
            self.close()
            raise TransientUploadError(f"{self._host} is not found; check the address and the network") from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            reason = reason_of(error) if isinstance(error, OSError) else type(error).__name__
            raise TransientUploadError(f"{self.name} does not answer ({printable(reason)})") from error

    def _response(
        self, verb: str, place: str, body: bytes | IO[bytes] | None, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        """The answer to one request; on a connection that the server has closed meanwhile it is asked once more."""
        sent = {"Authorization": self._authorization, "User-Agent": "livegan", **headers}
        while True:
            kept, connection = self._connection is not None, self._connection or self._connect()
            self._connection = connection
            try:
                try:
                    connection.request(verb, place or "/", body, sent)
                except (BrokenPipeError, ConnectionResetError):
                    if verb != "PUT" or kept:
                        raise  # else the server may have refused before it had read everything, and says why
                return connection.getresponse()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                if not kept or verb == "MOVE":  # which may have been done
                    raise
                self.close()
                if body is not None and not isinstance(body, bytes):
                    body.seek(0)

    def _connect(self) -> http.client.HTTPConnection:
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout_s, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)

    def _check(self, reply: Reply, good: tuple[int, ...]) -> None:
        """The error for a status that is not good."""
        status = reply.status
        if status in good:
            return
        if status in TRANSIENT:
            wait = reply.headers.get("retry-after", "")
            raise TransientUploadError(f"{self.name} is busy ({status})", _whole(wait, digits=9))
        if 300 <= status < 400:
            where = printable(reply.headers.get("location", "another address"))
            raise DatasetError(f"{self.name} has moved ({status}); give the new address: {where}")
        reason = PERMANENT.get(status, "that is no answer of a WebDAV server").format(user=printable(self._user))
        raise DatasetError(f"{self.name}: {reason} ({status})")


def check_address(address: str) -> SplitResult:
    """The parts of an address; DatasetError, which never repeats a password, for one that cannot be used."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise DatasetError(f"that is no address of a WebDAV folder ({printable(error)})") from error
    if parts.password is not None:
        raise DatasetError(
            "leave the password out of the address: others can read it there; it is asked for, or taken from "
            "LIVEGAN_WEBDAV_PASSWORD or the keyring"
        )
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise DatasetError(f"'{printable(address)}' is no address of a WebDAV folder; it begins with https://")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise DatasetError(f"http:// would send the password to {printable(parts.hostname)} in the clear; use https://")
    return parts


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _rows(body: bytes) -> list[tuple[str, int | None, str]]:
    """Name, size (None of folders) and checksums of each row of a listing; TransientUploadError for what is none."""
    if b"\0" in body or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise DatasetError("the server answers with XML that declares entities, or in UTF-16; that is no WebDAV server")
    try:
        root = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise TransientUploadError("the server's listing broke off") from error
    rows = []
    for response in root.iter(f"{DAV}response"):
        href = unquote(response.findtext(f"{DAV}href") or "").rstrip("/")
        is_folder = response.find(f".//{DAV}collection") is not None
        length = response.findtext(f".//{DAV}getcontentlength") or ""
        size = None if is_folder else _whole(length)
        checksums = " ".join(node.text or "" for node in response.iter(f"{OWNCLOUD}checksum"))
        rows.append((href.rsplit("/", 1)[-1], size, checksums))
    return rows


def _whole(text: str, digits: int = 18) -> int | None:
    """The whole number that a server gives; None if it is none, or longer."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else None
