"""sACN output: lamps follow the picture, by E1.31 data packets (ANSI E1.31-2018; UDP port 5568)."""

import socket
import struct
from typing import Annotated
from uuid import NAMESPACE_DNS, uuid5

from pydantic import AfterValidator, Field

from livegan.core.socket_address import LOOPBACK, parse_host
from livegan.errors import MediaError
from livegan.outputs.lamp_output import LampOutput
from livegan.outputs.lamps import LampOptions
from livegan.outputs.registry import OUTPUTS, ShowFormat

PORT = 5568
MULTICAST = "multicast"
TERMINATED = 0x40  # option of the framing layer: this source is done with the universe
IDENTIFIER = b"ASC-E1.17\0\0\0"


def multicast_address(universe: int) -> str:
    """239.255.hi.lo (E1.31, section 9.3.1)."""
    return f"239.255.{universe >> 8}.{universe & 255}"


def data_packet(
    values: bytes, universe: int, sequence: int, *, cid: bytes, name: str, priority: int = 100, last: bool = False
) -> bytes:
    """E1.31 data packet: root, framing and DMP layer; `values` from address 1 on, `cid` 16 bytes of the source."""
    slots = b"\0" + values  # start code 0: dimmers
    dmp = struct.pack(">BBHHH", 0x02, 0xA1, 0, 1, len(slots)) + slots
    source = name.encode()[:63].decode(errors="ignore").encode().ljust(64, b"\0")
    options = TERMINATED if last else 0
    framing = struct.pack(">I64sBHBBH", 0x02, source, priority, 0, sequence, options, universe) + _counted(dmp)
    root = struct.pack(">I16s", 0x04, cid) + _counted(framing)
    return struct.pack(">HH12s", 0x10, 0, IDENTIFIER) + _counted(root)


def _counted(layer: bytes) -> bytes:
    """A layer behind its flags and length (12 bit, these two bytes with it)."""
    return struct.pack(">H", 0x7000 | (len(layer) + 2)) + layer


def _host(text: str) -> str:
    return MULTICAST if text == MULTICAST else parse_host(text)


class SacnOptions(LampOptions):
    """Options of the output `sacn`."""

    host: Annotated[str, AfterValidator(_host)] = Field(
        LOOPBACK, description='address of the receiver, e.g. "192.168.1.50", or "multicast": whoever listens'
    )
    universe: int = Field(1, ge=1, le=63999, description="counted from 1")
    priority: int = Field(100, ge=0, le=200, description="of several sources of a universe the highest counts")
    name: str = Field("livegan", min_length=1, max_length=63, description="what lighting desks show it as")
    interface: Annotated[str, AfterValidator(lambda text: text and parse_host(text))] = Field(
        "", description="this computer's address in the network of the lamps, for multicast; '' lets the system choose"
    )


@OUTPUTS("sacn")
class Sacn(LampOutput):
    """Lamps by sACN (E1.31)."""

    Options = SacnOptions
    kind = "sacn"
    everybody = 'sACN has another way to reach every lamp, write host = "multicast"'

    def __init__(self, options: SacnOptions, show: ShowFormat) -> None:
        host = multicast_address(options.universe) if options.host == MULTICAST else options.host
        super().__init__(options, (host, PORT))
        self._sacn = options
        self._cid = uuid5(NAMESPACE_DNS, f"{socket.gethostname()}/livegan/{options.name}").bytes
        if options.interface:
            self._send_from(options.interface)

    def _send_from(self, interface: str) -> None:
        try:
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
        except OSError as error:
            self._socket.close()
            raise MediaError(
                f'sacn: interface = "{interface}" is no address of this computer; see them with: ip -4 address'
            ) from error

    @classmethod
    def check(cls, options: SacnOptions) -> None:
        super().check(options)
        if options.host != MULTICAST:
            cls.check_host(options.host, PORT)

    def packet(self, values: bytes, sequence: int, *, last: bool = False) -> bytes:
        options = self._sacn
        facts = {"cid": self._cid, "name": options.name, "priority": options.priority}
        return data_packet(values, options.universe, sequence, last=last, **facts)  # type: ignore[arg-type]
