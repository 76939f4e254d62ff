"""docs/osc.md: its Python block plays a show, its addresses are there, its venue can be read."""

import re
import shlex
import tomllib
import urllib.request
from pathlib import Path

import pytest
from pythonosc import udp_client

from livegan.config.venue import Venue
from livegan.control.oscquery import OscQueryServer
from tests.osc_shows import Hands, board
from tests.unit.test_control_oscquery import polled

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "osc.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    found = re.search(rf"```\w+ {name}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_python_block_plays_a_show(monkeypatch: pytest.MonkeyPatch) -> None:
    hands = Hands()
    server = hands.server(port=0)
    server.start(0.0)
    clients = []

    class Client(udp_client.SimpleUDPClient):
        def __init__(self, host: str, port: int) -> None:
            assert (host, port) == ("127.0.0.1", 9000)
            super().__init__(host, server.port)
            clients.append(self)

    monkeypatch.setattr(udp_client, "SimpleUDPClient", Client)
    exec(block("send"), {})
    while server.received < 5:
        server.poll(10.0)
    server.stop()
    clients[0].close()
    names = {event.name: event.value for event in hands.events}
    moved = {"motion.pulse": pytest.approx(0.35), "style.coarse": 0.5, "style.fine": 0.5}
    assert names == {**moved, "scene.1": 1.0, "blackout": 1.0}
    assert [event.words for event in hands.words] == ["slow violet smoke over black"]


def test_every_address_of_the_page_is_there() -> None:
    hands = Hands(shown=board())
    space = hands.server()._live.space
    table = [line for line in PAGE.splitlines() if line.startswith("| `/")]
    named = [address for line in table for address in re.findall(r"`(/[^` ]*)`", line)]
    assert len(named) > 40
    for address in named:
        assert space.find(address) is not None, address


def test_the_venue_of_the_page_can_be_read() -> None:
    text = block("venue").replace("[osc]", '[audio]\ninput = "demo"\n[osc]')
    assert Venue.model_validate(tomllib.loads(text)).osc.send == ("192.168.1.20:9001",)


def test_the_addresses_of_the_description_are_answered() -> None:
    shown = board()
    with polled(OscQueryServer(lambda: shown, dict, host="127.0.0.1", port=0, osc_port=9000)) as query:
        for line in block("query").splitlines():
            command, address = shlex.split(line)
            assert command == "curl"
            address = address.replace(":9000", f":{query.port}")
            with urllib.request.urlopen(address, timeout=5.0) as answered:
                assert answered.status == 200
