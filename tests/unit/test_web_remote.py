"""Phone page, without a browser: what reaches the show, what a slow reader costs, what is told without the token."""

import asyncio
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import numpy as np
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from livegan.config.load import load_venue
from livegan.config.venue import RemoteTable
from livegan.core.token_bucket import TokenBucket
from livegan.engine.board import SceneCard
from livegan.engine.router import Router
from livegan.engine.usual import eight_of
from livegan.ui.qr import remote_qr, shows_blocks, terminal_qr
from livegan.web.remote import access, phones, process
from livegan.web.remote.limits import TouchTime
from livegan.web.remote.messages import NOW, PREVIEW, STILL, TABLE, json_bytes
from livegan.web.remote.page import RemotePage
from livegan.web.remote.phones import Phones, is_touch
from livegan.web.remote.process import RemoteProcess
from livegan.web.remote.server import RemoteServer
from livegan.web.remote.snapshot import now_of, preview, small_still, table_of
from livegan.web.remote.touches import Touches
from tests.deadline import until
from tests.remote_feed import FakeFeed, board, picture, telemetry
from tests.shell import ROOT

TOKEN = "the-token-of-this-test"
BARE = access.NOT_FOUND


@dataclass
class Served:
    """A web server in this process, and what it told the show."""

    remote: RemoteServer
    port: int
    told: list[dict[str, Any]]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/{TOKEN}/"

    async def ask(self, raw: bytes) -> bytes:
        """Every byte that comes back until the server hangs up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(raw)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return answer

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.005)

    def done(self) -> list[Any]:
        return [touch for what in self.told for touch in what.get("do", [])]


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    told: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    remote = RemoteServer(TOKEN, Phones(told.append, loop.time))
    runner = web.ServerRunner(remote.server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Served(remote, runner.addresses[0][1], told)
    finally:
        await runner.cleanup()


def run(body: Callable[[Served], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        async with served() as server:
            await body(server)

    asyncio.run(all_of_it())


# --- without the token


def request(path: str, *headers: str, method: str = "GET", host: str = "127.0.0.1") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


WS = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + "A" * 22 + "==")


def test_without_the_token_everything_gets_the_same_bare_404(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "WRONG_S", 0.0)
    asked = [
        request("/"), request("/favicon.ico"), request("/" + "x" * len(TOKEN) + "/"), request(f"/{TOKEN[:-1]}/"),
        request("/remote.js"), request("/x/ws", *WS), request(f"/?token={TOKEN}"), request("/%00/..%2f"),
        request(f"/{TOKEN}/", host="rebound.example"), request(f"/{TOKEN}/ws", "Origin: http://evil.example", *WS),
        request(f"/{TOKEN}/", method="POST"), request(f"/{TOKEN}/", method="OPTIONS"), request("/", method="HEAD"),
        request(f"/{TOKEN}/../../etc/passwd"), request(f"/{TOKEN}/server.py"), request(f"/{TOKEN}/still/9"),
        request("example.com:443", method="CONNECT"), b"no http at all\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        request("/" + "a" * 9000), request("/", "X: " + "b" * 9000), request("/", "Content-Length: x"),
    ]  # fmt: skip

    async def body(server: Served) -> None:
        answers = await asyncio.gather(*(server.ask(raw) for raw in asked))
        assert [answer for answer in answers if answer != BARE] == []
        with_token = await server.ask(request(f"/{TOKEN}/", "Connection: close"))
        assert with_token.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"default-src 'none'" in with_token
        assert b"connect-src 'self' ws://127.0.0.1;" in with_token

    run(body)


def test_those_without_the_token_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "MAX_UNKNOWN", 5)

    async def body(server: Served) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(server.address + "ws") as phone:
            idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(30)]
            await server.until(lambda: len(server.remote.server.connections) <= 6)
            async with session.get(server.address) as answer:
                assert answer.status == 200
            await phone.send_json({"t": 1, "do": [["press", "beat.tap"]]})
            await server.until(server.done)
            for _, writer in idle:
                writer.close()

    run(body)


def test_one_computer_cuts_off_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "MAX_UNKNOWN", 5)
    cut: list[str] = []

    class Open:
        def __init__(self, name: str) -> None:
            self.name = name

        def force_close(self) -> None:
            cut.append(self.name)

    connections = access.Connections()
    connections.came(Open("phone"), "192.168.1.7")  # type: ignore[arg-type]
    for number in range(50):
        connections.came(Open(f"flood {number}"), "192.168.1.66")  # type: ignore[arg-type]
    assert cut == [f"flood {number}" for number in range(46)]


def test_a_server_of_pages_loads_no_numpy() -> None:
    code = "import livegan.web.remote.server, sys; sys.exit(any(name in sys.modules for name in ('numpy', 'pydantic')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


# --- with it


def test_a_hundred_phones_and_one_that_never_reads() -> None:
    async def body(server: Served) -> None:
        jpeg = bytes(12_000)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            others = [await session.ws_connect(server.address + "ws") for _ in range(100)]
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
            own = writer.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            writer.write(request(f"/{TOKEN}/ws", *WS))
            await server.until(lambda: len(server.remote.phones) == 101)
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            await others[0].send_json({"t": 1.0, "do": [["press", "beat.tap"]]})
            await server.until(server.done)
            for number in range(400):
                server.remote.take(PREVIEW, jpeg)
                server.remote.take(NOW, json_bytes({"now": number}))
                await asyncio.sleep(0)
            async with asyncio.timeout(10):
                while (message := await others[0].receive()).data != '{"now":399}':
                    assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
            slow = server.remote.phones._phones[-1]
            assert slow.transport is not None
            held = slow.transport.get_write_buffer_size() + sum(map(len, slow._waiting.values()))
            assert held < 2 * phones.SEND_BUFFER
            everybody = [phone.transport.get_write_buffer_size() for phone in server.remote.phones._phones]
            assert max(everybody) < 2 * phones.SEND_BUFFER
            writer.transport.abort()

    run(body)


def test_of_too_many_phones_the_one_that_was_idle_longest_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones, "MAX_PHONES", 3)

    async def body(server: Served) -> None:
        async with aiohttp.ClientSession() as session:
            own = [await session.ws_connect(server.address + "ws") for _ in range(3)]
            await own[0].send_json({"t": 1.0, "do": [["press", "beat.tap"]]})
            await server.until(server.done)
            await session.ws_connect(server.address + "ws")
            assert (await own[1].receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
            assert not own[0].closed
            assert len(server.remote.phones) == 3

    run(body)


def test_of_a_flood_of_sliders_the_newest_counts_and_who_sends_too_much_is_cut() -> None:
    async def body(server: Served) -> None:
        async with aiohttp.ClientSession() as session:
            phone = await session.ws_connect(server.address + "ws")
            for number in range(100):
                await phone.send_json({"t": number, "do": [["set", "react", number / 100], ["press", "beat.tap"]]})
            await server.until(lambda: ["set", "react", 0.99] in server.done())
            assert sum(touch[0] == "set" for touch in server.done()) < 50
            assert sum(touch[0] == "press" for touch in server.done()) <= 50
            for _ in range(300):
                await phone.send_json({"t": 1, "do": []})
            async with asyncio.timeout(10):
                while (await phone.receive()).type != aiohttp.WSMsgType.CLOSE:
                    pass
            large = await session.ws_connect(server.address + "ws")
            await large.send_str("x" * 5000)
            async with asyncio.timeout(10):
                while (await large.receive()).type != aiohttp.WSMsgType.CLOSE:
                    pass
            assert len(server.remote.phones) == 0

    run(body)


def test_a_phone_that_answers_pings_stays_and_one_that_sends_them_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones, "BEAT_S", 0.1)

    async def body(server: Served) -> None:
        async with aiohttp.ClientSession() as session, asyncio.timeout(10):
            phone = await session.ws_connect(server.address + "ws", autoping=False)
            for _ in range(4):
                assert (await phone.receive()).type == aiohttp.WSMsgType.PING
                await phone.pong()
            await phone.send_json({"t": 1, "do": [["press", "beat.tap"]]})
            await server.until(server.done)
            await phone.ping()
            while (await phone.receive()).type != aiohttp.WSMsgType.CLOSE:
                pass

    run(body)


WORTH_NOTHING = [
    "", "[]", "null", "[" * 4000, '{"do": 5}', '{"do": [5, null, [], [5], ["set"]]}', '{"t": 1e999, "do": []}',
    '{"t": ' + "9" * 4000 + "}", '{"do": [["set", "react", NaN]]}', '{"do": [["set", "react", 1e400]]}',
    '{"do": [["set", "react", 2]]}', '{"do": [["set", "react", true]]}', '{"do": [["set", "../x", 1]]}',
    '{"do": [["set", "' + "x" * 65 + '", 1]]}', '{"do": [["words", "' + "x" * 201 + '"]]}',
    '{"do": [["press", "Quit"]]}',
    '{"do": [["quit"]]}', '{"do": [["press", "a", 1]]}', '{"do": [["set", "react", ' + "9" * 400 + "]]}", "\x00\ud7ff",
]  # fmt: skip


def test_messages_that_are_none_of_the_pages_mean_nothing() -> None:
    async def body(server: Served) -> None:
        async with aiohttp.ClientSession() as session:
            phone = await session.ws_connect(server.address + "ws")
            for text in WORTH_NOTHING:
                await phone.send_str(text)
            await phone.send_json({"t": 1, "do": [["press", "beat.tap"]]})
            await server.until(server.done)
            assert server.done() == [["press", "beat.tap"]]

    run(body)


BOARD = board()
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12) | st.sampled_from(("set", "react")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_whatever_is_sent_is_a_touch_or_none_and_puts_only_known_events(value: Any) -> None:
    controls = Router()
    if is_touch(value):
        json.dumps(value, allow_nan=False)
    Touches(controls).put([value], 0.0, BOARD)
    assert all(event.name in BOARD.parameters for event in controls.engine_events.drain())
    assert not controls.window_events.drain()


def test_touches_become_events_of_known_names() -> None:
    feed = FakeFeed()
    touches = Touches(feed.controls)
    done: list[Any] = [
        ["set", "motion.pulse", 0.25], ["set", "master", 0.5], ["set", "blackout", 1], ["set", "quit", 1],
        ["release", "motion.pulse"], ["press", "scene.3"], ["press", "scene.7"], ["press", "scene.0"],
        ["press", "quit"], ["press", "scene.save"], ["press", "fullscreen"], ["press", "beat.tap"],
        ["press", "scene.next"],
        ["switch", "blackout", 1], ["switch", "freeze", 0], ["switch", "quit", 1],
        ["words", "violet\x00 smoke\u202e"],
    ]  # fmt: skip
    touches.put(done, 7.0, feed.board.peek())
    assert [(event.name, event.value, event.kind) for event in feed.events] == [
        ("motion.pulse", 0.25, "move"), ("master", 0.5, "move"), ("motion.pulse", 1.0, "release"),
        ("scene.3", 1.0, "move"), ("beat.tap", 1.0, "move"), ("scene.next", 1.0, "move"), ("blackout", 1.0, "move"),
        ("freeze", 0.0, "move"),
    ]  # fmt: skip
    assert {event.source for event in feed.events} == {"phone"}
    assert feed.events[0].time_s == 7.0
    assert feed.words == ["violet  smoke"]
    touches.put([["switch", "blackout", 0]], 8.0, feed.board.peek())
    assert feed.controls.states["blackout"] == 0.0


def test_rate_limits_and_the_time_of_a_touch() -> None:
    bucket = TokenBucket(10, 3)
    assert [bucket.take(0.0) for _ in range(5)] == [True, True, True, False, False]
    assert bucket.take(0.11)
    assert not bucket.take(0.12)
    assert not bucket.take(0.0)  # time that goes back
    times = TouchTime()
    delays = [0.03, 0.2, 0.005, 0.09, 0.4, 0.01]  # of the network [s]; the phone's clock is 1000 s behind ours
    taps = [0.5 * number for number in range(len(delays))]
    heard = [times.at(tap, 1000 + tap + delay) for tap, delay in zip(taps, delays, strict=True)]
    assert np.diff(heard[2:]) == pytest.approx(0.5)  # no jitter, once a quick message was seen
    assert all(0 <= at - (1000 + tap) <= 0.03 for at, tap in zip(heard, taps, strict=True))
    assert times.at(4.0, 1100.0) == 1100.0  # its clock stood still
    assert times.at(1e9, 1101.0) == 1101.0  # never in the future


def test_what_the_page_shows_of_a_show() -> None:
    shown = board(moved=frozenset({"react"}), set_values=dict(board().values) | {"react": 1.5})
    names = eight_of(shown)
    assert names[:6] == ["react", "motion.speed", "motion.pulse", "truncation", "effect.hue", "effect.trails"]
    assert len(set(names)) == len(names) <= 8
    table = table_of(shown, {1: 2})
    assert table["scenes"][0] == {"title": "Tide", "still": 2}
    now = now_of(shown, telemetry(bpm=float("nan")), {"freeze": 1.0, "fullscreen": 1.0}, 3)
    assert now["at"][0] == [0.75, 0.5, True]
    assert (now["states"], now["bpm"]) == ({"freeze": 1.0}, 0.0)
    json_bytes({"table": table, "now": now})  # finite
    assert len(json_bytes(now_of(shown, telemetry(scene="x" * 9999), {}, 1))) < 4000


@pytest.mark.parametrize("size", [(1, 1), (640, 360), (1024, 1024), (64, 4000)])
def test_previews_are_small_and_look_like_the_picture(size: tuple[int, int]) -> None:
    width, height = size
    pixels = np.full((height, width, 3), (200, 40, 90), np.uint8)
    small = Image.open(io.BytesIO(preview(pixels)))  # type: ignore[arg-type]
    assert max(small.size) <= 320
    assert np.abs(np.asarray(small, float).mean((0, 1)) - (200, 40, 90)).max() < 6
    assert len(preview(picture(1280, 720).pixels)) < 20_000


def test_the_qr_code_is_read_by_another_program() -> None:
    cv2 = pytest.importorskip("cv2")
    address = "http://192.168.178.123:8160/Zk3-_aXb9QpLm2Rt7Uv0Yw/"
    code = remote_qr(address)
    assert code.dtype == np.bool_
    assert not code[:4].any()
    for dark in (code, _halves(address)):
        big = np.kron(np.where(np.pad(dark, 4), 0, 255).astype(np.uint8), np.ones((6, 6), np.uint8))
        assert cv2.QRCodeDetector().detectAndDecode(big)[0] == address
    assert shows_blocks("utf-8")
    assert not shows_blocks("ascii")
    assert not shows_blocks(None)


def _halves(address: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where the code in half blocks is dark, on dark paper."""
    light = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}
    rows = [[light[half][at] for half in line] for line in terminal_qr(address).split("\n") for at in (0, 1)]
    return np.array(rows) == 0


# --- the process


LOCAL = RemoteTable(enabled=True, host="127.0.0.1", port=0)


def get(address: str) -> int:
    """The status of a page; 0 where nobody answers."""
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname, parts.port), 5) as own:
            own.sendall(request(parts.path, "Connection: close"))
            return int(own.makefile("rb").readline().split()[1])
    except (OSError, IndexError):
        return 0


def test_a_server_that_dies_or_hangs_is_started_again_at_the_same_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegan.web.remote.page.AGAIN_S", (0.0,))
    monkeypatch.setattr(process, "HANGS_S", 0.3)
    feed, told = FakeFeed(), []
    page = RemotePage(feed, LOCAL, told.append)
    page.start()
    try:
        address = page.address
        assert told == [address]
        assert get(address) == 200
        assert page.notice == ""

        def again() -> bool:
            page.poll(feed.clock.now())
            return page.notice == "" and get(address) == 200

        assert page._process is not None
        os.kill(page._process.pid, signal.SIGKILL)
        until(lambda: page.poll(feed.clock.now()) and page.notice, "a notice")
        assert "phone page" in page.notice
        until(again, "the page again")
        hung = page._process
        assert hung is not None
        os.kill(hung.pid, signal.SIGSTOP)

        def given_up() -> bool:
            hung.send(STILL, bytes(60_000))  # again and again: what a pipe holds differs from system to system
            return hung.ended

        until(given_up, "the hanging server to be given up")
        until(again, "the page again")
        assert page._process is not hung
    finally:
        page.stop()
    assert get(address) == 0
    assert page.address == ""


def test_the_server_ends_when_the_show_is_killed() -> None:
    """The system closes the pipes of a process that is killed: that is all the server sees of it."""
    heard: list[dict[str, Any]] = []
    server = RemoteProcess({"token": TOKEN, "host": "127.0.0.1", "port": 0}, heard.append)
    try:
        until(lambda: heard, "the server")
        pipe = server._process.stdin
        assert pipe is not None
        pipe.close()
        assert server._process.wait(20) == 0
    finally:
        server.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_a_page_that_cannot_be_served_is_told_and_the_show_begins_without_it(host: str) -> None:
    warnings: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        table = RemoteTable(enabled=True, host=host, port=taken.getsockname()[1])
        page = RemotePage(FakeFeed(), table, warn=warnings.append)
        page.start()
        notice = page.notice
        page.stop()
    assert f"cannot be served at {host}:" in warnings[0]
    assert "tries again" in warnings[0]
    assert "--remote-port 0" in warnings[0]
    assert notice.startswith("phone page: not served, ")


def test_a_page_that_can_be_served_later_tells_its_address_then() -> None:
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        page = RemotePage(FakeFeed(), RemoteTable(enabled=True, host="127.0.0.1", port=port), told.append)
        page.start()
    assert not told
    now_s = 0.0

    def served() -> bool:
        nonlocal now_s
        now_s += 10.0
        page.poll(now_s)
        return bool(told)

    try:
        until(served, "the address")
    finally:
        page.stop()
    assert f":{port}/" in told[0]


def test_where_the_usual_port_is_taken_any_other_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        usual = taken.getsockname()[1]
        monkeypatch.setattr("livegan.web.remote.page.USUAL_PORT", usual)
        page = RemotePage(FakeFeed(), RemoteTable(enabled=True, host="127.0.0.1", port=usual))
        page.start()
        try:
            assert urlsplit(page.address).port != usual
            assert get(page.address) == 200
            assert page.notice == ""
        finally:
            page.stop()


class Silent:
    """A web server that is told everything and says nothing."""

    def __init__(self, hello: dict[str, Any], heard: Callable[[dict[str, Any]], None]) -> None:
        self.ended = False
        self.sent: list[tuple[bytes, bytes]] = []
        heard({"ready": 8160})

    def send(self, kind: bytes, payload: bytes) -> None:
        self.sent.append((kind, payload))

    def close(self) -> None:
        pass


def silent_page(feed: FakeFeed) -> tuple[RemotePage, Callable[[], list[Silent]]]:
    """A page, and the servers that it has started."""
    made: list[Silent] = []

    def make(hello: dict[str, Any], heard: Callable[[dict[str, Any]], None]) -> Silent:
        made.append(Silent(hello, heard))
        return made[-1]

    page = RemotePage(feed, LOCAL, make=make)  # type: ignore[arg-type]
    page.start()
    return page, lambda: made


def stills_of_tiles(server: Silent) -> list[bytes]:
    """The picture that each tile of the newest table shows; b"" for none."""
    stills = {int.from_bytes(payload[:2], "big"): payload[2:] for kind, payload in server.sent if kind == STILL}
    table = json.loads(next(payload for kind, payload in reversed(server.sent) if kind == TABLE))["table"]
    return [stills.get(at, b"") if tile["still"] else b"" for at, tile in enumerate(table["scenes"], 1)]


def test_a_setlist_in_another_order_has_the_pictures_of_its_scenes() -> None:
    feed = FakeFeed()
    page, servers = silent_page(feed)
    page._heard({"phones": 1, "seeing": 0})
    names = ("tide", "/nowhere/tide.toml", "beam")

    def tiles(*order: int) -> list[bytes]:
        feed.board.put(board(scenes=tuple(SceneCard(names[at], names[at], "") for at in order)))
        for _ in range(5):
            page.poll(1.0)
        return stills_of_tiles(servers()[-1])

    tide, none, beam = tiles(0, 1, 2)
    assert tide != beam
    assert min(len(tide), len(beam)) > 1000
    assert none == b"", "a scene of one's own does not borrow a picture"
    assert tiles(2, 0, 1) == [beam, tide, b""]
    tables = [json.loads(payload)["table"] for kind, payload in servers()[-1].sent if kind == TABLE]
    versions = [tile["still"] for table in (tables[0], tables[-1]) for tile in table["scenes"] if tile["still"]]
    assert len(set(versions)) == len(versions), "another picture has another address"
    servers()[-1].ended = True
    page.poll(100.0)
    page.poll(200.0)
    page._heard({"phones": 1, "seeing": 0})
    assert len(servers()) == 2
    assert tiles(2, 0, 1) == [beam, tide, b""]


def test_what_is_no_picture_is_no_still(tmp_path: Path) -> None:
    for name, content in (("none.jpg", b"<script>"), ("half.png", picture_file()[:100])):
        (tmp_path / name).write_bytes(content)
        assert small_still(tmp_path / name) is None
    (tmp_path / "whole.png").write_bytes(picture_file())
    assert small_still(tmp_path / "whole.png")


def picture_file() -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (600, 300)).save(file, "PNG")
    return file.getvalue()


def test_stills_are_changed_however_many_there_are() -> None:
    async def body(server: Served) -> None:
        for version in range(2):
            for number in range(1, 400):
                server.remote.take(STILL, number.to_bytes(2, "big") + bytes([version]))
        assert set(server.remote._stills.values()) == {b"\1"}
        assert len(server.remote._stills) == 256

    run(body)


def test_only_while_phones_look_is_anything_told() -> None:
    feed = FakeFeed()
    page, servers = silent_page(feed)
    (server,) = servers()
    page.poll(1.0)
    assert server.sent == []
    page._heard({"phones": 1, "seeing": 0})
    for _ in range(4):
        page.poll(1.0)
    sent = [kind for kind, _ in server.sent]
    assert PREVIEW not in sent
    assert sent.count(TABLE) >= 1
    assert sent.count(NOW) == 4
    page._heard({"phones": 1, "seeing": 1})
    for _ in range(4):
        page.poll(1.0)
    assert [kind for kind, _ in server.sent].count(PREVIEW) == 1  # there was one picture
    page._heard({"at": 3.0, "do": [["press", "scene.2"]]})
    assert feed.events[-1].name == "scene.2"
    page.stop()


def test_the_settings_of_the_guide_are_those_of_a_venue(tmp_path: Path) -> None:
    (block,) = re.findall(
        r"```toml venue\n(.*?)```", (ROOT / "docs" / "phone.md").read_text(encoding="utf-8"), re.DOTALL
    )
    (tmp_path / "venue.toml").write_text(block, encoding="utf-8")
    assert load_venue(tmp_path / "venue.toml").remote == RemoteTable(enabled=True)
    assert not load_venue(None).remote.enabled
