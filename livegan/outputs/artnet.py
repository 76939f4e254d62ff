"""Art-Net output: lamps follow the picture, by ArtDmx packets (Art-Net 4, Artistic Licence; UDP port 6454)."""

import socket
import struct
from typing import Annotated

from pydantic import AfterValidator, Field

from livegan.core.socket_address import LOOPBACK, parse_host
from livegan.outputs.lamp_output import LampOutput
from livegan.outputs.lamps import SLOTS, LampOptions
from livegan.outputs.registry import OUTPUTS, ShowFormat

PORT = 6454
OP_DMX = 0x5000
VERSION = 14
MOST_UNIVERSES = 1 << 15  # a port-address is net (7 bit), sub-net (4), universe (4)


def art_dmx(values: bytes, universe: int, sequence: int) -> bytes:
    """ArtDmx packet; `values` from address 1 on, `universe` the 15-bit port-address, `sequence` 1..255."""
    data = values + bytes(len(values) % 2)  # an even number of slots
    head = struct.pack(
        "<8sHBBBBBB", b"Art-Net\0", OP_DMX, VERSION >> 8, VERSION & 255, sequence, 0, universe & 255, universe >> 8
    )
    return head + struct.pack(">H", len(data)) + data


class ArtnetOptions(LampOptions):
    """Options of the output `artnet`."""

    host: Annotated[str, AfterValidator(parse_host)] = Field(
        LOOPBACK, description='address of the node, e.g. "192.168.1.50"'
    )
    universe: int = Field(
        0, ge=0, lt=MOST_UNIVERSES, description="port-address, counted from 0: 256 net + 16 sub-net + universe"
    )
    broadcast: bool = Field(False, strict=True, description="allow a host that is everybody, e.g. 192.168.1.255")


@OUTPUTS("artnet")
class Artnet(LampOutput):
    """Lamps by Art-Net."""

    Options = ArtnetOptions
    kind = "artnet"
    everybody = "if every lamp shall get it, write broadcast = true"

    def __init__(self, options: ArtnetOptions, show: ShowFormat) -> None:
        super().__init__(options, (options.host, PORT))
        self._universe = options.universe
        if options.broadcast:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)

    @classmethod
    def check(cls, options: ArtnetOptions) -> None:
        super().check(options)
        if not options.broadcast:
            cls.check_host(options.host, PORT)

    def packet(self, values: bytes, sequence: int, *, last: bool = False) -> bytes:
        return art_dmx(values[:SLOTS], self._universe, sequence or 1)
