"""Network addresses of pages: the one to print for a host that is listened on, and which Host headers are ours."""

import ipaddress
import socket
from contextlib import suppress

EVERYWHERE = ("0.0.0.0", "::")
PROBES = ("192.0.2.1", "10.42.0.2", "192.168.137.2", "192.168.2.2")
"""The internet, and where no way leads there, the networks that Linux, Windows and macOS make as a hotspot."""


def is_own_host(host: str) -> bool:
    """Whether a Host header is a number or "localhost": a name could belong to a page that was rebound to us."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host
    if name.casefold() == "localhost":
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return "%" not in name  # a zone may hold any text


def shown_host(host: str) -> str:
    """The address to type for a host that is listened on: of all of them, the one other machines see."""
    if host not in EVERYWHERE:
        return f"[{host}]" if ":" in host else host
    for probe in PROBES:
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.connect((probe, 9))  # sends nothing; says which address would
            return str(udp.getsockname()[0])
    return "127.0.0.1"
