"""Fault matrix: controllers. Real ports of a private JACK server, real sockets, a real Link session."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from livegan.audio.test_signals import Clicks
from livegan.config.venue import RemoteTable
from livegan.control.link import LinkClock, open_session
from livegan.control.osc import OscServer
from livegan.control.osc_packet import packet
from livegan.core.clock import WallClock
from livegan.core.types import ControlEvent
from livegan.engine.runtime import Runtime
from livegan.engine.sound_runtime import Service
from livegan.features.clock_choice import ClockChoice
from livegan.web.remote import page as page_module
from livegan.web.remote.page import RemotePage
from tests.deadline import until
from tests.faults.stage import Stage
from tests.screen import ROOT

pytestmark = pytest.mark.virtual


def test_midi(tmp_path: Path) -> None:
    """Controller pulled, server killed, clock silent: see midi_rows.py."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.midi_rows", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.endswith("done\n"), done.stderr[-3000:]


@dataclass
class Venue:
    """A stage with an OSC port, a Link session and a phone page."""

    stage: Stage
    osc: OscServer
    page: RemotePage
    taker: socket.socket  # has the OSC port at first
    events: list[ControlEvent]

    def send(self, address: str, *values: float) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(packet(address, values), ("127.0.0.1", self.osc.port))


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue]:
    """The OSC port is another program's until a test lets it go."""
    taker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taker.bind(("127.0.0.1", 0))
    made: list[tuple[OscServer, RemotePage]] = []
    events: list[ControlEvent] = []
    link = LinkClock(WallClock().now)

    def services(show: Runtime) -> list[Service]:
        def put(event: ControlEvent) -> bool:
            events.append(event)
            return show.controls.put(event)

        port = taker.getsockname()[1]
        osc = OscServer(put, show.controls.prompt_events.put, show.board.peek, lambda: show.controls.states, port=port)
        page = RemotePage(show, RemoteTable(host="127.0.0.1", port=0))
        made.append((osc, page))
        return [
            Service("osc", start=partial(osc.start, 0.0), poll=osc.poll, stop=osc.stop, notice=lambda: osc.notice),
            Service("link", link.start, link.poll, link.stop, lambda: link.notice, lambda: link.status),
            page.service(),
        ]

    stage = Stage(tmp_path_factory.mktemp("hands"), Clicks(), services, ClockChoice("auto", {"link": link}))
    with taker, stage.played():
        yield Venue(stage, *made[0], taker, events)


def test_the_osc_port_is_taken(venue: Venue) -> None:
    with venue.stage.fault("Controllers", "OSC port taken by another program", "a notice names the port") as fault:
        venue.stage.until_told("OSC: no messages", "another program has it")
        venue.taker.close()
        fault.over()
        until(lambda: "OSC" not in venue.stage.notices(), venue.stage.notices)
    until(lambda: (venue.send("/knob/1", 0.5), venue.events)[1], "a message", pause_s=0.1)


def test_a_flood_of_osc(venue: Venue) -> None:
    until(lambda: "OSC" not in venue.stage.notices(), venue.stage.notices)
    with venue.stage.fault("Controllers", "flood of OSC messages", "the newest of each") as fault:
        before, received = len(venue.events), venue.osc.received
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(5_000):
                sender.sendto(packet("/knob/1", (number % 1000 / 1000,)), ("127.0.0.1", venue.osc.port))
        fault.over()
        until(lambda: (venue.send("/knob/1", 0.25), venue.events[-1].value == 0.25)[1], "the newest", pause_s=0.05)
    assert venue.osc.received > received
    assert len(venue.events) - before < 2000


def test_the_osc_socket_is_taken_away(venue: Venue) -> None:
    """As some systems do when they suspend or change networks."""
    opened, port = venue.osc._socket, venue.osc.port
    assert opened is not None
    with venue.stage.fault("Controllers", "OSC socket taken away by the system", "nothing") as fault:
        os.close(opened.detach())
        fault.over()
        until(lambda: venue.osc._socket is not opened and venue.osc.status, "the port again")
    before = len(venue.events)
    until(lambda: (venue.send("/knob/1", 0.75), len(venue.events) > before)[1], "a message", pause_s=0.1)
    assert venue.osc.port == port


def test_a_link_peer_goes_and_comes(venue: Venue) -> None:
    show = venue.stage.show
    peer = open_session(133.0)
    peer.enabled = True
    until(lambda: show.clock_reason == "Link, 1 peer", lambda: show.clock_reason)
    with venue.stage.fault("Controllers", "Link peer gone", "the beat that is heard; a notice") as fault:
        peer.enabled = False
        until(lambda: show.clock_reason == "Link lost: heard", lambda: show.clock_reason)
        venue.stage.until_told("Link: nobody else is on this network")
        peer.enabled = True
        fault.over()
        until(lambda: show.clock_reason == "Link, 1 peer", lambda: show.clock_reason)
        until(lambda: "Link" not in venue.stage.notices(), venue.stage.notices)
    peer.enabled = False


def test_the_phone_page_dies_and_its_network_changes(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    def get(address: str) -> bool:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    page, process = venue.page, venue.page._process
    address = until(lambda: page.address, "the address")
    assert process is not None
    with venue.stage.fault("Controllers", "server of the phone page killed", "a notice; the page waits") as fault:
        os.kill(process.pid, signal.SIGKILL)
        venue.stage.until_told("phone page: not served; trying again")
        fault.over()
        until(lambda: page.address == address and get(address), "the page at the same address", pause_s=0.1)
        until(lambda: "phone" not in venue.stage.notices(), venue.stage.notices)
    page._look_s = 0.0
    monkeypatch.setattr(page_module, "shown_host", lambda host: "192.168.178.20")
    with venue.stage.fault("Controllers", "network of the phone page changes", "the panel shows the new address"):
        until(lambda: page.address.startswith("http://192.168.178.20:"), page.address, seconds=60)
    assert page.address.partition("/")[2].split("/")[-2] == address.split("/")[-2], "the same token"
