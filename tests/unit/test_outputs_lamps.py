"""Lamps: colours of a picture, and packets that a parser written from the two specifications understands."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from livegan.core.oklab import oklab_to_srgb
from livegan.core.types import Frame, FramePlan, Pixels
from livegan.errors import MediaError
from livegan.outputs.artnet import PORT as ARTNET_PORT
from livegan.outputs.artnet import Artnet, ArtnetOptions, art_dmx
from livegan.outputs.lamp_output import LampOutput
from livegan.outputs.lamps import LampOptions, Lamps, check_lamps, strip_colours
from livegan.outputs.registry import ShowFormat
from livegan.outputs.sacn import PORT as SACN_PORT
from livegan.outputs.sacn import Sacn, SacnOptions, data_packet, multicast_address

SHOW = ShowFormat(60.0, (64, 36), 48000, 2)
EMPTY = np.zeros(0, np.float32)


@dataclass
class Decoded:
    """What a receiver makes of a packet."""

    universe: int
    sequence: int
    values: bytes
    last: bool = False
    priority: int = 0
    name: str = ""


def parse_artnet(packet: bytes) -> Decoded:
    """Art-Net 4, "ArtDmx": field by field."""
    assert packet[:8] == b"Art-Net\x00"
    assert (packet[8], packet[9]) == (0x00, 0x50), "OpDmx, low byte first"
    assert (packet[10], packet[11]) == (0, 14), "ProtVerHi, ProtVerLo"
    length = packet[16] * 256 + packet[17]
    assert 2 <= length <= 512
    assert length % 2 == 0
    assert len(packet) == 18 + length
    assert packet[15] < 128
    return Decoded(packet[15] * 256 + packet[14], packet[12], packet[18:])


def parse_sacn(packet: bytes) -> Decoded:
    """E1.31 table 4-1: octets of the data packet."""
    assert packet[0:2] == b"\x00\x10"
    assert packet[2:4] == b"\x00\x00"
    assert packet[4:16] == b"ASC-E1.17\x00\x00\x00"
    for at in (16, 38, 115):  # flags and length of the three layers: up to the end of the packet
        flags = int.from_bytes(packet[at : at + 2], "big")
        assert flags >> 12 == 7
        assert flags & 0xFFF == len(packet) - at
    assert packet[18:22] == b"\x00\x00\x00\x04"
    assert any(packet[22:38]), "CID"
    assert packet[40:44] == b"\x00\x00\x00\x02"
    name = packet[44:108].rstrip(b"\x00").decode()
    assert packet[109:111] == b"\x00\x00", "synchronization address"
    assert packet[117:123] == b"\x02\xa1\x00\x00\x00\x01"
    count = int.from_bytes(packet[123:125], "big")
    assert packet[125] == 0, "start code"
    assert len(packet) == 125 + count
    universe = int.from_bytes(packet[113:115], "big")
    return Decoded(universe, packet[111], packet[126:], bool(packet[112] & 0x40), packet[108], name)


def frame(pixels: Pixels, time_s: float) -> Frame:
    return Frame(pixels, FramePlan(0, time_s, 1 / 60, EMPTY, EMPTY), 0.0, 0.0)


def bands(*colours: tuple[int, int, int]) -> Pixels:
    """Upright bands of these colours."""
    return np.repeat(np.array([colours], np.uint8), 36, axis=0).repeat(20, axis=1)


def values(pixels: Pixels, **options: Any) -> list[int]:
    return list(Lamps(LampOptions(**{"gamma": 1.0, **options})).step(pixels, 0.0))


RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


def test_lamps_have_the_colours_before_them_from_left_to_right() -> None:
    assert values(bands(RED, GREEN, BLUE, WHITE, BLACK), lamps=5) == [*RED, *GREEN, *BLUE, *WHITE, *BLACK]


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("rgbw", [255, 0, 0, 0, 0, 0, 0, 255]),
        ("drgb", [255, 255, 0, 0, 255, 255, 255, 255]),
        ("rgb", [255, 0, 0, 255, 255, 255]),
    ],
)
def test_layouts(layout: str, expected: list[int]) -> None:
    assert values(bands(RED, WHITE), lamps=2, layout=layout) == expected


def test_a_dimmer_gets_the_lightness() -> None:
    red, white, black = values(bands(RED, WHITE, BLACK), lamps=3, layout="dimmer")
    assert (white, black) == (255, 0)
    assert 80 < red < 200


def test_start_and_spacing_place_the_lamps_and_leave_the_rest_at_zero() -> None:
    assert values(bands(RED, GREEN), lamps=2, start=3, spacing=5) == [0, 0, *RED, 0, 0, *GREEN]


def test_a_little_red_in_the_dark_is_red_and_not_grey() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[30:60, 30:60] = RED
    picture[60:, :] = (40, 40, 40)
    red, green, blue = values(picture, lamps=1)
    assert red > 3 * max(green, blue, 1)


def test_opposite_hues_meet_in_grey() -> None:
    stripes = np.zeros((96, 96, 3), np.uint8)
    stripes[::2], stripes[1::2] = (200, 60, 60), (0, 150, 150)
    ((_, a, b),) = strip_colours(stripes[:, :], 1)
    ((_, red_a, red_b),) = strip_colours(stripes[::2], 1)
    assert np.hypot(a, b) < 0.75 * np.hypot(red_a, red_b)


def test_gamma_and_brightness_lower_the_light_and_never_raise_it() -> None:
    grey = bands((128, 128, 128))
    assert values(grey, lamps=1)[0] == pytest.approx(128, abs=1)
    assert values(grey, lamps=1, gamma=2.2)[0] == pytest.approx(255 * (128 / 255) ** 2.2, abs=1)
    assert values(bands(WHITE), lamps=1, brightness=0.5)[0] in (127, 128)


@pytest.mark.parametrize("steps", [1, 3, 60])
def test_smoothing_is_the_same_at_any_rate(steps: int) -> None:
    lamps = Lamps(LampOptions(lamps=1, gamma=1.0, smooth_s=0.5))
    lamps.step(bands(BLACK), 0.0)
    for step in range(1, steps + 1):
        sent = lamps.step(bands(WHITE), 0.5 * step / steps)
    assert sent[0] == pytest.approx(255 * oklab_to_srgb((1 - exp(-1), 0, 0))[0], abs=1)


@pytest.mark.parametrize("side", [1, 2, 7, 65])
def test_pictures_smaller_than_the_lamps_are_taken(side: int) -> None:
    assert set(values(np.full((side, side, 3), 255, np.uint8), lamps=40)) == {255}


@pytest.mark.parametrize(("options", "said"), [({"lamps": 171}, "513"), ({"lamps": 2, "spacing": 2}, "spacing")])
def test_lamps_that_do_not_fit_are_refused(options: dict[str, int], said: str) -> None:
    with pytest.raises(MediaError, match=said):
        check_lamps(LampOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("universe", [0, 1, 255, 256, 32767])
def test_an_artdmx_packet_says_what_it_shall(universe: int) -> None:
    heard = parse_artnet(art_dmx(b"\x01\x02\x03", universe, 200))
    assert heard == Decoded(universe, 200, b"\x01\x02\x03\x00")


@pytest.mark.parametrize("length", [1, 3, 512])
def test_an_e131_packet_says_what_it_shall(length: int) -> None:
    packet = data_packet(bytes(range(256)) * 2, 63999, 7, cid=b"0123456789abcdef", name="ü" * 63, priority=150)
    assert parse_sacn(packet).name == "ü" * 31
    packet = data_packet(b"\x09" * length, 63999, 7, cid=b"0123456789abcdef", name="blue room", priority=150)
    assert parse_sacn(packet) == Decoded(63999, 7, b"\x09" * length, False, 150, "blue room")
    assert len(data_packet(bytes(512), 1, 0, cid=bytes(15) + b"1", name="")) == 638, "that of a whole universe"


def test_the_multicast_address_of_a_universe() -> None:
    assert multicast_address(1) == "239.255.0.1"
    assert multicast_address(63999) == "239.255.249.255"


@dataclass
class Wire:
    """A lamp output, and the socket it reaches."""

    output: LampOutput
    receiver: socket.socket
    parse: Callable[[bytes], Decoded]

    def heard(self) -> list[Decoded]:
        """What has arrived."""
        found = []
        while True:
            try:
                found.append(self.parse(self.receiver.recv(2048)))
            except BlockingIOError:
                return found


@pytest.fixture(params=["artnet", "sacn"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    host, port = {"artnet": ("127.81.7.1", ARTNET_PORT), "sacn": ("127.81.7.2", SACN_PORT)}[request.param]
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as receiver:
        receiver.bind((host, port))
        receiver.setblocking(False)
        facts = {"host": host, "universe": 300, "lamps": 2, "smooth_s": 0, "rate": 40}
        output: LampOutput
        if request.param == "artnet":
            output = Artnet(ArtnetOptions.model_validate(facts), SHOW)
        else:
            output = Sacn(SacnOptions.model_validate(facts), SHOW)
        yield Wire(output, receiver, parse_artnet if request.param == "artnet" else parse_sacn)
        output.close()


def test_what_is_sent_is_received_at_its_rate_and_ends_dark(wire: Wire) -> None:
    for index in range(60):
        wire.output.send(frame(bands(RED if index < 30 else BLUE, GREEN), index / 60))
    heard = wire.heard()
    assert len(heard) == pytest.approx(40, abs=1), "of sixty frames a second"
    assert heard[0].values == bytes([*RED, *GREEN])
    assert heard[-1].values == bytes([*BLUE, *GREEN])
    assert {each.universe for each in heard} == {300}
    assert [each.sequence for each in heard] == list(range(1, len(heard) + 1))
    assert not any(each.last for each in heard)
    wire.output.close()
    ended = wire.heard()
    assert [each.values for each in ended] == [bytes(6)] * 3
    assert all(each.last for each in ended) == isinstance(wire.output, Sacn)
    wire.output.send(frame(bands(WHITE), 9.0))
    wire.output.close()
    assert not wire.heard(), "it is closed"


def test_a_pause_is_no_debt_of_packets(wire: Wire) -> None:
    wire.output.send(frame(bands(RED), 0.0))
    for index in range(10):
        wire.output.send(frame(bands(RED), 60.0 + index / 1000))
    assert len(wire.heard()) == 2


def test_a_cable_that_is_pulled_is_told_and_the_show_goes_on(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    real = wire.output._socket

    class Pulled:
        def sendto(self, *_: Any) -> None:
            raise OSError(101, "Network is unreachable")

        def close(self) -> None:
            real.close()

    monkeypatch.setattr(wire.output, "_socket", Pulled())
    wire.output.send(frame(bands(RED), 0.0))
    assert "is not reached (Network is unreachable)" in wire.output.notice
    assert wire.output.dropped == 1
    monkeypatch.undo()
    wire.output.send(frame(bands(RED), 1.0))
    assert not wire.output.notice
    assert len(wire.heard()) == 1


@pytest.mark.parametrize(("kind", "cure"), [(Artnet, "write broadcast = true"), (Sacn, 'write host = "multicast"')])
def test_a_broadcast_address_is_told_with_its_cure(kind: type[Any], cure: str) -> None:
    options = kind.Options(host="127.255.255.255")  # every Linux has it
    with pytest.raises(MediaError, match=f'^{kind.kind}: host = "127.255.255.255" is everybody.*{cure}$'):
        kind.check(options)
    output = kind(options, SHOW)  # its network came later than the check
    output.send(frame(bands(RED), 0.0))
    assert output.notice.endswith(cure)
    output.close()
    kind.check(kind.Options(host="127.0.0.1"))


def test_a_broadcast_address_that_was_asked_for_is_used() -> None:
    options = ArtnetOptions(host="127.255.255.255", broadcast=True)
    Artnet.check(options)
    output = Artnet(options, SHOW)
    output.send(frame(bands(RED), 0.0))
    output.close()
    assert not output.notice


def test_wrong_addresses_are_refused_in_a_sentence() -> None:
    with pytest.raises(ValidationError, match="is no address"):
        ArtnetOptions.model_validate({"host": "node.local"})
    with pytest.raises(MediaError, match="no address of this computer"):
        Sacn(SacnOptions(host="multicast", interface="192.0.2.77"), SHOW)
    assert struct.unpack(">H", data_packet(b"", 5, 0, cid=bytes(16), name="x")[113:115]) == (5,)
