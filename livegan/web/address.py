"""Network addresses of pages: the one to print for a host that is listened on."""

import socket
from contextlib import suppress

EVERYWHERE = ("0.0.0.0", "::")
PROBES = ("192.0.2.1", "10.42.0.2", "192.168.137.2", "192.168.2.2")
"""The internet, and where no way leads there, the networks that Linux, Windows and macOS make as a hotspot."""


def shown_host(host: str) -> str:
    """The address to type for a host that is listened on: of all of them, the one other machines see."""
    if host not in EVERYWHERE:
        return f"[{host}]" if ":" in host else host
    for probe in PROBES:
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.connect((probe, 9))  # sends nothing; says which address would
            return str(udp.getsockname()[0])
    return "127.0.0.1"
