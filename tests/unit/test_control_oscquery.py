"""OSCQuery: the tree as JSON, over real HTTP; what is asked wrongly, slowly or too often."""

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.control.http_server import DEADLINE_S, MAX_REQUEST_BYTES, HttpServer
from livegan.control.osc_address import address_of
from livegan.control.osc_space import AddressSpace
from livegan.control.oscquery import OscQueryServer, answer, find_node, host_info, question, tree
from livegan.core.parameters import PARAMETERS
from tests.osc_shows import board

ROOT = tree(AddressSpace({parameter.name: parameter for parameter in PARAMETERS}, ("tide", "aurora")), {})
INFO = host_info("127.0.0.1", 9000)


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("CONTENTS", {}).values():
        yield from nodes(child)


def test_every_parameter_has_a_node_that_says_what_it_takes() -> None:
    for parameter in PARAMETERS:
        node = find_node(ROOT, address_of(parameter.name))
        assert node is not None
        assert node["TYPE"] == ("i" if parameter.whole else "f")
        assert node["RANGE"] == [{"MIN": parameter.low, "MAX": parameter.high}]
        assert parameter.about in node["DESCRIPTION"]


def test_each_node_is_where_it_says_and_has_what_the_proposal_asks_for() -> None:
    for node in nodes(ROOT):
        assert find_node(ROOT, node["FULL_PATH"]) is node
        assert node["ACCESS"] in (0, 1, 2, 3)
        assert ("TYPE" in node) == (node["ACCESS"] > 0)
    assert json.loads(json.dumps(ROOT)) == ROOT


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/", 200),
        ("/motion", 200),
        ("/motion/", 200),
        ("/w%5b4", 404),
        ("/motion/weight?RANGE", 200),
        ("/motion/weight?VALUE", 204),
        ("/motion?RANGE", 204),
        ("/motion/weight?LISTEN", 400),
        ("/motion/weight?", 200),
        ("/nowhere", 404),
        ("/motion/weight/more", 404),
        ("/../../etc/passwd", 404),
        ("/motion/CONTENTS", 404),
        ("/nowhere?HOST_INFO", 200),
        ("/?HOST_INFO&x", 200),
    ],
)
def test_requests_get_the_status_of_the_proposal(target: str, status: int) -> None:
    assert answer(ROOT, INFO, *question(target))[0] == status


@given(st.text(max_size=200))
def test_no_target_raises(target: str) -> None:
    assert answer(ROOT, INFO, *question(target))[0] in (200, 204, 400, 404)


def test_a_page_that_asks_in_a_loop_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds of a new board ten times a second, and 400 requests a second, each in other words."""
    made: list[int] = []
    boards = [board(playing=number % 3) for number in range(50)]
    shown = boards[0]
    server = OscQueryServer(lambda: shown, dict, host="127.0.0.1", port=0, osc_port=9000)
    monkeypatch.setattr("livegan.control.oscquery._json", lambda value: made.append(1) or b"{}")
    statuses = []
    for turn in range(2000):
        shown = boards[turn // 40]
        server.poll(turn / 400)
        statuses.append(server._respond(f"/{'/' * (turn % 3)}?#{turn}")[0])
    assert len(made) <= 4 + 5 * 4 + 1
    assert 200 + 5 * 50 - 1 <= statuses.count(200) <= 200 + 5 * 50 + 1
    assert set(statuses) == {200, 429}


@contextmanager
def polled(server: OscQueryServer) -> Iterator[OscQueryServer]:
    """The server, polled on a thread of its own, as in a show."""
    server.start()
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            server.poll(0.0)  # its time stands still: no deadline passes

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield server
    finally:
        ended.set()
        thread.join()
        server.stop()
        server.stop()


@pytest.fixture
def query() -> Iterator[OscQueryServer]:
    shown = board(playing=1, motion__weight=1.5)
    window = {"freeze": 1.0}
    with polled(OscQueryServer(lambda: shown, lambda: window, host="127.0.0.1", port=0, osc_port=9000)) as server:
        yield server


def fetch(query: OscQueryServer, target: str, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{query.port}{target}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5.0) as answered:
            body = answered.read()
            return answered.status, json.loads(body) if body else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_the_tree_and_its_values_come_over_http(query: OscQueryServer) -> None:
    status, root = fetch(query, "/")
    assert status == 200
    assert root["CONTENTS"]["motion"]["CONTENTS"]["weight"]["VALUE"] == [1.5]
    assert fetch(query, "/motion/weight?VALUE") == (200, {"VALUE": [1.5]})
    assert fetch(query, "/w/4:10/1?RANGE") == (200, {"RANGE": [{"MIN": -3.0, "MAX": 3.0}]})
    assert fetch(query, "/freeze?VALUE") == (200, {"VALUE": [True]})
    assert fetch(query, "/freeze?TYPE") == (200, {"TYPE": "T"})
    assert fetch(query, "/scene?VALUE") == (200, {"VALUE": ["aurora"]})
    assert fetch(query, "/scene?RANGE") == (200, {"RANGE": [{"VALS": ["tide", "aurora", "late-tape"]}]})
    assert fetch(query, "/next?VALUE") == (204, None)
    assert fetch(query, "/?HOST_INFO")[1]["OSC_PORT"] == 9000
    assert fetch(query, "/nowhere")[0] == 404
    assert fetch(query, "/", Host="evil.example")[0] == 403


def exchanged(query: OscQueryServer, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", query.port), timeout=5.0) as client:
        client.sendall(data)
        return b"".join(iter(lambda: client.recv(4096), b""))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"POST / HTTP/1.1\r\n\r\n", b"405"),
        (b"PUT /motion/weight HTTP/1.1\r\n\r\n", b"405"),
        (b"GET http://evil.example/ HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /\r\n\r\n", b"400"),
        (b"\xff\xfe\r\n\r\n", b"400"),
        (b"\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_REQUEST_BYTES + b"x", b"431"),
        (b"GET /motion HTTP/1.1\n\n", b"200"),
    ],
)
def test_other_requests_are_refused(query: OscQueryServer, data: bytes, status: bytes) -> None:
    assert exchanged(query, data).split(b" ")[1] == status


def test_a_slow_client_is_cut_off_and_many_hold_up_nobody() -> None:
    server = HttpServer(lambda target: (200, b"{}"), most=3)
    server.open("127.0.0.1", 0)
    with ExitStack() as clients:
        for _ in range(5):
            slow = clients.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            slow.sendall(b"GET / HT")
            server.poll(1.0)
            server.poll(1.0)
        assert len(server.connections) == 3
        server.poll(1.1 + DEADLINE_S)
        assert not server.connections
        quick = clients.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5.0))
        quick.sendall(b"GET / HTTP/1.1\r\n\r\n")
        for _ in range(3):
            server.poll(6.0)
        assert quick.recv(100).startswith(b"HTTP/1.0 200")
    server.close()


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = OscQueryServer(lambda: None, dict, host="127.0.0.1", port=port, osc_port=9000)
        server.start()
        assert server.notice == (
            f"OSC: no description by OSCQuery, TCP port {port} cannot be used (another program has it)"
        )
        assert server.poll(0.0) > 0
        server.stop()


def test_a_port_that_was_taken_is_used_when_it_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = OscQueryServer(lambda: None, dict, host="127.0.0.1", port=port, osc_port=9000)
        server.start()
        server.poll(100.0)
        assert server.notice
    server.poll(101.0)
    assert server.notice, "it is not tried at each poll"
    server.poll(102.0)
    try:
        assert not server.notice
        socket.create_connection(("127.0.0.1", port), 5).close()
    finally:
        server.stop()
    with socket.create_server(("127.0.0.1", port)):
        server.start()
        server.stop()
    assert server.notice == ""
    server.poll(200.0)
    with socket.socket() as free:
        assert free.connect_ex(("127.0.0.1", port)) != 0, "it stays closed"
