"""Keep/reject page over HTTP: decisions are on disk when they are answered, and nobody else gets in."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from livegan.core.socket_address import is_own_host
from livegan.datasets.choose import Rules
from livegan.datasets.faces import find_faces
from livegan.datasets.measure import Meter, measure_pictures
from livegan.datasets.measure_cache import MeasureCache
from livegan.datasets.selection import Selection, read_hands
from livegan.errors import DatasetError, LiveganError
from livegan.web.keep_page import PAGES, serve_keep_page
from tests.drawn_faces import drawn_face


@dataclass
class Page:
    """A served page, and a browser's side of it."""

    address: str
    file: Path
    selection: Selection
    thread: Thread
    full: list[bool] = field(default_factory=list)  # anything in it: the disk is full
    cookie: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        """A request as the page's own script makes it; a header given as "" is left out."""
        own = {"Cookie": self.cookie, "Host": self.host}
        if method == "POST":
            own |= {"Origin": f"http://{self.host}", "Content-Type": "application/json"}
        own |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(self.host, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True)
            data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
            for name, value in (own | {"Content-Length": str(len(data))}).items():
                if value:
                    connection.putheader(name, value)
            connection.endheaders(data)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()

    def enter(self) -> None:
        """Open the printed address: the token becomes a cookie."""
        parts = urlsplit(self.address)
        status, _, headers = self.ask("GET", f"/?{parts.query}")
        assert status == 200
        assert "HttpOnly" in headers["Set-Cookie"]
        assert "SameSite=Strict" in headers["Set-Cookie"]
        self.cookie = headers["Set-Cookie"].partition(";")[0]


def serve(folder: Path, file: Path) -> Page:
    paths = sorted(folder.iterdir())
    with MeasureCache() as cache:
        selection = Selection([folder], [], [measure_pictures(paths, Meter(find_faces), cache)], Rules(count=2))
    full: list[bool] = []

    def save() -> None:
        if full:
            raise DatasetError("the disk is full")
        selection.save(file)

    addresses: Queue[str] = Queue()
    thread = Thread(target=serve_keep_page, args=(selection, save, "127.0.0.1", 0, addresses.put))
    thread.start()
    return Page(addresses.get(timeout=20), file, selection, thread, full)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page of three whole pictures and a broken one, entered."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    Image.fromarray(drawn_face()[0]).save(folder / "face.jpg")
    (folder / "half.jpg").write_bytes((folder / "face.jpg").read_bytes()[:900])
    (folder.parent / "secret.txt").write_text("secret")
    page = serve(folder, folder.parent / "selection.json")
    page.enter()
    yield page
    page.full.clear()
    assert page.ask("POST", "/done", {})[0] == 200
    page.thread.join(20)
    assert not page.thread.is_alive()


def test_the_page_and_its_files_come_with_headers_that_keep_others_out(page: Page) -> None:
    for name, kind in (("/", "text/html"), ("/keep.css", "text/css"), ("/keep.js", "text/javascript")):
        status, body, headers = page.ask("GET", name)
        assert status == 200
        assert headers["Content-Type"].startswith(kind)
        assert body == (PAGES / (name[1:] or "keep.html")).read_bytes()
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers


def test_the_pictures_have_their_scores(page: Page) -> None:
    table = json.loads(page.ask("GET", "/pictures")[1])
    assert [row["name"] for row in table["pictures"]] == ["0.png", "1.png", "face.jpg", "half.jpg"]
    face, half = table["pictures"][2:]
    assert face["kept"]
    assert len(face["faces"]) == 1
    assert all(0 <= value <= 1 for value in face["faces"][0])
    assert half["error"]


def test_thumbnails_and_large_pictures_are_jpegs(page: Page) -> None:
    for path in ("/thumb/2", "/thumb/2?abc", "/picture/0"):
        status, body, headers = page.ask("GET", path)
        assert (status, headers["Content-Type"], body[:2]) == (200, "image/jpeg", b"\xff\xd8")
    assert page.ask("GET", "/thumb/3")[0] == 404  # broken
    assert page.ask("GET", "/thumb/4")[0] == 404


@pytest.mark.parametrize(
    "path",
    ["/thumb/../secret.txt", "/thumb/%2e%2e%2fsecret.txt", "/../../etc/passwd", "/picture/-1", "/thumb/1e3",
     "/thumb/0/../../secret.txt", "/pages/keep.html", "/picture/secret.txt", "/keep.css/../server.py", "//etc/passwd",
     "/thumb/999999999"],
)  # fmt: skip
def test_nothing_but_the_pictures_can_be_read(page: Page, path: str) -> None:
    status, body, _ = page.ask("GET", path)
    assert status in (403, 404)
    assert b"secret" not in body
    assert b"root:" not in body


def test_a_decision_is_on_disk_when_it_is_answered(page: Page) -> None:
    for hand in ("keep", "reject", None):
        assert page.ask("POST", "/decide", {"changes": {"0": hand, "1": "reject"}})[0] == 200
        hands = read_hands(page.file)
        assert hands.get(str(page.selection.entries[0].picture.path)) == hand
        assert hands[str(page.selection.entries[1].picture.path)] == "reject"
    assert page.ask("POST", "/decide", {"changes": {"1": None}})[0] == 200
    assert read_hands(page.file) == {}


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"null", b'{"changes": [1]}', b'{"changes": {"9": "keep"}}', b'{"changes": {"-1": "keep"}}',
     b'{"changes": {"0": "perhaps"}}', b'{"changes": {"x": "keep"}}', b'{"changes": {"0": ["keep"]}}', b"[" * 99999],
    ids=lambda body: body[:30].decode(),
)  # fmt: skip
def test_nonsense_changes_nothing(page: Page, body: bytes) -> None:
    before = list(page.selection.hands)
    assert page.ask("POST", "/decide", body)[0] == 400
    assert page.selection.hands == before


def test_a_body_without_end_is_refused(page: Page) -> None:
    assert page.ask("POST", "/decide", b" " * (1 << 23))[0] == 413


def test_a_full_disk_is_told_and_the_decision_saved_with_the_next(page: Page) -> None:
    page.full.append(True)
    status, body, _ = page.ask("POST", "/decide", {"changes": {"0": "keep"}})
    assert (status, json.loads(body)["error"]) == (507, "the disk is full")
    assert page.ask("POST", "/done", {})[0] == 507  # it does not end before everything is saved
    page.full.clear()
    assert page.ask("POST", "/decide", {"changes": {"1": "keep"}})[0] == 200
    assert set(read_hands(page.file).values()) == {"keep"}
    assert len({path for path in read_hands(page.file) if path.startswith("/")}) == 2
    assert page.ask("POST", "/decide", {"changes": {"0": None, "1": None}})[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": ""},
        {"Cookie": "livegan-00000000=wrong"},
        {"Host": "evil.example:80"},  # a name that was rebound to this machine
        {"Host": ""},
    ],
)
@pytest.mark.parametrize("path", ["/", "/pictures", "/thumb/0", "/keep.js"])
def test_without_the_token_or_by_another_name_nobody_gets_in(page: Page, headers: dict[str, str], path: str) -> None:
    status, body, _ = page.ask("GET", path, **headers)
    assert status in (400, 403)
    assert b"0.png" not in body


def test_a_wrong_token_is_refused_and_gets_no_cookie(page: Page) -> None:
    for token in ("", "x", page.address.rpartition("=")[2][:-1], "\u00e9".encode().hex()):
        status, _, headers = page.ask("GET", f"/?token={token}", Cookie="")
        assert status == 403
        assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Content_Type": "text/plain"},
        {"Cookie": ""},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize("path", ["/decide", "/done"])
def test_other_pages_can_change_nothing(page: Page, headers: dict[str, str], path: str) -> None:
    before = list(page.selection.hands)
    status, _, _ = page.ask("POST", path, {"changes": {"0": "reject"}}, **headers)
    assert status in (403, 415)
    assert page.selection.hands == before
    assert page.thread.is_alive()


@pytest.mark.parametrize(
    ("host", "own"),
    [
        *[(host, True) for host in ("127.0.0.1:80", "127.0.0.1", "[::1]:80", "[::1]", "localhost:9", "192.168.1.7:80")],
        *[
            (host, False)
            for host in (
                "evil.example",
                "stage.local:80",
                "[fe80::1%x.evil]:80",
                "127.0.0.1.evil.example:80",
                "",
                ":80",
                "localhost.evil:80",
            )
        ],
    ],
)
def test_our_own_host_is_a_number_or_localhost(host: str, own: bool) -> None:
    assert is_own_host(host) == own


def test_a_port_that_is_taken_says_what_to_type(page: Page) -> None:
    port = int(page.host.rpartition(":")[2])
    with pytest.raises(LiveganError, match="leave --port out"):
        serve_keep_page(page.selection, lambda: None, "127.0.0.1", port, lambda address: None)
    with pytest.raises(LiveganError, match="no page can be served"):
        serve_keep_page(page.selection, lambda: None, "256.1.2.3", 0, lambda address: None)


def test_the_page_asks_only_for_what_is_served() -> None:
    """Every address in the page is one of its own, and nothing comes from elsewhere."""
    for name in ("keep.html", "keep.css", "keep.js"):
        text = (PAGES / name).read_text(encoding="utf-8")
        assert "http://" not in text
        assert "https://" not in text
        assert "innerHTML" not in text  # names of files are text, never markup
        assert "style=" not in text  # the policy forbids it
