"""Socket addresses as people type them: HOST:PORT with an IPv4 address, which needs no name server on a stage.

And which Host headers of requests are ours.
"""

import ipaddress

LOOPBACK = "127.0.0.1"
ALL = "0.0.0.0"


def parse_host(text: str) -> str:
    """An IPv4 address, "localhost" as its number; ValueError for anything else."""
    host = LOOPBACK if text.strip().casefold() == "localhost" else text.strip()
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise ValueError(f"{text!r} is no address; write four numbers such as 192.168.1.20, or localhost") from None


def parse_port(text: str) -> int:
    """A port, 1..65535; ValueError for anything else."""
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    raise ValueError(f"{text!r} is no port; write a number from 1 to 65535, such as 9000")


def parse_socket_address(text: str, port: int | None = None) -> tuple[str, int]:
    """Host and port of "192.168.1.20:9001"; `port` where none is written. ValueError for anything else."""
    host, colon, written = text.partition(":")
    if not colon and port is None:
        raise ValueError(f"{text!r} has no port; write for example {text}:9001")
    return parse_host(host), port if not colon and port is not None else parse_port(written)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    return ipaddress.IPv4Address(host).is_loopback


def is_own_host(host: str) -> bool:
    """Whether a Host header is a number or "localhost".

    Any other name, NAME.local too, may belong to a web page that was rebound to this computer.
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host
    if name.casefold() == "localhost":
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return "%" not in name  # a zone may hold any text
