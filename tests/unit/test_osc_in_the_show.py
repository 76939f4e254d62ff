"""OSC in a show: the venue's [osc], --osc, and a whole show that is played by messages."""

import json
import socket
import urllib.request
from pathlib import Path

import pytest

from livegan.cli.options import osc_option
from livegan.config.venue import OscTable, Venue
from livegan.control.osc_packet import messages_of, packet
from livegan.core.clock import WallClock
from livegan.core.toml import read_table
from livegan.engine.hands import hand_remarks
from livegan.engine.show import PlayOptions, set_up
from livegan.errors import LiveganError, VenueError
from livegan.studio import doctor

SCENE = 'title = "Plain"\nnetwork = "plain"\n[parameters]\nnoise = 0.5\n'


def udp() -> socket.socket:
    made = socket.socket(type=socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.settimeout(10.0)
    return made


def test_a_show_is_played_by_messages_and_tells_what_changes(tmp_path: Path) -> None:
    scenes = [tmp_path / f"{name}.toml" for name in ("one", "two")]
    for scene in scenes:
        scene.write_text(SCENE, encoding="utf-8")
    with udp() as free:
        port = free.getsockname()[1]
    with udp() as listening, udp() as hand:
        venue = Venue.model_validate(
            {
                "audio": {"input": "demo", "monitor": False},
                "hands": {"port": "none"},
                "osc": {"port": port, "send": [f"127.0.0.1:{listening.getsockname()[1]}"]},
                "show": {"scenes": [str(scene) for scene in scenes]},
            }
        )
        show = set_up(venue, PlayOptions(in_window=False), WallClock())

        known: dict[str, object] = {}

        def told(address: str, value: object) -> None:
            """Wait until the show has told that an address has this value."""
            for _ in range(5000):
                if known.get(address) == value:
                    return
                (message,), _refused = messages_of(listening.recv(2000))
                known[message.address] = message.arguments[0]
            raise AssertionError(known)

        with show.runtime:
            told("/scene", "one")
            told("/noise", 0.5)
            hand.sendto(packet("/noise", (0.25,)), ("127.0.0.1", port))
            told("/noise", 0.25)
            hand.sendto(packet("/scene", ("two",)), ("127.0.0.1", port))
            told("/scene", "two")
            hand.sendto(packet("/scene", ()), ("127.0.0.1", port))
            assert messages_of(hand.recv(2000))[0] == [("/scene", ("two",))]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/noise", timeout=10.0) as described:
                assert json.loads(described.read())["VALUE"] == [0.5]
        assert not show.runtime.stuck()
        assert not [line for line in show.runtime.notices() if "OSC" in line]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('host = "stage.local"', "osc.host: 'stage.local' is no address; write four numbers such as 192.168.1.20"),
        ('send = ["192.168.1.20"]', "osc.send.0: '192.168.1.20' has no port; write for example 192.168.1.20:9001"),
        ('send = ["192.168.1.20:0"]', "osc.send.0: '0' is no port"),
        ("port = 70000", "osc.port: "),
        ("prot = 9000", "osc.prot: unknown key; did you mean 'port'?"),
    ],
)
def test_mistakes_of_a_venue_say_what_to_write(tmp_path: Path, text: str, mistake: str) -> None:
    path = tmp_path / "room.toml"
    path.write_text(f"[osc]\n{text}\n", encoding="utf-8")
    with pytest.raises(VenueError) as caught:
        read_table(path, Venue, VenueError)
    assert mistake in str(caught.value)


def test_what_is_typed_goes_before_the_venue() -> None:
    table = OscTable(port=9100, enabled=False)
    assert osc_option("", table) is table
    assert osc_option("off", OscTable()).enabled is False
    assert osc_option("0.0.0.0", table) == OscTable(host="0.0.0.0", port=9100)
    assert osc_option("localhost:9001", table) == OscTable(port=9001)
    for wrong in ("stage", "0.0.0.0:x", "1.2.3.4:70000", ":9000", "9000"):
        with pytest.raises(LiveganError, match=r"--osc .* is no .*; type for example: --osc 0.0.0.0:9000"):
            osc_option(wrong, table)


def test_an_open_port_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegan.engine.hands.port_problem", lambda host, port: "gone" if port == 9001 else "")
    (line,) = hand_remarks(Venue(osc=OscTable(host="1.2.3.4", port=9001)))
    assert line.startswith("OSC cannot listen on 1.2.3.4:9001 (gone); it is tried again")
    assert hand_remarks(Venue()) == []
    assert hand_remarks(Venue(osc=OscTable(host="0.0.0.0", enabled=False))) == []
    assert hand_remarks(Venue(osc=OscTable(host="0.0.0.0"))) == [
        "OSC listens on 0.0.0.0:9000: everybody on that network can play this show."
    ]


def test_the_doctor_says_whether_messages_can_come_in() -> None:
    with udp() as taken:
        port = taken.getsockname()[1]
        (finding,) = doctor.osc_findings(Venue(osc=OscTable(port=port)))
        assert not finding.well
        assert not finding.needed
        assert finding.detail == f"port {port} of 127.0.0.1 cannot be used (another program has it)"
        assert finding.repair == f"livegan play --osc 127.0.0.1:{port % 65535 + 1}"
    (finding,) = doctor.osc_findings(Venue(osc=OscTable(port=port)))
    assert finding.well
    assert finding.detail == f"127.0.0.1:{port}, this computer alone; addresses: livegan osc"
    assert not list(doctor.osc_findings(Venue(osc=OscTable(enabled=False))))
